use super::fits;
use crate::harness::{Repo, World};
use serde_json::Value;

const FOLD: &str = "return function(state, event)\n  state.inventory = state.inventory or {}\n  \
    local i = state.inventory\n  i.widgets = (i.widgets or 0) + event.payload.n\n  return state\nend\n";

/// Twenty events in `prod`; the thirteenth takes more than there is.
fn shop(world: &World) -> Repo<'_> {
    let repo = world.repo("shop");
    repo.gatos(["init"]).ok();
    repo.write("gatos/folds/prod.lua", FOLD);
    let line = |n: i32| format!("{{\"type\":\"move\",\"payload\":{{\"n\":{}}}}}\n", if n == 13 { -100 } else { 2 });
    let lines: String = (1..=20).map(line).collect();
    repo.command(["emit", "--ns", "prod", "--jsonl", "-"]).stdin(lines).run().ok();
    repo
}

#[track_caller]
fn found(report: Value) {
    let report = fits("bisect", report);
    assert_eq!(report["place"], 13, "{report}");
    assert_eq!(report["event"]["payload"]["n"], -100);
    assert_eq!(report["actor"], "user:alice");
    assert_eq!(report["fold_verified"], true);
    let change = &report["changes"][0];
    assert_eq!(
        (&change["path"], &change["before"], &change["after"]),
        (&"/inventory/widgets".into(), &24.into(), &(-76).into())
    );
}

#[test]
fn a_command_names_the_event_by_its_exit_code() {
    let world = World::new();
    let repo = shop(&world);
    repo.gatos(["bisect", "start", "--state=prod"]).ok().says("test place 10");
    // The state comes on standard input and in a file.
    let condition = "grep -q 'widgets\":-' \"$GATOS_STATE\" && grep -q widgets";
    let shown = repo.gatos(["bisect", "run", condition]).ok().stdout();
    for text in [
        "is the first event after which the condition holds",
        "place   13 of 20 in prod",
        "actor   user:alice",
        "policy  ",
        "- /inventory/widgets: 24",
        "+ /inventory/widgets: -76",
        "fold verified PASSED",
    ] {
        assert!(shown.contains(text), "{text}\n{shown}");
    }
    // The search goes on until it is ended, and gives the same answer again.
    found(repo.gatos(["bisect", "run", condition, "--json"]).ok().json());
    let log = fits("bisect-log", repo.gatos(["bisect", "log", "--json"]).ok().json());
    assert_eq!((&log["good"], &log["bad"]), (&12.into(), &13.into()));
    repo.gatos(["bisect", "log"]).ok().says("good place 10").says("left: events 13 to 13");
    assert_eq!(fits("bisect-reset", repo.gatos(["bisect", "reset", "--json"]).ok().json())["ended"], true);
    repo.gatos(["bisect", "reset"]).ok().says("there was no search");
}

#[test]
fn a_search_that_was_not_started_is_begun_and_ended() {
    let world = World::new();
    let repo = shop(&world);
    let run = |condition: &[&str]| repo.gatos(["bisect", "run", "--state", "prod", "--json"].iter().chain(condition));
    found(run(&["--jq", ".inventory.widgets < 0"]).ok().json());
    repo.write(
        "negative.lua",
        "return function(state) return state.inventory ~= nil and state.inventory.widgets < 0 end",
    );
    found(run(&["--lua", "negative.lua"]).ok().json());
    repo.gatos(["foldc", "negative.lua", "-o", "negative.elc"]).ok();
    found(run(&["--lua", "negative.elc"]).ok().json());
    repo.gatos(["bisect", "log"]).code(3).err_says("no search is under way");
}

#[test]
fn by_hand_each_mark_leads_to_the_next_place() {
    let world = World::new();
    let repo = shop(&world);
    let mut step = fits("bisect-step", repo.gatos(["bisect", "start", "--state", "prod", "--json"]).ok().json());
    for _ in 0..6 {
        let place = step["place"].as_u64().expect("a place");
        let word = if place >= 13 { "bad" } else { "good" };
        let next = repo.gatos(["bisect", word, "--json"]).ok().json();
        if next["done"] == true {
            return found(next);
        }
        step = fits("bisect-step", next);
    }
    panic!("twenty events need at most five tests: {step}");
}

