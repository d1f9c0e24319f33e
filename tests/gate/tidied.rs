//! What is said where something here is damaged, given by nobody, or told twice.

use super::court::{Court, JOURNALS};
use super::profile::profile;
use crate::cli::fits;
use crate::harness::World;
use serde_json::json;

const STATE: &str = "refs/gatos/state/main";

/// A receipt whose commit cannot be read covers nothing, and keeps nobody from reading on.
#[test]
fn a_damaged_commit_covers_nothing_and_ends_no_verify() {
    let world = World::new();
    let court = Court::new(&world);
    profile(&court, "push-gate");
    let alice = &court.alice;
    alice.gatos(["state", "checkpoint"]).ok();
    let before = alice.git(["rev-parse", STATE]).ok().stdout();
    court.emit(alice, "{\"n\":2}");
    alice.gatos(["state", "checkpoint"]).ok();
    let after = alice.git(["rev-parse", STATE]).ok().stdout();
    court.push(alice, [JOURNALS, STATE]).ok();
    court.fetch(alice);
    // The gate took what descends from this one.
    alice.git(["update-ref", STATE, &before]).ok();
    alice.gatos(["profile"]).ok().says("received everything");
    court.emit(alice, "{\"n\":3}");
    alice.gatos(["verify"]).ok().says("no gate has given a receipt for the last of its events, up to 3");
    let path = court.forge(alice).loose(&after);
    std::fs::remove_file(&path).expect("it is loose");
    std::fs::write(&path, "damaged").expect("it can be written");
    alice.gatos(["profile"]).ok().says(&format!("waiting  {STATE}"));
    let told = alice.gatos(["verify"]).code(1).stdout();
    assert!(told.contains("object.unreadable") && told.contains(&after), "{told}");
    assert!(told.contains("ref.no-receipt") && told.contains(&before), "{told}");
}

/// By the law of then is judged what has a receipt; of the rest it is said by what.
#[test]
fn an_activation_without_a_receipt_is_counted_by_itself() {
    let world = World::new();
    let court = Court::new(&world);
    let alice = &court.alice;
    court.fetch(alice);
    let judged = || fits("verify", alice.gatos(["--json", "verify"]).ok().json())["judged"].clone();
    assert_eq!(judged(), json!({"activations": 1, "events": 1}));
    // This clone has another law, which no gate has received.
    alice.gatos(["profile", "set", "push-gate"]).ok();
    let id = alice.gatos(["--json", "policy", "publish"]).ok().json()["id"].as_str().expect("an id").to_owned();
    alice.gatos(["policy", "activate", &id]).ok();
    assert_eq!(judged(), json!({"activations": 1, "activations without a receipt": 1, "events": 1}));
    let told = alice.gatos(["verify"]).ok().stdout();
    assert!(told.contains("with 1 receipt: 1 activation, 1 event\n"), "{told}");
    assert!(told.contains("judged by some version of trust: 1 activation without a receipt\n"), "{told}");
}
