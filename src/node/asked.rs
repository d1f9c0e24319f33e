//! What is asked about accepted acts once more, by the law that stood then or by another.

use super::error::NodeError;
use super::past::{Again, Held, Past, Place};
use crate::canon::{Map, Value};
use crate::git::{GitError, Plane, Reader};
use crate::id::{Ns, Oid, Sha256, Timestamp};
use crate::policy::consent::{Consents, Docket, Hearing, Ruling};
use crate::policy::{
    AskedFold, Bundle, Intent, Judge, Moved, Receipt, RefMove, UnlawfulFold, Verb, actor_of_transport, folds_of,
};
use crate::state::Checkpoint;
use crate::trust::Graph;
use std::collections::HashSet;
use std::sync::Arc;

/// The wish to push a checkpoint, by whom the transport alone knows.
pub(super) fn checkpoint(receipt: &Receipt, moved: &Moved, ns: &Ns, new: Oid) -> Intent<'static> {
    let mut fields = by(receipt);
    fields.insert("ns", ns.as_str());
    fields.insert("ref", moved.name.as_str());
    fields.insert("new", Value::text(new));
    Intent::act(Verb::StateCheckpoint, fields)
}

/// Who pushed, as far as the transport said.
pub(super) fn by(receipt: &Receipt) -> Map {
    let mut fields = Map::new();
    let identity = receipt.identity.as_deref();
    if let Some(identity) = identity {
        fields.insert("identity", identity);
    }
    if let Some(actor) = identity.and_then(actor_of_transport) {
        fields.insert("actor", actor.as_str());
    }
    fields
}

/// What there is to say to something of consent that came in at a time, by a judge or else by the law that stood then; none where
/// what it was judged by is not all here.
pub(super) fn heard(
    past: &mut Past<'_>,
    place: Place,
    (plane, new): (&Plane, Oid),
    at: Timestamp,
    by: Option<&mut Judge>,
) -> Result<Option<Ruling>, NodeError> {
    let receipt = past.receipt(place);
    let bundle = match &by {
        Some(judge) => Arc::new(judge.bundle().clone()),
        None => match past.law(&receipt)? {
            Ok(law) => law.bundle,
            Err(_) => return Ok(None),
        },
    };
    let consents = past.consents(place, &bundle, at)?;
    let held = match at == receipt.received_at {
        true => past.hold(place, true),
        false => None,
    };
    let again = if held.is_none() { past.docket_at(place, at) } else { None };
    let docket = held.as_ref().map(|held| &held.docket).or(again.as_ref());
    let Some(docket) = docket else { return Ok(None) };
    let ruling = Words { docket, consents, at }.hear(past, place, (plane, new), by)?;
    let missing = held.as_ref().is_some_and(Held::is_missing);
    if let Some(held) = held {
        past.give_back(held);
    }
    Ok(ruling.filter(|ruling| !missing || matches!(ruling, Ruling::Taken)))
}

/// By what a word is judged beside the law: all words, what stood granted, and the time.
pub(super) struct Words<'a> {
    pub docket: &'a Docket,
    pub consents: Option<Arc<Consents>>,
    pub at: Timestamp,
}

impl Words<'_> {
    /// What there is to say to it, by a judge or else by the law that its receipt names; none where that is not here.
    pub(super) fn hear(
        self,
        past: &mut Past<'_>,
        place: Place,
        (plane, new): (&Plane, Oid),
        by: Option<&mut Judge>,
    ) -> Result<Option<Ruling>, NodeError> {
        let (reader, receipt) = (past.reader(), past.receipt(place));
        let histories = Arc::clone(&past.histories);
        let Some(graph) = receipt.trust_root.and_then(|trust| past.graphs.at(trust)) else { return Ok(None) };
        let (law, mut of_law);
        let judge = match by {
            Some(judge) => judge,
            None => {
                let Ok(named) = past.law(&receipt)? else { return Ok(None) };
                law = named;
                of_law = law.judge.borrow_mut();
                &mut *of_law
            }
        };
        let mut hearing = Hearing {
            reader,
            graph: &graph,
            docket: self.docket,
            received_at: self.at,
            identity: receipt.identity.as_deref(),
            judge,
            consents: self.consents,
            stood: &|plane: &Plane| Ok(histories[place.history].stood(plane, place.receipt)),
        };
        Ok(Some(hearing.hear(plane, new)?))
    }
}

