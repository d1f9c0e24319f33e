use super::received::in_time;
use super::{Change, Trial};
use crate::canon::Map;
use crate::git::{Named, Plane};
use crate::id::{Ns, Oid, Timestamp};
use crate::node::asked;
use crate::node::error::NodeError;
use crate::node::past::{Again, Place, of_actor};
use crate::policy::consent::Ruling;
use crate::policy::{
    Bundle, Decision, Demand, Facts, FactsOf, Leave, Moved, PolicyError, Receipt, Replayed, SignedAct, Verb,
    bundle_signers, trust_leave,
};
use crate::trust::Graph;

/// What a policy is asked about an accepted push, and what the candidate says.
type Asked = (Verb, Replayed);

fn unknown(what: &str) -> Replayed {
    Replayed::Unknown(what.to_owned())
}

impl Trial<'_> {
    /// What accepted pushes moved beside journals.
    pub(super) fn pushes<E: From<NodeError>>(
        &mut self,
        show: &mut dyn FnMut(Change) -> Result<(), E>,
    ) -> Result<(), E> {
        for (at, place) in in_time(&self.past) {
            if !self.counts(at) {
                continue;
            }
            let receipt = self.past.receipt(place);
            let who = receipt.identity.as_deref().unwrap_or("-");
            for moved in &receipt.updates {
                let Some((verb, replayed)) = self.update(place, &receipt, moved)? else { continue };
                let Some(now) = self.replay.count(replayed) else { continue };
                let act = format!("{who} {verb} {}", moved.name);
                let was = ("allow".to_owned(), "-".to_owned());
                show(Change { id: receipt.commit.to_string(), at, act, was, now })?;
            }
        }
        Ok(())
    }

    fn update(&mut self, place: Place, receipt: &Receipt, moved: &Moved) -> Result<Option<Asked>, NodeError> {
        let (plane, new) = match (&moved.named, moved.new) {
            (Named::Other, _) => return Ok(Some((Verb::Push, self.branch(moved)?))),
            (Named::Ours(plane), Some(new)) => (plane, new),
            // No policy is asked about what no gate takes.
            _ => return Ok(Some((Verb::Push, Replayed::Same))),
        };
        Ok(match plane {
            // Of these each event was judged.
            Plane::Journal { .. } => None,
            Plane::TrustGraph => Some((Verb::TrustUpdate, self.trust(place, receipt, moved, new)?)),
            Plane::PolicyActive => Some((Verb::PolicyActivate, self.activation(place, receipt, moved, new)?)),
            Plane::State { ns } => Some((Verb::StateCheckpoint, self.checkpoint(place, receipt, moved, (ns, new))?)),
            Plane::Approval { .. } => Some((Verb::Approve, self.consent(place, receipt, moved, plane)?)),
            plane if plane.is_consent() => Some((Verb::Propose, self.consent(place, receipt, moved, plane)?)),
            _ => Some((Verb::Push, Replayed::Same)),
        })
    }

    /// A branch, a tag, any ref that is not ours.
    fn branch(&self, moved: &Moved) -> Result<Replayed, NodeError> {
        let asked = self.bundle.profile().asks(Demand::FastForward);
        let again = if asked { asked::forward(self.past.reader(), moved) } else { Again::Right };
        Ok(match again {
            Again::Right if self.bundle.names(Verb::Push, &moved.name) => {
                unknown("commits and paths of an accepted push")
            }
            again => self.checked(again)?,
        })
    }

    /// What came of a check that is no rule.
    fn checked(&self, again: Again) -> Result<Replayed, PolicyError> {
        Ok(match again {
            Again::Right => Replayed::Same,
            Again::Unknown(what) => Replayed::Unknown(what),
            Again::Wrong { rule, why } => {
                let roots = (self.bundle.commit(), Oid::ZERO);
                Replayed::Changed(Decision::denied(&rule, why, None, &Facts::new(Map::new())?, roots).into())
            }
        })
    }

    fn trust(&mut self, place: Place, receipt: &Receipt, moved: &Moved, new: Oid) -> Result<Replayed, NodeError> {
        // The first graph of all is judged by nobody.
        let Some(old) = moved.old else { return Ok(Replayed::Same) };
        let (Some(before), Some(after)) = (self.past.graphs.at(old), self.past.graphs.at(new)) else {
            return Ok(unknown("trust graphs of another chain"));
        };
        let at = receipt.received_at;
        let consents = self.past.consents(place, &self.bundle, at)?;
        let (judge, at) = (self.candidate.judge(), Some(&at));
        let barred = |graph: &Graph| receipt.is_barred(graph);
        let leave = trust_leave(judge, &before, &after, at, consents.as_deref(), &barred)?;
        self.leave(place, leave.map_or(Leave::Given, |(_, leave)| leave))
    }

    /// Each bundle that a push made active, as if the candidate had stood before it.
    fn activation(&mut self, place: Place, receipt: &Receipt, moved: &Moved, new: Oid) -> Result<Replayed, NodeError> {
        let Some(graph) = receipt.trust_root.and_then(|trust| self.past.graphs.at(trust)) else {
            return Ok(unknown("trust graphs of another chain"));
        };
        let (reader, at) = (self.past.reader(), receipt.received_at);
        let Ok(chain) = reader.chain(new, moved.old, 0) else { return Ok(unknown("policies that are not here")) };
        let consents = self.past.consents(place, &self.bundle, at)?;
        // The first policy of all is judged by nobody.
        for step in chain.skip(usize::from(moved.old.is_none())) {
            let Ok((commit, _)) = step else { return Ok(unknown("policies that are not here")) };
            let Ok(bundle) = Bundle::read(reader, commit, self.node.graph()) else {
                return Ok(unknown("policies that are not here"));
            };
            let (target, signers) = (bundle.id().to_string(), bundle_signers(reader, commit)?);
            let act = SignedAct {
                verb: Verb::PolicyActivate,
                target: &target,
                signers: &signers,
                graph: &graph,
                received_at: Some(&at),
                consents: consents.as_deref(),
            };
            let leave = act.judge(self.candidate.judge())?;
            match self.leave(place, leave)? {
                Replayed::Same => {}
                other => return Ok(other),
            }
        }
        Ok(Replayed::Same)
    }

    fn leave(&mut self, place: Place, leave: Leave) -> Result<Replayed, NodeError> {
        Ok(match leave {
            Leave::Given => Replayed::Same,
            Leave::Nobody => unknown("who signed an accepted act"),
            Leave::Refused { decision, intent, actor, key } => {
                self.certain(place, &intent, &of_actor(&actor, &key), Replayed::Changed(decision))?
            }
        })
    }

    fn checkpoint(
        &mut self,
        place: Place,
        receipt: &Receipt,
        moved: &Moved,
        (ns, new): (&Ns, Oid),
    ) -> Result<Replayed, NodeError> {
        let Some(graph) = receipt.trust_root.and_then(|trust| self.past.graphs.at(trust)) else {
            return Ok(unknown("trust graphs of another chain"));
        };
        let identity = receipt.identity.as_deref();
        let facts = |graph: &Graph, at: &Timestamp| FactsOf::of_transport(graph, identity, at);
        let intent = asked::checkpoint(receipt, moved, ns, new);
        let known = facts(&graph, &receipt.received_at).facts()?;
        let replayed = self.candidate.accepted(&intent, &known, graph.tip())?;
        match self.certain(place, &intent, &facts, replayed)? {
            Replayed::Same => {
                let again = asked::fold(self.past.reader(), &graph, &self.bundle, receipt, (ns, moved));
                Ok(self.checked(again)?)
            }
            other => Ok(other),
        }
    }

    fn consent(
        &mut self,
        place: Place,
        receipt: &Receipt,
        moved: &Moved,
        plane: &Plane,
    ) -> Result<Replayed, NodeError> {
        let (None, Some(new)) = (moved.old, moved.new) else { return Ok(Replayed::Same) };
        let at = receipt.received_at;
        let ruling = asked::heard(&mut self.past, place, (plane, new), at, Some(self.candidate.judge()))?;
        Ok(match ruling {
            None => unknown("proposals, or words about them, that are not here"),
            Some(Ruling::Taken) => Replayed::Same,
            // Of its refusals that are no rules this one alone hangs on the bundle.
            Some(Ruling::Refused { rule: rule @ "proposal.ttl", why, .. }) => self.checked(Again::wrong(rule, why))?,
            Some(Ruling::Refused { .. }) => Replayed::Same,
            Some(Ruling::Denied { decision, intent, actor, key }) => {
                self.certain(place, &intent, &of_actor(&actor, &key), Replayed::Changed(decision))?
            }
        })
    }
}
