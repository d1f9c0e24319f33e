//! Keys that are revoked: what stays, what is void, and who says so.

use super::{fetch, fits, person, ready, refused, speak_as, tip};
use crate::cli::pipes::{add, piped, stored};
use crate::harness::{Repo, World};
use serde_json::Value;

/// alice, and bob with a key that she let in and a journal of these numbers, which she holds.
fn two<'w>(world: &'w World, numbers: &[u32]) -> (Repo<'w>, Repo<'w>, String) {
    let alice = ready(world, "a");
    let (bob, key) = person(&alice, "bob");
    alice.gatos(["trust", "add-key", "user:bob", &key]).ok();
    fetch(&bob, &alice, "origin");
    numbers.iter().for_each(|n| emit(&bob, *n));
    fetch(&alice, &bob, "bob");
    (alice, bob, key)
}

fn emit(repo: &Repo<'_>, n: u32) {
    repo.gatos(["emit", "add", &format!("{{\"n\":{n}}}")]).ok();
}

/// What `verify` fails for.
fn findings(repo: &Repo<'_>, code: &str) -> Vec<Value> {
    listed(&repo.gatos(["--json", "verify"]).code(1).json(), code, "fail")
}

/// What `verify` names and passes over.
fn notes(repo: &Repo<'_>, code: &str) -> Vec<Value> {
    listed(&repo.gatos(["--json", "verify"]).ok().json(), code, "note")
}

fn listed(report: &Value, code: &str, severity: &str) -> Vec<Value> {
    let all = report["findings"].as_array().expect("a list").clone();
    all.into_iter().filter(|f| f["code"] == code && f["severity"] == severity).collect()
}

#[test]
fn must_void_what_a_revoked_key_says_later_and_name_it() {
    let world = World::new();
    let (alice, bob, key) = two(&world, &[1, 2]);
    emit(&alice, 10);
    alice.gatos(["state", "checkpoint"]).ok();
    let revoke = alice.gatos(["trust", "revoke", &key, "--reason", "laptop stolen"]).ok();
    revoke.says(&format!("{key} is revoked: laptop stolen")).says("stay good");
    // What was there stays good, with the checkpoint.
    alice.gatos(["verify", "--deep"]).ok().says("PASSED");
    alice.gatos(["state", "show", "--raw"]).ok().says("{\"count\":13}");
    alice.gatos(["trust", "show"]).ok().says("(revoked: laptop stolen)");
    // The thief goes on, in the old journal and from a copy of the clone.
    let copy = bob.copy("copy");
    emit(&bob, 3);
    emit(&copy, 4);
    fetch(&alice, &bob, "bob");
    fetch(&alice, &copy, "copy");
    alice.gatos(["state", "show", "--raw"]).ok().says("{\"count\":13}").err_says("key.revoked");
    let log = alice.gatos(["log"]).ok().stdout();
    assert_eq!(log.lines().count(), 3, "{log}");
    // It is named, and in nobody's way.
    alice.gatos(["state", "checkpoint"]).ok();
    alice.gatos(["fold", "verify"]).ok();
    let found = notes(&alice, "key.revoked");
    assert_eq!(found.len(), 2, "{found:#?}");
    alice.gatos(["verify"]).ok().says("3 events (and 2 void)");
    let sentences: Vec<&str> = found.iter().map(|f| f["sentence"].as_str().expect("text")).collect();
    assert!(sentences.iter().any(|s| s.contains("the event 3 is void")), "{sentences:?}");
    assert!(sentences.iter().any(|s| s.contains("all its events are void")), "{sentences:?}");
    assert!(sentences.iter().all(|s| s.contains("laptop stolen; revocation 01")), "{sentences:?}");
    // Whoever holds the key and hears of it is refused.
    fetch(&bob, &alice, "origin");
    bob.gatos(["emit", "add", "{}"]).code(3);
    speak_as(&bob, "user:bob", &key);
    bob.gatos(["emit", "add", "{}"]).code(1);
    refused(alice.gatos(["--json", "trust", "add-key", "user:bob", &key]), 3, "KEY_TAKEN");
    alice.gatos(["trust", "remove-key", "user:bob", &key]).ok();
    refused(alice.gatos(["--json", "trust", "add-key", "user:bob", &key]), 3, "KEY_REVOKED");
    // His own clone names what is void, and does not call it lost.
    assert_eq!(notes(&bob, "key.revoked").len(), 1);
    assert_eq!(notes(&bob, "journal.dropped").len(), 0);
    // alice writes on; the forged clocks have no say.
    emit(&alice, 11);
    alice.gatos(["state", "show", "--raw"]).ok().says("{\"count\":24}");
}

