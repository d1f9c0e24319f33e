use super::Verification;
use crate::git::{Plane, RefName, Scope};
use crate::id::{Oid, Timestamp};
use crate::node::drive::Watch;
use crate::node::error::NodeError;
use crate::node::past::{Again, Past, Place, denied, of_actor};
use crate::node::receipts::put_back;
use crate::node::report::Finding;
use crate::node::tally::Kind;
use crate::policy::consent::Consents;
use crate::policy::{Bundle, Judge, Leave, Receipt, SignedAct, Verb, bundle_signers, may_sign_now, unrecorded};
use crate::trust::Graph;
use std::collections::HashMap;
use std::sync::Arc;

/// What the walk along the policies knows.
struct Walk {
    /// By which receipts each bundle became active: every gate that received it has given its own, and may have lied.
    covered: HashMap<Oid, Vec<Place>>,
    /// No bundle became active under an older trust graph than the one before it: how far along trust was for each.
    versions: HashMap<Oid, usize>,
    version: usize,
}

impl Verification<'_> {
    /// Whether each bundle could become the active one when it did: signed by whom trust let sign then, and allowed by the
    /// bundle that it replaced.
    pub(super) fn activations(&mut self, watch: Watch<'_>) -> Result<(), NodeError> {
        let mut past = self.past();
        let mut walk = Walk { covered: self.covered(&past), versions: HashMap::new(), version: 0 };
        for (name, tip) in self.node.store().refs(&Scope::Policies)? {
            if name.plane != Plane::PolicyActive {
                continue;
            }
            let Ok(chain) = self.node.store().chain(tip, None, 0) else { continue };
            let mut before: Option<Bundle> = None;
            walk.version = 0;
            for step in chain {
                watch.look()?;
                // What cannot be read was named with the chain.
                let Ok((commit, _)) = step else { break };
                let Ok(bundle) = Bundle::read(self.node.reader(), commit, self.node.graph()) else { break };
                if self.activated.insert(commit) {
                    self.activation(&name, &mut past, &mut walk, before.as_ref(), &bundle)?;
                    walk.versions.insert(commit, walk.version);
                }
                walk.version = walk.versions.get(&commit).copied().unwrap_or(walk.version);
                before = Some(bundle);
            }
        }
        Ok(())
    }

    /// For each bundle the receipts by which it became active. One push may bring several. A way that cannot be walked here was
    /// named with its chain or its receipt.
    fn covered(&self, past: &Past<'_>) -> HashMap<Oid, Vec<Place>> {
        let mut covered: HashMap<Oid, Vec<Place>> = HashMap::new();
        let back = put_back(&self.lines, &Plane::PolicyActive);
        for place in past.places() {
            let given = past.receipt(place);
            // What is only put back became active before, or past the gate.
            if back.contains(&given.commit) {
                continue;
            }
            let moved = given.moved(&Plane::PolicyActive).and_then(|moved| Some((moved.new?, moved.old)));
            let Some((new, old)) = moved else { continue };
            let Ok(chain) = self.node.reader().chain(new, old, 0) else { continue };
            for (commit, _) in chain.map_while(Result::ok) {
                covered.entry(commit).or_default().push(place);
            }
        }
        covered
    }

    fn activation(
        &mut self,
        name: &RefName,
        past: &mut Past<'_>,
        walk: &mut Walk,
        before: Option<&Bundle>,
        bundle: &Bundle,
    ) -> Result<(), NodeError> {
        let signers = bundle_signers(self.node.reader(), bundle.commit())?;
        let change = Change { before, bundle, signers: &signers };
        let places = walk.covered.get(&bundle.commit()).map(Vec::as_slice).unwrap_or_default();
        // A server that has no policy asks none of those that are brought to it. It must not be the way round what the one before
        // forbids, where that stood elsewhere and no gate was asked.
        let is_first = |receipt: &Receipt| receipt.moved(&Plane::PolicyActive).is_some_and(|moved| moved.old.is_none());
        let unasked = places.iter().all(|place| is_first(&past.receipt(*place)));
        let before_it = before.and_then(|before| walk.covered.get(&before.commit())).filter(|_| unasked);
        let stood = |at: &Place| before_it.is_some_and(|places| places.iter().any(|of| of.history != at.history));
        let mut all = Vec::new();
        for place in places {
            let receipt = past.receipt(*place);
            let first = is_first(&receipt);
            all.push((Some(receipt), change.by_receipt(past, *place, first, !first || stood(place))?));
        }
        let kind = if all.is_empty() { Kind::Undated } else { Kind::Activations };
        if all.is_empty() {
            all.push((None, change.by_any(self, past, &mut walk.version)?));
        }
        // It stood by then, whichever gate had it first.
        let far = |root: Oid| self.node.graph().commits().iter().position(|commit| *commit == root);
        let first = all.iter().filter_map(|(receipt, _)| far(receipt.as_ref()?.trust_root?)).min();
        walk.version = walk.version.max(first.unwrap_or(0));
        // It is counted once, and as judged only where nothing was missing.
        let weight = |again: &Again| (matches!(again, Again::Wrong { .. }), matches!(again, Again::Unknown(_)));
        if let Some((_, worst)) = all.iter().max_by_key(|(_, again)| weight(again)) {
            self.report.again.take(kind, worst);
        }
        for (receipt, again) in all {
            let Again::Wrong { rule, why } = again else { continue };
            let sentence = denied(receipt.as_deref(), &rule, &why);
            self.report.findings.push(Finding::new(name.to_string(), bundle.commit(), "policy.forbidden", sentence));
        }
        Ok(())
    }
}

