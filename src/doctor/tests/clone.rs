use super::support::{NOW, Ward, journal, severity, writer};
use crate::doctor::{Severity, examine};
use crate::git::{Plane, RefName};
use crate::id::{Ns, Segment};
use crate::node::{Memory, Node, pinned};
use std::fs;

#[test]
fn examining_pins_nothing() {
    let ward = Ward::new();
    ward.found(1);
    for _ in 0..2 {
        assert_eq!(severity(&ward.report(), "pin.none"), Some(Severity::Note));
    }
    Node::open(&ward.ambient).unwrap();
    assert_eq!(severity(&ward.report(), "pin.none"), None);
}

#[test]
fn two_geneses_fail_without_a_pin() {
    let ward = Ward::new();
    let first = ward.found(1);
    ward.git(&["update-ref", "-d", &RefName::own(Plane::TrustGraph).to_string()]);
    let other: Segment = "other".parse().unwrap();
    ward.set(&RefName::tracking(other, Plane::TrustGraph), first);
    ward.found(2);
    assert_eq!(severity(&ward.report(), "pin.many"), Some(Severity::Fail));
}

#[test]
fn a_pin_without_its_genesis_fails() {
    let ward = Ward::new();
    ward.found(1);
    Node::open(&ward.ambient).unwrap();
    ward.git(&["update-ref", "-d", &RefName::own(Plane::TrustGraph).to_string()]);
    ward.found(2);
    assert_eq!(severity(&ward.report(), "pin.missing"), Some(Severity::Fail));
}

#[test]
fn a_trust_graph_that_does_not_hold_fails() {
    let ward = Ward::new();
    let tip = ward.commit(NOW);
    ward.set(&RefName::own(Plane::TrustGraph), tip);
    assert_eq!(severity(&ward.report(), "trust.broken"), Some(Severity::Fail));
}

#[test]
fn a_shallow_clone_fails_and_says_nothing_of_trust() {
    let ward = Ward::new();
    for message in ["one", "two"] {
        ward.git(&["commit", "--quiet", "--allow-empty", "-m", message]);
    }
    let url = format!("file://{}", ward.path().display());
    ward.git(&["clone", "--quiet", "--depth", "1", &url, "../shallow"]);
    let report = examine(&ward.within("shallow")).unwrap();
    assert_eq!(severity(&report, "clone.shallow"), Some(Severity::Fail));
    assert_eq!(severity(&report, "trust.none"), None);
}

#[test]
fn a_linked_worktree_and_borrowed_objects_are_told() {
    let ward = Ward::new();
    ward.git(&["commit", "--quiet", "--allow-empty", "-m", "one"]);
    ward.git(&["worktree", "add", "--quiet", "../linked"]);
    let report = examine(&ward.within("linked")).unwrap();
    assert_eq!(severity(&report, "clone.worktree"), Some(Severity::Note));
    ward.git(&["clone", "--quiet", "--shared", ".", "../shared"]);
    let report = examine(&ward.within("shared")).unwrap();
    assert_eq!(severity(&report, "clone.borrowed"), Some(Severity::Warn));
}

/// A replica file as an append would leave it, for another directory than this one.
#[test]
fn a_replica_id_that_came_with_a_copy_is_noted() {
    let ward = Ward::new();
    let dir = ward.path().join(".git/gatos");
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("replica"), r#"{"place":{"born":"1.0","device":"1","inode":"1"},"replica":"aaaaaa"}"#).unwrap();
    assert_eq!(severity(&ward.report(), "replica.copied"), Some(Severity::Note));
    fs::write(dir.join("replica"), "junk").unwrap();
    assert_eq!(severity(&ward.report(), "replica.unreadable"), Some(Severity::Note));
}

#[test]
fn a_journal_behind_what_was_written_last_is_told() {
    let ward = Ward::new();
    ward.found(1);
    Node::open(&ward.ambient).unwrap();
    let store = ward.store();
    let replica = crate::node::draw_replica(&ward.ambient, store.common_dir()).unwrap();
    let (old, new) = (ward.commit(NOW), ward.commit("2026-11-21T08:00:00Z"));
    ward.set(&journal(replica.as_str()), old);
    let memory = Memory::of(&ward.ambient, &pinned(&ward.ambient).unwrap().1[0]);
    let remember = |tip| memory.remember(&ward.ambient, &Ns::main(), &writer(replica.as_str()), tip).unwrap();
    remember(old);
    assert_eq!(severity(&ward.report(), "journal.behind"), None);
    remember(new);
    assert_eq!(severity(&ward.report(), "journal.behind"), Some(Severity::Warn));
}
