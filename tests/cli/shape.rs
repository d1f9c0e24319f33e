//! What `--json` prints, held against its published schema.

use serde_json::Value;

/// Checks a value against `schemas/v1/view/<name>.schema.json` and gives it back.
#[track_caller]
pub fn fits(name: &str, value: Value) -> Value {
    let path = format!("{}/schemas/v1/view/{name}.schema.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    let schema: Value = serde_json::from_slice(&text).unwrap_or_else(|e| panic!("{path}: {e}"));
    jsonschema::meta::validate(&schema).unwrap_or_else(|e| panic!("{path} is no schema: {e}"));
    let validator = jsonschema::validator_for(&schema).unwrap_or_else(|e| panic!("{path}: {e}"));
    let faults: Vec<String> = validator.iter_errors(&value).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(faults.is_empty(), "{name}: {value}\n{}", faults.join("\n"));
    value
}

#[test]
#[should_panic(expected = "bisect-reset")]
fn a_value_that_does_not_fit_is_noticed() {
    fits("bisect-reset", serde_json::json!({"ended": "yes"}));
}
