use super::denial::{Denial, Judged};
use super::error::HookError;
use super::journal::of_decision;
use super::law::Law;
use super::updates::Update;
use super::visit::Visit;
use crate::canon::{Map, Value};
use crate::git::{Named, Place, Plane, RefName, Scope};
use crate::id::{Actor, Blake3, Oid, PublicKey, Timestamp};
use crate::policy::consent::{
    Approval, Consents, Docket, Document, Found, Proposal, Received, Revocation, Signed, members_at, members_now,
    read_grant, read_signed,
};
use crate::policy::{Facts, FactsOf, Intent, Judgement, PolicyError, Verb};
use crate::trust::Graph;
use std::sync::Arc;

/// Facts of the acts of one actor: the same for all of which nothing is granted or asked.
pub(super) struct Told {
    of_actor: FactsOf,
    silent: Facts,
    consents: Option<Arc<Consents>>,
}

impl Told {
    pub(super) fn new(of_actor: FactsOf, consents: Option<Arc<Consents>>) -> Result<Told, PolicyError> {
        let silent = match &consents {
            Some(consents) => consents.silent(of_actor.clone())?,
            None => of_actor.clone().facts()?,
        };
        Ok(Told { of_actor, silent, consents: consents.filter(|c| c.know_any()) })
    }

    /// What is known of one act, where that is more than of every act.
    pub(super) fn of(&self, intent: &Intent<'_>) -> Result<Option<Facts>, PolicyError> {
        let Some(consents) = &self.consents else { return Ok(None) };
        match intent.target() {
            Some(target) if consents.know(&target) => {
                consents.tell(self.of_actor.clone(), Some(&target)).facts().map(Some)
            }
            _ => Ok(None),
        }
    }

    pub(super) fn silent(&self) -> &Facts {
        &self.silent
    }
}

/// What stands granted here before this push; nothing is read where no rule reads it.
pub(super) fn standing(visit: &Visit, law: &mut Law) -> Result<Option<Arc<Consents>>, HookError> {
    let Some(policy) = &mut law.policy else { return Ok(None) };
    if !Consents::are_read(policy.judge.bundle()) {
        return Ok(None);
    }
    if policy.consents.is_none() {
        let docket = Docket::gather(visit.durable.reader(), &law.graph, &accepted(visit)?);
        let governance = policy.judge.bundle().governance()?;
        policy.consents = Some(Arc::new(Consents::of(&docket, &governance, visit.received_at)));
    }
    Ok(policy.consents.clone())
}

/// What this gate let in: in time, or it had not come in.
fn accepted(visit: &Visit) -> Result<Vec<Found>, HookError> {
    let refs = visit.durable.refs(&Scope::Consents)?;
    let own = refs.into_iter().filter(|(name, _)| name.place == Place::Own);
    Ok(own.map(|(name, tip)| (name, tip, Received::InTime)).collect())
}

/// Everything as it would stand after this push.
fn docket(visit: &Visit, graph: &Graph) -> Result<Docket, HookError> {
    let mut found = accepted(visit)?;
    for update in &visit.updates {
        if let (Named::Ours(plane), Some(new), None) = (&update.named, update.new, update.old)
            && plane.is_consent()
        {
            found.retain(|(name, ..)| name.plane != *plane);
            found.push((RefName::own(plane.clone()), new, Received::At(visit.received_at)));
        }
    }
    Ok(Docket::gather(&visit.pushed, graph, &found))
}

/// Judges a proposal, an approval, a proof, a grant or a revocation: each is created once and stays.
pub(super) fn check(
    visit: &Visit,
    law: &mut Law,
    update: &Update,
    plane: &Plane,
    new: Oid,
) -> Result<Judged, HookError> {
    let name = update.name.as_str();
    if update.old.is_some() {
        return deny(name, "ref.exists", "it is there already, and says what it says for good", new);
    }
    if law.policy.is_none() {
        let why = "no policy is active here, and nothing but trust and policy may come before one is";
        return deny(name, "gate.no-policy", why, new);
    }
    if visit.docket.get().is_none() {
        // Nobody else fills it: a push has one thread.
        let _ = visit.docket.set(docket(visit, &law.graph)?);
    }
    let Some(docket) = visit.docket.get() else { return deny(name, rule_of(plane), "it was not read", new) };
    if let Some(denial) = elsewhere(visit, docket, name, plane, new)? {
        return Ok(Err(Box::new(denial)));
    }
    if let Some(ended) = docket.refused.iter().find(|ended| ended.name.plane == *plane) {
        return deny(name, rule_of(plane), ended.fault.to_string(), new);
    }
    match plane {
        Plane::Proposal(_) => proposal(visit, law, name, new),
        Plane::Approval { proposal, writer } => {
            let case = docket.case(proposal);
            let signed = read_signed(&visit.pushed, new, |_: &Approval| writer.actor().clone());
            match (case, signed) {
                (Some(case), Ok(signed)) => approval(visit, law, name, &case.proposal, writer.actor(), &signed, docket),
                _ => deny(name, "approval.invalid", "its proposal is not here", new),
            }
        }
        Plane::Grant(id) => {
            let issued = docket.case_of(id).and_then(|case| case.grants.iter().find(|g| g.id == *id));
            match issued.map(|issued| &issued.void) {
                Some(None) => Ok(Ok(())),
                Some(Some(why)) => deny(name, "grant.proof", why.clone(), new),
                None => deny(name, "grant.proof", "its proposal is not here", new),
            }
        }
        Plane::Revocation { writer, .. } => {
            let signed = read_signed(&visit.pushed, new, |r: &Revocation| r.revoked_by.clone());
            match signed {
                Ok(signed) if law.graph.stands(writer.actor(), &signed.key) => Ok(Ok(())),
                _ => deny(name, "revocation.invalid", "its key does not stand in the trust graph", new),
            }
        }
        // A proof that is not refused holds.
        _ => Ok(Ok(())),
    }
}

