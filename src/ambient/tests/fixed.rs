use crate::ambient::{Ambient, Cancel, Env};
use crate::id::Timestamp;

fn fixed(seed: &str) -> Ambient {
    let now: Timestamp = "2026-11-21T09:00:00Z".parse().expect("a time");
    Ambient::fixed(now, seed, Env::fixed("/", [("HOME", "/home")]))
}

#[test]
fn the_clock_stands_still() {
    let ambient = fixed("seed");
    assert_eq!(ambient.now().to_string(), "2026-11-21T09:00:00Z");
    assert_eq!(ambient.ulid().ms(), ambient.now().unix() as u64 * 1000);
    assert_eq!(ambient.now(), ambient.now());
}

#[test]
fn a_seed_decides_chance() {
    let draw = |seed| {
        let ambient = fixed(seed);
        (ambient.chance::<5>(), ambient.replica(), ambient.ulid(), ambient.chance::<32>())
    };
    assert_eq!(draw("a"), draw("a"));
    assert_ne!(draw("a"), draw("b"));
    let ambient = fixed("a");
    assert_ne!(ambient.chance::<16>(), ambient.chance::<16>(), "chance goes on");
}

#[test]
fn the_process_draws_differently_each_time() {
    let ambient = Ambient::of_process();
    assert_ne!(ambient.chance::<16>(), ambient.chance::<16>());
    assert!(ambient.now().unix() > 1_700_000_000);
}

#[test]
fn whoever_asks_to_stop_is_heard_by_every_copy() {
    let cancel = Cancel::default();
    let copy = cancel.clone();
    assert!(!copy.asked());
    cancel.ask();
    assert!(copy.asked());
}
