use crate::canon::merkle;
use crate::id::Blake3;
use crate::id::tests::vectors::{Case, each, same, unhex};
use proptest::prelude::*;

fn leaves(case: &Case) -> Vec<Vec<u8>> {
    if let Some(hex) = case.maybe("leaf_hex") {
        return vec![unhex(hex)];
    }
    if let Some(list) = case.get("leaves_list").as_array() {
        return list.iter().map(|leaf| leaf.as_str().expect("a text").into()).collect();
    }
    (0..case.get("n").as_u64().expect("a number of leaves")).map(|i| format!("message {i}").into_bytes()).collect()
}

#[test]
fn vectors() {
    each(
        "merkle",
        |_| true,
        |case| {
            let leaves = leaves(case);
            same(Some(leaves.len() as u64), case.get("n").as_u64())?;
            let root = merkle::root(&leaves).hex();
            if case.maybe("must_differ_from") == Some(&root) {
                return Err("the root equals one that it must differ from".into());
            }
            same(root.as_str(), case.text("root"))
        },
    );
}

/// The definition of RFC 6962, section 2.1, word for word.
fn by_definition(leaves: &[Vec<u8>]) -> Blake3 {
    let hash = |parts: &[&[u8]]| Blake3(*::blake3::hash(&parts.concat()).as_bytes());
    match leaves {
        [] => hash(&[]),
        [leaf] => hash(&[&[0], leaf]),
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            hash(&[&[1], &by_definition(left).0, &by_definition(right).0])
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn roots_are_those_of_the_definition(leaves in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..4), 0..70)) {
        prop_assert_eq!(merkle::root(&leaves), by_definition(&leaves));
    }
}
