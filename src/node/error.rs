use crate::git::GitError;
use crate::id::{Blake3, Cid, IdError, Ns, Oid, PublicKey, Segment, Ulid};
use crate::ledger::{DraftError, LedgerError};
use crate::lua::Finding;
use crate::policy::{PolicyError, Profile};
use crate::state::{Contradiction, StateError};
use crate::trust::{Target, TrustError};
use std::path::PathBuf;
use thiserror::Error;

/// So many digits name something, at least.
pub(super) const DIGITS_MIN: usize = 4;

/// Why the repository could not do what was asked. "No" is not an error: it is a value.
#[derive(Debug, Error)]
pub enum NodeError {
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
    #[error(transparent)]
    Draft(#[from] DraftError),
    #[error(transparent)]
    Id(#[from] IdError),
    #[error("{doing} {}: {source}", path.display())]
    File { doing: &'static str, path: PathBuf, source: std::io::Error },
    #[error("this repository has no trust genesis; run: git gatos init")]
    NoGenesis,
    #[error(
        "this clone has no trust genesis yet; fetch the one of {remote}: git gatos sync; where {remote} has none either, found one: git \
         gatos init"
    )]
    NotFetched { remote: Segment },
    #[error("neither this clone nor {remote} has a trust genesis; found one: git gatos init")]
    NoGenesisAt { remote: Segment },
    #[error(
        "nobody has pushed a trust graph to this gate yet; whoever made the repository runs, in a clone: git gatos sync"
    )]
    NotPushed,
    #[error(
        "there are {} geneses here ({}); choose one: git gatos trust pin <id>",
        ids.len(),
        ids.iter().map(Blake3::to_string).collect::<Vec<_>>().join(", ")
    )]
    ManyGeneses { ids: Vec<Blake3> },
    #[error(
        "this clone is pinned to {pinned}, but no trust graph here begins with it; fetch it, or pin another: git gatos trust pin <id>"
    )]
    PinMissing { pinned: Blake3 },
    #[error("no trust graph here begins with {id}; found: {}", found.iter().map(Blake3::to_string).collect::<Vec<_>>().join(", "))]
    NoSuchGenesis { id: Blake3, found: Vec<Blake3> },
    #[error(
        "ALARM: the trust graph was rolled back: this clone has seen {seen}, and the tip {tip} does not descend from it; \
         fetch the missing history, or find out who moved refs back; what you decide to believe: git gatos trust pin COMMIT"
    )]
    TrustRollback { seen: Oid, tip: Oid },
    #[error(
        "ALARM: two branches of the trust graph were signed, and nothing says which counts: {}; find out who signed both, then \
         choose: git gatos trust pin COMMIT",
        branches.join(", ")
    )]
    TrustBranches { branches: Vec<String> },
    #[error("{commit} is a commit of another repository's trust graph: {found}, and this clone is pinned to {pinned}")]
    OtherGenesis { commit: Oid, found: Blake3, pinned: Blake3 },
    #[error(
        "this proposal was made on an older version of the trust graph than {version}, which counts now; make the change anew: \
         git gatos trust show, then the verb again"
    )]
    StaleProposal { version: u32 },
    #[error(
        "{source}, and this clone's key is no root's; write the change to a file (-o FILE), and a root makes it: git gatos trust sign \
         FILE"
    )]
    NoRoot { source: TrustError },
    #[error("{target} was revoked already, and this would void nothing more; see: git gatos trust log")]
    RevokedAlready { target: Target },
    #[error("{cid} is no event of a journal of {key} here; list them: git gatos log --json")]
    NotOfKey { cid: Cid, key: PublicKey },
    #[error(
        "the trust graph was changed by somebody else in between; look at it (git gatos trust log) and run this again"
    )]
    TrustMoved,
    #[error("this repository has no active policy; run: git gatos init")]
    NoPolicy,
    #[error("no bundle {what} is here; list them: git gatos policy log --all")]
    NoBundle { what: String },
    #[error(
        "the bundle {bundle} (version {version}) does not stand behind the active one ({active}, version {active_version}), and the \
         law only goes forward; publish the same files as the next version: git gatos policy publish --again {}, then: git gatos \
         policy activate",
        &bundle.hex()[..12]
    )]
    NotNext { bundle: Blake3, version: u64, active: Blake3, active_version: u64 },
    #[error("the bundle {bundle} (version {version}) is the active one already")]
    IsActive { bundle: Blake3, version: u64 },
    #[error(
        "no bundle was published behind the active one (version {version}); publish one: git gatos policy publish, or an earlier one \
         anew: git gatos policy publish --again ID"
    )]
    NoneNext { version: u64 },
    #[error(
        "{} bundles were published behind the active one; say which: git gatos policy activate ID: {}",
        ids.len(),
        ids.iter().map(Blake3::to_string).collect::<Vec<_>>().join(", ")
    )]
    SeveralNext { ids: Vec<Blake3> },
    #[error(
        "nobody signed the bundle {bundle} who may sign one now; publish it again with a key that may: git gatos policy \
         publish --sign-with FILE"
    )]
    NotSigned { bundle: Blake3 },
    #[error("no proposal or grant {what} is here; list them: git gatos proposals, or fetch it: git gatos sync")]
    NoProposal { what: String },
    #[error("this cannot be proposed: {why}")]
    Terms { why: String },
    #[error("the proposal {id}: {why}")]
    Consent { id: Blake3, why: String },
    #[error(
        "no decision {what} is on record here; a denial prints where it is logged, and what a server recorded comes with: git gatos sync"
    )]
    NoDecision { what: String },
    #[error("this repository has no work tree; name a directory of sources: --from DIR")]
    NoWorkTree,
    #[error("{found} source files are too many; a bundle is made of at most {most}")]
    TooManySources { found: usize, most: usize },
    #[error("{}:{line}: {why}; the profiles are local, push-gate, research", path.display())]
    ProfileFile { path: PathBuf, line: u32, why: String },
    #[error(
        "the law here has the profile {active}, and these sources name none; say which is meant in gatos/config/profile.yaml: git \
         gatos profile set NAME"
    )]
    ProfileUnsaid { active: Profile },
    #[error(
        "the law here has the profile {active}, not {asked}; to change it: git gatos profile set {asked}, then git gatos policy \
         publish"
    )]
    ProfileStands { active: Profile, asked: Profile },
    #[error("no key to sign with: {0}")]
    NoKey(String),
    #[error("no actor: {0}; name one: git gatos init --actor user:NAME")]
    NoActor(String),
    #[error(
        "{0}; so nobody knows whether a genesis stands there: try again when it can be reached, or found a new one: git gatos init \
         --offline"
    )]
    Origin(#[source] GitError),
    #[error(
        "there is no remote {0}; add it: git remote add {0} URL, or name another: git gatos sync REMOTE, or for good: git \
         config gatos.authority REMOTE"
    )]
    NoRemote(Segment),
    #[error(
        "{0:?} cannot be the name of a remote here: lower-case letters, digits, `.`, `_`, `+` and `-`; an address is added as \
         one first: git remote add NAME URL, then git gatos sync NAME"
    )]
    RemoteName(String),
    #[error("{0:?} does not end in a name; say where to clone to: git gatos clone URL DIR")]
    CloneName(String),
    #[error("{} is there already; name another directory: git gatos clone URL DIR", .0.display())]
    CloneTaken(PathBuf),
    #[error("history is shallow: git fetch --unshallow")]
    Shallow,
    #[error("namespace {0} has no journal; emit into it first: git gatos emit TYPE PAYLOAD --ns {0}")]
    NoNamespace(Ns),
    #[error("no fold for namespace {ns}: write {} or pass --fold FILE", tried.join(" or "))]
    NoFold { ns: Ns, tried: Vec<String> },
    #[error("the fold {name} does not compile:\n{}", findings.iter().map(|f| format!("{name}:{f}")).collect::<Vec<_>>().join("\n"))]
    FoldSource { name: String, findings: Vec<Finding> },
    #[error("the fold {name}: {why}")]
    FoldBinary { name: String, why: String },
    #[error(
        "DUPLICATE_ULID: {ulid} already names event {cid} (seq {seq}) of this journal, which says something else; use a new ULID"
    )]
    DuplicateUlid { ulid: Ulid, cid: Cid, seq: u64 },
    #[error("the journal is being written by another process, which made no progress for {seconds} s; try again")]
    Busy { seconds: u64 },
    #[error("{what} is not in namespace {ns}")]
    NoSuchPoint { what: String, ns: Ns },
    #[error("{text} is no event, time or commit of {ns}; list the events: git gatos log --ns {ns}")]
    NoPoint { text: String, ns: Ns },
    #[error("{what} is ambiguous: {}", choices.join(", "))]
    Ambiguous { what: String, choices: Vec<String> },
    #[error("{what} is too short to name anything; give the first {DIGITS_MIN} digits or more")]
    TooShort { what: String },
    #[error("no checkpoint of namespace {0}; write one: git gatos state checkpoint --ns {0}")]
    NoCheckpoint(Ns),
    #[error("the window is empty: there is nothing to checkpoint")]
    EmptyWindow,
    #[error("{count} findings stand against the journals of {ns}, the first: {first}; run: git gatos verify --ns {ns}")]
    BadJournals { ns: Ns, count: usize, first: String },
    #[error("bisect: {0}")]
    Bisect(String),
    #[error("bisect: {0}")]
    Mark(#[from] Contradiction),
    #[error(
        "the key {key}, with which this clone signs (gatos.key), is not in {}; bring it back: git gatos key import FILE, or where it \
         is lost, make another one: git gatos key new, then git gatos init, which says what a root runs", dir.display()
    )]
    KeyLost { key: PublicKey, dir: PathBuf },
    #[error("stopped on request")]
    Cancelled,
    #[error("stopped on request; {remote} has taken by then: {}; to go on: git gatos sync {remote}", taken(pushed))]
    SyncStopped { remote: Segment, pushed: Vec<String> },
}

