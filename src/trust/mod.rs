//! Who signs, with which key, on whose word.
//!
//! Owns: Ed25519 signing and strict verification, key files and the directory of keys, DSSE signatures, the trust graph
//! with its grants and revocations.
//! Imports: id, ambient, canon, git.
//! Invariant: this room does not know what is signed: events, bundles and receipts are bytes to it.

mod agent;
mod cap;
mod changes;
mod commit_signature;
mod doc;
pub mod dsse;
mod edit;
mod error;
mod fields;
mod grant;
mod graph;
mod judge;
mod keydir;
mod near;
mod openssh;
mod passphrase;
mod private_file;
mod proposal;
mod recall;
mod revocation;
mod rights;
mod signer;
mod statement;
mod verify;

pub use cap::Cap;
pub use commit_signature::commit_signer;
pub use doc::{Origin, Roots, TrustDoc};
pub use edit::{Edit, genesis};
pub use error::{DocError, GraphFault, TrustError};
pub use grant::Grant;
pub use graph::{Change, Graph, judge_next};
pub use judge::Version;
pub use keydir::{KeyDir, KeyForm, KeyInfo};
pub use openssh::{load_key_file, parse_public, public_line};
pub use proposal::{Proposal, Proposed};
pub use revocation::{REASON_MAX, Revocation, Target, is_reason};
pub use rights::{Ended, GIVE_RECEIPTS, GrantState, Void};
pub use signer::Signer;
pub use statement::{Said, Statement};
pub use verify::{Verifier, verify};

#[cfg(test)]
mod tests;
