//! What an expression of a rule may name, and where that comes from.

use crate::policy::verb::Verb;

/// A value by name.
#[derive(Debug, Clone, Copy)]
pub struct Name {
    pub name: &'static str,
    /// The field it is: of the intent, or of the facts.
    pub intent: Option<&'static str>,
    pub fact: Option<&'static str>,
    /// The verbs whose acts have it; none stands for all.
    pub verbs: &'static [Verb],
}

const ALL: &[Verb] = &[];
const EMIT: &[Verb] = &[Verb::Emit];
const PUSH: &[Verb] = &[Verb::Push];
const SPOKEN: &[Verb] = &[Verb::Emit, Verb::StateCheckpoint, Verb::JobEnqueue, Verb::JobClaim];

const fn field(name: &'static str, verbs: &'static [Verb]) -> Name {
    Name { name, intent: Some(name), fact: None, verbs }
}

const fn fact(name: &'static str, verbs: &'static [Verb]) -> Name {
    Name { name, intent: None, fact: Some(name), verbs }
}

pub const VALUES: &[Name] = &[
    field("verb", ALL),
    field("actor", ALL),
    field("key", ALL),
    field("target", ALL),
    field("ns", SPOKEN),
    field("payload", EMIT),
    field("payload_size", EMIT),
    field("ulid", EMIT),
    field("ref", PUSH),
    field("old", PUSH),
    field("new", PUSH),
    field("created", PUSH),
    field("deleted", PUSH),
    field("fast_forward", PUSH),
    field("identity", PUSH),
    field("commits", PUSH),
    field("changed_count", PUSH),
    field("topic", &[Verb::Publish]),
    Name { name: "action", intent: Some("type"), fact: None, verbs: &[Verb::Propose, Verb::Approve] },
    fact("caps", ALL),
    fact("groups", ALL),
    fact("trust_version", ALL),
    fact("received_at", ALL),
    fact("max_size", PUSH),
];

/// The members of `event`, each a field of the intent.
pub const EVENT: &[(&str, &str)] = &[
    ("type", "type"),
    ("ns", "ns"),
    ("actor", "actor"),
    ("key", "key"),
    ("ulid", "ulid"),
    ("payload", "payload"),
    ("payload_size", "payload_size"),
    ("intent", "target"),
];

/// A predicate: what it reads, and how many arguments it takes.
#[derive(Debug, Clone, Copy)]
pub struct Predicate {
    pub name: &'static str,
    pub reads: &'static [&'static str],
    pub args: (usize, usize),
    pub verbs: &'static [Verb],
}

pub const PREDICATES: &[Predicate] = &[
    Predicate { name: "cap", reads: &["caps", "is_root"], args: (1, 1), verbs: ALL },
    Predicate { name: "group", reads: &["groups"], args: (1, 1), verbs: ALL },
    // The second argument says for a reader what is granted: it is always the act at hand.
    Predicate { name: "granted", reads: &["grants"], args: (1, 2), verbs: ALL },
    Predicate { name: "approvals", reads: &["approvals"], args: (1, 1), verbs: ALL },
    Predicate { name: "changed", reads: &["changed"], args: (1, 1), verbs: PUSH },
    Predicate { name: "known", reads: &["actor_known", "key_known"], args: (0, 0), verbs: ALL },
    Predicate { name: "root", reads: &["is_root"], args: (0, 0), verbs: ALL },
    // Of a push it reads the commits alone.
    Predicate { name: "signed_by", reads: &["actor", "commits", "key_known"], args: (1, 1), verbs: ALL },
    Predicate { name: "every_message", reads: &["commits"], args: (1, 1), verbs: PUSH },
];

pub fn value(name: &str) -> Option<&'static Name> {
    VALUES.iter().find(|v| v.name == name)
}

pub fn predicate(name: &str) -> Option<&'static Predicate> {
    PREDICATES.iter().find(|p| p.name == name)
}

/// Whether a name is taken by the language.
pub fn is_taken(name: &str) -> bool {
    value(name).is_some()
        || predicate(name).is_some()
        || ["event", "intent", "facts", "covers", "has", "named", "quorum", "permitted"].contains(&name)
}
