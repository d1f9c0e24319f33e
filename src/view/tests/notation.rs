use crate::canon::json;
use crate::view::notation::with_provenance;

fn shown(state: &str) -> String {
    with_provenance(&json::parse_state(state.as_bytes()).unwrap(), "p")
}

#[test]
fn a_short_state_stands_on_one_line_with_its_provenance_last() {
    assert_eq!(shown("{}"), "{ \"_provenance\": \"p\" }");
    assert_eq!(shown("{\"count\":10}"), "{ \"count\": 10, \"_provenance\": \"p\" }");
    assert_eq!(shown("{\"~\":0.5,\"a\":{\"b\":[1]}}"), "{ \"a\": {\"b\":[1]}, \"~\": 0.5, \"_provenance\": \"p\" }");
}

#[test]
fn sixty_characters_are_short_and_one_more_is_not() {
    let state = |n: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(n - 8));
    assert_eq!(shown(&state(60)).lines().count(), 1);
    assert_eq!(shown(&state(61)).lines().count(), 4);
}

#[test]
fn a_long_state_has_two_spaces_a_level() {
    let state = format!("{{\"a\":[],\"b\":{{}},\"c\":[1,{{\"d\":null}}],\"long\":\"{}\"}}", "x".repeat(40));
    let expected = format!(
        "{{\n  \"a\": [],\n  \"b\": {{}},\n  \"c\": [\n    1,\n    {{\n      \"d\": null\n    }}\n  ],\n  \"long\": \"{}\",\n  \"_provenance\": \"p\"\n}}",
        "x".repeat(40)
    );
    assert_eq!(shown(&state), expected);
}

#[test]
fn a_state_without_room_for_a_provenance_stands_beside_it() {
    assert_eq!(shown("[1]"), "{ \"state\": [1], \"_provenance\": \"p\" }");
    assert_eq!(shown("{\"_provenance\":1}"), "{ \"state\": {\"_provenance\":1}, \"_provenance\": \"p\" }");
}

#[test]
fn fractions_are_exact() {
    // The largest fraction of the language; no double holds it.
    let state = "{\"a\":2147483647.9999999998}";
    assert_eq!(shown(state), "{ \"a\": 2147483647.9999999998, \"_provenance\": \"p\" }");
}
