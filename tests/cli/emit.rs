use super::{fits, ready, refused, words};
use crate::harness::World;
use serde_json::json;

#[test]
fn it_prints_sequence_cid_and_commit_on_one_line() {
    let world = World::new();
    let repo = ready(&world, "a");
    for (seq, args) in [
        (1, &["emit", "add", "{\"n\":1}"][..]),
        (2, &["emit", "--type", "add", "--payload", "{\"n\":2}"]),
        (3, &["event", "add", "--ns", "main", "--type", "add", "--payload", "{\"n\":3}"]),
        (4, &["emit", "tick"]),
        (5, &["emit", "add", "-7"]),
    ] {
        let line = repo.gatos(args).ok().stdout();
        let words = words(&line);
        assert_eq!((words.len(), words[0]), (3, seq.to_string().as_str()), "{line}");
        assert!(words[1].starts_with("bafyr4i"), "{line}");
        repo.git(["cat-file", "commit", words[2]]).ok().says(words[1]);
    }
    repo.gatos(["state", "show", ".count"]).ok().says("6");
    assert_eq!(repo.gatos(["log", "--json"]).ok().jsonl()[3]["payload"], json!({}));
}

#[test]
fn a_payload_comes_from_the_line_a_file_or_standard_input() {
    let world = World::new();
    let repo = ready(&world, "a");
    repo.write("p.json", " { \"n\" : 4 }\n");
    repo.gatos(["emit", "add", "@p.json"]).ok();
    repo.command(["emit", "add", "-"]).stdin("{\"n\": 5}").run().ok();
    repo.gatos(["state", "show"]).ok().says("\"count\": 9");
    repo.write("bad.json", "{\n  \"n\": 01\n}");
    repo.gatos(["emit", "add", "@bad.json"]).code(2).silent().err_says("bad.json:2:");
    repo.gatos(["emit", "add", "@none.json"]).code(3).silent().err_says("none.json");
}

#[test]
fn the_same_ulid_and_intent_give_the_same_receipt() {
    let world = World::new();
    let repo = ready(&world, "a");
    let ulid = "01JX0000000000000000000001";
    let emit = |n| repo.gatos(["emit", "add", n, "--ulid", ulid, "--json"]);
    let first = fits("emit", emit("1").ok().json());
    let again = fits("emit", emit("1").ok().json());
    assert_eq!((&first["repeated"], &again["repeated"]), (&json!(false), &json!(true)));
    assert_eq!((&first["cid"], &first["ulid"]), (&again["cid"], &json!(ulid)));
    refused(emit("2"), 3, "DUPLICATE_ULID");
    assert_eq!(repo.gatos(["log"]).ok().stdout().lines().count(), 1);
}

#[test]
fn what_breaks_a_rule_of_events_is_typed_wrongly() {
    let world = World::new();
    let repo = ready(&world, "a");
    repo.gatos(["emit"]).code(2).silent();
    repo.gatos(["emit", "Add"]).code(2).err_says("event type");
    repo.gatos(["emit", "add", "--type", "add"]).code(2).silent();
    repo.gatos(["emit", "add", "1", "--ulid", "x"]).code(2).err_says("ULID");
    repo.gatos(["emit", "add", "{\"n\":}"]).code(2).err_says("column 6").err_says("hint:");
    refused(repo.gatos(["emit", "add", "{\"n\":0.12345678901234}", "--json"]), 2, "PAYLOAD_NUMBER");
    refused(repo.gatos(["emit", "add", "[1,1", "--json"]), 2, "JSON_SYNTAX");
    refused(repo.gatos(["emit", "add", &format!("\"{}\"", "x".repeat(70_000)), "--json"]), 2, "PAYLOAD_SIZE");
    repo.gatos(["log"]).code(3);
}

#[test]
fn a_denial_names_rule_fact_remedy_and_record() {
    let world = World::new();
    let repo = ready(&world, "a");
    let mallory = repo.as_person("mallory");
    mallory.gatos(["key", "new"]).ok();
    let key = mallory.gatos(["key", "show"]).ok().stdout();
    repo.git(["config", "gatos.key", super::words(&key)[0]]).ok();
    let said = mallory.gatos(["emit", "add", "{\"n\":1}"]).code(1).silent().stderr();
    for part in ["policy violation: ", "rule ", "key_known false", "remedy ", "refs/gatos/audit/policy"] {
        assert!(said.contains(part), "{part:?} is missing\n{said}");
    }
    let denial = fits("denial", mallory.gatos(["emit", "add", "{\"n\":1}", "--json"]).code(1).json());
    // A key that stands for nobody brings nothing of what the actor holds.
    let facts = json!({
        "actor_known": true, "key_known": false, "is_root": false, "caps": [], "groups": [], "trust_version": 1
    });
    assert_eq!(denial["facts"], facts);
    let audit = denial["audit"].as_str().expect("a commit");
    repo.git(["show", &format!("{audit}:decision.json")]).ok().says("\"verdict\":\"deny\"");
    repo.git(["for-each-ref", "--points-at", audit]).ok().says("refs/gatos/audit/policy/user.alice");
    mallory.gatos(["log"]).code(3);
}
