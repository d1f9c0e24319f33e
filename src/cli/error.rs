use crate::canon::{JsonError, Value};
use crate::git::GitError;
use crate::hook::HookError;
use crate::id::IdError;
use crate::ledger::{DraftError, LedgerError};
use crate::node::NodeError;
use crate::policy::PolicyError;
use crate::state::StateError;
use crate::trust::TrustError;
use crate::view::ErrorFrame;

/// Whose fault it is: this decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// How the command was typed.
    Usage,
    /// The surroundings: a missing file, a damaged object, somebody else's lock.
    Failed,
    /// Ours.
    Bug,
}

impl Kind {
    pub fn exit(self) -> u8 {
        match self {
            Kind::Usage => 2,
            Kind::Failed => 3,
            Kind::Bug => 4,
        }
    }
}

/// Why there is no answer. The rooms below say what they attempted; this says what it means for the caller.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct CliError {
    pub kind: Kind,
    /// The wire-stable code.
    pub code: &'static str,
    pub reason: String,
    pub hint: Option<String>,
    /// More that a program may want, in the JSON frame only.
    pub details: Vec<(&'static str, Value)>,
}

impl CliError {
    fn new(kind: Kind, code: &'static str, reason: impl Into<String>) -> CliError {
        CliError { kind, code, reason: reason.into(), hint: None, details: Vec::new() }
    }

    pub fn usage(reason: impl Into<String>) -> CliError {
        CliError::new(Kind::Usage, "USAGE", reason)
    }

    pub fn failed(code: &'static str, reason: impl Into<String>) -> CliError {
        CliError::new(Kind::Failed, code, reason)
    }

    pub fn bug(reason: impl Into<String>) -> CliError {
        CliError::new(Kind::Bug, "INTERNAL", reason)
    }

    pub fn hint(self, hint: impl Into<String>) -> CliError {
        CliError { hint: Some(hint.into()), ..self }
    }

    pub fn detail(mut self, name: &'static str, value: impl Into<Value>) -> CliError {
        self.details.push((name, value.into()));
        self
    }

    /// The shape that is shown.
    pub fn frame(&self) -> ErrorFrame<'_> {
        ErrorFrame { code: self.code, reason: &self.reason, hint: self.hint.as_deref(), details: &self.details }
    }
}

/// A file or stream could not be used: the context says what was tried on what, the source why it failed.
impl From<anyhow::Error> for CliError {
    fn from(e: anyhow::Error) -> CliError {
        CliError::failed("FILE", format!("{e:#}"))
    }
}

impl From<NodeError> for CliError {
    fn from(e: NodeError) -> CliError {
        let kind = if e.is_usage() { Kind::Usage } else { Kind::Failed };
        CliError::new(kind, e.code(), e.to_string())
    }
}

impl From<IdError> for CliError {
    fn from(e: IdError) -> CliError {
        CliError::new(Kind::Usage, e.code(), e.to_string())
    }
}

impl From<DraftError> for CliError {
    fn from(e: DraftError) -> CliError {
        CliError::new(Kind::Usage, e.code(), e.to_string())
    }
}

impl From<JsonError> for CliError {
    fn from(e: JsonError) -> CliError {
        CliError::new(Kind::Usage, e.code(), e.to_string())
    }
}

impl From<HookError> for CliError {
    fn from(e: HookError) -> CliError {
        CliError::failed(e.code(), e.to_string())
    }
}

macro_rules! by_node {
    ($($error:ty),*) => { $(
        impl From<$error> for CliError {
            fn from(e: $error) -> CliError {
                NodeError::from(e).into()
            }
        }
    )* };
}
by_node!(GitError, TrustError, LedgerError, PolicyError, StateError);
