//! A command that fails, or dies as by `kill -9`, at any of its writes: the repository opens, the physician is content,
//! no event is there by half, and the same command again does the rest.
//!
//! One prepared repository is copied for each step. A copy is another clone and draws a new replica, which changes nothing
//! here: events are counted, not journals.

use super::{emit, healthy, passes, plain, ready, sound};
use crate::harness::{Command, Outcome, Repo, World};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

/// More writes than any of these commands makes.
const STEPS_MAX: u32 = 120;
/// Steps are tried by two at a time.
const HANDS: u32 = 2;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fault {
    Error,
    Kill,
}

impl Fault {
    fn order(self, step: u32) -> String {
        format!("store:{step}:{}", if self == Fault::Error { "error" } else { "kill" })
    }
}

/// Runs a command that is to fail at a step.
fn disturbed(command: Command, fault: Fault, step: u32) -> Outcome {
    command.env("GATOS_FAULT", fault.order(step)).run()
}

/// The number of writes that a command makes: dying at the next one is not possible any more.
fn count_steps(mut dies_at: impl FnMut(u32) -> bool) -> u32 {
    (1..STEPS_MAX).find(|step| !dies_at(*step)).expect("a command makes few writes") - 1
}

/// Tries every step with both faults.
fn each_step(steps: u32, faults: &[Fault], try_one: impl Fn(u32, Fault) + Sync) {
    let next = AtomicU32::new(0);
    thread::scope(|scope| {
        for _ in 0..HANDS {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::SeqCst);
                    let (step, fault) = (at / faults.len() as u32 + 1, faults[at as usize % faults.len()]);
                    if step > steps {
                        return;
                    }
                    try_one(step, fault);
                }
            });
        }
    });
}

/// What must be true of a repository after a disturbed command; gives the number of its events.
#[track_caller]
fn assert_whole(repo: &Repo<'_>) -> u64 {
    sound(repo);
    healthy(repo);
    passes(repo)["events"].as_u64().expect("a count")
}

/// The command died, or said that it could not; or the fault was in something that it can do without.
#[track_caller]
fn assert_disturbed(outcome: Outcome, fault: Fault) -> Option<Value> {
    match fault {
        Fault::Kill => {
            outcome.killed();
            None
        }
        Fault::Error => {
            let said = outcome.json();
            if said["ok"] == false {
                assert!(said["reason"].as_str().is_some_and(|r| r.contains("injected fault")), "{said}");
            }
            Some(said)
        }
    }
}

const BOTH: [Fault; 2] = [Fault::Error, Fault::Kill];

/// Copies the prepared repository; the copy has emitted once, so that the journal is there already.
fn copied<'w>(repo: &Repo<'w>, name: &str) -> Repo<'w> {
    let copy = repo.copy(name);
    emit(&copy, r#"{"n":1}"#);
    copy
}

/// Events before the disturbed command: one in the prepared repository, one in its copy.
const BEFORE: u64 = 2;

