use super::*;
use crate::ledger::{CLOCK_LEAD_MAX, Heads, Key, Merge, StreamPlan, WindowHead};
use proptest::prelude::*;
use std::sync::Arc;

fn plan(origin: &Origin, tip: Oid) -> StreamPlan {
    StreamPlan { hashed: true, threads: 2, ..StreamPlan::whole(Arc::new(origin.clone()), tip) }
}

fn drain(merge: &mut Merge<'_>) -> Vec<(Key, i64)> {
    let mut out = Vec::new();
    while let Some((origin, loaded)) = merge.next_event().unwrap() {
        let h = loaded.event.header;
        let key = Key { clock: h.clock, writer: origin.writer.clone(), seq: h.seq };
        out.push((key, n_of(loaded.event.payload())));
    }
    out
}

/// Journals of several writers, each with its own clock.
fn journals(store: &Store, lengths: &[(u64, u64, usize)]) -> Vec<StreamPlan> {
    let mut plans = Vec::new();
    for (i, (count, clock, group)) in lengths.iter().enumerate() {
        let origin = origin(1, &format!("aaaaa{i}"));
        let sealed = seal(&origin, Position::default(), *clock, &numbers(0..*count));
        let built = build(&origin, &signer(1), None, &sealed, *group).unwrap();
        plans.push(plan(&origin, keep(store, &built)));
    }
    plans
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_is_that_of_the_keys_however_journals_arrive(
        lengths in prop::collection::vec((1u64..60, 0u64..20, 1usize..9), 1..6),
        turn in 0usize..6,
    ) {
        let (_dir, store) = repository();
        let mut plans = journals(&store, &lengths);
        let mut merge = Merge::open(&store, plans.clone(), &Heads::default(), 0).unwrap();
        let all = drain(&mut merge);
        prop_assert_eq!(all.len() as u64, lengths.iter().map(|l| l.0).sum::<u64>());
        prop_assert!(all.is_sorted_by(|a, b| a.0 < b.0));
        let at = turn % plans.len();
        plans.rotate_left(at);
        prop_assert_eq!(&drain(&mut Merge::open(&store, plans, &Heads::default(), 0).unwrap()), &all);
    }

    #[test]
    fn a_window_and_the_rest_are_the_whole(
        lengths in prop::collection::vec((1u64..50, 0u64..20, 1usize..9), 1..5),
        cut in 0usize..200,
    ) {
        let (_dir, store) = repository();
        let plans = journals(&store, &lengths);
        let mut merge = Merge::open(&store, plans.clone(), &Heads::default(), 0).unwrap();
        let all = drain(&mut merge);
        let cut = cut % (all.len() + 1);
        let mut first = Merge::open(&store, plans.clone(), &Heads::default(), 0).unwrap();
        for _ in 0..cut {
            first.next_event().unwrap();
        }
        let heads = first.heads();
        // What the heads name, read as a closed window.
        let within: Vec<StreamPlan> = plans.iter().filter_map(|p| {
            let head: &WindowHead = heads.get(&p.origin.writer)?;
            Some(StreamPlan { tip: head.head, until: Some(head.seq), ..p.clone() })
        }).collect();
        let mut window = Merge::open(&store, within, &Heads::default(), 0).unwrap();
        prop_assert_eq!(&drain(&mut window)[..], &all[..cut]);
        prop_assert_eq!(window.heads(), heads.clone());
        // And what lies behind them.
        let behind: Vec<StreamPlan> = plans.iter().map(|p| {
            StreamPlan { after: heads.get(&p.origin.writer).map(|h| (h.head, h.seq)), ..p.clone() }
        }).collect();
        let mut rest = Merge::open(&store, behind, &heads, cut as u64).unwrap();
        prop_assert_eq!(&drain(&mut rest)[..], &all[cut..]);
    }
}

#[test]
fn a_clock_far_ahead_is_left_out_and_listed() {
    let (_dir, store) = repository();
    let plans = journals(&store, &[(3, 0, 1), (2, CLOCK_LEAD_MAX + 4, 1), (1, CLOCK_LEAD_MAX + 2, 1)]);
    let mut merge = Merge::open(&store, plans, &Heads::default(), 0).unwrap();
    // Three events stand before them: a clock of the lead and three is the last that passes.
    assert_eq!(drain(&mut merge).len(), 4);
    let clocks: Vec<u64> = merge.skipped().iter().map(|s| s.seq).collect();
    assert_eq!(clocks, [1, 2]);
    assert_eq!(merge.skipped()[0].code, "event.clock");
}

#[test]
fn a_journal_counts_up_to_its_last_good_append() {
    let (_dir, store) = repository();
    let origin = origin(1, "aaaaaa");
    let sealed = seal(&origin, Position::default(), 0, &numbers(0..60));
    let built = build(&origin, &signer(1), None, &sealed[..40], 1).unwrap();
    let parent = keep(&store, &built);
    // Signed by somebody else.
    let forged = build(&origin, &signer(2), Some(parent), &sealed[40..], 1).unwrap();
    let tip = keep(&store, &forged);
    let mut merge = Merge::open(&store, vec![plan(&origin, tip)], &Heads::default(), 0).unwrap();
    assert_eq!(drain(&mut merge).len(), 40);
    let faults: Vec<_> = merge.faults().map(|(_, f)| (f.code, f.commit)).collect();
    assert_eq!(faults, [("sig.bad", forged.commits[0].0)]);
    // Believing up to the good tip changes nothing; believing the forged part shows that the check was the signature.
    let believed = |head| StreamPlan { remembered: Some(head), ..plan(&origin, tip) };
    let mut merge = Merge::open(&store, vec![believed(parent)], &Heads::default(), 0).unwrap();
    assert_eq!(drain(&mut merge).len(), 40);
    let mut merge = Merge::open(&store, vec![believed(tip)], &Heads::default(), 0).unwrap();
    assert_eq!(drain(&mut merge).len(), 60);
}
