//! The cache stays small, and whatever is missing from it changes no answer.

use super::super::cache;
use super::super::mark::{self, Mark};
use super::*;
use crate::id::Oid;
use crate::ledger::Key;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap();
    let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn the_files_written_last_stay() {
    let (home, ambient) = ready();
    let node = Node::open(&ambient).unwrap();
    let dir = home.path().join("repo/.git/gatos/cache/kind");
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(10_000_000_000);
    // Age goes by the time of the file and not by its name; the one just written stays however old it is.
    for (name, age) in [("c", 3), ("a", 1), ("b", 2), ("e", 5), ("d", 4)] {
        cache::write(&node, &PathBuf::from("kind").join(name), b"bytes");
        let file = std::fs::File::options().write(true).open(dir.join(name)).unwrap();
        file.set_modified(start + Duration::from_secs(age)).unwrap();
    }
    std::fs::create_dir(dir.join("directory")).unwrap();
    cache::write_among(&node, Path::new("kind/0"), b"bytes", 3);
    assert_eq!(names(&dir), ["0", "d", "directory", "e"]);
    assert_eq!(cache::read(&node, Path::new("kind/0")).unwrap(), b"bytes");
}

#[test]
fn folds_that_are_used_no_more_leave_no_snapshots_for_ever() {
    let (home, ambient) = ready();
    let node = Node::open(&ambient).unwrap();
    emit(&node, "add", r#"{"n":1}"#);
    let show = |i: usize| {
        let fold = home.path().join(format!("fold{i}.lua"));
        std::fs::write(&fold, format!("return function(s, e) s.n = e.payload.n + {i} return s end")).unwrap();
        let query = StateQuery { ns: &Ns::main(), fold: Some(&fold), at: None };
        node.state(&query, &Silent, &Cancel::default()).unwrap()
    };
    let shown: Vec<Shown> = (0..12).map(show).collect();
    let dir = home.path().join("repo/.git/gatos/cache/state/main");
    assert_eq!(names(&dir).len(), 8);
    // Those that were removed and those that are there say the same.
    assert_eq!((0..12).map(show).collect::<Vec<_>>(), shown);
    assert_eq!(names(&dir).len(), 8);
}

#[test]
fn marks_of_checkpoints_are_bounded_by_namespace() {
    let (home, ambient) = ready();
    let node = Node::open(&ambient).unwrap();
    let emitted = emit(&node, "add", r#"{"n":1}"#);
    let written = checkpoint(&node).unwrap();
    let mark = Mark::read(&node, &Ns::main(), written.commit).unwrap();
    let key = Key { clock: 1, writer: emitted.writer, seq: 1 };
    assert_eq!((mark.events, &mark.last, mark.latest), (1, &key, Some(ambient.now())));
    let other: Ns = "other".parse().unwrap();
    for n in 0..cache::KEPT as u8 + 9 {
        mark.write(&node, &other, Oid([n; 20]));
    }
    let dir = home.path().join("repo/.git/gatos/cache/checkpoints");
    assert_eq!(names(&dir.join("other")).len(), cache::KEPT);
    assert!(mark::knows(&node, &Ns::main(), written.commit));
    assert_eq!(Mark::read(&node, &other, Oid([cache::KEPT as u8 + 8; 20])), Some(mark));
}
