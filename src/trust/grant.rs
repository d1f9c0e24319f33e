use super::fields::{digest_of, names, only, texts};
use super::{Cap, DocError};
use crate::canon::{Map, Value, json};
use crate::id::{Actor, Blake3, Timestamp, Ulid};

/// The kind of document that grants are, as it stands in their signed bytes.
pub(super) const KIND: &str = "capability";
/// Longest grant that is read.
pub(super) const DOC_MAX: usize = 64 << 10;
/// Most capabilities of one grant.
pub const CAPS_MAX: usize = 64;
const FORM: &str = "capability/1";

/// Capabilities that one actor gives to another: the content of `grants/<ulid>.json`.
///
/// ```text
/// {"caps":["journal:append:finance"],"exp":"2027-01-01T00:00:00Z","gatos":"capability/1","issuer":"user:alice",
///  "repo":"blake3:…","subject":"agent:clerk","ulid":"01…"}
/// ```
///
/// Canonical JSON with exactly these fields, `exp` alone may be missing: it counts before that second and not from it on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    pub repo: Blake3,
    pub ulid: Ulid,
    pub issuer: Actor,
    pub subject: Actor,
    pub caps: Vec<Cap>,
    pub exp: Option<Timestamp>,
}

impl Grant {
    /// Reads a grant, which must be exactly what `encode` writes.
    pub fn parse(bytes: &[u8]) -> Result<Grant, DocError> {
        if bytes.len() > DOC_MAX {
            return Err(DocError::rule("the document", "it is longer than 64 KiB"));
        }
        let value = json::parse_canonical(bytes)?;
        let map = value.as_map().ok_or_else(|| DocError::rule("the document", "it must be an object"))?;
        let fields = ["caps", "exp", "gatos", "issuer", "repo", "subject", "ulid"];
        let fields =
            if map.contains("exp") { &fields[..] } else { &["caps", "gatos", "issuer", "repo", "subject", "ulid"] };
        only(map, "the document", fields)?;
        if map.get("gatos").and_then(Value::as_str) != Some(FORM) {
            return Err(DocError::rule("gatos", "it must be capability/1"));
        }
        let caps: Vec<Cap> = names(map.get("caps"), "caps")?;
        if caps.is_empty() || caps.len() > CAPS_MAX {
            return Err(DocError::rule("caps", "it must hold 1 to 64 capabilities"));
        }
        Ok(Grant {
            repo: digest_of(map, "repo")?,
            ulid: parsed(map, "ulid", "it must be a ULID")?,
            issuer: parsed(map, "issuer", "it must be an actor")?,
            subject: parsed(map, "subject", "it must be an actor")?,
            caps,
            exp: match map.contains("exp") {
                true => Some(parsed(map, "exp", "it must be a time, as 2026-11-21T09:00:00Z")?),
                false => None,
            },
        })
    }

    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut map = Map::with_capacity(7);
        map.insert("gatos", FORM);
        map.insert("repo", Value::text(self.repo));
        map.insert("ulid", Value::text(self.ulid));
        map.insert("issuer", Value::text(&self.issuer));
        map.insert("subject", Value::text(&self.subject));
        map.insert("caps", texts(&self.caps));
        if let Some(exp) = self.exp {
            map.insert("exp", Value::text(exp));
        }
        json::document(&Value::Map(map)).expect("texts are a document")
    }
}

/// A text field in the form of its type.
pub(super) fn parsed<T: std::str::FromStr>(map: &Map, name: &str, why: &'static str) -> Result<T, DocError> {
    let found = map.get(name).and_then(Value::as_str).and_then(|text| text.parse().ok());
    found.ok_or_else(|| DocError::rule(name, why))
}
