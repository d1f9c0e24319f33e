use super::{MovedRef, ROUNDS, RefusedPush, Run};
use crate::git::{Denial, Git, Peer, Plane, Pushed, RefName, Said, denials, pushed};
use crate::id::Oid;
use crate::node::{Node, NodeError};
use std::collections::HashMap;

/// Most refs of one push: a gate takes no more.
const REFS_MAX: usize = 1_000;
/// The rule of a gate by which events come too late.
const LATE: &str = "event.late";
/// The rules of a gate by which something is there already, and was not when the push began.
const TAKEN: [&str; 2] = ["ref.exists", "ref.moved"];

/// An own ref that goes beyond what the remote holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Want {
    pub plane: Plane,
    pub new: Oid,
    /// What the remote holds.
    pub old: Option<Oid>,
}

impl Want {
    fn name(&self) -> String {
        RefName::own(self.plane.clone()).to_string()
    }

    fn args(&self) -> Vec<String> {
        let name = self.name();
        let leased = matches!(self.plane, Plane::PolicyActive | Plane::PolicyBundle(_) | Plane::State { .. });
        let lease = leased.then(|| {
            let old = self.old.map_or(String::new(), |old| old.to_string());
            format!("--force-with-lease={name}:{old}")
        });
        lease.into_iter().chain([format!("{}:{name}", self.new)]).collect()
    }
}

/// What became of the refs of some pushes.
#[derive(Default)]
pub(super) struct Told {
    pub accepted: Vec<Want>,
    pub refused: Vec<(Want, RefusedPush)>,
}

