//! Names and digests, each a type with one textual form.
//!
//! Owns: every identifier and digest type, its parser and its printer.
//! Imports: nothing.
//! Invariant: this room does not know what an identifier points at, nor how a digest is computed.

mod digest;
mod error;
mod key;
mod name;
mod time;
mod ulid;

pub use digest::{Blake3, Cid, Oid, Sha256};
pub use error::IdError;
pub use key::{PublicKey, SigBytes};
pub use name::{Actor, ActorKind, EventType, Ns, Replica, Segment, Writer};
pub use time::{Seconds, Timestamp};
pub use ulid::Ulid;

#[cfg(test)]
pub(crate) mod tests;
