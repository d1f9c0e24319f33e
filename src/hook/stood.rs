//! Law that was taken away past the gate. Where a deleted ref stood is told by the receipts that lie here, and nothing else may
//! come first again: whoever gets the law deleted must not choose the next.

use super::denial::Denial;
use super::error::HookError;
use super::law::Law;
use super::record::RULE;
use super::visit::Visit;
use crate::canon::trailers;
use crate::git::{Named, Place, Plane, RefName, Scope};
use crate::id::{Blake3, Oid, Writer};
use crate::policy::{EntryKind, Receipt, read_entry};
use crate::trust::Graph;

/// A ref of the law that is gone, and where it stood by the receipts of this gate, and of others whose chains were copied.
pub(super) struct Gone {
    pub plane: Plane,
    pub tip: Oid,
}

impl Gone {
    /// What is gone of the law. A clone that rehearses has given no receipts.
    pub(super) fn of(visit: &Visit, standing: Option<&Law>) -> Result<Vec<Gone>, HookError> {
        let gone = |plane: &Plane| visit.resolve(plane.clone()).map(|tip| tip.is_none());
        let missing = (gone(&Plane::TrustGraph)?, gone(&Plane::PolicyActive)?);
        let repo = || standing.map(|law| law.graph.repo()).or(visit.settings.as_ref()?.root);
        let Some(repo) = repo().filter(|_| missing != (false, false)) else { return Ok(Vec::new()) };
        let told = told(visit, &repo)?;
        let mut gone = Vec::new();
        if missing.0 {
            let tip = furthest(visit, &told, &Plane::TrustGraph, &|tip, receipt| {
                Graph::load(&visit.pushed, tip).is_ok_and(|graph| graph.repo() == repo && may(&graph, receipt))
            });
            gone.extend(tip.map(|tip| Gone { plane: Plane::TrustGraph, tip }));
        }
        let trust = match (standing, gone.first()) {
            (Some(law), _) => Some(law.graph.clone()),
            (None, Some(trust)) => Graph::load(&visit.pushed, trust.tip).ok(),
            (None, None) => None,
        };
        if missing.1 {
            let known = |_: Oid, receipt: &Receipt| trust.as_ref().is_some_and(|trust| may(trust, receipt));
            let tip = furthest(visit, &told, &Plane::PolicyActive, &known);
            gone.extend(tip.map(|tip| Gone { plane: Plane::PolicyActive, tip }));
        }
        Ok(gone)
    }

    /// Nothing passes but a push that puts all of it back as it was.
    pub(super) fn refusal(gone: &[Gone], visit: &Visit) -> Option<Denial> {
        let update = |gone: &Gone| visit.updates.iter().find(|update| update.named == Named::Ours(gone.plane.clone()));
        let left = gone.iter().find(|gone| update(gone).is_none_or(|update| update.new != Some(gone.tip)))?;
        let first = update(left).or(visit.updates.first()).map_or("", |update| update.name.as_str());
        let name = |gone: &Gone| RefName::own(gone.plane.clone()).to_string();
        let back: Vec<String> = gone.iter().map(|gone| format!("{}:{}", gone.tip, name(gone))).collect();
        let why =
            format!("{} is not on the server any more, and by the receipts there it stood at {}", name(left), left.tip);
        let hint = format!("put it back first: git push REMOTE {}", back.join(" "));
        Some(Denial::of(first, "gate.law-gone", why).hint(hint))
    }

    /// Whether a push does nothing to a ref but put it back.
    pub(super) fn puts_back(gone: &[Gone], plane: &Plane, new: Oid) -> bool {
        gone.iter().any(|gone| gone.plane == *plane && gone.tip == new)
    }
}

/// A gate and its newest receipt. While law is gone nothing passes, so that no older one tells more.
struct Told {
    own: bool,
    receipt: Receipt,
}

/// The newest receipt of every chain that lies here.
fn told(visit: &Visit, repo: &Blake3) -> Result<Vec<Told>, HookError> {
    let Some(gate) = &visit.settings else { return Ok(Vec::new()) };
    let mut told = Vec::new();
    for (name, tip) in visit.durable.refs(&Scope::Audits)? {
        let (Place::Own, Plane::AuditPolicy { writer }) = (&name.place, &name.plane) else { continue };
        let own = *writer == gate.writer();
        match newest(visit, repo, writer, tip) {
            Ok(receipt) => told.extend(receipt.map(|receipt| Told { own, receipt })),
            Err(()) if own => return Err(HookError::Held { name: name.to_string(), tip }),
            // What another gate wrote that cannot be read tells nothing.
            Err(()) => {}
        }
    }
    Ok(told)
}

fn newest(visit: &Visit, repo: &Blake3, writer: &Writer, tip: Oid) -> Result<Option<Receipt>, ()> {
    let (reader, mut next) = (visit.durable.reader(), Some(tip));
    while let Some(tip) = next {
        let commit = reader.commit(tip).map_err(drop)?;
        next = commit.parents.first().copied();
        // A refusal moved nothing.
        if trailers::once(&trailers::read(commit.text().unwrap_or_default()), RULE).is_some() {
            continue;
        }
        if let (_, EntryKind::Receipt(receipt)) = read_entry(reader, tip, repo, writer).map_err(drop)? {
            return Ok(Some(*receipt));
        }
    }
    Ok(None)
}

/// How far a ref of the law had come, by this gate and by others that count: of two that went apart this gate's.
fn furthest(visit: &Visit, told: &[Told], plane: &Plane, counts: &dyn Fn(Oid, &Receipt) -> bool) -> Option<Oid> {
    let own = told.iter().find(|told| told.own).and_then(|told| told.receipt.leaves(plane));
    let others = told.iter().filter(|told| !told.own);
    let others = others.filter_map(|told| told.receipt.leaves(plane).filter(|tip| counts(*tip, &told.receipt)));
    others.fold(own, |far, tip| match far {
        Some(far) if !visit.pushed.is_ancestor(far, tip).unwrap_or(false) => Some(far),
        _ => Some(tip),
    })
}

/// Whether trust lets a gate give such a receipt.
fn may(graph: &Graph, receipt: &Receipt) -> bool {
    graph.gives_receipts(receipt.gate.actor(), &receipt.key, &receipt.received_at)
}