/// What the profile of a bundle says to the folds of checkpoints that a push brought.
pub(super) fn fold(
    reader: &Reader,
    graph: &Graph,
    bundle: &Bundle,
    receipt: &Receipt,
    (ns, moved): (&Ns, &Moved),
) -> Again {
    let wrong = |why: UnlawfulFold| Again::wrong(UnlawfulFold::RULE, why.to_string());
    let (new, asked) = match (moved.new, AskedFold::of(bundle, ns)) {
        (Some(new), Ok(Some(asked))) => (new, asked),
        (None, _) | (_, Ok(None)) => return Again::Right,
        (_, Err(why)) => return wrong(why),
    };
    let of = |commit| Checkpoint::read(reader, commit).map(|claim| claim.proof.fold_root).ok();
    match of(new).map(|newest| asked.newest(newest)) {
        None => return Again::unknown("checkpoints that are not here"),
        Some(Err(why)) => return wrong(why),
        Some(Ok(())) => {}
    }
    let chain = match reader.chain(new, moved.old, 0) {
        Ok(chain) => chain,
        Err(GitError::NotAncestor { .. }) => {
            return Again::wrong("ref.non-ff", "it does not descend from what stood there");
        }
        Err(_) => return Again::unknown("checkpoints that are not here"),
    };
    let earlier: Option<Vec<Sha256>> = chain.map(|step| step.ok().and_then(|(commit, _)| of(commit))).collect();
    let Some(earlier) = earlier else { return Again::unknown("checkpoints that are not here") };
    match asked.earlier(&earlier, || folds_so_far(reader, graph, receipt, ns)) {
        Err(unknown) => unknown,
        Ok(Err(why)) => wrong(why),
        Ok(Ok(())) => Again::Right,
    }
}

/// Whether checkpoints go on from those that stood: whatever the profile, a ref of ours only grows.
pub(super) fn descent(reader: &Reader, moved: &Moved) -> Again {
    let (Some(new), Some(old)) = (moved.new, moved.old) else { return Again::Right };
    match reader.chain(new, Some(old), 0) {
        Ok(_) => Again::Right,
        Err(GitError::NotAncestor { .. }) => Again::wrong("ref.non-ff", "it does not descend from what stood there"),
        Err(_) => Again::unknown("checkpoints that are not here"),
    }
}

/// The folds of a namespace that the bundles up to the one that a receipt names carried.
fn folds_so_far(reader: &Reader, graph: &Graph, receipt: &Receipt, ns: &Ns) -> Result<HashSet<Sha256>, Again> {
    let unknown = || Again::unknown("policies that are not here");
    let root = receipt.policy_root.ok_or_else(unknown)?;
    let chain = reader.chain(root, None, 0).map_err(|_| unknown())?;
    let bundles: Result<Vec<Oid>, _> = chain.map(|step| step.map(|(commit, _)| commit)).collect();
    folds_of(reader, graph, bundles.map_err(|_| unknown())?, ns).map_err(|_| unknown())
}

/// Whether a ref went on from what it held.
pub(super) fn forward(reader: &Reader, moved: &Moved) -> Again {
    let rule = "profile.fast-forward";
    match (RefMove { name: &moved.name, old: moved.old, new: moved.new }).gives_up(reader) {
        Ok(None) => Again::Right,
        Ok(Some(why)) => Again::wrong(rule, why),
        Err(_) => match (moved.old, moved.new.map(|new| reader.commit_behind(new))) {
            // Whoever has a commit whole has what it descends from.
            (Some(old), Some(Ok(Some(after)))) if !reader.contains(old) && reader.is_whole(after) => {
                Again::wrong(rule, format!("{after} does not descend from {old}"))
            }
            _ => Again::unknown("commits that are not here"),
        },
    }
}
