use super::error::NodeError;
use super::open::Node;
use crate::git::{Plane, Reader, RefName, Scope};
use crate::id::{Oid, PublicKey, Timestamp};
use crate::policy::{EntryFault, EntryKind, Receipt, read_entry};
use crate::trust::Graph;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

/// So many graphs of the past are held at once: receipts name them in their order.
const GRAPHS_KEPT: usize = 8;

/// The receipts of one gate, oldest first.
#[derive(Debug)]
pub(super) struct Line {
    pub name: RefName,
    pub receipts: Vec<Arc<Receipt>>,
}

/// The receipts of pushes that put back a ref of the law which had been deleted past the gate: behind others of the same gate
/// by which it stood. What they name came in before, or never.
pub(super) fn put_back(lines: &[Line], plane: &Plane) -> HashSet<Oid> {
    let mut back = HashSet::new();
    for line in lines {
        let mut stood = false;
        for receipt in &line.receipts {
            if stood && receipt.moved(plane).is_some_and(|moved| moved.old.is_none()) {
                back.insert(receipt.commit);
            }
            stood |= receipt.leaves(plane).is_some();
        }
    }
    back
}

/// When a push came in, and under which trust graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entered {
    pub at: Timestamp,
    pub trust: Oid,
}

/// What stands against a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    /// It names no trust graph, or one that is no part of the graph that counts here.
    NoTrust,
    /// By the trust graph that it names its key gives no receipts.
    NoRight,
    /// Its key got the right by the trust that the receipt lets in, and by nothing before: the roots said so, and that came in
    /// counts, though by no law that asked for it.
    Early,
    /// The key was revoked since: nobody can tell when it signed.
    Revoked,
}

/// The trust graph as it stood at some of its commits.
pub(super) struct Graphs<'g> {
    now: &'g Graph,
    held: VecDeque<(Oid, Arc<Graph>)>,
}

impl<'g> Graphs<'g> {
    pub(super) fn new(now: &'g Graph) -> Graphs<'g> {
        Graphs { now, held: VecDeque::new() }
    }

    /// None where it is no commit of the accepted chain.
    pub(super) fn at(&mut self, commit: Oid) -> Option<Arc<Graph>> {
        if let Some((_, graph)) = self.held.iter().find(|(of, _)| *of == commit) {
            return Some(Arc::clone(graph));
        }
        let graph = Arc::new(self.now.at(commit)?);
        if self.held.len() == GRAPHS_KEPT {
            self.held.pop_front();
        }
        self.held.push_back((commit, Arc::clone(&graph)));
        Some(graph)
    }

    /// What stands against a receipt, by the trust graph that it names.
    pub(super) fn doubt(&mut self, receipt: &Receipt) -> Option<Doubt> {
        let Some(then) = receipt.trust_root.and_then(|root| self.at(root)) else { return Some(Doubt::NoTrust) };
        let (gate, key) = (receipt.gate.actor(), &receipt.key);
        match () {
            () if !then.gives_receipts(gate, key, &receipt.received_at) => match self.is_early(receipt) {
                true => Some(Doubt::Early),
                false => Some(Doubt::NoRight),
            },
            () if self.now.is_revoked(key) => Some(Doubt::Revoked),
            () => None,
        }
    }

    /// Whether what a receipt let in is judged again. A key that was revoked since may have signed it while it stood; that makes
    /// nothing count as received.
    pub(super) fn is_judged(&mut self, receipt: &Receipt) -> bool {
        matches!(self.doubt(receipt), None | Some(Doubt::Revoked))
    }

    /// Nobody but the gate that is let in was there to receive the trust that lets it in.
    fn is_early(&mut self, receipt: &Receipt) -> bool {
        let brought = receipt.moved(&Plane::TrustGraph).and_then(|moved| moved.new);
        let Some(brought) = brought.filter(|_| receipt.moves_only_trust()).and_then(|new| self.at(new)) else {
            return false;
        };
        brought.gives_receipts(receipt.gate.actor(), &receipt.key, &receipt.received_at)
            && !self.now.is_revoked(&receipt.key)
    }
}

/// When gates received what refs name.
#[derive(Debug, Default)]
pub(super) struct Receipts {
    entered: HashMap<String, HashMap<Oid, Entered>>,
    /// For each ref the last key of a receipt for it that was revoked since.
    revoked: HashMap<String, PublicKey>,
}

impl Receipts {
    /// Takes those by which something counts as received.
    pub(super) fn of_lines(graph: &Graph, lines: &[Line]) -> Receipts {
        let (mut receipts, mut graphs) = (Receipts::default(), Graphs::new(graph));
        for receipt in lines.iter().flat_map(|line| &line.receipts) {
            match graphs.doubt(receipt) {
                None | Some(Doubt::Early) => receipts.take(receipt),
                Some(_) if graph.is_revoked(&receipt.key) => {
                    let names = receipt.updates.iter().map(|moved| (moved.name.clone(), receipt.key));
                    receipts.revoked.extend(names);
                }
                Some(_) => {}
            }
        }
        receipts
    }

