use crate::canon::json;
use crate::policy::Schema;
use proptest::prelude::*;

fn fault(schema: &str, payload: &str) -> Option<String> {
    Schema::parse(schema.as_bytes()).unwrap().fault(&json::parse(payload.as_bytes()).unwrap())
}

#[test]
fn a_fault_names_the_place_and_never_the_value() {
    let schema = r#"{"type":"object","required":["amount"],"additionalProperties":false,"properties":{
        "amount":{"type":"integer","minimum":1,"exclusiveMaximum":100},"iban":{"type":"string","minLength":4},
        "tags":{"items":{"enum":["a","b"]},"uniqueItems":true,"maxItems":2}}}"#;
    for (payload, why) in [
        (r#"{"amount":1}"#, None),
        (r#"{}"#, Some("payload.amount is missing")),
        (r#"[]"#, Some("payload is array, not object")),
        (r#"{"amount":0}"#, Some("payload.amount is below 1")),
        (r#"{"amount":100}"#, Some("payload.amount is not below 100")),
        (r#"{"amount":1.5}"#, Some("payload.amount is number, not integer")),
        (r#"{"amount":1,"x":2}"#, Some("payload.x has no place here")),
        (r#"{"amount":1,"iban":"DE"}"#, Some("payload.iban has 2 characters, and 4 at least")),
        (r#"{"amount":1,"tags":["a","c"]}"#, Some("payload.tags[1] is none of the values it may be")),
        (r#"{"amount":1,"tags":["a","a"]}"#, Some("payload.tags[1] stands twice")),
    ] {
        assert_eq!(fault(schema, payload).as_deref(), why, "{payload}");
    }
}

#[test]
fn what_the_subset_does_not_know_is_refused() {
    for bad in [
        r##"{"$ref":"#/x"}"##,
        r#"{"pattern":"a"}"#,
        r#"{"format":"email"}"#,
        r#"{"type":"int"}"#,
        "1",
        "{",
        r#"{"items":[{}]}"#,
    ] {
        assert!(Schema::parse(bad.as_bytes()).is_err(), "{bad}");
    }
}

fn leaf() -> impl Strategy<Value = serde_json::Value> {
    prop_oneof![
        Just(serde_json::json!(null)),
        any::<bool>().prop_map(Into::into),
        (-3i64..4).prop_map(Into::into),
        Just(serde_json::json!(0.5)),
        "[ab]{0,3}".prop_map(Into::into),
    ]
}

fn value() -> impl Strategy<Value = serde_json::Value> {
    leaf().prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Into::into),
            prop::collection::btree_map("[ab]", inner, 0..3).prop_map(|m| serde_json::json!(m)),
        ]
    })
}

fn schema() -> impl Strategy<Value = serde_json::Value> {
    let word = prop_oneof![
        prop::sample::select(vec!["null", "boolean", "object", "array", "number", "integer", "string"])
            .prop_map(|t| ("type".to_owned(), serde_json::json!(t))),
        value().prop_map(|v| ("const".to_owned(), v)),
        prop::collection::vec(value(), 1..3).prop_map(|v| ("enum".to_owned(), v.into())),
        prop::collection::vec("[ab]", 0..2).prop_map(|v| ("required".to_owned(), v.into())),
        (
            prop::sample::select(vec![
                "minItems",
                "maxItems",
                "minLength",
                "maxLength",
                "minProperties",
                "maxProperties"
            ]),
            0..3
        )
            .prop_map(|(w, n): (&str, i32)| (w.to_owned(), n.into())),
        (prop::sample::select(vec!["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]), -2..3)
            .prop_map(|(w, n): (&str, i32)| (w.to_owned(), n.into())),
        any::<bool>().prop_map(|b| ("uniqueItems".to_owned(), b.into())),
    ];
    let flat =
        prop::collection::vec(word, 0..3).prop_map(|words| serde_json::Value::Object(words.into_iter().collect()));
    flat.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            (prop::sample::select(vec!["items", "additionalProperties", "not"]), inner.clone())
                .prop_map(|(w, s)| serde_json::json!({ w: s })),
            (prop::sample::select(vec!["allOf", "anyOf", "oneOf"]), prop::collection::vec(inner.clone(), 1..3))
                .prop_map(|(w, s)| serde_json::json!({ w: s })),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(i, t, e)| serde_json::json!({"if": i, "then": t, "else": e})),
            (inner.clone(), inner)
                .prop_map(|(a, b)| serde_json::json!({"properties": {"a": a}, "additionalProperties": b})),
        ]
    })
}

proptest! {
    #[test]
    fn must_agree_with_another_implementation(schema in schema(), value in value()) {
        let theirs = jsonschema::validator_for(&schema).unwrap().is_valid(&value);
        let ours = fault(&schema.to_string(), &value.to_string()).is_none();
        prop_assert_eq!(ours, theirs, "{} {}", schema, value);
    }
}
