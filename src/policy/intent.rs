use crate::canon::{Map, Value, digest, json};
use crate::id::{Actor, Ns, PublicKey};
use crate::ledger::Draft;
use crate::trust::Graph;

/// What somebody wants to do, as a policy sees it.
#[derive(Debug, Clone)]
pub struct Intent<'a> {
    pub ns: &'a Ns,
    pub actor: &'a Actor,
    pub key: &'a PublicKey,
    pub draft: &'a Draft,
}

impl Intent<'_> {
    /// The value of one field that a rule may read.
    pub(super) fn field(&self, name: &str) -> Option<Value> {
        Some(match name {
            "verb" => "append".into(),
            "ns" => self.ns.as_str().into(),
            "type" => self.draft.ty.as_str().into(),
            "actor" => self.actor.as_str().into(),
            "key" => Value::text(self.key),
            "ulid" => Value::text(self.draft.ulid),
            "payload" => self.draft.payload.clone(),
            "payload_size" => Value::Int(self.draft.payload_json.len() as i64),
            _ => return None,
        })
    }

    /// Appends a field that names somebody or something, each in its one spelling; false where there is no such field.
    pub(super) fn write_field(&self, name: &str, out: &mut Vec<u8>) -> bool {
        let text = match name {
            "verb" => "append",
            "ns" => self.ns.as_str(),
            "type" => self.draft.ty.as_str(),
            "actor" => self.actor.as_str(),
            "key" => {
                out.extend_from_slice(self.key.as_bytes());
                return true;
            }
            "payload_size" => {
                out.extend_from_slice(&(self.draft.payload_json.len() as u64).to_le_bytes());
                return true;
            }
            _ => return false,
        };
        out.extend_from_slice(text.as_bytes());
        true
    }

    /// Every field.
    pub(super) fn whole(&self) -> Value {
        const FIELDS: [&str; 8] = ["verb", "ns", "type", "actor", "key", "ulid", "payload", "payload_size"];
        let mut map = Map::with_capacity(FIELDS.len());
        for name in FIELDS {
            map.insert(name, self.field(name).expect("the list names fields that exist"));
        }
        Value::Map(map)
    }

    /// How a decision names it: the payload by digest and size, or the record would publish what it denies.
    pub(super) fn recorded(&self) -> Value {
        Value::map([
            ("verb", "append".into()),
            ("ns", self.ns.as_str().into()),
            ("type", self.draft.ty.as_str().into()),
            ("actor", self.actor.as_str().into()),
            ("key", Value::text(self.key)),
            ("payload_blake3", Value::text(digest::blake3(self.draft.payload_json.as_bytes()))),
            ("payload_size", Value::Int(self.draft.payload_json.len() as i64)),
        ])
    }
}

/// What the repository says about an intent: the second thing a rule reads.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    value: Value,
    canonical: Vec<u8>,
}

impl Facts {
    /// Whether trust knows the actor, and the key as one of his that still stands.
    pub fn of_append(graph: &Graph, actor: &Actor, key: &PublicKey) -> Facts {
        let keys = graph.current().keys_of(actor);
        let value = Value::map([
            ("actor_known", Value::Bool(!keys.is_empty())),
            ("key_known", Value::Bool(graph.stands(actor, key))),
        ]);
        let canonical = json::document(&value).expect("two booleans have a form");
        Facts { value, canonical }
    }

    pub fn value(&self) -> &Value {
        &self.value
    }

    pub(super) fn canonical(&self) -> &[u8] {
        &self.canonical
    }
}
