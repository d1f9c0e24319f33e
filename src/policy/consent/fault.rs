use crate::git::GitError;
use thiserror::Error;

/// Why something that was said about a proposal does not count.
#[derive(Debug, Error)]
pub enum ConsentFault {
    #[error("it cannot be read: {0}")]
    Read(#[source] GitError),
    #[error("{0}")]
    Form(String),
    #[error("it belongs to another repository")]
    Repo,
    #[error("the commit is not the one that its documents make")]
    Bytes,
    #[error("{0}")]
    Signature(String),
    #[error("{0}")]
    Law(String),
    /// It was said with a key that is revoked.
    #[error("{0}")]
    Revoked(String),
    /// What it is about is not here.
    #[error("{0}")]
    Absent(String),
}

impl ConsentFault {
    pub(super) fn form(why: impl Into<String>) -> ConsentFault {
        ConsentFault::Form(why.into())
    }

    pub(super) fn law(why: impl Into<String>) -> ConsentFault {
        ConsentFault::Law(why.into())
    }
}
