use super::error::HookError;
use super::files;
use super::visit::Visit;
use crate::git::gate_dir;
use crate::id::{Ns, Oid, Writer};
use crate::ledger::{Origin, Standing, WindowHead};
use crate::trust::Graph;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What counts of a journal at the gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Counted {
    /// Up to this append, and in it up to this event.
    To(Oid, Option<u64>),
    /// A revocation voids all of it.
    Nothing,
}

impl Counted {
    /// Whether the end of a window, which this repository holds, stands before what a revocation took.
    pub(super) fn takes(&self, head: &WindowHead) -> bool {
        match self {
            Counted::To(_, until) => until.is_none_or(|until| head.seq <= until),
            Counted::Nothing => false,
        }
    }

    /// What counts, as a sentence about a revoked key.
    pub(super) fn sentence(&self) -> String {
        match self {
            Counted::To(_, Some(until)) => format!("its events count up to {until}"),
            Counted::To(_, None) => "its events count".to_owned(),
            Counted::Nothing => "none of its events counts".to_owned(),
        }
    }
}

impl Visit {
    /// The journals of a namespace as they would stand after this push, as far as they count.
    pub(super) fn counted(&self, graph: &Graph, ns: &Ns) -> Result<BTreeMap<Writer, Counted>, HookError> {
        let journals = self.journals(ns)?.into_iter();
        journals.map(|(writer, tip)| Ok((writer.clone(), self.count(graph, ns, &writer, tip)?))).collect()
    }

    /// What counts of a journal that ends so: a revocation cuts it here as it does for every reader.
    pub(super) fn count(&self, graph: &Graph, ns: &Ns, writer: &Writer, tip: Oid) -> Result<Counted, HookError> {
        let key = graph.key_with_prefix(writer.actor(), writer.key8());
        let Some(origin) = key.and_then(|key| Origin::new(graph.repo(), ns.clone(), key, writer.clone())) else {
            return Ok(Counted::To(tip, None));
        };
        if !graph.is_revoked(&origin.key) {
            return Ok(Counted::To(tip, None));
        }
        let path = void_path(self, &origin);
        let hint = files::read(&path)?.and_then(|bytes| Some(Oid(bytes.try_into().ok()?)));
        Ok(match Standing::of(&self.pushed, graph, &origin, &[tip], hint)? {
            Standing::Whole => Counted::To(tip, None),
            Standing::Nothing(_) => Counted::Nothing,
            Standing::Until(spot) => {
                if spot.commit != tip && hint != Some(spot.commit) && !self.rehearsal {
                    files::replace(&path, spot.commit.as_bytes())?;
                }
                Counted::To(spot.commit, Some(spot.seq))
            }
        })
    }
}

/// Where it is kept in which append the last good event of a journal stands.
fn void_path(visit: &Visit, origin: &Origin) -> PathBuf {
    gate_dir(visit.durable.common_dir()).join("void").join(origin.ns.as_str()).join(origin.writer.as_str())
}
