use super::denial::{Denial, Judged};
use super::error::HookError;
use super::journal::of_decision;
use super::law::{Law, Policy, no_policy};
use super::updates::Update;
use super::visit::Visit;
use crate::git::{Named, Plane, RefName, Scope};
use crate::id::Oid;
use crate::policy::consent::{Consents, Docket, Found, Hearing, Received, Ruling};
use crate::policy::{Bundle, PolicyError};
use crate::trust::Graph;
use std::sync::Arc;

/// What stands granted here before this push; nothing is read where no rule reads it.
pub(super) fn standing(visit: &Visit, law: &mut Law) -> Result<Option<Arc<Consents>>, HookError> {
    let Some(policy) = &mut law.policy else { return Ok(None) };
    if policy.consents.is_none() {
        policy.consents = granted(visit, &law.graph, policy.judge.bundle())?;
    }
    Ok(policy.consents.clone())
}

/// The same as another bundle reads it.
pub(super) fn granted(visit: &Visit, graph: &Graph, bundle: &Bundle) -> Result<Option<Arc<Consents>>, HookError> {
    if !Consents::are_read(bundle) {
        return Ok(None);
    }
    let docket = Docket::gather(visit.durable.reader(), graph, &accepted(visit)?);
    Ok(Some(Arc::new(Consents::of(&docket, &bundle.governance()?, visit.received_at))))
}

/// What this gate let in: in time, or it had not come in.
fn accepted(visit: &Visit) -> Result<Vec<Found>, HookError> {
    let refs = visit.refs(&Scope::Consents)?.into_iter();
    Ok(refs.map(|(plane, tip)| (RefName::own(plane), tip, Received::InTime)).collect())
}

/// Everything as it would stand after this push.
fn docket(visit: &Visit, graph: &Graph) -> Result<Docket, HookError> {
    let mut found = accepted(visit)?;
    for update in &visit.updates {
        if let (Named::Ours(plane), Some(new), None) = (&update.named, update.new, update.old)
            && plane.is_consent()
        {
            found.retain(|(name, ..)| name.plane != *plane);
            found.push((RefName::own(plane.clone()), new, Received::At(visit.received_at, graph.tip())));
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
    let deny = |denial: Denial| Ok(Err(Box::new(denial.at(new))));
    if update.old.is_some() {
        return deny(Denial::of(name, "ref.exists", "it is there already, and says what it says for good"));
    }
    let consents = standing(visit, law)?;
    let Some(Policy { judge, .. }) = &mut law.policy else {
        return Ok(Err(no_policy(name)));
    };
    if visit.docket.get().is_none() {
        // Nobody else fills it: a push has one thread.
        let _ = visit.docket.set(docket(visit, &law.graph)?);
    }
    let Some(docket) = visit.docket.get() else { return deny(Denial::of(name, "gate.error", "it was not read")) };
    // What the same push names before it stands as well; of two grants in one push neither was accepted first.
    let before = |other: &Plane| {
        let named = |u: &&Update| matches!(&u.named, Named::Ours(plane) if plane == other);
        !matches!(other, Plane::Grant(_)) && visit.updates.iter().take_while(|u| u.name != name).any(|u| named(&u))
    };
    let stood = |other: &Plane| {
        visit.resolve(other.clone()).map(|held| held.is_some() || before(other)).map_err(PolicyError::Consent)
    };
    let mut hearing = Hearing {
        reader: &visit.pushed,
        graph: &law.graph,
        docket,
        received_at: visit.received_at,
        identity: visit.pusher.as_deref(),
        judge,
        consents,
        stood: &stood,
    };
    match hearing.hear(plane, new)? {
        Ruling::Taken => Ok(Ok(())),
        Ruling::Refused { rule, why, hint } => {
            let denial = Denial::of(name, rule, why);
            deny(match hint {
                Some(hint) => denial.hint(hint),
                None => denial,
            })
        }
        Ruling::Denied { decision, intent, actor, key } => deny(of_decision(name, *decision, &intent).by(&actor, &key)),
    }
}
