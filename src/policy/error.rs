use crate::canon::EncodeError;
use crate::git::GitError;
use crate::id::Oid;
use crate::trust::TrustError;
use thiserror::Error;

/// Why a policy could not be read, written or run.
#[derive(Debug, Error)]
pub enum PolicyError {
    #[error("reading the policy bundle {commit}: {source}")]
    Read { commit: Oid, source: GitError },
    #[error("the policy bundle {commit} is not valid: {why}")]
    Invalid { commit: Oid, why: String },
    #[error("writing the policy bundle: {0}")]
    Write(#[source] GitError),
    #[error("the decision {commit} is not valid: {why}")]
    Decision { commit: Oid, why: String },
    #[error("a bundle of {files} files and {bytes} bytes is too large; it has at most 4096 files and 4 MiB")]
    Size { files: usize, bytes: usize },
    #[error("signing: {0}")]
    Sign(#[source] TrustError),
    #[error("a policy document has no canonical form: {0}")]
    Encode(#[from] EncodeError),
    #[error("recording a denial: {0}")]
    Audit(#[source] GitError),
    #[error("writing a proposal, or what came of it: {0}")]
    Consent(#[source] GitError),
}

impl PolicyError {
    pub fn code(&self) -> &'static str {
        match self {
            PolicyError::Read { source, .. }
            | PolicyError::Write(source)
            | PolicyError::Audit(source)
            | PolicyError::Consent(source) => source.code(),
            PolicyError::Invalid { .. } => "BUNDLE_INVALID",
            PolicyError::Decision { .. } => "DECISION_INVALID",
            PolicyError::Size { .. } => "BUNDLE_SIZE",
            PolicyError::Sign(e) => e.code(),
            PolicyError::Encode(e) => e.code(),
        }
    }
}
