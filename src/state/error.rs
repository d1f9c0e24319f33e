use crate::canon::{EncodeError, JsonError};
use crate::git::GitError;
use crate::id::{Cid, Oid};
use crate::lua::Halt;
use thiserror::Error;

/// Why a state could not be computed, stored or read.
#[derive(Debug, Error)]
pub enum StateError {
    #[error("starting the fold: {0}")]
    Start(#[source] Halt),
    #[error("loading the state to continue from: {0}")]
    Load(String),
    #[error("the fold stopped at event {cid}, which is no verdict and changes nothing: {source}")]
    Halted { cid: Cid, source: Halt },
    #[error("writing out the state: {0}")]
    Encode(String),
    #[error("reading checkpoint {commit}: {source}")]
    Read { commit: Oid, source: GitError },
    #[error("{commit} is not a checkpoint: {why}")]
    NotCheckpoint { commit: Oid, why: String },
    #[error("writing a checkpoint: {0}")]
    Write(#[source] GitError),
    #[error("a document has no canonical form: {0}")]
    Document(#[from] EncodeError),
    #[error("the state is not canonical JSON: {0}")]
    State(#[from] JsonError),
    #[error("the jq expression {expr:?}: {why}")]
    Select { expr: String, why: String },
}

impl StateError {
    pub fn code(&self) -> &'static str {
        match self {
            StateError::Start(_) | StateError::Halted { .. } => "FOLD_HALTED",
            StateError::Load(_) | StateError::Encode(_) | StateError::State(_) => "STATE_INVALID",
            StateError::Read { source, .. } | StateError::Write(source) => source.code(),
            StateError::NotCheckpoint { .. } => "CHECKPOINT_INVALID",
            StateError::Document(e) => e.code(),
            StateError::Select { .. } => "JQ_INVALID",
        }
    }
}