#[test]
fn must_take_nothing_more_from_a_pipe_whose_key_was_revoked() {
    let world = World::new();
    let (alice, bob, key) = two(&world, &[]);
    speak_as(&bob, "user:bob", &key);
    let (running, mut pipe) = piped(&world, &bob, "--json");
    add(&mut pipe, 2);
    stored(&bob, 2);
    // What has nothing to do with him changes nothing for him.
    let (_, carol) = person(&alice, "carol");
    alice.gatos(["trust", "add-key", "user:carol", &carol]).ok();
    fetch(&bob, &alice, "origin");
    add(&mut pipe, 1);
    stored(&bob, 3);
    fetch(&alice, &bob, "bob");
    alice.gatos(["trust", "revoke", &key, "--reason", "stolen"]).ok();
    fetch(&bob, &alice, "origin");
    add(&mut pipe, 1);
    // The pipe stays open: he is told when he speaks, not when he has ended.
    let keeper = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_secs(30));
        drop(pipe);
    });
    let frame = running.wait().code(1).json();
    assert_eq!((&frame["code"], &frame["rule"]), (&"POLICY_DENY".into(), &"emit-as-self".into()), "{frame}");
    assert!(!keeper.is_finished(), "it waited for the pipe");
    assert_eq!(frame["stored"], 3, "{frame}");
    assert_eq!(bob.gatos(["log"]).ok().stdout().lines().count(), 3);
    bob.gatos(["verify"]).ok();
}

#[test]
fn must_forget_what_was_folded_before_a_revocation() {
    let world = World::new();
    let (alice, _, key) = two(&world, &[1, 2, 3]);
    emit(&alice, 10);
    alice.gatos(["state", "checkpoint"]).ok();
    alice.gatos(["state", "show", "--raw"]).ok().says("{\"count\":16}");
    let log = alice.gatos(["--json", "log"]).ok().stdout();
    let events: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let second = events.iter().find(|e| e["payload"]["n"] == 2).expect("bob's second")["cid"].as_str().expect("text");
    alice.gatos(["trust", "revoke", &key, "--reason", "stolen in May", "--last", second]).ok();
    alice.gatos(["state", "show", "--raw"]).ok().says("{\"count\":13}").err_says("key.revoked");
    let found = notes(&alice, "key.revoked");
    let of_checkpoint = found.iter().find(|f| f["ref"] == "refs/gatos/state/main").expect("the checkpoint is named");
    assert!(of_checkpoint["sentence"].as_str().expect("text").contains("git gatos state checkpoint"), "{found:#?}");
    alice.gatos(["fold", "verify"]).code(1).says("was revoked since");
    alice.gatos(["state", "checkpoint"]).ok();
    alice.gatos(["fold", "verify"]).ok();
    alice.gatos(["verify", "--deep"]).ok();
    // An event of somebody else is none of this key's.
    let own = events.iter().find(|e| e["payload"]["n"] == 10).expect("alice's")["cid"].as_str().expect("text");
    refused(alice.gatos(["--json", "trust", "revoke", &key, "--reason", "x", "--last", own]), 3, "NO_SUCH_POINT");
    // The roots may take more, and all of it.
    alice.gatos(["trust", "revoke", &key, "--reason", "never his", "--void-all"]).ok();
    alice.gatos(["state", "show", "--raw"]).ok().says("{\"count\":10}");
}

