use super::{Verification, revocations};
use crate::git::{Named, Plane, Reader};
use crate::id::{Oid, Timestamp};
use crate::node::asked;
use crate::node::drive::Watch;
use crate::node::error::NodeError;
use crate::node::past::{Again, Law, Past, Place, denied, of_actor};
use crate::node::report::Finding;
use crate::node::tally::{Kind, Tally};
use crate::policy::consent::{Ruling, tell};
use crate::policy::{
    Bundle, Demand, FactsOf, Intent, Judgement, Leave, Moved, Receipt, RefMove, Unseen, Verb, speaks_of, trust_leave,
};
use crate::trust::Graph;
use std::collections::BTreeMap;

impl Verification<'_> {
    /// What accepted pushes moved beside journals and the policy, each again by the law that its receipt names.
    pub(super) fn pushes(&mut self, watch: Watch<'_>) -> Result<(), NodeError> {
        let mut past = self.past();
        let (mut tally, mut findings) = (Tally::default(), Vec::new());
        for place in past.places() {
            watch.look()?;
            let receipt = past.receipt(place);
            for moved in &receipt.updates {
                let Some((kind, again)) = one(self.node.reader(), &mut past, place, &receipt, moved)? else {
                    continue;
                };
                tally.take(kind, &again);
                if let Again::Wrong { rule, why } = again {
                    findings.push(forbidden(&receipt, moved, &rule, &why));
                }
            }
        }
        self.report.findings.extend(findings);
        self.report.again.add(tally);
        Ok(())
    }
}

/// A push that no law of its time allowed.
pub(super) fn forbidden(receipt: &Receipt, moved: &Moved, rule: &str, why: &str) -> Finding {
    let sentence = denied(Some(receipt), rule, why);
    Finding::new(moved.name.as_str(), moved.new.unwrap_or(Oid::ZERO), "push.forbidden", sentence)
}

fn one(
    reader: &Reader,
    past: &mut Past<'_>,
    place: Place,
    receipt: &Receipt,
    moved: &Moved,
) -> Result<Option<(Kind, Again)>, NodeError> {
    let plane = match &moved.named {
        Named::Ours(plane) => plane,
        Named::Other => return branch(past, place, receipt, moved),
        Named::Private | Named::Stranger => {
            return Ok(Some((Kind::Others, Again::wrong("ref.unknown", "a gate takes no ref of such a name"))));
        }
    };
    let Some(new) = moved.new else {
        return Ok(Some((Kind::Others, Again::wrong("ref.delete", "a ref of ours is never deleted"))));
    };
    Ok(match plane {
        Plane::TrustGraph => {
            let revoked = revocations::again(past, place, moved)?;
            revocations::both(trust(past, place, receipt, moved, new)?, revoked).map(|again| (Kind::Trust, again))
        }
        Plane::State { ns } => {
            let again =
                by_transport(past, place, receipt, &asked::checkpoint(receipt, moved, ns, new), &|facts| facts)?;
            let again = match (again, past.law(receipt)?) {
                (Again::Right, Ok(law)) => asked::fold(reader, &law.graph, &law.bundle, receipt, (ns, moved)),
                (again, _) => again,
            };
            revocations::both(Some(asked::descent(reader, moved)), Some(again)).map(|again| (Kind::Checkpoints, again))
        }
        plane if plane.is_consent() => Some((Kind::Consents, consent(past, place, receipt, moved, plane, new)?)),
        Plane::AuditPolicy { .. } | Plane::AuditResolve { .. } => {
            Some((Kind::Others, Again::wrong("ref.server-only", "what the gate records, the gate alone writes")))
        }
        _ => None,
    })
}

fn trust(
    past: &mut Past<'_>,
    place: Place,
    receipt: &Receipt,
    moved: &Moved,
    new: Oid,
) -> Result<Option<Again>, NodeError> {
    let Some(old) = moved.old else { return Ok(None) };
    let (Some(before), Some(after)) = (past.graphs.at(old), past.graphs.at(new)) else {
        return Ok(Some(Again::unknown("trust graphs of another chain")));
    };
    if !after.commits().contains(&old) {
        return Ok(Some(Again::wrong("ref.non-ff", "it does not descend from what stood there")));
    }
    if receipt.policy_root.is_none() {
        return Ok(None);
    }
    let Law { bundle, judge, .. } = match past.law(receipt)? {
        Ok(law) => law,
        Err(again) => return Ok(Some(again)),
    };
    let at = Some(&receipt.received_at);
    let consents = past.consents(place, &bundle, receipt.received_at)?;
    // A push may bring both the end and the return of the gate's right: in between it asked less.
    let barred = |graph: &Graph| receipt.is_barred(graph);
    let leave = match trust_leave(&mut judge.borrow_mut(), &before, &after, at, consents.as_deref(), &barred)? {
        None if !speaks_of(&bundle, Verb::TrustUpdate) => return Ok(None),
        None => return Ok(Some(Again::Right)),
        Some((_, leave)) => leave,
    };
    Ok(Some(match leave {
        Leave::Given => Again::Right,
        Leave::Nobody => Again::wrong("trust.signer", "nobody that trust knew signed it"),
        Leave::Refused { decision, intent, actor, key } => {
            past.refused(place, &intent, &bundle, &of_actor(&actor, &key), &decision)?
        }
    }))
}

