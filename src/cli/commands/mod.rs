//! The verbs: one file each.

mod bisect;
mod doctor;
mod emit;
mod event;
mod fold;
mod fold_test;
mod foldc;
mod init;
mod key;
mod lines;
mod lint;
mod log;
mod plumb;
mod reference;
mod state;
mod state_show;
mod trust;
mod verify;

pub use bisect::Bisect;
pub use doctor::Doctor;
pub use emit::Emit;
pub use event::Event;
pub use fold::Fold;
pub use foldc::Foldc;
pub use init::Init;
pub use key::Key;
pub use lint::Lint;
pub use log::Log;
pub use plumb::Plumb;
pub use reference::Reference;
pub use state::State;
pub use trust::Trust;
pub use verify::Verify;
