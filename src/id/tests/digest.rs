use crate::id::{Blake3, Cid, Oid, PublicKey, Sha256, SigBytes};
use proptest::prelude::*;
use std::fmt::Display;
use std::str::FromStr;

/// Every text within one edit of a printed digest is refused, unless it prints as itself.
fn one_spelling<T: FromStr<Err: Display> + Display>(text: &str) {
    let hex_from = text.find(':').map_or(0, |i| i + 1);
    let mut others =
        vec![text[1..].to_owned(), text[..text.len() - 1].to_owned(), format!("{text}0"), format!(" {text}")];
    others.push(format!("{}{}", &text[..hex_from], text[hex_from..].to_uppercase()));
    others.push(format!("{}g", &text[..text.len() - 1]));
    others.push(format!("{}é", &text[..text.len() - 2]));
    others.push(text.replacen(':', "-", 1));
    for other in others.iter().filter(|o| *o != text) {
        assert!(other.parse::<T>().is_err(), "{other:?} was read");
    }
    match text.parse::<T>() {
        Ok(read) => assert_eq!(read.to_string(), text),
        Err(e) => panic!("{text:?}: {e}"),
    }
}

#[test]
fn a_digest_has_one_spelling() {
    one_spelling::<Oid>("4b825dc642cb6eb9a060e54bf8d69288fbee4904");
    one_spelling::<Blake3>("blake3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262");
    one_spelling::<Sha256>("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    one_spelling::<PublicKey>("ed25519:e467432346866f60826a1f7f1a9a668f00481d244f9f8f8f0a14385b0a43b74a");
    one_spelling::<SigBytes>(&format!("ed25519:{}", "0a".repeat(64)));
    one_spelling::<Cid>("bafyr4idbvg7rb4h75xd5y52ytlrkwtfibmagzadomy3oig3aiegnr4f3yq");
}

#[test]
fn a_prefix_names_the_kind() {
    let hex = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262";
    assert!(format!("sha256:{hex}").parse::<Blake3>().is_err());
    assert!(format!("blake3:{hex}").parse::<PublicKey>().is_err());
    assert!(hex.parse::<Blake3>().is_err());
    assert!(Blake3::from_hex(hex).is_ok());
}

#[test]
fn cids_of_another_kind_are_refused() {
    for other in [
        "QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n",
        "bafkreibme22gw2h7y2h7tg2fhqotaqjucnbc24deqo72b6mkl2egezxhvy",
        "bafyreibjo4xmgaevkgud7mbifn3dzp4v4lyaui4yvqp3f2bqwtxcjrdqg4",
        // The last character carries a spare bit that is not zero.
        "bafyr4idbvg7rb4h75xd5y52ytlrkwtfibmagzadomy3oig3aiegnr4f3yr",
    ] {
        assert!(other.parse::<Cid>().is_err(), "{other:?} was read");
    }
}

#[test]
fn an_error_quotes_at_most_100_characters() {
    let e = "é".repeat(500).parse::<Oid>().expect_err("not hexadecimal");
    assert_eq!(e.text.chars().count(), 100);
    assert_eq!(e.code(), "ID_INVALID");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn digests_round_trip(bytes: [u8; 32], oid: [u8; 20]) {
        prop_assert_eq!(Blake3(bytes).to_string().parse(), Ok(Blake3(bytes)));
        prop_assert_eq!(Sha256(bytes).to_string().parse(), Ok(Sha256(bytes)));
        prop_assert_eq!(PublicKey(bytes).to_string().parse(), Ok(PublicKey(bytes)));
        prop_assert_eq!(Oid(oid).to_string().parse(), Ok(Oid(oid)));
        prop_assert_eq!(Cid(bytes).to_string().parse(), Ok(Cid(bytes)));
        prop_assert_eq!(Cid::from_bytes(&Cid(bytes).to_bytes()), Some(Cid(bytes)));
        prop_assert_eq!(PublicKey(bytes).key8(), &PublicKey(bytes).hex()[..8]);
    }

    #[test]
    fn no_text_makes_the_readers_panic(text in "\\PC{0,70}|b[a-z2-7]{58}|(blake3:)?[0-9a-fé]{0,64}") {
        let _ = (text.parse::<Cid>(), text.parse::<Blake3>(), text.parse::<Oid>(), text.parse::<SigBytes>());
    }
}
