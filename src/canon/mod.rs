//! Bytes and values: one value type and its exact spellings.
//!
//! Owns: `Value`, strict canonical JSON (RFC 8785 under RFC 7493), strict DAG-CBOR, CIDs, content ids, Merkle roots,
//! commit trailers, text forms of keys, the decimal form of Q32.32 fractions, foreign text as it is shown.
//! Imports: id.
//! Invariant: this room does not know what a document means; it never normalises and never repairs.

pub mod cbor;
pub mod digest;
mod error;
pub mod fixed;
pub mod json;
pub mod merkle;
pub mod shown;
pub mod text;
pub mod trailers;
mod value;

pub use error::{CborError, CborFault, EncodeError, JsonError, JsonFault, TextError};
pub use value::{Map, Text, Value};

/// The largest magnitude of an integral number in a document: 2^53 - 1 (RFC 7493, section 2.2).
pub const INT_MAX: i64 = (1 << 53) - 1;
/// Deepest nesting of lists and maps that a reader follows.
pub const DEPTH_MAX: usize = 128;

#[cfg(test)]
mod tests;
