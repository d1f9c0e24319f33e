use super::drive::Ended;
use super::error::NodeError;
use super::mark::Mark;
use super::open::Node;
use super::window::View;
use crate::git::{GitError, Plane, Scope};
use crate::id::{Oid, Sha256, Timestamp};
use crate::ledger::{Heads, Key, LedgerError, Merge, WindowHead};
use crate::lua::Program;
use crate::state::{Base, Checkpoint, Folded, LastEvent, checkpoints};

/// Where a fold may begin: a state this clone computed, the window it covers, and the place of its last event.
#[derive(Clone)]
pub(super) struct Start {
    pub folded: Folded,
    pub heads: Heads,
    pub last: Option<Key>,
    /// The latest time of its events, where it is known.
    pub latest: Option<Timestamp>,
    pub checkpoint: Option<Base>,
}

impl Start {
    pub(super) fn beginning() -> Start {
        Start { folded: Folded::empty(), heads: Heads::default(), last: None, latest: None, checkpoint: None }
    }

    /// Where a fold has come to, to go on from there.
    pub(super) fn of(ended: Ended, heads: Heads) -> Start {
        Start { folded: ended.folded, heads, last: ended.last, latest: ended.latest, checkpoint: None }
    }
}

/// How much of a window a start may have taken in; what is not set bounds nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Reach {
    /// No event that sorts behind this place.
    pub key: Option<Key>,
    /// No event that is later.
    pub time: Option<Timestamp>,
    /// At most so many events.
    pub most: Option<u64>,
    /// More events than this.
    pub above: u64,
    /// Only checkpoints up to this one; of none where there is none.
    pub chain: Option<Option<Oid>>,
}

impl Reach {
    pub(super) fn nothing() -> Reach {
        Reach { most: Some(0), ..Reach::default() }
    }

    fn takes(&self, mark: &Mark) -> bool {
        mark.events > self.above
            && self.most.is_none_or(|most| mark.events <= most)
            && self.key.as_ref().is_none_or(|key| mark.last <= *key)
            && self.time.is_none_or(|time| mark.latest.is_some_and(|latest| latest <= time))
    }
}

impl Node {
    /// Checkpoints of the namespace that this clone computed itself with this fold, newest first.
    pub(super) fn known_checkpoints<'n>(
        &'n self,
        view: &'n View,
        fold_root: Sha256,
    ) -> Result<impl Iterator<Item = (Oid, Mark)> + 'n, NodeError> {
        let mut commits = Vec::new();
        for (name, tip) in self.store().refs(&Scope::States)? {
            if matches!(&name.plane, Plane::State { ns } if *ns == view.ns) {
                // A chain that cannot be read, or a checkpoint, is no place to begin; `verify` says what is wrong with it.
                commits.extend(checkpoints(self.reader(), tip).unwrap_or_default());
            }
        }
        let marked = commits.into_iter().filter_map(|commit| Some((commit, Mark::read(self, &view.ns, commit)?)));
        Ok(marked.filter(move |(_, mark)| mark.fold_root == fold_root))
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
        let mut folded = checkpoint.folded(end);
        let mark = Mark::read(self, &view.ns, commit);
        if let Some(mark) = mark.as_ref().filter(|m| m.messages.len() == folded.reverted.len()) {
            folded.reverted.iter_mut().zip(&mark.messages).for_each(|(r, message)| r.message.clone_from(message));
        }
        let latest = mark.and_then(|m| m.latest);
        Ok(Some(Start { folded, heads: checkpoint.heads, last: Some(last), latest, checkpoint: Some(base) }))
    }

    /// The newest known checkpoint within reach from which the order of a window goes on, with what lies behind it:
    /// the window as it stands, or up to `until`.
    pub(super) fn nearest(
        &self,
        program: &Program,
        view: &View,
        reach: &Reach,
        until: Option<&Heads>,
    ) -> Result<Option<(Start, Merge<'_>)>, NodeError> {
        for (commit, mark) in self.known_checkpoints(view, program.root())? {
            let on_chain = |tip: Oid| tip == commit || self.store().is_ancestor(commit, tip).unwrap_or(false);
            if !reach.takes(&mark) || !reach.chain.is_none_or(|tip| tip.is_some_and(on_chain)) {
                continue;
            }
            let Some(start) = self.start_at(view, commit, program.root()).ok().flatten() else { continue };
            if let Some(merge) = self.behind(view, &start, until)? {
                return Ok(Some((start, merge)));
            }
        }
        Ok(None)
    }

    /// The same, and where there is none the first event.
    pub(super) fn begin(
        &self,
        program: &Program,
        view: &View,
        reach: &Reach,
        until: Option<&Heads>,
    ) -> Result<(Start, Merge<'_>), NodeError> {
        match self.nearest(program, view, reach, until)? {
            Some(found) => Ok(found),
            None => Ok((Start::beginning(), self.merge(view, &Heads::default(), 0, until)?)),
        }
    }

    /// What lies behind a start; `None` where its window is no part of the window wanted, or something that it does not
    /// hold sorts before its last event: that arrived late.
    pub(super) fn behind(
        &self,
        view: &View,
        start: &Start,
        until: Option<&Heads>,
    ) -> Result<Option<Merge<'_>>, NodeError> {
        let wanted =
            |head: &WindowHead| until.is_none_or(|heads| heads.get(&head.writer).is_some_and(|h| head.seq <= h.seq));
        if !view.covers(&start.heads) || !start.heads.iter().all(wanted) {
            return Ok(None);
        }
        let merge = match self.merge(view, &start.heads, start.folded.events, until) {
            Ok(merge) => merge,
            Err(NodeError::Ledger(LedgerError::Read { source: GitError::NotAncestor { .. }, .. })) => return Ok(None),
            Err(other) => return Err(other),
        };
        let late = merge.peek().is_some_and(|next| Some(&next) <= start.last.as_ref());
        Ok(if late { None } else { Some(merge) })
    }
}
