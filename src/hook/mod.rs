//! The gate: a server's judgement of a push, before any ref moves.
//!
//! Owns: the hooks (`pre-receive`, `post-receive`), the lock of a push, the gate's own chain of refusals and receipts with its
//! spools, what it judged before, installing all of it.
//! Imports: id ambient canon git lua trust ledger policy state.
//! Invariant: what is pushed never judges itself, save the first law of a repository, which its root must have signed. The law is
//! read from where the push cannot write, and what is not understood is refused. This room does not know the working clone
//! (`node`).

mod bounds;
mod branch;
mod consent;
mod copy;
mod denial;
mod error;
mod examine;
mod files;
mod flood;
mod gate;
mod install;
mod journal;
mod law;
mod lock;
mod memory;
mod process;
mod profile;
mod receipt;
mod receive;
mod record;
mod settings;
mod spool;
mod standing;
mod state;
mod stood;
mod updates;
mod visit;
mod waiting;

pub use copy::{Apart, Copied, copy};
pub use denial::Denial;
pub use error::HookError;
pub use examine::{Examined, Step, examine};
pub use gate::Gate;
pub use install::{Installed, Order, install, uninstall};
pub use process::Process;
pub use receive::{Verdict, hold, post_receive, pre_receive, rehearse};
pub use settings::{Settings, Source};

#[cfg(test)]
mod tests;
