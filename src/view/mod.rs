//! The shapes that people and machines see.
//!
//! Owns: one type for each answer of a verb, with its text and its JSON; the frame of an error; ink (colour).
//! Imports: id ambient canon git lua trust ledger policy state node.
//! Invariant: this room opens nothing, computes nothing and decides nothing: a shape is made from what a room returned.

mod batch;
mod bisected;
mod checkpoint;
mod compiled;
mod consent;
mod demonstrated;
mod difference;
mod document;
mod error_frame;
mod explained;
mod fold_tested;
mod gate;
mod health;
mod initialised;
mod keys;
mod linted;
mod logged;
mod manual;
mod notation;
mod page;
mod plumb_answer;
mod policy;
mod profile;
mod receipt;
mod state;
mod synced;
mod trust;
mod trust_change;
mod verified;

pub use batch::{BatchDenial, BatchReceipt};
pub use bisected::{BisectLog, BisectReset, BisectStep, Bisected};
pub use checkpoint::{FoldJudgement, ListedCheckpoint, WrittenCheckpoint};
pub use compiled::Compiled;
pub use consent::{ListedProposals, ShownProposal, VerifiedGrant};
pub use demonstrated::{Demonstrated, Demonstration, Line};
pub use difference::Difference;
pub use document::Document;
pub use error_frame::ErrorFrame;
pub use explained::Explained;
pub use fold_tested::{FoldCase, FoldEnd, FoldTested};
pub use gate::{
    GateCopied, GateExamined, GateInstalled, GateRemoved, GateSet, GateTested, RefApart, Refusal, RefusedRef, Rehearsed,
};
pub use health::{Complaint, Health};
pub use initialised::Initialised;
pub use keys::{PlacedKey, ShownKey};
pub use linted::Linted;
pub use logged::LoggedEvent;
pub use manual::InstalledManual;
pub use page::{Ink, Page};
pub use plumb_answer::PlumbAnswer;
pub use policy::{
    Activated, BundleFile, ChangedVerdict, CompiledRules, JudgedCases, PolicyDiff, PolicyFaults, PolicyLog,
    PublishedBundle, Replayed, ShownBundle, WrittenPolicy,
};
pub use profile::{SetProfile, ShownProfile};
pub use receipt::{Denial, Receipt};
pub use state::{RawState, Selected, ShownState};
pub use synced::{RefusedClone, ShownClone, ShownSync};
pub use trust::{ShownPin, ShownTrust};
pub use trust_change::{ChangedTrust, ListedGrant, ListedTrust};
pub use verified::Verified;

use crate::canon::Value;

/// An answer: one value, shown as text or as JSON.
pub trait View {
    /// What a person reads, each line ended.
    fn text(&self, page: &mut Page<'_>) -> std::io::Result<()>;

    /// What `--json` prints on one line, in canonical form but for what must not reach a terminal. `schemas/v1/view` describes it.
    fn json(&self) -> Value;

    /// Whether its text is talk for standard error. Its JSON goes to standard output all the same.
    fn is_complaint(&self) -> bool {
        false
    }
}

/// A count as a JSON number.
fn count(n: u64) -> Value {
    Value::Int(i64::try_from(n).expect("counts stay below 2^53"))
}

#[cfg(test)]
mod tests;
