use super::{counted, fits, ready};
use crate::harness::World;
use serde_json::json;

#[test]
fn a_good_repository_passes_and_says_its_anchors() {
    let world = World::new();
    let repo = counted(&world, &["1", "2"]);
    repo.gatos(["fold"]).ok();
    let said = repo.gatos(["verify"]).ok().stdout();
    let last = said.lines().last().expect("a verdict");
    assert!(
        last.starts_with(
            "PASSED: 1 journal, 2 events, 1 checkpoint, 1 policy bundle, 1 trust version, 0 recorded refusals; "
        ),
        "{last}"
    );
    assert!(last.ends_with("anchors: heads 1 remembered, 1 of checkpoints"), "{last}");
    let report = fits("verify", repo.gatos(["verify", "--deep", "--json"]).ok().json());
    assert_eq!(report["anchors"], json!({"remembered": 1, "tracking": 0, "checkpoint_heads": 1}));
    assert!(report["findings"].as_array().expect("a list").iter().all(|f| f["severity"] == "note"));
    let stranger = repo.as_person("bob");
    stranger.gatos(["verify"]).ok().says("of checkpoints");
}

#[test]
fn a_dropped_append_is_found_by_what_remembers_it() {
    let world = World::new();
    let repo = counted(&world, &["1", "2"]);
    let name = repo.git(["for-each-ref", "--format=%(refname)", "refs/gatos/journal"]).ok().stdout();
    repo.git(["update-ref", &name, &format!("{name}^")]).ok();
    let said = repo.gatos(["verify"]).code(1).stdout();
    assert!(said.lines().any(|line| line.starts_with(&format!("{name} "))), "{said}");
    assert!(said.lines().last().expect("a verdict").starts_with("FAILED (1 finding): "), "{said}");
    let report = fits("verify", repo.gatos(["verify", "--json"]).code(1).json());
    let fails: Vec<_> =
        report["findings"].as_array().expect("a list").iter().filter(|f| f["severity"] == "fail").collect();
    assert_eq!((&report["passed"], fails.len(), &fails[0]["ref"]), (&json!(false), 1, &json!(name)));
}

#[test]
fn one_namespace_alone() {
    let world = World::new();
    let repo = counted(&world, &["1"]);
    repo.gatos(["emit", "add", "1", "--ns", "other"]).ok();
    let count = |args: &[&str]| repo.gatos(args).ok().json()["events"].clone();
    assert_eq!(count(&["verify", "--json"]), 2);
    assert_eq!(count(&["verify", "--json", "--ns", "other"]), 1);
    repo.gatos(["verify", "--ns", "No"]).code(2).silent();
}

#[test]
fn nothing_to_verify_is_no_verdict() {
    let world = World::new();
    world.repo("a").gatos(["verify"]).code(3).silent();
    ready(&world, "b").gatos(["verify"]).ok().says("PASSED: 0 journals, 0 events");
}
