//! The verbs: one file each.

mod emit;
mod event;
mod init;

pub use emit::Emit;
pub use event::Event;
pub use init::Init;
