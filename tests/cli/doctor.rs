use super::shape::fits;
use crate::harness::World;
use std::fs;

#[test]
fn a_repository_in_use_is_content() {
    let world = World::new();
    let repo = world.repo("a");
    repo.gatos(["init"]).ok();
    repo.gatos(["emit", "add", "{\"n\":1}"]).ok();
    let shown = repo.gatos(["doctor"]).ok().says("CONTENT (0 fail, 0 warn, 0 note)").stdout();
    assert!(shown.ends_with("examined refs, clone, settings, remotes, hooks, clock, keys, leftovers"), "{shown}");
}

#[test]
fn a_finding_has_a_remedy_and_a_failure_exits_with_1() {
    let world = World::new();
    let repo = world.repo("a");
    repo.gatos(["init"]).ok();
    repo.gatos(["emit", "add", "{\"n\":1}"]).ok();
    let journal = repo.git(["for-each-ref", "--format=%(refname)", "refs/gatos/journal"]).ok().stdout();
    fs::write(repo.path().join(".git").join(&journal), format!("{}\n", "1".repeat(40))).expect("a ref can be written");
    repo.gatos(["doctor"]).code(1).says("fail ref.missing").says("remedy: ").says("AILING");
    let report = fits("doctor", repo.gatos(["doctor", "--json"]).code(1).json());
    assert_eq!(report["content"], false);
    assert!(report["findings"].as_array().expect("a list").iter().any(|f| f["code"] == "ref.missing"));
}

#[test]
fn looking_changes_nothing() {
    let world = World::new();
    let origin = world.repo("a");
    origin.gatos(["init"]).ok();
    let repo = origin.clone_mirror("copy");
    let before = files(repo.path());
    let report = fits("doctor", repo.gatos(["doctor", "--json"]).ok().json());
    let codes: Vec<_> = report["findings"].as_array().expect("a list").iter().map(|f| f["code"].clone()).collect();
    assert_eq!(codes, ["pin.none", "remote.force", "remote.mirror"]);
    assert_eq!(files(repo.path()), before);
}

/// Names and sizes of everything below a directory.
fn files(dir: &std::path::Path) -> Vec<(std::path::PathBuf, u64)> {
    let mut out = Vec::new();
    for entry in fs::read_dir(dir).expect("a directory") {
        let entry = entry.expect("an entry");
        match entry.metadata().expect("metadata") {
            meta if meta.is_dir() => out.extend(files(&entry.path())),
            meta => out.push((entry.path(), meta.len())),
        }
    }
    out.sort();
    out
}

#[test]
fn must_stay_content_after_a_kill_at_every_store_call() {
    let world = World::new();
    let fresh = world.repo("fresh");
    fresh.gatos(["init"]).ok();
    for n in 1..40 {
        let repo = fresh.copy(&format!("init-{n}"));
        let emit = ["emit", "add", "{\"n\":1}"];
        let ended = repo.command(emit).env("GATOS_FAULT", format!("store:{n}:kill")).run();
        let report = fits("doctor", repo.gatos(["doctor", "--json"]).ok().json());
        assert_eq!(report["content"], true, "killed at {n}");
        repo.gatos(emit).ok();
        repo.gatos(["doctor"]).ok();
        if ended.succeeded() {
            assert!(n > 2, "no call of the store was met");
            return;
        }
    }
    panic!("emit makes more calls of the store than expected");
}

#[test]
fn bad_usage_and_no_repository() {
    let world = World::new();
    let repo = world.repo("a");
    repo.gatos(["doctor", "now"]).code(2);
    fs::remove_dir_all(repo.path().join(".git")).expect("it can be removed");
    repo.gatos(["doctor"]).code(3).err_says("git init");
}
