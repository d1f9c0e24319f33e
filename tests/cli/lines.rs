//! `emit --jsonl`.

use super::{fits, ready, refused};
use crate::harness::World;
use serde_json::json;
use std::fmt::Write as _;

/// `add` of 1, so many times.
fn ones(count: usize) -> String {
    (0..count).fold(String::new(), |mut out, _| {
        writeln!(out, "{{\"type\":\"add\",\"payload\":{{\"n\":1}}}}").expect("a string");
        out
    })
}

#[test]
fn a_file_is_stored_in_groups() {
    let world = World::new();
    let repo = ready(&world, "a");
    repo.write("e.jsonl", ones(10));
    repo.gatos(["emit", "--jsonl", "e.jsonl", "--group", "4"]).ok().says("stored lines 1..10, the last: 10 bafyr4i");
    let events = repo.gatos(["log", "--json"]).ok().jsonl();
    let commits: std::collections::BTreeSet<_> = events.iter().map(|e| e["commit"].to_string()).collect();
    assert_eq!((events.len(), commits.len()), (10, 3));
    let ulids: std::collections::BTreeSet<_> = events.iter().map(|e| e["ulid"].to_string()).collect();
    assert_eq!(ulids.len(), 10);
    repo.gatos(["state", "show", ".count"]).ok().says("10");
    repo.gatos(["verify"]).ok();
    repo.git(["fsck", "--strict"]).ok();
}

#[test]
fn standard_input_and_a_last_line_without_an_end_are_read() {
    let world = World::new();
    let repo = ready(&world, "a");
    let emit = |text: &str| repo.command(["emit", "--jsonl", "-", "--json"]).stdin(text).run();
    let done = fits("emit-jsonl", emit(ones(2).trim_end()).ok().json());
    assert_eq!((&done["lines"], &done["last"]["seq"]), (&json!(2), &json!(2)));
    let none = fits("emit-jsonl", emit("").ok().json());
    assert_eq!((&none["lines"], none.get("last")), (&json!(0), None));
}

#[test]
fn a_bad_line_is_named_by_its_place_and_stops_before_its_batch() {
    let world = World::new();
    let repo = ready(&world, "a");
    for (line, place, why) in [
        ("{\"type\":\"add\",\"payload\":{\"n\":1}", ":3:32: ", "ends"),
        ("{\"type\":\"add\",\"payload\":1,\"n\":2}", ":3:27: ", "\"n\""),
        ("{\"type\":\"Add\",\"payload\":1}", ":3:2: ", "event type"),
        ("{\"type\":7,\"payload\":1}", ":3:2: ", "not a string"),
        ("{\"payload\":1}", ":3:1: ", "\"type\" is missing"),
        ("{\"type\":\"add\"}", ":3:1: ", "\"payload\" is missing"),
        ("{\"type\":\"add\",\"payload\":0.12345678901234}", ":3:15: ", "grid"),
        ("{\"type\":\"add\",\"payload\":1,\"ulid\":\"x\"}", ":3:27: ", "ULID"),
        ("{\"type\":\"add\",\"payload\":1,\"caps\":[1]}", ":3:27: ", "list of strings"),
        ("[]", ":3:1: ", "one object"),
        ("", ":3:1: ", ""),
    ] {
        repo.write("b.jsonl", format!("{}{line}\n{}", ones(2), ones(1)));
        let said = repo.gatos(["emit", "--jsonl", "b.jsonl"]).code(2).silent().stderr();
        assert!(said.contains(&format!("b.jsonl{place}")) && said.contains(why), "{line}\n{said}");
        assert!(said.contains("nothing was stored"), "{said}");
    }
    repo.gatos(["log"]).code(3);
}

#[test]
fn a_line_without_end_is_not_read_to_its_end() {
    let world = World::new();
    let repo = ready(&world, "a");
    let long = |n: usize| format!("{{\"type\":\"add\",\"payload\":\"{}\"}}\n", "x".repeat(n));
    repo.write("e.jsonl", long(1 << 20));
    repo.gatos(["emit", "--jsonl", "e.jsonl"]).code(2).err_says("e.jsonl:1:1: the line is longer than 1048576 bytes");
    repo.write("e.jsonl", long(70_000));
    repo.gatos(["emit", "--jsonl", "e.jsonl"]).code(2).err_says("e.jsonl:1:15: the payload is 70002 bytes");
}

