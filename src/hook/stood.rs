//! Law that was taken away past the gate. Where a deleted ref stood is told by the gate's receipts, and nothing else may come
//! first again: whoever gets the law deleted must not choose the next.

use super::denial::Denial;
use super::error::HookError;
use super::law::Law;
use super::record::RULE;
use super::visit::Visit;
use crate::canon::trailers;
use crate::git::{Named, Plane, RefName};
use crate::id::Oid;
use crate::policy::{EntryKind, read_entry};

/// A ref of the law that is gone, and where it stood by the last receipt of this gate that tells.
pub(super) struct Gone {
    pub plane: Plane,
    pub tip: Oid,
}

impl Gone {
    /// What is gone of the law. A clone that rehearses has given no receipts.
    pub(super) fn of(visit: &Visit, standing: Option<&Law>) -> Result<Vec<Gone>, HookError> {
        let mut missing = Vec::new();
        for plane in [Plane::TrustGraph, Plane::PolicyActive] {
            if visit.resolve(plane.clone())?.is_none() {
                missing.push(plane);
            }
        }
        let Some(gate) = visit.settings.as_ref().filter(|_| !missing.is_empty()) else { return Ok(Vec::new()) };
        let Some(repo) = standing.map(|law| law.graph.repo()).or(gate.root) else { return Ok(Vec::new()) };
        let (reader, writer) = (visit.durable.reader(), gate.writer());
        let mut next = visit.durable.resolve(&RefName::own(Plane::AuditPolicy { writer: writer.clone() }))?;
        let mut gone = Vec::new();
        while let Some(tip) = next.filter(|_| !missing.is_empty()) {
            let commit = reader.commit(tip)?;
            next = commit.parents.first().copied();
            // A refusal moved nothing.
            if trailers::once(&trailers::read(commit.text().unwrap_or_default()), RULE).is_some() {
                continue;
            }
            let held = |_| HookError::Held { name: Plane::AuditPolicy { writer: writer.clone() }.to_string(), tip };
            let (_, EntryKind::Receipt(receipt)) = read_entry(reader, tip, &repo, &writer).map_err(held)? else {
                continue;
            };
            missing.retain(|plane| match receipt.leaves(plane) {
                Some(tip) => {
                    gone.push(Gone { plane: plane.clone(), tip });
                    false
                }
                None => true,
            });
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
        let why = format!("{} was deleted on the server, past its gate; it stood at {}", name(left), left.tip);
        Some(
            Denial::of(first, "gate.law-gone", why)
                .hint(format!("put it back first: git push REMOTE {}", back.join(" "))),
        )
    }
}
