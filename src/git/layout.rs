//! Every ref name of the project, built and read back here and nowhere else.

use crate::id::{Blake3, Ns, Segment, Ulid, Writer};
use std::fmt::{self, Display, Formatter};

const OWN: &str = "refs/gatos/";
const TRACKING: &str = "refs/gatos-remotes/";
const LOST: &str = "refs/gatos-lost/";
const CACHE: &str = "refs/gatos-cache/";
/// Where decisions and receipts are.
const AUDITS: &str = "audit/policy";
/// What every name of ours and every look-alike starts with, whatever its case.
pub const FAMILY: &str = "refs/gatos";

/// Whose copy of a ref a name means.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// What this repository holds itself.
    Own,
    /// What was fetched from the remote of that name.
    Tracking(Segment),
}

/// What a proof under `audit/proofs` proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProofKind {
    Fold,
    Job,
    Governance,
    Experiment,
}

impl ProofKind {
    pub const ALL: [ProofKind; 4] = [ProofKind::Fold, ProofKind::Job, ProofKind::Governance, ProofKind::Experiment];

    pub fn as_str(self) -> &'static str {
        match self {
            ProofKind::Fold => "fold",
            ProofKind::Job => "job",
            ProofKind::Governance => "governance",
            ProofKind::Experiment => "experiment",
        }
    }
}

/// The three refs of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobPart {
    Spec,
    Claim,
    Result,
}

impl JobPart {
    pub const ALL: [JobPart; 3] = [JobPart::Spec, JobPart::Claim, JobPart::Result];

    pub fn as_str(self) -> &'static str {
        match self {
            JobPart::Spec => "spec",
            JobPart::Claim => "claim",
            JobPart::Result => "result",
        }
    }
}

/// The number of a segment, 1 to 999,999, printed with six digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentNo(u32);

impl SegmentNo {
    pub fn new(number: u32) -> Option<SegmentNo> {
        (1..=999_999).contains(&number).then_some(SegmentNo(number))
    }

    pub fn get(self) -> u32 {
        self.0
    }

    fn parse(text: &str) -> Option<SegmentNo> {
        digits(text, 6).and_then(SegmentNo::new)
    }
}

/// A month, printed `yyyy-mm`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: u16,
    month: u8,
}

impl Month {
    pub fn new(year: u16, month: u8) -> Option<Month> {
        ((1970..=9999).contains(&year) && (1..=12).contains(&month)).then_some(Month { year, month })
    }

    fn parse(text: &str) -> Option<Month> {
        let (year, month) = text.split_once('-')?;
        Month::new(digits(year, 4)? as u16, digits(month, 2)? as u8)
    }
}

fn digits(text: &str, len: usize) -> Option<u32> {
    let plain = text.len() == len && text.bytes().all(|b| b.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

/// What a ref holds: one variant a row of the table of refs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Plane {
    TrustGraph,
    PolicyBundle(Blake3),
    PolicyActive,
    Journal {
        ns: Ns,
        writer: Writer,
    },
    State {
        ns: Ns,
    },
    AuditPolicy {
        writer: Writer,
    },
    AuditProof {
        kind: ProofKind,
        id: Blake3,
    },
    AuditResolve {
        writer: Writer,
    },
    Proposal(Blake3),
    Approval {
        proposal: Blake3,
        writer: Writer,
    },
    Grant(Blake3),
    Revocation {
        grant: Blake3,
        writer: Writer,
    },
    Messages {
        topic: Segment,
        writer: Writer,
        segment: SegmentNo,
    },
    Acks {
        topic: Segment,
        writer: Writer,
    },
    Job {
        id: Blake3,
        part: JobPart,
    },
    Epoch {
        ns: Ns,
        segment: SegmentNo,
    },
    Archive {
        plane: Segment,
        month: Month,
    },
    /// The ULID stands in lower case: two names that differ in case alone are one file on some file systems.
    Session {
        writer: Writer,
        ulid: Ulid,
    },
}

impl Display for Plane {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Plane::TrustGraph => f.write_str("trust/graph"),
            Plane::PolicyBundle(id) => write!(f, "policies/{}", id.hex()),
            Plane::PolicyActive => f.write_str("policies/active"),
            Plane::Journal { ns, writer } => write!(f, "journal/{ns}/{writer}"),
            Plane::State { ns } => write!(f, "state/{ns}"),
            Plane::AuditPolicy { writer } => write!(f, "{AUDITS}/{writer}"),
            Plane::AuditProof { kind, id } => write!(f, "audit/proofs/{}/{}", kind.as_str(), id.hex()),
            Plane::AuditResolve { writer } => write!(f, "audit/resolve/{writer}"),
            Plane::Proposal(id) => write!(f, "proposals/{}", id.hex()),
            Plane::Approval { proposal, writer } => write!(f, "approvals/{}/{writer}", proposal.hex()),
            Plane::Grant(id) => write!(f, "grants/{}", id.hex()),
            Plane::Revocation { grant, writer } => write!(f, "revocations/{}/{writer}", grant.hex()),
            Plane::Messages { topic, writer, segment } => write!(f, "mbus/{topic}/{writer}/{:06}", segment.0),
            Plane::Acks { topic, writer } => write!(f, "mbus-ack/{topic}/{writer}"),
            Plane::Job { id, part } => write!(f, "jobs/{}/{}", id.hex(), part.as_str()),
            Plane::Epoch { ns, segment } => write!(f, "epoch/{ns}/{:06}", segment.0),
            Plane::Archive { plane, month } => write!(f, "archive/{plane}/{:04}-{:02}", month.year, month.month),
            Plane::Session { writer, ulid } => write!(f, "sessions/{writer}/{}", ulid.to_string().to_ascii_lowercase()),
        }
    }
}

