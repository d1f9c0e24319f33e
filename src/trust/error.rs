use super::Cap;
use crate::ambient::Fault;
use crate::canon::{JsonError, shown};
use crate::git::GitError;
use crate::id::{Actor, Blake3, Oid, PublicKey, Segment};
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// What this room could not do.
#[derive(Debug, Error)]
pub enum TrustError {
    #[error("there is no place for keys: neither XDG_CONFIG_HOME nor HOME is set")]
    NoKeyDir,
    #[error("there is no key {key} in {}; put its file back there", dir.display())]
    NoSuchKey { key: PublicKey, dir: PathBuf },
    #[error("{} cannot be read: {source}", path.display())]
    ReadKey { path: PathBuf, source: io::Error },
    #[error("{} cannot be written: {source}", path.display())]
    WriteKey { path: PathBuf, source: io::Error },
    #[error("{} has mode {mode:04o}, so others may reach the key; run: chmod {wanted:o} {}", path.display(), shown::path(path))]
    Wide { path: PathBuf, mode: u32, wanted: u32 },
    #[error("{} is not a key file of OpenSSH", path.display())]
    NotAKeyFile { path: PathBuf },
    #[error("{} is damaged: {why}", path.display())]
    ParseKey { path: PathBuf, why: String },
    #[error("{} is a key in another format; a copy of it becomes OpenSSH's with: ssh-keygen -p -f {}", path.display(), shown::path(path))]
    OtherFormat { path: PathBuf },
    #[error("{} is a key of type {kind}, and only Ed25519 keys sign here; make one with: ssh-keygen -t ed25519", path.display())]
    NotEd25519 { path: PathBuf, kind: String },
    #[error("{} is named after another key: it holds {holds}", path.display())]
    Misnamed { path: PathBuf, holds: PublicKey },
    #[error("{text:?} is not a public key: {why}")]
    ParsePublic { text: String, why: &'static str },

    #[error("{} is encrypted and there is no terminal to ask for its passphrase; set SSH_ASKPASS, or run: ssh-add {}", path.display(), shown::path(path))]
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
    #[error("{key} was revoked, and a revoked key stays so; make another one: git gatos key new")]
    KeyRevoked { key: PublicKey },
    #[error("{actor} stands in the trust graph already; give another key with: git gatos trust add-key {actor} KEY")]
    ActorThere { actor: Actor },
    #[error("{key} does not stand for {actor}; see who stands for whom: git gatos trust show")]
    KeyNotHis { key: PublicKey, actor: Actor },
    #[error("it is the last key of {actor}, who is a root; add another key first: git gatos trust add-key {actor} KEY")]
    LastKey { actor: Actor },
    #[error("{actor} is a member of {group} already")]
    Member { actor: Actor, group: Segment },
    #[error("trust knows no {actor}{}; let him in first: git gatos trust add-actor {actor} KEY", meant(near))]
    NoSuchActor { actor: Actor, near: Vec<Actor> },
    #[error("{actor} is no member of {group}")]
    NotMember { actor: Actor, group: Segment },
    #[error("{actor} is no root")]
    NotRoot { actor: Actor },
    #[error("{actor} is the only root; add another one first: git gatos trust roots --add ACTOR")]
    LastRoot { actor: Actor },
    #[error("{actor} is a root already")]
    RootAlready { actor: Actor },
    #[error("{actor} has no key to sign with as a root; add one first: git gatos trust add-key {actor} KEY")]
    RootWithoutKey { actor: Actor },
    #[error("{threshold} of {roots} roots cannot sign: the threshold is 1 to the number of roots")]
    ThresholdRange { threshold: u32, roots: usize },
    #[error("this is no proposal of a change of trust: {why}")]
    ProposalFile { why: String },
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
            KeyRevoked { .. } => "KEY_REVOKED",
            ActorThere { .. }
            | KeyNotHis { .. }
            | LastKey { .. }
            | Member { .. }
            | NotMember { .. }
            | NoSuchActor { .. }
            | NotRoot { .. }
            | RootAlready { .. }
            | RootWithoutKey { .. }
            | LastRoot { .. }
            | ThresholdRange { .. } => "TRUST_EDIT",
            ProposalFile { .. } => "TRUST_PROPOSAL",
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
    #[error("{path} lacks its counterpart: a document and its .sig.json lie side by side")]
    Alone { path: String },
    #[error("{path}: {source}")]
    Statement { path: String, source: DocError },
    #[error("{path} of the commit before is gone: grants and revocations only grow")]
    Dropped { path: String },
    #[error("{path} is not what it was in the commit before: grants and revocations only grow")]
    Changed { path: String },
    #[error("it adds grants or revocations and changes trust.json or its signatures: each goes in a commit of its own")]
    Mixed,
    #[error("it adds more grants and revocations than a commit (64) or a graph (4096) may hold")]
    TooMany,
    #[error("{path} is not signed by a key that stands for {by}, nor, where they may, by the roots")]
    Unsigned { path: String, by: String },
    #[error("{issuer} does not hold {cap}, or not trust:grant, and nobody gives what he does not hold")]
    Overreach { issuer: Actor, cap: Cap },
    #[error("{issuer} does not hold {cap} and trust:grant for so long: a grant ends with what it stands on")]
    Outlives { issuer: Actor, cap: Cap },
    #[error("{path} revokes {target}, which this graph does not have")]
    NoTarget { path: String, target: String },
    #[error("{path} revokes {target}, which has ended already, and only the roots may end it again")]
    Ended { path: String, target: String },
    #[error("{actor} has said {said} grants and revocations; {most} is the most of one actor, the roots may say more")]
    Talkative { actor: Actor, said: usize, most: usize },
    #[error(
        "there are {most} grants and revocations that no roots signed; the rest of the graph is kept for the roots"
    )]
    Reserved { most: usize },
    #[error("{path} names {writer}, which is no writer of the key")]
    NotItsWriter { path: String, writer: String },
    #[error("it would leave {have} of the roots with a key that is not revoked, and {need} must sign: add a key first")]
    LockedOut { have: usize, need: u32 },
    #[error("its parent is not {tip}, the tip of the graph")]
    NotNext { tip: Oid },
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
            GraphFault::Overreach { .. } | GraphFault::Outlives { .. } => "TRUST_ATTENUATION",
            GraphFault::Unsigned { .. } => "TRUST_SIGNATURE",
            GraphFault::LockedOut { .. } => "TRUST_LOCKED_OUT",
            GraphFault::Alone { .. }
            | GraphFault::Statement { .. }
            | GraphFault::NoTarget { .. }
            | GraphFault::NotItsWriter { .. }
            | GraphFault::Ended { .. }
            | GraphFault::Talkative { .. }
            | GraphFault::Reserved { .. }
            | GraphFault::TooMany => "TRUST_INVALID",
            GraphFault::Prefix { .. } => "TRUST_KEY_NAME",
            GraphFault::BadSignature { .. } => "TRUST_SIGNATURE",
            GraphFault::Threshold { .. } => "TRUST_THRESHOLD",
            GraphFault::Doc { .. } | GraphFault::Missing { .. } | GraphFault::Stranger { .. } => "TRUST_INVALID",
            GraphFault::Parents(_)
            | GraphFault::Unchanged
            | GraphFault::Dropped { .. }
            | GraphFault::Changed { .. }
            | GraphFault::Mixed
            | GraphFault::NotNext { .. }
            | GraphFault::Version { .. }
            | GraphFault::Prev { .. }
            | GraphFault::Repo { .. } => "TRUST_CHAIN",
        }
    }
}

fn meant(near: &[Actor]) -> String {
    match near {
        [] => String::new(),
        near => format!(" (is {} meant?)", near.iter().map(Actor::to_string).collect::<Vec<_>>().join(" or ")),
    }
}