/// An act of whoever pushed, whom the transport alone knows.
fn by_transport(
    past: &mut Past<'_>,
    place: Place,
    receipt: &Receipt,
    intent: &Intent<'_>,
    more: &dyn Fn(FactsOf) -> FactsOf,
) -> Result<Again, NodeError> {
    let identity = receipt.identity.as_deref();
    let facts = |graph: &Graph, at: &Timestamp| more(FactsOf::of_transport(graph, identity, at));
    let law = match past.law(receipt)? {
        Ok(law) => law,
        Err(again) => return Ok(again),
    };
    let consents = past.consents(place, &law.bundle, receipt.received_at)?;
    let known = facts(&law.graph, &receipt.received_at);
    let known = tell(consents.as_deref(), known, intent.target().as_deref())?;
    let judgement = law.judge.borrow_mut().decide(intent, &known, law.graph.tip())?;
    let decision = match judgement {
        Judgement::Allowed(_) => return Ok(Again::Right),
        Judgement::Refused(decision) => decision,
    };
    past.refused(place, intent, &law.bundle, &facts, &decision)
}

fn consent(
    past: &mut Past<'_>,
    place: Place,
    receipt: &Receipt,
    moved: &Moved,
    plane: &Plane,
    new: Oid,
) -> Result<Again, NodeError> {
    if moved.old.is_some() {
        return Ok(Again::wrong("ref.exists", "it was there already, and says what it says for good"));
    }
    let bundle = match past.law(receipt)? {
        Ok(law) => law.bundle,
        Err(again) => return Ok(again),
    };
    let ruling = asked::heard(past, place, (plane, new), receipt.received_at, None)?;
    if matches!(ruling, None | Some(Ruling::Taken)) {
        return Ok(ruling.map_or(Again::unknown("proposals, or words about them, that are not here"), |_| Again::Right));
    }
    // The time of a receipt is raised to that of the one before it, and the push was judged a moment earlier.
    if let Some(at) = past.earlier(place)
        && matches!(asked::heard(past, place, (plane, new), at, None)?, Some(Ruling::Taken))
    {
        return Ok(Again::unknown("the second at which it was judged"));
    }
    if let Some(docket) = past.loose_docket(place, true)? {
        let consents = past.loose_consents(place, &bundle, receipt.received_at)?;
        let words = asked::Words { docket: &docket, consents, at: receipt.received_at };
        if matches!(words.hear(past, place, (plane, new), None)?, Some(Ruling::Taken)) {
            return Ok(Again::unknown("when that came in which it needs"));
        }
    }
    Ok(match ruling {
        Some(Ruling::Refused { rule, why, .. }) => Again::wrong(rule, why),
        Some(Ruling::Denied { decision, intent, actor, key }) => {
            past.refused(place, &intent, &bundle, &of_actor(&actor, &key), &decision)?
        }
        None | Some(Ruling::Taken) => Again::Right,
    })
}

/// A branch, a tag, any ref that is not ours: by the profile, then where a rule names it.
fn branch(
    past: &mut Past<'_>,
    place: Place,
    receipt: &Receipt,
    moved: &Moved,
) -> Result<Option<(Kind, Again)>, NodeError> {
    if receipt.policy_root.is_none() {
        return Ok(None);
    }
    let bundle = match past.law(receipt)? {
        Ok(law) => law.bundle,
        Err(again) => return Ok(Some((Kind::Branches, again))),
    };
    let asks = bundle.profile().asks(Demand::FastForward);
    let again = asks.then(|| asked::forward(past.reader(), moved));
    Ok(match again {
        Some(Again::Right) | None if bundle.names(Verb::Push, &moved.name) => {
            Some((Kind::Branches, ruled(past, place, receipt, moved, &bundle)?))
        }
        again => again.map(|again| (Kind::Branches, again)),
    })
}

/// What the rules say that name a branch.
fn ruled(
    past: &mut Past<'_>,
    place: Place,
    receipt: &Receipt,
    moved: &Moved,
    bundle: &Bundle,
) -> Result<Again, NodeError> {
    let unknown = || Ok(Again::unknown("commits that are not here"));
    let moving = RefMove { name: &moved.name, old: moved.old, new: moved.new };
    let (reader, none) = (past.reader(), BTreeMap::new());
    let heads = if moved.old.is_none() { past.heads_before(place) } else { &none };
    let mut heads = heads.iter().map(|(name, tip)| (name.as_str(), *tip));
    let brought = match moving.brought(reader, bundle, &mut heads) {
        Ok(Ok(brought)) => brought,
        Ok(Err(Unseen::NoCommit(_))) => return Ok(Again::wrong("object.type", "it names no commit")),
        // A gate of another version may take more.
        Ok(Err(Unseen::TooMuch { .. })) => return Ok(Again::unknown("more commits or paths than are looked at")),
        Err(_) => return unknown(),
    };
    if let Some((rule, why)) = brought.loses(bundle, moving) {
        return Ok(Again::wrong(rule, why));
    }
    let Some(graph) = receipt.trust_root.and_then(|trust| past.graphs.at(trust)) else { return unknown() };
    let mut fields = asked::by(receipt);
    brought.fields(moving, &graph, &mut fields);
    let intent = Intent::act(Verb::Push, fields);
    let again = by_transport(past, place, receipt, &intent, &|facts| brought.facts(bundle, facts))?;
    Ok(match again {
        // Branches from before the gate have no receipts: what was new then may be less than what seems so now.
        Again::Wrong { .. } if moved.old.is_none() => Again::unknown("what stood beside a new branch"),
        again => again,
    })
}
