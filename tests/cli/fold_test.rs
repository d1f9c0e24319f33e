use super::fits;
use crate::harness::{Repo, World};

const FOLD: &str = "return function(state, event) state.n = (state.n or 0) + event.payload.n return state end\n";
const EVENTS: &str = "{\"type\":\"add\",\"payload\":{\"n\":1}}\n\n{\"type\":\"add\",\"payload\":{\"n\":\"x\"}}\n{\"type\":\"add\",\"payload\":{\"n\":0.5}}\n";

fn fixture(repo: &Repo<'_>, dir: &str, expect: &str) {
    repo.write(&format!("{dir}/fold.lua"), FOLD);
    repo.write(&format!("{dir}/events.jsonl"), EVENTS);
    repo.write(&format!("{dir}/expect.json"), expect);
}

#[test]
fn fixtures_that_agree_pass_and_erring_events_are_shown() {
    let world = World::new();
    let repo = world.repo("a");
    fixture(&repo, "tests/one", "{ \"n\": 1.5 }\n");
    fixture(&repo, "tests/deep/two", "{\"n\":1.5}");
    let shown = repo.gatos(["fold", "test", "tests"]).ok().says("PASSED (2 fixtures)").stdout();
    assert!(shown.contains("ok   tests/one/fold.lua (3 events)"), "{shown}");
    assert!(shown.contains("reverted tests/one/events.jsonl:3: 1:31: type: "), "{shown}");
    let report = fits("fold-test", repo.gatos(["fold", "test", "tests", "--json"]).ok().json());
    assert_eq!(report["cases"][0]["fold"], "tests/deep/two/fold.lua");
}

#[test]
fn a_difference_is_shown_and_refused() {
    let world = World::new();
    let repo = world.repo("a");
    fixture(&repo, "tests", "{\"m\":true,\"n\":2}");
    let shown = repo.gatos(["fold", "test", "tests"]).code(1).says("FAILED (1 of 1 fixture)").stdout();
    for line in ["FAIL tests/fold.lua", "- /m: true", "- /n: 2", "+ /n: 1.5"] {
        assert!(shown.contains(line), "{line}\n{shown}");
    }
    let report = fits("fold-test", repo.gatos(["fold", "test", "tests", "--json"]).code(1).json());
    assert_eq!(report["cases"][0]["changes"][1]["after"], 1.5);
}

#[test]
fn every_fold_beside_a_fixture_is_tested_where_none_is_called_fold() {
    let world = World::new();
    let repo = world.repo("a");
    fixture(&repo, "tests", "{\"n\":1.5}");
    std::fs::remove_file(repo.path().join("tests/fold.lua")).expect("it was written");
    repo.write("tests/a.lua", FOLD);
    repo.write("tests/b.lua", "return function(state, event) x = 1 return state end");
    let shown = repo.gatos(["fold", "test", "tests"]).code(1).stdout();
    assert!(shown.contains("ok   tests/a.lua") && shown.contains("FAIL tests/b.lua"), "{shown}");
    assert!(shown.contains("tests/b.lua:1:31: L003: "), "{shown}");
}

#[test]
fn broken_fixtures_are_refused_with_their_place() {
    let world = World::new();
    let repo = world.repo("a");
    fixture(&repo, "tests", "{\n  \"n\": 01}");
    repo.gatos(["fold", "test", "tests"]).code(1).says("tests/expect.json:2:");
    repo.write("tests/events.jsonl", "{}\n{\"n\":1,}\n");
    repo.gatos(["fold", "test", "tests"]).code(1).says("tests/events.jsonl:2:8: ");
}

#[test]
fn bad_usage_and_nothing_to_test() {
    let world = World::new();
    let repo = world.repo("a");
    repo.gatos(["fold", "test"]).code(2);
    repo.gatos(["fold", "test", "none"]).code(3).err_says("none");
    repo.write("tests/fold.lua", FOLD);
    repo.gatos(["fold", "test", "tests"]).code(3).err_says("no fixture below tests");
}