#[test]
fn must_cut_within_an_append() {
    let world = World::new();
    let (alice, bob, key) = two(&world, &[]);
    let lines: String = (1..=6).map(|n| format!("{{\"type\":\"add\",\"payload\":{{\"n\":{n}}}}}\n")).collect();
    bob.command(["emit", "--jsonl", "-"]).stdin(lines).run().ok();
    fetch(&alice, &bob, "bob");
    emit(&alice, 10);
    alice.gatos(["state", "checkpoint"]).ok();
    alice.gatos(["state", "show", "--raw"]).ok().says("{\"count\":31}");
    alice.gatos(["bisect", "start"]).ok();
    let log = alice.gatos(["--json", "log"]).ok().stdout();
    let fourth = log.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let fourth =
        fourth.into_iter().find(|e| e["payload"]["n"] == 4).expect("bob's fourth")["cid"].as_str().map(str::to_owned);
    alice.gatos(["trust", "revoke", &key, "--reason", "x", "--last", &fourth.expect("text")]).ok();
    alice.gatos(["state", "show", "--raw"]).ok().says("{\"count\":20}").err_says("the events from 5 to 6 are void");
    alice.gatos(["state", "show", "--raw"]).ok().says("{\"count\":20}");
    assert_eq!(alice.gatos(["log"]).ok().stdout().lines().count(), 5);
    let head = alice.git(["rev-parse", "refs/gatos/state/main"]).ok().stdout();
    alice.gatos(["state", "show", "--at", &head]).code(3).silent();
    alice.gatos(["bisect", "run", "--jq", ".count > 25"]).code(3).err_says("do not count any more");
    let report = alice.gatos(["--json", "verify", "--deep"]).ok().json();
    assert_eq!((&report["events"], &report["void"]), (&5.into(), &2.into()));
    alice.gatos(["fold", "verify"]).code(1);
    emit(&alice, 11);
    alice.gatos(["state", "show", "--raw"]).ok().says("{\"count\":31}");
}

#[test]
fn must_tell_a_journal_cut_short_from_one_that_is_void() {
    let world = World::new();
    let (alice, bob, key) = two(&world, &[1, 2]);
    let short = bob.copy("short");
    emit(&bob, 3);
    fetch(&alice, &bob, "bob");
    alice.gatos(["trust", "revoke", &key, "--reason", "stolen"]).ok();
    // The thief, who is the same writer, begins in another namespace: nothing of it counts, and nothing of it is missing.
    bob.gatos(["emit", "add", "{}", "--ns", "other"]).ok();
    fetch(&alice, &bob, "bob");
    alice.gatos(["verify"]).ok().says("all its events are void");
    // Whoever holds less of the journal than counts has to fetch it.
    let desk = world.repo("desk");
    fetch(&desk, &short, "short");
    desk.git(["update-ref", "-d", "refs/gatos-remotes/short/trust/graph"]).ok();
    let law = ["trust", "policies"].map(|plane| format!("refs/gatos/{plane}/*:refs/gatos-remotes/origin/{plane}/*"));
    desk.git(["fetch", "-q", alice.path().to_str().expect("UTF-8"), &law[0], &law[1]]).ok();
    assert_eq!(findings(&desk, "key.revoked").len(), 1);
    desk.gatos(["log"]).ok().silent().err_says("its last good event is not in it");
    fetch(&desk, &bob, "bob");
    desk.gatos(["verify"]).ok();
}

