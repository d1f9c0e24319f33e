use super::support::{Scratch, chain};
use crate::git::{GitError, Reader};
use crate::id::Oid;

fn ids(reader: &Reader, tip: Oid, after: Option<Oid>, keep: usize) -> Vec<Oid> {
    let chain = reader.chain(tip, after, keep).unwrap();
    let len = chain.len();
    let read: Vec<_> = chain.map(Result::unwrap).collect();
    assert_eq!(read.len(), len);
    for (oid, raw) in &read {
        assert_eq!(&reader.raw_commit(*oid).unwrap(), raw);
    }
    read.into_iter().map(|(oid, _)| oid).collect()
}

#[test]
fn oldest_first_whatever_is_kept() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let made = chain(&store, 40);
    let tip = *made.last().unwrap();
    let listed = scratch.git(&["rev-list", "--first-parent", "--reverse", &tip.to_string()]);
    let listed: Vec<Oid> = listed.lines().map(|line| line.parse().unwrap()).collect();
    assert_eq!(listed, made);
    for keep in [0, 1, 500, 2000, 4000, usize::MAX] {
        assert_eq!(ids(&store, tip, None, keep), made, "keep {keep}");
        assert_eq!(ids(&store, tip, Some(made[10]), keep), made[11..], "keep {keep}");
        assert_eq!(ids(&store, tip, Some(tip), keep), [], "keep {keep}");
    }
}

#[test]
fn first_parents_alone_are_followed() {
    let scratch = Scratch::new();
    let run = |args: &[&str]| scratch.git(&[&["-c", "user.name=a", "-c", "user.email=a@b"], args].concat());
    run(&["commit", "-q", "--allow-empty", "-m", "1"]);
    run(&["checkout", "-q", "-b", "side"]);
    run(&["commit", "-q", "--allow-empty", "-m", "2"]);
    run(&["checkout", "-q", "-"]);
    run(&["commit", "-q", "--allow-empty", "-m", "3"]);
    run(&["merge", "-q", "--no-ff", "-m", "4", "side"]);
    let reader = scratch.reader();
    let id = |text: &str| reader.resolve_text(text).unwrap().unwrap();
    assert_eq!(ids(&reader, id("HEAD"), None, 0), [id("HEAD~2"), id("HEAD~1"), id("HEAD")]);
    assert!(!reader.is_ancestor(id("side"), id("HEAD")).unwrap());
    assert!(reader.is_ancestor(id("HEAD~2"), id("HEAD")).unwrap());
    assert!(reader.is_ancestor(id("HEAD"), id("HEAD")).unwrap());
    assert!(!reader.is_ancestor(id("HEAD"), id("HEAD~1")).unwrap());
    let error = reader.chain(id("HEAD"), Some(id("side")), 0).err().unwrap();
    assert!(matches!(error, GitError::NotAncestor { old, new } if (old, new) == (id("side"), id("HEAD"))));
}

#[test]
fn a_shallow_history_is_refused_at_its_boundary() {
    let scratch = Scratch::new();
    let made = chain(&scratch.store(), 5);
    scratch.git(&["update-ref", "refs/heads/main", &made[4].to_string()]);
    let url = format!("file://{}", scratch.path().display());
    let clone = Scratch::with(&["clone", "-q", "--depth=3", "--branch=main", &url, "."]);
    let reader = clone.reader();
    let error = reader.chain(made[4], None, 0).err().unwrap();
    assert_eq!(error.to_string(), "history is shallow: git fetch --unshallow");
    assert_eq!(ids(&reader, made[4], Some(made[2]), 0), made[3..]);
}

#[test]
fn what_is_missing_is_named() {
    let scratch = Scratch::new();
    let made = chain(&scratch.store(), 5);
    std::fs::remove_file(scratch.object_path(made[1])).unwrap();
    let error = scratch.reader().chain(made[4], None, 0).err().unwrap();
    assert!(matches!(error, GitError::Missing { oid } if oid == made[1]));
}

#[test]
fn a_circle_ends() {
    let scratch = Scratch::new();
    let made = chain(&scratch.store(), 9);
    // The newest commit's bytes under the oldest one's name.
    std::fs::remove_file(scratch.object_path(made[0])).unwrap();
    std::fs::copy(scratch.object_path(made[7]), scratch.object_path(made[0])).unwrap();
    let error = scratch.reader().chain(made[8], None, 0).err().unwrap();
    assert_eq!(error.code(), "OBJECT_DAMAGED");
}
