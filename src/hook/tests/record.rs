use crate::canon::{Map, Value, json};
use crate::hook::record::fitting;

fn decision(facts: usize, payload: usize) -> Map {
    let mut intent = Map::new();
    intent.insert("verb", "emit");
    intent.insert("payload", "p".repeat(payload));
    let mut map = Map::new();
    map.insert("reason", "r".repeat(5_000));
    map.insert("facts", Value::map([("long", "f".repeat(facts).into())]));
    map.insert("intent", Value::Map(intent));
    map
}

#[test]
fn a_decision_is_never_too_long_for_its_readers() {
    for (facts, payload) in [(300 << 10, 10), (10, 300 << 10), (300 << 10, 300 << 10)] {
        let short = Value::Map(fitting(decision(facts, payload)));
        assert!(json::document(&short).unwrap().len() < 256 << 10, "{facts} {payload}");
        assert_eq!(short.get("reason").unwrap().as_str().unwrap().len(), 2_000);
        assert_eq!(short.get("intent").unwrap().get("verb").unwrap().as_str(), Some("emit"));
        assert!(short.get("facts").unwrap().get("left_out").is_some(), "its size is told");
    }
    let whole = Value::Map(fitting(decision(10, 10)));
    assert!(whole.get("facts").unwrap().get("long").is_some());
}
