use super::store::Expected;
use crate::ambient::Fault;
use crate::id::Oid;
use std::path::PathBuf;
use thiserror::Error;

/// What was attempted on the store and failed.
#[derive(Debug, Error)]
pub enum GitError {
    #[error("there is no git repository at {} or above it; `git init` makes one", path.display())]
    NotFound { path: PathBuf },
    #[error("cannot open the repository {}: {source}", path.display())]
    Open { path: PathBuf, source: git2::Error },
    #[error("{} holds SHA-256 objects, which are not read yet; a new repository takes SHA-1 by `git init --object-format=sha1`", path.display())]
    Sha256 { path: PathBuf },
    #[error(
        "{} keeps its refs as {format}: convert with `git refs migrate --ref-format=files`", path.display()
    )]
    RefFormat { path: PathBuf, format: String },
    #[error("{} uses the extension {name}, which this program does not know", path.display())]
    Extension { path: PathBuf, name: String },
    #[error(
        "{path} belongs to another user; if you trust it, run\n  git config --global --add safe.directory '{path}'",
        path = path.display()
    )]
    ForeignOwner { path: PathBuf },
    #[error("{} is not UTF-8, and objects are not read from such a directory", path.display())]
    ObjectDirectory { path: PathBuf },
    #[error("cannot lock {}: {source}", path.display())]
    LockFile { path: PathBuf, source: std::io::Error },
    #[error("another process has kept {} locked for {seconds} s; try again", path.display())]
    Busy { path: PathBuf, seconds: u64 },
    #[error("history is shallow: git fetch --unshallow")]
    Shallow,

    #[error("cannot read the ref {name}: {source}")]
    ReadRef { name: String, source: git2::Error },
    #[error("the ref {name} is symbolic; a ref of ours names a commit itself")]
    SymbolicRef { name: String },
    #[error("cannot list the refs: {source}")]
    ListRefs { source: git2::Error },
    #[error("{text:?} names no single object: {source}")]
    Resolve { text: String, source: git2::Error },
    #[error("cannot read {key} from git's configuration: {source}")]
    ReadConfig { key: String, source: git2::Error },
    #[error("{variable} in the environment is not configuration as git writes it")]
    ConfigEnvironment { variable: &'static str },

    #[error("the object {oid} is missing")]
    Missing { oid: Oid },
    #[error("the object {oid} is a {found}, not a {wanted}")]
    Kind { oid: Oid, wanted: &'static str, found: &'static str },
    #[error("the object {oid} is damaged: {why}")]
    Damaged { oid: Oid, why: &'static str },
    #[error("cannot read the object {oid}: {source}")]
    ReadObject { oid: Oid, source: git2::Error },
    #[error("{oid} holds {size} bytes, more than the {limit} allowed here")]
    TooLarge { oid: Oid, size: u64, limit: u64 },
    #[error("the tree of {oid} holds more than {limit} {what}")]
    TooMany { oid: Oid, limit: usize, what: &'static str },
    #[error("{path:?} in {oid} is not a regular file (mode {mode:o})")]
    NotRegular { oid: Oid, path: String, mode: u32 },
    #[error("the tree {oid} holds the name {name:?} twice")]
    TwoEntries { oid: Oid, name: String },
    #[error("the commit {old} is not among the first parents of {new}")]
    NotAncestor { old: Oid, new: Oid },

    #[error("cannot write a {what}: {source}")]
    WriteObject { what: &'static str, source: git2::Error },
    #[error("{path:?} cannot stand in a tree: {why}")]
    Path { path: String, why: &'static str },
    #[error("{field} of a commit holds a character that git does not allow there: {text:?}")]
    Identity { field: &'static str, text: String },
    #[error("cannot write the pack {}: {source}", path.display())]
    WritePack { path: PathBuf, source: std::io::Error },
    #[error("a pack cannot hold {0} bytes in one batch; write smaller batches")]
    PackTooLarge(u64),
    /// Somebody else moved the ref first. `found` may equal the new value, when the same commit was written elsewhere.
    #[error("the ref {name} was expected {expected}, but {}", found_text(found))]
    Moved { name: String, expected: Expected, found: Option<Oid> },
    #[error("cannot move the ref {name}: {source}")]
    UpdateRef { name: String, source: git2::Error },
    #[error("cannot set {key} in the repository's configuration: {source}")]
    WriteConfig { key: String, source: git2::Error },
    #[error(transparent)]
    Fault(#[from] Fault),

    #[error("cannot run git: {source}; is it installed and on PATH?")]
    Spawn { source: std::io::Error },
    #[error(
        "git {version} is too old for sync and clone: {needed} or later is needed; `git clone`, `git fetch` and `git push` \
         do the same by hand"
    )]
    TooOld { version: String, needed: &'static str },
    #[error("`git {command}` failed ({status}): {stderr}")]
    Child { command: String, status: std::process::ExitStatus, stderr: String },
    /// A run of git with somebody else; `said` is what it said last, `look` a command that asks the same peer.
    #[error("cannot {doing} {peer}: {said}; look with: {look}")]
    Remote { doing: &'static str, peer: String, said: String, look: String },
}

fn found_text(found: &Option<Oid>) -> String {
    match found {
        Some(oid) => format!("it is at {oid}"),
        None => "it is absent".to_owned(),
    }
}

impl GitError {
    /// The object that the error is about, where it is about one.
    pub fn oid(&self) -> Option<Oid> {
        match self {
            GitError::Missing { oid }
            | GitError::Kind { oid, .. }
            | GitError::Damaged { oid, .. }
            | GitError::ReadObject { oid, .. }
            | GitError::TooLarge { oid, .. }
            | GitError::TooMany { oid, .. }
            | GitError::TwoEntries { oid, .. }
            | GitError::NotRegular { oid, .. } => Some(*oid),
            _ => None,
        }
    }

    /// The wire-stable code.
    pub fn code(&self) -> &'static str {
        match self {
            GitError::NotFound { .. } => "REPO_NOT_FOUND",
            GitError::Open { .. } | GitError::ObjectDirectory { .. } => "REPO_OPEN",
            GitError::Sha256 { .. } | GitError::RefFormat { .. } | GitError::Extension { .. } => "REPO_UNSUPPORTED",
            GitError::ForeignOwner { .. } => "REPO_OWNER",
            GitError::Shallow => "REPO_SHALLOW",
            GitError::LockFile { .. } | GitError::Busy { .. } => "LOCK",
            GitError::ReadRef { .. } | GitError::ListRefs { .. } => "REF_READ",
            GitError::SymbolicRef { .. } => "REF_SYMBOLIC",
            GitError::Resolve { .. } => "NAME_AMBIGUOUS",
            GitError::ReadConfig { .. } | GitError::ConfigEnvironment { .. } | GitError::WriteConfig { .. } => "CONFIG",
            GitError::Missing { .. } => "OBJECT_MISSING",
            GitError::Kind { .. } => "OBJECT_TYPE",
            GitError::Damaged { .. } => "OBJECT_DAMAGED",
            GitError::ReadObject { .. } => "OBJECT_READ",
            GitError::TooLarge { .. } | GitError::TooMany { .. } | GitError::PackTooLarge(_) => "LIMIT",
            GitError::NotRegular { .. } | GitError::TwoEntries { .. } | GitError::Path { .. } => "TREE_SHAPE",
            GitError::NotAncestor { .. } => "NOT_ANCESTOR",
            GitError::WriteObject { .. } | GitError::WritePack { .. } => "OBJECT_WRITE",
            GitError::Identity { .. } => "COMMIT_IDENTITY",
            GitError::Moved { .. } => "REF_MOVED",
            GitError::UpdateRef { .. } => "REF_WRITE",
            GitError::Fault(_) => "FAULT",
            GitError::Spawn { .. } | GitError::Child { .. } | GitError::Remote { .. } => "GIT_CHILD",
            GitError::TooOld { .. } => "GIT_VERSION",
        }
    }
}
