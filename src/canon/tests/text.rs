use crate::canon::text;
use crate::id::PublicKey;
use crate::id::tests::vectors::{Case, each, same, verdict};
use proptest::prelude::*;

#[test]
fn vectors_keys_and_signatures() {
    each(
        "key_encoding",
        |case| case.get("op").is_null(),
        |case| {
            let read = match case.get("bytes").as_u64() {
                Some(32) => text::key::<32>(case.text("text")).map(Vec::from),
                Some(64) => text::key::<64>(case.text("text")).map(Vec::from),
                other => return Err(format!("neither key nor signature: {other:?} bytes")),
            };
            verdict(case, read, || case.bytes("hex"))
        },
    );
}

#[test]
fn vectors_sorted_by_signer() {
    each(
        "key_encoding",
        |case: &Case| case.get("op") == "sort",
        |case| {
            let texts = |name| case.get(name).as_array().expect("a list").iter().map(|v| v.as_str().expect("a text"));
            let mut keys: Vec<PublicKey> = texts("in").map(|t| PublicKey(text::key(t).expect(t))).collect();
            keys.sort();
            same(keys.iter().map(ToString::to_string).collect::<Vec<_>>(), texts("out").map(str::to_owned).collect())
        },
    );
}

#[test]
fn base64_is_standard_padded_and_exact() {
    assert_eq!(text::base64(b"\xfb\xff\xfe?"), "+//+Pw==");
    assert_eq!(text::from_base64("+//+Pw=="), Ok(b"\xfb\xff\xfe?".to_vec()));
    for bad in ["+//+Pw", "-__-Pw==", "+//+Px==", "+//+Pw==\n", "+//+P===", "=", "+"] {
        assert!(text::from_base64(bad).is_err(), "{bad:?} was read");
    }
    for bad in ["0", "0G", "AB", " 00", "é"] {
        assert!(text::from_hex(bad).is_err(), "{bad:?} was read");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn bytes_round_trip(bytes: Vec<u8>) {
        prop_assert_eq!(text::from_base64(&text::base64(&bytes)), Ok(bytes.clone()));
        prop_assert_eq!(text::from_hex(&text::hex(&bytes)), Ok(bytes));
    }

    #[test]
    fn one_key_is_read_in_four_spellings(key: [u8; 32]) {
        let standard = text::base64(&key);
        let url = standard.replace('+', "-").replace('/', "_");
        for body in [text::hex(&key), standard, url.clone(), url.trim_end_matches('=').to_owned()] {
            prop_assert_eq!(text::key(&format!("ed25519:{body}")), Ok(key), "{}", body);
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(body in "\\PC{0,20}|[A-Za-z0-9+/=_-]{40,45}") {
        let _ = (text::key::<32>(&format!("ed25519:{body}")), text::key::<64>(&body), text::from_base64(&body));
    }
}
