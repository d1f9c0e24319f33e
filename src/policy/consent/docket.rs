use super::approval::Approval;
use super::case::{Case, Issued, Received, Vote, check_proposal, void_of};
use super::document::Document;
use super::fault::ConsentFault;
use super::grant::Grant;
use super::proof::Proof;
use super::proposal::Proposal;
use super::revocation::Revocation;
use super::stored::{Signed, read_grant, read_proof, read_signed};
use crate::git::{Plane, ProofKind, Reader, RefName};
use crate::id::{Blake3, Oid, Timestamp, Writer};
use crate::trust::Graph;
use std::collections::BTreeMap;

/// A ref whose document is not taken, and why.
#[derive(Debug)]
pub struct Ended {
    pub name: RefName,
    pub fault: ConsentFault,
}

/// A ref, what it names, and when that came in.
pub type Found = (RefName, Oid, Received);

/// Every proposal that is here, with all that was said about each.
#[derive(Debug, Default)]
pub struct Docket {
    cases: BTreeMap<Blake3, Case>,
    proofs: BTreeMap<Blake3, (Proof, Timestamp)>,
    /// What is not taken.
    pub refused: Vec<Ended>,
}

impl Docket {
    /// Reads and judges what these refs name. Where two names hold one document the first counts. What does not hold is
    /// listed and has no say.
    pub fn gather(reader: &Reader, graph: &Graph, found: &[Found]) -> Docket {
        let mut docket = Docket::default();
        docket.take(reader, graph, found);
        docket
    }

    /// Takes what came in behind what is here, judged by the same graph.
    pub fn take(&mut self, reader: &Reader, graph: &Graph, found: &[Found]) {
        for step in [Docket::proposal, Docket::approval, Docket::proof, Docket::grant, Docket::revocation] {
            for one in found {
                if let Err(fault) = step(self, reader, graph, one) {
                    self.refused.push(Ended { name: one.0.clone(), fault });
                }
            }
        }
    }

    pub fn cases(&self) -> impl Iterator<Item = &Case> {
        self.cases.values()
    }

    pub fn case(&self, proposal: &Blake3) -> Option<&Case> {
        self.cases.get(proposal)
    }

    /// The case that a grant belongs to.
    pub fn case_of(&self, grant: &Blake3) -> Option<&Case> {
        self.cases().find(|case| case.grants.iter().any(|g| g.id == *grant))
    }

    pub fn proof_of(&self, digest: &Blake3) -> Option<&Proof> {
        self.proofs.get(digest).map(|(proof, _)| proof)
    }

    /// A proof of a proposal that holds.
    pub fn proof_for(&self, proposal: &Blake3) -> Option<&Proof> {
        self.proofs.values().map(|(proof, _)| proof).find(|proof| proof.proposal_id == *proposal)
    }

    fn of(&mut self, proposal: &Blake3) -> Result<&mut Case, ConsentFault> {
        let missing = || ConsentFault::Absent(format!("the proposal {proposal} is not here"));
        self.cases.get_mut(proposal).ok_or_else(missing)
    }

    fn proposal(&mut self, reader: &Reader, graph: &Graph, found: &Found) -> Result<(), ConsentFault> {
        let (RefName { plane: Plane::Proposal(id), .. }, oid, _) = found else { return Ok(()) };
        let signed = read_signed(reader, *oid, |p: &Proposal| p.created_by.clone())?;
        named(*id, signed.document.id())?;
        check_proposal(graph, &signed)?;
        let case = Case { id: *id, proposal: signed.document, votes: Vec::new(), grants: Vec::new() };
        self.cases.entry(*id).or_insert(case);
        Ok(())
    }

    fn approval(&mut self, reader: &Reader, graph: &Graph, found: &Found) -> Result<(), ConsentFault> {
        let (RefName { plane: Plane::Approval { proposal, writer }, .. }, oid, received) = found else {
            return Ok(());
        };
        let signed = read_signed(reader, *oid, |_: &Approval| writer.actor().clone())?;
        check_writer(writer, &signed)?;
        let approval = &signed.document;
        named(*proposal, approval.proposal_id)?;
        let case = self.of(proposal)?;
        if approval.repo != case.proposal.repo {
            return Err(ConsentFault::Repo);
        }
        if approval.signer != signed.key || approval.expires_at != case.proposal.expire_at {
            return Err(ConsentFault::law("its signer or its end is another than it says"));
        }
        let at = match received {
            Received::At(at, _) => *at,
            Received::InTime => Timestamp::from_unix(0).unwrap_or(signed.at),
            Received::Unknown => signed.at,
        };
        let void = void_of(graph, &case.proposal, writer.actor(), &signed.key, at);
        let vote = Vote {
            id: approval.id(),
            actor: writer.actor().clone(),
            key: signed.key,
            said_at: signed.at,
            received: *received,
            void,
            writers: vec![writer.clone()],
        };
        // One key says it once, in whatever clone; a word that counts goes before one that does not.
        match case.votes.iter_mut().find(|v| v.id == vote.id) {
            Some(held) => {
                held.writers.push(writer.clone());
                if held.void.is_some() && vote.void.is_none() {
                    *held = Vote { writers: std::mem::take(&mut held.writers), ..vote };
                }
            }
            None => case.votes.push(vote),
        }
        case.votes.sort_by_key(|vote| vote.key);
        Ok(())
    }

