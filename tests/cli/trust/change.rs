//! Changes of the trust graph, made alone and by several roots.

use super::{fetch, fits, person, ready, refused, speak_as, tip};
use crate::harness::{Repo, World};
use serde_json::json;

/// alice, bob and carol are roots, two of them must sign.
fn council<'w>(world: &'w World) -> (Repo<'w>, Repo<'w>, Repo<'w>) {
    let alice = ready(world, "a");
    let (bob, bobs) = person(&alice, "bob");
    let (carol, carols) = person(&alice, "carol");
    alice.gatos(["trust", "add-actor", "user:bob", &bobs]).ok().says("user:bob may speak with ");
    alice.gatos(["trust", "add-actor", "user:carol", &carols]).ok();
    let roots = ["trust", "roots", "--add", "user:bob", "--add", "user:carol", "--threshold", "2"];
    alice.gatos(roots).ok().says("user:bob becomes a root").says("2 of 3 roots must sign a change");
    for repo in [&bob, &carol] {
        fetch(repo, &alice, "origin");
    }
    (alice, bob, carol)
}

#[test]
fn must_take_as_many_roots_as_the_threshold_says() {
    let world = World::new();
    let (alice, bob, _) = council(&world);
    let (dave, daves) = person(&alice, "dave");
    let before = tip(&alice);
    let proposed = alice.gatos(["--json", "trust", "add-actor", "user:dave", &daves]).ok().json();
    let proposed = fits("trust-change", proposed);
    assert_eq!((&proposed["made"], &proposed["signed"], &proposed["needed"]), (&json!(false), &json!(1), &json!(2)));
    let file = proposed["file"].as_str().expect("a file").to_owned();
    assert!(file.contains("/gatos/proposals/version-5-"), "{file}");
    assert_eq!(tip(&alice), before, "nothing has changed yet");
    // Once more with the same key is one vote still.
    alice.gatos(["trust", "sign", &file]).ok().says("signed by 1 of 2 roots");
    // A stranger's signature is none.
    fetch(&dave, &alice, "origin");
    speak_as(&dave, "user:dave", &daves);
    refused(dave.gatos(["--json", "trust", "sign", &file]), 3, "TRUST_THRESHOLD");
    let made = fits("trust-change", bob.gatos(["--json", "trust", "sign", &file]).ok().json());
    assert_eq!((&made["made"], &made["version"], &made["signed"]), (&json!(true), &json!(5), &json!(2)));
    assert_eq!(made["changes"], json!([format!("user:dave may speak with {daves}")]));
    bob.gatos(["verify"]).ok().says("5 trust versions");
    fetch(&alice, &bob, "bob");
    alice.gatos(["trust", "show"]).ok().says("user:dave").says("version    5");
    // What was proposed on the version before cannot follow this one.
    let stale = refused(alice.gatos(["--json", "trust", "sign", &file]), 3, "TRUST_STALE");
    assert!(stale["reason"].as_str().expect("text").contains("make the change anew"), "{stale}");
}

#[test]
fn a_change_can_wait_in_a_file_and_says_what_it_is() {
    let world = World::new();
    let (alice, bob, carol) = council(&world);
    let group = ["trust", "group", "add", "leads", "user:alice", "user:bob", "-o", "leads.json"];
    alice.gatos(group).ok().says("leads.json, signed by 1 of 2 roots").says("user:alice joins leads");
    let file = alice.path().join("leads.json");
    let file = file.to_str().expect("UTF-8");
    bob.gatos(["trust", "sign", file]).ok().says("trust version 5 at ").says("user:bob joins leads");
    fetch(&carol, &bob, "bob");
    carol.gatos(["trust", "show"]).ok().says("group leads: user:alice, user:bob");
    // With a file that says something else than was signed.
    let text = alice.read("leads.json").replace("leads", "leaks");
    alice.write("wrong.json", text);
    refused(alice.gatos(["--json", "trust", "sign", "wrong.json"]), 3, "TRUST_PROPOSAL");
    alice.write("wrong.json", "{}");
    refused(alice.gatos(["--json", "trust", "sign", "wrong.json"]), 3, "TRUST_PROPOSAL");
    refused(alice.gatos(["--json", "trust", "sign", "nowhere.json"]), 3, "FILE");
    let log = carol.gatos(["trust", "log"]).ok().stdout();
    assert!(log.contains("signed by user:bob") && log.contains("user:bob joins leads"), "{log}");
    let lines = carol.gatos(["--json", "trust", "log"]).ok().stdout();
    let lines: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 5);
    let last = fits("trust-log", lines[4].clone());
    assert_eq!((&last["version"], last["signers"].as_array().map(Vec::len)), (&json!(5), Some(2)));
    assert!(lines.into_iter().all(|line| fits("trust-log", line).is_object()));
}

