//! Strict JSON in, canonical JSON out (RFC 8785 under RFC 7493).

mod read;
mod scan;
mod write;

pub use read::{parse, parse_canonical, parse_state};
pub use write::{document, write, write_string};
