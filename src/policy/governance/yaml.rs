//! YAML as a value: maps, lists and scalars of one document. Anchors, aliases, tags and keys that stand twice are refused,
//! so that what a person reads is what is meant.

use crate::canon::{Map, Text, Value, json};
use saphyr_parser::{Event, Parser, ScalarStyle, Span};

/// Longest text, most nodes, deepest nesting.
pub const TEXT_MAX: usize = 64 << 10;
const NODES_MAX: usize = 10_000;
const DEPTH_MAX: usize = 32;

/// Why a text is not read, and where.
pub type Refused = (u32, u32, String);

/// A plain or quoted text in the document.
pub struct Scalar<'a> {
    pub text: &'a str,
    pub line: u32,
    pub col: u32,
    /// How many lists and maps it stands in.
    pub depth: usize,
    pub is_key: bool,
}

/// Something that is open: a list, or a map with the key that waits for its value.
enum Open {
    List(Vec<Value>),
    Map(Vec<(Text, Value)>, Option<Text>),
}

pub fn parse(text: &str) -> Result<Value, Refused> {
    parse_seeing(text, &mut |_| {})
}

/// The same, and shows every scalar on the way with its place.
pub fn parse_seeing(text: &str, see: &mut dyn FnMut(Scalar<'_>)) -> Result<Value, Refused> {
    if text.len() > TEXT_MAX {
        return Err((1, 1, format!("it is longer than {} KiB", TEXT_MAX >> 10)));
    }
    let mut open: Vec<Open> = Vec::new();
    let mut whole: Option<Value> = None;
    let mut nodes = 0;
    for step in Parser::new_from_str(text) {
        let (event, span) = step.map_err(|e| {
            let at = e.marker();
            (at.line() as u32, at.col() as u32 + 1, e.info().to_owned())
        })?;
        let refuse = |why: &str| refusal(&span, why);
        nodes += 1;
        if nodes > NODES_MAX || open.len() > DEPTH_MAX {
            return Err(refuse("it holds too much, or is nested too deep"));
        }
        let done = match event {
            Event::Alias(_) => return Err(refuse("aliases are not read; write the value out")),
            Event::Scalar(_, _, anchor, _) | Event::SequenceStart(anchor, _) | Event::MappingStart(anchor, _)
                if anchor != 0 =>
            {
                return Err(refuse("anchors are not read; write the value out"));
            }
            Event::Scalar(_, _, _, Some(_)) | Event::SequenceStart(_, Some(_)) | Event::MappingStart(_, Some(_)) => {
                return Err(refuse("tags are not read"));
            }
            Event::Scalar(text, style, ..) => {
                let (line, col) = place(&span);
                let is_key = key_waits(&open);
                see(Scalar { text: &text, line, col, depth: open.len(), is_key });
                scalar(&text, style, is_key)
            }
            Event::SequenceStart(..) => {
                open.push(Open::List(Vec::new()));
                continue;
            }
            Event::MappingStart(..) => {
                open.push(Open::Map(Vec::new(), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(Open::List(items)) => Value::List(items),
                Some(Open::Map(entries, _)) => Value::Map(
                    Map::from_entries(entries).map_err(|key| refuse(&format!("the key {key} stands twice")))?,
                ),
                None => continue,
            },
            _ => continue,
        };
        match open.last_mut() {
            None if whole.is_some() => return Err(refuse("one document, and nothing behind it")),
            None => whole = Some(done),
            Some(Open::List(items)) => items.push(done),
            Some(Open::Map(entries, key)) => match (key.take(), done) {
                (Some(key), value) => entries.push((key, value)),
                (None, Value::Text(name)) => *key = Some(name),
                (None, _) => return Err(refuse("a key is a text")),
            },
        }
    }
    Ok(whole.unwrap_or(Value::Null))
}

fn place(span: &Span) -> (u32, u32) {
    (span.start.line() as u32, span.start.col() as u32 + 1)
}

fn refusal(span: &Span, why: &str) -> Refused {
    let (line, col) = place(span);
    (line, col, why.to_owned())
}

/// Whether what comes next is the key of a map.
fn key_waits(open: &[Open]) -> bool {
    matches!(open.last(), Some(Open::Map(_, None)))
}

/// A plain scalar is a number, true, false or null where it looks so; everything else is text.
fn scalar(text: &str, style: ScalarStyle, key: bool) -> Value {
    if style != ScalarStyle::Plain || key {
        return text.into();
    }
    match text {
        "" | "~" | "null" => Value::Null,
        "true" => true.into(),
        "false" => false.into(),
        number if number.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => {
            match json::parse(number.as_bytes()) {
                Ok(n) if number.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'-') => n,
                _ => text.into(),
            }
        }
        _ => text.into(),
    }
}