#[test]
fn must_keep_what_a_removed_key_signed() {
    let world = World::new();
    let alice = ready(&world, "a");
    let (bob, key) = person(&alice, "bob");
    alice.gatos(["trust", "add-key", "user:bob", &key]).ok();
    fetch(&bob, &alice, "origin");
    bob.gatos(["emit", "add", "{\"n\":1}"]).ok();
    fetch(&alice, &bob, "bob");
    alice.gatos(["trust", "remove-key", "user:bob", &key]).ok().says("no more");
    alice.gatos(["state", "show", "--raw"]).ok().says("{\"count\":1}");
    alice.gatos(["state", "checkpoint"]).ok();
    alice.gatos(["verify"]).ok().says("PASSED");
    fetch(&bob, &alice, "origin");
    bob.gatos(["emit", "add", "{\"n\":2}"]).code(3).err_says("stands in the trust graph");
    speak_as(&bob, "user:bob", &key);
    bob.gatos(["emit", "add", "{\"n\":2}"]).code(1);
    // A root changes her own key: the policy that the old one signed holds.
    alice.gatos(["key", "new"]).ok();
    let keys = alice.gatos(["--json", "key", "show"]).ok().stdout();
    let keys: Vec<serde_json::Value> = keys.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let of = |here: bool| keys.iter().find(|k| k["here"] == here).expect("two keys")["key"].as_str().expect("text");
    let (old, new) = (of(true), of(false));
    let last = refused(alice.gatos(["--json", "trust", "remove-key", "user:alice", old]), 3, "TRUST_EDIT");
    assert!(last["reason"].as_str().expect("text").contains("add another key first"), "{last}");
    alice.gatos(["trust", "add-key", "user:alice", new]).ok();
    alice.git(["config", "gatos.key", new]).ok();
    alice.gatos(["trust", "remove-key", "user:alice", old]).ok();
    alice.gatos(["emit", "add", "{\"n\":3}"]).ok();
    alice.gatos(["state", "show", "--raw"]).ok().says("{\"count\":4}");
    alice.gatos(["state", "checkpoint"]).ok();
    alice.gatos(["verify", "--deep"]).ok().says("PASSED");
}

#[test]
fn what_cannot_be_changed_is_refused_with_a_sentence() {
    let world = World::new();
    let repo = ready(&world, "a");
    let edits: [&[&str]; 6] = [
        &["add-actor", "user:alice"],
        &["roots", "--add", "user:bob"],
        &["roots", "--remove", "user:bob"],
        &["roots", "--threshold", "2"],
        &["roots", "--remove", "user:alice"],
        &["group", "remove", "leads", "user:alice"],
    ];
    for edit in edits {
        let command: Vec<&str> = ["--json", "trust"].iter().chain(edit).copied().collect();
        refused(repo.gatos(command), 3, "TRUST_EDIT");
    }
    let last = repo.gatos(["trust", "roots", "--remove", "user:alice"]).code(3);
    last.err_says("user:alice is the only root; add another one first: git gatos trust roots --add ACTOR");
    for (key, why) in [("ed25519:00", "too short"), (&format!("ed25519:{}", "0".repeat(66)), "too long")] {
        let told = repo.gatos(["trust", "add-key", "user:zed", key]).code(2);
        told.err_says(&format!("it is {why}")).err_says("64 hexadecimal digits").err_says("git gatos key show");
    }
    repo.gatos(["trust", "group", "add", "leads", "user:alice"]).ok();
    refused(repo.gatos(["--json", "trust", "group", "add", "leads", "user:alice"]), 3, "TRUST_EDIT");
    repo.gatos(["trust", "group", "remove", "leads", "user:alice"]).ok().says("user:alice leaves leads");
    repo.gatos(["trust", "add-actor", "agent:clerk"]).ok().says("without a key yet");
    repo.gatos(["trust", "roots"]).code(2).silent().err_says("nothing to change");
    for usage in
        [&["add-actor", "bob"][..], &["group", "add", "leads"], &["group", "add", "Leads", "user:a"], &["sign"]]
    {
        repo.gatos(["trust"].iter().chain(usage)).code(2).silent();
    }
    // A clone whose key is nobody's may propose, and change nothing.
    let (bob, key) = person(&repo, "bob");
    fetch(&bob, &repo, "origin");
    speak_as(&bob, "user:bob", &key);
    refused(bob.gatos(["--json", "trust", "add-key", "user:bob", &key]), 3, "TRUST_THRESHOLD");
    bob.gatos(["trust", "add-key", "user:bob", &key, "-o", "please.json"]).ok().says("signed by 0 of 1 roots");
    let file = bob.path().join("please.json");
    repo.gatos(["trust", "sign", file.to_str().expect("UTF-8")]).ok().says("user:bob may speak with ");
}

