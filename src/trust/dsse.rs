//! Signatures over documents: the pre-authentication encoding of DSSE 1.0.2 (github.com/secure-systems-lab/dsse), Ed25519.
//!
//! A document lies in a commit tree as `<kind>.json`, its canonical bytes, beside `signatures.json`:
//!
//! ```text
//! [{"keyid":"ed25519:<64 hex>","sig":"<base64 of 64 bytes>"}]
//! ```
//!
//! canonical JSON, sorted by `keyid`, no key twice, at least one. `sig` is standard base64 with padding, so the DSSE
//! envelope is rebuilt as `{"payload":<base64 of the document>,"payloadType":<payload_type>,"signatures":<this list>}`.

use super::{DocError, Signer, TrustError, verify};
use crate::canon::{Map, Value, json, text};
use crate::id::{PublicKey, SigBytes};

/// Most signatures that are looked at in one list.
pub const SIGNATURES_MAX: usize = 256;

/// One signature of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    pub keyid: PublicKey,
    pub sig: SigBytes,
}

/// The DSSE payload type of a kind of document (`trust`, `bundle`, …): it separates the domains of signatures.
pub fn payload_type(kind: &str) -> String {
    format!("application/vnd.gatos.{kind}.v1+json")
}

/// The bytes that are signed.
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut out = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    out.extend_from_slice(payload);
    out
}

/// Signs the canonical bytes of a document.
pub fn sign(kind: &str, payload: &[u8], signer: &Signer) -> Result<Signature, TrustError> {
    let sig = signer.sign(&pae(&payload_type(kind), payload))?;
    Ok(Signature { keyid: *signer.public(), sig })
}

/// The keys whose signature is good, in the order of the list.
pub fn signers(kind: &str, payload: &[u8], signatures: &[Signature]) -> Vec<PublicKey> {
    let message = pae(&payload_type(kind), payload);
    signatures.iter().filter(|s| verify(&s.keyid, &message, &s.sig)).map(|s| s.keyid).collect()
}

/// The bytes of `signatures.json`. Of several signatures of one key the last is kept.
pub fn encode(signatures: &[Signature]) -> Vec<u8> {
    let by_key: std::collections::BTreeMap<PublicKey, SigBytes> = signatures.iter().map(|s| (s.keyid, s.sig)).collect();
    let entry = |(keyid, sig): (PublicKey, SigBytes)| {
        Value::map([("keyid", Value::text(keyid)), ("sig", Value::from(text::base64(&sig.0)))])
    };
    let list = Value::List(by_key.into_iter().map(entry).collect());
    json::document(&list).expect("a list of short texts is a document")
}

/// Reads `signatures.json`, which must be exactly what `encode` writes.
pub fn parse(bytes: &[u8]) -> Result<Vec<Signature>, DocError> {
    let value = json::parse_canonical(bytes)?;
    let list = value.as_list().ok_or_else(|| DocError::rule("the document", "it must be a list of signatures"))?;
    if list.is_empty() || list.len() > SIGNATURES_MAX {
        return Err(DocError::rule("the document", "it must hold 1 to 256 signatures"));
    }
    let signatures = list.iter().enumerate().map(|(i, entry)| parse_one(i, entry)).collect::<Result<Vec<_>, _>>()?;
    if !signatures.is_sorted_by(|a, b| a.keyid < b.keyid) {
        return Err(DocError::rule("the document", "it must be sorted by keyid, each key once"));
    }
    Ok(signatures)
}

fn parse_one(at: usize, entry: &Value) -> Result<Signature, DocError> {
    let bad = |why| DocError::rule(format!("[{at}]"), why);
    let map = entry.as_map().filter(|m| m.len() == 2).ok_or_else(|| bad("it must hold keyid and sig, nothing else"))?;
    let member =
        |name: &str| map.get(name).and_then(Value::as_str).ok_or_else(|| bad("it must hold keyid and sig as strings"));
    let keyid =
        member("keyid")?.parse().map_err(|_| bad("keyid must be ed25519: and 64 lower-case hexadecimal digits"))?;
    let sig = text::from_base64(member("sig")?).ok().and_then(|b| b.try_into().ok());
    let sig = sig.map(SigBytes).ok_or_else(|| bad("sig must be the base64 of 64 bytes, padded, spare bits zero"))?;
    Ok(Signature { keyid, sig })
}

/// The DSSE envelope of a document and its signatures, to hand to tools outside.
pub fn envelope(kind: &str, payload: &[u8], signatures: &[Signature]) -> Value {
    let list = json::parse(&encode(signatures)).expect("we wrote it");
    Value::map([
        ("payload", Value::from(text::base64(payload))),
        ("payloadType", Value::from(payload_type(kind))),
        ("signatures", list),
    ])
}

/// Whether a DSSE envelope, of any payload type, bears a good signature of this key. `keyid` is a hint that is not
/// authenticated, so it is not read; base64 may be of either alphabet.
pub fn verify_envelope(envelope: &Value, key: &PublicKey) -> bool {
    envelope.as_map().and_then(open).is_some_and(|(message, sigs)| sigs.iter().any(|sig| verify(key, &message, sig)))
}

/// The signed bytes of an envelope and the signatures that have the length of one.
fn open(envelope: &Map) -> Option<(Vec<u8>, Vec<SigBytes>)> {
    let payload_type = envelope.get("payloadType")?.as_str()?;
    let payload = either_base64(envelope.get("payload")?.as_str()?)?;
    let list = envelope.get("signatures")?.as_list().filter(|l| l.len() <= SIGNATURES_MAX)?;
    let sig = |entry: &Value| Some(SigBytes(either_base64(entry.get("sig")?.as_str()?)?.try_into().ok()?));
    Some((pae(payload_type, &payload), list.iter().filter_map(sig).collect()))
}

/// Base64 with padding, of the standard or the URL-safe alphabet, not of both.
fn either_base64(encoded: &str) -> Option<Vec<u8>> {
    let standard = match (encoded.contains(['-', '_']), encoded.contains(['+', '/'])) {
        (true, true) => return None,
        (true, false) => encoded.replace('-', "+").replace('_', "/"),
        (false, _) => encoded.to_owned(),
    };
    text::from_base64(&standard).ok()
}
