//! Keys, signatures and what is signed.

use super::request::{Refusal, Request, fields, hex};
use crate::canon::{Map, Value, cbor, digest, json, text};
use crate::id::{PublicKey, SigBytes};
use crate::trust::{Signer, dsse, verify};

/// A signature of the wrong length is one that is not valid.
pub fn ed25519_verify(request: &Request) -> Result<Map, Refusal> {
    let key = PublicKey(request.array("pub_hex")?);
    let message = request.bytes("msg_hex")?;
    let sig: Result<[u8; 64], _> = request.bytes("sig_hex")?.try_into();
    let valid = sig.is_ok_and(|sig| verify(&key, &message, &SigBytes(sig)));
    fields([("valid", valid.into())])
}

pub fn ed25519_sign(request: &Request) -> Result<Map, Refusal> {
    let signer = Signer::from_seed(&request.array("seed_hex")?);
    let sig = signer.sign(&request.bytes("msg_hex")?)?;
    fields([("sig_hex", hex(sig.0)), ("pub_hex", hex(signer.public().0))])
}

/// An event's bytes, CID and signature. A field `sig` is no part of what is signed.
pub fn event(request: &Request) -> Result<Map, Refusal> {
    let signer = Signer::from_seed(&request.array("seed_hex")?);
    let Value::Map(mut envelope) = json::parse(&request.bytes("envelope_hex")?)? else {
        return Err(Refusal::new("BAD_REQUEST", "an envelope is an object"));
    };
    envelope.remove("sig");
    let bytes = cbor::to_vec(&Value::Map(envelope))?;
    let sig = signer.sign(&bytes)?;
    let cid = digest::cid(&bytes);
    fields([("canonical_hex", hex(bytes)), ("event_cid", Value::text(cid)), ("sig_hex", hex(sig.0))])
}

pub fn dsse_pae(request: &Request) -> Result<Map, Refusal> {
    fields([("out_hex", hex(dsse::pae(request.text("type")?, &request.bytes("in_hex")?)))])
}

pub fn dsse_verify(request: &Request) -> Result<Map, Refusal> {
    let key = PublicKey(request.array("pub_hex")?);
    let envelope = Value::Map(request.map("envelope")?.clone());
    fields([("valid", dsse::verify_envelope(&envelope, &key).into())])
}

pub fn key_parse(request: &Request) -> Result<Map, Refusal> {
    let spelled = request.text("text")?;
    let bytes = match request.whole("bytes")? {
        32 => text::key::<32>(spelled)?.to_vec(),
        64 => text::key::<64>(spelled)?.to_vec(),
        _ => return Err(Refusal::new("BAD_REQUEST", "`bytes` must be 32 (a key) or 64 (a signature)")),
    };
    fields([("hex", hex(bytes))])
}
