use super::cache;
use super::error::NodeError;
use super::open::Node;
use super::point::{Point, Side, Target};
use super::report::Finding;
use super::snapshot::Snapshot;
use super::source::{Source, SourceKind};
use super::window::View;
use crate::ambient::{Cancel, Progress};
use crate::git::{GitError, Plane, Scope};
use crate::id::{Blake3, Ns, Oid, Sha256};
use crate::ledger::{Heads, Key, LedgerError};
use crate::lua::Program;
use crate::state::{Base, Checkpoint, Folded, LastEvent, Reverted, Run, checkpoints};
use std::path::Path;

/// How often a long fold looks whether it should stop, in events.
const LOOK_EVERY: u64 = 256;

/// Which state somebody wants to see.
pub struct StateQuery<'a> {
    pub ns: &'a Ns,
    pub fold: Option<&'a Path>,
    pub at: Option<&'a Point>,
}

/// A folded state with all that it depends on.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    pub ns: Ns,
    /// The bytes of `state.json`.
    pub state: Vec<u8>,
    pub state_root: Blake3,
    /// The commit that holds the last event; none in an empty window.
    pub ledger_head: Option<Oid>,
    pub events: u64,
    pub heads: Heads,
    pub source: String,
    pub source_kind: SourceKind,
    pub fold_root: Sha256,
    pub reverted: Vec<Reverted>,
    /// What stands against the journals.
    pub findings: Vec<Finding>,
    /// The last event of a window cut at a time.
    pub resolved: Option<String>,
}

/// Where a fold may begin: a state this clone computed, the window it covers, and the place of its last event.
pub(super) struct Start {
    pub folded: Folded,
    pub heads: Heads,
    pub last: Option<Key>,
    pub checkpoint: Option<Base>,
}

impl Start {
    pub(super) fn beginning() -> Start {
        Start { folded: Folded::empty(), heads: Heads::default(), last: None, checkpoint: None }
    }
}

/// A fold over the whole of a view.
pub(super) struct Computed {
    pub folded: Folded,
    pub heads: Heads,
    pub last: Option<Key>,
    pub findings: Vec<Finding>,
    /// The checkpoint that was continued.
    pub base: Option<Base>,
}

impl Node {
    /// Folds a namespace. Reads write no ref and no object.
    pub fn state(&self, query: &StateQuery<'_>, progress: &dyn Progress, cancel: &Cancel) -> Result<Shown, NodeError> {
        self.need_whole_history()?;
        let source = self.fold_source(query.ns, query.fold)?;
        let view = self.view(query.ns)?;
        if view.journals.is_empty() && view.findings.is_empty() {
            return Err(NodeError::NoNamespace(query.ns.clone()));
        }
        match query.at {
            None => self.state_now(source, &view, progress, cancel),
            Some(point) => {
                let target = self.target(query.ns, point)?;
                self.state_at(source, &view, point, &target, progress, cancel)
            }
        }
    }

    fn state_now(
        &self,
        source: Source,
        view: &View,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Shown, NodeError> {
        let held = Snapshot::load(self, &view.ns, source.digest());
        if let Some(held) = held.as_ref().filter(|h| h.view == view.digest(self)) {
            let fold_root = held.fold_root;
            return Ok(shown(view, source, fold_root, &held.folded, held.heads.clone(), held.findings.clone()));
        }
        let program = source.program()?;
        let computed = self.compute(&program, view, held, progress, cancel)?;
        let snapshot = Snapshot {
            view: view.digest(self),
            fold_root: program.root(),
            folded: computed.folded.clone(),
            heads: computed.heads.clone(),
            last: computed.last.clone(),
            findings: computed.findings.clone(),
        };
        snapshot.store(self, &view.ns, source.digest());
        Ok(shown(view, source, program.root(), &computed.folded, computed.heads, computed.findings))
    }

    /// Folds a view, continuing the latest state this clone has computed whose whole window precedes what is new.
    pub(super) fn compute(
        &self,
        program: &Program,
        view: &View,
        held: Option<Snapshot>,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Computed, NodeError> {
        if let Some(h) = held.filter(|h| h.fold_root == program.root() && !h.heads.is_empty()) {
            let start = Start { folded: h.folded, heads: h.heads, last: h.last, checkpoint: None };
            if let Some(done) = self.fold_from(program, view, start, progress, cancel)? {
                return Ok(done);
            }
        }
        for start in self.known_checkpoints(program, view)? {
            if let Some(done) = self.fold_from(program, view, start, progress, cancel)? {
                return Ok(done);
            }
        }
        let whole = self.fold_from(program, view, Start::beginning(), progress, cancel)?;
        Ok(whole.expect("nothing precedes the beginning"))
    }

    /// Checkpoints of the namespace that this clone computed itself with this fold, newest first.
    pub(super) fn known_checkpoints<'n>(
        &'n self,
        program: &Program,
        view: &'n View,
    ) -> Result<impl Iterator<Item = Start> + 'n, NodeError> {
        let fold_root = program.root();
        let mut commits = Vec::new();
        for (name, tip) in self.store().refs(&Scope::States)? {
            if matches!(&name.plane, Plane::State { ns } if *ns == view.ns) {
                // A chain that cannot be read, or a checkpoint, is no place to begin; `verify` says what is wrong with it.
                commits.extend(checkpoints(self.reader(), tip).unwrap_or_default());
            }
        }
        let known = commits.into_iter().filter(|c| cache::knows_checkpoint(self, *c));
        Ok(known.filter_map(move |commit| self.start_at(view, commit, fold_root).ok().flatten()))
    }

