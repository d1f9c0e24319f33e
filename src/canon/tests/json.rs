use super::any;
use crate::canon::{DEPTH_MAX, JsonFault, Value, cbor, digest, json};
use crate::id::tests::vectors::{Case, each, same, unhex};
use proptest::prelude::*;
use serde_json::Value as Plain;

/// The exact bytes of a case's JSON text.
fn input(case: &Case) -> Vec<u8> {
    match (case.maybe("json_hex"), case.maybe("json"), case.get("json_repeat")) {
        (Some(hex), ..) => unhex(hex),
        (None, Some(text), _) => text.as_bytes().to_vec(),
        (None, None, repeat) => {
            let times = repeat["times"].as_u64().expect("times") as usize;
            repeat["unit"].as_str().expect("unit").repeat(times).into_bytes()
        }
    }
}

fn column<'a>(case: &'a Case, name: &str) -> Option<&'a Plain> {
    Some(case.get(name)).filter(|column| !column.is_null())
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("canonical JSON is UTF-8")
}

#[test]
fn vectors_canonical_json() {
    each(
        "json_canonical",
        |_| true,
        |case| {
            let written = json::parse(&input(case)).map_err(|e| e.to_string()).and_then(|value| {
                let mut out = Vec::new();
                json::write(&value, &mut out).map(|()| out).map_err(|e| e.to_string())
            });
            match (written, column(case, "jcs")) {
                (Err(_), None) => Ok(()),
                (Ok(out), Some(jcs)) => {
                    same(digest::blake3(&out).hex().as_str(), jcs["blake3"].as_str().expect("a digest"))?;
                    same(text(out).as_str(), jcs["text"].as_str().expect("a text"))
                }
                (Ok(out), None) => Err(format!("read as {} and not refused", text(out))),
                (Err(e), Some(_)) => Err(format!("refused: {e}")),
            }
        },
    );
}

#[test]
fn vectors_dag_cbor() {
    each(
        "json_canonical",
        |_| true,
        |case| {
            let encoded = json::parse(&input(case))
                .map_err(|e| e.to_string())
                .and_then(|value| cbor::to_vec(&value).map_err(|e| e.to_string()));
            match (encoded, column(case, "dag_cbor")) {
                (Err(_), None) => Ok(()),
                (Ok(out), Some(expected)) => {
                    same(digest::cid(&out).to_string().as_str(), expected["cid"].as_str().expect("a CID"))?;
                    match expected["hex"].as_str() {
                        Some(hex) => same(out, unhex(hex)),
                        None => Ok(()),
                    }
                }
                (Ok(out), None) => Err(format!("encoded as {out:02x?} and not refused")),
                (Err(e), Some(_)) => Err(format!("refused: {e}")),
            }
        },
    );
}

#[test]
fn what_a_document_may_hold_is_what_dag_cbor_may_hold() {
    each(
        "json_canonical",
        |case| column(case, "jcs").is_some(),
        |case| {
            let value = json::parse(&input(case)).map_err(|e| e.to_string())?;
            same(json::document(&value).is_ok(), cbor::to_vec(&value).is_ok())
        },
    );
}

#[test]
fn a_refusal_names_fault_and_place() {
    use JsonFault::*;
    let deep = "[".repeat(DEPTH_MAX + 1);
    for (text, offset, why) in [
        ("", 0, End),
        ("  ", 2, End),
        ("nul", 0, Syntax),
        ("[1,]", 3, Syntax),
        ("[1 2]", 3, Syntax),
        ("{\"a\"}", 4, Syntax),
        ("{\"a\":1,}", 7, Syntax),
        ("{a:1}", 1, Syntax),
        ("[1", 2, End),
        ("{\"a\":", 5, End),
        ("\"ab", 3, End),
        ("\"a\\", 3, End),
        ("\"\\u12", 3, End),
        ("1 2", 2, Trailing),
        ("\u{feff}1", 0, Bom),
        ("\"a\nb\"", 2, Control),
        ("\"a\\x\"", 3, Escape),
        ("\"\\u00g0\"", 3, Escape),
        ("\"\\udc00\"", 7, Surrogate),
        ("\"\\ud800x\"", 7, Surrogate),
        ("\"\\ud800\\u0041\"", 13, Surrogate),
        ("[{\"a\":1,\"b\":2,\"a\":3}]", 1, Duplicate),
        ("[9007199254740992]", 1, UnsafeInteger),
        ("-9007199254740992", 0, UnsafeInteger),
        ("[1e309]", 1, Overflow),
        ("01", 1, Trailing),
        ("-", 1, End),
        ("+1", 0, Syntax),
        ("1.", 2, End),
        ("[1.]", 3, Syntax),
        ("1e", 2, End),
        (deep.as_str(), DEPTH_MAX, Depth),
    ] {
        let e = json::parse(text.as_bytes()).expect_err(text);
        assert_eq!((e.offset, e.why), (offset, why), "{text:?}");
    }
    let e = json::parse(b"[\"a\xff\"]").expect_err("not UTF-8");
    assert_eq!((e.offset, e.why, e.code()), (3, Utf8, "JSON_UTF8"));
}

#[test]
fn a_place_is_told_in_lines_and_characters() {
    let text = "{\"é\":1,\n \"ü\":x}".as_bytes();
    let e = json::parse(text).expect_err("a syntax error");
    assert_eq!(e.position(text), (2, 6));
}

