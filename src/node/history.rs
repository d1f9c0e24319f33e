use super::error::NodeError;
use super::open::Node;
use crate::git::{Plane, Scope};
use crate::id::{Ns, Oid, Timestamp};
use crate::state::{Checkpoint, Proof, checkpoints};

/// One checkpoint of a namespace.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryEntry {
    pub commit: Oid,
    /// The ref under which it was found.
    pub name: String,
    pub time: Timestamp,
    pub ledger_head: Oid,
    pub proof: Proof,
}

impl Node {
    /// The checkpoints of a namespace, newest first, each once.
    pub fn history(&self, ns: &Ns) -> Result<Vec<HistoryEntry>, NodeError> {
        let mut out: Vec<HistoryEntry> = Vec::new();
        for (name, tip) in self.store().refs(&Scope::States)? {
            if !matches!(&name.plane, Plane::State { ns: of } if of == ns) {
                continue;
            }
            for commit in checkpoints(self.reader(), tip)? {
                if out.iter().any(|e| e.commit == commit) {
                    continue;
                }
                let held = Checkpoint::read(self.reader(), commit)?;
                let name = name.to_string();
                out.push(HistoryEntry {
                    commit,
                    name,
                    time: held.time,
                    ledger_head: held.ledger_head,
                    proof: held.proof,
                });
            }
        }
        if out.is_empty() { Err(NodeError::NoCheckpoint(ns.clone())) } else { Ok(out) }
    }
}
