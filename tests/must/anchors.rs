//! A journal whose newest appends are gone, or that its own writer wrote anew, is a good journal by itself. Something else
//! must name what it held: `verify` finds it by each of these anchors, and says which it had.

use super::{emit, fails, fetch, forget, journal, move_ref, names, passes, ready, text};
use crate::harness::{Repo, World};
use serde_json::{Value, json};
use std::fs;

/// A repository of three appends, two of which are gone again when `spoil` is done with it.
struct Scene<'w> {
    world: &'w World,
    repo: Repo<'w>,
    /// Ref, tip that the journal had, and what it was set back to.
    name: String,
    lost: String,
    left: String,
}

impl<'w> Scene<'w> {
    fn new(world: &'w World) -> Scene<'w> {
        let repo = ready(world, "scene");
        let left = text(&emit(&repo, r#"{"n":1}"#), "commit");
        emit(&repo, r#"{"n":2}"#);
        let (name, _) = journal(&repo, "main");
        let lost = text(&emit(&repo, r#"{"n":3}"#), "commit");
        Scene { world, repo, name, lost, left }
    }

    fn drop_newest(&self) {
        move_ref(&self.repo, &self.name, &self.left);
    }

    /// The writer tells another story from the second append on, with the same key in the same clone, and his machine
    /// remembers the new one alone.
    fn sign_anew(&self) {
        self.drop_newest();
        forget(self.world, "alice");
        for n in [20, 30, 40] {
            emit(&self.repo, &json!({"n": n}).to_string());
        }
        assert_eq!(journal(&self.repo, "main").0, self.name, "it is the same journal");
    }

    /// The heads that the verdict was held against, by kind.
    fn anchors(report: &Value) -> [u64; 3] {
        ["remembered", "tracking", "checkpoint_heads"].map(|kind| report["anchors"][kind].as_u64().expect("a count"))
    }

    #[track_caller]
    fn assert_found(&self, code: &str, anchors: [u64; 3]) {
        let report = super::report(&self.repo);
        assert_eq!(Scene::anchors(&report), anchors, "{report:#}");
        let failures = fails(&self.repo);
        assert!(failures.iter().any(|f| f["code"] == code && f["ref"] == self.name), "no {code}: {failures:#?}");
        if code == "journal.dropped" {
            assert!(names(&failures, code, &self.lost), "{} is not named: {failures:#?}", self.lost);
        }
    }

    #[track_caller]
    fn assert_passes(&self, anchors: [u64; 3]) {
        assert_eq!(Scene::anchors(&passes(&self.repo)), anchors);
    }
}

#[test]
fn must_say_that_nothing_held_the_newest_appends() {
    let world = World::new();
    let scene = Scene::new(&world);
    scene.drop_newest();
    forget(&world, "alice");
    scene.assert_passes([0, 0, 0]);
    scene.repo.gatos(["verify"]).ok().says("anchors: none, so newest appends that were dropped would not be noticed");
    // A story told anew is as good, where nothing names the old one.
    scene.sign_anew_without_memory();
    scene.assert_passes([0, 0, 0]);
}

impl Scene<'_> {
    fn sign_anew_without_memory(&self) {
        for n in [20, 30] {
            emit(&self.repo, &json!({"n": n}).to_string());
        }
        forget(self.world, "alice");
    }
}

#[test]
fn must_find_dropped_appends_by_the_remembered_heads() {
    let world = World::new();
    let scene = Scene::new(&world);
    scene.assert_passes([1, 0, 0]);
    scene.drop_newest();
    scene.assert_found("journal.dropped", [1, 0, 0]);
    scene.repo.gatos(["verify"]).code(1).says("anchors: heads 1 remembered").says("this machine wrote that append");
}

#[test]
fn must_find_a_history_signed_anew_by_the_remembered_heads() {
    let world = World::new();
    let scene = Scene::new(&world);
    let memory = world.home("alice").join("state/gatos");
    let kept = world.path().join("kept");
    fs::rename(&memory, &kept).expect("something was remembered");
    fs::create_dir(&memory).expect("a new directory");
    scene.sign_anew();
    fs::remove_dir_all(&memory).expect("something was remembered");
    fs::rename(&kept, &memory).expect("memory comes back");
    scene.assert_found("journal.dropped", [1, 0, 0]);
}

#[test]
fn must_find_both_by_a_checkpoint() {
    let world = World::new();
    let scene = Scene::new(&world);
    scene.repo.gatos(["state", "checkpoint"]).ok();
    scene.drop_newest();
    forget(&world, "alice");
    scene.assert_found("journal.dropped", [0, 0, 1]);
    scene.repo.gatos(["verify"]).code(1).says("anchors: heads 1 of checkpoints").says("names this append");
    scene.sign_anew_without_memory();
    scene.assert_found("journal.dropped", [0, 0, 1]);
    // What it named comes back, and all is well.
    move_ref(&scene.repo, &scene.name, &scene.lost);
    scene.assert_passes([0, 0, 1]);
}

/// What a clone had fetched, and what another copy still has and is asked for now: both are refs of a remote.
fn found_by_a_fetched_journal(fetch_first: bool) {
    let world = World::new();
    let scene = Scene::new(&world);
    let copy = scene.repo.clone_mirror("copy");
    if fetch_first {
        fetch(&scene.repo, &copy, "origin");
        scene.assert_passes([1, 1, 0]);
    }
    scene.drop_newest();
    forget(&world, "alice");
    if !fetch_first {
        scene.assert_passes([0, 0, 0]);
        fetch(&scene.repo, &copy, "backup");
    }
    scene.assert_found("journal.dropped", [0, 1, 0]);
    scene.repo.gatos(["verify"]).code(1).says("anchors: heads 1 of fetched journals");
    // Nothing is lost to the readers: the longer journal counts.
    scene.repo.gatos(["state", "show", "--raw"]).ok().says(r#"{"count":6}"#);
}

#[test]
fn must_find_dropped_appends_by_a_tracking_ref() {
    found_by_a_fetched_journal(true);
}

#[test]
fn must_find_dropped_appends_by_another_copy() {
    found_by_a_fetched_journal(false);
}

#[test]
fn must_find_a_history_signed_anew_by_another_copy() {
    let world = World::new();
    let scene = Scene::new(&world);
    let copy = scene.repo.clone_mirror("copy");
    scene.sign_anew();
    forget(&world, "alice");
    scene.assert_passes([0, 0, 0]);
    fetch(&scene.repo, &copy, "backup");
    scene.assert_found("journal.fork", [0, 1, 0]);
    // Both sides are named, and readers take what stands before the fork, or what the authority holds.
    let fork = fails(&scene.repo).into_iter().find(|f| f["code"] == "journal.fork").expect("it was found");
    let (_, tip) = journal(&scene.repo, "main");
    assert!(text(&fork, "sentence").contains(&scene.lost) && text(&fork, "sentence").contains(&tip), "{fork}");
    scene.repo.gatos(["state", "show", "--raw"]).ok().says(r#"{"count":1}"#).err_says("equivocation");
    scene.repo.gatos(["state", "checkpoint"]).code(3).err_says("equivocation");
    scene.repo.git(["config", "gatos.authority", "backup"]).ok();
    scene.repo.gatos(["state", "show", "--raw"]).ok().says(r#"{"count":6}"#);
}

#[test]
fn must_not_fork_a_journal_whose_end_lies_elsewhere() {
    let world = World::new();
    let scene = Scene::new(&world);
    let copy = scene.repo.clone_mirror("copy");
    fetch(&scene.repo, &copy, "origin");
    scene.drop_newest();
    forget(&world, "alice");
    // A remote knows more of this writer than he does: he goes on as somebody new.
    let receipt = emit(&scene.repo, r#"{"n":4}"#);
    assert_eq!(receipt["seq"], 1, "{receipt}");
    scene.repo.gatos(["state", "show", "--raw"]).ok().says(r#"{"count":10}"#);
    passes(&scene.repo);
}

#[test]
fn must_not_blame_a_copy_that_is_merely_behind() {
    let world = World::new();
    let scene = Scene::new(&world);
    let copy = scene.repo.clone_mirror("copy");
    emit(&scene.repo, r#"{"n":4}"#);
    fetch(&copy, &scene.repo, "origin");
    let report = passes(&copy.as_person("carol"));
    let notes = report["findings"].as_array().expect("a list");
    assert!(notes.iter().any(|f| f["code"] == "journal.behind" && f["ref"] == scene.name), "{report:#}");
}

#[test]
fn a_clone_that_is_behind_another_of_the_same_machine_has_lost_nothing() {
    let world = World::new();
    let repo = ready(&world, "a");
    emit(&repo, "{\"n\":1}");
    let other = repo.clone_to("b");
    fetch(&other, &repo, "origin");
    emit(&repo, "{\"n\":2}");
    let report = passes(&other);
    let behind = report["findings"].as_array().expect("a list").iter().filter(|f| f["code"] == "journal.behind");
    assert_eq!(behind.count(), 1, "{report:#}");
}
