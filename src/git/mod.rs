//! The store: objects, refs and chains of a git repository.
//!
//! Owns: the ref layout, reading (`Reader`), writing (`Store`), compare-and-swap of refs, locks between processes, chains of first parents, packs,
//! commit bytes, the child git and what it prints.
//! Imports: id, ambient, canon.
//! Invariant: this room does not know what a commit says. Only a `Store` writes, and no ref moves without an expectation.

mod chain;
mod changes;
mod child;
mod commit;
mod commits;
mod config;
mod deflate;
mod error;
mod file_lock;
mod history;
mod layout;
mod loose;
mod moves;
mod objects;
mod open;
mod pack;
mod packs;
mod peer;
mod porcelain;
mod reader;
mod retry;
mod store;
mod switches;
mod tidy;

pub use chain::Chain;
pub use changes::{ChangeKind, Changed, Changes, TooMuch};
use child::listing_failure;
pub use child::{Ended, Git, Output};
pub use commit::{Commit, NewCommit, Who, commit_bytes, commit_id};
pub use deflate::Compressed;
pub use error::GitError;
pub use file_lock::{FileLock, gate_dir, gate_settings, has_gate};
pub use layout::{
    FAMILY, JobPart, Lost, Month, Named, Place, Plane, ProofKind, RefName, Scope, SegmentNo, audits, copy_args,
    fetch_args, listing_fetch_args, named, own_refspec, refspec_reaches_ours, stranger_named,
};
pub use moves::Move;
pub use objects::TreeEntry;
pub use peer::Peer;
pub use porcelain::{Denial, Fetched, Pushed, Said, denials, fetched, pushed};
pub use reader::{Reader, is_ref_name};
pub use store::{EMPTY_TREE, Expected, Store};

#[cfg(test)]
mod tests;