/// One bundle that took the place of another.
struct Change<'a> {
    before: Option<&'a Bundle>,
    bundle: &'a Bundle,
    signers: &'a [crate::id::PublicKey],
}

impl Change<'_> {
    fn unsigned() -> Again {
        Again::wrong("policy.signer", "nobody signed it whom trust let sign then")
    }

    fn asked(
        &self,
        graph: &Graph,
        judge: &mut Judge,
        at: Option<&Timestamp>,
        consents: Option<&Consents>,
    ) -> Result<Leave, NodeError> {
        let target = self.bundle.id().to_string();
        let act = SignedAct {
            verb: Verb::PolicyActivate,
            target: &target,
            signers: self.signers,
            graph,
            received_at: at,
            consents,
        };
        Ok(act.judge(judge)?)
    }

    /// As the gate judged it.
    fn by_receipt(&self, past: &mut Past<'_>, place: Place, first: bool, asked: bool) -> Result<Again, NodeError> {
        let receipt = past.receipt(place);
        let Some(graph) = receipt.trust_root.and_then(|root| past.graphs.at(root)) else {
            return Ok(Again::unknown("trust graphs of another chain"));
        };
        let moved = receipt.moved(&Plane::PolicyActive);
        // The first push of law brings a chain of it, which was signed under many versions; what becomes active by it is the last.
        let signed = match first && moved.is_some_and(|moved| moved.new != Some(self.bundle.commit())) {
            true => Bundle::read(past.reader(), self.bundle.commit(), &graph).is_ok(),
            false => may_sign_now(&graph, self.signers, Some(&receipt.received_at)),
        };
        if !signed {
            return Ok(Change::unsigned());
        }
        let Some(before) = self.before.filter(|_| asked) else { return Ok(Again::Right) };
        let at = receipt.received_at;
        let consents = past.consents(place, before, at)?;
        let judge = past.judge(before);
        let leave = self.asked(&graph, &mut judge.borrow_mut(), Some(&at), consents.as_deref())?;
        match leave {
            Leave::Given => Ok(Again::Right),
            Leave::Nobody => Ok(Change::unsigned()),
            Leave::Refused { decision, intent, actor, key } => {
                past.refused(place, &intent, before, &of_actor(&actor, &key), &decision)
            }
        }
    }

    /// Without a receipt nobody tells when it was: some trust graph must have let it be, none older than that of the bundle
    /// before it.
    fn by_any(&self, of: &Verification<'_>, past: &mut Past<'_>, from: &mut usize) -> Result<Again, NodeError> {
        let consents = match self.before {
            Some(before) => of.node.consents(before)?.map(Arc::new),
            None => None,
        };
        let mut judge = self.before.map(|before| Judge::new(before.clone(), None));
        let mut last = Change::unsigned();
        for (version, commit) in of.node.graph().commits().iter().enumerate().skip(*from) {
            let Some(graph) = past.graphs.at(*commit).filter(|graph| may_sign_now(graph, self.signers, None)) else {
                continue;
            };
            let leave = match &mut judge {
                Some(judge) => self.asked(&graph, judge, None, consents.as_deref())?,
                None => Leave::Given,
            };
            match leave {
                Leave::Given => {
                    *from = version;
                    return Ok(Again::Right);
                }
                Leave::Nobody => {}
                Leave::Refused { decision, .. } => last = Again::wrong(&decision.rule, decision.reason),
            }
        }
        match self.before {
            Some(before) if unrecorded(before, Verb::PolicyActivate, None).is_some() => {
                Ok(Again::unknown("when it was, for there is no receipt"))
            }
            _ => Ok(last),
        }
    }
}
