use super::drive::{Ended, Folding, Watch};
use super::error::NodeError;
use super::open::Node;
use super::point::{Point, Target, walk_to};
use super::report::Finding;
use super::snapshot::Snapshot;
use super::source::{Source, SourceKind};
use super::start::{Reach, Start};
use super::window::View;
use crate::ambient::{Cancel, Progress};
use crate::id::{Blake3, Ns, Oid, Sha256, Timestamp};
use crate::ledger::{Heads, Key, Merge};
use crate::lua::Program;
use crate::state::{Base, Folded, Reverted};
use std::path::Path;

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

/// A fold over the whole of a view.
pub(super) struct Computed {
    pub folded: Folded,
    pub heads: Heads,
    pub last: Option<Key>,
    /// The latest time of its events, where it is known.
    pub latest: Option<Timestamp>,
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
        let watch = Watch::new(progress, cancel);
        match query.at {
            None => self.state_now(source, &view, watch),
            Some(point) => self.state_at(source, &view, point, watch),
        }
    }

    fn state_now(&self, source: Source, view: &View, watch: Watch<'_>) -> Result<Shown, NodeError> {
        let held = Snapshot::load(self, &view.ns, source.digest());
        if let Some(held) = held.as_ref().filter(|h| h.view == view.digest(self)) {
            let fold_root = held.fold_root;
            return Ok(shown(view, source, fold_root, &held.folded, held.heads.clone(), held.findings.clone()));
        }
        let program = source.program()?;
        let computed = self.compute(&program, view, held, &Reach::default(), watch)?;
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

    /// Folds a view, continuing the latest state within reach that this clone has computed and whose whole window precedes
    /// what is new.
    pub(super) fn compute(
        &self,
        program: &Program,
        view: &View,
        held: Option<Snapshot>,
        reach: &Reach,
        watch: Watch<'_>,
    ) -> Result<Computed, NodeError> {
        if let Some(h) = held.filter(|h| h.fold_root == program.root() && !h.heads.is_empty()) {
            let start = Start { folded: h.folded, heads: h.heads, last: h.last, latest: None, checkpoint: None };
            if let Some(merge) = self.behind(view, &start, None)? {
                return self.fold_rest(program, view, start, merge, watch);
            }
        }
        let (start, merge) = self.begin(program, view, reach, None)?;
        self.fold_rest(program, view, start, merge, watch)
    }

    fn fold_rest(
        &self,
        program: &Program,
        view: &View,
        start: Start,
        mut merge: Merge<'_>,
        watch: Watch<'_>,
    ) -> Result<Computed, NodeError> {
        let base = start.checkpoint.clone();
        let mut folding = Folding::from(program, start)?;
        folding.all(None, &mut merge, watch)?;
        let findings = self.close(view, &merge);
        let Ended { folded, last, latest } = folding.finish()?;
        Ok(Computed { folded, heads: merge.heads(), last, latest, findings, base })
    }

    fn state_at(&self, source: Source, view: &View, point: &Point, watch: Watch<'_>) -> Result<Shown, NodeError> {
        let program = source.program()?;
        let target = self.target(view, point)?;
        let missing = |what: String| NodeError::NoSuchPoint { what, ns: view.ns.clone() };
        let reach = self.reach(&program, view, &target, target.window(), watch)?;
        let reach = reach.ok_or_else(|| missing(point.to_string()))?;
        let (start, mut merge) = self.begin(&program, view, &reach, target.window())?;
        let at_once = start.last.is_some() && start.last == reach.key;
        let mut folding = Folding::from(&program, start)?;
        let met = at_once || walk_to(&target, "folding", &mut merge, watch, |origin, l| folding.step(origin, l))?;
        if target.must_be_met() && !met {
            return Err(missing(point.to_string()));
        }
        if let Target::Window(commit, heads) = &target
            && (merge.heads() != *heads || !self.lies_in(view, heads)?)
        {
            return Err(missing(format!("the whole window of checkpoint {commit}")));
        }
        let findings = self.close(view, &merge);
        let Ended { folded, last, .. } = folding.finish()?;
        let mut shown = shown(view, source, program.root(), &folded, merge.heads(), findings);
        if matches!(target, Target::Time(_)) {
            let named = folded.last.zip(last);
            shown.resolved = named.map(|(l, k)| format!("{} (seq {} of {}, {})", l.cid, k.seq, k.writer, l.ts));
        }
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