impl Plane {
    /// Whether it holds proposals, what was said about them, or what came of them.
    pub fn is_consent(&self) -> bool {
        matches!(
            self,
            Plane::Proposal(_)
                | Plane::Approval { .. }
                | Plane::AuditProof { kind: ProofKind::Governance, .. }
                | Plane::Grant(_)
                | Plane::Revocation { .. }
        )
    }

    /// Whether others are judged by what it holds, or accepted facts compared with it.
    pub fn is_law(&self) -> bool {
        matches!(
            self,
            Plane::TrustGraph
                | Plane::PolicyActive
                | Plane::PolicyBundle(_)
                | Plane::State { .. }
                | Plane::Grant(_)
                | Plane::Revocation { .. }
                | Plane::Job { .. }
        )
    }

    /// The inverse of `Display`.
    fn parse(path: &str) -> Option<Plane> {
        let parts: Vec<&str> = path.split('/').collect();
        Some(match parts[..] {
            ["trust", "graph"] => Plane::TrustGraph,
            ["policies", "active"] => Plane::PolicyActive,
            ["policies", id] => Plane::PolicyBundle(h64(id)?),
            ["journal", ns, writer] => Plane::Journal { ns: ns.parse().ok()?, writer: writer.parse().ok()? },
            ["state", ns] => Plane::State { ns: ns.parse().ok()? },
            ["audit", "policy", writer] => Plane::AuditPolicy { writer: writer.parse().ok()? },
            ["audit", "proofs", kind, id] => {
                Plane::AuditProof { kind: ProofKind::ALL.into_iter().find(|k| k.as_str() == kind)?, id: h64(id)? }
            }
            ["audit", "resolve", writer] => Plane::AuditResolve { writer: writer.parse().ok()? },
            ["proposals", id] => Plane::Proposal(h64(id)?),
            ["approvals", id, writer] => Plane::Approval { proposal: h64(id)?, writer: writer.parse().ok()? },
            ["grants", id] => Plane::Grant(h64(id)?),
            ["revocations", id, writer] => Plane::Revocation { grant: h64(id)?, writer: writer.parse().ok()? },
            ["mbus", topic, writer, segment] => Plane::Messages {
                topic: topic.parse().ok()?,
                writer: writer.parse().ok()?,
                segment: SegmentNo::parse(segment)?,
            },
            ["mbus-ack", topic, writer] => Plane::Acks { topic: topic.parse().ok()?, writer: writer.parse().ok()? },
            ["jobs", id, part] => {
                Plane::Job { id: h64(id)?, part: JobPart::ALL.into_iter().find(|p| p.as_str() == part)? }
            }
            ["epoch", ns, segment] => Plane::Epoch { ns: ns.parse().ok()?, segment: SegmentNo::parse(segment)? },
            ["archive", plane, month] => Plane::Archive { plane: plane.parse().ok()?, month: Month::parse(month)? },
            ["sessions", writer, ulid] => Plane::Session { writer: writer.parse().ok()?, ulid: lower_ulid(ulid)? },
            _ => return None,
        })
    }
}

fn h64(text: &str) -> Option<Blake3> {
    Blake3::from_hex(text).ok()
}

fn lower_ulid(text: &str) -> Option<Ulid> {
    if text.bytes().any(|b| b.is_ascii_uppercase()) { None } else { text.to_ascii_uppercase().parse().ok() }
}

