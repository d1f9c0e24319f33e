//! What is: a fold over a window, its checkpoints with their proofs, differences, and the search for an event.
//!
//! Owns: running a fold, the checkpoint (tree, trailers, proof of fold), structural diff, jq selection, bisection.
//! Imports: id ambient canon git lua trust ledger.
//! Invariant: this room does not decide which fold or which window counts, and knows no policy.

mod bisect;
mod checkpoint;
mod diff;
mod error;
mod fold;
mod proof;
mod select;

pub use bisect::{Contradiction, Mark, Search, Step};
pub use checkpoint::{Checkpoint, checkpoints, write};
pub use diff::{Change, difference};
pub use error::StateError;
pub use fold::{Folded, LastEvent, Reverted, Run};
pub use proof::{Base, Proof};
pub use select::select;

#[cfg(test)]
mod tests;
