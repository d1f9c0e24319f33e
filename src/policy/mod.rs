//! What may be: policy bundles, the one function that judges, and the record of denials.
//!
//! Owns: the language of rules, profiles, bundles (build, read, check), `Judge::decide`, decisions, the entries of audit
//! chains (written and read), schemas of payloads, tables of cases, replay, proposals and what they grant.
//! Imports: id ambient canon git lua trust ledger.
//! Invariant: judging reads nothing but the intent, the facts and the bundle; this room writes only bundles, audit and consent.

mod audit;
mod build;
mod bundle;
pub mod cases;
pub mod consent;
mod decide;
mod decision;
mod error;
mod facts;
mod folds;
mod glob;
mod governance;
mod intent;
mod leave;
mod profile;
mod publish;
mod push;
mod receipt;
mod recorded;
mod refusal;
mod remembered;
mod replay;
pub mod rgs;
mod rules;
mod schema;
mod template;
mod templates;
mod verb;

pub use audit::record;
pub use build::{
    Built, DECISIONS, FOLDS, Found, GOVERNANCE_YAML, POLICIES, PROFILE_YAML, RuleFile, SCHEMAS, Sources, build,
    build_rules, code_root_of,
};
pub use bundle::{ACTIVATE, Bundle, DEFAULT_ELC, DEFAULT_SOURCE};
pub use decide::{Allowed, Judge, Judgement};
pub use decision::{Decision, NONE, Verdict};
pub use error::PolicyError;
pub use facts::{Asking, Facts, FactsOf, actor_of_transport};
pub use folds::{AskedFold, UnlawfulFold, folds_of};
pub use glob::Glob;
pub use governance::{GOVERNANCE, Governance, Governed, Quorum};
pub use intent::Intent;
pub use leave::{Leave, SignedAct, bundle_signers, may_sign_now, speaks_of, trust_leave};
pub use profile::{Demand, NoProfile, PROFILE, Profile};
pub use publish::{create, create_default, fold_files};
pub use push::{Brought, RefMove, Unseen};
pub use receipt::{Moved, Receipt};
pub use recorded::Recorded;
pub use refusal::{ENTRY_MAX, EntryFault, EntryKind, read_entry};
pub use replay::{Candidate, Replayed, unrecorded};
pub use rgs::{Groups, Weight};
pub use rules::{On, RULES, RuleInfo};
pub use schema::Schema;
pub use templates::{TEMPLATES, Template};
pub use verb::{NoVerb, Verb};

#[cfg(test)]
mod tests;
