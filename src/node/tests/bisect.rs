//! A search tells how far it is, and ends where somebody asks.

use super::*;
use crate::ambient::Progress;
use crate::state::Mark;
use std::sync::Mutex;

/// Notes each stretch of work, and asks to stop when one begins.
struct Watcher {
    cancel: Cancel,
    stop_at: Option<&'static str>,
    begun: Mutex<Vec<String>>,
}

impl Watcher {
    fn new(stop_at: Option<&'static str>) -> Watcher {
        Watcher { cancel: Cancel::default(), stop_at, begun: Mutex::default() }
    }
}

impl Progress for Watcher {
    fn begin(&self, what: &str, _: Option<u64>) {
        if self.stop_at == Some(what) {
            self.cancel.ask();
        }
        let mut begun = self.begun.lock().unwrap();
        if begun.last().is_none_or(|last| last != what) {
            begun.push(what.to_owned());
        }
    }
    fn advance(&self, _: u64) {}
    fn end(&self) {}
}

/// Ten events of which the seventh is to blame, between ends that are named.
fn search(node: &Node, ends: (&Point, &Point), watcher: &Watcher) -> Result<BisectEnd, NodeError> {
    let (good, bad) = (Some(ends.0), Some(ends.1));
    let mut search = node.bisect_start(&Ns::main(), None, good, bad, watcher, &watcher.cancel)?;
    node.bisect_run(&mut search, watcher, &watcher.cancel, &mut |probe| {
        Ok::<_, NodeError>(if probe.place >= 7 { Mark::Bad } else { Mark::Good })
    })
}

#[test]
fn every_stretch_of_a_search_is_shown_and_can_be_ended() {
    let (_home, ambient) = ready();
    let node = Node::open(&ambient).unwrap();
    let cids: Vec<Point> = (0..10).map(|_| Point::Cid(emit(&node, "add", r#"{"n":1}"#).cid)).collect();
    let ends = (&cids[1], &cids[8]);
    let watcher = Watcher::new(None);
    let found = search(&node, ends, &watcher).unwrap();
    assert!(matches!(&found, BisectEnd::Found(c) if c.place == 7 && c.verified), "{found:?}");
    let stretches = [
        "counting main",
        "looking for the place",
        "folding to the ends",
        "bisecting",
        "folding to the event",
        "folding again from the first event",
    ];
    assert_eq!(*watcher.begun.lock().unwrap(), stretches);
    for stretch in stretches {
        let watcher = Watcher::new(Some(stretch));
        let ended = search(&node, ends, &watcher);
        assert!(matches!(ended, Err(NodeError::Cancelled)), "{stretch}: {ended:?}");
        assert_eq!(watcher.begun.lock().unwrap().last().map(String::as_str), Some(stretch));
    }
    // With a checkpoint events are looked for behind it first.
    checkpoint(&node).unwrap();
    let ended = search(&node, ends, &Watcher::new(Some("looking for the event")));
    assert!(matches!(ended, Err(NodeError::Cancelled)), "{ended:?}");
}
