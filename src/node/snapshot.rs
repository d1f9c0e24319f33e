use super::cache;
use super::open::Node;
use super::report::Finding;
use crate::canon::{Map, Value, json};
use crate::id::{Blake3, Cid, Ns, Sha256};
use crate::ledger::{Heads, Key};
use crate::lua::ENGINE;
use crate::state::{Folded, LastEvent, Reverted};
use std::path::PathBuf;

/// The last state that this clone computed for a namespace, so that the next look folds only what is new.
pub(super) struct Snapshot {
    /// Of the view it was computed from.
    pub view: Blake3,
    pub fold_root: Sha256,
    pub folded: Folded,
    pub heads: Heads,
    pub last: Option<Key>,
    pub findings: Vec<Finding>,
}

/// Snapshots of a namespace that are kept, each of another fold.
const SNAPSHOTS_KEPT: usize = 8;

/// The first line of the cached bytes: everything but the state, which follows it.
const KIND: &str = "snapshot/1";

fn path(ns: &Ns, source: Sha256) -> PathBuf {
    PathBuf::from("state").join(ns.as_str()).join(&source.hex()[..16])
}

impl Snapshot {
    pub(super) fn load(node: &Node, ns: &Ns, source: Sha256) -> Option<Snapshot> {
        let bytes = cache::read(node, &path(ns, source))?;
        let cut = bytes.iter().position(|b| *b == b'\n')?;
        let head = json::parse(&bytes[..cut]).ok()?;
        let text = |name: &str| head.get(name).and_then(Value::as_str);
        // Another trust graph, engine or source is another question.
        if text("kind")? != KIND
            || text("engine")? != ENGINE
            || text("trust")? != node.graph().tip().to_string()
            || text("source")? != source.to_string()
        {
            return None;
        }
        Some(Snapshot {
            view: text("view")?.parse().ok()?,
            fold_root: text("fold_root")?.parse().ok()?,
            folded: Folded {
                state: bytes[cut + 1..].to_vec(),
                events: u64::try_from(head.get("events")?.as_int()?).ok()?,
                first: read_first(head.get("first"))?,
                last: read_last(head.get("last"))?,
                reverted: list(head.get("reverted")?, read_reverted)?,
            },
            heads: Heads::from_json(text("heads")?.as_bytes()).ok()?,
            last: read_key(head.get("key"))?,
            findings: list(head.get("findings")?, Finding::from_value)?,
        })
    }

    pub(super) fn store(&self, node: &Node, ns: &Ns, source: Sha256) {
        let mut map = Map::new();
        map.insert("kind", KIND);
        map.insert("engine", ENGINE);
        map.insert("trust", Value::text(node.graph().tip()));
        map.insert("source", Value::text(source));
        map.insert("view", Value::text(self.view));
        map.insert("fold_root", Value::text(self.fold_root));
        map.insert("events", Value::Int(self.folded.events as i64));
        if let Some(first) = self.folded.first {
            map.insert("first", Value::text(first));
        }
        if let Some(l) = self.folded.last {
            map.insert("last", write_last(&l));
        }
        map.insert("reverted", Value::list(self.folded.reverted.iter().map(write_reverted)));
        map.insert("heads", String::from_utf8_lossy(&self.heads.to_json()).into_owned());
        if let Some(key) = &self.last {
            map.insert("key", write_key(key));
        }
        map.insert("findings", Value::list(self.findings.iter().map(Finding::to_value)));
        let Ok(mut bytes) = json::document(&Value::Map(map)) else { return };
        bytes.push(b'\n');
        bytes.extend_from_slice(&self.folded.state);
        cache::write_among(node, &path(ns, source), &bytes, SNAPSHOTS_KEPT);
    }
}

pub(super) fn list<T>(value: &Value, read: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    value.as_list()?.iter().map(read).collect()
}

fn read_first(value: Option<&Value>) -> Option<Option<Cid>> {
    match value {
        None => Some(None),
        Some(v) => Some(Some(v.as_str()?.parse().ok()?)),
    }
}

fn write_last(l: &LastEvent) -> Value {
    Value::map([
        ("cid", Value::text(l.cid)),
        ("commit", Value::text(l.commit)),
        ("ts", Value::text(l.ts)),
        ("policy_root", Value::text(l.policy_root)),
    ])
}

fn read_last(value: Option<&Value>) -> Option<Option<LastEvent>> {
    let Some(v) = value else { return Some(None) };
    let text = |name: &str| v.get(name).and_then(Value::as_str);
    Some(Some(LastEvent {
        cid: text("cid")?.parse().ok()?,
        commit: text("commit")?.parse().ok()?,
        ts: text("ts")?.parse().ok()?,
        policy_root: text("policy_root")?.parse().ok()?,
    }))
}

pub(super) fn write_key(key: &Key) -> Value {
    Value::map([
        ("clock", Value::Int(key.clock as i64)),
        ("writer", Value::text(&key.writer)),
        ("seq", Value::Int(key.seq as i64)),
    ])
}

pub(super) fn read_key(value: Option<&Value>) -> Option<Option<Key>> {
    let Some(v) = value else { return Some(None) };
    let int = |name: &str| v.get(name).and_then(Value::as_int).and_then(|n| u64::try_from(n).ok());
    Some(Some(Key { clock: int("clock")?, writer: v.get("writer")?.as_str()?.parse().ok()?, seq: int("seq")? }))
}

fn write_reverted(r: &Reverted) -> Value {
    Value::map([
        ("cid", Value::text(r.cid)),
        ("class", r.class.as_str().into()),
        ("message", r.message.as_str().into()),
    ])
}

fn read_reverted(v: &Value) -> Option<Reverted> {
    let text = |name: &str| v.get(name).and_then(Value::as_str);
    Some(Reverted {
        cid: text("cid")?.parse().ok()?,
        class: text("class")?.to_owned(),
        message: text("message")?.to_owned(),
    })
}
