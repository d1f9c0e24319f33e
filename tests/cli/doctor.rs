use super::fits;
use crate::harness::{Repo, World};
use std::fs;

#[test]
fn a_repository_in_use_is_content() {
    let world = World::new();
    let repo = world.repo("a");
    repo.gatos(["init"]).ok();
    repo.gatos(["emit", "add", "{\"n\":1}"]).ok();
    let shown = repo.gatos(["doctor"]).ok().says("CONTENT (0 fail, 0 warn, 0 note)").stdout();
    assert!(
        shown.ends_with("examined refs, clone, settings, profile, remotes, hooks, clock, keys, leftovers"),
        "{shown}"
    );
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
fn a_trust_graph_that_was_moved_back_is_named() {
    let world = World::new();
    let repo = world.repo("a");
    repo.gatos(["init"]).ok();
    let key =
        repo.as_person("bob").gatos(["key", "new", "--json"]).ok().json()["key"].as_str().expect("a key").to_owned();
    let name = repo.git(["for-each-ref", "--format=%(refname)", "refs/gatos/trust"]).ok().stdout();
    let old = repo.git(["rev-parse", &name]).ok().stdout();
    repo.gatos(["trust", "add-key", "user:bob", &key]).ok();
    repo.gatos(["doctor"]).ok();
    let new = repo.git(["rev-parse", &name]).ok().stdout();
    repo.git(["update-ref", &name, &old]).ok();
    let said = repo.gatos(["doctor"]).code(1).stdout();
    assert!(said.contains("fail trust.rollback") && said.contains(&new), "{said}");
    let report = fits("doctor", repo.gatos(["doctor", "--json"]).code(1).json());
    let found = report["findings"].as_array().expect("a list").iter().find(|f| f["code"] == "trust.rollback");
    let remedy = found.expect("it is named")["remedy"].as_str().expect("a remedy").to_owned();
    let command = remedy.split_once("git update-ref ").expect("a command").1;
    repo.git(["update-ref"].into_iter().chain(command.split(' '))).ok();
    repo.gatos(["doctor"]).ok();
    // A clone that fetched the newer version and never held its own copy of it is as it should be.
    repo.git(["update-ref", &name.replace("refs/gatos/", "refs/gatos-remotes/o/"), &new]).ok();
    repo.git(["update-ref", &name, &old]).ok();
    repo.gatos(["doctor"]).ok();
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

/// Kills a command at its first, second, third … call of the store, each time on a copy of `from` in the hands of somebody
/// new, until it ends by itself.
fn kill_everywhere(from: &Repo<'_>, name: &str, args: &[&str], stdin: &str) {
    for n in 1..100 {
        let repo = from.copy(&format!("{name}-{n}")).as_person(&format!("{name}-{n}"));
        let command = |fault: &str| repo.command(args).stdin(stdin).env("GATOS_FAULT", fault).run();
        let ended = command(&format!("store:{n}:kill"));
        let report = fits("doctor", repo.gatos(["doctor", "--json"]).ok().json());
        assert_eq!(report["content"], true, "{name} killed at {n}");
        if ended.succeeded() {
            assert!(n > 1, "{name} makes no call of the store");
            return;
        }
        ended.killed();
        // And what was begun can be done.
        command("").ok();
        repo.gatos(["doctor"]).ok();
    }
    panic!("{name} makes more calls of the store than expected");
}

#[test]
fn must_stay_content_after_a_kill_at_every_store_call() {
    let world = World::new();
    let empty = world.repo("empty");
    kill_everywhere(&empty, "init", &["init"], "");
    let ready = world.repo("ready");
    ready.gatos(["init"]).ok();
    let key = world.home("alice").join("config/gatos/keys");
    let key = fs::read_dir(key).expect("init made it").next().expect("a key").expect("an entry").path();
    ready.git(["config", "gatos.keyfile", key.to_str().expect("UTF-8")]).ok();
    kill_everywhere(&ready, "emit", &["emit", "add", "{\"n\":1}"], "");
    let lines = "{\"type\":\"add\",\"payload\":{\"n\":1}}\n".repeat(20);
    kill_everywhere(&ready, "batch", &["emit", "--jsonl", "-", "--group", "2"], &lines);
    ready.gatos(["emit", "add", "{\"n\":1}"]).ok();
    kill_everywhere(&ready, "checkpoint", &["state", "checkpoint"], "");
}

#[test]
fn bad_usage_and_no_repository() {
    let world = World::new();
    let repo = world.repo("a");
    repo.gatos(["doctor", "now"]).code(2);
    fs::remove_dir_all(repo.path().join(".git")).expect("it can be removed");
    repo.gatos(["doctor"]).code(3).err_says("git init");
}
