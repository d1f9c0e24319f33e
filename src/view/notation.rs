//! Canonical values as people like to read them.

use crate::canon::{Value, json};
use serde::ser::{Error as _, Serialize, Serializer};
use serde_json::value::RawValue;

/// A state this short stands on one line.
const SHORT: usize = 60;
/// Where the provenance stands in a shown state.
const PROVENANCE: &str = "_provenance";

/// A count with its noun.
pub(super) fn some(n: u64, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

/// A value on one line, in canonical form.
pub(super) fn line(value: &Value) -> String {
    let mut out = Vec::new();
    match json::write(value, &mut out) {
        Ok(()) => String::from_utf8_lossy(&out).into_owned(),
        Err(e) => format!("({e})"),
    }
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
    serde_json::to_string_pretty(&record).unwrap_or_else(|e| format!("({e})"))
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
