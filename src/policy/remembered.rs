use crate::canon::{Map, Value, cbor};
use crate::lua::ENGINE;
use std::collections::{BTreeMap, BTreeSet};

/// More allowed questions than this are forgotten at once.
const ALLOWED_MAX: usize = 1024;
/// How answers of several programs are joined; another way is another policy.
const COURT: &str = "court@3";

/// What a judge knows without its machines.
#[derive(Debug, PartialEq)]
pub(super) struct Memory {
    /// Fields of the intent that the programs can read; `None` where that cannot be told.
    pub reads: Option<BTreeSet<String>>,
    /// The facts that they can read.
    pub facts: Option<BTreeSet<String>>,
    /// Questions that were answered by `allow`, and the rule that did.
    allowed: BTreeMap<Vec<u8>, String>,
}

impl Memory {
    pub fn new(reads: Option<BTreeSet<String>>, facts: Option<BTreeSet<String>>) -> Memory {
        Memory { reads, facts, allowed: BTreeMap::new() }
    }

    /// The rule that allowed this question.
    pub fn rule(&self, question: &[u8]) -> Option<&str> {
        self.allowed.get(question).map(String::as_str)
    }

    pub fn learn(&mut self, question: Vec<u8>, rule: &str) {
        if self.allowed.len() >= ALLOWED_MAX {
            self.allowed.clear();
        }
        self.allowed.insert(question, rule.to_owned());
    }

    pub fn read(bytes: &[u8]) -> Option<Memory> {
        let value = cbor::decode(bytes).ok()?;
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        // Another engine is another policy.
        if text("engine")? != ENGINE || text("court")? != COURT {
            return None;
        }
        let name = |v: &Value| v.as_str().map(str::to_owned);
        let names = |v: &Value| v.as_list()?.iter().map(name).collect::<Option<BTreeSet<_>>>();
        let answered = |v: &Value| match v.as_list()? {
            [Value::Bytes(question), rule] => Some((question.clone(), rule.as_str()?.to_owned())),
            _ => None,
        };
        Some(Memory {
            reads: Some(names(value.get("reads")?)?),
            facts: match value.get("facts") {
                None => None,
                Some(facts) => Some(names(facts)?),
            },
            allowed: value.get("allowed")?.as_list()?.iter().map(answered).collect::<Option<_>>()?,
        })
    }

    /// Nothing where no answer can be told from another.
    pub fn write(&self) -> Option<Vec<u8>> {
        let names = |names: &BTreeSet<String>| Value::list(names.iter().map(|name| Value::from(name.as_str())));
        let answered = |(question, rule): (&Vec<u8>, &String)| {
            Value::List(vec![Value::Bytes(question.clone()), rule.as_str().into()])
        };
        let mut map = Map::new();
        map.insert("engine", ENGINE);
        map.insert("court", COURT);
        map.insert("reads", names(self.reads.as_ref()?));
        if let Some(facts) = &self.facts {
            map.insert("facts", names(facts));
        }
        map.insert("allowed", Value::List(self.allowed.iter().map(answered).collect()));
        cbor::to_vec(&Value::Map(map)).ok()
    }
}