#[test]
fn must_survive_a_fault_at_every_step_of_emit() {
    let world = World::new();
    let repo = ready(&world, "repo");
    emit(&repo, r#"{"n":1}"#);
    // The same ULID each time: who repeats himself after a failure must not be heard twice.
    let args = ["--json", "emit", "add", r#"{"n":5}"#, "--ulid", "01KAJ0000000000000000000AA"];
    // Two places: behind an event of this replica, and as the first of a new one.
    for first in [false, true] {
        let prepared = |name: &str| if first { repo.copy(name) } else { copied(&repo, name) };
        let steps = count_steps(|n| {
            let copy = prepared(&format!("count-{first}-{n}"));
            disturbed(copy.command(args), Fault::Kill, n).was_killed()
        });
        assert!(steps >= 3, "an append, its ref and a memory are written: {steps}");
        each_step(steps, &BOTH, |step, fault| {
            let copy = prepared(&format!("{first}-{step}-{fault:?}"));
            let before = if first { BEFORE - 1 } else { BEFORE };
            let said = assert_disturbed(disturbed(copy.command(args), fault, step), fault);
            let events = assert_whole(&copy);
            assert!([before, before + 1].contains(&events), "half an event: {events}");
            if let Some(said) = said {
                assert_eq!(events == before, said["ok"] == false, "what is said is what is so: {said}");
            }
            copy.gatos(args).ok();
            assert_eq!(assert_whole(&copy), before + 1);
        });
    }
}

fn lines(count: u64) -> String {
    let line = |n: u64| json!({"type": "add", "payload": {"n": n}, "ulid": format!("01KAJ{n:021}")}).to_string() + "\n";
    (0..count).map(line).collect()
}

#[test]
fn must_survive_a_fault_at_every_step_of_a_batch() {
    let world = World::new();
    let repo = ready(&world, "repo");
    emit(&repo, r#"{"n":1}"#);
    const EVENTS: u64 = 300;
    repo.write("events.jsonl", lines(EVENTS));
    let args = ["--json", "emit", "--jsonl", "events.jsonl", "--group", "100"];
    let steps = count_steps(|n| {
        let copy = copied(&repo, &format!("count-{n}"));
        disturbed(copy.command(args), Fault::Kill, n).was_killed()
    });
    assert!(steps >= 6, "pack, index, two renames, ref and memory are written: {steps}");
    each_step(steps, &BOTH, |step, fault| {
        let copy = copied(&repo, &format!("{step}-{fault:?}"));
        let said = assert_disturbed(disturbed(copy.command(args), fault, step), fault);
        let events = assert_whole(&copy);
        assert!([BEFORE, BEFORE + EVENTS].contains(&events), "a batch is one move of the ref: {events}");
        if let Some(said) = said {
            let stored = if said["ok"] == false { &said["stored"] } else { &said["lines"] };
            assert_eq!(stored.as_u64(), Some(events - BEFORE), "what is said is what is so: {said}");
        }
        copy.gatos(args).ok();
        assert_eq!(assert_whole(&copy), BEFORE + EVENTS);
    });
}

/// Two batches, the second short: a failure says how many lines are stored, and `--skip` goes on behind them.
#[test]
fn must_resume_behind_a_fault_in_any_batch() {
    let world = World::new();
    let repo = ready(&world, "repo");
    const EVENTS: u64 = gatos::node::BATCH_EVENTS as u64 + 8;
    let unnamed = |n: u64| json!({"type": "add", "payload": {"n": n}}).to_string() + "\n";
    repo.write("events.jsonl", (0..EVENTS).map(unnamed).collect::<String>());
    let args = ["--json", "emit", "--jsonl", "events.jsonl", "--group", "1024"];
    let steps = count_steps(|n| {
        let copy = repo.copy(&format!("count-{n}"));
        disturbed(copy.command(args), Fault::Kill, n).was_killed()
    });
    each_step(steps, &[Fault::Error], |step, fault| {
        let copy = repo.copy(&format!("step-{step}"));
        let said = assert_disturbed(disturbed(copy.command(args), fault, step), fault).expect("it lives on");
        let stored = if said["ok"] == false { &said["stored"] } else { &said["lines"] };
        let stored = stored.as_u64().unwrap_or_else(|| panic!("how many are stored? {said}"));
        if stored > 0 {
            assert_eq!(passes(&copy)["events"], json!(stored), "what is said is what is so: {said}");
        }
        let skip = stored.to_string();
        copy.gatos(args.into_iter().chain(["--skip", &skip])).ok();
        assert_eq!(assert_whole(&copy), EVENTS, "none lost, none doubled");
    });
}

#[test]
fn must_survive_a_fault_at_every_step_of_a_checkpoint() {
    let world = World::new();
    let repo = ready(&world, "repo");
    emit(&repo, r#"{"n":1}"#);
    repo.gatos(["state", "checkpoint"]).ok();
    let args = ["--json", "state", "checkpoint"];
    let steps = count_steps(|n| {
        let copy = copied(&repo, &format!("count-{n}"));
        disturbed(copy.command(args), Fault::Kill, n).was_killed()
    });
    assert!(steps >= 6, "three files, tree, commit and ref are written: {steps}");
    let undisturbed = copied(&repo, "undisturbed").gatos(args).ok().json();
    each_step(steps, &BOTH, |step, fault| {
        let copy = copied(&repo, &format!("{step}-{fault:?}"));
        assert_disturbed(disturbed(copy.command(args), fault, step), fault);
        assert_eq!(assert_whole(&copy), BEFORE);
        let again = copy.gatos(args).ok().json();
        assert_eq!((&again["state_root"], &again["events"]), (&undisturbed["state_root"], &json!(BEFORE)));
        let checkpoints = &passes(&copy)["checkpoints"];
        assert_eq!(checkpoints, &json!(2), "none is there by half, none twice");
        copy.gatos(["fold", "verify"]).ok().says("PASSED");
    });
}

/// Each step in the hands of somebody new, whose key is made too.
#[test]
fn must_survive_a_fault_at_every_step_of_init() {
    let world = World::new();
    let repo = plain(&world, "repo");
    let copied = |name: &str| repo.copy(name).as_person(&name.to_lowercase());
    let steps = count_steps(|n| {
        let copy = copied(&format!("count-{n}"));
        disturbed(copy.command(["--json", "init"]), Fault::Kill, n).was_killed()
    });
    assert!(steps >= 15, "key, settings, genesis, pin, bundle and files are written: {steps}");
    each_step(steps, &BOTH, |step, fault| {
        let name = format!("step-{step}-{fault:?}");
        let copy = copied(&name);
        assert_disturbed(disturbed(copy.command(["--json", "init"]), fault, step), fault);
        sound(&copy);
        healthy(&copy);
        let report = copy.gatos(["--json", "init"]).ok().json();
        assert_eq!(report["key_known"], true, "{report}");
        assert_eq!(copy.gatos(["key", "show"]).ok().stdout().lines().count(), 1, "one person has one key");
        assert_eq!(copy.gatos(["--json", "init"]).ok().json()["unchanged"], true, "nothing is left to do");
        assert_eq!(
            (copy.read("gatos/fold.lua").is_empty(), copy.read("gatos/config/profile.yaml").is_empty()),
            (false, false)
        );
        emit(&copy, r#"{"n":1}"#);
        copy.gatos(["state", "show", "--raw"]).ok().says(r#"{"count":1}"#);
        assert_eq!(assert_whole(&copy), 1);
        let report = passes(&copy);
        assert_eq!((&report["trust_versions"], &report["bundles"]), (&json!(1), &json!(1)), "one law, made once");
    });
}
