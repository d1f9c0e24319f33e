mod activations;
mod audit;
mod consents;
mod ends;
mod events;
mod journals;
mod pushes;
mod receipts;
mod received;
mod revocations;

use super::drive::Watch;
use super::error::NodeError;
use super::open::Node;
use super::past::{History, Past};
use super::receipts::{Line, Receipts};
use super::report::{Anchors, Finding, Report};
use super::tally::Tally;
use super::window::journal_name;
use crate::ambient::{Ambient, Cancel, Progress};
use crate::git::{GitError, Place, Plane, RefName, Scope};
use crate::id::{Blake3, Ns, Oid, Writer};
use crate::ledger::{LedgerError, namespaces};
use crate::policy::{Bundle, PolicyError, Profile};
use crate::state::{Checkpoint, StateError, checkpoints};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// Verifies the repository around the working directory: trust chain, policy chain, journals, recorded refusals and
/// checkpoints, all from their bytes; nothing that this clone has cached is believed.
pub fn verify(
    ambient: &Ambient,
    ns: Option<&Ns>,
    deep: bool,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<(Report, Vec<String>), NodeError> {
    let node = match Node::open_unbelieving(ambient) {
        Ok(node) => node,
        Err(e @ (NodeError::Trust(_) | NodeError::TrustRollback { .. } | NodeError::TrustBranches { .. })) => {
            return Ok((broken_trust(&e), Vec::new()));
        }
        Err(other) => return Err(other),
    };
    let report = Verification::new(&node, ns, deep).run(Watch::new(progress, cancel))?;
    Ok((report, node.take_notices()))
}

/// Without trust there is nothing to hold anything else against.
fn broken_trust(error: &NodeError) -> Report {
    let commit = match error {
        NodeError::TrustRollback { tip, .. } => *tip,
        NodeError::Trust(e) => e.commit().unwrap_or(Oid::ZERO),
        _ => Oid::ZERO,
    };
    let name = RefName::own(Plane::TrustGraph).to_string();
    Report {
        repo: None,
        journals: 0,
        events: 0,
        void: 0,
        checkpoints: 0,
        bundles: 0,
        trust_versions: 0,
        refusals: 0,
        receipts: 0,
        again: Tally::default(),
        findings: vec![Finding::new(name, commit, error.code(), error.to_string())],
        anchors: Anchors::default(),
    }
}

struct Verification<'n> {
    node: &'n Node,
    ns: Option<&'n Ns>,
    deep: bool,
    report: Report,
    /// Commits of the active policy's chain by age.
    policy_age: HashMap<Oid, usize>,
    /// Good bundles, each counted once wherever it is named.
    bundles: HashSet<Oid>,
    /// What gates have accepted.
    receipts: Receipts,
    /// What the active policy asks of everybody.
    profile: Profile,
    /// The receipts of each gate, and of those that can be judged again what is needed for it.
    lines: Vec<Line>,
    histories: Arc<Vec<History>>,
    /// Bundles whose activation was judged.
    activated: HashSet<Oid>,
    /// How far each journal was found good.
    good: BTreeMap<(Ns, Writer), Oid>,
}

