//! `sync` and `clone` against a server with a gate.

use super::court::{ACTIVE, Court, TRUST, activate, id_of};
use crate::cli::fits;
use crate::harness::{Outcome, Repo, World};
use serde_json::Value;

/// Whoever is known may speak, and whoever may push may write checkpoints. The fold is part of the law.
const RULES: &str = r#"policy "open" version 1

rule "speak"
  on emit
  allow if known()

rule "checkpoints"
  on state.checkpoint
  allow

rule "law"
  on policy.activate
  allow if cap("policy:activate")
"#;
const FOLD: &str = r#"
return function(state, event)
  local n = event.payload.n
  if n % 7 == 3 then error("no") end
  state.sum = ((state.sum or 0) * 3 + n) % 1000003
  state.count = (state.count or 0) + 1
  return state
end
"#;

/// A court whose law lets checkpoints through, in the same state on the server and at alice's.
pub(super) fn open<'w>(world: &'w World) -> Court<'w> {
    let court = Court::new(world);
    court.alice.write("gatos/policies/open.rgs", RULES);
    court.alice.write("gatos/folds/main.lua", FOLD);
    activate(&court.alice);
    std::fs::remove_dir_all(court.alice.path().join("gatos/folds")).expect("the law has it now");
    std::fs::remove_file(court.alice.path().join("gatos/fold.lua")).expect("the law has it now");
    synced(&court.alice);
    court
}

/// A sync that leaves nothing to look into.
#[track_caller]
pub(super) fn synced(repo: &Repo<'_>) -> Value {
    fits("sync", repo.gatos(["--json", "sync"]).ok().json())
}

#[track_caller]
fn alarmed(outcome: Outcome) -> Value {
    fits("sync", outcome.code(1).json())
}

fn len(value: &Value, field: &str) -> usize {
    value[field].as_array().expect("a list").len()
}

#[track_caller]
fn at(repo: &Repo<'_>, name: &str) -> String {
    repo.git(["rev-parse", "--verify", "-q", name]).ok().stdout()
}

/// What was said in a namespace, each event once.
#[track_caller]
pub(super) fn payloads(repo: &Repo<'_>) -> Vec<i64> {
    let lines = repo.gatos(["--json", "log"]).ok().jsonl();
    let mut all: Vec<i64> = lines.iter().map(|event| event["payload"]["n"].as_i64().expect("a number")).collect();
    all.sort_unstable();
    all
}

#[track_caller]
pub(super) fn state_root(repo: &Repo<'_>) -> String {
    repo.gatos(["--json", "state", "show"]).ok().json()["state_root"].as_str().expect("a root").to_owned()
}

#[test]
fn a_sync_follows_the_law_pushes_what_is_own_and_has_then_nothing_to_do() {
    let world = World::new();
    let court = open(&world);
    court.emit(&court.bob, "{\"n\":5}");
    let done = synced(&court.bob);
    assert_eq!((len(&done, "pushed"), len(&done, "adopted")), (1, 4), "{done}");
    court.emit(&court.bob, "{\"n\":6}");
    let said = court.bob.gatos(["sync"]).ok().stdout();
    let lines: Vec<&str> = said.lines().map(|line| line.split(" refs/").next().unwrap_or_default()).collect();
    assert_eq!(lines, ["pushed", "fetched 1 ref from origin"], "in the order in which it was done: {said}");
    for name in [TRUST, ACTIVE] {
        assert_eq!(at(&court.bob, name), at(&court.server, name));
    }
    court.bob.gatos(["sync"]).ok().says("nothing to do");
    let own = court.journal(&court.bob);
    assert_eq!(at(&court.server, &own.0), own.1);
    synced(&court.alice);
    assert_eq!(payloads(&court.alice), [1, 5, 6]);
    assert_eq!(state_root(&court.alice), state_root(&court.bob));
    court.alice.gatos(["verify"]).ok().says("PASSED");
    assert_eq!(court.record(), Vec::<String>::new(), "nothing was refused");
}

