//! Canonical bytes and their digests.

use super::request::{Refusal, Request, fields, hex};
use crate::canon::{Map, Value, cbor, digest, json, merkle, text};
use crate::id::Cid;

pub fn jcs(request: &Request) -> Result<Map, Refusal> {
    let value = json::parse(&request.bytes("in_hex")?)?;
    let mut out = Vec::new();
    json::write(&value, &mut out)?;
    fields([("out_hex", hex(out))])
}

pub fn json_to_dagcbor(request: &Request) -> Result<Map, Refusal> {
    let value = json::parse(&request.bytes("in_hex")?)?;
    item(cbor::to_vec(&value)?)
}

pub fn dagcbor_roundtrip(request: &Request) -> Result<Map, Refusal> {
    let value = cbor::decode(&request.bytes("in_hex")?)?;
    item(cbor::exact(&value)?)
}

fn item(bytes: Vec<u8>) -> Result<Map, Refusal> {
    let cid = digest::cid(&bytes);
    fields([("out_hex", hex(bytes)), ("cid", Value::text(cid))])
}

pub fn cid(request: &Request) -> Result<Map, Refusal> {
    fields([("cid", Value::text(digest::cid(&request.bytes("in_hex")?)))])
}

pub fn cid_parse(request: &Request) -> Result<Map, Refusal> {
    request.text("cid")?.parse::<Cid>()?;
    Ok(Map::new())
}

pub fn blake3(request: &Request) -> Result<Map, Refusal> {
    fields([("out_hex", digest::blake3(&request.bytes("in_hex")?).hex().into())])
}

pub fn merkle_root(request: &Request) -> Result<Map, Refusal> {
    let leaf = |leaf: &Value| {
        let bytes = leaf.as_str().and_then(|hex| text::from_hex(hex).ok());
        bytes.ok_or_else(|| Refusal::new("BAD_REQUEST", "each of `leaves_hex` must be bytes in lower-case hexadecimal"))
    };
    let leaves = request.list("leaves_hex")?.iter().map(leaf).collect::<Result<Vec<_>, _>>()?;
    fields([("root_hex", merkle::root(leaves).hex().into())])
}

/// The content id of an artifact; without `omit` of all its fields.
pub fn jcs_id(request: &Request) -> Result<Map, Refusal> {
    let value = json::parse(&request.bytes("object_hex")?)?;
    let omit = match request.get("omit") {
        None | Some(Value::Null) => None,
        Some(_) => Some(request.text("omit")?),
    };
    let id = match (value.as_map(), omit) {
        (Some(object), Some(omit)) => digest::content_id(object, omit)?,
        (None, Some(_)) => return Err(Refusal::new("BAD_REQUEST", "a field can be omitted from an object alone")),
        (_, None) => digest::blake3(&json::document(&value)?),
    };
    fields([("id_text", Value::text(id))])
}
