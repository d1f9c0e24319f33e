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
            "payload_size" => Value::Int(self.draft.payload_size as i64),
            _ => return None,
        })
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
        let payload = json::document(&self.draft.payload).expect("a checked draft has a canonical form");
        Value::map([
            ("verb", "append".into()),
            ("ns", self.ns.as_str().into()),
            ("type", self.draft.ty.as_str().into()),
            ("actor", self.actor.as_str().into()),
            ("key", Value::text(self.key)),
            ("payload_blake3", Value::text(digest::blake3(&payload))),
            ("payload_size", Value::Int(self.draft.payload_size as i64)),
        ])
    }
}

/// What the repository says about an intent: the second thing a rule reads.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts(pub(super) Value);

impl Facts {
    /// Whether trust knows the actor, and the key as one of his that still stands.
    pub fn of_append(graph: &Graph, actor: &Actor, key: &PublicKey) -> Facts {
        let keys = graph.current().keys_of(actor);
        Facts(Value::map([
            ("actor_known", Value::Bool(!keys.is_empty())),
            ("key_known", Value::Bool(keys.contains(key))),
        ]))
    }

    pub fn value(&self) -> &Value {
        &self.0
    }
}
