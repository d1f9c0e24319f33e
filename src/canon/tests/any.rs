//! Random values for the property tests of this room.

use crate::canon::{INT_MAX, Map, Text, Value};
use proptest::collection::vec;
use proptest::prelude::*;

/// Texts in which short keys meet, and every kind of character that an escape or an order treats apart.
pub(super) fn text() -> impl Strategy<Value = Text> {
    let char = prop_oneof![
        4 => "[a-c]",
        1 => "[\\x00-\\x1f\"\\\\/\\x7f]",
        1 => "[\u{80}-\u{7ff}]",
        1 => "[\u{d000}-\u{d7ff}\u{e000}-\u{ffff}]",
        1 => "[\u{10000}-\u{10ffff}]",
    ];
    vec(char, 0..6).prop_map(|parts| Text::from(parts.concat()))
}

/// A double that JSON reads as a double: finite and not a safe integer.
fn fraction() -> impl Strategy<Value = f64> {
    use proptest::num::f64::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL};
    let any = prop_oneof![POSITIVE | NEGATIVE | NORMAL | SUBNORMAL, (-1e6..1e6f64)];
    any.prop_filter("not a safe integer", |f| f.fract() != 0.0 || f.abs() > INT_MAX as f64)
}

fn nested(leaf: BoxedStrategy<Value>) -> impl Strategy<Value = Value> {
    leaf.prop_recursive(4, 48, 6, |inner| {
        let map = vec((text(), inner.clone()), 0..6).prop_map(|entries| {
            let mut map = Map::new();
            entries.into_iter().for_each(|(k, v)| drop(map.insert(k, v)));
            Value::Map(map)
        });
        prop_oneof![vec(inner, 0..6).prop_map(Value::List), map]
    })
}

fn plain() -> BoxedStrategy<Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (-INT_MAX..=INT_MAX).prop_map(Value::Int),
        (-300i64..300).prop_map(Value::Int),
        text().prop_map(Value::Text),
    ]
    .boxed()
}

/// What JSON can say.
pub(super) fn json() -> impl Strategy<Value = Value> {
    nested(prop_oneof![5 => plain(), 1 => fraction().prop_map(Value::Float)].boxed())
}

/// What a document may say: JSON without integral numbers above 2^53-1.
pub(super) fn document() -> impl Strategy<Value = Value> {
    let float = fraction().prop_filter("not integral", |f| f.fract() != 0.0);
    nested(prop_oneof![5 => plain(), 1 => float.prop_map(Value::Float)].boxed())
}

/// What a folded state may say: integers and Q32.32 fractions.
pub(super) fn state() -> impl Strategy<Value = Value> {
    let fixed = any::<i64>().prop_filter("a fraction", |raw| raw.trailing_zeros() < 32);
    nested(prop_oneof![5 => plain(), 1 => fixed.prop_map(Value::Fixed)].boxed())
}

/// What DAG-CBOR can say.
pub(super) fn cbor() -> impl Strategy<Value = Value> {
    let wide = (i128::from(i64::MAX) + 1..=i128::from(u64::MAX)).prop_flat_map(|n| prop_oneof![Just(n), Just(!n)]);
    let bytes = || vec(any::<u8>(), 0..40);
    let link = bytes().prop_map(|digest| {
        let mut cid = vec![1, 0x55, 0x12, digest.len() as u8];
        cid.extend(digest);
        Value::Link(cid)
    });
    let leaf = prop_oneof![
        4 => plain(),
        1 => any::<i64>().prop_map(Value::Int),
        1 => wide.prop_map(Value::Wide),
        1 => any::<f64>().prop_filter("finite", |f| f.is_finite()).prop_map(Value::Float),
        1 => bytes().prop_map(Value::Bytes),
        1 => link,
    ];
    nested(leaf.boxed())
}
