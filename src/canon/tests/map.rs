use super::any;
use crate::canon::{Map, Text, Value};
use proptest::collection::vec;
use proptest::prelude::*;

fn units(key: &str) -> Vec<u16> {
    key.encode_utf16().collect()
}

#[test]
fn a_key_stands_once() {
    let twice = vec![("b".into(), Value::Int(1)), ("a".into(), Value::Null), ("b".into(), Value::Int(2))];
    assert_eq!(Map::from_entries(twice), Err("b".into()));
    let mut map = Map::new();
    assert_eq!(map.insert("b", 1), None);
    assert_eq!(map.insert("b", 2), Some(Value::Int(1)));
    assert_eq!((map.len(), map.get("b")), (1, Some(&Value::Int(2))));
    assert_eq!(map.remove("b"), Some(Value::Int(2)));
    assert!(map.is_empty() && !map.contains("b"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn keys_are_ordered_by_utf16_units(keys in vec(any::text(), 0..24)) {
        let mut map = Map::new();
        for (i, key) in (0..).zip(&keys) {
            map.insert(key.clone(), i);
        }
        let mut expected: Vec<Text> = keys.clone();
        expected.sort_by_key(|key| units(key));
        expected.dedup();
        prop_assert_eq!(map.keys().collect::<Vec<_>>(), expected.iter().map(Text::as_str).collect::<Vec<_>>());
        for key in &keys {
            let last = keys.iter().rposition(|k| k == key).expect("it stands there") as i64;
            prop_assert_eq!(map.get(key).and_then(Value::as_int), Some(last));
        }
    }

    #[test]
    fn entries_in_any_order_make_one_map(keys in vec(any::text(), 0..24), seed: u64) {
        let entries: Vec<_> = keys.iter().map(|k| (k.clone(), Value::Null)).collect();
        let mut unique = keys.clone();
        unique.sort();
        unique.dedup();
        let map = Map::from_entries(entries.clone());
        prop_assert_eq!(map.is_ok(), unique.len() == keys.len());
        if let Ok(map) = map {
            let mut turned = entries;
            let n = turned.len().max(1);
            turned.rotate_left(seed as usize % n);
            prop_assert_eq!(Map::from_entries(turned), Ok(map.clone()));
            prop_assert!(map.keys().map(units).is_sorted());
        }
    }
}
