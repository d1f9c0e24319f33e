use super::super::*;

/// Searches for the first bad place among so many; what cannot be told is skipped. Gives the last step and the tests it took.
fn hunt(bad: u64, first_bad: u64, untellable: &[u64]) -> (Step, u32) {
    let mut search = Search::new(0, bad).unwrap();
    let mut tests = 0;
    loop {
        match search.step() {
            Step::Test(place) => {
                tests += 1;
                let mark = match place >= first_bad {
                    _ if untellable.contains(&place) => Mark::Skip,
                    true => Mark::Bad,
                    false => Mark::Good,
                };
                search.mark(place, mark).unwrap();
            }
            end => return (end, tests),
        }
    }
}

#[test]
fn every_first_bad_place_is_found_in_few_tests() {
    for bad in 1..=40u64 {
        for first_bad in 1..=bad {
            let (end, tests) = hunt(bad, first_bad, &[]);
            assert_eq!(end, Step::Found(first_bad), "of {bad}");
            assert!(tests <= bad.ilog2() + 1, "{tests} tests for {first_bad} of {bad}");
        }
    }
}

#[test]
fn what_cannot_be_told_leaves_those_it_may_be() {
    assert_eq!(hunt(20, 13, &[11, 12, 13]).0, Step::OneOf(vec![11, 12, 13, 14]));
    assert_eq!(hunt(20, 13, &[5, 14]).0, Step::Found(13));
}

#[test]
fn a_mark_that_contradicts_another_is_refused_and_changes_nothing() {
    assert_eq!(Search::new(3, 3), Err(Contradiction::Ends));
    let mut search = Search::new(3, 9).unwrap();
    let before = search.clone();
    assert_eq!(search.mark(9, Mark::Good), Err(Contradiction::Good { place: 9, bad: 9 }));
    assert_eq!(search.mark(3, Mark::Bad), Err(Contradiction::Bad { place: 3, good: 3 }));
    for place in [0, 3, 9, 10] {
        assert_eq!(search.mark(place, Mark::Skip), Err(Contradiction::Skip { place, good: 3, bad: 9 }));
    }
    assert_eq!(search, before);
    // What was known before is no news and no contradiction.
    search.mark(1, Mark::Good).unwrap();
    search.mark(20, Mark::Bad).unwrap();
    assert_eq!(search, before);
    search.mark(5, Mark::Skip).unwrap();
    search.mark(4, Mark::Good).unwrap();
    assert_eq!((search.good(), search.bad(), search.skipped().collect::<Vec<_>>()), (4, 9, vec![5]));
}
