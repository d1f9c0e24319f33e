use super::fold::{Folded, Reverted};
use crate::canon::{Map, Value, json};
use crate::id::{Blake3, Cid, Ns, Oid, Sha256};

/// The proof of a fold: everything that a stranger needs to compute the same state again.
#[derive(Debug, Clone, PartialEq)]
pub struct Proof {
    pub repo: Blake3,
    pub ns: Ns,
    pub window_root: Blake3,
    /// First and last event in window order.
    pub ledger_start: Cid,
    pub ledger_end: Cid,
    pub events: u64,
    pub policy_root: Oid,
    pub policy_code_root: Sha256,
    pub fold_root: Sha256,
    pub state_root: Blake3,
    /// Events whose step erred, with the class.
    pub reverted: Vec<(Cid, String)>,
    /// The checkpoint that was continued.
    pub base: Option<Base>,
}

/// The checkpoint that a fold continued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    pub checkpoint: Oid,
    pub state_root: Blake3,
}

impl Proof {
    /// The reverted events of a fold as the proof lists them.
    pub fn reverted_of(folded: &Folded) -> Vec<(Cid, String)> {
        folded.reverted.iter().map(|Reverted { cid, class, .. }| (*cid, class.clone())).collect()
    }

    /// The first thing in which another proof of the same window differs.
    pub(super) fn difference(&self, found: &Proof) -> String {
        let pairs = [
            ("events", self.events.to_string(), found.events.to_string()),
            ("ledger_start", self.ledger_start.to_string(), found.ledger_start.to_string()),
            ("ledger_end", self.ledger_end.to_string(), found.ledger_end.to_string()),
            ("state_root", self.state_root.to_string(), found.state_root.to_string()),
            ("policy_root", self.policy_root.to_string(), found.policy_root.to_string()),
            ("policy_code_root", self.policy_code_root.to_string(), found.policy_code_root.to_string()),
        ];
        match pairs.into_iter().find(|(_, a, b)| a != b) {
            Some((name, a, b)) => format!("{name} is {a}, computed {b}"),
            None => "the reverted events differ from the computed ones".into(),
        }
    }

    /// The bytes of `pof.json`.
    pub fn to_json(&self) -> Vec<u8> {
        let mut map = Map::new();
        map.insert("gatos", "fold/1");
        map.insert("repo", Value::text(self.repo));
        map.insert("ns", self.ns.as_str());
        map.insert("window_root", Value::text(self.window_root));
        map.insert("ledger_start", Value::text(self.ledger_start));
        map.insert("ledger_end", Value::text(self.ledger_end));
        map.insert("events", Value::Int(i64::try_from(self.events).expect("counts stay below 2^53")));
        map.insert("policy_root", Value::text(self.policy_root));
        map.insert("policy_code_root", Value::text(self.policy_code_root));
        map.insert("fold_id", self.ns.as_str());
        map.insert("fold_root", Value::text(self.fold_root));
        map.insert("state_root", Value::text(self.state_root));
        let reverted = self.reverted.iter();
        map.insert(
            "reverted",
            Value::list(
                reverted.map(|(cid, class)| Value::map([("cid", Value::text(cid)), ("class", class.as_str().into())])),
            ),
        );
        if let Some(base) = &self.base {
            map.insert(
                "base",
                Value::map([
                    ("checkpoint", Value::text(base.checkpoint)),
                    ("state_root", Value::text(base.state_root)),
                ]),
            );
        }
        json::document(&Value::Map(map)).expect("short fields have a form")
    }

    /// Reads `pof.json` strictly: canonical, every field known and of its form.
    pub fn from_json(bytes: &[u8]) -> Result<Proof, String> {
        let value = json::parse_canonical(bytes).map_err(|e| e.to_string())?;
        let map = value.as_map().ok_or("it is not an object")?;
        let fields = Fields { map };
        if fields.text("gatos")? != "fold/1" {
            return Err("`gatos` is not \"fold/1\"".into());
        }
        let base = match map.get("base") {
            None => None,
            Some(base) => {
                let fields = Fields { map: base.as_map().filter(|m| m.len() == 2).ok_or("`base` is not a base")? };
                Some(Base { checkpoint: fields.id("checkpoint")?, state_root: fields.id("state_root")? })
            }
        };
        if map.len() != if base.is_some() { 14 } else { 13 } {
            return Err("it holds a field that fold/1 does not know, or misses one".into());
        }
        let ns: Ns = fields.id("ns")?;
        if fields.text("fold_id")? != ns.as_str() {
            return Err("`fold_id` is not the namespace".into());
        }
        let events = map.get("events").and_then(Value::as_int).filter(|n| *n >= 1);
        Ok(Proof {
            repo: fields.id("repo")?,
            ns,
            window_root: fields.id("window_root")?,
            ledger_start: fields.id("ledger_start")?,
            ledger_end: fields.id("ledger_end")?,
            events: events.ok_or("`events` is not a positive integer")? as u64,
            policy_root: fields.id("policy_root")?,
            policy_code_root: fields.id("policy_code_root")?,
            fold_root: fields.id("fold_root")?,
            state_root: fields.id("state_root")?,
            reverted: reverted(map.get("reverted"))?,
            base,
        })
    }
}

struct Fields<'a> {
    map: &'a Map,
}

impl<'a> Fields<'a> {
    fn text(&self, name: &str) -> Result<&'a str, String> {
        self.map.get(name).and_then(Value::as_str).ok_or_else(|| format!("`{name}` is not a string"))
    }

    fn id<T: std::str::FromStr<Err = crate::id::IdError>>(&self, name: &str) -> Result<T, String> {
        self.text(name)?.parse().map_err(|e| format!("`{name}`: {e}"))
    }
}

fn reverted(value: Option<&Value>) -> Result<Vec<(Cid, String)>, String> {
    let list = value.and_then(Value::as_list).ok_or("`reverted` is not a list")?;
    list.iter()
        .map(|item| {
            let map = item.as_map().filter(|m| m.len() == 2).ok_or("a reverted event is not {cid, class}")?;
            let fields = Fields { map };
            Ok((fields.id("cid")?, fields.text("class")?.to_owned()))
        })
        .collect()
}
