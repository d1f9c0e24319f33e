use super::shape::fits;
use crate::harness::World;

const GOOD: &str = "return function(state, event) return state end\n";
const BAD: &str = "return function(state, event)\n  x = 1\n  for k in pairs(state) do end\n  return state\nend\n";

#[test]
fn what_is_clean_says_nothing() {
    let world = World::new();
    let repo = world.repo("a");
    repo.write("fold.lua", GOOD);
    repo.gatos(["lint", "fold.lua"]).ok().silent();
    let report = fits("lint", repo.gatos(["lint", "--json", "fold.lua"]).ok().json());
    assert_eq!((&report["files"], &report["errors"]), (&1.into(), &0.into()));
}

#[test]
fn all_findings_of_all_files_are_told_at_once() {
    let world = World::new();
    let repo = world.repo("a");
    repo.write("folds/deep/bad.lua", BAD);
    repo.write("folds/good.lua", GOOD);
    repo.write("folds/notes.txt", "no Lua");
    repo.write("warned.lua", "return function(state, event) local r = rng(1) state.n = r(6) return state end\n");
    let shown = repo.gatos(["lint", "folds", "warned.lua"]).code(1).stdout();
    let places: Vec<&str> = shown.lines().map(|line| line.split(": ").next().expect("a place")).collect();
    assert_eq!(places, ["folds/deep/bad.lua:2:3", "folds/deep/bad.lua:3:12", "warned.lua:1:41"]);
    let report = fits("lint", repo.gatos(["lint", "folds", "warned.lua", "--json"]).code(1).json());
    assert_eq!(report["warnings"], 1);
    assert_eq!(report["findings"][0]["code"], "L003");
}

#[test]
fn a_warning_alone_is_no_refusal() {
    let world = World::new();
    let repo = world.repo("a");
    let source = "return function(state, event) local r = rng(1) state.n = r(6) return state end\n";
    repo.command(["lint", "-"]).stdin(source).run().ok().says("-:1:41: W001: ");
}

#[test]
fn bytes_that_are_no_text_have_a_place_too() {
    let world = World::new();
    let repo = world.repo("a");
    repo.write("fold.lua", b"return\n -- \xff\n");
    repo.gatos(["lint", "fold.lua"]).code(1).says("fold.lua:2:5: E000: this byte is not UTF-8");
}

#[test]
fn bad_usage_and_missing_files() {
    let world = World::new();
    let repo = world.repo("a");
    repo.gatos(["lint"]).code(2);
    repo.gatos(["lint", "none.lua"]).code(3).silent().err_says("none.lua");
}
