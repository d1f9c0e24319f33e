use super::any;
use crate::canon::{CborFault, DEPTH_MAX, EncodeError, Map, Text, Value, cbor, digest};
use crate::id::tests::vectors::{each, same, unhex};
use proptest::prelude::*;
use serde_json::Value as Plain;

fn member<'a>(typed: &'a Plain, name: &str) -> &'a str {
    typed[name].as_str().unwrap_or_else(|| panic!("no text at {name:?} in {typed}"))
}

fn repeated(typed: &Plain) -> String {
    member(typed, "unit").repeat(typed["times"].as_u64().expect("times") as usize)
}

/// A CID in its text form: base32 lower with its multibase letter, or base58 of version 0.
fn cid(text: &str) -> Vec<u8> {
    if let Some(base32) = text.strip_prefix('b') {
        return data_encoding::BASE32_NOPAD.decode(base32.to_uppercase().as_bytes()).expect("base32");
    }
    const BASE58: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let mut bytes = Vec::new();
    for c in text.bytes() {
        let mut carry = BASE58.iter().position(|b| *b == c).expect("base58");
        for byte in bytes.iter_mut().rev() {
            carry += usize::from(*byte) * 58;
            *byte = carry as u8;
            carry >>= 8;
        }
        while carry > 0 {
            bytes.insert(0, carry as u8);
            carry >>= 8;
        }
    }
    bytes
}

fn value(typed: &Plain) -> Value {
    let v = || member(typed, "v");
    match member(typed, "t") {
        "null" => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "int" => {
            let wide: i128 = v().parse().expect("a decimal");
            i64::try_from(wide).map_or(Value::Wide(wide), Value::Int)
        }
        "f64" => Value::Float(f64::from_bits(u64::from_str_radix(v(), 16).expect("bits"))),
        "text" => Value::from(v()),
        "text_repeat" => Value::from(repeated(typed)),
        "bytes" => Value::Bytes(unhex(v())),
        "bytes_repeat" => Value::Bytes(unhex(&repeated(typed))),
        "cid" => Value::Link(cid(v())),
        "list" => Value::List(typed["v"].as_array().expect("a list").iter().map(value).collect()),
        "map" => {
            let pairs = typed["v"].as_array().expect("a list of pairs").iter();
            let entries = pairs.map(|pair| (Text::from(pair[0].as_str().expect("a key")), value(&pair[1]))).collect();
            Value::Map(Map::from_entries(entries).expect("keys stand once"))
        }
        other => panic!("a vector of an unknown kind: {other}"),
    }
}

#[test]
fn vectors_typed() {
    each(
        "dagcbor_typed",
        |_| true,
        |case| {
            let value = value(case.get("value"));
            let bytes = cbor::exact(&value).map_err(|e| e.to_string())?;
            match case.maybe("hex") {
                Some(hex) => same(&bytes, &unhex(hex))?,
                None => {
                    same(Some(bytes.len() as u64), case.get("length").as_u64())?;
                    same(bytes.starts_with(&case.bytes("head_hex")), true)?;
                }
            }
            same(digest::blake3(&bytes).hex().as_str(), case.text("blake3"))?;
            same(digest::cid(&bytes).to_string().as_str(), case.text("cid"))?;
            same(cbor::decode(&bytes), Ok(value))
        },
    );
}

#[test]
fn vectors_refused() {
    each(
        "dagcbor_reject",
        |_| true,
        |case| {
            let bytes = match case.maybe("hex") {
                Some(hex) => unhex(hex),
                None => {
                    let repeat = case.get("hex_repeat");
                    unhex(&(repeated(repeat) + member(repeat, "then")))
                }
            };
            match cbor::decode(&bytes) {
                Err(_) => Ok(()),
                Ok(value) => Err(format!("read as {value:?} ({})", case.text("reason"))),
            }
        },
    );
}

#[test]
fn a_refusal_names_fault_and_place() {
    use CborFault::*;
    for (hex, offset, why) in [
        ("", 0, End),
        ("0000", 1, Trailing),
        ("1817", 2, NotMinimal),
        ("9f", 1, Indefinite),
        ("1c", 1, Reserved),
        ("f93c00", 3, FloatWidth),
        ("fb7ff0000000000000", 9, NotFinite),
        ("f7", 1, Simple),
        ("f818", 2, Simple),
        ("a10000", 2, Key),
        ("a2616200616100", 6, Order),
        ("a2616100616100", 6, Duplicate),
        ("c000", 1, Tag),
        ("d82a00", 3, Cid),
        ("61ff", 2, Utf8),
        ("6261", 1, End),
        ("9bffffffffffffffff", 9, End),
    ] {
        let e = cbor::decode(&unhex(hex)).expect_err(hex);
        assert_eq!((e.offset, e.why), (offset, why), "{hex}");
    }
    let e = cbor::decode(&[0x81; DEPTH_MAX + 1]).expect_err("deep");
    assert_eq!((e.why, e.code()), (Depth, "CBOR_REFUSED"));
}