impl Run<'_> {
    /// Trust first, for by it the policy is judged, and by both everything else. To a remote without a policy both come
    /// together: between the two anybody could bring an older one.
    pub(super) fn push_law(&mut self, node: &Node) -> Result<(), NodeError> {
        let is_trust = |plane: &Plane| *plane == Plane::TrustGraph;
        let is_policy = |plane: &Plane| matches!(plane, Plane::PolicyActive | Plane::PolicyBundle(_));
        if self.remote_value(&Plane::PolicyActive).is_none() {
            let wants = self.wanted(node, &|plane| is_trust(plane) || is_policy(plane))?;
            let mut told = self.push("pushing law", wants)?;
            // A gate that gives receipts only by the trust that came takes the policy behind it.
            let trusted = told.accepted.iter().any(|want| is_trust(&want.plane));
            let again = if trusted { std::mem::take(&mut told.refused) } else { Vec::new() };
            self.settle(told);
            let behind = self.push("pushing policies", again.into_iter().map(|(want, _)| want).collect())?;
            self.settle(behind);
            return Ok(());
        }
        self.push_plane(node, "pushing trust", &is_trust)?;
        self.push_plane(node, "pushing policies", &is_policy)
    }

    /// Proposals, approvals, grants and their end.
    pub(super) fn push_consents(&mut self, mut node: Node) -> Result<Node, NodeError> {
        let consents = |plane: &Plane| plane.is_consent();
        let wants = self.wanted(&node, &consents)?;
        let mut told = self.push("pushing proposals", wants)?;
        // Somebody else's grant of the same proposal was accepted meanwhile.
        let taken =
            |(_, refused): &(Want, RefusedPush)| refused.rule.as_deref().is_some_and(|rule| TAKEN.contains(&rule));
        if self.is_authority && told.refused.iter().any(taken) {
            self.fetch()?;
            node = self.reopen(node)?;
            self.adopt_grants(&node)?;
            let own = self.own()?;
            let others = told.refused.into_iter().filter(|refused| !taken(refused));
            // What this clone has let go of is refused no more.
            let others: Vec<_> = others.filter(|(want, _)| own.contains(&(want.plane.clone(), want.new))).collect();
            let refused = |plane: &Plane| others.iter().any(|(want, _)| want.plane == *plane);
            let wants = self.wanted(&node, &|plane| plane.is_consent() && !refused(plane))?;
            let second = self.push("pushing proposals", wants)?;
            told.accepted.extend(second.accepted);
            told.refused = others.into_iter().chain(second.refused).collect();
        }
        self.settle(told);
        Ok(node)
    }

    /// Whatever else this clone owns. Its decisions and sessions are nobody else's.
    pub(super) fn push_others(&mut self, node: &Node) -> Result<(), NodeError> {
        self.push_plane(node, "pushing the rest", &|plane| {
            !matches!(
                plane,
                Plane::TrustGraph
                    | Plane::PolicyActive
                    | Plane::PolicyBundle(_)
                    | Plane::Journal { .. }
                    | Plane::State { .. }
                    | Plane::AuditPolicy { .. }
                    | Plane::AuditResolve { .. }
                    | Plane::Session { .. }
            ) && !plane.is_consent()
        })
    }

    fn push_plane(&mut self, node: &Node, what: &str, which: &dyn Fn(&Plane) -> bool) -> Result<(), NodeError> {
        let wants = self.wanted(node, which)?;
        let told = self.push(what, wants)?;
        self.settle(told);
        Ok(())
    }

    /// Journals; what the gate finds late is sealed anew and pushed again.
    pub(super) fn push_journals(&mut self, mut node: Node) -> Result<Node, NodeError> {
        for round in 1.. {
            let wants = self.wanted(&node, &|plane| matches!(plane, Plane::Journal { .. }))?;
            let mut told = self.push("pushing journals", wants)?;
            let may_seal = self.is_authority && round < ROUNDS;
            let is_late = |refused: &RefusedPush| may_seal && refused.rule.as_deref() == Some(LATE);
            let (late, refused) = told.refused.into_iter().partition(|(_, refused)| is_late(refused));
            told.refused = refused;
            self.settle(told);
            if late.is_empty() {
                break;
            }
            self.fetch()?;
            node = self.reopen(node)?;
            if !self.seal_anew(&node, late)? {
                break;
            }
        }
        Ok(node)
    }

    /// The own refs of some planes that go beyond what the remote holds.
    pub(super) fn wanted(&mut self, node: &Node, which: &dyn Fn(&Plane) -> bool) -> Result<Vec<Want>, NodeError> {
        let mut wants = Vec::new();
        for (plane, tip) in self.own()? {
            if !which(&plane) || self.seen.rewritten.contains(&plane) {
                continue;
            }
            let old = self.remote_value(&plane);
            let Some(new) = self.counting(node, &plane, tip, old)? else { continue };
            if let Some(old) = old {
                if old == new || self.store.is_ancestor(new, old)? {
                    continue;
                }
                if !self.store.is_ancestor(old, new)? {
                    self.apart(&plane, new, old);
                    continue;
                }
            }
            wants.push(Want { plane, new, old });
        }
        Ok(wants)
    }

    /// What of an own ref may be pushed: of a journal whose key was revoked, what counts of it.
    fn counting(&mut self, node: &Node, plane: &Plane, tip: Oid, old: Option<Oid>) -> Result<Option<Oid>, NodeError> {
        let Plane::Journal { ns, writer } = plane else { return Ok(Some(tip)) };
        let held = |old: Oid| old == tip || self.store.is_ancestor(tip, old).unwrap_or(false);
        if !node.is_voided(writer) || old.is_some_and(held) {
            return Ok(Some(tip));
        }
        let (new, good) = node.good_part(ns, writer, tip)?;
        if new != Some(tip) {
            let name = RefName::own(plane.clone());
            let good =
                good.map_or("none of its events counts".to_owned(), |seq| format!("its events count up to {seq}"));
            let notice = format!("the key of {name} was revoked: {good}, and what is void is not pushed");
            self.done.notices.push(notice);
        }
        Ok(new)
    }

    fn apart(&mut self, plane: &Plane, new: Oid, old: Oid) {
        // Bundles of one name say the same; the authority's trust and policy were looked at before.
        let told = match plane {
            Plane::PolicyBundle(_) => true,
            Plane::TrustGraph | Plane::PolicyActive => self.is_authority,
            _ => false,
        };
        if !told {
            let name = RefName::own(plane.clone());
            self.alarm(format!(
                "{name} is {new} here and {old} at {}, and neither descends from the other; look: git gatos verify",
                self.remote
            ));
        }
    }

    pub(super) fn settle(&mut self, told: Told) {
        let moved = told.accepted.into_iter().map(|want| MovedRef { name: want.name(), new: want.new });
        self.done.pushed.extend(moved);
        self.done.refused.extend(told.refused.into_iter().map(|(_, refused)| refused));
    }

    /// Pushes refs, so many at a time. Where a remote refuses a push as a whole, what it named is taken out, or each ref is
    /// tried alone: one bad ref does not hold the others.
    pub(super) fn push(&mut self, what: &str, wants: Vec<Want>) -> Result<Told, NodeError> {
        let mut told = Told::default();
        if wants.is_empty() {
            return Ok(told);
        }
        self.progress.begin(what, Some(wants.len() as u64));
        let mut batches: Vec<Vec<Want>> = wants.chunks(REFS_MAX).map(<[Want]>::to_vec).rev().collect();
        while let Some(batch) = batches.pop() {
            let before = told.accepted.len() + told.refused.len();
            match self.go_on().and_then(|()| self.push_once(batch, &mut told)) {
                Ok(again) => batches.extend(again),
                Err(e) => {
                    // What the remote has taken is told also where this goes no further.
                    self.settle(told);
                    return Err(e);
                }
            }
            self.progress.advance((told.accepted.len() + told.refused.len() - before) as u64);
        }
        self.progress.end();
        Ok(told)
    }

    /// One push; gives back what is to be tried again, in batches.
    fn push_once(&mut self, batch: Vec<Want>, told: &mut Told) -> Result<Vec<Vec<Want>>, NodeError> {
        let alone = batch.len() == 1;
        let args = ["push", "--porcelain", "--no-follow-tags", "--recurse-submodules=no"];
        let refs = batch.iter().flat_map(Want::args);
        let all = args.map(String::from).into_iter().chain([self.remote.to_string()]).chain(refs);
        let ended = Git::new(&self.store).args(all).end()?;
        let lines = pushed(&ended.output.stdout);
        if lines.is_empty() {
            self.go_on()?;
            let peer = Peer::pushed(self.store.reader(), &self.remote.to_string())?;
            return Err(peer.failure("push to", &ended).into());
        }
        let mut said: HashMap<String, Said> = lines.into_iter().map(|Pushed { name, said }| (name, said)).collect();
        let (denials, others) = denials(&ended.output.stderr);
        let mut again = Vec::new();
        for want in batch {
            let name = want.name();
            match said.remove(&name) {
                Some(Said::Accepted | Said::Same) => told.accepted.push(want),
                Some(Said::Kept(reason)) => told.refused.push((want, refusal(&name, reason, None, &others))),
                Some(Said::Refused(reason)) => match denials.iter().find(|denial| denial.name == name) {
                    Some(denial) => told.refused.push((want, refusal(&name, reason, Some(denial), &others))),
                    None if alone => told.refused.push((want, refusal(&name, reason, denials.first(), &others))),
                    None => again.push(want),
                },
                None => told.refused.push((want, refusal(&name, "git says nothing of it".into(), None, &others))),
            }
        }
        // Where nothing was named, it is found out one by one.
        let named = denials.iter().any(|denial| told.refused.iter().any(|(want, _)| want.name() == denial.name));
        Ok(match named {
            true if !again.is_empty() => vec![again],
            true => Vec::new(),
            false => again.into_iter().rev().map(|want| vec![want]).collect(),
        })
    }
}

fn refusal(name: &str, reason: String, denial: Option<&Denial>, others: &[String]) -> RefusedPush {
    let said = denial.map_or_else(|| others.to_vec(), |denial| denial.lines.clone());
    RefusedPush { name: name.to_owned(), rule: denial.and_then(|d| d.rule.clone()), reason, said }
}