#[test]
fn the_owner_ends_his_key_and_only_roots_take_more() {
    let world = World::new();
    let (alice, bob, key) = two(&world, &[1, 2]);
    speak_as(&bob, "user:bob", &key);
    refused(bob.gatos(["--json", "trust", "revoke", &key, "--reason", "x", "--void-all"]), 3, "TRUST_THRESHOLD");
    bob.gatos(["trust", "revoke", &key, "--reason", "x", "--void-all", "-o", "all.json"]).ok().says("0 of 1 roots");
    let file = bob.path().join("all.json");
    bob.gatos(["trust", "revoke", &key, "--reason", "retired"]).ok().says("trust version 2 at ");
    fetch(&alice, &bob, "bob");
    alice.gatos(["state", "show", "--raw"]).ok().says("{\"count\":3}");
    alice.gatos(["verify"]).ok();
    // The root says otherwise, and his word is the one that counts.
    alice.gatos(["trust", "sign", file.to_str().expect("UTF-8")]).ok().says("all its events are void");
    alice.gatos(["state", "show", "--raw"]).ok().says("{}").err_says("all its events are void");
}

#[test]
fn must_refuse_a_chain_that_lost_a_revocation() {
    let world = World::new();
    let (alice, _, key) = two(&world, &[1]);
    alice.gatos(["trust", "revoke", &key, "--reason", "stolen"]).ok();
    let good = tip(&alice);
    // The same tree without it, as the next commit.
    let forge = "t=$(git ls-tree refs/gatos/trust/graph | grep -v revocations | git mktree) && \
                 git commit-tree -p refs/gatos/trust/graph -m lost $t";
    let alias = format!("alias.forge=!{forge}");
    let lost = alice.git(["-c", &alias, "forge"]).ok().stdout();
    alice.git(["update-ref", "refs/gatos/trust/graph", &lost]).ok();
    let frame = refused(alice.gatos(["--json", "log"]), 3, "TRUST_CHAIN");
    assert!(frame["reason"].as_str().expect("text").contains("is gone: grants and revocations only grow"), "{frame}");
    assert_eq!(findings(&alice, "TRUST_CHAIN").len(), 1);
    alice.git(["update-ref", "refs/gatos/trust/graph", &good]).ok();
    alice.gatos(["verify"]).ok();
    // An older tip, from before the revocation, is a rollback.
    alice.git(["update-ref", "refs/gatos/trust/graph", &format!("{good}~1")]).ok();
    refused(alice.gatos(["--json", "log"]), 3, "TRUST_ROLLBACK");
    alice.gatos(["doctor"]).code(1).says("trust.rollback");
    // A person may decide to believe it.
    let old = tip(&alice);
    alice.gatos(["trust", "pin", &old]).ok().says(&old);
    alice.gatos(["verify"]).ok();
}

#[test]
fn a_revocation_that_voids_nothing_more_is_not_made() {
    let world = World::new();
    let alice = ready(&world, "a");
    let (bob, bobs) = person(&alice, "bob");
    alice.gatos(["trust", "add-actor", "user:bob", &bobs]).ok();
    alice.write("bob.pub", &bobs);
    let revoke =
        |more: &[&str]| alice.gatos([&["--json", "trust", "revoke", "@bob.pub", "--reason", "lost"], more].concat());
    // Nobody has anything of this key, and it is said so.
    let made = fits("trust-change", revoke(&[]).ok().json());
    assert_eq!(made["changes"][1], "all its events are void (none is here)", "{made}");
    let before = tip(&alice);
    let told = refused(revoke(&[]), 3, "TRUST_EDIT")["reason"].to_string();
    assert!(told.contains(&bobs) && told.contains("was revoked already"), "{told}");
    assert_eq!(tip(&alice), before);
    // What says more than the first one is made.
    revoke(&["--void-all"]).ok();
    refused(revoke(&["--void-all"]), 3, "TRUST_EDIT");
    let other = person(&alice, "carol").1;
    alice.gatos(["trust", "add-actor", "user:carol", &other]).ok();
    alice.gatos(["trust", "grant", "user:carol", "job:work"]).ok();
    let ulid = alice.gatos(["--json", "trust", "grants"]).ok().json()["ulid"].as_str().expect("text").to_owned();
    alice.gatos(["trust", "revoke", &ulid, "--reason", "no"]).ok();
    refused(alice.gatos(["--json", "trust", "revoke", &ulid, "--reason", "no"]), 3, "TRUST_EDIT");
    drop(bob);
}
