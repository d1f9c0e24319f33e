use super::drive::{Ended, Folding, Watch};
use super::error::NodeError;
use super::mark::{self, Mark};
use super::open::Node;
use super::profile::Lawful;
use super::query::Computed;
use super::report::Finding;
use super::start::{Reach, Start};
use super::window::View;
use crate::ambient::{Cancel, Progress};
use crate::git::{Place, Plane, RefName, Scope};
use crate::id::{Ns, Oid, Sha256};
use crate::ledger::Heads;
use crate::lua::read_elc;
use crate::policy::{Bundle, Decision};
use crate::state::{Checkpoint, Folded, Proof, write};
use std::path::Path;

/// Times that a checkpoint is folded again because another process wrote one in between.
const TRIES: usize = 16;

/// A checkpoint as it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpointed {
    pub ns: Ns,
    pub commit: Oid,
    pub proof: Proof,
    /// Nothing was new: the newest checkpoint already says this.
    pub unchanged: bool,
}

/// What came of writing a checkpoint.
#[derive(Debug, Clone, PartialEq)]
pub enum CheckpointEnd {
    Written(Box<Checkpointed>),
    /// The profile of the law refused, and the refusal is on record in this commit.
    Denied {
        decision: Decision,
        audit: Oid,
    },
}

/// What recomputing a checkpoint gave.
#[derive(Debug, Clone, PartialEq)]
pub struct FoldVerdict {
    pub ns: Ns,
    pub commit: Oid,
    pub events: u64,
    /// From which checkpoint it was recomputed; none = from the first event.
    pub from: Option<Oid>,
    /// The first difference; none = the proof holds.
    pub difference: Option<String>,
    /// An event that this clone knows and the window leaves out, though it sorts before the last: it arrived late.
    pub late: Option<String>,
}

