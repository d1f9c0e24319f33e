use super::{MovedRef, Run};
use crate::git::{Expected, Move, Plane, ProofKind, RefName};
use crate::id::{Blake3, Oid};
use crate::node::{Node, NodeError};
use crate::policy::consent::{Docket, read_grant};

impl Run<'_> {
    /// Of two grants of one proposal the first that was accepted stands. A grant of this clone's own that came too late goes
    /// with its proof, so that nothing is left that the authority does not take.
    pub(super) fn adopt_grants(&mut self, node: &Node) -> Result<(), NodeError> {
        if !self.is_authority {
            return Ok(());
        }
        let own = self.own()?;
        let late = |(plane, _): &&(Plane, Oid)| matches!(plane, Plane::Grant(_)) && self.remote_value(plane).is_none();
        let late: Vec<(Plane, Oid)> = own.iter().filter(late).cloned().collect();
        if late.is_empty() {
            return Ok(());
        }
        let docket = node.docket_of_refs()?;
        for (plane, tip) in late {
            let (Plane::Grant(id), Ok((grant, _))) = (&plane, read_grant(node.reader(), tip)) else { continue };
            if let Some(theirs) = self.accepted_grant(&docket, &grant.proposal_id, id) {
                self.drop_grant(&own, (*id, tip), grant.proposal_id, theirs)?;
            }
        }
        Ok(())
    }

    /// The grant of a proposal that the authority holds, where it is another one and holds.
    fn accepted_grant(&self, docket: &Docket, proposal: &Blake3, own: &Blake3) -> Option<Blake3> {
        let grants = &docket.case(proposal)?.grants;
        let accepted = grants.iter().find(|g| g.void.is_none() && self.remote_value(&Plane::Grant(g.id)).is_some())?;
        (accepted.id != *own).then_some(accepted.id)
    }

    fn drop_grant(
        &mut self,
        own: &[(Plane, Oid)],
        (grant, tip): (Blake3, Oid),
        proposal: Blake3,
        theirs: Blake3,
    ) -> Result<(), NodeError> {
        let gone = |plane: &Plane, at: Oid| {
            let name = RefName::own(plane.clone()).to_string();
            Move { name, expected: Expected::At(at), new: None }
        };
        let mut moves = vec![gone(&Plane::Grant(grant), tip)];
        let proof = Plane::AuditProof { kind: ProofKind::Governance, id: proposal };
        let held = own.iter().find(|(plane, _)| *plane == proof);
        if let (Some((_, held)), Some(new)) = (held, self.remote_value(&proof)) {
            let name = RefName::own(proof).to_string();
            if *held != new {
                moves.push(Move { name: name.clone(), expected: Expected::At(*held), new: Some(new) });
                self.done.adopted.push(MovedRef { name, new });
            }
        }
        for (plane, at) in own {
            if matches!(plane, Plane::Revocation { grant: of, .. } if *of == grant) {
                moves.push(gone(plane, *at));
                self.alarm(format!(
                    "{} holds the grant {theirs} of the proposal {proposal}, and what was revoked here is another one; \
                     end it there too: git gatos grant revoke {proposal}",
                    self.remote
                ));
            }
        }
        self.store.transact(&moves)?;
        self.done.notices.push(format!(
            "the proposal {proposal} was granted before by {theirs}, which {} holds; the grant {grant} of this clone is gone",
            self.remote
        ));
        Ok(())
    }
}
