use super::support::{Scratch, chain, journal};
use crate::git::{Expected, GitError, Move};

#[test]
fn refs_move_together_or_not_at_all() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let [first, second] = chain(&store, 2)[..] else { panic!("two commits") };
    let (a, b, c) = (journal("alice"), journal("bob"), journal("carol"));
    store.update(&a, Expected::Absent, first).unwrap();
    store.update(&b, Expected::Absent, first).unwrap();
    scratch.git(&["pack-refs", "--all"]);
    let step = |name: &crate::git::RefName, expected, new| Move { name: name.to_string(), expected, new };
    let moves = |b_at| {
        [
            step(&a, Expected::At(first), None),
            step(&b, Expected::At(b_at), Some(second)),
            step(&c, Expected::Absent, Some(first)),
        ]
    };
    match store.transact(&moves(second)) {
        Err(GitError::Moved { name, found, .. }) => assert_eq!((name, found), (b.to_string(), Some(first))),
        other => panic!("{other:?}"),
    }
    let tips = || [&a, &b, &c].map(|name| store.resolve(name).unwrap());
    assert_eq!(tips(), [Some(first), Some(first), None]);
    store.transact(&moves(first)).unwrap();
    assert_eq!(tips(), [None, Some(second), Some(first)]);
}