#[test]
fn a_document_holds_no_integral_double_above_the_safe_integers() {
    for f in [9_007_199_254_740_992.0, -1e21, f64::MAX] {
        assert_eq!(cbor::to_vec(&Value::Float(f)), Err(EncodeError::UnsafeInteger));
        assert!(cbor::exact(&Value::Float(f)).is_ok());
        assert!(cbor::to_vec(&Value::list([Value::map([("n", Value::Float(f))])])).is_err());
    }
    assert_eq!(cbor::to_vec(&Value::Float(0.5)), cbor::exact(&Value::Float(0.5)));
}

#[test]
fn what_dag_cbor_cannot_say_is_refused() {
    let deep = (0..DEPTH_MAX).fold(Value::List(Vec::new()), |inner, _| Value::List(vec![inner]));
    for (value, why) in [
        (Value::Float(f64::NAN), EncodeError::NotFinite),
        (Value::Float(f64::NEG_INFINITY), EncodeError::NotFinite),
        (Value::Fixed(1), EncodeError::NoCbor),
        (Value::Wide(1 << 64), EncodeError::UnsafeInteger),
        (Value::Wide(-(1 << 64) - 1), EncodeError::UnsafeInteger),
        (deep, EncodeError::Depth),
    ] {
        assert_eq!(cbor::to_vec(&value), Err(why));
        assert_eq!(cbor::exact(&value), Err(why));
    }
}

#[test]
fn large_maps_are_sorted_too() {
    let entries = (0..200).map(|i| (Text::from(format!("{:x}", i * 7919)), Value::Int(i))).collect();
    let map = Value::Map(Map::from_entries(entries).expect("keys stand once"));
    let bytes = cbor::to_vec(&map).expect("an encoding");
    assert_eq!(cbor::decode(&bytes), Ok(map));
}

/// Keys that agree in length and in the bytes that are compared first.
#[test]
fn keys_are_sorted_by_length_and_then_by_all_their_bytes() {
    let long = "k".repeat(300);
    let keys = ["", "z", "aa", "ab", "prefix1", "prefix2", "prefix_a", "prefix_b", "prefixes_x", "prefixes_y"];
    let longer =
        [format!("{long}a"), format!("{long}b"), format!("a{long}z"), "\u{ffff}ab".into(), "\u{10000}a".into()];
    let all: Vec<&str> = keys.into_iter().chain(longer.iter().map(String::as_str)).collect();
    let entries = all.iter().map(|key| (Text::from(*key), Value::Null)).collect();
    let bytes = cbor::to_vec(&Value::Map(Map::from_entries(entries).expect("keys stand once"))).expect("an encoding");
    let mut expected = vec![0xa0 | all.len() as u8];
    let mut sorted = all;
    sorted.sort_by_key(|key| (key.len(), key.as_bytes().to_vec()));
    for key in sorted {
        expected.extend(cbor::to_vec(&Value::from(key)).expect("an encoding"));
        expected.push(0xf6);
    }
    assert_eq!(bytes, expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_is_encoded_is_decoded_again(value in any::cbor()) {
        let bytes = cbor::exact(&value).expect("an encoding");
        let again = cbor::decode(&bytes);
        prop_assert_eq!(again.as_ref(), Ok(&value));
        // -0 equals 0 as a double, so the bytes are compared as well.
        prop_assert_eq!(cbor::exact(&again.expect("decoded")), Ok(bytes));
    }

    #[test]
    fn documents_encode_alike_by_both_doors(value in any::document()) {
        prop_assert_eq!(cbor::to_vec(&value), cbor::exact(&value));
    }

    #[test]
    fn whatever_is_decoded_encodes_to_the_same_bytes(bytes in item()) {
        if let Ok(value) = cbor::decode(&bytes) {
            prop_assert_eq!(cbor::exact(&value), Ok(bytes));
        }
    }

    #[test]
    fn a_changed_byte_is_refused_or_means_something_else(value in any::cbor(), at: prop::sample::Index, with: u8) {
        let mut bytes = cbor::exact(&value).expect("an encoding");
        let i = at.index(bytes.len());
        bytes[i] = with;
        if let Ok(other) = cbor::decode(&bytes) {
            prop_assert_eq!(cbor::exact(&other), Ok(bytes));
        }
    }
}

/// Bytes that are often an item: random ones almost never are.
fn item() -> impl Strategy<Value = Vec<u8>> {
    let small = prop::sample::select(vec![
        0x00, 0x17, 0x18, 0x20, 0x40, 0x41, 0x60, 0x61, 0x80, 0x81, 0x82, 0xa0, 0xa1, 0xa2, 0xf4, 0xf5, 0xf6, 0xd8,
        0x2a, 0xfb,
    ]);
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..12),
        prop::collection::vec(prop_oneof![3 => small, 1 => any::<u8>()], 0..12),
    ]
}
