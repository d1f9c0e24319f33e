use crate::hook::flood::{Hour, KINDS_MAX, Kind, Record};
use crate::id::Timestamp;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(1_800_000_000 / 3600 * 3600 + seconds).expect("a time")
}

const KIND: Kind<'_> = Kind { identity: None, rule: "ref.unknown", name: "refs/gatos/x" };

#[test]
fn a_thousand_are_written_and_then_every_power_of_two() {
    let mut hour = Hour::default();
    let written: Vec<u64> =
        (1..=1100).filter(|n| matches!(hour.take(at(1), KIND, &n.to_string(), 10), Record::Written { .. })).collect();
    let expected: Vec<u64> = (1..=1000).chain([1001, 1002, 1004, 1008, 1016, 1032, 1064]).collect();
    assert_eq!(written, expected);
    let other = Kind { name: "refs/gatos/y", ..KIND };
    let Record::Written { counted, evidence: true } = hour.take(at(2), other, "n", 10) else { panic!("written") };
    assert_eq!(counted.iter().map(|c| c.count).sum::<u64>(), 36, "those behind 1,064");
    assert_eq!(Hour::from_bytes(&hour.to_bytes()), Some(hour));
}

#[test]
fn what_was_counted_comes_with_the_next_hours_first() {
    let mut hour = Hour::default();
    (0..1003).for_each(|_| drop(hour.take(at(1), KIND, "n", 0)));
    let Record::Written { counted, .. } = hour.take(at(3601), KIND, "n", 0) else { panic!("written") };
    assert_eq!(counted.len(), 1);
    assert_eq!(counted[0].count, 1);
    let Record::Written { counted, .. } = hour.take(at(3602), KIND, "n", 0) else { panic!("written") };
    assert_eq!(counted, []);
}

#[test]
fn the_chain_depends_on_every_refusal_in_it() {
    let chain = |news: [&str; 2]| {
        let mut hour = Hour::default();
        (0..1004).for_each(|_| drop(hour.take(at(1), KIND, "n", 0)));
        news.iter().for_each(|new| drop(hour.take(at(1), KIND, new, 0)));
        hour.kinds.into_values().next().expect("one kind").1.expect("some wait").chain
    };
    assert_ne!(chain(["a", "b"]), chain(["b", "a"]));
    assert_eq!(chain(["a", "b"]), chain(["a", "b"]));
}

#[test]
fn evidence_is_bounded_and_kinds_are() {
    let mut hour = Hour::default();
    let room = |hour: &mut Hour| matches!(hour.take(at(1), KIND, "n", 9 << 20), Record::Written { evidence: true, .. });
    assert_eq!([room(&mut hour), room(&mut hour)], [true, false]);
    for n in 0..KINDS_MAX + 50 {
        hour.take(at(1), Kind { name: &n.to_string(), ..KIND }, "n", 0);
    }
    assert_eq!(hour.kinds.len(), KINDS_MAX + 1);
}

#[test]
fn one_pusher_cannot_choose_names_until_the_disk_is_full() {
    let mut hour = Hour::default();
    let written = (0..30_000u64)
        .filter(|n| {
            let name = format!("refs/heads/{}", n % 4_000);
            let kind = Kind { identity: Some("mallory"), rule: "none", name: &name };
            matches!(hour.take(at(0), kind, "x", 0), Record::Written { .. })
        })
        .count();
    assert!((10_000..10_020).contains(&written), "{written}");
    let other = Kind { identity: Some("bob"), rule: "none", name: "refs/heads/x" };
    assert!(matches!(hour.take(at(0), other, "x", 0), Record::Written { .. }));
    assert_eq!(Hour::from_bytes(&hour.to_bytes()), Some(hour));
}
