use super::DocError;
use super::fields::{cut, digest_of, names, number, object_of, only, texts};
use crate::canon::{Map, Value, digest, json, text};
use crate::id::{Actor, Blake3, PublicKey, Segment};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

/// Longest `trust.json` that is read.
pub(super) const DOC_MAX: u64 = 1 << 20;
const FORM: &str = "trust/1";

/// One version of who may do what: the content of `trust.json`.
///
/// ```text
/// {"actors":{"user:alice":{"keys":["ed25519:…"]}},"gatos":"trust/1","groups":{"leads":["user:alice"]},
///  "nonce":"<32 hex>","roots":{"actors":["user:alice"],"threshold":1},"version":1}
/// ```
///
/// Version 1 has a `nonce`; every later one has `repo` and `prev` in its place. The stored bytes are canonical JSON with
/// exactly these fields: an unknown one is refused, because a reader that passes over it would judge by other rules than
/// one that knows it. Keys are in lower-case hexadecimal. Each list holds a name once, in any order. A root is an actor with
/// at least one key. A key stands for one actor alone, or one key could cast the votes of two roots. Members of groups need
/// no key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustDoc {
    pub version: u32,
    pub origin: Origin,
    pub roots: Roots,
    pub actors: BTreeMap<Actor, Vec<PublicKey>>,
    pub groups: BTreeMap<Segment, Vec<Actor>>,
}

/// What a version stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Version 1: nothing, and 16 bytes that make the repository's id unlike any other.
    Genesis { nonce: [u8; 16] },
    /// A later version: the repository and the content id of the version before.
    Next { repo: Blake3, prev: Blake3 },
}

/// Whose word makes the next version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roots {
    /// How many of the actors must sign.
    pub threshold: u32,
    pub actors: Vec<Actor>,
}

impl TrustDoc {
    /// Reads `trust.json`, which must be exactly what `encode` writes.
    pub fn parse(bytes: &[u8]) -> Result<TrustDoc, DocError> {
        if bytes.len() as u64 > DOC_MAX {
            return Err(DocError::rule("the document", "it is longer than 1 MiB"));
        }
        let doc = read_doc(&json::parse_canonical(bytes)?)?;
        check(&doc)?;
        Ok(doc)
    }

    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut map = Map::with_capacity(7);
        map.insert("gatos", FORM);
        map.insert("version", self.version);
        match &self.origin {
            Origin::Genesis { nonce } => {
                map.insert("nonce", text::hex(nonce));
            }
            Origin::Next { repo, prev } => {
                map.insert("repo", Value::text(repo));
                map.insert("prev", Value::text(prev));
            }
        }
        let roots = [("threshold", Value::from(self.roots.threshold)), ("actors", texts(&self.roots.actors))];
        map.insert("roots", Value::map(roots));
        map.insert("actors", object(&self.actors, |keys| Value::map([("keys", texts(keys))])));
        map.insert("groups", object(&self.groups, |members| texts(members)));
        json::document(&Value::Map(map)).expect("texts and small numbers are a document")
    }

    /// The content id. That of version 1 is the id of the repository.
    pub fn content_id(&self) -> Blake3 {
        digest::blake3(&self.encode())
    }

    /// The keys that stand for an actor in this version.
    pub fn keys_of(&self, actor: &Actor) -> &[PublicKey] {
        self.actors.get(actor).map_or(&[], Vec::as_slice)
    }

    pub fn is_root(&self, actor: &Actor) -> bool {
        self.roots.actors.contains(actor)
    }

    /// Whom a key stands for in this version.
    pub fn holder(&self, key: &PublicKey) -> Option<&Actor> {
        self.actors.iter().find(|(_, keys)| keys.contains(key)).map(|(actor, _)| actor)
    }

    /// How many roots of this version are among the signers: several keys of one root are one vote.
    pub fn votes(&self, signers: &[PublicKey]) -> usize {
        let voted = |root: &&Actor| self.keys_of(root).iter().any(|key| signers.contains(key));
        self.roots.actors.iter().filter(voted).count()
    }
}

fn object<K: Display, V>(entries: &BTreeMap<K, V>, value: impl Fn(&V) -> Value) -> Value {
    let entries = entries.iter().map(|(k, v)| (k.to_string().into(), value(v))).collect();
    Value::Map(Map::from_entries(entries).expect("two names have two texts"))
}

fn read_doc(value: &Value) -> Result<TrustDoc, DocError> {
    let map = value.as_map().ok_or_else(|| DocError::rule("the document", "it must be an object"))?;
    let version = number(map, "version")?;
    let origin = if version == 1 {
        only(map, "the document", &["actors", "gatos", "groups", "nonce", "roots", "version"])?;
        Origin::Genesis { nonce: nonce(map)? }
    } else {
        only(map, "the document", &["actors", "gatos", "groups", "prev", "repo", "roots", "version"])?;
        Origin::Next { repo: digest_of(map, "repo")?, prev: digest_of(map, "prev")? }
    };
    if map.get("gatos").and_then(Value::as_str) != Some(FORM) {
        return Err(DocError::rule("gatos", "it must be trust/1"));
    }
    let roots = object_of(map, "roots")?;
    only(roots, "roots", &["actors", "threshold"])?;
    let roots = Roots { threshold: number(roots, "threshold")?, actors: names(roots.get("actors"), "roots.actors")? };
    let mut actors = BTreeMap::new();
    for (name, entry) in object_of(map, "actors")?.iter() {
        let place = format!("actors[{}]", cut(name));
        let actor: Actor = name.parse().map_err(|e: crate::id::IdError| DocError::rule(&place, e.why))?;
        let entry = entry.as_map().ok_or_else(|| DocError::rule(&place, "it must be an object with keys"))?;
        only(entry, &place, &["keys"])?;
        actors.insert(actor, names(entry.get("keys"), &place)?);
    }
    let mut groups = BTreeMap::new();
    for (name, members) in object_of(map, "groups")?.iter() {
        let place = format!("groups[{}]", cut(name));
        let group: Segment = name.parse().map_err(|e: crate::id::IdError| DocError::rule(&place, e.why))?;
        groups.insert(group, names(Some(members), &place)?);
    }
    Ok(TrustDoc { version, origin, roots, actors, groups })
}

/// The rules that join several fields.
fn check(doc: &TrustDoc) -> Result<(), DocError> {
    let roots = &doc.roots;
    if roots.threshold < 1 || roots.threshold as usize > roots.actors.len() {
        return Err(DocError::rule("roots.threshold", "it must be 1 to the number of roots"));
    }
    if let Some(root) = roots.actors.iter().find(|root| doc.keys_of(root).is_empty()) {
        return Err(DocError::rule(root.as_str(), "a root must be among the actors, with at least one key"));
    }
    let mut seen = BTreeSet::new();
    match doc.actors.values().flatten().find(|key| !seen.insert(**key)) {
        Some(key) => Err(DocError::rule(key.to_string(), "a key stands for one actor alone")),
        None => Ok(()),
    }
}

fn nonce(map: &Map) -> Result<[u8; 16], DocError> {
    let bytes = map.get("nonce").and_then(Value::as_str).and_then(|hex| text::from_hex(hex).ok());
    let nonce = bytes.and_then(|bytes| bytes.try_into().ok());
    nonce.ok_or_else(|| DocError::rule("nonce", "it must be 16 bytes in lower-case hexadecimal"))
}
