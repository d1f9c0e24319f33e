//! The published schemas accept what we write and refuse what we refuse, as far as a schema can say it.

use super::doc::{genesis, next};
use super::judge::files;
use jsonschema::Validator;
use serde_json::Value;

fn schema(bytes: &[u8]) -> Validator {
    let schema: Value = serde_json::from_slice(bytes).unwrap();
    jsonschema::meta::validate(&schema).expect("it is a schema of draft 2020-12");
    jsonschema::validator_for(&schema).unwrap()
}

fn parse(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

#[test]
fn grants_and_revocations_fit_their_schemas() {
    let grants = schema(include_bytes!("../../../schemas/v1/trust/capability.schema.json"));
    let revocations = schema(include_bytes!("../../../schemas/v1/trust/revocation.schema.json"));
    let (grant, revocation) = super::statements::samples();
    assert!(grants.is_valid(&parse(&grant)) && !grants.is_valid(&parse(&revocation)));
    assert!(revocations.is_valid(&parse(&revocation)) && !revocations.is_valid(&parse(&grant)));
    let changed = |schema: &Validator, bytes: &[u8], from: &str, to: &str| {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        assert!(text.contains(from), "{from}");
        assert!(!schema.is_valid(&parse(text.replacen(from, to, 1).as_bytes())), "{from} -> {to}");
    };
    for (from, to) in
        [("job:work", "job"), ("capability/1", "x"), ("2027-", "27-"), ("\"exp\"", "\"end\""), ("user:", "u:")]
    {
        changed(&grants, &grant, from, to);
    }
    for (from, to) in [("revocation/1", "x"), ("\"test\"", "\"\""), ("ed25519:", ""), ("bafyr4i", "x"), (".k7q2mz", "")]
    {
        changed(&revocations, &revocation, from, to);
    }
}

#[test]
fn stored_documents_fit_their_schemas() {
    let trust = schema(include_bytes!("../../../schemas/v1/trust/trust.schema.json"));
    let signatures = schema(include_bytes!("../../../schemas/v1/trust/signatures.schema.json"));
    for doc in [genesis(), next(&genesis())] {
        let files = files(&doc, &[1, 2, 3]);
        assert!(signatures.is_valid(&parse(&files[0].1)));
        assert!(trust.is_valid(&parse(&files[1].1)));
        assert!(!trust.is_valid(&parse(&files[0].1)) && !signatures.is_valid(&parse(&files[1].1)));
    }
    let text = String::from_utf8(genesis().encode()).unwrap();
    for (from, to) in [
        ("trust/1", "trust/2"),
        ("\"version\":1", "\"version\":0"),
        ("\"version\":1", "\"version\":2"),
        ("\"nonce\":\"09", "\"nonce\":\"0A"),
        ("\"groups\":", "\"grants\":{},\"groups\":"),
        ("\"threshold\":2", "\"threshold\":0"),
        ("[\"user:bob\",\"user:alice\"]", "[\"user:bob\",\"user:bob\"]"),
        ("user:bob\":{", "user:boB\":{"),
        ("\"leads\":[", "\"Leads\":["),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        assert!(!trust.is_valid(&parse(changed.as_bytes())), "{from} -> {to}");
    }
    let list = String::from_utf8(files(&genesis(), &[1])[0].1.clone()).unwrap();
    for (from, to) in [("keyid", "keyId"), ("==\"", "\""), ("\"sig\"", "\"note\":1,\"sig\""), ("ed25519:", "")] {
        assert!(!signatures.is_valid(&parse(list.replacen(from, to, 1).as_bytes())), "{from} -> {to}");
    }
    assert!(!signatures.is_valid(&parse(b"[]")));
}
