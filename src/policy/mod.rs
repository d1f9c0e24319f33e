//! What may be: policy bundles, the one function that judges, and the record of denials.
//!
//! Owns: bundles (build, read, check), `Judge::decide`, decisions, the audit entry of a denial (written and read).
//! Imports: id ambient canon git lua trust ledger.
//! Invariant: judging reads nothing but the intent, the facts and the bundle; this room writes only bundles and audit.

mod audit;
mod bundle;
mod decide;
mod error;
mod intent;
mod refusal;

pub use audit::record;
pub use bundle::{Bundle, DEFAULT_ELC, DEFAULT_SOURCE, create_default};
pub use decide::{Allowed, Decision, Judge, Judgement, Verdict};
pub use error::PolicyError;
pub use intent::{Facts, Intent};
pub use refusal::{EntryFault, read_refusal};

#[cfg(test)]
mod tests;
