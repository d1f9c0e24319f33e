use super::{bytes_of, cases, signer, text_of};
use crate::canon::{Value, text};
use crate::id::{PublicKey, SigBytes};
use crate::trust::{Signer, Verifier, parse_public, public_line, verify};

const EVENTS: &[u8] = include_bytes!("../../../tests/vectors/event_cid.json");
const KEYS: &[u8] = include_bytes!("../../../tests/vectors/key_encoding.json");

#[test]
fn must_verify_exactly_the_signatures_of_the_vectors() {
    let cases: Vec<Value> = cases(EVENTS).into_iter().filter(|c| c.get("op") == Some(&"verify".into())).collect();
    assert_eq!(cases.len(), 12);
    for case in &cases {
        let key = PublicKey(bytes_of(case, "pub_hex").try_into().unwrap());
        // A signature of another length is no `SigBytes`: there is nothing to verify.
        let sig: Option<[u8; 64]> = bytes_of(case, "sig_hex").try_into().ok();
        let good = sig.is_some_and(|sig| verify(&key, &bytes_of(case, "msg_hex"), &SigBytes(sig)));
        assert_eq!(Some(good), case.get("valid").and_then(Value::as_bool), "{}", text_of(case, "id"));
    }
}

#[test]
fn must_sign_events_to_the_bytes_of_the_vectors() {
    let mut signed = 0;
    for case in cases(EVENTS).iter().filter(|c| c.get("signer_seed_hex").is_some()) {
        let signer = Signer::from_seed(&bytes_of(case, "signer_seed_hex").try_into().unwrap());
        assert_eq!(signer.public().hex(), text_of(case, "signer_pub_hex"));
        let sig = signer.sign(&bytes_of(case, "canonical_hex")).unwrap();
        assert_eq!(sig.to_string(), text_of(case, "sig_trailer_hex_form"), "{}", text_of(case, "id"));
        assert_eq!(text::key::<64>(text_of(case, "sig_trailer_base64_form")), Ok(sig.0));
        signed += 1;
    }
    assert_eq!(signed, 19);
}

#[test]
fn must_read_exactly_the_spellings_of_keys_in_the_vectors() {
    for case in cases(KEYS).iter().filter(|c| c.get("text").is_some()) {
        let input = text_of(case, "text");
        let read = match case.get("bytes") {
            Some(Value::Int(64)) => text::key::<64>(input).map(|b| SigBytes(b).to_string()),
            _ => text::key::<32>(input).map(|b| PublicKey(b).to_string()),
        };
        let wanted = case.get("hex").and_then(Value::as_str).map(|hex| format!("ed25519:{hex}"));
        assert_eq!(read.ok(), wanted, "{}", text_of(case, "id"));
    }
}

#[test]
fn must_sort_keys_by_their_bytes() {
    let all = cases(KEYS);
    let case = all.iter().find(|c| c.get("op") == Some(&"sort".into())).expect("a case that sorts");
    let texts = |name: &str| -> Vec<String> {
        case.get(name).unwrap().as_list().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()).collect()
    };
    let mut keys: Vec<PublicKey> = texts("in").iter().map(|t| PublicKey(text::key(t).unwrap())).collect();
    keys.sort();
    assert_eq!(keys.iter().map(PublicKey::to_string).collect::<Vec<_>>(), texts("out"));
}

#[test]
fn a_verifier_is_not_made_of_what_is_no_key() {
    assert!(Verifier::new(signer(1).public()).is_some());
    let identity = std::array::from_fn(|i| u8::from(i == 0));
    assert!(Verifier::new(&PublicKey(identity)).is_none(), "small order");
    let no_point = (0u8..=255).map(|n| PublicKey([n; 32])).find(|k| Verifier::new(k).is_none());
    assert!(no_point.is_some(), "half of all byte strings are no point");
}

#[test]
fn a_public_key_is_read_as_people_have_it() {
    let key = *signer(1).public();
    let line = public_line(&key, "someone@somewhere");
    assert!(line.starts_with("ssh-ed25519 AAAA") && line.ends_with(" someone@somewhere"), "{line}");
    let base64 = format!("ed25519:{}", text::base64(&key.0));
    for input in [key.to_string(), base64, line.clone(), format!("  {line}\n")] {
        assert_eq!(parse_public(&input).unwrap(), key, "{input}");
    }
    let rsa = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC7";
    let identity = format!("ed25519:01{}", "00".repeat(31));
    for input in ["", "ed25519:", rsa, &identity, &key.hex()] {
        let refused = parse_public(input).expect_err(input);
        assert_eq!(refused.code(), "KEY_INVALID");
    }
}

/// What the library's own strict rule says.
fn strictly(key: &PublicKey, message: &[u8], sig: &SigBytes) -> bool {
    let Ok(key) = ed25519_dalek::VerifyingKey::from_bytes(&key.0) else { return false };
    key.verify_strict(message, &ed25519_dalek::Signature::from_bytes(&sig.0)).is_ok()
}

/// A signature whose R is the neutral element: it satisfies the equation, and the strict rule refuses it.
fn with_neutral_r(seed: &[u8; 32], message: &[u8]) -> (PublicKey, SigBytes) {
    use curve25519_dalek::scalar::Scalar;
    use ed25519_dalek::{Digest as _, Sha512, SigningKey};
    let key = SigningKey::from_bytes(seed);
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let hash = Sha512::new().chain_update(neutral).chain_update(key.verifying_key().as_bytes()).chain_update(message);
    let s = Scalar::from_bytes_mod_order_wide(&hash.finalize().into()) * key.to_scalar();
    let mut sig = [0; 64];
    sig[..32].copy_from_slice(&neutral);
    sig[32..].copy_from_slice(s.as_bytes());
    (PublicKey(key.verifying_key().to_bytes()), SigBytes(sig))
}

#[test]
fn must_judge_as_the_strict_rule_of_the_library_does() {
    let (key, sig) = with_neutral_r(&[7; 32], b"m");
    let lax = ed25519_dalek::VerifyingKey::from_bytes(&key.0).unwrap();
    use ed25519_dalek::Verifier as _;
    assert!(lax.verify(b"m", &ed25519_dalek::Signature::from_bytes(&sig.0)).is_ok(), "the equation holds");
    assert!(!strictly(&key, b"m", &sig) && !verify(&key, b"m", &sig));
    for n in 1..40u8 {
        let signer = Signer::from_seed(&[n; 32]);
        let good = signer.sign(b"m").unwrap();
        for at in 0..64 {
            let mut changed = good;
            changed.0[at] ^= n;
            assert_eq!(verify(signer.public(), b"m", &changed), strictly(signer.public(), b"m", &changed), "{n} {at}");
        }
        assert!(verify(signer.public(), b"m", &good) && strictly(signer.public(), b"m", &good));
        // R of small order, in canonical and other spellings, with any S.
        for small in curve25519_dalek::constants::EIGHT_TORSION {
            for sign in [0, 0x80] {
                let mut changed = good;
                changed.0[..32].copy_from_slice(small.compress().as_bytes());
                changed.0[31] ^= sign;
                assert_eq!(verify(signer.public(), b"m", &changed), strictly(signer.public(), b"m", &changed));
            }
        }
    }
}
#[test]
fn the_points_of_small_order_are_the_eight() {
    let eight = curve25519_dalek::constants::EIGHT_TORSION.map(|point| point.compress().to_bytes());
    assert_eq!(crate::trust::verify::SMALL_ORDER, eight);
}
