//! Where a fold may begin changes no answer.

use super::super::drive::Watch;
use super::super::start::Reach;
use super::union::{Clones, fetch};
use super::*;
use crate::id::Oid;
use crate::state::Mark;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::time::Duration;

fn ns() -> Ns {
    Ns::main()
}

/// A node of a clone at some minute of the day: times do not rise with the order, and one seed draws the same ULIDs again.
fn node_at(clones: &Clones, who: usize, seed: usize, minute: usize) -> Node {
    let dir = &clones.dirs[who];
    let vars = [("HOME", clones.home.path().to_str().unwrap()), ("GIT_CONFIG_NOSYSTEM", "1"), ("USER", "alice")];
    let time = format!("2026-11-21T10:{minute:02}:00Z").parse().unwrap();
    Node::open(&Ambient::fixed(time, &format!("at {seed}"), Env::fixed(dir, vars))).unwrap()
}

/// Several events in one append.
fn emit_group(node: &Node, first: usize) {
    let event = |n: usize| {
        let said = draft(node.ambient(), "add", &format!("{{\"n\":{n}}}"));
        BatchEvent { draft: said, named: false }
    };
    let mut feed = Once(Some((first + 1..=first + 3).map(event).collect()));
    node.emit_batch(&ns(), 256, &mut feed, &mut |_| (), &Cancel::default()).1.unwrap();
}

/// Events that are there at once.
struct Once(Option<Vec<BatchEvent>>);

impl Feed for Once {
    type Error = NodeError;

    fn next(&mut self, _: Duration) -> Result<Given, NodeError> {
        Ok(self.0.take().map_or(Given::End, Given::Events))
    }

    fn pauses(&self) -> bool {
        false
    }
}

fn checkpoint(node: &Node) -> Option<Checkpointed> {
    match super::checkpoint(node) {
        Ok(written) => Some(written),
        Err(NodeError::EmptyWindow | NodeError::NoNamespace(_)) => None,
        Err(other) => panic!("{other}"),
    }
}

fn log(node: &Node) -> Vec<LogEntry> {
    let mut all = Vec::new();
    let mut show = |entry| {
        all.push(entry);
        Ok::<_, NodeError>(true)
    };
    node.log(&ns(), None, &LogFilter::default(), &mut show).unwrap();
    all
}