fn rule_of(plane: &Plane) -> &'static str {
    match plane {
        Plane::Proposal(_) => "proposal.invalid",
        Plane::Approval { .. } => "approval.invalid",
        Plane::Revocation { .. } => "revocation.invalid",
        _ => "grant.proof",
    }
}

fn deny(name: &str, rule: &str, why: impl Into<String>, new: Oid) -> Result<Judged, HookError> {
    Ok(Err(Box::new(Denial::of(name, rule, why).at(new))))
}

/// The refusal of a second grant of a proposal: the first that was accepted stands.
fn elsewhere(visit: &Visit, docket: &Docket, name: &str, plane: &Plane, new: Oid) -> Result<Option<Denial>, HookError> {
    let Plane::Grant(id) = plane else { return Ok(None) };
    let Ok((grant, _)) = read_grant(&visit.pushed, new) else { return Ok(None) };
    let others = docket.case(&grant.proposal_id).into_iter().flat_map(|case| &case.grants).filter(|g| g.id != *id);
    for other in others {
        if visit.durable.resolve(&RefName::own(Plane::Grant(other.id)))?.is_some() {
            let why = format!("the proposal {} has the grant {} already", grant.proposal_id, other.id);
            return Ok(Some(Denial::of(name, "ref.exists", why).at(new).hint("fetch it; it grants the same")));
        }
    }
    Ok(None)
}

fn proposal(visit: &Visit, law: &mut Law, name: &str, new: Oid) -> Result<Judged, HookError> {
    let rule = "proposal.invalid";
    let signed = match read_signed(&visit.pushed, new, |p: &Proposal| p.created_by.clone()) {
        Ok(signed) => signed,
        Err(fault) => return deny(name, rule, fault.to_string(), new),
    };
    let (graph, document) = (&law.graph, &signed.document);
    let group = &document.required.group;
    if !graph.stands(&document.created_by, &signed.key) {
        return deny(name, rule, format!("{} does not stand for {}", signed.key, document.created_by), new);
    }
    if let Some(denied) = late(visit, name, rule, document.expire_at, new) {
        return Ok(Err(Box::new(denied)));
    }
    // A group that has changed since is another group: who left it is not asked any more.
    if members_at(graph, document.trust_root, group) != members_now(graph, group) {
        let why = format!("@{group} has other members now than its trust_root {} says", document.trust_root);
        let denial = Denial::of(name, rule, why).at(new).hint("fetch the trust graph, then propose again");
        return Ok(Err(Box::new(denial)));
    }
    let (action, target) = (document.action.clone(), document.target.clone());
    asked(visit, law, name, Verb::Propose, (&action, &target), &document.created_by.clone(), &signed.key, new)
}

fn approval(
    visit: &Visit,
    law: &mut Law,
    name: &str,
    document: &Proposal,
    actor: &Actor,
    signed: &Signed<Approval>,
    docket: &Docket,
) -> Result<Judged, HookError> {
    let (rule, new) = ("approval.invalid", signed.commit);
    if !law.graph.stands(actor, &signed.key) {
        return deny(name, rule, format!("{} does not stand for {actor}", signed.key), new);
    }
    if let Some(denied) = late(visit, name, rule, document.expire_at, new) {
        return Ok(Err(Box::new(denied)));
    }
    let id: Blake3 = signed.document.id();
    let vote = docket.case(&signed.document.proposal_id).and_then(|case| case.votes.iter().find(|v| v.id == id));
    if let Some(why) = vote.and_then(|vote| vote.void.clone()) {
        return deny(name, rule, why, new);
    }
    let (action, target) = (document.action.clone(), document.target.clone());
    asked(visit, law, name, Verb::Approve, (&action, &target), actor, &signed.key, new)
}

fn late(visit: &Visit, name: &str, rule: &str, end: Timestamp, new: Oid) -> Option<Denial> {
    let why = || format!("the proposal ended {end}, and it is {}", visit.received_at);
    (visit.received_at >= end).then(|| Denial::of(name, rule, why()).at(new).hint("propose it again"))
}

/// What the policy says to it, where a rule names such an act.
#[allow(clippy::too_many_arguments)]
fn asked(
    visit: &Visit,
    law: &mut Law,
    name: &str,
    verb: Verb,
    (action, target): (&str, &str),
    actor: &Actor,
    key: &PublicKey,
    new: Oid,
) -> Result<Judged, HookError> {
    let consents = standing(visit, law)?;
    let Some(policy) = &mut law.policy else { return Ok(Ok(())) };
    if !policy.judge.bundle().names(verb, action) {
        return Ok(Ok(()));
    }
    let mut fields = Map::new();
    fields.insert("actor", actor.as_str());
    fields.insert("key", Value::text(key));
    fields.insert("type", action);
    fields.insert("target", target);
    if let Some(pusher) = &visit.pusher {
        fields.insert("identity", pusher.as_str());
    }
    let intent = Intent::act(verb, fields);
    let told = Told::new(FactsOf::actor(&law.graph, actor, key, Some(&visit.received_at)), consents)?;
    let more = told.of(&intent)?;
    match policy.judge.decide(&intent, more.as_ref().unwrap_or(told.silent()), law.graph.tip())? {
        Judgement::Allowed(_) => Ok(Ok(())),
        Judgement::Refused(decision) => Ok(Err(Box::new(of_decision(name, *decision, &intent).at(new).by(actor, key)))),
    }
}
