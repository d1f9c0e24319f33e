//! Judging what somebody says of consent when it comes in: the one judgement of the gate and of whoever checks it later.

use super::approval::Approval;
use super::case::Case;
use super::consents::Consents;
use super::docket::Docket;
use super::document::Document;
use super::proposal::Proposal;
use super::revocation::Revocation;
use super::roster::{members_at, members_now};
use super::stored::{Signed, read_grant, read_signed};
use super::told::Told;
use crate::canon::{Map, Value};
use crate::git::{Plane, Reader, RefName};
use crate::id::{Actor, Blake3, Oid, PublicKey, Timestamp, Writer};
use crate::policy::{Decision, FactsOf, Intent, Judge, Judgement, PolicyError, Verb};
use crate::trust::Graph;
use std::sync::Arc;

/// By so much the clock of who proposes may be ahead of the gate's.
const AHEAD: i64 = 300;
/// Most proposals of one actor that have not ended.
const OPEN_MAX: usize = 256;

/// What comes in, and by what it is judged.
pub struct Hearing<'a> {
    pub reader: &'a Reader,
    pub graph: &'a Graph,
    /// Everything as it would stand after this push.
    pub docket: &'a Docket,
    pub received_at: Timestamp,
    /// Who pushes, by the word of the transport.
    pub identity: Option<&'a str>,
    pub judge: &'a mut Judge,
    /// What stood granted before.
    pub consents: Option<Arc<Consents>>,
    /// Whether something was there when it came in.
    pub stood: &'a dyn Fn(&Plane) -> Result<bool, PolicyError>,
}

/// What is said to it.
#[derive(Debug)]
pub enum Ruling {
    Taken,
    Refused {
        rule: &'static str,
        why: String,
        hint: Option<&'static str>,
    },
    /// The policy refuses.
    Denied {
        decision: Box<Decision>,
        intent: Box<Intent<'static>>,
        actor: Actor,
        key: PublicKey,
    },
}

type Heard = Result<Ruling, PolicyError>;

fn refuse(rule: &'static str, why: impl Into<String>) -> Heard {
    Ok(Ruling::Refused { rule, why: why.into(), hint: None })
}

fn refuse_with(rule: &'static str, why: String, hint: &'static str) -> Heard {
    Ok(Ruling::Refused { rule, why, hint: Some(hint) })
}

/// The rule by which a document that does not hold is refused.
pub fn rule_of(plane: &Plane) -> &'static str {
    match plane {
        Plane::Proposal(_) => "proposal.invalid",
        Plane::Approval { .. } => "approval.invalid",
        Plane::Revocation { .. } => "revocation.invalid",
        _ => "grant.proof",
    }
}

