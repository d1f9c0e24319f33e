//! `sync` and `clone` where no gate stands; `tests/gate/sync.rs` has the rest.

use super::{fits, ready, refused};
use crate::harness::World;

#[test]
fn a_sync_without_a_remote_says_what_to_do() {
    let world = World::new();
    let repo = ready(&world, "a");
    let frame = refused(repo.gatos(["--json", "sync"]), 2, "NO_REMOTE");
    assert!(frame["reason"].as_str().expect("a sentence").contains("git remote add origin URL"), "{frame}");
    refused(repo.gatos(["--json", "sync", "https://example.org/x"]), 2, "NO_REMOTE");
    repo.gatos(["sync", "nowhere"]).code(2).silent().err_says("there is no remote nowhere");
    repo.git(["remote", "add", "origin", "file:///nowhere/at/all"]).ok();
    refused(repo.gatos(["--json", "sync"]), 3, "GIT_CHILD");
    world.bare("b").gatos(["clone"]).code(2);
}

#[test]
fn a_plain_server_is_filled_by_the_first_sync_and_cloned() {
    let world = World::new();
    let repo = ready(&world, "a");
    repo.gatos(["emit", "add", "{\"n\":1}"]).ok();
    let server = world.bare("server");
    repo.git(["remote", "add", "origin", server.path().to_str().expect("UTF-8")]).ok();
    let done = fits("sync", repo.gatos(["--json", "sync"]).ok().json());
    let pushed: Vec<&str> =
        done["pushed"].as_array().expect("a list").iter().filter_map(|p| p["ref"].as_str()).collect();
    assert_eq!(pushed[0], "refs/gatos/trust/graph", "trust goes first: {pushed:?}");
    assert!(pushed[1..3].iter().all(|name| name.starts_with("refs/gatos/policies/")), "{pushed:?}");
    assert!(pushed[3].starts_with("refs/gatos/journal/main/"), "{pushed:?}");
    repo.gatos(["sync"]).ok().says("nothing to do");
    let dir = world.path().join("cloned");
    repo.gatos(["clone", server.path().to_str().expect("UTF-8"), dir.to_str().expect("UTF-8")])
        .ok()
        .says("git gatos emit")
        .err_says("ON FIRST USE");
    let cloned = repo.at(dir);
    cloned.gatos(["emit", "add", "{\"n\":2}"]).ok();
    cloned.gatos(["sync"]).ok();
    repo.gatos(["sync"]).ok().says("fetched 1 ref");
    assert_eq!(repo.gatos(["--json", "log"]).ok().jsonl().len(), 2);
}

#[test]
fn two_trust_graphs_are_an_alarm_and_nothing_is_taken() {
    let world = World::new();
    let repo = ready(&world, "a");
    let other = world.repo("b").as_person("bob");
    other.gatos(["init"]).ok();
    repo.git(["remote", "add", "origin", other.path().to_str().expect("UTF-8")]).ok();
    let before = repo.git(["rev-parse", "refs/gatos/trust/graph"]).ok().stdout();
    let done = fits("sync", repo.gatos(["--json", "sync"]).code(1).json());
    let alarms = done["alarms"].to_string();
    assert!(alarms.contains("another repository's"), "{alarms}");
    assert_eq!(repo.git(["rev-parse", "refs/gatos/trust/graph"]).ok().stdout(), before);
    let theirs = other.git(["rev-parse", "refs/gatos/policies/active"]).ok().stdout();
    assert_ne!(repo.git(["rev-parse", "refs/gatos/policies/active"]).ok().stdout(), theirs);
}