/// The name of one ref.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RefName {
    pub place: Place,
    pub plane: Plane,
}

impl RefName {
    pub fn own(plane: Plane) -> RefName {
        RefName { place: Place::Own, plane }
    }

    pub fn tracking(remote: Segment, plane: Plane) -> RefName {
        RefName { place: Place::Tracking(remote), plane }
    }

    /// The inverse of `Display`; `None` for every name the layout does not have.
    pub fn parse(name: &str) -> Option<RefName> {
        if let Some(path) = name.strip_prefix(OWN) {
            return Some(RefName::own(Plane::parse(path)?));
        }
        let (remote, path) = name.strip_prefix(TRACKING)?.split_once('/')?;
        Some(RefName::tracking(remote.parse().ok()?, Plane::parse(path)?))
    }
}

impl Display for RefName {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Own => write!(f, "{OWN}{}", self.plane),
            Place::Tracking(remote) => write!(f, "{TRACKING}{remote}/{}", self.plane),
        }
    }
}

/// Where own events lie that could not be accepted and were sealed anew: evidence, never read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lost {
    pub ns: Ns,
    pub writer: Writer,
}

impl Lost {
    /// The inverse of `Display`.
    pub fn parse(name: &str) -> Option<Lost> {
        let (ns, writer) = name.strip_prefix(LOST)?.split_once('/')?;
        Some(Lost { ns: ns.parse().ok()?, writer: writer.parse().ok()? })
    }
}

impl Lost {
    /// A pattern that finds what was lost of a namespace.
    pub(super) fn glob(ns: &Ns) -> String {
        format!("{LOST}{ns}/*")
    }
}

impl Display for Lost {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{LOST}{}/{}", self.ns, self.writer)
    }
}

/// Is this a name of our family, in any spelling, that the layout does not have?
pub(super) fn is_stranger(name: &str) -> bool {
    let ours = name.get(..FAMILY.len()).is_some_and(|head| head.eq_ignore_ascii_case(FAMILY));
    ours && !name.starts_with(CACHE) && RefName::parse(name).is_none() && Lost::parse(name).is_none()
}

/// What a name that somebody pushes means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// A ref of the layout.
    Ours(Plane),
    /// What a repository keeps for itself: fetched refs, lost journals, caches, replaced objects.
    Private,
    /// It looks like one of ours and is none.
    Stranger,
    /// A branch, a tag, anything else that git holds.
    Other,
}

/// Classifies a name that somebody pushes.
pub fn named(name: &str) -> Named {
    const REPLACE: &str = "refs/replace/";
    match RefName::parse(name) {
        Some(RefName { place: Place::Own, plane }) => return Named::Ours(plane),
        Some(_) => return Named::Private,
        None => {}
    }
    if [TRACKING, LOST, CACHE, REPLACE].iter().any(|private| name.starts_with(private)) {
        return Named::Private;
    }
    let seen: String = name.chars().map(seen_as).collect();
    if seen.starts_with(FAMILY) || seen.starts_with(REPLACE) { Named::Stranger } else { Named::Other }
}

/// The Latin letter of our names that a letter is taken for (Unicode TR 39, confusables of `refs/gatos` alone).
fn seen_as(c: char) -> char {
    match c {
        'А' | 'а' | 'α' | 'ɑ' => 'a',
        'Е' | 'е' | 'ҽ' => 'e',
        'ғ' | 'ƒ' => 'f',
        'ɡ' | 'ց' | 'ԍ' | 'ǥ' => 'g',
        'О' | 'о' | 'ο' | 'օ' | '०' | '٥' | '0' => 'o',
        'г' | 'ᴦ' => 'r',
        'Ѕ' | 'ѕ' | 'ꜱ' | 'ƽ' => 's',
        'Т' | 'т' | 'τ' | 'ᴛ' => 't',
        // Full-width letters stand in the order of ASCII.
        'Ａ'..='Ｚ' | 'ａ'..='ｚ' => char::from((u32::from(c) - 0xFEE0) as u8).to_ascii_lowercase(),
        _ => c.to_ascii_lowercase(),
    }
}

/// Which refs to list. All but `Own` and `Tracking` mean both places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Everything this repository holds itself.
    Own,
    /// Everything fetched.
    Tracking,
    /// Journals, of one namespace or of all.
    Journals(Option<Ns>),
    States,
    Trust,
    Policies,
    /// Decisions and receipts.
    Audits,
    /// Proposals, approvals, grants, their ends and their proofs.
    Consents,
}