#[test]
fn ends_and_places_can_be_named() {
    let world = World::new();
    let repo = shop(&world);
    let events = repo.gatos(["log", "--ns", "prod", "--json"]).ok().jsonl();
    let cid = |place: usize| events[place - 1]["cid"].as_str().expect("a CID").to_owned();
    let start = ["bisect", "start", "--ns", "prod", "--good", &cid(11), "--bad", &cid(15), "--json"];
    assert_eq!(repo.gatos(start).ok().json()["place"], 13);
    repo.gatos(["bisect", "bad", &cid(13)]).ok();
    found(repo.gatos(["bisect", "good", &cid(12), "--json"]).ok().json());
    repo.gatos(["bisect", "good", &cid(14)]).code(3).err_says("cannot be good");
    repo.gatos(["bisect", "start", "--ns", "prod", "--good", &cid(15), "--bad", &cid(11)]).code(3);
}

#[test]
fn what_cannot_be_told_leaves_several() {
    let world = World::new();
    let repo = shop(&world);
    let condition = "case $(cat) in *:22}*|*:24}*|*:-76}*) exit 125;; *:-*) exit 0;; *) exit 1;; esac";
    let report = repo.gatos(["bisect", "run", condition, "--state", "prod", "--json"]).code(1).json();
    assert_eq!(fits("bisect", report)["one_of"], serde_json::json!([11, 12, 13, 14]));
}

#[test]
fn conditions_that_never_or_always_hold_are_refused() {
    let world = World::new();
    let repo = shop(&world);
    let run = |expr: &str| repo.gatos(["bisect", "run", "--state", "prod", "--jq", expr]);
    run("false").code(1).says("nothing to find");
    run("true").code(1).says("holds at the good end already");
    let report = repo.gatos(["bisect", "run", "--state", "prod", "--jq", "null", "--json"]).code(1).json();
    assert_eq!(fits("bisect", report)["found"], false);
}

#[test]
fn any_other_exit_code_stops_the_search() {
    let world = World::new();
    let repo = shop(&world);
    let run = |condition: &str| repo.gatos(["bisect", "run", condition, "--state", "prod"]);
    run("exit 3").code(3).silent().err_says("exit status: 3").err_says("125");
    run("no-such-program-here").code(3).err_says("127");
    run("kill -9 $$").code(3).err_says("signal");
    repo.gatos(["bisect", "log"]).code(3);
}

#[test]
fn the_first_state_that_takes_the_place_of_the_empty_one_is_kept() {
    let world = World::new();
    let repo = shop(&world);
    repo.gatos(["bisect", "start", "--state", "prod"]).ok();
    // Bad on `{}` and at the end, good behind the first event, and stopped at the next place.
    let condition = "case $(cat) in '{}'|*:-62}*) exit 0;; *:2}*) exit 1;; *) exit 3;; esac";
    repo.gatos(["bisect", "run", condition]).code(3).err_says("at place 10");
    let log = fits("bisect-log", repo.gatos(["bisect", "log", "--json"]).ok().json());
    assert_eq!((&log["good"], &log["bad"]), (&1.into(), &20.into()), "{log}");
    assert_eq!(log["marks"], serde_json::json!([{"place": 1, "mark": "good"}]));
}

#[test]
fn a_place_that_is_not_in_question_is_not_skipped() {
    let world = World::new();
    let repo = shop(&world);
    let events = repo.gatos(["log", "--ns", "prod", "--json"]).ok().jsonl();
    let last = events[19]["cid"].as_str().expect("a CID");
    repo.gatos(["bisect", "start", "--state", "prod"]).ok();
    repo.gatos(["bisect", "skip", last]).code(3).err_says("place 20 is not in question");
    assert_eq!(repo.gatos(["bisect", "log", "--json"]).ok().json()["marks"], serde_json::json!([]));
}

#[test]
fn bad_usage() {
    let world = World::new();
    let repo = shop(&world);
    repo.gatos(["bisect"]).code(2);
    repo.gatos(["bisect", "run"]).code(2);
    repo.gatos(["bisect", "run", "true", "--jq", "."]).code(2);
    repo.gatos(["bisect", "run", "--jq", "((", "--state", "prod"]).code(2).err_says("((");
    repo.gatos(["bisect", "start", "--state", "Prod"]).code(2);
    repo.gatos(["bisect", "start", "--state", "empty"]).code(3);
    repo.write("two.lua", FOLD);
    repo.gatos(["bisect", "run", "--lua", "two.lua"]).code(2).err_says("one parameter");
    repo.gatos(["bisect", "start", "--state", "prod"]).ok();
    repo.gatos(["bisect", "run", "true", "--state", "main"]).code(2).err_says("bisect reset");
}
