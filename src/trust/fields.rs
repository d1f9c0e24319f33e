//! Reading the fields of signed documents, and refusing what has no place in them.

use super::DocError;
use crate::canon::{Map, Value};
use crate::id::Blake3;
use std::collections::BTreeSet;
use std::fmt::Display;

pub(super) fn texts<T: Display>(items: &[T]) -> Value {
    Value::List(items.iter().map(Value::text).collect())
}

/// Refuses a map with other fields than these.
pub(super) fn only(map: &Map, place: &str, fields: &[&str]) -> Result<(), DocError> {
    if let Some(name) = map.keys().find(|name| !fields.contains(name)) {
        return Err(DocError::rule(format!("{place}, {}", cut(name)), "this field has no place here"));
    }
    match fields.iter().find(|name| !map.contains(name)) {
        Some(name) => Err(DocError::rule(format!("{place}, {name}"), "this field is missing")),
        None => Ok(()),
    }
}

/// So much of a stranger's name as a message repeats, without control characters.
pub(super) fn cut(name: &str) -> String {
    name.chars().take(100).flat_map(char::escape_debug).collect()
}

pub(super) fn number(map: &Map, name: &str) -> Result<u32, DocError> {
    let number = map.get(name).and_then(Value::as_int).and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0);
    number.ok_or_else(|| DocError::rule(name, "it must be a whole number from 1 to 2^32-1"))
}

pub(super) fn digest_of(map: &Map, name: &str) -> Result<Blake3, DocError> {
    let digest = map.get(name).and_then(Value::as_str).and_then(|text| text.parse().ok());
    digest.ok_or_else(|| DocError::rule(name, "it must be blake3: and 64 lower-case hexadecimal digits"))
}

pub(super) fn object_of<'a>(map: &'a Map, name: &str) -> Result<&'a Map, DocError> {
    map.get(name).and_then(Value::as_map).ok_or_else(|| DocError::rule(name, "it must be an object"))
}

/// A list of names of one kind, each once.
pub(super) fn names<T: std::str::FromStr + Ord>(list: Option<&Value>, place: &str) -> Result<Vec<T>, DocError> {
    let list = list.and_then(Value::as_list).ok_or_else(|| DocError::rule(place, "it must be a list"))?;
    let read = |item: &Value| item.as_str().and_then(|text| text.parse().ok());
    let names: Option<Vec<T>> = list.iter().map(read).collect();
    let names = names.ok_or_else(|| DocError::rule(place, "it holds something that is no name of the wanted kind"))?;
    let mut seen = BTreeSet::new();
    match names.iter().all(|name| seen.insert(name)) {
        true => Ok(names),
        false => Err(DocError::rule(place, "a name stands twice in it")),
    }
}