impl Scope {
    /// Patterns (`*` also matches `/`) that together find every ref of the scope, and perhaps more.
    pub(super) fn globs(&self) -> Vec<String> {
        let both = |path: &str| vec![format!("{OWN}{path}"), format!("{TRACKING}*/{path}")];
        match self {
            Scope::Own => vec![format!("{OWN}*")],
            Scope::Tracking => vec![format!("{TRACKING}*")],
            Scope::Journals(None) => both("journal/*"),
            Scope::Journals(Some(ns)) => both(&format!("journal/{ns}/*")),
            Scope::States => both("state/*"),
            Scope::Trust => both("trust/*"),
            Scope::Policies => both("policies/*"),
            Scope::Audits => both(&format!("{AUDITS}/*")),
            Scope::Consents => {
                let planes = ["proposals/*", "approvals/*", "audit/proofs/governance/*", "grants/*", "revocations/*"];
                planes.into_iter().flat_map(both).collect()
            }
        }
    }

    /// Is `name` one of the scope?
    pub(super) fn holds(&self, name: &RefName) -> bool {
        match (self, &name.plane) {
            (Scope::Own, _) => name.place == Place::Own,
            (Scope::Tracking, _) => name.place != Place::Own,
            (Scope::Journals(want), Plane::Journal { ns, .. }) => want.as_ref().is_none_or(|want| want == ns),
            (Scope::States, Plane::State { .. }) => true,
            (Scope::Trust, Plane::TrustGraph) => true,
            (Scope::Policies, Plane::PolicyActive | Plane::PolicyBundle(_)) => true,
            (Scope::Audits, Plane::AuditPolicy { .. }) => true,
            (Scope::Consents, plane) => plane.is_consent(),
            _ => false,
        }
    }
}

/// Whether the destination of a refspec, `*` in it or not, can be a ref of ours or one fetched from a remote.
pub fn refspec_reaches_ours(destination: &str) -> bool {
    let (head, open) = destination.split_once('*').map_or((destination, false), |(head, _)| (head, true));
    [OWN, TRACKING].iter().any(|ours| head.starts_with(ours) || open && ours.starts_with(head))
}

/// A refspec that brings everything of ours into the place where a repository holds its own.
pub fn own_refspec() -> String {
    format!("{OWN}*:{OWN}*")
}

/// What the names of the refs begin with that hold decisions and receipts.
pub fn audits() -> String {
    format!("{OWN}{AUDITS}")
}

/// A name among ours that no plane has.
pub fn stranger_named(word: &str) -> String {
    format!("{OWN}{word}")
}

/// The arguments of a fetch that takes everything of ours from a remote into its tracking namespace: unforced, without
/// pruning, so that a remote that rewrote its history is refused and heard.
pub fn fetch_args(remote: &Segment) -> Vec<String> {
    fetching(&["--quiet"], remote)
}

/// The same, which also prints one line a ref of the remote, those that have not moved included.
pub fn listing_fetch_args(remote: &Segment) -> Vec<String> {
    fetching(&["--porcelain", "--verbose"], remote)
}

fn fetching(how: &[&str], remote: &Segment) -> Vec<String> {
    let all = [format!("{OWN}*:{TRACKING}{remote}/*"), format!("^{OWN}sessions/*")];
    fetch_of(how, &remote.to_string(), all)
}

/// The arguments of a fetch that brings the objects of another server and lists its refs, and moves none: of all but what a
/// repository keeps for itself and the chain of the gate here.
pub fn copy_args(url: &str, own: &Writer) -> Vec<String> {
    let mut refs = vec!["refs/*:refs/*".to_owned(), format!("^{OWN}{AUDITS}/{own}"), format!("^{OWN}sessions/*")];
    refs.extend([TRACKING, LOST, CACHE].map(|private| format!("^{private}*")));
    fetch_of(&["--porcelain", "--verbose", "--dry-run"], url, refs)
}

fn fetch_of(how: &[&str], from: &str, refspecs: impl IntoIterator<Item = String>) -> Vec<String> {
    // Without its own look at what descends from what, git takes a rewritten ref for a forward one.
    const ALWAYS: [&str; 6] = [
        "--no-tags",
        "--no-prune",
        "--no-write-fetch-head",
        "--no-recurse-submodules",
        "--show-forced-updates",
        "--refmap=",
    ];
    let from = ["--", from];
    let args = ["fetch"].iter().chain(how).chain(&ALWAYS).chain(&from).map(|arg| (*arg).to_owned());
    args.chain(refspecs).collect()
}