const NO_CHANGE: &str = r#"policy "law" version 1

rule "graph"
  on trust.update
  deny

rule "law"
  on policy.activate
  allow if root()
"#;

/// What the policy denied is kept, and its place is told to machines too.
#[test]
fn a_change_that_was_denied_is_kept_in_a_file_that_is_named() {
    let world = World::new();
    let alice = ready(&world, "a");
    alice.write("gatos/policies/law.rgs", NO_CHANGE);
    let id = alice.gatos(["--json", "policy", "publish"]).ok().json()["id"].as_str().expect("an id").to_owned();
    alice.gatos(["policy", "activate", &id]).ok();
    let denied = fits("denial", alice.gatos(["--json", "trust", "group", "add", "leads", "user:alice"]).code(1).json());
    let file = denied["file"].as_str().expect("a file").to_owned();
    assert_eq!((&denied["code"], &denied["rule"]), (&json!("POLICY_DENY"), &json!("graph")));
    // With another law it is signed from there.
    alice.write("gatos/policies/law.rgs", NO_CHANGE.replace("deny", "allow"));
    let id = alice.gatos(["--json", "policy", "publish"]).ok().json()["id"].as_str().expect("an id").to_owned();
    alice.gatos(["policy", "activate", &id]).ok();
    alice.gatos(["trust", "sign", &file]).ok().says("user:alice joins leads");
}

#[test]
fn whoever_is_no_root_is_told_of_the_file() {
    let world = World::new();
    let alice = ready(&world, "a");
    let (bob, bobs) = person(&alice, "bob");
    fetch(&bob, &alice, "origin");
    speak_as(&bob, "user:bob", &bobs);
    let told = refused(bob.gatos(["--json", "trust", "add-key", "user:bob", &bobs]), 3, "TRUST_THRESHOLD")["reason"]
        .to_string();
    assert!(told.contains("-o FILE") && told.contains("git gatos trust sign FILE"), "{told}");
    // As it says.
    bob.gatos(["trust", "add-key", "user:bob", &bobs, "-o", "ask.json"]).ok();
    let file = bob.path().join("ask.json");
    alice
        .gatos(["trust", "sign", file.to_str().expect("UTF-8")])
        .ok()
        .says("trust version 2 at ")
        .says("user:bob may speak with");
}

#[test]
fn whom_nobody_knows_joins_no_group_and_is_given_nothing() {
    let world = World::new();
    let alice = ready(&world, "a");
    let (_, bobs) = person(&alice, "bob");
    alice.gatos(["trust", "add-actor", "user:bob", &bobs]).ok();
    let before = tip(&alice);
    for act in [
        &["trust", "group", "add", "auditors", "user:alice", "user:bbo"][..],
        &["trust", "grant", "user:bbo", "job:work"],
    ] {
        let told = refused(alice.gatos(["--json"].iter().chain(act)), 3, "TRUST_EDIT")["reason"].to_string();
        assert!(
            told.contains("knows no user:bbo (is user:bob meant?)") && told.contains("add-actor user:bbo"),
            "{told}"
        );
    }
    alice
        .gatos(["trust", "grant", "user:nobody", "job:work"])
        .code(3)
        .err_says("knows no user:nobody; let him in first");
    assert_eq!(tip(&alice), before);
    // One without a key is known, and doctor says that he cannot speak.
    alice.gatos(["trust", "add-actor", "user:dan"]).ok();
    alice.gatos(["trust", "group", "add", "auditors", "user:alice", "user:dan"]).ok();
    alice.gatos(["doctor"]).ok().says("note trust.keyless group auditors").says("user:dan");
}