#[test]
fn earlier_batches_stay_and_skip_goes_on_behind_them() {
    let world = World::new();
    let repo = ready(&world, "a");
    let good = 8192 + 10;
    repo.write("e.jsonl", format!("{}oops\n", ones(good)));
    let frame = refused(repo.gatos(["emit", "--jsonl", "e.jsonl", "--json"]), 2, "JSON_SYNTAX");
    assert_eq!(frame["stored"], 8192);
    assert!(frame["hint"].as_str().expect("a hint").contains("stored lines 1..8192"));
    repo.write("e.jsonl", ones(good));
    let rest = fits("emit-jsonl", repo.gatos(["emit", "--jsonl", "e.jsonl", "--skip", "8192", "--json"]).ok().json());
    assert_eq!((&rest["lines"], &rest["last"]["seq"]), (&json!(good), &json!(good)));
    repo.gatos(["emit", "--jsonl", "e.jsonl", "--skip", "9999"]).code(2).err_says("fewer than --skip");
}

#[test]
fn named_events_are_stored_once() {
    let world = World::new();
    let repo = ready(&world, "a");
    let line = |n: u32, payload: u32| {
        format!(
            "{{\"type\":\"add\",\"payload\":{payload},\"ulid\":\"01JX000000000000000000000{n}\",\"caps\":[\"a\"]}}\n"
        )
    };
    repo.write("e.jsonl", format!("{}{}", line(1, 1), line(2, 2)));
    repo.gatos(["emit", "--jsonl", "e.jsonl"]).ok();
    let again = fits("emit-jsonl", repo.gatos(["emit", "--jsonl", "e.jsonl", "--json"]).ok().json());
    assert_eq!((&again["lines"], &again["repeated"]), (&json!(2), &json!(2)));
    repo.write("e.jsonl", format!("{}{}", line(3, 3), line(1, 7)));
    repo.gatos(["emit", "--jsonl", "e.jsonl"]).code(3).err_says("e.jsonl:2:1: ").err_says("01JX0000000000000000000001");
    assert_eq!(repo.gatos(["log"]).ok().stdout().lines().count(), 2);
}

#[test]
fn claimed_capabilities_are_few_and_short() {
    let world = World::new();
    let repo = ready(&world, "a");
    let emit = |caps: Vec<String>| {
        repo.write("e.jsonl", format!("{}\n", json!({"type": "add", "payload": 1, "caps": caps})));
        repo.gatos(["emit", "--jsonl", "e.jsonl", "--json"])
    };
    emit(vec!["x".repeat(256); 32]).ok();
    for (caps, why) in
        [(vec!["x".to_owned(); 33], "33 capabilities"), (vec![String::new(), "ä".repeat(129)], "258 bytes")]
    {
        let frame = refused(emit(caps), 2, "CAPS_SIZE");
        let reason = frame["reason"].as_str().expect("a reason");
        assert!(reason.starts_with("e.jsonl:1:27: ") && reason.contains(why), "{reason}");
    }
    repo.gatos(["verify"]).ok().says("1 event,");
}

#[test]
fn options_of_many_and_of_one_do_not_mix() {
    let world = World::new();
    let repo = ready(&world, "a");
    repo.write("e.jsonl", ones(1));
    repo.gatos(["emit", "add", "--jsonl", "e.jsonl"]).code(2).silent();
    repo.gatos(["emit", "--jsonl", "e.jsonl", "--group", "0"]).code(2).silent();
    repo.gatos(["emit", "--jsonl", "e.jsonl", "--group", "1025"]).code(2).silent();
    repo.gatos(["emit", "add", "--skip", "1"]).code(2).silent();
    refused(repo.gatos(["emit", "--jsonl", "none.jsonl", "--json"]), 3, "FILE");
}

#[test]
fn a_denied_line_ends_the_run() {
    let world = World::new();
    let repo = ready(&world, "a");
    repo.write("e.jsonl", ones(2));
    let mallory = repo.as_person("mallory");
    let key = mallory.gatos(["key", "new", "--json"]).ok().json()["key"].as_str().expect("a key").to_owned();
    repo.git(["config", "gatos.key", &key]).ok();
    let denial = fits("denial", mallory.gatos(["emit", "--jsonl", "e.jsonl", "--json"]).code(1).json());
    assert_eq!((&denial["place"], &denial["stored"]), (&json!("e.jsonl:1"), &json!(0)));
    mallory.gatos(["emit", "--jsonl", "e.jsonl"]).code(1).silent().err_says("e.jsonl:1: policy violation");
}