/// What the gate writes a moment after the push is not there yet when it is first looked for.
#[test]
fn the_first_sync_to_a_fresh_gate_brings_its_receipts() {
    let world = World::new();
    let alice = world.repo("alice");
    alice.gatos(["init"]).ok();
    alice.gatos(["emit", "add", "{\"n\":1}"]).ok();
    let server = world.bare("server").as_person("git");
    let install = ["--json", "hook", "install", "--server", "--await-receipt", "--root", &id_of(&alice)];
    let gate = server.gatos(install).ok().json();
    alice.gatos(["trust", "add-actor", "service:gate", gate["key"].as_str().expect("a key")]).ok();
    alice.gatos(["trust", "grant", "service:gate", "gate:receipt"]).ok();
    alice.git(["remote", "add", "origin", server.path().to_str().expect("UTF-8")]).ok();
    let (pack, log) = (world.path().join("pack.sh"), world.path().join("fetches"));
    let script = format!(
        "echo >> '{0}'\n[ $(wc -l < '{0}') -ne 2 ] || set -- -c transfer.hideRefs=refs/gatos/audit upload-pack \"$@\"\n\
         [ \"$1\" = -c ] || set -- upload-pack \"$@\"\nexec git \"$@\"\n",
        log.display()
    );
    std::fs::write(&pack, script).expect("a script");
    alice.git(["config", "remote.origin.uploadpack", &format!("sh {}", pack.display())]).ok();
    synced(&alice);
    let told = alice.gatos(["verify"]).ok().stdout();
    assert!(told.contains("PASSED") && !told.contains("event.self-judged"), "{told}");
    assert_eq!(std::fs::read_to_string(&log).expect("a file").lines().count(), 3, "it looked until they were there");
}

#[test]
fn a_refused_ref_is_named_with_its_rule_and_holds_no_other() {
    let world = World::new();
    let court = open(&world);
    court.emit(&court.bob, "{\"n\":5}");
    let (good, tip) = court.journal(&court.bob);
    let bad = good.replace("/main/", "/other/");
    court.bob.git(["update-ref", &bad, &tip]).ok();
    let done = alarmed(court.bob.gatos(["--json", "sync"]));
    assert_eq!((len(&done, "refused"), len(&done, "alarms")), (1, 0), "{done}");
    assert_eq!((&done["refused"][0]["ref"], &done["refused"][0]["rule"]), (&bad.into(), &"event.bound".into()));
    assert_eq!(at(&court.server, &good), tip, "the good one went through");
    court.bob.gatos(["sync"]).code(1).says("REFUSED refs/gatos/journal/other/").says("rule    event.bound");
}

#[test]
fn must_keep_its_own_where_a_remote_rewrote_history() {
    let world = World::new();
    let court = open(&world);
    court.emit(&court.alice, "{\"n\":2}");
    synced(&court.alice);
    synced(&court.bob);
    let (name, tip) = court.journal(&court.alice);
    court.server.git(["update-ref", &name, &format!("{tip}~1")]).ok();
    court.emit(&court.bob, "{\"n\":5}");
    let done = alarmed(court.bob.gatos(["--json", "sync"]));
    assert!(done["alarms"][0].as_str().expect("a sentence").contains("rewrote"), "{done}");
    assert_eq!(len(&done, "pushed"), 1, "the rest goes on");
    assert_eq!(at(&court.bob, &name.replace("refs/gatos/", "refs/gatos-remotes/origin/")), tip);
    assert_eq!(payloads(&court.bob), [1, 2, 5]);
    court.server.git(["update-ref", "-d", &name]).ok();
    court.bob.gatos(["sync"]).code(1).says("ALARM: origin lost refs/gatos/journal/");
    assert_eq!(payloads(&court.bob), [1, 2, 5]);
    // Its owner brings it back.
    court.alice.gatos(["sync"]).code(1);
    court.bob.gatos(["sync"]).ok();
}

