use super::Finding;
use crate::git::GitError;
use crate::node::NodeError;
use crate::trust::TrustError;
use std::path::PathBuf;
use thiserror::Error;

/// Why a part could not be examined.
#[derive(Debug, Error)]
pub enum ExamError {
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Trust(#[from] TrustError),
    #[error(transparent)]
    Node(#[from] NodeError),
    #[error("looking at {}: {source}", path.display())]
    Look { path: PathBuf, source: std::io::Error },
}

impl ExamError {
    /// The wire-stable code.
    pub fn code(&self) -> &'static str {
        match self {
            ExamError::Git(e) => e.code(),
            ExamError::Trust(e) => e.code(),
            ExamError::Node(e) => e.code(),
            ExamError::Look { .. } => "FILE",
        }
    }

    /// What is not known is not healthy.
    pub(super) fn into_finding(self, examination: &str) -> Finding {
        let remedy = match &self {
            ExamError::Look { .. } => "make it readable for this user, and run: git gatos doctor",
            _ => "mend that first, and run: git gatos doctor",
        };
        Finding::fail("exam.failed", examination, format!("this could not be examined: {self}"), remedy)
    }
}