/// The first refs of many, and how many more there are.
fn taken(names: &[String]) -> String {
    const SHOWN_MAX: usize = 5;
    let shown = names[..names.len().min(SHOWN_MAX)].join(", ");
    match names.len().saturating_sub(SHOWN_MAX) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

impl NodeError {
    /// The wire-stable code.
    pub fn code(&self) -> &'static str {
        match self {
            NodeError::Git(e) => e.code(),
            NodeError::Trust(e) => e.code(),
            NodeError::Ledger(e) => e.code(),
            NodeError::Policy(e) => e.code(),
            NodeError::State(e) => e.code(),
            NodeError::Draft(e) => e.code(),
            NodeError::Id(e) => e.code(),
            NodeError::File { .. } => "FILE",
            NodeError::NoGenesis | NodeError::NotPushed => "NO_GENESIS",
            NodeError::NotFetched { .. } | NodeError::NoGenesisAt { .. } => "NO_GENESIS",
            NodeError::ManyGeneses { .. } => "MANY_GENESES",
            NodeError::PinMissing { .. } | NodeError::NoSuchGenesis { .. } => "PIN_MISSING",
            NodeError::TrustRollback { .. } => "TRUST_ROLLBACK",
            NodeError::TrustBranches { .. } => "TRUST_EQUIVOCATION",
            NodeError::OtherGenesis { .. } => "PIN_MISSING",
            NodeError::StaleProposal { .. } => "TRUST_STALE",
            NodeError::NoRoot { source } => source.code(),
            NodeError::RevokedAlready { .. } => "TRUST_EDIT",
            NodeError::NotOfKey { .. } => "NO_SUCH_POINT",
            NodeError::TrustMoved => "REF_MOVED",
            NodeError::NoPolicy => "NO_POLICY",
            NodeError::NoBundle { .. } | NodeError::NotNext { .. } | NodeError::NotSigned { .. } => "NO_BUNDLE",
            NodeError::IsActive { .. } | NodeError::NoneNext { .. } => "NO_BUNDLE",
            NodeError::SeveralNext { .. } => "AMBIGUOUS",
            NodeError::NoDecision { .. } => "NO_DECISION",
            NodeError::NoProposal { .. } => "NO_PROPOSAL",
            NodeError::Terms { .. } => "PROPOSAL_TERMS",
            NodeError::Consent { .. } => "CONSENT",
            NodeError::NoWorkTree => "NO_WORK_TREE",
            NodeError::TooManySources { .. } => "BUNDLE_SIZE",
            NodeError::ProfileFile { .. } | NodeError::ProfileUnsaid { .. } | NodeError::ProfileStands { .. } => {
                "PROFILE"
            }
            NodeError::NoKey(_) => "NO_KEY",
            NodeError::KeyLost { .. } => "KEY_MISSING",
            NodeError::NoActor(_) => "NO_ACTOR",
            NodeError::Origin(e) => e.code(),
            NodeError::NoRemote(_) | NodeError::RemoteName(_) => "NO_REMOTE",
            NodeError::CloneName(_) | NodeError::CloneTaken(_) => "CLONE_DIR",
            NodeError::Shallow => "SHALLOW",
            NodeError::NoNamespace(_) => "ERR_INVALID_NS",
            NodeError::NoFold { .. } => "NO_FOLD",
            NodeError::FoldSource { .. } | NodeError::FoldBinary { .. } => "FOLD_INVALID",
            NodeError::DuplicateUlid { .. } => "DUPLICATE_ULID",
            NodeError::Busy { .. } => "BUSY",
            NodeError::NoSuchPoint { .. } | NodeError::NoPoint { .. } => "NO_SUCH_POINT",
            NodeError::Ambiguous { .. } | NodeError::TooShort { .. } => "AMBIGUOUS",
            NodeError::NoCheckpoint(_) => "NO_CHECKPOINT",
            NodeError::EmptyWindow => "EMPTY_WINDOW",
            NodeError::BadJournals { .. } => "JOURNAL_INVALID",
            NodeError::Bisect(_) | NodeError::Mark(_) => "BISECT",
            NodeError::Cancelled | NodeError::SyncStopped { .. } => "CANCELLED",
        }
    }

    /// Whether the mistake is in how the command was typed.
    pub fn is_usage(&self) -> bool {
        matches!(self, NodeError::Draft(_) | NodeError::Id(_) | NodeError::NoActor(_) | NodeError::Terms { .. })
            || matches!(self, NodeError::NoRemote(_) | NodeError::RemoteName(_))
            || matches!(self, NodeError::CloneName(_) | NodeError::CloneTaken(_))
            || matches!(self, NodeError::State(StateError::Select { .. }))
    }
}