#[test]
fn must_seal_late_events_anew_and_count_each_once() {
    let world = World::new();
    let court = open(&world);
    court.emit(&court.bob, "{\"n\":10}");
    synced(&court.bob);
    // Bob says two more without hearing what alice folds meanwhile.
    court.emit(&court.bob, "{\"n\":11}");
    court.emit(&court.bob, "{\"n\":12}");
    let (old, tip) = court.journal(&court.bob);
    synced(&court.alice);
    for n in 0..6 {
        court.emit(&court.alice, &format!("{{\"n\":{}}}", 20 + n));
    }
    court.alice.gatos(["state", "checkpoint"]).ok();
    synced(&court.alice);
    let before = payloads(&court.bob);
    assert_eq!(before, [1, 10, 11, 12]);
    let done = synced(&court.bob);
    assert_eq!(done["anew"][0]["events"], 2, "{done}");
    assert_eq!(court.record(), ["event.late"], "nothing else was refused");
    let all = [1, 10, 11, 12, 20, 21, 22, 23, 24, 25];
    assert_eq!(payloads(&court.bob), all, "each once");
    assert_eq!(at(&court.bob, &old.replace("refs/gatos/", "refs/gatos-lost/").replace("journal/", "")), tip);
    assert_eq!(journals(&court.bob), 2, "it goes on in a fresh replica");
    let accepted = at(&court.bob, &format!("{tip}~2"));
    assert_eq!(
        (at(&court.server, &old), at(&court.bob, &old)),
        (accepted.clone(), accepted),
        "what was accepted stays"
    );
    court.bob.gatos(["verify"]).ok().says("PASSED");
    court.bob.gatos(["sync"]).ok().says("nothing to do");
    // Another remote that was given the old journal before does not bring its events twice.
    let other = world.bare("other");
    court.bob.git(["push", "-q", other.path().to_str().expect("UTF-8"), &format!("{tip}:{old}")]).ok();
    court.bob.git(["remote", "add", "other", other.path().to_str().expect("UTF-8")]).ok();
    court.bob.gatos(["sync", "other"]).ok();
    assert_eq!(payloads(&court.bob), all, "each once");
    synced(&court.alice);
    assert_eq!(payloads(&court.alice), all);
    assert_eq!(state_root(&court.alice), state_root(&court.bob));
    // And bob speaks on behind them.
    court.emit(&court.bob, "{\"n\":13}");
    synced(&court.bob);
}

fn journals(repo: &Repo<'_>) -> usize {
    repo.git(["for-each-ref", "refs/gatos/journal/main"]).ok().stdout().lines().count()
}

/// Another server becomes the authority, and has nothing yet of what the one before accepted.
#[test]
fn must_bring_to_another_authority_what_was_accepted_before_the_rest_came_too_late() {
    let world = World::new();
    let court = open(&world);
    court.emit(&court.bob, "{\"n\":10}");
    synced(&court.bob);
    court.emit(&court.bob, "{\"n\":11}");
    let (old, tip) = court.journal(&court.bob);
    synced(&court.alice);
    (0..6).for_each(|n| court.emit(&court.alice, &format!("{{\"n\":{}}}", 20 + n)));
    court.alice.gatos(["state", "checkpoint"]).ok();
    synced(&court.alice);
    assert_eq!(synced(&court.bob)["anew"][0]["events"], 1);
    let fresh = world.bare("fresh");
    court.bob.git(["remote", "add", "fresh", fresh.path().to_str().expect("UTF-8")]).ok();
    court.bob.git(["config", "gatos.authority", "fresh"]).ok();
    let all = [1, 10, 11, 20, 21, 22, 23, 24, 25];
    assert_eq!(payloads(&court.bob), all);
    court.bob.gatos(["sync", "fresh"]).ok();
    assert_eq!(at(&fresh, &old), at(&court.bob, &format!("{tip}~1")));
    assert_eq!(payloads(&court.bob), all);
    court.bob.gatos(["verify"]).ok();
}

#[test]
fn a_checkpoint_that_lost_is_folded_again_on_the_new_tip() {
    let world = World::new();
    let court = open(&world);
    court.emit(&court.alice, "{\"n\":2}");
    synced(&court.alice);
    synced(&court.bob);
    for repo in [&court.alice, &court.bob] {
        repo.gatos(["state", "checkpoint"]).ok();
    }
    court.emit(&court.bob, "{\"n\":5}");
    court.bob.gatos(["state", "checkpoint"]).ok();
    court.emit(&court.alice, "{\"n\":6}");
    court.emit(&court.alice, "{\"n\":8}");
    synced(&court.alice);
    let first = at(&court.server, "refs/gatos/state/main");
    court.bob.gatos(["sync"]).ok();
    synced(&court.bob);
    let second = at(&court.server, "refs/gatos/state/main");
    assert_ne!(first, second);
    assert_eq!(at(&court.server, "refs/gatos/state/main~1"), first, "behind the one that won");
    assert!(court.record().iter().all(|rule| rule == "event.late"), "{:?}", court.record());
    court.bob.gatos(["verify", "--deep"]).ok().says("PASSED");
}

