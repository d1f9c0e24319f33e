use std::cmp::Ordering;

/// A string that is kept without an allocation when it is short.
pub use compact_str::CompactString as Text;

/// Everything that JSON or DAG-CBOR can say, and the fractions of the language.
///
/// An integer has one representation: `Int` within 64 bits, `Wide` outside (from CBOR only). `Float` comes from JSON for
/// numbers that are not integral, and from CBOR for every float. `Fixed` is a Q32.32 fraction `k / 2^32`, never integral,
/// and stands only in folded state.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Wide(i128),
    Float(f64),
    Fixed(i64),
    Text(Text),
    Bytes(Vec<u8>),
    /// A binary CID of any kind.
    Link(Vec<u8>),
    List(Vec<Value>),
    Map(Map),
}

/// A map with text keys, sorted by UTF-16 code units (the order of canonical JSON), each key once.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Map {
    entries: Vec<(Text, Value)>,
}

/// Order by UTF-16 code units, computed on UTF-8: it differs from byte order only where a character above U+FFFF meets
/// one of U+E000 to U+FFFF, whose first bytes are 0xEE and 0xEF.
pub(super) fn utf16_order(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    match a.iter().zip(b).find(|(x, y)| x != y) {
        None => a.len().cmp(&b.len()),
        // Both are lead bytes when both are 0xEE or more, because a continuation byte is below 0xC0.
        Some((x, y)) if *x >= 0xee && *y >= 0xee && (*x >= 0xf0) != (*y >= 0xf0) => y.cmp(x),
        Some((x, y)) => x.cmp(y),
    }
}

impl Map {
    pub fn new() -> Map {
        Map::default()
    }

    pub fn with_capacity(n: usize) -> Map {
        Map { entries: Vec::with_capacity(n) }
    }

    /// Takes entries in any order; `Err` names a key that stands twice.
    pub fn from_entries(mut entries: Vec<(Text, Value)>) -> Result<Map, Text> {
        if !entries.is_sorted_by(|a, b| utf16_order(&a.0, &b.0) == Ordering::Less) {
            entries.sort_by(|a, b| utf16_order(&a.0, &b.0));
            if let Some(pair) = entries.windows(2).find(|p| p[0].0 == p[1].0) {
                return Err(pair[0].0.clone());
            }
        }
        Ok(Map { entries })
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn find(&self, key: &str) -> Result<usize, usize> {
        self.entries.binary_search_by(|e| utf16_order(&e.0, key))
    }

    pub fn get(&self, key: &str) -> Option<&Value> {
        self.find(key).ok().map(|i| &self.entries[i].1)
    }

    pub fn contains(&self, key: &str) -> bool {
        self.find(key).is_ok()
    }

    /// Puts a value at a key and returns the one that stood there.
    pub fn insert(&mut self, key: impl Into<Text>, value: impl Into<Value>) -> Option<Value> {
        let (key, value) = (key.into(), value.into());
        match self.find(&key) {
            Ok(i) => Some(std::mem::replace(&mut self.entries[i].1, value)),
            Err(i) => {
                self.entries.insert(i, (key, value));
                None
            }
        }
    }

    pub fn remove(&mut self, key: &str) -> Option<Value> {
        self.find(key).ok().map(|i| self.entries.remove(i).1)
    }

    /// Entries in the order of canonical JSON.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &Value)> + ExactSizeIterator {
        self.entries.iter().map(|(k, v)| (k.as_str(), v))
    }

    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &str> + ExactSizeIterator {
        self.entries.iter().map(|(k, _)| k.as_str())
    }

    pub(super) fn entries(&self) -> &[(Text, Value)] {
        &self.entries
    }
}

impl IntoIterator for Map {
    type Item = (Text, Value);
    type IntoIter = std::vec::IntoIter<(Text, Value)>;
    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl Value {
    /// A map of literal entries. Panics when a key stands twice.
    pub fn map<K: Into<Text>, const N: usize>(entries: [(K, Value); N]) -> Value {
        let entries = entries.into_iter().map(|(k, v)| (k.into(), v)).collect();
        Value::Map(Map::from_entries(entries).expect("literal keys stand once"))
    }

    pub fn list<T: Into<Value>>(items: impl IntoIterator<Item = T>) -> Value {
        Value::List(items.into_iter().map(Into::into).collect())
    }

    /// Any printable thing as text.
    pub fn text(shown: impl std::fmt::Display) -> Value {
        Value::Text(compact_str::format_compact!("{shown}"))
    }

    /// The member of a map; `None` for other values too.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_map()?.get(key)
    }

    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Value::Map(m) => Some(m),
            _ => None,
        }
    }

    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Value::List(l) => Some(l),
            _ => None,
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Text(s) => Some(s),
            _ => None,
        }
    }

    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(i) => Some(*i),
            _ => None,
        }
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// The name of the kind, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Int(_) | Value::Wide(_) | Value::Float(_) | Value::Fixed(_) => "number",
            Value::Text(_) => "string",
            Value::Bytes(_) => "byte string",
            Value::Link(_) => "link",
            Value::List(_) => "array",
            Value::Map(_) => "object",
        }
    }
}

macro_rules! from {
    ($($t:ty => $v:ident |$x:ident| $e:expr;)*) => { $(
        impl From<$t> for Value {
            fn from($x: $t) -> Value { Value::$v($e) }
        }
    )* };
}
from! {
    bool => Bool |x| x;
    i64 => Int |x| x;
    i32 => Int |x| x.into();
    u32 => Int |x| x.into();
    &str => Text |x| x.into();
    String => Text |x| x.into();
    Text => Text |x| x;
    Vec<Value> => List |x| x;
    Map => Map |x| x;
}
