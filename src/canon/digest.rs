//! Digests of bytes and of documents.

use super::{EncodeError, Map, Value, cbor, json};
use crate::id::{Blake3, Cid, Sha256};
use sha2::Digest as _;

pub fn blake3(bytes: &[u8]) -> Blake3 {
    Blake3(*::blake3::hash(bytes).as_bytes())
}

pub fn sha256(bytes: &[u8]) -> Sha256 {
    Sha256(sha2::Sha256::digest(bytes).into())
}

/// The CID of bytes that are one DAG-CBOR item.
pub fn cid(dag_cbor: &[u8]) -> Cid {
    Cid(*::blake3::hash(dag_cbor).as_bytes())
}

/// The CID of a value: of its DAG-CBOR encoding.
pub fn cid_of(value: &Value) -> Result<Cid, EncodeError> {
    Ok(cid(&cbor::to_vec(value)?))
}

/// The content id of an artifact: BLAKE3 of its canonical JSON without the field that holds the id itself.
pub fn content_id(artifact: &Map, omit: &str) -> Result<Blake3, EncodeError> {
    let mut core = artifact.clone();
    core.remove(omit);
    Ok(blake3(&json::document(&Value::Map(core))?))
}
