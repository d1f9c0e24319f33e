//! Consent: proposals, approvals, what they grant, and its end.

mod approval;
mod case;
mod consents;
mod docket;
mod document;
mod fault;
mod grant;
mod hearing;
mod proof;
mod proposal;
mod required;
mod revocation;
mod roster;
mod stored;
mod told;

pub use approval::Approval;
pub use case::{Case, Issued, Received, State, Vote};
pub use consents::{Consents, tell};
pub use docket::{Docket, Ended, Found};
pub use document::Document;
pub use fault::ConsentFault;
pub use grant::Grant;
pub use hearing::{Hearing, Ruling, rule_of};
pub use proof::Proof;
pub use proposal::{Proposal, is_target};
pub use required::Required;
pub use revocation::Revocation;
pub use roster::{members_at, members_now};
pub use stored::{Signed, read_grant, read_proof, read_signed, write, write_signed};
pub use told::Told;

#[cfg(test)]
mod tests;
