//! An opened repository: the one way in and out for everything above.
//!
//! Owns: opening (pin, replica, identity, remembered heads), `init`, `admit` (the only local way an intent becomes a
//! commit), `query` (which fold, window, checkpoint), `checkpoint`, `verify`, caches.
//! Imports: id ambient canon git lua trust ledger policy state.
//! Invariant: this room judges nothing itself and folds nothing itself; nothing it caches can change an answer.

mod admit;
mod asked;
mod batch;
mod bisect;
mod bisection;
mod cache;
mod checkpoint;
mod clock;
mod consent;
mod drive;
mod error;
mod files;
mod gather;
mod history;
mod identity;
mod index;
mod init;
mod known;
mod lock;
mod log;
mod mark;
mod memory;
mod open;
mod past;
mod pin;
mod point;
mod policy;
mod policy_log;
mod policy_sources;
mod profile;
mod query;
mod receipts;
mod replay;
mod replica;
mod report;
mod settle;
mod snapshot;
mod source;
mod start;
mod sync;
mod tally;
mod target;
mod trust;
mod union;
mod verify;
mod void;
mod window;

pub use admit::{Emitted, Outcome};
pub use batch::{Batch, Progressed};
pub use bisect::{BisectEnd, Culprit, Probe};
pub use bisection::Bisection;
pub use checkpoint::{CheckpointEnd, Checkpointed, FoldVerdict};
pub use consent::{Ask, Spoken, Standing};
pub use error::NodeError;
pub use gather::{BATCH_EVENTS, BatchEvent, Feed, Given};
pub use history::HistoryEntry;
pub use identity::Identity;
pub use init::{Init, InitReport, init};
pub use log::{LogEntry, LogFilter};
pub use memory::Memory;
pub use open::Node;
pub use pin::Pin;
pub use point::Point;
pub use policy::{Activation, Published};
pub use policy_log::LoggedBundle;
pub use policy_sources::{policy_sources, read_source};
pub use profile::{ProfileShown, Waiting};
pub use query::{Shown, StateQuery};
pub use replay::{Change, Replay};
pub use replica::{ReplicaFile, draw as draw_replica, replica_file, replica_path};
pub use report::{Anchors, Finding, Report, Severity};
pub use settle::{Alarm, alarm, ended_key, trust_here};
pub use source::{Source, SourceKind};
pub use sync::{CloneEnd, CloneOrder, Cloned, MovedRef, RefusedPush, SealedAnew, Synced, clone, sync};
pub use tally::{Kind, Tally};
pub use trust::{Changed, KeepEvents, pin_branch, pin_to, pinned};
pub use verify::verify;

#[cfg(test)]
mod tests;