/// Whoever stops a sync in the middle has his own checkpoint still, or the one that took its place.
#[test]
fn must_let_go_of_no_checkpoint_before_the_next_one_stands() {
    let world = World::new();
    let court = open(&world);
    synced(&court.bob);
    court.emit(&court.bob, "{\"n\":5}");
    court.bob.gatos(["state", "checkpoint"]).ok();
    let own = at(&court.bob, "refs/gatos/state/main");
    court.emit(&court.alice, "{\"n\":6}");
    court.push(&court.alice, ["refs/gatos/journal/*:refs/gatos/journal/*"]).ok();
    court.alice.gatos(["state", "checkpoint"]).ok();
    court.push(&court.alice, ["refs/gatos/state/main"]).ok();
    let theirs = at(&court.server, "refs/gatos/state/main");
    for step in 1..80 {
        let clone = court.bob.copy(&format!("bob{step}"));
        let done = clone.command(["sync"]).env("GATOS_FAULT", format!("store:{step}:kill")).run();
        let held = at(&clone, "refs/gatos/state/main");
        let parent = clone.git(["rev-parse", "--verify", "-q", &format!("{held}^")]);
        assert!(held == own || parent.succeeded(), "step {step}: it holds {held}, theirs is {theirs}");
        if done.succeeded() {
            assert!(step > 6, "{step}");
            return;
        }
    }
    panic!("a sync makes few writes");
}

#[test]
fn plain_git_pushes_a_journal_as_well() {
    let world = World::new();
    let court = open(&world);
    court.emit(&court.alice, "{\"n\":2}");
    court.alice.git(["push", "-q", "origin", "refs/gatos/journal/*:refs/gatos/journal/*"]).ok();
    let done = synced(&court.alice);
    assert_eq!(len(&done, "pushed"), 0, "{done}");
}

#[test]
fn must_refuse_a_clone_of_another_repository_and_leave_nothing() {
    let world = World::new();
    let court = open(&world);
    let id = court.id();
    let url = format!("file://{}", court.server.path().display());
    let home = world.bare("desk").as_person("carol");
    let wrong = format!("blake3:{}", "0".repeat(64));
    let refused = home.gatos(["--json", "clone", &url, "shop", "--root", &wrong]).code(1).json();
    assert_eq!(fits("error", refused)["code"], "PIN_MISMATCH");
    home.gatos(["clone", &url, "shop", "--root", &wrong]).code(1).silent().err_says(&id);
    let left: Vec<_> =
        std::fs::read_dir(home.path()).expect("a directory").map(|e| e.expect("an entry").file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("shop")), "{left:?}");
    let made = fits("clone", home.gatos(["--json", "clone", &url, "shop", "--root", &id]).ok().json());
    assert_eq!(
        (&made["repo"], &made["first_use"], &made["known"]),
        (&id.as_str().into(), &false.into(), &false.into())
    );
    home.gatos(["clone", &url, "shop", "--root", &id]).code(2).silent().err_says("is there already");
    home.gatos(["clone", &url, "again"]).ok().says("key new").err_says("ON FIRST USE").err_says(&id);
    let again = home.path().join("again");
    let run = |args: &[&str]| world.command(env!("CARGO_BIN_EXE_git-gatos"), "carol", &again).args(args).run();
    run(&["state", "show"]).ok();
    run(&["verify"]).ok().says("PASSED");
    run(&["sync"]).ok().says("nothing to do");
    let bare = world.bare("empty");
    home.gatos(["clone", &format!("file://{}", bare.path().display()), "none"])
        .code(1)
        .silent()
        .err_says("no trust graph");
    home.gatos(["clone", "file:///nowhere/at/all", "none"]).code(3).silent();
    assert!(!home.path().join("none").exists());
}