    fn take(&mut self, receipt: &Receipt) {
        let Some(trust) = receipt.trust_root else { return };
        let now = Entered { at: receipt.received_at, trust };
        for moved in &receipt.updates {
            let Some(new) = moved.new else { continue };
            let held = self.entered.entry(moved.name.clone()).or_default().entry(new).or_insert(now);
            if now.at < held.at {
                *held = now;
            }
        }
    }

    /// The earliest receipt of what a ref names, wherever this clone holds it.
    pub(super) fn of(&self, name: &RefName, tip: Oid) -> Option<Entered> {
        let on_server = RefName::own(name.plane.clone()).to_string();
        self.entered.get(&on_server)?.get(&tip).copied()
    }

    /// What else is to be said where no receipt counts for a ref of the server: the one that it has may be of a revoked key.
    pub(super) fn remedy(&self, on_server: &str) -> String {
        let next = "push something later to this ref through a gate whose key stands";
        let told = |key| format!("; the receipts of {key}, which was revoked since, do not count: {next}");
        self.revoked.get(on_server).map(told).unwrap_or_default()
    }

    /// How far gates have received what ends with a tip, on a ref of the server. What cannot be read covers nothing.
    pub(super) fn cover(&self, reader: &Reader, on_server: &str, tip: Oid) -> Cover {
        let Some(accepted) = self.entered.get(on_server) else { return Cover::Nothing };
        if accepted.contains_key(&tip) {
            return Cover::Whole;
        }
        // What lies behind the tip does not cover it, and there is as much of that as there were pushes.
        let mut behind = HashSet::new();
        let seen = |oid: Oid, _: &[u8]| {
            if accepted.contains_key(&oid) {
                behind.insert(oid);
            }
        };
        // A chain that breaks off has shown all that can be read of it.
        drop(reader.chain_shown(tip, None, 0, seen));
        let mut others = accepted.keys().filter(|oid| !behind.contains(oid));
        match others.any(|oid| reader.is_ancestor(tip, *oid).unwrap_or(false)) {
            true => Cover::Whole,
            false if behind.is_empty() => Cover::Nothing,
            false => Cover::Part,
        }
    }
}

/// How far gates have received a chain: a receipt names its end or what descends from it, or something before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cover {
    Nothing,
    Part,
    Whole,
}

/// An entry of an audit chain as it was read: who signed it and whether it is a refusal, or what is wrong with it.
pub(super) type Met = Result<(PublicKey, bool), EntryFault>;

impl Node {
    /// Every receipt that is here, of keys that trust let give them. What does not hold is for `verify` to name.
    pub(super) fn receipts(&self) -> Result<Receipts, NodeError> {
        let lines = self.receipt_lines(&mut |_, _, _| Ok(()))?;
        Ok(Receipts::of_lines(self.graph(), &lines))
    }

    /// The receipts of every audit chain that is here, each entry read once and shown to `met`. Of two chains of which one
    /// is the beginning of the other the longer one is given.
    pub(super) fn receipt_lines(
        &self,
        met: &mut dyn FnMut(&RefName, Oid, Met) -> Result<(), NodeError>,
    ) -> Result<Vec<Line>, NodeError> {
        let mut read: HashMap<Oid, Option<Arc<Receipt>>> = HashMap::new();
        let mut lines: Vec<Line> = Vec::new();
        for (name, tip) in self.store().refs(&Scope::Audits)? {
            let line = self.receipt_line(name, tip, &mut read, met)?;
            let covered = |a: &Line, b: &Line| {
                a.name.plane == b.name.plane
                    && a.receipts.len() <= b.receipts.len()
                    && b.receipts.starts_with(&a.receipts)
            };
            if !lines.iter().any(|other| covered(&line, other)) {
                lines.retain(|other| !covered(other, &line));
                lines.push(line);
            }
        }
        Ok(lines)
    }

    fn receipt_line(
        &self,
        name: RefName,
        tip: Oid,
        read: &mut HashMap<Oid, Option<Arc<Receipt>>>,
        met: &mut dyn FnMut(&RefName, Oid, Met) -> Result<(), NodeError>,
    ) -> Result<Line, NodeError> {
        let mut receipts = Vec::new();
        let Plane::AuditPolicy { writer } = name.plane.clone() else { return Ok(Line { name, receipts }) };
        let unread = |source: crate::git::GitError| (source.oid().unwrap_or(tip), Err(EntryFault::Read(source)));
        let chain = match self.reader().chain(tip, None, 0) {
            Ok(chain) => chain,
            Err(source) => {
                let (commit, fault) = unread(source);
                met(&name, commit, fault)?;
                return Ok(Line { name, receipts });
            }
        };
        for step in chain {
            let commit = match step {
                Ok((commit, _)) => commit,
                Err(source) => {
                    let (commit, fault) = unread(source);
                    met(&name, commit, fault)?;
                    continue;
                }
            };
            if let Some(held) = read.get(&commit) {
                receipts.extend(held.clone());
                continue;
            }
            let entry = read_entry(self.reader(), commit, &self.repo(), &writer);
            let held = match &entry {
                Ok((_, EntryKind::Receipt(receipt))) => Some(Arc::new(Receipt::clone(receipt))),
                _ => None,
            };
            met(&name, commit, entry.map(|(key, kind)| (key, kind == EntryKind::Refusal)))?;
            read.insert(commit, held.clone());
            receipts.extend(held);
        }
        Ok(Line { name, receipts })
    }
}
