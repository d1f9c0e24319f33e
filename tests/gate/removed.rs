//! A key that was taken away while it had said what nobody had seen.

use super::court::{Court, OPEN, TRUST};
use crate::cli::fits;
use crate::harness::{Repo, World};
use serde_json::{Value, json};

/// Bob has said two things that he did not push. His old key, with which his clone signs, is taken away.
fn away(court: &Court<'_>, another: bool) -> (String, Option<String>) {
    let (alice, bob) = (&court.alice, &court.bob);
    let old = court.key("bob");
    bob.git(["config", "gatos.actor", "user:bob"]).ok();
    bob.git(["config", "gatos.key", &old]).ok();
    bob.gatos(["sync"]).ok();
    ["{\"n\":2}", "{\"n\":3}"].iter().for_each(|payload| court.emit(bob, payload));
    let new = another.then(|| made(bob));
    if let Some(new) = &new {
        alice.gatos(["trust", "add-key", "user:bob", new]).ok();
    }
    alice.gatos(["trust", "remove-key", "user:bob", &old]).ok();
    court.push(alice, [TRUST]).ok();
    (old, new)
}

fn made(repo: &Repo<'_>) -> String {
    repo.gatos(["key", "new", "--json"]).ok().json()["key"].as_str().expect("a key").to_owned()
}

/// What is told to do next about the one thing that is refused.
fn told(repo: &Repo<'_>) -> String {
    let said = repo.gatos(["sync"]).code(1).stdout();
    let next: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("  next    ")).collect();
    assert_eq!(next.len(), 1, "{said}");
    next[0].to_owned()
}

fn init(repo: &Repo<'_>) -> Value {
    fits("init", repo.gatos(["--json", "init"]).ok().json())
}

fn found(repo: &Repo<'_>, code: &str) -> Option<Value> {
    let report = fits("doctor", repo.command(["--json", "doctor"]).run().json());
    report["findings"].as_array().expect("a list").iter().find(|finding| finding["code"] == code).cloned()
}

#[test]
fn a_removed_key_is_not_asked_for_again_and_the_other_one_is_taken() {
    for rules in [false, true] {
        let world = World::new();
        let court = Court::new(&world);
        if rules {
            court.alice.write("gatos/policies/10-open.rgs", OPEN);
            court.enact(&court.alice);
        }
        let (old, new) = away(&court, true);
        let hint =
            format!("{old} of user:bob was removed in trust version 5; say it again with another key: git gatos init");
        assert_eq!(told(&court.bob), hint);
        // As it says.
        let new = new.expect("another key");
        let taken = format!("ended      {old}, which was removed in trust version 5\n");
        court.bob.gatos(["init"]).ok().says(&format!("key        {new}\n{taken}")).says("Next:");
        court.bob.git(["config", "gatos.key", &old]).ok();
        let taken = init(&court.bob);
        assert_eq!((&taken["key"], &taken["key_ended"], &taken["key_known"]), (&json!(new), &json!(old), &json!(true)));
        assert!(init(&court.bob)["key_ended"].is_null(), "it is told once");
        court.emit(&court.bob, "{\"n\":2}");
    }
}

#[test]
fn a_leaver_is_told_that_he_has_no_key_and_may_come_back_with_another() {
    let world = World::new();
    let court = Court::new(&world);
    let (old, _) = away(&court, false);
    assert_eq!(
        told(&court.bob),
        format!("{old} of user:bob was removed in trust version 4, and user:bob has no key any more")
    );
    let kept = init(&court.bob);
    assert_eq!((&kept["key"], &kept["key_ended"], &kept["key_known"]), (&json!(old), &json!(old), &json!(false)));
    assert_eq!(kept["next"], json!(["git gatos key new", "git gatos init --actor user:bob --key FILE"]));
    let new = made(&court.bob);
    let taken = init(&court.bob);
    assert_eq!((&taken["key"], &taken["key_ended"]), (&json!(new), &json!(old)));
    assert_eq!(taken["next"], json!([format!("git gatos trust add-key user:bob {new}")]));
}

#[test]
fn what_a_removed_key_left_unpushed_is_found_and_can_be_said_again() {
    let world = World::new();
    let court = Court::new(&world);
    let bob = &court.bob;
    let (old, new) = away(&court, true);
    told(bob);
    let signing = found(bob, "key.removed").expect("the key is named");
    assert_eq!(signing["subject"], old);
    let run = |commands: &str| drop(bob.git(["-c", &format!("alias.run=!{commands}"), "run"]).ok());
    let remedy = signing["remedy"].as_str().expect("a command");
    assert_eq!(remedy, format!("git config gatos.key {}", new.expect("another key")));
    run(remedy);
    assert_eq!(found(bob, "key.removed"), None);
    let stuck = found(bob, "journal.stuck").expect("the journal is named");
    assert!(stuck["sentence"].as_str().expect("text").contains(&old), "{stuck}");
    let remedy = stuck["remedy"].as_str().expect("text").to_owned();
    ["{\"n\":2}", "{\"n\":3}"].iter().for_each(|payload| court.emit(bob, payload));
    run(remedy.split_once("aside: ").expect("commands").1);
    bob.gatos(["sync"]).ok();
    for code in ["journal.stuck", "journal.behind"] {
        assert_eq!(found(bob, code), None);
    }
    bob.gatos(["verify"]).ok();
    let log = bob.gatos(["log", "--actor", "user:bob"]).ok().stdout();
    assert_eq!(log.lines().count(), 2, "{log}");
}
