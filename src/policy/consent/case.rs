use super::fault::ConsentFault;
use super::grant::Grant;
use super::proof::Proof;
use super::proposal::Proposal;
use super::revocation::Revocation;
use super::roster::members_at;
use super::stored::Signed;
use crate::id::{Actor, Blake3, Oid, PublicKey, Timestamp, Writer};
use crate::trust::Graph;
use std::collections::BTreeMap;

/// When a document came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// A gate says so: the second, and the commit of the trust graph by which it judged.
    At(Timestamp, Oid),
    /// The gate that judges let it in.
    InTime,
    /// Nobody says; there is the signer's own word.
    Unknown,
}

/// An approval, and whether it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vote {
    pub id: Blake3,
    pub actor: Actor,
    pub key: PublicKey,
    /// When by the signer's word.
    pub said_at: Timestamp,
    pub received: Received,
    /// Why it does not count.
    pub void: Option<String>,
    /// The writers under whose names it is here.
    pub writers: Vec<Writer>,
}

/// A grant, and whether its proof holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    pub id: Blake3,
    pub grant: Grant,
    /// Why it grants nothing.
    pub void: Option<String>,
    /// Each with the writer under whose name it is here.
    pub revocations: Vec<(Writer, Signed<Revocation>)>,
}

/// How far a proposal has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Proposal,
    Partial,
    Granted,
    Expired,
    Revoked,
}

impl State {
    pub const ALL: [State; 5] = [State::Proposal, State::Partial, State::Granted, State::Expired, State::Revoked];

    pub fn as_str(self) -> &'static str {
        match self {
            State::Proposal => "proposal",
            State::Partial => "partial",
            State::Granted => "granted",
            State::Expired => "expired",
            State::Revoked => "revoked",
        }
    }
}

/// A proposal with all that was said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    pub id: Blake3,
    pub proposal: Proposal,
    /// Sorted by signer.
    pub votes: Vec<Vote>,
    pub grants: Vec<Issued>,
}

impl Case {
    /// The approvals that count, one of each actor: the first of his keys.
    pub fn counted(&self) -> BTreeMap<&Actor, &Vote> {
        let mut by_actor = BTreeMap::new();
        for vote in self.votes.iter().filter(|vote| vote.void.is_none()) {
            by_actor.entry(&vote.actor).or_insert(vote);
        }
        by_actor
    }

    /// How many members agreed.
    pub fn have(&self) -> u32 {
        u32::try_from(self.counted().len()).unwrap_or(u32::MAX)
    }

    /// The proof that the approvals here make, of exactly as many as must be; `None` while they are too few.
    pub fn provable(&self) -> Option<Proof> {
        let needed = self.proposal.required.n as usize;
        let mut approvals: Vec<_> = self.counted().values().map(|vote| (vote.id, vote.key)).collect();
        approvals.sort_by_key(|(_, key)| *key);
        approvals.truncate(needed);
        let proof = Proof { proposal_id: self.id, approvals, policy_rule: self.proposal.policy_rule() };
        (proof.approvals.len() == needed).then_some(proof)
    }

    /// Whether a proof shows that enough members agreed: every approval that it names is here and counts.
    pub fn check(&self, graph: &Graph, proof: &Proof) -> Result<(), ConsentFault> {
        if proof.proposal_id != self.id || proof.policy_rule != self.proposal.policy_rule() {
            return Err(ConsentFault::law("the proof is of another proposal"));
        }
        let mut actors: Vec<&Actor> = Vec::new();
        for (id, key) in &proof.approvals {
            let vote = self.votes.iter().find(|v| v.id == *id && v.key == *key);
            let vote = vote.ok_or_else(|| ConsentFault::Absent(format!("the approval {id} of {key} is not here")))?;
            if let Some(why) = &vote.void {
                let why = format!("the approval of {} does not count: {why}", vote.actor);
                return Err(match graph.is_revoked(key) {
                    true => ConsentFault::Revoked(why),
                    false => ConsentFault::Law(why),
                });
            }
            actors.push(&vote.actor);
        }
        actors.sort();
        actors.dedup();
        let (have, required) = (actors.len(), &self.proposal.required);
        match have >= required.n as usize {
            true => Ok(()),
            false => Err(ConsentFault::law(format!("{have} of @{} agreed, and {required} must", required.group))),
        }
    }

    /// The grant that stands: the first whose proof holds. It may be expired or revoked; `state` says so.
    pub fn issued(&self) -> Option<&Issued> {
        self.grants.iter().find(|grant| grant.void.is_none())
    }

    /// The word that ended what was granted: of any of its grants, or the others would go on.
    pub fn revocation(&self) -> Option<&Signed<Revocation>> {
        self.grants.iter().flat_map(|grant| &grant.revocations).map(|(_, signed)| signed).next()
    }

    pub fn state(&self, now: Timestamp) -> State {
        match () {
            () if self.revocation().is_some() => State::Revoked,
            () if now >= self.proposal.expire_at => State::Expired,
            () if self.issued().is_some() => State::Granted,
            () if self.have() > 0 => State::Partial,
            () => State::Proposal,
        }
    }

    /// Whether an actor may end what this proposal granted: who asked, who was asked, and the roots.
    pub fn may_revoke(&self, graph: &Graph, actor: &Actor) -> bool {
        let asked = members_at(graph, self.proposal.trust_root, &self.proposal.required.group).unwrap_or_default();
        *actor == self.proposal.created_by
            || asked.contains(actor)
            || graph.versions().iter().any(|v| v.doc.is_root(actor))
    }
}

/// Whether a proposal asks what the trust graph lets it ask.
pub(super) fn check_proposal(graph: &Graph, signed: &Signed<Proposal>) -> Result<(), ConsentFault> {
    let proposal = &signed.document;
    if proposal.repo != graph.repo() {
        return Err(ConsentFault::Repo);
    }
    if graph.owner(&signed.key) != Some(&proposal.created_by) {
        let why = format!("{} is no key of {}", signed.key, proposal.created_by);
        return Err(ConsentFault::Signature(why));
    }
    let required = &proposal.required;
    let members = members_at(graph, proposal.trust_root, &required.group)
        .ok_or_else(|| ConsentFault::law(format!("its trust_root knows no group {}", required.group)))?;
    match members.len() == required.m as usize {
        true => Ok(()),
        false => {
            Err(ConsentFault::law(format!("@{} had {} members, not {}", required.group, members.len(), required.m)))
        }
    }
}

/// Why an approval does not count.
pub(super) fn void_of(
    graph: &Graph,
    proposal: &Proposal,
    actor: &Actor,
    key: &PublicKey,
    at: Timestamp,
) -> Option<String> {
    let group = &proposal.required.group;
    let asked = members_at(graph, proposal.trust_root, group).unwrap_or_default();
    match () {
        () if graph.owner(key) != Some(actor) => Some(format!("{key} is no key of {actor}")),
        () if graph.is_revoked(key) => Some(format!("{key} is revoked")),
        () if !asked.contains(actor) => Some(format!("{actor} is not in @{group}")),
        () if at >= proposal.expire_at => Some(format!("it is of {at}, and the proposal ended {}", proposal.expire_at)),
        () => None,
    }
}
