//! What was said: signed events in journals, and the one order of a namespace.
//!
//! Owns: the event envelope, the append (its commit bytes, both ways), journals and their union over remotes, the window.
//! Imports: id ambient canon git trust.
//! Invariant: this room does not know whether an event was allowed, nor what it means to a fold.

mod append;
mod envelope;
mod error;
mod index;
mod journal;
mod standing;
mod stream;
mod union;
mod window;
mod write;

pub use append::{Append, BYTES_MAX, Check, EVENTS_MAX, decode};
pub use envelope::{CAP_BYTES_MAX, CAPS_MAX, Draft, Event, Header, Origin, PAYLOAD_DEPTH_MAX, PAYLOAD_MAX};
pub use error::{DraftError, Fault, LedgerError};
pub use index::{Entry, UlidIndex, event_at};
pub use journal::{Link, Position, append_at, last_event, last_numbers};
pub use standing::{Spot, Standing};
pub use stream::{EventStream, Loaded, StreamPlan};
pub use union::{Fork, Journal, Signed, Stray, Union, common, namespaces, union};
pub use window::{CLOCK_LEAD_MAX, Heads, Key, Merge, Skipped, WindowHead};
pub use write::{Built, Pen, Sealed, build};

#[cfg(test)]
mod tests;
