//! JSON Schema of payloads: the part of draft 2020-12 whose answer is the same everywhere, in bounded time. There are no
//! references, patterns and formats: a verdict must not depend on the version of a library.

use crate::canon::{Map, Value, json};
use std::cmp::Ordering;

/// Longest schema, and deepest nesting.
pub const SCHEMA_MAX: usize = 64 << 10;
const DEPTH_MAX: usize = 32;
/// Most comparisons for one payload.
const WORK_MAX: u32 = 200_000;

const WORDS: [&str; 25] = [
    "type",
    "enum",
    "const",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "prefixItems",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
];
/// Words that say something to people only, and `else`.
const PLAIN: [&str; 8] = ["$schema", "$id", "$comment", "title", "description", "examples", "default", "else"];
const TYPES: [&str; 7] = ["null", "boolean", "object", "array", "number", "integer", "string"];

/// A schema that was checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Schema(Value);

impl Schema {
    /// Reads a schema and refuses what this subset does not know, so that no rule is passed over in silence.
    pub fn parse(bytes: &[u8]) -> Result<Schema, String> {
        if bytes.len() > SCHEMA_MAX {
            return Err(format!("a schema has at most {} KiB", SCHEMA_MAX >> 10));
        }
        let value = json::parse(bytes).map_err(|e| e.to_string())?;
        check(&value, "", 0)?;
        Ok(Schema(value))
    }

    /// What is wrong with a payload: the place in it, and the rule that it breaks. The value there is not repeated.
    pub fn fault(&self, payload: &Value) -> Option<String> {
        let mut work = Work { left: WORK_MAX };
        work.fault(&self.0, payload, "payload")
    }
}

fn check(schema: &Value, at: &str, depth: usize) -> Result<(), String> {
    let here = if at.is_empty() { "the schema" } else { at };
    let map = match schema {
        Value::Bool(_) => return Ok(()),
        Value::Map(map) => map,
        _ => return Err(format!("{here} is neither an object nor true or false")),
    };
    if depth > DEPTH_MAX {
        return Err(format!("{here} is nested deeper than {DEPTH_MAX}"));
    }
    for (word, value) in map.iter() {
        let place = format!("{at}/{word}");
        if !WORDS.contains(&word) && !PLAIN.contains(&word) {
            return Err(format!("{place} is not known here; the words are {}", WORDS.join(" ")));
        }
        check_word(word, value, &place, depth + 1)?;
    }
    Ok(())
}

fn check_word(word: &str, value: &Value, place: &str, depth: usize) -> Result<(), String> {
    let want = |good: bool, what: &str| if good { Ok(()) } else { Err(format!("{place} must be {what}")) };
    match word {
        "type" => {
            let known = |v: &Value| v.as_str().is_some_and(|t| TYPES.contains(&t));
            want(
                known(value) || value.as_list().is_some_and(|l| !l.is_empty() && l.iter().all(known)),
                "a type or a list of types",
            )
        }
        "enum" => want(value.as_list().is_some_and(|l| !l.is_empty()), "a list of values"),
        "required" => want(value.as_list().is_some_and(|l| l.iter().all(|v| v.as_str().is_some())), "a list of names"),
        "minItems" | "maxItems" | "minProperties" | "maxProperties" | "minLength" | "maxLength" => {
            want(value.as_int().is_some_and(|n| n >= 0), "a whole number from 0")
        }
        "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => want(number(value).is_some(), "a number"),
        "uniqueItems" => want(value.as_bool().is_some(), "true or false"),
        "properties" => match value {
            Value::Map(map) => map.iter().try_for_each(|(name, s)| check(s, &format!("{place}/{name}"), depth)),
            _ => want(false, "an object of schemas"),
        },
        "allOf" | "anyOf" | "oneOf" | "prefixItems" => match value.as_list() {
            Some(list) if !list.is_empty() => {
                list.iter().enumerate().try_for_each(|(i, s)| check(s, &format!("{place}/{i}"), depth))
            }
            _ => want(false, "a list of schemas"),
        },
        "additionalProperties" | "items" | "not" | "if" | "then" | "else" => check(value, place, depth),
        _ => Ok(()),
    }
}

/// A number as it is compared: exact for integers, and for the fractions that a payload may hold.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(i) => Some(*i as f64),
        Value::Float(f) => Some(*f),
        _ => None,
    }
}

fn is_type(value: &Value, name: &str) -> bool {
    match name {
        "integer" => matches!(value, Value::Int(_)),
        other => value.kind() == other,
    }
}

struct Work {
    left: u32,
}

impl Work {
    fn spend(&mut self, steps: usize) -> bool {
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        let enough = self.left >= steps;
        self.left = self.left.saturating_sub(steps);
        enough
    }

    fn holds(&mut self, schema: &Value, value: &Value, at: &str) -> bool {
        self.fault(schema, value, at).is_none()
    }

    fn fault(&mut self, schema: &Value, value: &Value, at: &str) -> Option<String> {
        if !self.spend(1) {
            return Some(format!("{at}: the schema asks for more comparisons than {WORK_MAX}"));
        }
        let map = match schema {
            Value::Bool(true) => return None,
            Value::Map(map) => map,
            _ => return Some(format!("{at} has no place here")),
        };
        self.general(map, value, at)
            .or_else(|| match value {
                Value::Map(members) => self.object(map, members, at),
                Value::List(items) => self.array(map, items, at),
                Value::Text(text) => string(map, text, at),
                other => bounds(map, other, at),
            })
            .or_else(|| self.joined(map, value, at))
    }

