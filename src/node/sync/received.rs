use super::Run;
use crate::git::{GitError, Plane, RefName};
use crate::id::{Blake3, Oid};
use crate::node::{Node, NodeError};
use crate::policy::{EntryFault, EntryKind, read_entry};
use std::collections::{HashMap, HashSet};
use std::time::Duration;

/// The pauses, in milliseconds, after which it is looked again for receipts.
const PAUSES: [u64; 7] = [5, 10, 20, 40, 80, 160, 320];

impl Run<'_> {
    /// The chains of gates that the remote had when it was fetched last.
    pub(super) fn audits(&self) -> HashMap<Plane, Oid> {
        let audits = self.seen.values.iter().filter(|(plane, _)| matches!(plane, Plane::AuditPolicy { .. }));
        audits.map(|(plane, tip)| (plane.clone(), *tip)).collect()
    }

    /// Fetches the receipts of what was pushed. A gate writes them a moment after the push has returned: where one stands, or
    /// may well stand, it is waited for, a little while.
    pub(super) fn fetch_receipts(&mut self, node: &Node, before: &HashMap<Plane, Oid>) -> Result<(), NodeError> {
        let gated = !before.is_empty() || self.may_have_a_gate(node);
        let fetched = std::mem::take(&mut self.done.fetched);
        self.fetch()?;
        for pause in PAUSES {
            if !gated || self.all_received(&node.repo(), before)? {
                break;
            }
            std::thread::sleep(Duration::from_millis(pause));
            self.fetch()?;
        }
        self.done.received = std::mem::replace(&mut self.done.fetched, fetched);
        Ok(())
    }

    /// Whether a gate may stand where none has given a receipt yet: trust knows one, and it came there just now, or this remote
    /// is the one that counts. Another remote, such as a copy without a gate, is not waited for each time.
    fn may_have_a_gate(&self, node: &Node) -> bool {
        let trust = RefName::own(Plane::TrustGraph).to_string();
        let trusted = self.done.pushed.iter().any(|moved| moved.name == trust);
        (trusted || self.is_authority) && node.graph().knows_a_gate(&self.ambient.now())
    }

    /// Whether new receipts of the gates name everything that was pushed. What the keys that signed them may is for `verify` to
    /// judge.
    fn all_received(&self, repo: &Blake3, before: &HashMap<Plane, Oid>) -> Result<bool, NodeError> {
        let mut waiting: HashSet<(&str, Oid)> =
            self.done.pushed.iter().map(|moved| (moved.name.as_str(), moved.new)).collect();
        for (plane, tip) in self.audits() {
            let Plane::AuditPolicy { writer } = &plane else { continue };
            let chain = match self.store.chain(tip, before.get(&plane).copied(), 0) {
                // It was rewritten, which is an alarm already.
                Err(GitError::NotAncestor { .. }) => continue,
                chain => chain?,
            };
            for step in chain {
                let receipt = match read_entry(self.store.reader(), step?.0, repo, writer) {
                    Ok((_, EntryKind::Receipt(receipt))) => receipt,
                    Err(EntryFault::Read(source)) => return Err(source.into()),
                    // What does not hold is no receipt, and `verify` names it.
                    Ok(_) | Err(_) => continue,
                };
                let named: HashSet<_> = receipt.updates.iter().map(|moved| (moved.name.as_str(), moved.new)).collect();
                waiting.retain(|(name, new)| !named.contains(&(*name, Some(*new))));
            }
        }
        Ok(waiting.is_empty())
    }
}
