use super::error::NodeError;
use super::open::Node;
use crate::canon::{Value, json};
use crate::git::{Plane, RefName, Scope};
use crate::id::{Oid, Timestamp, Writer};
use crate::policy::{EntryKind, read_entry};
use crate::trust::Cap;
use std::collections::{BTreeSet, HashMap};

/// What lets a key give receipts.
const RECEIPT: &str = "gate:receipt";
/// Largest receipt that is read.
const RECEIPT_MAX: u64 = 1 << 20;

/// When gates received what refs name.
#[derive(Debug, Default)]
pub(super) struct Receipts {
    by_update: HashMap<(String, Oid), Timestamp>,
}

impl Receipts {
    /// The earliest receipt of what a ref names, wherever this clone holds it.
    pub(super) fn of(&self, name: &RefName, tip: Oid) -> Option<Timestamp> {
        let on_server = RefName::own(name.plane.clone()).to_string();
        self.by_update.get(&(on_server, tip)).copied()
    }

    /// Everything that a ref of the server was moved to by a push that has a receipt.
    pub(super) fn tips_of(&self, on_server: &str) -> impl Iterator<Item = Oid> {
        self.by_update.keys().filter(move |(name, _)| name == on_server).map(|(_, tip)| *tip)
    }
}

impl Node {
    /// Every receipt that is here, of keys that trust lets give them. What does not hold is for `verify` to name.
    pub(super) fn receipts(&self) -> Result<Receipts, NodeError> {
        let mut receipts = Receipts::default();
        let mut seen = BTreeSet::new();
        for (name, tip) in self.store().refs(&Scope::Audits)? {
            let Plane::AuditPolicy { writer } = &name.plane else { continue };
            for step in self.reader().chain(tip, None, 0)? {
                let commit = step?.0;
                if seen.insert(commit) {
                    self.receipt(writer, commit, &mut receipts)?;
                }
            }
        }
        Ok(receipts)
    }

    fn receipt(&self, writer: &Writer, commit: Oid, receipts: &mut Receipts) -> Result<(), NodeError> {
        let Ok((key, EntryKind::Receipt)) = read_entry(self.reader(), commit, &self.repo(), writer) else {
            return Ok(());
        };
        let Some(bytes) = self.reader().file(commit, "receipt.json", RECEIPT_MAX)? else { return Ok(()) };
        let Ok(value) = json::parse_canonical(&bytes) else { return Ok(()) };
        let at = value.get("received_at").and_then(Value::as_str).and_then(|text| text.parse::<Timestamp>().ok());
        let Some(at) = at else { return Ok(()) };
        let cap: Cap = RECEIPT.parse()?;
        let graph = self.graph();
        if graph.owner(&key) != Some(writer.actor()) || graph.is_revoked(&key) {
            return Ok(());
        }
        if !graph.holds(writer.actor(), &cap, Some(&at)) {
            return Ok(());
        }
        for update in value.get("updates").and_then(Value::as_list).unwrap_or_default() {
            let text = |name: &str| update.get(name).and_then(Value::as_str).unwrap_or_default();
            let Ok(new) = Oid::from_hex(text("new")) else { continue };
            let held = receipts.by_update.entry((text("ref").to_owned(), new)).or_insert(at);
            *held = (*held).min(at);
        }
        Ok(())
    }
}
