use super::{counted, fits, ready, refused, words};
use crate::harness::World;
use serde_json::json;

#[test]
fn the_published_line_works_as_written() {
    let world = World::new();
    let repo = ready(&world, "a");
    repo.git(["gatos", "emit", "--type", "add", "--payload", "{\"n\": 10}"]).ok();
    let head = repo.gatos(["log", "--json"]).ok().jsonl()[0]["commit"].as_str().expect("a commit").to_owned();
    let shown = repo.git(["gatos", "state", "show"]).ok().err_says("fold gatos/fold.lua sha256:").stdout();
    assert!(shown.starts_with("{ \"count\": 10, \"_provenance\": \"blake3:"), "{shown}");
    assert!(shown.ends_with(&format!(" @ {head} (1 event)\" }}")), "{shown}");
}

#[test]
fn a_larger_state_stands_on_several_lines() {
    let world = World::new();
    let repo = ready(&world, "a");
    repo.write("gatos/fold.lua", "return function(s, e) s[e.type] = e.payload return s end\n");
    repo.gatos(["emit", "long", &format!("{{\"list\":[1,{{}},[]],\"text\":\"{}\"}}", "x".repeat(60))]).ok();
    let shown = repo.gatos(["state", "show"]).ok().stdout();
    let expected = format!(
        "{{\n  \"long\": {{\n    \"list\": [\n      1,\n      {{}},\n      []\n    ],\n    \"text\": \"{}\"\n  }},\n  \"_provenance\": ",
        "x".repeat(60)
    );
    assert!(shown.starts_with(&expected), "{shown}");
    serde_json::from_str::<serde_json::Value>(&shown).expect("what is shown is JSON");
}

#[test]
fn the_raw_bytes_are_what_the_root_is_the_digest_of() {
    let world = World::new();
    let repo = counted(&world, &["10", "0.5"]);
    assert_eq!(repo.gatos(["state", "show", "--raw"]).ok().bytes(), b"{\"count\":10.5}");
    let shown = fits("state-show", repo.gatos(["state", "show", "--json"]).ok().json());
    let root = gatos::canon::digest::blake3(b"{\"count\":10.5}").to_string();
    assert_eq!((&shown["state_root"], &shown["events"]), (&json!(root), &json!(2)));
    assert_eq!(shown["fold"]["kind"], "work-tree");
    repo.gatos(["state", "show", "--raw", ".count"]).code(2).silent();
}

#[test]
fn a_path_is_jq_over_the_state_alone() {
    let world = World::new();
    let repo = counted(&world, &["10"]);
    assert_eq!(repo.gatos(["state", "show", ".count, keys"]).ok().stdout(), "10\n[\"count\"]");
    let selected = fits("state-show-path", repo.gatos(["state", "show", ".count / 4, nan", "--json"]).ok().json());
    assert_eq!(selected["outputs"][0], 2.5);
    repo.gatos(["state", "show", ".["]).code(2).silent().err_says("jq expression");
    refused(repo.gatos(["state", "show", "nope(", "--json"]), 2, "JQ_INVALID");
}

#[test]
fn a_state_of_the_past_is_named_by_event_time_or_commit() {
    let world = World::new();
    let repo = counted(&world, &["1", "2", "3"]);
    let events = repo.gatos(["log", "--json"]).ok().jsonl();
    let at = |point: &str| repo.gatos(["state", "show", ".count", "--at", point]).ok().stdout();
    for name in ["cid", "ulid", "commit"] {
        assert_eq!(at(events[1][name].as_str().expect("a text")), "3", "{name}");
    }
    let time = events[1]["ts"].as_str().expect("a time");
    let cid = events[1]["cid"].as_str().expect("a CID");
    repo.gatos(["state", "show", ".count", "--at", time]).ok().says("3").err_says(cid);
    repo.gatos(["state", "checkpoint"]).ok();
    repo.gatos(["emit", "add", "{\"n\":4}"]).ok();
    assert_eq!(at("refs/gatos/state/main"), "6");
    assert_eq!(repo.gatos(["state", "show", "--at", "2000-01-01T00:00:00Z", "--raw"]).ok().bytes(), b"{}");
    refused(repo.gatos(["state", "show", "--at", "HEAD~9", "--json"]), 3, "NO_SUCH_POINT");
    repo.gatos(["state", "show", "--at", "xyz"]).code(3).err_says("xyz is no event, time or commit of main; list");
}

