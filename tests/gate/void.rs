//! Events that a revocation voids, where the gate had accepted them before: they are in nobody's way.

use super::checkpoints::continued;
use super::court::{Court, JOURNALS, STATE, TRUST};
use super::liar::Liar;
use super::sync::{open, payloads, state_root, synced};
use crate::harness::{Repo, World};
use serde_json::Value;

/// The CID of the event of this number.
fn cid(repo: &Repo<'_>, n: i64) -> String {
    let events = repo.gatos(["--json", "log"]).ok().jsonl();
    let event = events.iter().find(|event| event["payload"]["n"] == n).expect("it was said");
    event["cid"].as_str().expect("text").to_owned()
}

fn notes(repo: &Repo<'_>) -> Vec<Value> {
    let report = repo.gatos(["--json", "verify", "--deep"]).ok().json();
    let all = report["findings"].as_array().expect("a list").clone();
    all.into_iter().filter(|finding| finding["code"] == "key.revoked").collect()
}

/// Bob said 5, 6 and 8, alice 2, and a checkpoint of all that is accepted.
fn folded(world: &World) -> Court<'_> {
    let court = open(world);
    court.emit(&court.alice, "{\"n\":2}");
    synced(&court.alice);
    [5, 6, 8].iter().for_each(|n| court.emit(&court.bob, &format!("{{\"n\":{n}}}")));
    synced(&court.bob);
    synced(&court.alice);
    court.alice.gatos(["state", "checkpoint"]).ok();
    synced(&court.alice);
    court
}

/// The roots take back all that bob said behind the 5.
fn take_back(court: &Court<'_>) {
    let last = cid(&court.alice, 5);
    let revoke = ["trust", "revoke", &court.key("bob"), "--reason", "stolen in May", "--last", &last];
    court.alice.gatos(revoke).ok();
    court.push(&court.alice, [TRUST]).ok();
}

/// The same, while alice holds a checkpoint that counts it all and that nobody has accepted yet.
fn taken_back(world: &World) -> (Court<'_>, String) {
    let court = folded(world);
    court.emit(&court.alice, "{\"n\":9}");
    court.alice.gatos(["state", "checkpoint"]).ok();
    let stale = court.alice.git(["rev-parse", STATE]).ok().stdout();
    court.push(&court.alice, [JOURNALS]).ok();
    take_back(&court);
    (court, stale)
}

#[test]
fn must_cut_at_the_gate_what_a_revocation_voids() {
    let world = World::new();
    let (court, stale) = taken_back(&world);
    let held = court.server.git(["rev-parse", STATE]).ok().stdout();
    let refused = court.refused(&court.alice, [format!("{stale}:{STATE}")], "pof.mismatch");
    refused.err_says("whose key was revoked: its events count up to 1");
    let done = synced(&court.alice);
    assert_eq!(done["refolded"].as_array().expect("a list").len(), 1, "{done}");
    let now = court.server.git(["rev-parse", STATE]).ok().stdout();
    assert_eq!(now, court.alice.git(["rev-parse", STATE]).ok().stdout(), "the gate folds as the clone does");
    assert_eq!(court.server.git(["rev-parse", &format!("{STATE}^")]).ok().stdout(), held);
    court.alice.gatos(["fold", "verify", "--deep"]).ok();
    court.alice.gatos(["fold", "verify", &held]).code(1).says("was revoked since");
    assert_eq!(court.record(), ["pof.mismatch"]);
    // One that says to go on from what counts void events does not pass either, whatever it counts itself.
    court.emit(&court.alice, "{\"n\":10}");
    court.alice.gatos(["state", "checkpoint"]).ok();
    let honest = court.alice.git(["rev-parse", STATE]).ok().stdout();
    court.push(&court.alice, [JOURNALS]).ok();
    let forged = continued(&court, &honest, &held);
    let refused = court.refused(&court.alice, [format!("{forged}:{STATE}")], "checkpoint.base");
    refused.err_says(&format!("{held} counts the events of")).err_says("its events count up to 1");
    court.push(&court.alice, [STATE]).ok();
}

#[test]
fn must_go_on_behind_void_events_without_a_hand() {
    let world = World::new();
    let (court, _) = taken_back(&world);
    // The thief says more, to the server and elsewhere; it is refused, and bob's own clone holds it.
    court.emit(&court.bob, "{\"n\":12}");
    court.refused(&court.bob, [JOURNALS], "key.revoked");
    // Bob hears of it, and goes on with another key.
    court.bob.gatos(["sync"]).ok().err_says("its events count up to 1, and what is void is not pushed");
    court.bob.gatos(["emit", "add", "{\"n\":13}"]).code(3).err_says("key");
    court.bob.gatos(["key", "new"]).ok();
    let keys = court.bob.gatos(["key", "show"]).ok().stdout();
    let old = first_key(&court);
    let fresh = keys.split_whitespace().find(|word| word.starts_with("ed25519:") && *word != old).expect("a new key");
    court.alice.gatos(["trust", "add-key", "user:bob", fresh]).ok();
    court.push(&court.alice, [TRUST]).ok();
    synced(&court.bob);
    court.emit(&court.bob, "{\"n\":14}");
    let done = synced(&court.bob);
    assert_eq!(done["anew"].as_array().expect("a list").len(), 0, "{done}");
    assert_eq!(court.record(), ["key.revoked"], "nothing came late");
    // Everybody reads the same, and may fold it.
    synced(&court.alice);
    assert_eq!(payloads(&court.alice), [1, 2, 5, 9, 14]);
    assert_eq!(payloads(&court.bob), [1, 2, 5, 9, 14]);
    court.bob.gatos(["state", "checkpoint"]).ok();
    synced(&court.bob);
    synced(&court.alice);
    assert_eq!(state_root(&court.alice), state_root(&court.bob));
    court.bob.gatos(["fold", "verify"]).ok();
    let stranger = Liar::of(&court).stranger("carol");
    assert_eq!(payloads(&stranger), [1, 2, 5, 9, 14]);
    // They are named: two at the server, a third at bob's; and the old checkpoint, which counts them.
    for (repo, void) in [(&court.alice, 2), (&court.bob, 3), (&stranger, 2)] {
        let found = notes(repo);
        let said: Vec<&str> = found.iter().map(|finding| finding["sentence"].as_str().expect("text")).collect();
        assert!(said.iter().any(|s| s.contains("revocation 0") && s.contains("the events from 2 to")), "{said:?}");
        assert!(said.iter().any(|s| s.contains("was revoked since")), "{said:?}");
        assert_eq!(repo.gatos(["--json", "verify"]).ok().json()["void"], void);
        repo.gatos(["verify"]).ok().says(&format!("(and {void} void)"));
    }
}

#[test]
fn must_call_nothing_late_for_what_a_revocation_took() {
    let world = World::new();
    let court = folded(&world);
    take_back(&court);
    // Her clock goes on from what counts, and the accepted checkpoint ends with bob's 8.
    court.emit(&court.alice, "{\"n\":9}");
    court.push(&court.alice, [JOURNALS]).ok();
    court.alice.gatos(["state", "checkpoint"]).ok();
    synced(&court.alice);
    assert_eq!(court.record(), Vec::<String>::new());
}

/// The key that bob had first.
fn first_key(court: &Court<'_>) -> String {
    let events = court.alice.gatos(["--json", "log"]).ok().jsonl();
    let event = events.iter().find(|event| event["payload"]["n"] == 5).expect("it was said");
    event["key"].as_str().expect("text").to_owned()
}