impl Hearing<'_> {
    /// Judges a proposal, an approval, a proof, a grant or a revocation.
    pub fn hear(&mut self, plane: &Plane, new: Oid) -> Heard {
        if let Some(ruling) = self.second(plane, new)? {
            return Ok(ruling);
        }
        if let Some(ended) = self.docket.refused.iter().find(|ended| ended.name.plane == *plane) {
            return refuse(rule_of(plane), ended.fault.to_string());
        }
        match plane {
            Plane::Proposal(_) => self.proposal(new),
            Plane::Approval { proposal, writer } => {
                let signed = read_signed(self.reader, new, |_: &Approval| writer.actor().clone());
                match (self.docket.case(proposal), signed) {
                    (Some(case), Ok(signed)) => self.approval(&case.proposal, writer.actor(), &signed),
                    _ => refuse("approval.invalid", "its proposal is not here"),
                }
            }
            Plane::Grant(id) => {
                let issued = self.docket.case_of(id).and_then(|case| case.grants.iter().find(|g| g.id == *id));
                match issued.map(|issued| &issued.void) {
                    Some(None) => Ok(Ruling::Taken),
                    Some(Some(why)) => refuse("grant.proof", why.clone()),
                    None => refuse("grant.proof", "its proposal is not here"),
                }
            }
            Plane::Revocation { writer, .. } => {
                let signed = read_signed(self.reader, new, |r: &Revocation| r.revoked_by.clone());
                match signed {
                    Ok(signed) if self.graph.stands(writer.actor(), &signed.key) => Ok(Ruling::Taken),
                    _ => refuse("revocation.invalid", "its key does not stand in the trust graph"),
                }
            }
            // A proof that is not refused holds.
            _ => Ok(Ruling::Taken),
        }
    }

    /// The refusal of what is there already under another name.
    fn second(&self, plane: &Plane, new: Oid) -> Result<Option<Ruling>, PolicyError> {
        match plane {
            Plane::Grant(id) => self.second_grant(id, new),
            Plane::Approval { proposal, writer } => {
                let votes = self.docket.case(proposal).into_iter().flat_map(|case| &case.votes);
                let name = |writer: &Writer| Plane::Approval { proposal: *proposal, writer: writer.clone() };
                self.second_name(plane, votes.flat_map(|vote| &vote.writers).filter(|w| w.has_key_of(writer)).map(name))
            }
            Plane::Revocation { grant, writer } => {
                let case = self.docket.case_of(grant).into_iter();
                let issued = case.flat_map(|case| &case.grants).filter(|issued| issued.id == *grant);
                let writers = issued.flat_map(|issued| &issued.revocations).map(|(writer, _)| writer);
                let name = |writer: &Writer| Plane::Revocation { grant: *grant, writer: writer.clone() };
                self.second_name(plane, writers.filter(|w| w.has_key_of(writer)).map(name))
            }
            _ => Ok(None),
        }
    }

    /// One key says it once: whoever has its word could give that any number of names.
    fn second_name(&self, plane: &Plane, names: impl Iterator<Item = Plane>) -> Result<Option<Ruling>, PolicyError> {
        for other in names.filter(|other| other != plane) {
            if (self.stood)(&other)? {
                let why = format!("this key has said it already, under the name {}", RefName::own(other));
                return refuse_with("ref.exists", why, "git gatos sync takes the one that stands").map(Some);
            }
        }
        Ok(None)
    }

    /// The refusal of a second grant of a proposal: the first that was accepted stands.
    fn second_grant(&self, id: &Blake3, new: Oid) -> Result<Option<Ruling>, PolicyError> {
        let Ok((grant, _)) = read_grant(self.reader, new) else { return Ok(None) };
        let case = self.docket.case(&grant.proposal_id);
        for other in case.into_iter().flat_map(|case| &case.grants).filter(|g| g.id != *id) {
            if (self.stood)(&Plane::Grant(other.id))? {
                let why = format!("the proposal {} has the grant {} already", grant.proposal_id, other.id);
                return refuse_with("ref.exists", why, "git gatos sync takes it; it grants the same").map(Some);
            }
        }
        Ok(None)
    }

    fn proposal(&mut self, new: Oid) -> Heard {
        let rule = "proposal.invalid";
        let signed = match read_signed(self.reader, new, |p: &Proposal| p.created_by.clone()) {
            Ok(signed) => signed,
            Err(fault) => return refuse(rule, fault.to_string()),
        };
        let (graph, document) = (self.graph, &signed.document);
        let group = &document.required.group;
        if !graph.stands(&document.created_by, &signed.key) {
            return refuse(rule, format!("{} does not stand for {}", signed.key, document.created_by));
        }
        if let Some(late) = self.late(rule, document.expire_at) {
            return Ok(late);
        }
        if let Some(long) = self.too_long(document)? {
            return Ok(long);
        }
        if let Some(many) = self.too_many(&document.created_by) {
            return Ok(many);
        }
        // A group that has changed since is another group: who left it is not asked any more.
        if members_at(graph, document.trust_root, group) != members_now(graph, group) {
            let why = format!("@{group} has other members now than its trust_root {} says", document.trust_root);
            return refuse_with(rule, why, "fetch the trust graph, then propose again");
        }
        let (action, target) = (document.action.clone(), document.target.clone());
        self.asked(Verb::Propose, &action, &target, &document.created_by.clone(), &signed.key)
    }

    /// Nobody is asked for longer than the active policy lets a proposal of this action live.
    fn too_long(&self, document: &Proposal) -> Result<Option<Ruling>, PolicyError> {
        let governance = self.judge.bundle().governance()?;
        let Some(governed) = governance.actions.get(&document.action) else { return Ok(None) };
        let most = i64::try_from(governed.ttl.0).unwrap_or(i64::MAX);
        let lives = document.expire_at.unix() - self.received_at.unix();
        if lives <= most.saturating_add(AHEAD) {
            return Ok(None);
        }
        let why = format!("it would stand for {lives} seconds, and the policy gives {} {most}", document.action);
        refuse_with("proposal.ttl", why, "propose it again, without --ttl or with a shorter one").map(Some)
    }

    /// Whoever asks without end makes work for everybody.
    fn too_many(&self, actor: &Actor) -> Option<Ruling> {
        let open = |case: &&Case| case.proposal.created_by == *actor && case.proposal.expire_at > self.received_at;
        let count = self.docket.cases().filter(open).count();
        let why = || format!("{actor} has {count} proposals that have not ended; {OPEN_MAX} is the most");
        let hint = Some("wait until some have ended");
        (count > OPEN_MAX).then(|| Ruling::Refused { rule: "quota.proposals", why: why(), hint })
    }

    fn approval(&mut self, document: &Proposal, actor: &Actor, signed: &Signed<Approval>) -> Heard {
        let rule = "approval.invalid";
        if !self.graph.stands(actor, &signed.key) {
            return refuse(rule, format!("{} does not stand for {actor}", signed.key));
        }
        if let Some(late) = self.late(rule, document.expire_at) {
            return Ok(late);
        }
        let id: Blake3 = signed.document.id();
        let case = self.docket.case(&signed.document.proposal_id);
        let vote = case.and_then(|case| case.votes.iter().find(|v| v.id == id));
        if let Some(why) = vote.and_then(|vote| vote.void.clone()) {
            return refuse(rule, why);
        }
        let group = &document.required.group;
        if !members_now(self.graph, group).is_some_and(|members| members.contains(actor)) {
            return refuse(rule, format!("{actor} was in @{group} when it was asked, and is no more"));
        }
        self.asked(Verb::Approve, &document.action, &document.target, actor, &signed.key)
    }

    fn late(&self, rule: &'static str, end: Timestamp) -> Option<Ruling> {
        let why = || format!("the proposal ended {end}, and it is {}", self.received_at);
        (self.received_at >= end).then(|| Ruling::Refused { rule, why: why(), hint: Some("propose it again") })
    }

    /// What the policy says to it, where a rule names such an act.
    fn asked(&mut self, verb: Verb, action: &str, target: &str, actor: &Actor, key: &PublicKey) -> Heard {
        if !self.judge.bundle().names(verb, action) {
            return Ok(Ruling::Taken);
        }
        let mut fields = Map::new();
        fields.insert("actor", actor.as_str());
        fields.insert("key", Value::text(key));
        fields.insert("type", action);
        fields.insert("target", target);
        if let Some(identity) = self.identity {
            fields.insert("identity", identity);
        }
        let intent = Intent::act(verb, fields);
        let of_actor = FactsOf::actor(self.graph, actor, key, Some(&self.received_at));
        let told = Told::new(of_actor, self.consents.clone())?;
        let more = told.of(&intent)?;
        match self.judge.decide(&intent, more.as_ref().unwrap_or(told.silent()), self.graph.tip())? {
            Judgement::Allowed(_) => Ok(Ruling::Taken),
            Judgement::Refused(decision) => {
                Ok(Ruling::Denied { decision, intent: Box::new(intent), actor: actor.clone(), key: *key })
            }
        }
    }
}