#[test]
fn events_that_erred_are_a_warning_and_under_strict_a_no() {
    let world = World::new();
    let repo = counted(&world, &["1"]);
    repo.gatos(["state", "show", "--strict"]).ok();
    let line = repo.gatos(["emit", "add", "5"]).ok().stdout();
    let cid = words(&line)[1];
    repo.gatos(["state", "show"])
        .ok()
        .says("\"count\": 1")
        .err_says(&format!("warning: event {cid} changed nothing (type)"));
    repo.gatos(["state", "show", "--strict"]).code(1).says("\"count\": 1");
    let shown = fits("state-show", repo.gatos(["state", "show", "--json"]).ok().json());
    assert_eq!(shown["reverted"][0]["cid"], cid);
}

#[test]
fn a_fold_that_is_missing_or_wrong_is_named() {
    let world = World::new();
    let repo = counted(&world, &["1"]);
    repo.gatos(["emit", "add", "{}", "--ns", "other"]).ok();
    repo.gatos(["state", "show", "--ns", "other"]).code(3).silent().err_says("gatos/folds/other.lua");
    refused(repo.gatos(["state", "show", "--ns", "none", "--fold", "gatos/fold.lua", "--json"]), 3, "ERR_INVALID_NS");
    repo.write("bad.lua", "return function(s, e)\n  goto x\nend\n");
    repo.gatos(["state", "show", "--fold", "bad.lua"]).code(3).silent().err_says("bad.lua:2:");
    refused(repo.gatos(["state", "show", "--fold", "none.lua", "--json"]), 3, "FILE");
}

#[test]
fn looking_writes_no_ref_and_no_object() {
    let world = World::new();
    let repo = counted(&world, &["1", "2"]);
    let all = || (repo.git(["for-each-ref"]).ok().stdout(), repo.git(["count-objects", "-v"]).ok().stdout());
    let before = all();
    for verb in [&["state", "show"][..], &["log"], &["verify"], &["trust", "show"], &["state", "diff", "HEAD"]] {
        repo.gatos(verb);
    }
    assert_eq!(all(), before);
}

#[test]
fn checkpoints_are_written_once_and_listed() {
    let world = World::new();
    let repo = counted(&world, &["1"]);
    refused(repo.gatos(["state", "history", "--json"]), 3, "NO_CHECKPOINT");
    let first = fits("state-checkpoint", repo.gatos(["state", "checkpoint", "--json"]).ok().json());
    assert_eq!((&first["unchanged"], &first["events"]), (&json!(false), &json!(1)));
    repo.gatos(["fold", "--ns", "main"]).ok().says("(nothing new)").says(first["commit"].as_str().expect("a commit"));
    repo.gatos(["emit", "add", "5"]).ok();
    let second = repo.gatos(["fold", "--json"]).ok().err_says("changed nothing (type)").json();
    let second = fits("state-checkpoint", second);
    assert_eq!((&second["base"], &second["reverted"][0]["class"]), (&first["commit"], &json!("type")));
    let list = repo.gatos(["state", "history", "--json"]).ok().jsonl();
    let list: Vec<_> = list.into_iter().map(|entry| fits("state-history", entry)).collect();
    assert_eq!([&list[0]["commit"], &list[1]["commit"]], [&second["commit"], &first["commit"]]);
    assert_eq!(list[0]["ref"], "refs/gatos/state/main");
    assert_eq!(repo.gatos(["state", "history"]).ok().stdout().lines().count(), 2);
    repo.git(["fsck", "--strict"]).ok();
}

#[test]
fn two_states_are_compared_path_by_path() {
    let world = World::new();
    let repo = counted(&world, &["1", "2"]);
    let events = repo.gatos(["log", "--json"]).ok().jsonl();
    let cid = |i: usize| events[i]["cid"].as_str().expect("a CID").to_owned();
    let (first, last) = (cid(0), cid(1));
    assert_eq!(repo.gatos(["state", "diff", &first, &last]).ok().stdout(), "- /count: 1\n+ /count: 3");
    assert_eq!(repo.gatos(["state", "diff", &first]).ok().stdout(), "- /count: 1\n+ /count: 3");
    repo.gatos(["state", "diff", &first, &last, "--exit-code"]).code(1);
    repo.gatos(["state", "diff", &last, "--exit-code"]).ok().silent();
    let diff = fits("state-diff", repo.gatos(["state", "diff", "2000-01-01T00:00:00Z", &first, "--json"]).ok().json());
    assert_eq!(diff, json!({"changes": [{"path": "/count", "after": 1}]}));
    repo.gatos(["state", "diff"]).code(2).silent();
    refused(repo.gatos(["state", "diff", "nothing", "--json"]), 3, "NO_SUCH_POINT");
}
