//! Digests of whole documents: event CIDs and content ids.

use crate::canon::{Map, Value, cbor, digest, json};
use crate::id::tests::vectors::{Case, each, same};

fn map(text: &str) -> Result<Map, String> {
    match json::parse(text.as_bytes()).map_err(|e| e.to_string())? {
        Value::Map(map) => Ok(map),
        other => Err(format!("a {} and no object", other.kind())),
    }
}

#[test]
fn vectors_event_cid() {
    each(
        "event_cid",
        |case| case.maybe("envelope_json").is_some(),
        |case| {
            let mut envelope = map(case.text("envelope_json"))?;
            envelope.remove("sig");
            let envelope = Value::Map(envelope);
            let bytes = cbor::to_vec(&envelope).map_err(|e| e.to_string())?;
            same(&bytes, &case.bytes("canonical_hex"))?;
            same(digest::blake3(&bytes).hex().as_str(), case.text("blake3"))?;
            same(digest::cid_of(&envelope).map(|cid| cid.to_string()), Ok(case.text("event_cid").to_owned()))
        },
    );
}

/// Canonical text of a document.
fn canonical(map: &Map) -> Result<String, String> {
    let bytes = json::document(&Value::Map(map.clone())).map_err(|e| e.to_string())?;
    String::from_utf8(bytes).map_err(|e| e.to_string())
}

#[test]
fn vectors_ids_that_a_document_holds_itself() {
    each(
        "governance_ids",
        |case| case.get("op") == "self_id",
        |case| {
            let (field, id) = (case.text("field"), case.text("result"));
            let mut core = map(&case.get("core").to_string())?;
            same(digest::content_id(&core, field).map(|id| id.to_string()), Ok(id.to_owned()))?;
            core.insert(field, id);
            same(digest::content_id(&core, field).map(|id| id.to_string()), Ok(id.to_owned()))?;
            core.remove(field);
            same(canonical(&core)?.as_str(), case.text("canonical_json"))
        },
    );
}

#[test]
fn vectors_ids_of_whole_documents() {
    each(
        "governance_ids",
        |case| case.get("op") == "digest",
        |case| {
            let object = map(&case.get("object").to_string())?;
            let text = canonical(&object)?;
            same(text.as_str(), case.text("canonical_json"))?;
            same(digest::blake3(text.as_bytes()).to_string().as_str(), case.text("result"))
        },
    );
}

#[test]
fn vectors_ids_of_jobs_are_digests_of_their_canonical_core() {
    each(
        "job_id",
        |case| !case.refused(),
        |case| {
            let text = case.text("canonical_json");
            json::parse_canonical(text.as_bytes()).map_err(|e| e.to_string())?;
            same(digest::blake3(text.as_bytes()).to_string().as_str(), case.text("content_id"))?;
            same(canonical(&map(text)?)?.as_str(), text)
        },
    );
}

#[test]
fn vectors_jobs_that_are_no_documents() {
    let wanted = |case: &Case| matches!(case.maybe("error"), Some("E_JSON_DUP" | "E_NUM_UNSAFE_INT"));
    each("job_id", wanted, |case| match map(case.text("manifest")) {
        Err(_) => Ok(()),
        Ok(map) => Err(format!("read as {map:?}")),
    });
}

#[test]
fn sha256_of_the_empty_text() {
    let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(digest::sha256(b"").to_string(), format!("sha256:{hex}"));
}
