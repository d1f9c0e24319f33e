use super::DocError;
use super::fields::{cut, digest_of, only};
use super::grant::parsed;
use crate::canon::{Map, Value, json};
use crate::id::{Blake3, Cid, PublicKey, Ulid, Writer};
use std::collections::BTreeMap;
use std::fmt;

/// The kind of document that revocations are, as it stands in their signed bytes.
pub(super) const KIND: &str = "revocation";
/// Longest revocation that is read.
pub(super) const DOC_MAX: usize = 256 << 10;
/// Most bytes of a reason.
pub const REASON_MAX: usize = 1000;
const FORM: &str = "revocation/1";

/// The word that ends a grant or a key: the content of `revocations/<ulid>.json`.
///
/// ```text
/// {"from":{"user.bob+1a2b3c4d.k7q2mz":"bafyr4i…"},"gatos":"revocation/1","reason":"laptop stolen","repo":"blake3:…",
///  "target":"ed25519:…","ulid":"01…"}
/// ```
///
/// `target` is the ULID of a grant, or a key. `from`, of a key alone, names the last good event of each of its writers; a
/// writer with journals in several namespaces has a list of two or more CIDs there, sorted by their text, one for each journal.
/// What comes behind them is void, and so is all of a writer that is not named; without `from`, everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    pub repo: Blake3,
    pub ulid: Ulid,
    pub target: Target,
    pub reason: String,
    pub from: Option<BTreeMap<Writer, Vec<Cid>>>,
}

/// What a revocation ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    Grant(Ulid),
    Key(PublicKey),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Grant(ulid) => ulid.fmt(f),
            Target::Key(key) => key.fmt(f),
        }
    }
}

impl std::str::FromStr for Target {
    type Err = DocError;

    fn from_str(text: &str) -> Result<Target, DocError> {
        let key = || text.parse().map(Target::Key);
        text.parse().map(Target::Grant).or_else(|_| key()).map_err(|_| {
            DocError::rule("target", "it must be the ULID of a grant, or a key: ed25519: and 64 hexadecimal digits")
        })
    }
}

impl Revocation {
    /// Reads a revocation, which must be exactly what `encode` writes.
    pub fn parse(bytes: &[u8]) -> Result<Revocation, DocError> {
        if bytes.len() > DOC_MAX {
            return Err(DocError::rule("the document", "it is longer than 256 KiB"));
        }
        let value = json::parse_canonical(bytes)?;
        let map = value.as_map().ok_or_else(|| DocError::rule("the document", "it must be an object"))?;
        let fields = ["from", "gatos", "reason", "repo", "target", "ulid"];
        only(map, "the document", if map.contains("from") { &fields } else { &fields[1..] })?;
        if map.get("gatos").and_then(Value::as_str) != Some(FORM) {
            return Err(DocError::rule("gatos", "it must be revocation/1"));
        }
        let target = map.get("target").and_then(Value::as_str).unwrap_or_default().parse()?;
        let from = map.get("from").map(read_from).transpose()?;
        if matches!(target, Target::Grant(_)) && from.is_some() {
            return Err(DocError::rule("from", "it has a place only where a key is revoked"));
        }
        Ok(Revocation {
            repo: digest_of(map, "repo")?,
            ulid: parsed(map, "ulid", "it must be a ULID")?,
            target,
            reason: reason(map)?,
            from,
        })
    }

    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut map = Map::with_capacity(6);
        map.insert("gatos", FORM);
        map.insert("repo", Value::text(self.repo));
        map.insert("ulid", Value::text(self.ulid));
        map.insert("target", Value::text(self.target));
        map.insert("reason", self.reason.as_str());
        if let Some(from) = &self.from {
            let mut named = Map::with_capacity(from.len());
            for (writer, last) in from {
                named.insert(writer.as_str(), write_last(last));
            }
            map.insert("from", Value::Map(named));
        }
        json::document(&Value::Map(map)).expect("texts are a document")
    }
}

/// Whether a text can stand as a reason.
pub fn is_reason(text: &str) -> bool {
    !text.is_empty() && text.len() <= REASON_MAX && !text.chars().any(char::is_control)
}

fn reason(map: &Map) -> Result<String, DocError> {
    let text = map.get("reason").and_then(Value::as_str).filter(|text| is_reason(text));
    let text =
        text.ok_or_else(|| DocError::rule("reason", "it must be 1 to 1,000 bytes without control characters"))?;
    Ok(text.to_owned())
}

fn write_last(last: &[Cid]) -> Value {
    let mut texts: Vec<String> = last.iter().map(Cid::to_string).collect();
    texts.sort();
    match &texts[..] {
        [only] => only.as_str().into(),
        several => Value::list(several.iter().map(String::as_str)),
    }
}

fn read_from(value: &Value) -> Result<BTreeMap<Writer, Vec<Cid>>, DocError> {
    let map = value.as_map().ok_or_else(|| DocError::rule("from", "it must be an object"))?;
    let mut from = BTreeMap::new();
    for (name, last) in map.iter() {
        let place = format!("from[{}]", cut(name));
        let writer: Writer = name.parse().map_err(|e: crate::id::IdError| DocError::rule(&place, e.why))?;
        from.insert(writer, read_last(last, &place)?);
    }
    Ok(from)
}

/// One CID, or a sorted list of two or more.
fn read_last(value: &Value, place: &str) -> Result<Vec<Cid>, DocError> {
    let bad = || DocError::rule(place, "it must be the CID of an event, or a sorted list of two or more, each once");
    let texts: Vec<&str> = match value.as_list() {
        Some(list) if list.len() >= 2 => list.iter().map(Value::as_str).collect::<Option<_>>().ok_or_else(bad)?,
        Some(_) => return Err(bad()),
        None => vec![value.as_str().ok_or_else(bad)?],
    };
    if !texts.is_sorted_by(|a, b| a < b) {
        return Err(bad());
    }
    texts.iter().map(|text| text.parse().ok()).collect::<Option<_>>().ok_or_else(bad)
}
