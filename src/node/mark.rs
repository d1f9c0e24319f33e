use super::cache;
use super::open::Node;
use super::snapshot::{list, read_key, write_key};
use crate::canon::{Value, json};
use crate::id::{Ns, Oid, Sha256, Timestamp};
use crate::ledger::Key;
use std::path::PathBuf;

/// What this clone remembers of a checkpoint that it has computed itself. Only such a one may be continued.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mark {
    pub fold_root: Sha256,
    /// How many events its window holds.
    pub events: u64,
    /// The place of the last of them.
    pub last: Key,
    /// The latest time of any of them, where it is known.
    pub latest: Option<Timestamp>,
    /// What a person reads about each reverted event; the checkpoint holds the classes alone.
    pub messages: Vec<String>,
}

const KIND: &str = "mark/1";

fn path(ns: &Ns, commit: Oid) -> PathBuf {
    PathBuf::from("checkpoints").join(ns.as_str()).join(commit.hex())
}

impl Mark {
    /// The mark of a checkpoint; none where this clone has not computed it, or did under another trust graph.
    pub(super) fn read(node: &Node, ns: &Ns, commit: Oid) -> Option<Mark> {
        let value = json::parse(&cache::read(node, &path(ns, commit))?).ok()?;
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        if text("kind")? != KIND || text("trust")? != node.graph().tip().to_string() {
            return None;
        }
        let latest = match text("latest")? {
            "" => None,
            latest => Some(latest.parse().ok()?),
        };
        Some(Mark {
            fold_root: text("fold_root")?.parse().ok()?,
            events: u64::try_from(value.get("events")?.as_int()?).ok()?,
            last: read_key(value.get("key"))??,
            latest,
            messages: list(value.get("messages")?, |m| m.as_str().map(str::to_owned))?,
        })
    }

    pub(super) fn write(&self, node: &Node, ns: &Ns, commit: Oid) {
        let value = Value::map([
            ("kind", KIND.into()),
            ("trust", Value::text(node.graph().tip())),
            ("fold_root", Value::text(self.fold_root)),
            ("events", Value::Int(self.events as i64)),
            ("key", write_key(&self.last)),
            ("latest", self.latest.map_or("".into(), Value::text)),
            ("messages", Value::list(self.messages.iter().map(|m| Value::from(m.as_str())))),
        ]);
        let Ok(bytes) = json::document(&value) else { return };
        cache::write_among(node, &path(ns, commit), &bytes, cache::KEPT);
    }
}

/// Whether this clone has computed a checkpoint itself.
pub(super) fn knows(node: &Node, ns: &Ns, commit: Oid) -> bool {
    Mark::read(node, ns, commit).is_some()
}
