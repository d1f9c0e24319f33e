use super::verb::Verb;
use crate::canon::{Map, Value, digest, json};
use crate::id::{Actor, Ns, PublicKey};
use crate::ledger::Draft;

/// What somebody wants to do, as a policy sees it.
#[derive(Debug, Clone)]
pub struct Intent<'a> {
    act: Act<'a>,
}

#[derive(Debug, Clone)]
enum Act<'a> {
    /// An append, read from where it stands: it is asked a million times.
    Emit { ns: &'a Ns, actor: &'a Actor, key: &'a PublicKey, draft: &'a Draft },
    /// Anything, by its fields.
    Fields { verb: Verb, fields: Map },
}

/// The fields of an append.
const EMIT: [&str; 9] = ["verb", "ns", "type", "actor", "key", "ulid", "payload", "payload_size", "target"];
/// Fields of an append that differ in every event, and name it or hold what it says.
pub(super) const SINGULAR: [&str; 3] = ["payload", "target", "ulid"];
/// What a decision keeps of an act: no payload, or the record would publish what it denies; no list of commits.
const RECORDED: [&str; 17] = [
    "ns",
    "ref",
    "type",
    "topic",
    "actor",
    "key",
    "target",
    "identity",
    "old",
    "new",
    "created",
    "deleted",
    "fast_forward",
    "changed_count",
    "ulid",
    "payload_blake3",
    "payload_size",
];

