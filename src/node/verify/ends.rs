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
                // What nobody let give receipts excuses nothing.
                let others = others.filter_map(|(_, refs)| refs.get(name)).flatten().copied();
                let others: Vec<Said<'_>> = others.filter(|(of, _)| past.graphs.is_judged(of)).collect();
                for (n, (receipt, moved)) in loose(said).enumerate() {
                    let copied = gates.len() > 1 && self.came_by_copy(&others, said, (receipt, moved));
                    if copied || !seen.insert((receipt.commit, &moved.name)) {
                        continue;
                    }
                    if n > 0 || !is_first(said, (receipt, moved)) {
                        findings.extend(weigh(&mut past, receipt, moved, true)?);
                        continue;
                    }
                    // A ref may be older than the gate, and not than what another gate has told of it.
                    if let Some(before) = self.told_before(&trust, &others, (receipt, moved)) {
                        let asked = past.asked_between(&self.policy_age, before, receipt);
                        findings.extend(weigh(&mut past, receipt, moved, asked)?);
                    }
                }
            }
        }
        self.report.findings.extend(findings);
        Ok(())
    }

    /// Whether a copy may have brought a ref to where a push begins: some gate had brought it there, and a copy takes no ref
    /// back from where this gate had left it.
    fn came_by_copy(&self, others: &[Said<'_>], said: &[Said<'_>], (receipt, moved): Said<'_>) -> bool {
        let Some(old) = moved.old else { return false };
        let before = said.iter().take_while(|(of, _)| of.commit != receipt.commit);
        let brought = others.iter().chain(before.clone()).any(|(_, of)| of.new == Some(old));
        let reader = self.node.reader();
        brought
            && before.last().and_then(|(_, last)| last.new).is_none_or(|left| {
                // Of what is here its history is here too; of what is not nobody can tell.
                reader.is_ancestor(left, old).unwrap_or(!reader.contains(old))
            })
    }

    /// The last receipt for a ref by other gates before the first by this one, where the ref cannot have stood so before them
    /// all, nor been missing here.
    fn told_before<'a>(&self, trust: &Places, others: &[Said<'a>], (receipt, moved): Said<'_>) -> Option<&'a Receipt> {
        let old = moved.old?;
        // A clock may be set back, but to no trust graph that does not let the gate in.
        let time = |(of, moved): &Said<'_>| -> Option<(usize, Timestamp, bool)> {
            Some((*trust.get(&of.trust_root?)?, of.received_at, moved.old.is_some()))
        };
        let now = time(&(receipt, moved));
        let before = others.iter().filter(|of| time(of) < now);
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

/// Whether a push is the first for its ref: it begins where the first receipt does, or was received with that, which another
/// may have overtaken. Whatever begins elsewhere later was not there before the gate.
fn is_first(said: &[Said<'_>], (receipt, moved): Said<'_>) -> bool {
    said.first().is_none_or(|(first, begun)| moved.old == begun.old || receipt.received_at <= first.received_at)
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
