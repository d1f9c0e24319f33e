//! Whether what a gate says of one branch or state joins end to end: a push that begins where none ended took away unseen what
//! the ref held.

use super::Verification;
use crate::git::{Named, Plane};
use crate::id::Oid;
use crate::node::drive::Watch;
use crate::node::error::NodeError;
use crate::node::past::Past;
use crate::node::receipts::Line;
use crate::node::report::Finding;
use crate::policy::{Demand, Moved, Receipt};
use std::collections::{BTreeMap, HashMap, HashSet};

/// What a receipt says of one ref.
type Said<'a> = (&'a Receipt, &'a Moved);

impl Verification<'_> {
    /// Names the pushes to branches and states that begin elsewhere than the receipts of their gate had come with the ref. Of
    /// journals and the law it is said where they are read.
    pub(super) fn ends_join(&mut self, watch: Watch<'_>) -> Result<(), NodeError> {
        let mut past = self.past();
        let (mut findings, mut seen) = (Vec::new(), HashSet::new());
        for line in &self.lines {
            watch.look()?;
            for (receipt, moved) in refs(line).into_values().flat_map(loose) {
                if seen.insert((receipt.commit, &moved.name)) && !came_by_another(&self.lines, line, moved) {
                    findings.extend(weigh(&mut past, receipt, moved)?);
                }
            }
        }
        self.report.findings.extend(findings);
        Ok(())
    }
}

/// What the receipts of a gate say of each branch and state, in their order.
fn refs(line: &Line) -> BTreeMap<&str, Vec<Said<'_>>> {
    let mut refs: BTreeMap<&str, Vec<Said<'_>>> = BTreeMap::new();
    for receipt in &line.receipts {
        let joins = |moved: &&Moved| matches!(moved.named, Named::Other | Named::Ours(Plane::State { .. }));
        for moved in receipt.updates.iter().filter(joins) {
            refs.entry(&moved.name).or_default().push((receipt, moved));
        }
    }
    refs
}

/// The pushes that begin where none ended, but for the first of them: a ref may be older than the gate. A receipt may stand
/// before that of the push before it, where that was slow to end, so that their order is not asked.
fn loose(said: Vec<Said<'_>>) -> Vec<Said<'_>> {
    let (mut ends, mut met): (HashMap<Option<Oid>, usize>, HashSet<Option<Oid>>) = Default::default();
    for (_, moved) in said.iter().filter(|(_, moved)| moved.old != moved.new) {
        *ends.entry(moved.new).or_default() += 1;
        met.extend([moved.old, moved.new]);
    }
    let is_loose = |(_, moved): &Said<'_>| {
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
    said.into_iter().filter(is_loose).skip(1).collect()
}

/// Whether another gate, or this one by another key, says that it brought the ref there.
fn came_by_another(lines: &[Line], line: &Line, moved: &Moved) -> bool {
    let others = lines.iter().filter(|other| other.name.plane != line.name.plane);
    let mut updates = others.flat_map(|other| &other.receipts).flat_map(|receipt| &receipt.updates);
    moved.old.is_some() && updates.any(|other| other.new == moved.old && other.name == moved.name)
}

/// Where the law of then asked for receipts, nothing may have moved the ref without one.
fn weigh(past: &mut Past<'_>, receipt: &Receipt, moved: &Moved) -> Result<Option<Finding>, NodeError> {
    // Of a receipt that is not judged it was said there.
    if !past.graphs.is_judged(receipt) {
        return Ok(None);
    }
    let asks = past.law(receipt)?.is_ok_and(|law| law.bundle.profile().asks(Demand::Receipts));
    let from = moved.old.map_or("where there was nothing".to_owned(), |old| format!("at {old}"));
    let (gate, seq) = (receipt.gate.actor(), receipt.seq);
    let sentence =
        format!("receipt {seq} of {gate} says that a push began {from}, and no push before it left the ref so");
    let finding = Finding::new(moved.name.as_str(), moved.new.unwrap_or(Oid::ZERO), "receipt.ends", sentence);
    Ok(Some(if asks { finding } else { finding.note() }))
}
