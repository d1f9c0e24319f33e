use super::push::{Told, Want};
use super::{MovedRef, ROUNDS, RefusedPush, Run};
use crate::git::{Expected, GitError, Move, Plane, RefName};
use crate::id::{Ns, Oid};
use crate::lua::{Program, read_elc};
use crate::node::drive::Watch;
use crate::node::profile::Unlawful;
use crate::node::{Node, NodeError};
use crate::policy::UnlawfulFold;
use crate::state::Checkpoint;

/// Rules by which a gate says that a checkpoint would pass if it were folded again on what stands there now.
const PASSING: [&str; 5] = ["ref.non-ff", "ref.moved", "checkpoint.open", "checkpoint.window", "checkpoint.base"];

impl Run<'_> {
    /// Checkpoints are derived: whoever loses folds again behind the winner.
    pub(super) fn push_states(&mut self, mut node: Node) -> Result<Node, NodeError> {
        for (plane, _) in self.own()? {
            if let Plane::State { ns } = plane {
                node = self.push_state(node, &ns)?;
            }
        }
        Ok(node)
    }

    fn push_state(&mut self, mut node: Node, ns: &Ns) -> Result<Node, NodeError> {
        let plane = Plane::State { ns: ns.clone() };
        if self.seen.rewritten.contains(&plane) {
            return Ok(node);
        }
        for round in 1..=ROUNDS {
            self.go_on()?;
            let Some(own) = self.store.resolve(&RefName::own(plane.clone()))? else { break };
            let theirs = self.remote_value(&plane);
            if theirs == Some(own) || theirs.is_some_and(|theirs| self.store.is_ancestor(own, theirs).unwrap_or(false))
            {
                break;
            }
            let own = match self.stands(&node, ns, own, theirs)? {
                true => Some(own),
                false => self.refold(&node, ns, own, theirs)?,
            };
            let Some(new) = own.filter(|own| Some(*own) != theirs) else { break };
            let want = Want { plane: plane.clone(), new, old: theirs };
            let mut told = self.push("pushing checkpoints", vec![want])?;
            let passing = told.refused.first().is_some_and(|(_, refused)| is_passing(refused)) && round < ROUNDS;
            if !passing {
                self.settle(told);
                break;
            }
            let refused = std::mem::take(&mut told.refused);
            self.fetch()?;
            node = self.reopen(node)?;
            // Nothing new was heard: it would be refused alike.
            if self.remote_value(&plane) == theirs && self.stands(&node, ns, new, theirs)? {
                self.settle(Told { accepted: Vec::new(), refused });
                break;
            }
        }
        Ok(node)
    }

    /// Whether what this clone would push goes on from what the remote holds, and each checkpoint of it is closed over all
    /// events that are known now.
    fn stands(&self, node: &Node, ns: &Ns, own: Oid, theirs: Option<Oid>) -> Result<bool, NodeError> {
        let chain = match self.store.chain(own, theirs, 0) {
            Ok(chain) => chain,
            Err(GitError::NotAncestor { .. }) => return Ok(false),
            Err(other) => return Err(other.into()),
        };
        let view = node.view(ns)?;
        for step in chain {
            let claim = Checkpoint::read(node.reader(), step?.0)?;
            let base = claim.proof.base.as_ref().map(|base| base.checkpoint);
            let continues = match base {
                None => true,
                Some(base) => base == own || self.store.is_ancestor(base, own)?,
            };
            if !continues || !node.lies_in(&view, &claim.heads)? || node.left_out(&claim, &view)?.is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Folds again behind the remote's checkpoint, and only then lets go of what this clone folded. `None` where nothing is to be said.
    fn refold(&mut self, node: &Node, ns: &Ns, own: Oid, theirs: Option<Oid>) -> Result<Option<Oid>, NodeError> {
        let name = RefName::own(Plane::State { ns: ns.clone() });
        let fold = match node.lawful(ns, || program_of(node, ns, own))? {
            Ok(fold) => fold,
            // No gate would take it; where the law has a fold one day, it is folded again by that.
            Err(Unlawful { why, hint }) => {
                let (rule, said) = (Some(UnlawfulFold::RULE.to_owned()), vec![why.to_string(), hint]);
                self.done.refused.push(RefusedPush { name: name.to_string(), rule, reason: why.to_string(), said });
                return Ok(None);
            }
        };
        let let_go = Move { name: name.to_string(), expected: Expected::At(own), new: theirs };
        match node.checkpoint_by(ns, &fold, Some(theirs), Watch::new(self.progress, self.cancel)) {
            Ok(done) if done.unchanged => {
                self.store.transact(&[let_go])?;
                Ok(None)
            }
            Ok(done) => {
                self.done.refolded.retain(|before| before.name != name.to_string());
                self.done.refolded.push(MovedRef { name: name.to_string(), new: done.commit });
                Ok(Some(done.commit))
            }
            // There is nothing to fold, or nothing that may be: what this clone folded before is worth no more.
            Err(e @ (NodeError::BadJournals { .. } | NodeError::EmptyWindow | NodeError::NoNamespace(_))) => {
                self.store.transact(&[let_go])?;
                let said = vec!["the checkpoint was let go, and could not be folded again".to_owned()];
                let refused = RefusedPush { name: name.to_string(), rule: None, reason: e.to_string(), said };
                self.done.refused.push(refused);
                Ok(None)
            }
            Err(other) => Err(other),
        }
    }
}

/// The fold of the bundle, else the one that the checkpoint was made with.
fn program_of(node: &Node, ns: &Ns, own: Oid) -> Result<Program, NodeError> {
    if let Some(source) = node.bundle_source(ns)? {
        return source.program();
    }
    let claim = Checkpoint::read(node.reader(), own)?;
    read_elc(&claim.elc).map_err(|e| NodeError::FoldBinary { name: format!("fold.elc of {own}"), why: e.to_string() })
}

fn is_passing(refused: &RefusedPush) -> bool {
    match &refused.rule {
        Some(rule) => PASSING.contains(&rule.as_str()),
        // What git itself says of a lease or a race.
        None => ["stale info", "fetch first", "non-fast-forward", "failed to update ref", "cannot lock ref"]
            .iter()
            .any(|reason| refused.reason.contains(reason)),
    }
}
