//! Canonical values as people like to read them.

use crate::canon::{Value, json};
use std::fmt::Write as _;

/// A state this short stands on one line.
const SHORT: usize = 60;
/// Where the provenance stands in a shown state.
const PROVENANCE: &str = "_provenance";

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
    let mut out = String::new();
    object(members, 0, &mut out);
    out
}

fn key(name: &str) -> String {
    line(&name.into())
}

/// Two spaces a level; what is empty stays on its line.
fn pretty(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::Map(map) if !map.is_empty() => object(map.iter(), depth, out),
        Value::List(items) if !items.is_empty() => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i == 0 { "\n" } else { ",\n" });
                indent(depth + 1, out);
                pretty(item, depth + 1, out);
            }
            out.push('\n');
            indent(depth, out);
            out.push(']');
        }
        other => out.push_str(&line(other)),
    }
}

fn object<'v>(members: impl Iterator<Item = (&'v str, &'v Value)>, depth: usize, out: &mut String) {
    out.push('{');
    for (i, (name, value)) in members.enumerate() {
        out.push_str(if i == 0 { "\n" } else { ",\n" });
        indent(depth + 1, out);
        write!(out, "{}: ", key(name)).expect("a string takes everything");
        pretty(value, depth + 1, out);
    }
    out.push('\n');
    indent(depth, out);
    out.push('}');
}

fn indent(depth: usize, out: &mut String) {
    out.extend(std::iter::repeat_n("  ", depth));
}
