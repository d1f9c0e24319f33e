//! Who signs, with which key, on whose word.
//!
//! Owns: Ed25519 signing and strict verification, key files and the directory of keys, DSSE signatures, the trust graph.
//! Imports: id, ambient, canon, git.
//! Invariant: this room does not know what is signed: events, bundles and receipts are bytes to it.

mod agent;
mod doc;
pub mod dsse;
mod error;
mod graph;
mod judge;
mod keydir;
mod openssh;
mod passphrase;
mod private_file;
mod signer;
mod verify;

pub use doc::{Origin, Roots, TrustDoc};
pub use error::{DocError, GraphFault, TrustError};
pub use graph::{Graph, genesis, propose_add_key};
pub use judge::Version;
pub use keydir::{KeyDir, KeyForm, KeyInfo};
pub use openssh::{load_key_file, parse_public, public_line};
pub use signer::Signer;
pub use verify::{Verifier, verify};

#[cfg(test)]
mod tests;
