//! Whether what a gate says of one branch or state joins end to end: a push that begins where none ended took away unseen what
//! the ref held.

use super::Verification;
use crate::git::{Named, Plane};
use crate::id::{Oid, Timestamp};
use crate::node::drive::Watch;
use crate::node::error::NodeError;
use crate::node::past::Past;
use crate::node::receipts::Line;
use crate::node::report::Finding;
use crate::policy::{Demand, Moved, Receipt};
use std::collections::{BTreeMap, HashMap, HashSet};

/// What a receipt says of one ref.
type Said<'a> = (&'a Receipt, &'a Moved);

/// How far each commit is along the chain of trust.
type Places = HashMap<Oid, usize>;

/// What the receipts of a gate say of each branch and state, in their order.
type Refs<'a> = BTreeMap<&'a str, Vec<Said<'a>>>;

impl Verification<'_> {
    /// Names the pushes to branches and states that begin elsewhere than the receipts of their gate had come with the ref. Of
    /// journals and the law it is said where they are read.
    pub(super) fn ends_join(&mut self, watch: Watch<'_>) -> Result<(), NodeError> {
        let mut past = self.past();
        let (mut findings, mut seen) = (Vec::new(), HashSet::new());
        let commits = self.node.graph().commits().iter();
        let trust: Places = commits.enumerate().map(|(place, commit)| (*commit, place)).collect();
        let gates: Vec<(&Line, Refs<'_>)> = self.lines.iter().map(|line| (line, refs(line))).collect();
        for (line, refs) in &gates {
            watch.look()?;
            for (name, said) in refs {
                // This one by another key is another gate.
                let others = gates.iter().filter(|(other, _)| other.name.plane != line.name.plane);
                let others: Vec<Said<'_>> = others.filter_map(|(_, refs)| refs.get(name)).flatten().copied().collect();
                for (n, (receipt, moved)) in loose(said).enumerate() {
                    if came_by_another(&others, moved) || !seen.insert((receipt.commit, &moved.name)) {
                        continue;
                    }
                    if n > 0 {
                        findings.extend(weigh(&mut past, receipt, moved, true)?);
                        continue;
                    }
                    // A ref may be older than the gate, and not than what another gate has told of it.
                    if let Some(before) = self.told_before(&mut past, &trust, &others, (receipt, moved)) {
                        let asked = past.asked_between(&self.policy_age, before, receipt);
                        findings.extend(weigh(&mut past, receipt, moved, asked)?);
                    }
                }
            }
        }
        self.report.findings.extend(findings);
        Ok(())
    }

    /// The last receipt for a ref by other gates before the first by this one, where the ref cannot have stood so before them
    /// all, nor been missing here.
    fn told_before<'a>(
        &self,
        past: &mut Past<'_>,
        trust: &Places,
        others: &[Said<'a>],
        (receipt, moved): Said<'_>,
    ) -> Option<&'a Receipt> {
        let old = moved.old?;
        // A clock may be set back, but to no trust graph that does not let the gate in.
        let time = |(of, moved): &Said<'_>| -> Option<(usize, Timestamp, bool)> {
            Some((*trust.get(&of.trust_root?)?, of.received_at, moved.old.is_some()))
        };
        let now = time(&(receipt, moved));
        let before = others.iter().filter(|of| past.graphs.is_judged(of.0) && time(of) < now);
        let mut before: Vec<Said<'a>> = before.copied().collect();
        before.sort_by_key(time);
        let stood = before.first()?.1.old;
        let is_older = stood.is_some_and(|stood| self.node.reader().is_ancestor(old, stood).unwrap_or(old == stood));
        before.last().filter(|_| !is_older).map(|(last, _)| *last)
    }
}

fn refs(line: &Line) -> Refs<'_> {
    let mut refs = Refs::new();
    for receipt in &line.receipts {
        let joins = |moved: &&Moved| matches!(moved.named, Named::Other | Named::Ours(Plane::State { .. }));
        for moved in receipt.updates.iter().filter(joins) {
            refs.entry(&moved.name).or_default().push((receipt, moved));
        }
    }
    refs
}

/// The pushes that begin where none ended. A receipt may stand before that of the push before it, where that was slow to end, so
/// that their order is not asked.
fn loose<'s, 'a>(said: &'s [Said<'a>]) -> impl Iterator<Item = Said<'a>> + use<'s, 'a> {
    let (mut ends, mut met): (HashMap<Option<Oid>, usize>, HashSet<Option<Oid>>) = Default::default();
    for (_, moved) in said.iter().filter(|(_, moved)| moved.old != moved.new) {
        *ends.entry(moved.new).or_default() += 1;
        met.extend([moved.old, moved.new]);
    }
    let is_loose = move |(_, moved): &Said<'_>| {
        // One that moves nothing brings the ref nowhere, and must be where it came.
        if moved.old == moved.new {
            return met.insert(moved.old);
        }
        match ends.get_mut(&moved.old).filter(|left| **left > 0) {
            Some(left) => {
                *left -= 1;
                false
            }
            None => true,
        }
    };
    said.iter().copied().filter(is_loose)
}

/// Whether another gate says that it brought the ref there.
fn came_by_another(others: &[Said<'_>], moved: &Moved) -> bool {
    moved.old.is_some() && others.iter().any(|(_, other)| other.new == moved.old)
}

/// Where the law of then asked for receipts, nothing may have moved the ref without one.
fn weigh(past: &mut Past<'_>, receipt: &Receipt, moved: &Moved, asked: bool) -> Result<Option<Finding>, NodeError> {
    // Of a receipt that is not judged it was said there.
    if !past.graphs.is_judged(receipt) {
        return Ok(None);
    }
    let asks = asked && past.law(receipt)?.is_ok_and(|law| law.bundle.profile().asks(Demand::Receipts));
    let from = moved.old.map_or("where there was nothing".to_owned(), |old| format!("at {old}"));
    let (gate, seq) = (receipt.gate.actor(), receipt.seq);
    let sentence =
        format!("receipt {seq} of {gate} says that a push began {from}, and no push before it left the ref so");
    let finding = Finding::new(moved.name.as_str(), moved.new.unwrap_or(Oid::ZERO), "receipt.ends", sentence);
    Ok(Some(if asks { finding } else { finding.note() }))
}
