//! Whether the owners of keys ended them as their journals stood: to take back what was accepted is for the roots.

use crate::git::{Plane, Scope};
use crate::id::{Cid, Ns, Oid, PublicKey, Writer};
use crate::ledger::{Origin, Spot};
use crate::node::error::NodeError;
use crate::node::past::{Again, Past, Place};
use crate::node::window::journal_name;
use crate::policy::Moved;
use crate::trust::{Graph, Target};
use std::collections::{BTreeMap, HashSet};

/// What revocations say of the journals of a key, and what a gate had accepted of them.
struct Ends<'a> {
    key: PublicKey,
    from: &'a BTreeMap<Writer, Vec<Cid>>,
    accepted: BTreeMap<(Ns, Writer), Oid>,
}

/// Judges the revocations that a change of trust brought and no roots signed; none where it brought no such thing.
pub(super) fn again(past: &mut Past<'_>, place: Place, moved: &Moved) -> Result<Option<Again>, NodeError> {
    let (Some(old), Some(new)) = (moved.old, moved.new) else { return Ok(None) };
    // Of graphs that are not here it was said with the change.
    let (Some(before), Some(after)) = (past.graphs.at(old), past.graphs.at(new)) else { return Ok(None) };
    let none = BTreeMap::new();
    let mut said = None;
    for (statement, revocation) in after.revocations() {
        let Target::Key(key) = revocation.target else { continue };
        if statement.by_roots || before.commits().contains(&statement.commit) {
            continue;
        }
        let accepted = accepted(past, place, &after, &key);
        let ends = Ends { key, from: revocation.from.as_ref().unwrap_or(&none), accepted };
        said = both(said, Some(ends.hold(past, &after)?));
    }
    Ok(said)
}

/// Of two words about one change the worse one.
pub(super) fn both(one: Option<Again>, other: Option<Again>) -> Option<Again> {
    match (one, other) {
        (None | Some(Again::Right), Some(other)) => Some(other),
        (Some(Again::Unknown(_)), Some(wrong @ Again::Wrong { .. })) => Some(wrong),
        (one, _) => one,
    }
}

/// How far a gate had accepted each journal of a key, with what came in the same push.
fn accepted(past: &Past<'_>, place: Place, graph: &Graph, key: &PublicKey) -> BTreeMap<(Ns, Writer), Oid> {
    let mut tips: BTreeMap<(Ns, Writer), Oid> = BTreeMap::new();
    let receipts = &past.histories[place.history].receipts[..=place.receipt];
    for moved in receipts.iter().flat_map(|receipt| &receipt.updates) {
        if let (Some(Plane::Journal { ns, writer }), Some(new)) = (moved.plane(), moved.new)
            && graph.is_writer(writer, key)
        {
            let held = tips.entry((ns.clone(), writer.clone())).or_insert(new);
            // The receipt of a push that was slow to end stands behind those of pushes behind it.
            if moved.old == Some(*held) || past.reader().is_ancestor(*held, new).unwrap_or(true) {
                *held = new;
            }
        }
    }
    tips
}

impl Ends<'_> {
    /// Whether the last event that was accepted of each journal is named.
    fn hold(&self, past: &Past<'_>, graph: &Graph) -> Result<Again, NodeError> {
        let mut left: HashSet<Cid> = self.from.values().flatten().copied().collect();
        let mut unmet: Vec<&(Ns, Writer)> = Vec::new();
        for (journal @ (ns, writer), tip) in &self.accepted {
            let named = self.from.get(writer).map_or(&[][..], Vec::as_slice);
            let Some(origin) = Origin::new(graph.repo(), ns.clone(), self.key, writer.clone()) else { continue };
            match Spot::find(past.reader(), &origin, *tip, named, None) {
                Ok(Some(spot)) if spot.commit == *tip && spot.seq == spot.last => drop(left.remove(&spot.cid)),
                Ok(Some(_)) => return Ok(self.takes_back(journal)),
                Ok(None) => unmet.push(journal),
                Err(_) => return Ok(Again::unknown("events that are not here")),
            }
        }
        // An event that is named and that no receipt covers may stand behind those that were accepted.
        let named = |writer: &Writer| self.from.get(writer).is_some_and(|named| named.iter().any(|c| left.contains(c)));
        if let Some(journal) = unmet.into_iter().find(|(_, writer)| !named(writer)) {
            return Ok(self.takes_back(journal));
        }
        match left.is_empty() && !self.is_loose(past, graph)? {
            true => Ok(Again::Right),
            false => Ok(Again::unknown("how far journals without a receipt had come")),
        }
    }

    fn takes_back(&self, (ns, writer): &(Ns, Writer)) -> Again {
        let (key, name) = (&self.key, journal_name(ns, writer));
        let why =
            format!("the revocation of {key}, which no roots signed, takes back what had been accepted of {name}");
        Again::wrong("trust.revocation", why)
    }

    /// Whether a journal of the key is here that the gate had given no receipt for: nobody tells whether it had it.
    fn is_loose(&self, past: &Past<'_>, graph: &Graph) -> Result<bool, NodeError> {
        let refs = past.reader().refs(&Scope::Journals(None))?;
        Ok(refs.into_iter().any(|(name, _)| match name.plane {
            Plane::Journal { ns, writer } => {
                graph.is_writer(&writer, &self.key) && !self.accepted.contains_key(&(ns, writer))
            }
            _ => false,
        }))
    }
}
