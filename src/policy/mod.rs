//! What may be: policy bundles, the one function that judges, and the record of denials.
//!
//! Owns: bundles (build, read, check), `Judge::decide`, decisions, the audit entry of a denial.
//! Imports: id ambient canon git lua trust ledger.
//! Invariant: judging reads nothing but the intent, the facts and the bundle; this room writes only bundles and audit.

mod audit;
mod bundle;
mod decide;
mod decision;
mod error;
mod facts;
mod glob;
mod intent;
mod remembered;
pub mod rgs;
mod rules;
mod template;
mod verb;

pub use audit::record;
pub use bundle::{Bundle, DEFAULT_ELC, DEFAULT_SOURCE, create_default};
pub use decide::{Allowed, Judge, Judgement};
pub use decision::{Decision, Verdict};
pub use error::PolicyError;
pub use facts::{Facts, FactsOf};
pub use glob::Glob;
pub use intent::Intent;
pub use rules::{On, RuleInfo};
pub use verb::{NoVerb, Verb};

#[cfg(test)]
mod tests;