    /// A checkpoint as a place to begin; `None` where it has another fold or its window is not in this view.
    pub(super) fn start_at(&self, view: &View, commit: Oid, fold_root: Sha256) -> Result<Option<Start>, NodeError> {
        let checkpoint = Checkpoint::read(self.reader(), commit)?;
        if checkpoint.proof.fold_root != fold_root || checkpoint.proof.repo != self.repo() {
            return Ok(None);
        }
        let Some(last) = self.last_key(view, &checkpoint.heads)? else { return Ok(None) };
        let end = LastEvent {
            cid: checkpoint.proof.ledger_end,
            commit: checkpoint.ledger_head,
            ts: checkpoint.time,
            policy_root: checkpoint.proof.policy_root,
        };
        let base = Base { checkpoint: commit, state_root: checkpoint.proof.state_root };
        let folded = checkpoint.folded(end);
        Ok(Some(Start { folded, heads: checkpoint.heads, last: Some(last), checkpoint: Some(base) }))
    }

    /// Folds what lies behind a start; `None` where something new sorts before its last event, or its window is no longer
    /// part of the journals.
    pub(super) fn fold_from(
        &self,
        program: &Program,
        view: &View,
        start: Start,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Option<Computed>, NodeError> {
        if !view.covers(&start.heads) {
            return Ok(None);
        }
        let mut merge = match self.merge(view, &start.heads, start.folded.events, None) {
            Ok(merge) => merge,
            Err(NodeError::Ledger(LedgerError::Read { source: GitError::NotAncestor { .. }, .. })) => return Ok(None),
            Err(other) => return Err(other),
        };
        if merge.peek() <= start.last && merge.peek().is_some() {
            return Ok(None);
        }
        let base = start.checkpoint;
        let mut last = start.last;
        let mut run = Run::from(program, start.folded)?;
        progress.begin("folding", None);
        while let Some((origin, loaded)) = merge.next_event()? {
            last = Some(super::point::key_of(&origin.writer, &loaded));
            run.step(loaded)?;
            if run.events().is_multiple_of(LOOK_EVERY) {
                progress.advance(LOOK_EVERY);
                if cancel.asked() {
                    return Err(NodeError::Cancelled);
                }
            }
        }
        progress.end();
        let findings = self.close(view, &merge);
        Ok(Some(Computed { folded: run.finish()?, heads: merge.heads(), last, findings, base }))
    }

    fn state_at(
        &self,
        source: Source,
        view: &View,
        point: &Point,
        target: &Target,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Shown, NodeError> {
        let program = source.program()?;
        let until = match target {
            Target::Window(_, heads) => Some(heads),
            _ => None,
        };
        let mut merge = self.merge(view, &Heads::default(), 0, until)?;
        let mut run = Run::from(&program, Folded::empty())?;
        let mut end = Heads::default();
        let mut met = false;
        let mut resolved = None;
        progress.begin("folding", None);
        let mut held = merge.next_event()?;
        while let Some((origin, loaded)) = held {
            let heads = merge.heads();
            held = merge.next_event()?;
            let side = target.side(&loaded, held.as_ref().map(|(_, l)| l));
            if side == Side::Behind {
                break;
            }
            end = heads;
            if matches!(target, Target::Time(_)) {
                let h = &loaded.event.header;
                resolved = Some(format!("{} (seq {} of {}, {})", loaded.event.cid, h.seq, origin.writer, h.ts));
            }
            run.step(loaded)?;
            if run.events().is_multiple_of(LOOK_EVERY) {
                progress.advance(LOOK_EVERY);
                if cancel.asked() {
                    return Err(NodeError::Cancelled);
                }
            }
            if side == Side::Last {
                met = true;
                break;
            }
        }
        progress.end();
        if target.must_be_met() && !met {
            return Err(NodeError::NoSuchPoint { what: point.to_string(), ns: view.ns.clone() });
        }
        if let Target::Window(commit, heads) = target
            && (end != *heads || !self.lies_in(view, heads)?)
        {
            let what = format!("the whole window of checkpoint {commit}");
            return Err(NodeError::NoSuchPoint { what, ns: view.ns.clone() });
        }
        let findings = self.close(view, &merge);
        let folded = run.finish()?;
        let mut shown = shown(view, source, program.root(), &folded, end, findings);
        shown.resolved = resolved;
        Ok(shown)
    }
}

fn shown(
    view: &View,
    source: Source,
    fold_root: Sha256,
    folded: &Folded,
    heads: Heads,
    findings: Vec<Finding>,
) -> Shown {
    Shown {
        ns: view.ns.clone(),
        state: folded.state.clone(),
        state_root: folded.state_root(),
        ledger_head: folded.last.map(|l| l.commit),
        events: folded.events,
        heads,
        source: source.name,
        source_kind: source.kind,
        fold_root,
        reverted: folded.reverted.clone(),
        findings,
        resolved: None,
    }
}
