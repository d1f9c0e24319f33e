//! The verbs: one file each.

mod doctor;
mod emit;
mod event;
mod fold;
mod init;
mod key;
mod lines;
mod log;
mod plumb;
mod reference;
mod state;
mod state_show;
mod trust;
mod verify;

pub use doctor::Doctor;
pub use emit::Emit;
pub use event::Event;
pub use fold::Fold;
pub use init::Init;
pub use key::Key;
pub use log::Log;
pub use plumb::Plumb;
pub use reference::Reference;
pub use state::State;
pub use trust::Trust;
pub use verify::Verify;
