//! Many processes append at once while git tidies up under them.

use super::{emit, passes, ready, resolve, sound, text};
use crate::harness::{Repo, World};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

const PROCESSES: usize = 8;
const APPENDS: usize = 50;

/// Collects garbage and packs refs, over and over, until told to stop.
fn tidy_up(repo: &Repo<'_>, stop: &AtomicBool) -> usize {
    let mut rounds = 0;
    while !stop.load(Ordering::SeqCst) {
        repo.git(["gc", "-q"]).ok();
        repo.git(["pack-refs", "--all"]).ok();
        rounds += 1;
    }
    rounds
}

/// Emits to the journal that all processes share and to one of its own, and gives the receipts.
fn append(repo: &Repo<'_>, process: usize) -> Vec<Value> {
    let own = format!("own{process}");
    let mut receipts = Vec::new();
    for n in 0..APPENDS {
        let payload = json!({"process": process, "n": n}).to_string();
        for ns in ["main", &own] {
            receipts.push(repo.gatos(["--json", "emit", "add", &payload, "--ns", ns]).ok().json());
        }
    }
    receipts
}

/// Who said what in a namespace, each entry as often as it stands there.
fn said(repo: &Repo<'_>, ns: &str) -> Vec<(u64, u64)> {
    let number = |event: &Value, field: &str| event["payload"][field].as_u64().expect("a number");
    let log = repo.gatos(["--json", "log", "--ns", ns]).ok().jsonl();
    let mut said: Vec<_> = log.iter().map(|e| (number(e, "process"), number(e, "n"))).collect();
    said.sort_unstable();
    said
}

#[test]
fn must_lose_no_append() {
    let world = World::new();
    let repo = ready(&world, "race");
    let stop = AtomicBool::new(false);
    let (receipts, rounds) = thread::scope(|scope| {
        let (repo, stop) = (&repo, &stop);
        let tidying = scope.spawn(move || tidy_up(repo, stop));
        let writers: Vec<_> = (0..PROCESSES).map(|process| scope.spawn(move || append(repo, process))).collect();
        let receipts: Vec<_> = writers.into_iter().map(|writer| writer.join()).collect();
        stop.store(true, Ordering::SeqCst);
        let receipts: Vec<Value> = receipts.into_iter().flat_map(|r| r.expect("every append is stored")).collect();
        (receipts, tidying.join().expect("git tidies up"))
    });
    assert!(rounds > 1, "git has tidied up {rounds} times meanwhile");

    let all: Vec<(u64, u64)> = (0..PROCESSES as u64).flat_map(|p| (0..APPENDS as u64).map(move |n| (p, n))).collect();
    assert_eq!(said(&repo, "main"), all, "none lost, none doubled");
    for process in 0..PROCESSES as u64 {
        let own: Vec<_> = (0..APPENDS as u64).map(|n| (process, n)).collect();
        assert_eq!(said(&repo, &format!("own{process}")), own);
    }
    // Every receipt is of an event of its own, and one journal a namespace means that no replica was drawn meanwhile.
    let cids: BTreeSet<String> = receipts.iter().map(|r| text(r, "cid")).collect();
    assert_eq!(cids.len(), 2 * PROCESSES * APPENDS);
    sound(&repo);
    let report = passes(&repo);
    assert_eq!((&report["journals"], &report["events"]), (&json!(1 + PROCESSES), &json!(2 * PROCESSES * APPENDS)));
}

#[test]
fn must_keep_a_batch_and_single_appends_apart() {
    let world = World::new();
    let repo = ready(&world, "race");
    let lines: String = (0..2000).map(|n| json!({"type": "add", "payload": {"n": n}}).to_string() + "\n").collect();
    let batch = repo.command(["emit", "--jsonl", "-", "--group", "100"]).stdin(lines).spawn();
    for n in 0..10 {
        emit(&repo, &json!({"n": n}).to_string());
    }
    batch.wait().ok();
    sound(&repo);
    assert_eq!(passes(&repo)["events"], json!(2010));
}

#[test]
fn must_write_one_chain_of_checkpoints() {
    let world = World::new();
    let repo = ready(&world, "race");
    emit(&repo, r#"{"n":1}"#);
    // Each of them emits and then checkpoints, so that no two fold the same window.
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..5 {
                    emit(&repo, r#"{"n":1}"#);
                    repo.gatos(["state", "checkpoint"]).ok();
                }
            });
        }
    });
    assert_eq!(repo.gatos(["state", "show", "--raw"]).ok().stdout(), r#"{"count":21}"#);
    repo.gatos(["state", "checkpoint"]).ok();
    let last = repo.gatos(["--json", "state", "history"]).ok().jsonl().remove(0);
    assert_eq!((&last["events"], text(&last, "commit")), (&json!(21), resolve(&repo, "refs/gatos/state/main")));
    sound(&repo);
    passes(&repo);
}
