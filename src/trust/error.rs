use crate::ambient::Fault;
use crate::canon::JsonError;
use crate::git::GitError;
use crate::id::{Actor, Blake3, Oid, PublicKey};
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// What this room could not do.
#[derive(Debug, Error)]
pub enum TrustError {
    #[error("there is no place for keys: neither XDG_CONFIG_HOME nor HOME is set")]
    NoKeyDir,
    #[error("there is no key {key} in {}", dir.display())]
    NoSuchKey { key: PublicKey, dir: PathBuf },
    #[error("{} cannot be read: {source}", path.display())]
    ReadKey { path: PathBuf, source: io::Error },
    #[error("{} cannot be written: {source}", path.display())]
    WriteKey { path: PathBuf, source: io::Error },
    #[error("{} has mode {mode:04o}, so others may reach the key; run: chmod {wanted:o} {}", path.display(), quoted(path))]
    Wide { path: PathBuf, mode: u32, wanted: u32 },
    #[error("{} is not a key file of OpenSSH", path.display())]
    NotAKeyFile { path: PathBuf },
    #[error("{} is damaged: {why}", path.display())]
    ParseKey { path: PathBuf, why: String },
    #[error("{} is a key in another format; a copy of it becomes OpenSSH's with: ssh-keygen -p -f {}", path.display(), quoted(path))]
    OtherFormat { path: PathBuf },
    #[error("{} is a key of type {kind}, and only Ed25519 keys sign here; make one with: ssh-keygen -t ed25519", path.display())]
    NotEd25519 { path: PathBuf, kind: String },
    #[error("{} is named after another key: it holds {holds}", path.display())]
    Misnamed { path: PathBuf, holds: PublicKey },
    #[error("{text:?} is not a public key: {why}")]
    ParsePublic { text: String, why: &'static str },

    #[error("{} is encrypted and there is no terminal to ask for its passphrase; set SSH_ASKPASS, or run: ssh-add {}", path.display(), quoted(path))]
    NobodyToAsk { path: PathBuf },
    #[error("the passphrase of {} cannot be asked for: {source}", path.display())]
    AskTerminal { path: PathBuf, source: io::Error },
    #[error("{}, the program of SSH_ASKPASS, cannot be run: {source}", program.display())]
    RunAskpass { program: PathBuf, source: io::Error },
    #[error("{}, the program of SSH_ASKPASS, gave no passphrase", program.display())]
    Askpass { program: PathBuf },
    #[error("{} stays locked: the passphrase is wrong", path.display())]
    Passphrase { path: PathBuf },

    #[error("no ssh-agent holds {key}; add it with: ssh-add <its private key file>")]
    AgentLacks { key: PublicKey },
    #[error("the ssh-agent at {} (SSH_AUTH_SOCK) cannot be reached: {source}", socket.display())]
    AgentConnect { socket: PathBuf, source: io::Error },
    #[error("the ssh-agent at {} stopped answering: {source}", socket.display())]
    AgentSpeak { socket: PathBuf, source: io::Error },
    #[error("the ssh-agent at {} gave an answer that is none", socket.display())]
    AgentAnswer { socket: PathBuf },
    #[error("the ssh-agent refused to sign with {key}")]
    AgentRefused { key: PublicKey },
    #[error("{size} bytes are too many for an ssh-agent, which takes {max}")]
    AgentTooLong { size: usize, max: usize },

    #[error("trust version {version} cannot be made: {source}")]
    Propose { version: u32, source: GraphFault },
    #[error("{key} is no Ed25519 key that can sign")]
    WeakKey { key: PublicKey },
    #[error("{key} stands for {holder} already")]
    KeyTaken { key: PublicKey, holder: Actor },
    #[error("the commit {commit} of the trust graph is refused: {source}")]
    Version { commit: Oid, source: GraphFault },
    #[error("the commit {commit} of the trust graph cannot be read: {source}")]
    ReadVersion { commit: Oid, source: Box<GitError> },
    #[error(transparent)]
    Git(#[from] GitError),

    #[error(transparent)]
    Fault(#[from] Fault),
}

impl TrustError {
    /// The commit of the trust graph that is at fault, where one is.
    pub fn commit(&self) -> Option<Oid> {
        match self {
            TrustError::Version { commit, .. } | TrustError::ReadVersion { commit, .. } => Some(*commit),
            TrustError::Git(source) => source.oid(),
            _ => None,
        }
    }

    /// The wire-stable code.
    pub fn code(&self) -> &'static str {
        use TrustError::*;
        match self {
            NoKeyDir | NoSuchKey { .. } => "KEY_MISSING",
            ReadKey { .. } | WriteKey { .. } => "KEY_IO",
            Wide { .. } => "KEY_MODE",
            NotAKeyFile { .. } | ParseKey { .. } | OtherFormat { .. } | Misnamed { .. } | ParsePublic { .. } => {
                "KEY_INVALID"
            }
            NotEd25519 { .. } => "KEY_KIND",
            NobodyToAsk { .. } | AskTerminal { .. } | RunAskpass { .. } | Askpass { .. } | Passphrase { .. } => {
                "KEY_LOCKED"
            }
            AgentLacks { .. }
            | AgentConnect { .. }
            | AgentSpeak { .. }
            | AgentAnswer { .. }
            | AgentRefused { .. }
            | AgentTooLong { .. } => "AGENT",
            Propose { source, .. } | Version { source, .. } => source.code(),
            WeakKey { .. } => "KEY_INVALID",
            KeyTaken { .. } => "KEY_TAKEN",
            ReadVersion { source, .. } => source.code(),
            Git(source) => source.code(),
            Fault(_) => "INJECTED_FAULT",
        }
    }
}

/// Why bytes are not the signed document they were read as.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DocError {
    #[error(transparent)]
    Json(#[from] JsonError),
    #[error("{place}: {why}")]
    Rule { place: String, why: &'static str },
}

impl DocError {
    pub(super) fn rule(place: impl Into<String>, why: &'static str) -> DocError {
        DocError::Rule { place: place.into(), why }
    }

    pub fn code(&self) -> &'static str {
        match self {
            DocError::Json(e) => e.code(),
            DocError::Rule { .. } => "DOCUMENT_INVALID",
        }
    }
}

/// Why a commit is not the next version of a trust graph.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GraphFault {
    #[error("it has {0} parents: the graph is one line that begins with the genesis")]
    Parents(usize),
    #[error("{file} is missing")]
    Missing { file: &'static str },
    #[error("{path:?} has no place in the trust graph")]
    Stranger { path: String },
    #[error("{path:?}: this build does not judge grants and revocations yet")]
    NotJudged { path: String },
    #[error("{file}: {source}")]
    Doc { file: &'static str, source: DocError },
    #[error("it changes nothing: trust.json is that of the version before")]
    Unchanged,
    #[error("it is version {found} where version {wanted} must stand")]
    Version { wanted: u32, found: u32 },
    #[error("its prev is {found}, and the version before is {wanted}")]
    Prev { wanted: Blake3, found: Blake3 },
    #[error("it belongs to another repository: {found}, not {wanted}")]
    Repo { wanted: Blake3, found: Blake3 },
    #[error("two keys of {actor} begin with {key8}, by which its journals are named; make another key")]
    Prefix { actor: Actor, key8: String },
    #[error("the signature of {key} is not good")]
    BadSignature { key: PublicKey },
    #[error("{have} of the roots signed, and {need} must")]
    Threshold { have: usize, need: u32 },
}

impl GraphFault {
    /// The wire-stable code.
    pub fn code(&self) -> &'static str {
        match self {
            GraphFault::NotJudged { .. } => "TRUST_NOT_JUDGED",
            GraphFault::Prefix { .. } => "TRUST_KEY_NAME",
            GraphFault::BadSignature { .. } => "TRUST_SIGNATURE",
            GraphFault::Threshold { .. } => "TRUST_THRESHOLD",
            GraphFault::Doc { .. } | GraphFault::Missing { .. } | GraphFault::Stranger { .. } => "TRUST_INVALID",
            GraphFault::Parents(_)
            | GraphFault::Unchanged
            | GraphFault::Version { .. }
            | GraphFault::Prev { .. }
            | GraphFault::Repo { .. } => "TRUST_CHAIN",
        }
    }
}

/// A path as a shell takes it back.
fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,:@%".contains(c);
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(plain) {
        return text.into_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}