impl<'a> Intent<'a> {
    /// The wish to append.
    pub fn emit(ns: &'a Ns, actor: &'a Actor, key: &'a PublicKey, draft: &'a Draft) -> Intent<'a> {
        Intent { act: Act::Emit { ns, actor, key, draft } }
    }

    /// Any other wish, by the fields that rules read; the verb is one of them.
    pub fn act(verb: Verb, mut fields: Map) -> Intent<'static> {
        fields.insert("verb", verb.as_str());
        if verb == Verb::Push && !fields.contains("target") {
            let text = |name: &str| fields.get(name).and_then(Value::as_str);
            if let (Some(name), Some(new)) = (text("ref"), text("new")) {
                let target = format!("{name}@{new}");
                fields.insert("target", target);
            }
        }
        Intent { act: Act::Fields { verb, fields } }
    }

    pub fn verb(&self) -> Verb {
        match &self.act {
            Act::Emit { .. } => Verb::Emit,
            Act::Fields { verb, .. } => *verb,
        }
    }

    /// What the act is about, as rules name it behind the verb: a namespace, a ref, a topic, an action.
    pub fn subject(&self) -> Option<&str> {
        let name = self.verb().subject()?;
        match &self.act {
            Act::Emit { ns, .. } => Some(ns.as_str()),
            Act::Fields { fields, .. } => fields.get(name).and_then(Value::as_str),
        }
    }

    /// What a grant for this act names: `intent:` and the content id of an append, `<ref>@<commit>` of a push.
    pub fn target(&self) -> Option<String> {
        match &self.act {
            Act::Emit { ns, actor, draft, .. } => Some(target_of(ns, actor, draft)),
            Act::Fields { fields, .. } => fields.get("target").and_then(Value::as_str).map(str::to_owned),
        }
    }

    /// Whether it is an append, read from where it stands.
    pub(super) fn is_append(&self) -> bool {
        matches!(self.act, Act::Emit { .. })
    }

    /// Type and payload of an append.
    pub(super) fn said(&self) -> Option<(&str, &Value)> {
        match &self.act {
            Act::Emit { draft, .. } => Some((draft.ty.as_str(), &draft.payload)),
            Act::Fields { fields, .. } => Some((fields.get("type")?.as_str()?, fields.get("payload")?)),
        }
    }

    /// The value of one field that a rule may read.
    pub(super) fn field(&self, name: &str) -> Option<Value> {
        let (ns, actor, key, draft) = match &self.act {
            Act::Emit { ns, actor, key, draft } => (ns, actor, key, draft),
            Act::Fields { fields, .. } => return fields.get(name).cloned(),
        };
        Some(match name {
            "verb" => Verb::Emit.as_str().into(),
            "ns" => ns.as_str().into(),
            "type" => draft.ty.as_str().into(),
            "actor" => actor.as_str().into(),
            "key" => Value::text(key),
            "ulid" => Value::text(draft.ulid),
            "payload" => draft.payload.clone(),
            "payload_size" => Value::Int(draft.payload_json.len() as i64),
            "target" => target_of(ns, actor, draft).into(),
            _ => return None,
        })
    }

    /// Appends a field of an append that names somebody or something, each in its one spelling; false where there is no
    /// such field.
    pub(super) fn write_field(&self, name: &str, out: &mut Vec<u8>) -> bool {
        let Act::Emit { ns, actor, key, draft } = &self.act else { return false };
        let text = match name {
            "verb" => Verb::Emit.as_str(),
            "ns" => ns.as_str(),
            "type" => draft.ty.as_str(),
            "actor" => actor.as_str(),
            "key" => {
                out.extend_from_slice(key.as_bytes());
                return true;
            }
            "payload_size" => {
                out.extend_from_slice(&(draft.payload_json.len() as u64).to_le_bytes());
                return true;
            }
            _ => return false,
        };
        out.extend_from_slice(text.as_bytes());
        true
    }

    /// The fields of these names, or every field.
    pub(super) fn whole(&self, wanted: Option<&std::collections::BTreeSet<String>>) -> Value {
        let Act::Emit { .. } = &self.act else {
            let Act::Fields { fields, .. } = &self.act else { unreachable!("there are two kinds") };
            return Value::Map(fields.clone());
        };
        let mut map = Map::with_capacity(EMIT.len());
        for name in EMIT {
            if wanted.is_none_or(|wanted| wanted.contains(name)) {
                map.insert(name, self.field(name).expect("the list names fields that exist"));
            }
        }
        Value::Map(map)
    }

    /// How a decision names it: the payload by digest and size, or the record would publish what it denies.
    pub fn recorded(&self) -> Value {
        let mut map = Map::new();
        map.insert("verb", self.verb().as_str());
        match &self.act {
            Act::Emit { ns, actor, key, draft } => {
                map.insert("ns", ns.as_str());
                map.insert("type", draft.ty.as_str());
                map.insert("actor", actor.as_str());
                map.insert("key", Value::text(key));
                map.insert("payload_blake3", Value::text(digest::blake3(draft.payload_json.as_bytes())));
                map.insert("payload_size", Value::Int(draft.payload_json.len() as i64));
            }
            Act::Fields { fields, .. } => {
                for name in RECORDED {
                    if let Some(value) = fields.get(name) {
                        map.insert(name, value.clone());
                    }
                }
                if let Some(Ok(bytes)) = fields.get("payload").map(json::document) {
                    map.insert("payload_size", Value::Int(bytes.len() as i64));
                    map.insert("payload_blake3", Value::text(digest::blake3(&bytes)));
                }
            }
        }
        Value::Map(map)
    }

    /// The subject of the commit that records a decision.
    pub(super) fn title(&self) -> String {
        let field = |name: &str| self.field(name).and_then(|v| v.as_str().map(str::to_owned));
        let actor = field("actor").unwrap_or_else(|| "-".into());
        match (self.verb(), self.subject()) {
            (Verb::Emit, _) => format!("{actor} {}", field("type").unwrap_or_default()),
            (verb, Some(subject)) => format!("{actor} {verb} {subject}"),
            (verb, None) => format!("{actor} {verb}"),
        }
    }
}

fn target_of(ns: &Ns, actor: &Actor, draft: &Draft) -> String {
    let said = Value::map([
        ("actor", actor.as_str().into()),
        ("ns", ns.as_str().into()),
        ("payload", draft.payload.clone()),
        ("type", draft.ty.as_str().into()),
        ("ulid", Value::text(draft.ulid)),
    ]);
    let bytes = json::document(&said).expect("a draft holds a payload that has a form");
    format!("intent:{}", digest::blake3(&bytes))
}
