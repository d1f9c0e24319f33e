use super::{MovedRef, Run};
use crate::git::{Expected, Move, Plane, ProofKind, RefName};
use crate::id::{Blake3, Oid};
use crate::node::{Node, NodeError};
use crate::policy::consent::{
    Approval, Case, Docket, Document, Grant, Proof, Revocation, State, read_grant, read_proof, read_signed, write,
};
use std::collections::HashSet;

/// Whether two names hold what one key says of one thing.
fn is_second_name(one: &Plane, other: &Plane) -> bool {
    let (one, other) = match (one, other) {
        (Plane::Approval { proposal, writer }, Plane::Approval { proposal: of, writer: by }) if proposal == of => {
            (writer, by)
        }
        (Plane::Revocation { grant, writer }, Plane::Revocation { grant: of, writer: by }) if grant == of => {
            (writer, by)
        }
        _ => return false,
    };
    one != other && one.has_key_of(other)
}

/// Whether the key that a name tells of has said there what the name tells.
fn is_word(node: &Node, plane: &Plane, tip: Oid) -> bool {
    let reader = node.reader();
    match plane {
        Plane::Approval { proposal, writer } => read_signed::<Approval>(reader, tip, |_| writer.actor().clone())
            .is_ok_and(|word| word.document.proposal_id == *proposal && word.key.key8() == writer.key8()),
        Plane::Revocation { grant, writer } => read_signed::<Revocation>(reader, tip, |of| of.revoked_by.clone())
            .is_ok_and(|word| word.document.grant_id == *grant && word.key.key8() == writer.key8()),
        _ => false,
    }
}

impl Run<'_> {
    /// Of two grants of one proposal the first that was accepted stands. A grant of this clone's own that came too late goes
    /// with its proof, so that nothing is left that the authority does not take.
    pub(super) fn adopt_grants(&mut self, node: &Node) -> Result<(), NodeError> {
        if !self.is_authority {
            return Ok(());
        }
        self.drop_late_grants(node)?;
        // Whoever has said something makes the grant, also where he lets go of the name under which he said it.
        self.grant_what_is_proven(node)?;
        self.drop_second_names(node)
    }

    fn drop_late_grants(&mut self, node: &Node) -> Result<(), NodeError> {
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

    /// A proof that the authority holds keeps every other one out. Where its grant did not come with it, whoever has had a word
    /// in the matter makes that grant, for any proof that holds does, and lets go of one of his own.
    fn grant_what_is_proven(&mut self, node: &Node) -> Result<(), NodeError> {
        let own = self.own()?;
        let proven = self.proven_alone(node, &own);
        if proven.is_empty() {
            return Ok(());
        }
        let (docket, now) = (node.docket_of_refs()?, self.ambient.now());
        for (id, tip) in proven {
            let (Some(case), Ok((proof, _))) = (docket.case(&id), read_proof(node.reader(), tip)) else { continue };
            let over = matches!(case.state(now), State::Expired | State::Revoked);
            if !over && docket.proof_of(&proof.digest()).is_some() {
                self.grant_by(node, &own, case, (&proof, tip))?;
            }
        }
        Ok(())
    }

    /// The proofs that the authority holds without a grant, of proposals of which this clone said something.
    fn proven_alone(&self, node: &Node, own: &[(Plane, Oid)]) -> Vec<(Blake3, Oid)> {
        let said = |id: &Blake3| {
            own.iter().any(|(plane, _)| match plane {
                Plane::Proposal(of) | Plane::Approval { proposal: of, .. } => of == id,
                _ => false,
            })
        };
        let proof = |(plane, tip): (&Plane, &Oid)| match plane {
            Plane::AuditProof { kind: ProofKind::Governance, id } if said(id) => Some((*id, *tip)),
            _ => None,
        };
        let mut alone: Vec<(Blake3, Oid)> = self.seen.values.iter().filter_map(proof).collect();
        alone.sort();
        if !alone.is_empty() {
            let grants = self.seen.values.iter().filter(|(plane, _)| matches!(plane, Plane::Grant(_)));
            let granted: HashSet<Blake3> =
                grants.filter_map(|(_, tip)| Some(read_grant(node.reader(), *tip).ok()?.0.proposal_id)).collect();
            alone.retain(|(id, _)| !granted.contains(id));
        }
        alone
    }

    fn grant_by(
        &mut self,
        node: &Node,
        own: &[(Plane, Oid)],
        case: &Case,
        (proof, held): (&Proof, Oid),
    ) -> Result<(), NodeError> {
        let grant = Grant { repo: node.repo(), proposal_id: case.id, proof: proof.digest() };
        let (granted, _) = write(&self.store, &grant, proof, case.proposal.expire_at)?;
        let to = |plane: Plane, new: Option<Oid>| {
            let held = own.iter().find(|(of, _)| *of == plane).map(|(_, held)| *held);
            let expected = held.map_or(Expected::Absent, Expected::At);
            (held != new).then(|| Move { name: RefName::own(plane).to_string(), expected, new })
        };
        let id = grant.id();
        let others = case.grants.iter().filter(|other| other.id != id);
        let proof = Plane::AuditProof { kind: ProofKind::Governance, id: case.id };
        let moves = [to(proof, Some(held)), to(Plane::Grant(id), Some(granted))];
        let moves = moves.into_iter().chain(others.map(|other| to(Plane::Grant(other.id), None)));
        let moves: Vec<Move> = moves.flatten().collect();
        if !moves.is_empty() {
            self.store.transact(&moves)?;
            let notice = "holds a proof of it without a grant; this clone makes that grant";
            self.done.notices.push(format!("the proposal {}: {} {notice}, {id}", case.id, self.remote));
        }
        Ok(())
    }

    /// What this key has said in another clone, and the authority has under the name of that one, this clone need not say.
    fn drop_second_names(&mut self, node: &Node) -> Result<(), NodeError> {
        for (plane, tip) in &self.own()? {
            if self.remote_value(plane).is_some() {
                continue;
            }
            let said = |(other, tip): &(&Plane, &Oid)| is_second_name(plane, other) && is_word(node, other, **tip);
            let Some(other) = self.seen.values.iter().find(said).map(|(other, _)| other.clone()) else { continue };
            let (name, other) = (RefName::own(plane.clone()), RefName::own(other));
            self.store.transact(&[Move { name: name.to_string(), expected: Expected::At(*tip), new: None }])?;
            self.done
                .notices
                .push(format!("{} has {other}, in which this key says the same: {name} is gone", self.remote));
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
