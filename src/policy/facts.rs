use super::error::PolicyError;
use crate::canon::{Map, Value, json};
use crate::id::{Actor, Blake3, PublicKey, Segment, Timestamp};
use crate::trust::{Ended, Graph};
use std::collections::{BTreeMap, BTreeSet};

/// What the repository says about an intent: the second thing a rule reads. A fact that is absent is not known.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    value: Value,
    /// The bytes of each fact.
    canonical: Vec<(String, Vec<u8>)>,
    asked: Asked,
    /// Why the key does not stand for the actor, and what to do; for the remedy alone, as what is asked.
    stranger: Option<Stranger>,
}

/// A key that does not stand for its actor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stranger {
    /// Why it does not, and what to do.
    pub hint: String,
    /// It did once: nothing that is told of the act helps where another key does.
    pub ended: bool,
}

/// A proposal that waits for more approvals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asking {
    pub proposal: Blake3,
    pub group: Segment,
    /// Who has agreed, and how many more must.
    pub agreed: Vec<Actor>,
    pub missing: u32,
}

/// What is asked of each action. No fact: no rule reads it, and nothing is recorded of it but the remedy that names it.
type Asked = BTreeMap<String, Asking>;

impl Facts {
    /// Takes what is known; refused is only what has no canonical form.
    pub fn new(known: Map) -> Result<Facts, PolicyError> {
        let each = |(name, fact): (&str, &Value)| Ok((name.to_owned(), json::document(fact)?));
        let canonical = known.iter().map(each).collect::<Result<_, PolicyError>>()?;
        Ok(Facts { value: Value::Map(known), canonical, asked: Asked::new(), stranger: None })
    }

    /// What trust says about an actor and the key that he signs with: all that is known of a local act.
    pub fn of_append(graph: &Graph, actor: &Actor, key: &PublicKey) -> Facts {
        FactsOf::actor(graph, actor, key, None).facts().expect("names and small numbers have a form")
    }

    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The proposal of an action for exactly this act that waits for more approvals.
    pub(super) fn asked(&self, action: &str) -> Option<&Asking> {
        self.asked.get(action)
    }

    /// Why trust does not know who acts, and what to do.
    pub(super) fn stranger(&self) -> Option<&Stranger> {
        self.stranger.as_ref()
    }

    /// Writes down the facts of these names, or all; each ends with its line.
    pub(super) fn write(&self, wanted: Option<&BTreeSet<String>>, out: &mut Vec<u8>) {
        for (name, canonical) in &self.canonical {
            if wanted.is_none_or(|wanted| wanted.contains(name)) {
                out.extend_from_slice(name.as_bytes());
                out.push(b' ');
                out.extend_from_slice(canonical);
                out.push(b'\n');
            }
        }
    }
}

/// Facts on their way.
#[derive(Debug, Clone, Default)]
pub struct FactsOf {
    known: Map,
    asked: Asked,
    stranger: Option<Stranger>,
}

impl FactsOf {
    /// Who acts: whether trust knows the actor, and the key as one of his; what he may, and since when. `at` is the moment
    /// of receipt, known at a gate alone.
    pub fn actor(graph: &Graph, actor: &Actor, key: &PublicKey, at: Option<&Timestamp>) -> FactsOf {
        let (known, stands) = (!graph.keys_of(actor).is_empty(), graph.stands(actor, key));
        // A key that does not stand for the actor brings nothing of what the actor holds.
        let (caps, groups) =
            if stands { (graph.caps_of(actor, at), graph.groups_of(actor)) } else { Default::default() };
        let facts = FactsOf::default()
            .with("actor_known", known)
            .with("key_known", stands)
            .with("is_root", graph.is_root(actor) && stands)
            .with("caps", Value::List(caps.iter().map(Value::text).collect()))
            .with("groups", Value::List(groups.iter().map(Value::text).collect()))
            .with("trust_version", graph.current().version);
        let facts = FactsOf { stranger: (!stands).then(|| stranger(graph, actor, key)), ..facts };
        match at {
            Some(at) => facts.with("received_at", Value::text(at)),
            None => facts,
        }
    }

    /// Who pushes, by the word of the transport: there is no signature of his to look at.
    pub fn of_transport(graph: &Graph, identity: Option<&str>, at: &Timestamp) -> FactsOf {
        let facts =
            FactsOf::default().with("trust_version", graph.current().version).with("received_at", Value::text(at));
        let Some(actor) = identity.and_then(actor_of_transport) else { return facts };
        // The transport vouches for him in place of a key.
        let known = !graph.keys_of(&actor).is_empty();
        facts
            .with("actor_known", known)
            .with("key_known", known)
            .with("is_root", graph.is_root(&actor))
            .with("caps", Value::list(graph.caps_of(&actor, Some(at)).iter().map(Value::text)))
            .with("groups", Value::list(graph.groups_of(&actor).iter().map(Value::text)))
    }

    /// One more fact.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> FactsOf {
        self.known.insert(name, value);
        self
    }

    /// Which proposals for the act are open, for the remedy of a denial.
    pub(super) fn asking(self, asked: Asked) -> FactsOf {
        FactsOf { asked, ..self }
    }

    pub fn facts(self) -> Result<Facts, PolicyError> {
        Ok(Facts { asked: self.asked, stranger: self.stranger, ..Facts::new(self.known)? })
    }
}

/// Why a key does not stand for an actor, with one command that helps.
fn stranger(graph: &Graph, actor: &Actor, key: &PublicKey) -> Stranger {
    let keys = graph.keys_of(actor);
    let hint = match graph.ended(actor, key) {
        Some(Ended::Revoked) => {
            format!("{key} of {actor} was revoked; with another key, a root runs: git gatos trust add-key {actor} KEY")
        }
        // To add it again would undo what the roots did.
        Some(ended) if keys.iter().any(|key| graph.stands(actor, key)) => {
            format!("{key} of {actor} {ended}; say it again with another key: git gatos init")
        }
        Some(ended) => format!("{key} of {actor} {ended}, and {actor} has no key any more"),
        None if keys.is_empty() => {
            format!("{actor} is not in the trust graph; a root runs: git gatos trust add-actor {actor} {key}")
        }
        None => format!("{key} does not stand for {actor}; a root runs: git gatos trust add-key {actor} {key}"),
    };
    Stranger { hint, ended: graph.ended(actor, key).is_some() }
}

/// The actor that a transport means by a name of its own.
pub fn actor_of_transport(name: &str) -> Option<Actor> {
    name.parse().ok().or_else(|| format!("user:{name}").parse().ok())
}
