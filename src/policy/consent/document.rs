use super::fault::ConsentFault;
use crate::canon::{Map, Value, digest, json};
use crate::id::Blake3;
use std::str::FromStr;

/// Largest document that is read.
const DOCUMENT_MAX: usize = 64 << 10;

/// A document with an id: the content id of all its other fields.
pub trait Document: Sized {
    /// The kind, as it stands in its file name, its `gatos` field and its signed bytes.
    const KIND: &'static str;
    /// The field that holds its id.
    const ID: &'static str;
    /// Every other field but `gatos`.
    const FIELDS: &'static [&'static str];

    fn of(map: &Map) -> Result<Self, ConsentFault>;

    fn fields(&self) -> Map;

    /// The trailers of its commit.
    fn trailers(&self) -> Vec<(&'static str, String)>;

    fn id(&self) -> Blake3 {
        digest::content_id(&whole(self), Self::ID).expect("texts are a document")
    }

    /// The canonical bytes.
    fn encode(&self) -> Vec<u8> {
        let mut map = whole(self);
        map.insert(Self::ID, Value::text(self.id()));
        json::document(&Value::Map(map)).expect("texts are a document")
    }

    /// Reads a document, which must be exactly what `encode` writes.
    fn parse(bytes: &[u8]) -> Result<Self, ConsentFault> {
        let fault = |why: String| ConsentFault::form(format!("{}.json: {why}", Self::KIND));
        if bytes.len() > DOCUMENT_MAX {
            return Err(fault("it is longer than 64 KiB".into()));
        }
        let value = json::parse_canonical(bytes).map_err(|e| fault(e.to_string()))?;
        let map = value.as_map().ok_or_else(|| fault("it is no object".into()))?;
        let known = |name: &str| name == "gatos" || name == Self::ID || Self::FIELDS.contains(&name);
        if let Some(name) = map.keys().find(|name| !known(name)) {
            let name: String = name.chars().take(100).flat_map(char::escape_debug).collect();
            return Err(fault(format!("the field {name} has no place in it")));
        }
        if text(map, "gatos") != Some(&form::<Self>()) {
            return Err(fault(format!("it is not a {}", form::<Self>())));
        }
        let read = Self::of(map).map_err(|e| fault(e.to_string()))?;
        match read.encode() == bytes {
            true => Ok(read),
            false => Err(fault("its id is not the digest of its other fields".into())),
        }
    }
}

fn form<D: Document>() -> String {
    format!("{}/1", D::KIND)
}

fn whole<D: Document>(document: &D) -> Map {
    let mut map = document.fields();
    map.insert("gatos", form::<D>());
    map
}

pub fn text<'a>(map: &'a Map, name: &str) -> Option<&'a str> {
    map.get(name).and_then(Value::as_str)
}

/// A text field in the form of its type.
pub fn parsed<T: FromStr>(map: &Map, name: &str, what: &str) -> Result<T, ConsentFault> {
    let found = text(map, name).and_then(|text| text.parse().ok());
    found.ok_or_else(|| ConsentFault::form(format!("`{name}` is not {what}")))
}

pub const A_DIGEST: &str = "blake3: and 64 lower-case hexadecimal digits";
pub const A_TIME: &str = "a time, such as 2026-11-21T09:00:00Z";
