use crate::git::GitError;
use crate::ledger::LedgerError;
use crate::policy::PolicyError;
use crate::state::StateError;
use crate::trust::TrustError;
use std::path::PathBuf;
use thiserror::Error;

/// Why the gate could not judge. It lets nothing through then.
#[derive(Debug, Error)]
pub enum HookError {
    #[error("the list of updates cannot be read: {source}")]
    Input { source: std::io::Error },
    #[error("the list of updates is longer than {max} bytes; push fewer refs at once")]
    InputSize { max: u64 },
    #[error("line {at} of the list of updates is not `<old> <new> <name>`")]
    Line { at: usize },
    #[error("there is no update to judge: git runs the hook with some, so that something before it has taken them")]
    Nothing,
    #[error("GIT_NAMESPACE is set, and a gate judges a whole repository; push without a namespace")]
    Namespace,
    #[error("there is no gate here: {} is missing; run: git gatos hook install --server", path.display())]
    NotInstalled { path: PathBuf },
    #[error("{} cannot be used: {why}; put it back from a backup, or move it away and install again, with another key", path.display())]
    Settings { path: PathBuf, why: String },
    #[error("{doing} {}: {source}", path.display())]
    File { doing: &'static str, path: PathBuf, source: std::io::Error },
    #[error("another push has kept the gate for {seconds} s; push again")]
    Busy { seconds: u64 },
    #[error("the process that receives the push cannot be found, so that the gate cannot stay locked until it ends")]
    NoReceiver,
    #[error("the gate cannot be kept locked: {source}")]
    Holder { source: std::io::Error },
    #[error("{name} at {tip} is not what this gate accepted or wrote; git gatos verify tells more")]
    Held { name: String, tip: crate::id::Oid },
    #[error("this clone holds no law; fetch it first: git fetch origin '{fetched}'", fetched = crate::git::own_refspec())]
    NoLaw,
    #[error("this repository is pinned to {pinned}, and its trust graph belongs to {found}")]
    Pinned { pinned: crate::id::Blake3, found: crate::id::Blake3 },
    #[error("the policy must be {pinned} or descend from it, and {found} does not; nothing was changed")]
    PinnedPolicy { pinned: crate::id::Blake3, found: crate::id::Blake3 },
    #[error("the hook cannot be installed: {why}")]
    Install { why: String },
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Trust(#[from] TrustError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Policy(#[from] PolicyError),
    #[error(transparent)]
    State(#[from] StateError),
}

impl HookError {
    /// The wire-stable code.
    pub fn code(&self) -> &'static str {
        match self {
            HookError::Input { .. } | HookError::InputSize { .. } | HookError::Line { .. } | HookError::Nothing => {
                "HOOK_INPUT"
            }
            HookError::Namespace => "HOOK_NAMESPACE",
            HookError::NotInstalled { .. } | HookError::Settings { .. } => "GATE_SETTINGS",
            HookError::File { .. } => "FILE",
            HookError::Busy { .. } | HookError::NoReceiver | HookError::Holder { .. } => "GATE_LOCK",
            HookError::NoLaw => "GATE_NO_LAW",
            HookError::Pinned { .. } | HookError::PinnedPolicy { .. } => "GATE_PINNED",
            HookError::Held { .. } => "GATE_HELD",
            HookError::Install { .. } => "HOOK_INSTALL",
            HookError::Git(e) => e.code(),
            HookError::Trust(e) => e.code(),
            HookError::Ledger(e) => e.code(),
            HookError::Policy(e) => e.code(),
            HookError::State(e) => e.code(),
        }
    }
}