impl Node {
    /// Folds a namespace and writes the result with its proof, where the profile of the law lets it be that fold.
    pub fn checkpoint(
        &self,
        ns: &Ns,
        fold: Option<&Path>,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<CheckpointEnd, NodeError> {
        self.need_whole_history()?;
        let source = || match fold {
            None => self.bundle_source(ns)?.map_or_else(|| self.fold_source(ns, None), Ok),
            Some(_) => self.fold_source(ns, fold),
        };
        match self.lawful(ns, || source()?.program())? {
            Ok(lawful) => {
                let written = self.checkpoint_by(ns, &lawful, None, Watch::new(progress, cancel))?;
                Ok(CheckpointEnd::Written(Box::new(written)))
            }
            Err(unlawful) => {
                let (decision, audit) = self.deny_checkpoint(ns, unlawful)?;
                Ok(CheckpointEnd::Denied { decision, audit })
            }
        }
    }

    /// The same by a fold that was chosen. `behind` = the checkpoint in whose place this clone's own ones go, if there is one:
    /// the new one continues it or an earlier one of its chain, and the ref goes from what is held to the new one at once.
    pub(super) fn checkpoint_by(
        &self,
        ns: &Ns,
        fold: &Lawful,
        behind: Option<Option<Oid>>,
        watch: Watch<'_>,
    ) -> Result<Checkpointed, NodeError> {
        self.need_whole_history()?;
        let program = fold.program();
        for _ in 0..TRIES {
            let view = self.view(ns)?;
            if view.journals.is_empty() && view.findings.is_empty() {
                return Err(NodeError::NoNamespace(ns.clone()));
            }
            let held = self.store().resolve(&RefName::own(Plane::State { ns: ns.clone() }))?;
            let tip = behind.unwrap_or(held);
            let reach = Reach { chain: behind, ..Reach::default() };
            let computed = self.compute(program, &view, None, &reach, watch)?;
            refuse_findings(&view, &computed)?;
            let last = computed.folded.last.ok_or(NodeError::EmptyWindow)?;
            if let Some(done) = self.already(ns, tip, program.root(), &computed)? {
                return Ok(done);
            }
            let code_root = Bundle::read(self.reader(), last.policy_root, self.graph())?.code_root();
            let written = write(
                self.store(),
                self.repo(),
                ns,
                program,
                &computed.heads,
                &computed.folded,
                last,
                code_root,
                computed.base,
                tip,
                held,
            )?;
            if let Some((commit, proof)) = written {
                let Computed { folded, last, latest, .. } = computed;
                self.mark(ns, commit, program.root(), Ended { folded, last, latest });
                return Ok(Checkpointed { ns: ns.clone(), commit, proof, unchanged: false });
            }
        }
        Err(NodeError::Busy { seconds: 0 })
    }

    /// The newest checkpoint where it has this very window, fold and state.
    fn already(
        &self,
        ns: &Ns,
        tip: Option<Oid>,
        fold_root: Sha256,
        computed: &Computed,
    ) -> Result<Option<Checkpointed>, NodeError> {
        let Some(commit) = tip else { return Ok(None) };
        let held = match Checkpoint::read(self.reader(), commit) {
            Ok(held) => held,
            Err(crate::state::StateError::NotCheckpoint { .. }) => return Ok(None),
            Err(other) => return Err(other.into()),
        };
        let same = held.proof.fold_root == fold_root
            && held.heads == computed.heads
            && held.proof.state_root == computed.folded.state_root()
            && held.proof.reverted == Proof::reverted_of(&computed.folded);
        Ok(same.then(|| Checkpointed { ns: ns.clone(), commit, proof: held.proof, unchanged: true }))
    }

    /// Recomputes a checkpoint: from the newest one this clone has computed, or with `deep` from the first event.
    pub fn verify_fold(
        &self,
        commit: Oid,
        deep: bool,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<FoldVerdict, NodeError> {
        self.need_whole_history()?;
        let claim = Checkpoint::read(self.reader(), commit)?;
        let believe = |base: Oid| !deep && mark::knows(self, &claim.proof.ns, base);
        self.recompute(&claim, &believe, Watch::new(progress, cancel))
    }

    /// The same for a checkpoint that was read, with a say in which base is believed.
    pub(super) fn recompute(
        &self,
        claim: &Checkpoint,
        believe: &dyn Fn(Oid) -> bool,
        watch: Watch<'_>,
    ) -> Result<FoldVerdict, NodeError> {
        let commit = claim.commit;
        let ns = claim.proof.ns.clone();
        let mut verdict = FoldVerdict {
            ns: ns.clone(),
            commit,
            events: claim.proof.events,
            from: None,
            difference: None,
            late: None,
        };
        if claim.proof.repo != self.repo() {
            verdict.difference = Some(format!("it belongs to repository {}, not {}", claim.proof.repo, self.repo()));
            return Ok(verdict);
        }
        let program = match read_elc(&claim.elc) {
            Ok(program) => program,
            Err(e) => {
                verdict.difference = Some(format!("fold.elc is not a program: {e}"));
                return Ok(verdict);
            }
        };
        let view = self.view(&ns)?;
        if let Some((_, why)) = self.voided_in(&view, &claim.heads)? {
            verdict.difference = Some(why);
            return Ok(verdict);
        }
        let start = match &claim.proof.base {
            Some(base) if believe(base.checkpoint) => self.start_at(&view, base.checkpoint, program.root())?,
            _ => None,
        };
        verdict.from = start.as_ref().and_then(|s| s.checkpoint.as_ref()).map(|b| b.checkpoint);
        let start = start.unwrap_or_else(Start::beginning);
        let mut merge = match self.merge(&view, &start.heads, start.folded.events, Some(&claim.heads)) {
            Ok(merge) => merge,
            Err(NodeError::Ledger(e)) => {
                verdict.difference = Some(format!("its window cannot be read: {e}"));
                return Ok(verdict);
            }
            Err(other) => return Err(other),
        };
        let left = claim.proof.events.saturating_sub(start.folded.events);
        let mut folding = Folding::from(&program, start)?;
        folding.all(Some(left), &mut merge, watch)?;
        let ended = folding.finish()?;
        verdict.difference = self.compare(claim, &ended.folded, &merge.heads())?;
        if verdict.difference.is_none() && !self.lies_in(&view, &claim.heads)? {
            verdict.difference = Some("a head of its window is no part of the journals as they stand".into());
        }
        if verdict.difference.is_none() {
            verdict.difference = self.out_of_order(claim, &view, program.root())?;
        }
        if verdict.difference.is_none() {
            verdict.late = self.left_out(claim, &view)?;
            self.mark(&ns, commit, program.root(), ended);
        }
        Ok(verdict)
    }

    /// Marks a checkpoint as one that this clone has computed itself.
    fn mark(&self, ns: &Ns, commit: Oid, fold_root: Sha256, ended: Ended) {
        let Ended { folded, last: Some(last), latest } = ended else { return };
        let messages = folded.reverted.into_iter().map(|r| r.message).collect();
        Mark { fold_root, events: folded.events, last, latest, messages }.write(self, ns, commit);
    }

    /// The first thing that a checkpoint says and its window does not.
    fn compare(&self, claim: &Checkpoint, folded: &Folded, heads: &Heads) -> Result<Option<String>, NodeError> {
        let Some(last) = folded.last else { return Ok(Some("its window is empty".into())) };
        match Bundle::read(self.reader(), last.policy_root, self.graph()) {
            Ok(bundle) => Ok(claim.contradiction(self.repo(), heads, folded, bundle.code_root())),
            Err(e) => Ok(Some(format!("the policy of its last event: {e}"))),
        }
    }

    /// Why a checkpoint is no continuation of the one that it says it continues: what was folded behind that one has another
    /// place in the order, whether the state is the same or not.
    fn out_of_order(&self, claim: &Checkpoint, view: &View, fold_root: Sha256) -> Result<Option<String>, NodeError> {
        let Some(base) = &claim.proof.base else { return Ok(None) };
        // Where the base is not here nothing is folded behind it, and the whole window was.
        let Ok(Some(start)) = self.start_at(view, base.checkpoint, fold_root) else { return Ok(None) };
        let goes_on = self.behind(view, &start, Some(&claim.heads))?.is_some();
        Ok((!goes_on).then(|| {
            format!(
                "it does not go on from its base {}: something that is not in it sorts before its last",
                base.checkpoint
            )
        }))
    }

    /// A window is closed downward over what its writer knew. What was not known to him then is no fault of the checkpoint,
    /// but whoever reads it should know that the state is older than it looks.
    pub(super) fn left_out(&self, claim: &Checkpoint, view: &View) -> Result<Option<String>, NodeError> {
        let last = self.last_key(view, &claim.heads)?;
        let merge = self.merge(view, &claim.heads, claim.proof.events, None)?;
        Ok(merge.peek().filter(|next| Some(next) <= last.as_ref()).map(|next| {
            format!("its window leaves out event {} of {}, which sorts before its last", next.seq, next.writer)
        }))
    }

    /// The commit of the newest checkpoint of a namespace: the own one, else that of the authority, else another fetched one.
    pub fn newest_checkpoint(&self, ns: &Ns) -> Result<Oid, NodeError> {
        let authority = self.authority()?;
        let mut of_ns = self.store().refs(&Scope::States)?;
        of_ns.retain(|(name, _)| matches!(&name.plane, Plane::State { ns: n } if n == ns));
        let newest = of_ns.into_iter().min_by_key(|(name, _)| match &name.place {
            Place::Own => 0,
            Place::Tracking(remote) if Some(remote) == authority.as_ref() => 1,
            Place::Tracking(_) => 2,
        });
        newest.map(|(_, tip)| tip).ok_or_else(|| NodeError::NoCheckpoint(ns.clone()))
    }
}

fn refuse_findings(view: &View, computed: &Computed) -> Result<(), NodeError> {
    let failures: Vec<&Finding> = computed.findings.iter().filter(|f| f.is_failure()).collect();
    match failures.first() {
        None => Ok(()),
        Some(first) => {
            Err(NodeError::BadJournals { ns: view.ns.clone(), count: failures.len(), first: first.to_string() })
        }
    }
}
