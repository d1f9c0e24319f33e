use super::support::{Scratch, journal, plain};
use crate::git::{Expected, GitError, RefName, Scope, Store};
use crate::id::Oid;
use std::sync::atomic::{AtomicBool, Ordering};

const WRITERS: usize = 8;
const UPDATES: usize = 50;

/// Appends one commit, beginning again whenever another writer was faster.
fn append(store: &Store, name: &RefName, message: &str) -> Oid {
    loop {
        let tip = store.resolve(name).unwrap();
        let parents: Vec<Oid> = tip.into_iter().collect();
        let new = store.commit(&plain(store, &parents, message)).unwrap();
        match store.update(name, tip.map_or(Expected::Absent, Expected::At), new) {
            Ok(()) => return new,
            Err(GitError::Moved { .. }) => continue,
            Err(error) => panic!("{error}"),
        }
    }
}

/// Runs git again and again until `done`, as a maintenance job of somebody else would.
fn maintain(scratch: &Scratch, done: &AtomicBool) {
    while !done.load(Ordering::Relaxed) {
        for args in [&["pack-refs", "--all"][..], &["-c", "gc.cruftPacks=false", "gc", "--quiet"]] {
            // Two of them in one repository exclude each other; that is no failure.
            let _ = scratch.command(args).output().unwrap();
        }
    }
}

/// Eight writers, one ref; meanwhile git packs refs and collects garbage, and a reader reads.
#[test]
fn no_update_is_lost() {
    let scratch = Scratch::new();
    let name = journal("alice");
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| maintain(&scratch, &done));
        scope.spawn(|| {
            let reader = scratch.reader();
            let mut seen = 0;
            while !done.load(Ordering::Relaxed) {
                let listed = reader.refs(&Scope::Journals(None)).unwrap();
                assert!(listed.len() <= 1 && (seen == 0 || listed.len() == 1), "a ref was missed");
                let Some((_, tip)) = listed.into_iter().next() else { continue };
                let len = reader.chain(tip, None, 4000).unwrap().map(Result::unwrap).count();
                assert!(len >= seen, "an old value was listed");
                seen = len;
            }
        });
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (scratch, name) = (&scratch, &name);
                scope.spawn(move || {
                    let store = scratch.store();
                    for n in 0..UPDATES {
                        append(&store, name, &format!("writer {writer} update {n}\n"));
                    }
                })
            })
            .collect();
        let ended: Vec<_> = writers.into_iter().map(|writer| writer.join()).collect();
        done.store(true, Ordering::Relaxed);
        assert!(ended.iter().all(Result::is_ok));
    });

    let reader = scratch.reader();
    let tip = reader.resolve(&name).unwrap().unwrap();
    let mut messages: Vec<String> = reader
        .chain(tip, None, usize::MAX)
        .unwrap()
        .map(|commit| reader.commit(commit.unwrap().0).unwrap().text().unwrap().to_owned())
        .collect();
    assert_eq!(messages.len(), WRITERS * UPDATES);
    messages.sort();
    messages.dedup();
    assert_eq!(messages.len(), WRITERS * UPDATES);
    scratch.git(&["fsck", "--strict", "--no-dangling"]);
}

/// Of many that create one ref, one succeeds.
#[test]
fn one_creation_wins() {
    for _ in 0..10 {
        let scratch = Scratch::new();
        let name = journal("alice");
        let won: usize = std::thread::scope(|scope| {
            let tries: Vec<_> = (0..WRITERS)
                .map(|writer| {
                    let (scratch, name) = (&scratch, &name);
                    scope.spawn(move || {
                        let store = scratch.store();
                        let new = store.commit(&plain(&store, &[], &format!("{writer}\n"))).unwrap();
                        match store.update(name, Expected::Absent, new) {
                            Ok(()) => 1,
                            Err(GitError::Moved { found: Some(_), .. }) => 0,
                            Err(error) => panic!("{error}"),
                        }
                    })
                })
                .collect();
            tries.into_iter().map(|t| t.join().unwrap()).sum()
        });
        assert_eq!(won, 1);
    }
}