#[test]
fn only_the_canonical_bytes_are_canonical() {
    for good in ["{\"a\":1,\"b\":[1.5,\"é\"]}", "0", "\"\\u0001\"", "1e-7"] {
        assert!(json::parse_canonical(good.as_bytes()).is_ok(), "{good:?} was refused");
    }
    for (bad, offset) in [
        ("{\"b\":1,\"a\":2}", 2),
        ("{\"a\": 1}", 5),
        ("1.0", 1),
        ("-0", 0),
        ("\"\\u00e9\"", 1),
        ("\"\\/\"", 1),
        ("1e2", 1),
        ("[1]\n", 3),
    ] {
        let e = json::parse_canonical(bad.as_bytes()).expect_err(bad);
        assert_eq!((e.why, e.offset), (JsonFault::NotCanonical, offset), "{bad:?}");
    }
}

#[test]
fn large_integral_numbers_stand_in_no_document() {
    for text in ["1e+21", "{\"a\":[-1e+300]}", "9007199254740993.5"] {
        assert!(json::parse(text.as_bytes()).is_ok(), "{text:?} is JSON");
        let e = json::parse_canonical(text.as_bytes()).expect_err(text);
        assert_eq!((e.why, e.code()), (JsonFault::UnsafeInteger, "NUMBER_UNSAFE"), "{text:?}");
    }
}

#[test]
fn states_hold_grid_fractions_in_one_spelling() {
    for good in ["0.5", "[-0.1,3]", "2147483647.9999999998", "0.0000000002"] {
        let value = json::parse_state(good.as_bytes()).expect(good);
        let mut out = Vec::new();
        json::write(&value, &mut out).expect("a state has a form");
        assert_eq!(text(out), good);
    }
    for bad in ["0.10", "1.0", "0.0000000001", "2147483648.5", "1e2", "5e-1", "0.5000000001"] {
        let e = json::parse_state(bad.as_bytes()).expect_err(bad);
        assert_eq!(e.why, JsonFault::OffGrid, "{bad:?}");
    }
}

/// The reader and the writer look at eight bytes at once: every special byte at every place among others of all kinds.
#[test]
fn special_bytes_are_found_at_every_place() {
    for around in ["a", "\u{7f}", "!", " ", "é", "\u{a0}\u{dc}", "#", "[", "]"] {
        for special in (0..0x20).chain([b'"', b'\\']) {
            for before in 0..20 {
                let text = format!("{}{}{}", around.repeat(before), special as char, around.repeat(9));
                let mut out = Vec::new();
                json::write_string(&text, &mut out);
                assert_eq!(json::parse(&out), Ok(Value::from(text.as_str())), "{text:?}");
                assert_eq!(serde_json::from_slice::<String>(&out).expect("JSON"), text);
                let raw = format!("\"{text}\"");
                let read = json::parse(raw.as_bytes()).map_err(|e| (e.offset, e.why));
                let at = 1 + around.len() * before;
                match special {
                    b'"' => assert_eq!(read.map_err(|(_, why)| why), Err(JsonFault::Trailing), "{raw:?}"),
                    b'\\' => assert_ne!(read, Ok(Value::from(text)), "{raw:?}"),
                    _ => assert_eq!(read, Err((at, JsonFault::Control)), "{raw:?}"),
                }
            }
        }
    }
}

#[test]
fn what_json_cannot_say_is_refused() {
    let mut out = Vec::new();
    for value in [Value::Bytes(vec![1]), Value::Link(vec![1]), Value::Wide(1 << 70), Value::Float(f64::NAN)] {
        assert!(json::write(&value, &mut out).is_err(), "{value:?} was written");
    }
    for value in [Value::Int(1 << 53), Value::Int(-(1 << 53)), Value::Int(i64::MIN), Value::Float(1e300)] {
        assert!(json::document(&value).is_err(), "{value:?} was written into a document");
    }
    let deep = (0..DEPTH_MAX).fold(Value::List(Vec::new()), |inner, _| Value::List(vec![inner]));
    assert!(json::write(&deep, &mut out).is_err() && json::document(&deep).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_is_written_is_read_again(value in any::json()) {
        let mut out = Vec::new();
        json::write(&value, &mut out).expect("JSON values have a form");
        prop_assert!(std::str::from_utf8(&out).is_ok());
        // An integral double above 2^53-1 prints like an integer, which a reader refuses; documents hold none.
        if let Ok(document) = json::document(&value) {
            prop_assert_eq!(&document, &out);
            prop_assert_eq!(json::parse_canonical(&out), Ok(value.clone()));
        }
    }

    #[test]
    fn documents_are_read_again_and_agree_with_another_reader(value in any::document()) {
        let out = json::document(&value).expect("a document");
        prop_assert_eq!(json::parse_canonical(&out), Ok(value.clone()));
        let spaced = serde_json::to_vec_pretty(&serde_json::from_slice::<Plain>(&out).expect("JSON")).expect("JSON");
        prop_assert_eq!(json::parse(&spaced), Ok(value.clone()));
    }

    #[test]
    fn states_are_read_again(value in any::state()) {
        let mut out = Vec::new();
        json::write(&value, &mut out).expect("states have a form");
        prop_assert_eq!(json::parse_state(&out), Ok(value.clone()));
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes: Vec<u8>, near in "[\\[\\]{}\",:\\\\ud8c0-9eE+.truefalsn\\x00-\\x20é\u{10000}-]{0,40}") {
        for text in [bytes.as_slice(), near.as_bytes()] {
            let _ = (json::parse(text), json::parse_state(text), json::parse_canonical(text));
        }
    }

    #[test]
    fn a_broken_document_is_never_read_as_another_canonical_one(value in any::document(), at: prop::sample::Index, with: u8) {
        let mut out = json::document(&value).expect("a document");
        let i = at.index(out.len());
        prop_assume!(out[i] != with);
        out[i] = with;
        if let Ok(other) = json::parse_canonical(&out) {
            prop_assert_ne!(&other, &value);
            prop_assert_eq!(json::document(&other), Ok(out));
        }
    }
}