impl<'n> Verification<'n> {
    fn new(node: &'n Node, ns: Option<&'n Ns>, deep: bool) -> Verification<'n> {
        let report = Report {
            repo: Some(node.repo()),
            journals: 0,
            events: 0,
            void: 0,
            checkpoints: 0,
            bundles: 0,
            trust_versions: node.graph().versions().len() as u64,
            refusals: 0,
            receipts: 0,
            again: Tally::default(),
            findings: Vec::new(),
            anchors: Anchors::default(),
        };
        Verification {
            node,
            ns,
            deep,
            report,
            policy_age: HashMap::new(),
            bundles: HashSet::new(),
            receipts: Receipts::default(),
            profile: Profile::default(),
            lines: Vec::new(),
            histories: Arc::default(),
            activated: HashSet::new(),
            good: BTreeMap::new(),
        }
    }

    fn run(mut self, watch: Watch<'_>) -> Result<Report, NodeError> {
        self.node.need_whole_history()?;
        if let Some(alarm) = self.node.alarm() {
            let name = RefName::own(Plane::TrustGraph).to_string();
            self.fail(name, alarm.counted, "trust.equivocation", alarm.sentence());
        }
        self.policies()?;
        self.read_profile()?;
        self.entries(watch)?;
        self.unreceived_law()?;
        self.receipts_hold();
        self.activations(watch)?;
        self.pushes(watch)?;
        self.ends_join(watch)?;
        self.consents()?;
        let all = namespaces(self.node.reader())?;
        if let Some(only) = self.ns.filter(|only| !all.contains(only)) {
            return Err(NodeError::NoNamespace(only.clone()));
        }
        for ns in all {
            if self.ns.is_none_or(|only| *only == ns) {
                self.journals(&ns, watch)?;
            }
        }
        self.remembered()?;
        self.tracking()?;
        self.checkpoints(watch)?;
        for name in self.node.store().strangers()? {
            let finding = Finding::new(name, Oid::ZERO, "ref.unknown", "this ref belongs to no plane and is not read");
            self.report.findings.push(finding.note());
        }
        self.report.findings.dedup();
        Ok(self.report)
    }

    /// What gates accepted, to be judged again.
    fn past(&self) -> Past<'n> {
        Past::new(self.node, Arc::clone(&self.histories))
    }

    fn fail(&mut self, name: impl Into<String>, commit: Oid, code: &str, sentence: impl Into<String>) {
        self.report.findings.push(Finding::new(name, commit, code, sentence));
    }

    /// The chain of active bundles, and the names by content.
    fn policies(&mut self) -> Result<(), NodeError> {
        let mut by_commit: BTreeMap<Oid, Blake3> = BTreeMap::new();
        for (name, tip) in self.node.store().refs(&Scope::Policies)? {
            if name.plane == Plane::PolicyActive {
                self.policy_chain(&name, tip, &mut by_commit)?;
            }
        }
        for (name, tip) in self.node.store().refs(&Scope::Policies)? {
            let Plane::PolicyBundle(id) = &name.plane else { continue };
            let found = match by_commit.get(&tip) {
                Some(found) => Some(*found),
                None => self.bundle(&name, tip)?.map(|b| b.id()),
            };
            if let Some(found) = found.filter(|f| f != id) {
                self.fail(name.to_string(), tip, "bundle.name", format!("its content is {found}"));
            }
        }
        if by_commit.is_empty() {
            let name = RefName::own(Plane::PolicyActive).to_string();
            self.fail(name, Oid::ZERO, "policy.missing", "there is no active policy");
        }
        Ok(())
    }

    fn policy_chain(
        &mut self,
        name: &RefName,
        tip: Oid,
        by_commit: &mut BTreeMap<Oid, Blake3>,
    ) -> Result<(), NodeError> {
        let mut before: Option<Bundle> = None;
        let chain = match self.node.store().chain(tip, None, 0) {
            Ok(chain) => chain,
            Err(e) => {
                self.broken(&name.to_string(), tip, &e);
                return Ok(());
            }
        };
        for step in chain {
            let commit = match step {
                Ok((commit, _)) => commit,
                Err(e) => {
                    self.broken(&name.to_string(), tip, &e);
                    return Ok(());
                }
            };
            let Some(bundle) = self.bundle(name, commit)? else { return Ok(()) };
            let (version, prev) = match &before {
                None => (1, None),
                Some(b) => (b.version() + 1, Some(b.id())),
            };
            if bundle.version() != version || bundle.prev() != prev {
                self.fail(name.to_string(), commit, "policy.chain", "it does not continue the bundle before it");
            }
            by_commit.insert(commit, bundle.id());
            let age = self.policy_age.len();
            self.policy_age.entry(commit).or_insert(age);
            before = Some(bundle);
        }
        Ok(())
    }

    fn bundle(&mut self, name: &RefName, commit: Oid) -> Result<Option<Bundle>, NodeError> {
        match Bundle::read(self.node.reader(), commit, self.node.graph()) {
            Ok(bundle) => {
                self.bundles.insert(commit);
                self.report.bundles = self.bundles.len() as u64;
                if let Err(e) = bundle.check_programs() {
                    self.fail(name.to_string(), commit, "bundle.invalid", e.to_string());
                }
                Ok(Some(bundle))
            }
            Err(PolicyError::Read { source, .. }) => {
                self.unreadable(&name.to_string(), commit, &source);
                Ok(None)
            }
            Err(e) => {
                self.fail(name.to_string(), commit, "bundle.invalid", e.to_string());
                Ok(None)
            }
        }
    }

    /// Something that a commit holds cannot be read.
    fn unreadable(&mut self, name: &str, commit: Oid, error: &GitError) {
        self.fail(name, commit, "object.unreadable", error.to_string());
    }

    /// A chain cannot be walked: the commit at fault is the one that the error is about.
    fn broken(&mut self, name: &str, tip: Oid, error: &GitError) {
        self.unreadable(name, error.oid().unwrap_or(tip), error);
    }

    /// Whether a commit is part of what was found good of a journal.
    fn is_in(&self, ns: &Ns, writer: &Writer, commit: Oid) -> Result<bool, NodeError> {
        let Some(good) = self.good.get(&(ns.clone(), writer.clone())) else { return Ok(false) };
        let store = self.node.store();
        Ok(commit == *good || (store.contains(commit) && store.is_ancestor(commit, *good)?))
    }

    /// The tips that this machine wrote must still be there.
    fn remembered(&mut self) -> Result<(), NodeError> {
        for (ns, writer, tip) in self.node.memory().all() {
            // Of a revoked key the events that its revocation names are the anchor.
            let voided = self.node.is_voided(&writer);
            if voided || self.ns.is_some_and(|only| *only != ns) || !self.is_here(&ns, &writer)? {
                continue;
            }
            self.report.anchors.remembered += 1;
            if self.is_in(&ns, &writer, tip)? || self.node.was_sealed_anew(&ns, &writer, tip)? {
                continue;
            }
            let name = journal_name(&ns, &writer);
            if self.is_own(&ns, &writer)? {
                let sentence = "this machine wrote that append, and the journal does not hold it any more";
                self.fail(name, tip, "journal.dropped", sentence);
            } else {
                let sentence = "another clone of this machine wrote that append, which is not fetched here";
                self.report.findings.push(Finding::new(name, tip, "journal.behind", sentence).note());
            }
        }
        Ok(())
    }

    /// Whether this clone holds a journal itself: that of its replica, or one that came with a copied directory.
    fn is_own(&self, ns: &Ns, writer: &Writer) -> Result<bool, NodeError> {
        let name = RefName::own(Plane::Journal { ns: ns.clone(), writer: writer.clone() });
        if self.node.store().resolve(&name)?.is_some() {
            return Ok(true);
        }
        Ok(super::replica::read(self.node.store().common_dir())?.is_some_and(|own| own == writer.replica()))
    }

    /// The memory is shared by all clones of a machine; a journal of another clone that was never fetched is no loss here.
    fn is_here(&self, ns: &Ns, writer: &Writer) -> Result<bool, NodeError> {
        if self.good.contains_key(&(ns.clone(), writer.clone())) {
            return Ok(true);
        }
        self.is_own(ns, writer)
    }

    /// Fetched journals: how far somebody else knew them. To be behind with what others write is natural; what this clone
    /// wrote itself, it must hold.
    fn tracking(&mut self) -> Result<(), NodeError> {
        let store = self.node.store();
        let replica = super::replica::read(store.common_dir())?;
        for (name, tip) in store.refs(&Scope::Journals(self.ns.cloned()))? {
            let (Place::Tracking(_), Plane::Journal { ns, writer }) = (&name.place, &name.plane) else { continue };
            self.report.anchors.tracking += 1;
            let own = RefName::own(Plane::Journal { ns: ns.clone(), writer: writer.clone() });
            let ours = replica == Some(writer.replica());
            let behind = match store.resolve(&own)? {
                // A chain that cannot be walked has been named by now.
                Some(held) => held != tip && store.is_ancestor(held, tip).unwrap_or(false),
                None => ours,
            };
            if !behind {
                continue;
            }
            if ours {
                let sentence =
                    format!("{name} holds that append of this clone, and the journal does not hold it any more");
                self.fail(own.to_string(), tip, "journal.dropped", sentence);
            } else {
                let sentence = format!("it is behind {name}, which has {tip}");
                self.report.findings.push(Finding::new(own.to_string(), tip, "journal.behind", sentence).note());
            }
        }
        Ok(())
    }

    /// Every checkpoint, oldest first: each from the one it continues, or from the first event where that is not known.
    fn checkpoints(&mut self, watch: Watch<'_>) -> Result<(), NodeError> {
        let mut known: HashSet<Oid> = HashSet::new();
        for (name, tip) in self.node.store().refs(&Scope::States)? {
            let Plane::State { ns } = &name.plane else { continue };
            if self.ns.is_some_and(|only| only != ns) {
                continue;
            }
            let chain = match checkpoints(self.node.reader(), tip) {
                Ok(chain) => chain,
                Err(StateError::Read { source, .. }) => {
                    self.broken(&name.to_string(), tip, &source);
                    continue;
                }
                Err(other) => return Err(other.into()),
            };
            for commit in chain.into_iter().rev() {
                if !known.contains(&commit) && self.checkpoint(&name, ns, commit, &known, watch)? {
                    known.insert(commit);
                }
            }
        }
        Ok(())
    }

    fn checkpoint(
        &mut self,
        name: &RefName,
        ns: &Ns,
        commit: Oid,
        known: &HashSet<Oid>,
        watch: Watch<'_>,
    ) -> Result<bool, NodeError> {
        self.report.checkpoints += 1;
        let name = name.to_string();
        let claim = match Checkpoint::read(self.node.reader(), commit) {
            Ok(claim) => claim,
            Err(StateError::Read { source, .. }) => {
                self.unreadable(&name, commit, &source);
                return Ok(false);
            }
            Err(e) => {
                self.fail(name, commit, "checkpoint.invalid", e.to_string());
                return Ok(false);
            }
        };
        if claim.proof.ns != *ns {
            self.fail(name, commit, "checkpoint.bound", format!("it is of namespace {}", claim.proof.ns));
            return Ok(false);
        }
        if self.counts_void(&name, ns, &claim)? {
            return Ok(false);
        }
        let mut whole = true;
        for head in claim.heads.iter() {
            self.report.anchors.checkpoint_heads += 1;
            if !self.is_in(ns, &head.writer, head.head)? {
                whole = false;
                let lost = format!("checkpoint {commit} names this append, and the journal does not hold it");
                self.fail(journal_name(ns, &head.writer), head.head, "journal.dropped", lost);
            }
        }
        if !whole {
            return Ok(false);
        }
        let believe = |base: Oid| !self.deep && known.contains(&base);
        let verdict = match self.node.recompute(&claim, &believe, watch) {
            Ok(verdict) => verdict,
            // A fold that cannot be run proves nothing.
            Err(NodeError::State(e)) => {
                self.fail(name, commit, "checkpoint.fold", e.to_string());
                return Ok(false);
            }
            // What damaged object it is has been said of the ref that holds it; the checkpoint cannot be vouched for.
            Err(NodeError::Git(e) | NodeError::Ledger(LedgerError::Read { source: e, .. })) => {
                self.unreadable(&name, commit, &e);
                return Ok(false);
            }
            Err(other) => return Err(other),
        };
        if let Some(late) = verdict.late {
            self.report.findings.push(Finding::new(name.as_str(), commit, "checkpoint.late", late).note());
        }
        match verdict.difference {
            None => Ok(true),
            Some(difference) => {
                self.fail(name, commit, "pof.mismatch", difference);
                Ok(false)
            }
        }
    }
}