fn points(node: &Node, checkpoints: &BTreeSet<Oid>) -> Vec<Point> {
    let mut points = Vec::new();
    for entry in log(node) {
        let h = &entry.event.header;
        let commit = Point::Commit(entry.commit.to_string());
        points.extend([Point::Cid(entry.event.cid), Point::Ulid(h.ulid), Point::Time(h.ts), commit]);
    }
    points.extend(checkpoints.iter().map(|commit| Point::Commit(commit.to_string())));
    points.push(Point::Time("2026-11-21T08:00:00Z".parse().unwrap()));
    points.push(Point::Time("2026-11-22T00:00:00Z".parse().unwrap()));
    points.push(Point::Ulid(draft(node.ambient(), "add", r#"{"n":1}"#).ulid));
    points
}

fn at(node: &Node, point: &Point) -> Result<Shown, String> {
    let (fold, at) = (None, Some(point));
    node.state(&StateQuery { ns: &ns(), fold, at }, &Silent, &Cancel::default()).map_err(|e| e.to_string())
}

/// States that were judged, by place.
type Judged = Vec<(u64, Vec<u8>)>;

/// Everything that a search with a known culprit says on its way: each state that it judged, and the end.
fn hunt(node: &Node, bad: &Point, culprit: u64) -> (Judged, Result<BisectEnd, String>) {
    let (silent, cancel) = (Silent, Cancel::default());
    let mut seen = Vec::new();
    let ended = node.bisect_start(&ns(), None, None, Some(bad), &silent, &cancel).and_then(|mut search| {
        node.bisect_run(&mut search, &silent, &cancel, &mut |probe| {
            seen.push((probe.place, probe.state.to_vec()));
            Ok::<_, NodeError>(if probe.place >= culprit { Mark::Bad } else { Mark::Good })
        })
    });
    node.bisect_reset().unwrap();
    (seen, ended.map_err(|e| e.to_string()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    /// Two writers append, fetch from each other and write checkpoints; what arrives late lies behind some of them. Every
    /// point then shows the same, message and warning for message and warning, whether a checkpoint is known or none.
    #[test]
    fn must_show_the_same_at_every_point_wherever_it_begins(
        acts in prop::collection::vec((0usize..2, 0usize..8, 0usize..60), 4..30),
        culprit in 1u64..20,
    ) {
        let clones = Clones::new(2);
        let mut checkpoints = BTreeSet::new();
        for (step, (who, act, minute)) in acts.iter().enumerate() {
            let node = node_at(&clones, *who, step % 5, *minute);
            match act {
                0..=2 => drop(emit(&node, "add", &format!("{{\"n\":{}}}", step * 5 + who))),
                3 | 4 => emit_group(&node, step * 5),
                5 => fetch(&clones.dirs[*who], &clones.dirs[1 - who], &format!("c{}", 1 - who)),
                _ => checkpoints.extend(checkpoint(&node).filter(|_| *who == 0).map(|c| c.commit)),
            }
        }
        emit(&clones.node(0, 1000), "add", r#"{"n":1}"#);
        fetch(&clones.dirs[0], &clones.dirs[1], "c1");
        let node = node_at(&clones, 0, 2000, 0);
        let points = points(&node, &checkpoints);
        let ask = || -> Vec<_> { points.iter().map(|point| at(&node, point)).collect() };
        let search = || -> Vec<_> { points.iter().step_by(9).map(|bad| hunt(&node, bad, culprit)).collect() };
        let (begun, found) = (ask(), search());
        std::fs::remove_dir_all(clones.dirs[0].join(".git/gatos/cache")).unwrap();
        for ((point, with), without) in points.iter().zip(begun).zip(ask()) {
            prop_assert_eq!(with, without, "{}", point);
        }
        prop_assert_eq!(found, search());
        // An append is its last event, whatever sorts between.
        let all = log(&node);
        for entry in &all {
            let last = all.iter().rposition(|e| e.commit == entry.commit).unwrap() as u64 + 1;
            prop_assert_eq!(at(&node, &Point::Commit(entry.commit.to_string())).unwrap().events, last);
        }
    }
}

/// Behind how many events a fold up to the place of an event begins.
fn begins(node: &Node, place: usize) -> u64 {
    let view = node.view(&ns()).unwrap();
    let program = node.fold_source(&ns(), None).unwrap().program().unwrap();
    let entry = &log(node)[place - 1];
    let h = &entry.event.header;
    let commit = Point::Commit(entry.commit.to_string());
    let cancel = Cancel::default();
    let mut all = Vec::new();
    for point in [Point::Cid(entry.event.cid), Point::Ulid(h.ulid), Point::Time(h.ts), commit] {
        let target = node.target(&view, &point).unwrap();
        let reach = node.reach(&program, &view, &target, None, Watch::new(&Silent, &cancel)).unwrap().unwrap();
        all.push(node.begin(&program, &view, &reach, None).unwrap().0.folded.events);
    }
    all.dedup();
    assert_eq!(all.len(), 1, "place {place}: {all:?}");
    all[0]
}

#[test]
fn a_point_is_folded_from_the_newest_checkpoint_before_it() {
    let clones = Clones::new(2);
    let mut minute = 0;
    let mut more = |who: usize, events: usize| {
        for _ in 0..events {
            minute += 1;
            emit(&node_at(&clones, who, minute, minute), "add", r#"{"n":1}"#);
        }
    };
    let here = node_at(&clones, 0, 100, 0);
    more(0, 3);
    checkpoint(&here).unwrap();
    more(0, 3);
    checkpoint(&here).unwrap();
    more(0, 2);
    let all = |node: &Node| (1..=log(node).len()).map(|place| begins(node, place)).collect::<Vec<_>>();
    assert_eq!(all(&here), [0, 0, 3, 3, 3, 6, 6, 6]);
    // What arrives late sorts before the end of both.
    more(1, 1);
    fetch(&clones.dirs[0], &clones.dirs[1], "c1");
    assert_eq!(log(&here)[0].event.header.clock, log(&here)[1].event.header.clock);
    let view = here.view(&ns()).unwrap();
    let program = here.fold_source(&ns(), None).unwrap().program().unwrap();
    assert_eq!(here.begin(&program, &view, &Reach::default(), None).unwrap().0.folded.events, 0);
    std::fs::remove_dir_all(clones.dirs[0].join(".git/gatos/cache/checkpoints")).unwrap();
    assert_eq!(all(&here), [0; 9]);
}
