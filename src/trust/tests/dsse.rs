use super::{bytes_of, cases, signer, text_of};
use crate::canon::{Value, json};
use crate::id::{PublicKey, SigBytes};
use crate::trust::dsse::{self, Signature};
use crate::trust::verify;

const VECTORS: &[u8] = include_bytes!("../../../tests/vectors/dsse_ed25519.json");

#[test]
fn must_verify_exactly_the_envelopes_of_the_vectors() {
    let cases = cases(VECTORS);
    assert_eq!(cases.len(), 12);
    for case in &cases {
        let key = PublicKey(bytes_of(case, "pub_hex").try_into().unwrap());
        let good = dsse::verify_envelope(case.get("envelope").unwrap(), &key);
        assert_eq!(Some(good), case.get("valid").and_then(Value::as_bool), "{}", text_of(case, "id"));
    }
}

#[test]
fn must_encode_the_signed_bytes_of_the_vectors() {
    for case in cases(VECTORS).iter().filter(|c| c.get("pae_hex").is_some()) {
        let pae = dsse::pae(text_of(case, "payloadType"), &bytes_of(case, "payload_hex"));
        assert_eq!(pae, bytes_of(case, "pae_hex"), "{}", text_of(case, "id"));
        let key = PublicKey(bytes_of(case, "pub_hex").try_into().unwrap());
        assert!(verify(&key, &pae, &SigBytes(bytes_of(case, "sig_hex").try_into().unwrap())));
    }
}

fn signed(kind: &str, payload: &[u8], by: &[u8]) -> Vec<Signature> {
    by.iter().map(|n| dsse::sign(kind, payload, &signer(*n)).unwrap()).collect()
}

#[test]
fn a_list_is_written_sorted_and_read_back() {
    let list = signed("trust", b"{}", &[1, 2, 3]);
    let bytes = dsse::encode(&list);
    let read = dsse::parse(&bytes).unwrap();
    assert!(read.is_sorted_by_key(|s| s.keyid) && read.len() == 3);
    assert!(list.iter().all(|s| read.contains(s)));
    assert_eq!(dsse::encode(&read), bytes);
    assert_eq!(dsse::signers("trust", b"{}", &read), read.iter().map(|s| s.keyid).collect::<Vec<_>>());
}

#[test]
fn a_signature_is_good_for_one_kind_and_one_payload() {
    let list = signed("trust", b"{}", &[1]);
    assert_eq!(dsse::signers("trust", b"{}", &list), [*signer(1).public()]);
    assert!(dsse::signers("bundle", b"{}", &list).is_empty());
    assert!(dsse::signers("trust", b"[]", &list).is_empty());
    let foreign = [Signature { keyid: *signer(2).public(), ..list[0] }];
    assert!(dsse::signers("trust", b"{}", &foreign).is_empty());
}

#[test]
fn the_envelope_is_rebuilt_and_verifies() {
    let envelope = dsse::envelope("trust", b"{}", &signed("trust", b"{}", &[1, 2]));
    assert_eq!(text_of(&envelope, "payloadType"), "application/vnd.gatos.trust.v1+json");
    assert_eq!(text_of(&envelope, "payload"), "e30=");
    assert!(dsse::verify_envelope(&envelope, signer(1).public()));
    assert!(dsse::verify_envelope(&envelope, signer(2).public()));
    assert!(!dsse::verify_envelope(&envelope, signer(3).public()));
}

#[test]
fn must_refuse_lists_that_encode_would_not_write() {
    let good = String::from_utf8(dsse::encode(&signed("trust", b"{}", &[1, 2]))).unwrap();
    assert!(dsse::parse(good.as_bytes()).is_ok());
    let entries = &good[1..good.len() - 1];
    let (first, second) = entries.split_at(entries.find("},{").unwrap() + 1);
    let second = &second[1..];
    let wrong = [
        ("empty list", "[]".to_owned()),
        ("not a list", "{}".to_owned()),
        ("not sorted", format!("[{second},{first}]")),
        ("one key twice", format!("[{first},{first}]")),
        ("white space", format!("[{first}, {second}]")),
        ("line feed at the end", format!("{good}\n")),
        ("further member", good.replacen("\"sig\"", "\"note\":\"x\",\"sig\"", 1)),
        ("no keyid", good.replacen("keyid", "keyId", 1)),
        ("hexadecimal in upper case", good.replacen(&first[21..25], &"F".repeat(4), 1)),
        ("base64url", good.replacen("==\"", "\"", 1)),
        ("spare bits", good.replacen("==\"", "=A\"", 1)),
    ];
    for (name, text) in wrong {
        assert_ne!(text, good, "{name}");
        assert!(dsse::parse(text.as_bytes()).is_err(), "{name}: {text}");
    }
    let many = Value::List(vec![json::parse(first.as_bytes()).unwrap(); dsse::SIGNATURES_MAX + 1]);
    assert!(dsse::parse(&json::document(&many).unwrap()).is_err(), "too many");
}
