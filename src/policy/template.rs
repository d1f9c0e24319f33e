//! What a rule says to people: text with `{name}` or `{name.member}` in it, filled from the intent and the facts.

use super::facts::Facts;
use super::intent::Intent;
use crate::canon::{Value, json};

/// Longest value that is put into a text, and longest text.
const VALUE_MAX: usize = 200;
const TEXT_MAX: usize = 2000;

/// The places of a text to fill: what stands between braces. `Err` says what is wrong with the braces.
pub(super) fn places(text: &str) -> Result<Vec<&str>, String> {
    let mut places = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find(['{', '}']) {
        let inner = rest[open..].strip_prefix('{').ok_or("a } without a {; braces hold a name")?;
        let close = inner.find('}').ok_or("a { without a }; braces hold a name")?;
        let place = &inner[..close];
        let word = |w: &str| !w.is_empty() && w.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !place.split('.').all(word) {
            return Err(format!("{{{place}}} is no name; braces hold a name, such as {{actor}} or {{event.intent}}"));
        }
        places.push(place);
        rest = &inner[close + 1..];
    }
    Ok(places)
}

/// The text with its places filled. What is not known stands as `?`.
pub(super) fn fill(text: &str, intent: &Intent<'_>, facts: &Facts) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, inner)) = rest.split_once('{') {
        let Some((place, after)) = inner.split_once('}') else { break };
        out.push_str(before);
        out.push_str(&value_of(place, intent, facts).map_or_else(|| "?".to_owned(), |v| shown(&v)));
        rest = after;
        if out.len() > TEXT_MAX {
            break;
        }
    }
    out.push_str(rest);
    cut(&out, TEXT_MAX)
}

fn value_of(place: &str, intent: &Intent<'_>, facts: &Facts) -> Option<Value> {
    let mut words = place.split('.');
    let mut first = words.next()?;
    if first == "event" {
        first = match words.next()? {
            "intent" => "target",
            other => other,
        };
    }
    // A payload is never recorded, and a reason is.
    if first == "payload" {
        return None;
    }
    let from = match first {
        "target" => intent.target().map(Value::from),
        "action" => intent.field("type"),
        name => intent.field(name),
    };
    let found = from.or_else(|| facts.value().get(first).cloned())?;
    words.try_fold(found, |value, word| value.get(word).cloned())
}

fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => plain(text),
        other => json::document(other).map_or_else(|_| "?".into(), |b| plain(&String::from_utf8_lossy(&b))),
    }
}

/// A stranger's text as a line for people: no control characters, not too long.
pub(super) fn plain(text: &str) -> String {
    let mut line = String::with_capacity(text.len().min(VALUE_MAX));
    for c in text.chars().take(VALUE_MAX) {
        match c.is_control() {
            true => line.extend(c.escape_debug()),
            false => line.push(c),
        }
    }
    cut(&line, VALUE_MAX)
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