    fn proof(&mut self, reader: &Reader, graph: &Graph, found: &Found) -> Result<(), ConsentFault> {
        let (RefName { plane: Plane::AuditProof { kind: ProofKind::Governance, id }, .. }, oid, _) = found else {
            return Ok(());
        };
        let (proof, at) = read_proof(reader, *oid)?;
        named(*id, proof.proposal_id)?;
        let case = self.of(id)?;
        in_its_time(case, at)?;
        case.check(graph, &proof)?;
        self.proofs.insert(proof.digest(), (proof, at));
        Ok(())
    }

    fn grant(&mut self, reader: &Reader, _: &Graph, found: &Found) -> Result<(), ConsentFault> {
        let (RefName { plane: Plane::Grant(id), .. }, oid, _) = found else { return Ok(()) };
        let (grant, at) = read_grant(reader, *oid)?;
        named(*id, grant.id())?;
        let void = self.holds(&grant).err().map(|fault| fault.to_string());
        let case = self.of(&grant.proposal_id)?;
        in_its_time(case, at)?;
        if grant.repo != case.proposal.repo {
            return Err(ConsentFault::Repo);
        }
        if !case.grants.iter().any(|g| g.id == *id) {
            case.grants.push(Issued { id: *id, grant, void, revocations: Vec::new() });
        }
        Ok(())
    }

    /// Whether the proof that a grant names is here and holds.
    pub fn holds(&self, grant: &Grant) -> Result<(), ConsentFault> {
        match self.proofs.get(&grant.proof) {
            Some((proof, _)) if proof.proposal_id == grant.proposal_id => Ok(()),
            _ => Err(ConsentFault::law(format!("no proof {} that holds is here", grant.proof))),
        }
    }

    fn revocation(&mut self, reader: &Reader, graph: &Graph, found: &Found) -> Result<(), ConsentFault> {
        let (RefName { plane: Plane::Revocation { grant, writer }, .. }, oid, received) = found else { return Ok(()) };
        let signed = read_signed(reader, *oid, |r: &Revocation| r.revoked_by.clone())?;
        check_writer(writer, &signed)?;
        let revocation = &signed.document;
        named(*grant, revocation.grant_id)?;
        let case = self.cases.values_mut().find(|case| case.grants.iter().any(|g| g.id == *grant));
        let case = case.ok_or_else(|| ConsentFault::Absent(format!("the grant {grant} is not here")))?;
        if revocation.repo != graph.repo() {
            return Err(ConsentFault::Repo);
        }
        let actor = &revocation.revoked_by;
        if actor != writer.actor() || graph.owner(&signed.key) != Some(actor) {
            return Err(ConsentFault::Signature(format!("{} is no key of {actor}", signed.key)));
        }
        // Who has stolen a key must not end by it what others were granted.
        let stood = match received {
            Received::InTime => true,
            Received::At(_, trust) => !graph.was_revoked_at(&signed.key, *trust),
            Received::Unknown => !graph.is_revoked(&signed.key),
        };
        if !stood {
            let why = format!("{} is revoked, and no receipt shows that it still stood when it said so", signed.key);
            return Err(ConsentFault::Revoked(why));
        }
        if !case.may_revoke(graph, actor) {
            return Err(ConsentFault::law(format!("{actor} neither asked nor was asked, and is no root")));
        }
        if let Some(issued) = case.grants.iter_mut().find(|g| g.id == *grant) {
            issued.revocations.push((writer.clone(), signed));
        }
        Ok(())
    }
}

fn named(expected: Blake3, found: Blake3) -> Result<(), ConsentFault> {
    let why = || ConsentFault::form(format!("the document there is {found}"));
    if expected == found { Ok(()) } else { Err(why()) }
}

fn check_writer<D>(writer: &Writer, signed: &Signed<D>) -> Result<(), ConsentFault> {
    let why = || ConsentFault::Signature(format!("{} is not the key of {writer}", signed.key));
    if signed.key.key8() == writer.key8() { Ok(()) } else { Err(why()) }
}

/// Grants and proofs bear the time at which they end, so that all who make them make the same.
fn in_its_time(case: &Case, at: Timestamp) -> Result<(), ConsentFault> {
    if at == case.proposal.expire_at { Ok(()) } else { Err(ConsentFault::Bytes) }
}
