//! Canonical values as people like to read them.

use crate::canon::{Map, Value, json, shown};
use serde::ser::{Error as _, Serialize, Serializer};
use serde_json::value::RawValue;
use std::fmt::Display;

/// A state this short stands on one line.
const SHORT: usize = 60;
/// Where the provenance stands in a shown state.
const PROVENANCE: &str = "_provenance";

/// A count with its noun.
pub(super) fn some(n: u64, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

/// A value on one line, in canonical form but for what must not reach a terminal.
pub(super) fn line(value: &Value) -> String {
    let mut out = Vec::new();
    match json::write(value, &mut out) {
        Ok(()) => shown::json(&String::from_utf8_lossy(&out)).into_owned(),
        Err(e) => format!("({e})"),
    }
}

/// Facts of every act, which tell little beside a reason.
const EVER: [&str; 2] = ["received_at", "trust_version"];

/// Most characters of a fact or a reason that a refusal repeats.
const BRIEF_MAX: usize = 300;

/// Most members of a list that are shown.
const LIST_MAX: usize = 6;

/// What was known where a rule refused, on one line.
pub(super) fn facts(facts: &Map) -> String {
    let telling = facts.iter().filter(|(name, _)| !EVER.contains(name));
    telling.filter_map(|(name, value)| Some(format!("{name} {}", fact(value)?))).collect::<Vec<_>>().join(" · ")
}

/// The same of what a rule asked for: that there was nothing may be why it refused.
pub(super) fn answers(facts: &Map) -> String {
    let answer = |(name, value): (&str, &Value)| format!("{name} {}", fact(value).unwrap_or_else(|| "none".into()));
    facts.iter().map(answer).collect::<Vec<_>>().join(" · ")
}

/// A fact as words; nothing where it is empty.
fn fact(value: &Value) -> Option<String> {
    let words = match value {
        Value::Text(text) => brief(text),
        Value::Int(n) => n.to_string(),
        Value::Bool(b) => b.to_string(),
        Value::List(items) => list(items),
        Value::Map(map) => map.iter().filter_map(|(name, fact)| entry(name, fact)).collect::<Vec<_>>().join(", "),
        _ => "…".into(),
    };
    (!words.is_empty()).then_some(words)
}

/// The first members of a list as words.
fn list(items: &[Value]) -> String {
    let word = |item: &Value| item.as_str().map_or_else(|| line(item), brief);
    let mut words: Vec<String> = items.iter().take(LIST_MAX).map(word).collect();
    if items.len() > LIST_MAX {
        words.push(format!("and {} more", items.len() - LIST_MAX));
    }
    words.join(" ")
}

/// One entry of a fact: the first path that a glob fits, how many of whom agreed; else its name alone.
fn entry(name: &str, fact: &Value) -> Option<String> {
    let number = |field: &str| fact.get(field).and_then(Value::as_int);
    let text = |field: &str| fact.get(field).and_then(Value::as_str);
    match (number("count"), number("have"), number("need")) {
        (Some(0), ..) => None,
        (Some(_), ..) => Some(brief(text("first").unwrap_or(name))),
        (_, Some(have), Some(need)) => {
            Some(format!("{} {have} of {need} (@{})", brief(name), brief(text("group").unwrap_or("?"))))
        }
        _ => Some(brief(name)),
    }
}

/// A stranger's text on one line, and not too long.
pub(super) fn brief(text: &str) -> String {
    let end = text.char_indices().nth(BRIEF_MAX).map_or(text.len(), |(at, _)| at);
    plain(&text[..end])
}

/// A stranger's text on one line.
pub(super) fn plain(text: impl Display) -> String {
    shown::line(&text.to_string()).into_owned()
}

/// A state with its provenance as its last member, as the project announced it: on one line where it is short.
pub(super) fn with_provenance(state: &Value, provenance: &str) -> String {
    let members: Vec<(&str, &Value)> = match state {
        Value::Map(map) if !map.contains(PROVENANCE) => map.iter().collect(),
        // A state that is no record, or has that name itself, stands beside its provenance.
        other => vec![("state", other)],
    };
    let provenance = Value::text(provenance);
    let members = members.into_iter().chain([(PROVENANCE, &provenance)]);
    if line(state).len() <= SHORT {
        let members: Vec<String> = members.map(|(name, value)| format!("{}: {}", key(name), line(value))).collect();
        return format!("{{ {} }}", members.join(", "));
    }
    let record = Record(members.collect());
    let pretty = serde_json::to_string_pretty(&record).unwrap_or_else(|e| format!("({e})"));
    shown::json(&pretty).into_owned()
}

fn key(name: &str) -> String {
    line(&name.into())
}

/// Members in the order in which they are shown.
struct Record<'v>(Vec<(&'v str, &'v Value)>);

impl Serialize for Record<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().map(|(name, value)| (name, Shown(value))))
    }
}

/// A canonical value for `serde_json`, which lays it out. Numbers keep their canonical text: a fraction of the language does
/// not fit a double.
struct Shown<'v>(&'v Value);

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null => to.serialize_unit(),
            Value::Bool(b) => to.serialize_bool(*b),
            Value::Int(i) => to.serialize_i64(*i),
            Value::Text(text) => to.serialize_str(text),
            Value::List(items) => to.collect_seq(items.iter().map(Shown)),
            Value::Map(map) => to.collect_map(map.iter().map(|(name, value)| (name, Shown(value)))),
            number => RawValue::from_string(line(number)).map_err(S::Error::custom)?.serialize(to),
        }
    }
}