    fn general(&mut self, map: &Map, value: &Value, at: &str) -> Option<String> {
        let types = map.get("type");
        let fits = |t: &Value| t.as_str().is_some_and(|name| is_type(value, name));
        if let Some(t) = types.filter(|t| !fits(t) && !t.as_list().is_some_and(|l| l.iter().any(fits))) {
            let wanted = match t.as_list() {
                Some(list) => list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
                None => t.as_str().unwrap_or_default().to_owned(),
            };
            return Some(format!("{at} is {}, not {wanted}", value.kind()));
        }
        if map.get("const").is_some_and(|c| c != value) {
            return Some(format!("{at} is not the one value it may be"));
        }
        let listed = map.get("enum").and_then(Value::as_list);
        listed.is_some_and(|list| !list.contains(value)).then(|| format!("{at} is none of the values it may be"))
    }

    fn object(&mut self, map: &Map, members: &Map, at: &str) -> Option<String> {
        let required = map.get("required").and_then(Value::as_list).unwrap_or_default();
        if let Some(name) = required.iter().filter_map(Value::as_str).find(|name| !members.contains(name)) {
            return Some(format!("{at}.{name} is missing"));
        }
        if let Some(why) = count(map, "minProperties", "maxProperties", members.len(), "members") {
            return Some(format!("{at} {why}"));
        }
        let properties = map.get("properties").and_then(Value::as_map);
        for (name, member) in members.iter() {
            let place = format!("{at}.{}", crate::policy::template::plain(name));
            let schema = properties.and_then(|p| p.get(name)).or(map.get("additionalProperties"));
            if let Some(why) = schema.and_then(|schema| self.fault(schema, member, &place)) {
                return Some(why);
            }
        }
        None
    }

    fn array(&mut self, map: &Map, items: &[Value], at: &str) -> Option<String> {
        if let Some(why) = count(map, "minItems", "maxItems", items.len(), "items") {
            return Some(format!("{at} {why}"));
        }
        let first = map.get("prefixItems").and_then(Value::as_list).unwrap_or_default();
        for (i, item) in items.iter().enumerate() {
            let schema = first.get(i).or(map.get("items"));
            if let Some(why) = schema.and_then(|schema| self.fault(schema, item, &format!("{at}[{i}]"))) {
                return Some(why);
            }
        }
        if map.get("uniqueItems").and_then(Value::as_bool) == Some(true) {
            if !self.spend(items.len() * items.len() / 2) {
                return Some(format!("{at} is too long to be compared"));
            }
            let twice = (1..items.len()).find(|i| items[..*i].contains(&items[*i]));
            return twice.map(|i| format!("{at}[{i}] stands twice"));
        }
        None
    }

    fn joined(&mut self, map: &Map, value: &Value, at: &str) -> Option<String> {
        let list = |word: &str| map.get(word).and_then(Value::as_list);
        for schema in list("allOf").unwrap_or_default() {
            if let Some(why) = self.fault(schema, value, at) {
                return Some(why);
            }
        }
        if let Some(any) = list("anyOf")
            && !any.iter().any(|s| self.holds(s, value, at))
        {
            return Some(format!("{at} fits none of anyOf"));
        }
        if let Some(one) = list("oneOf") {
            let fits = one.iter().filter(|s| self.holds(s, value, at)).count();
            if fits != 1 {
                return Some(format!("{at} fits {fits} of oneOf, not one"));
            }
        }
        if let Some(not) = map.get("not")
            && self.holds(not, value, at)
        {
            return Some(format!("{at} fits what it must not"));
        }
        let branch = if self.holds(map.get("if")?, value, at) { "then" } else { "else" };
        map.get(branch).and_then(|s| self.fault(s, value, at))
    }
}

fn count(map: &Map, least: &str, most: &str, found: usize, what: &str) -> Option<String> {
    let bound = |word: &str| map.get(word).and_then(Value::as_int).and_then(|n| usize::try_from(n).ok());
    match (bound(least), bound(most)) {
        (Some(least), _) if found < least => Some(format!("has {found} {what}, and {least} at least")),
        (_, Some(most)) if found > most => Some(format!("has {found} {what}, and {most} at most")),
        _ => None,
    }
}

fn string(map: &Map, text: &str, at: &str) -> Option<String> {
    count(map, "minLength", "maxLength", text.chars().count(), "characters").map(|why| format!("{at} {why}"))
}

fn bounds(map: &Map, value: &Value, at: &str) -> Option<String> {
    let found = number(value)?;
    let rules: [(&str, Ordering, bool, &str); 4] = [
        ("minimum", Ordering::Less, false, "below"),
        ("maximum", Ordering::Greater, false, "above"),
        ("exclusiveMinimum", Ordering::Less, true, "not above"),
        ("exclusiveMaximum", Ordering::Greater, true, "not below"),
    ];
    for (word, bad, equal_is_bad, says) in rules {
        let Some(bound) = map.get(word) else { continue };
        let order = compare(value, found, bound);
        if order == bad || equal_is_bad && order == Ordering::Equal {
            return Some(format!("{at} is {says} {}", String::from_utf8_lossy(&json::document(bound).ok()?)));
        }
    }
    None
}

/// Two integers are compared as they are, anything else as the nearest double.
fn compare(value: &Value, found: f64, bound: &Value) -> Ordering {
    match (value, bound) {
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        _ => found.partial_cmp(&number(bound).unwrap_or(f64::NAN)).unwrap_or(Ordering::Equal),
    }
}
