use super::support::{Scratch, chain, journal, packed};
use crate::git::Expected;
use crate::git::retry::{Passing, retry};
use git2::{ErrorClass, ErrorCode};
use std::io;
use std::time::Duration;

fn error(code: ErrorCode, class: ErrorClass, text: &str) -> git2::Error {
    git2::Error::new(code, class, text)
}

#[test]
fn what_passes_is_tried_again() {
    let scratch = Scratch::new();
    for passing in [
        error(ErrorCode::Locked, ErrorClass::Os, "x.lock is there"),
        error(ErrorCode::Modified, ErrorClass::Reference, "old reference value does not match"),
        error(ErrorCode::GenericError, ErrorClass::Os, "could not open: No such file or directory"),
    ] {
        let mut left = 3;
        let done = retry(&scratch.ambient, || {
            left -= 1;
            if left == 0 { Ok("done") } else { Err(error(passing.code(), passing.class(), passing.message())) }
        });
        assert_eq!((done.unwrap(), left), ("done", 0), "{passing}");
    }
}

#[test]
fn what_stays_is_believed_at_once() {
    let scratch = Scratch::new();
    for lasting in [
        error(ErrorCode::NotFound, ErrorClass::Odb, "object not found"),
        error(ErrorCode::GenericError, ErrorClass::Os, "failed to create lock: Permission denied"),
        error(ErrorCode::GenericError, ErrorClass::Os, "failed to write: No space left on device"),
    ] {
        let mut tries = 0;
        let done: Result<(), git2::Error> = retry(&scratch.ambient, || {
            tries += 1;
            Err(error(lasting.code(), lasting.class(), lasting.message()))
        });
        assert!(done.is_err());
        assert_eq!(tries, 1, "{lasting}");
    }
    assert!(io::Error::from(io::ErrorKind::NotFound).passes());
    assert!(!io::Error::from(io::ErrorKind::PermissionDenied).passes());
}

#[test]
fn a_lock_that_goes_away_is_waited_for() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let ids = chain(&store, 2);
    store.update(&journal("alice"), Expected::Absent, ids[0]).unwrap();
    let lock = store.common_dir().join(format!("{}.lock", journal("alice")));
    std::fs::write(&lock, "").unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(60));
            std::fs::remove_file(&lock).unwrap();
        });
        store.update(&journal("alice"), Expected::At(ids[0]), ids[1]).unwrap();
    });
    assert!(!lock.exists());
    assert_eq!(store.resolve(&journal("alice")).unwrap(), Some(ids[1]));
}

#[test]
fn a_vanished_pack_directory_is_made_again() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let raw = store.raw_commit(chain(&store, 1)[0]).unwrap();
    std::fs::remove_dir(store.common_dir().join("objects/pack")).unwrap();
    store.write_pack(&packed(&[(crate::git::commit_id(&raw), raw)])).unwrap();
    scratch.git(&["fsck", "--strict", "--no-dangling"]);
}
