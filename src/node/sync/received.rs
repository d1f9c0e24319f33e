use super::Run;
use crate::canon::{Value, json};
use crate::git::{GitError, Plane};
use crate::id::Oid;
use crate::node::NodeError;
use crate::policy::ENTRY_MAX;
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

    /// Fetches the receipts of what was pushed. A gate writes them a moment after the push has returned: a remote that had
    /// chains of gates before the push is waited for, a little while.
    pub(super) fn fetch_receipts(&mut self, before: &HashMap<Plane, Oid>) -> Result<(), NodeError> {
        self.fetch()?;
        for pause in PAUSES {
            if before.is_empty() || self.all_received(before)? {
                break;
            }
            std::thread::sleep(Duration::from_millis(pause));
            self.fetch()?;
        }
        Ok(())
    }

    /// Whether new entries of the gates name everything that was pushed. Who signed them is for `verify` to judge.
    fn all_received(&self, before: &HashMap<Plane, Oid>) -> Result<bool, NodeError> {
        let mut waiting: HashSet<(&str, Oid)> =
            self.done.pushed.iter().map(|moved| (moved.name.as_str(), moved.new)).collect();
        for (plane, tip) in self.audits() {
            let chain = match self.store.chain(tip, before.get(&plane).copied(), 0) {
                // It was rewritten, which is an alarm already.
                Err(GitError::NotAncestor { .. }) => continue,
                chain => chain?,
            };
            for step in chain {
                let Some(bytes) = self.store.file(step?.0, "receipt.json", ENTRY_MAX)? else { continue };
                let receipt = json::parse(&bytes).unwrap_or(Value::Null);
                let updates = receipt.get("updates").and_then(Value::as_list).unwrap_or_default();
                let names = |update: &Value, (name, new): (&str, Oid)| {
                    let text = |field: &str| update.get(field).and_then(Value::as_str);
                    text("ref") == Some(name) && text("new").and_then(|hex| Oid::from_hex(hex).ok()) == Some(new)
                };
                waiting.retain(|moved| !updates.iter().any(|update| names(update, *moved)));
            }
        }
        Ok(waiting.is_empty())
    }
}
