//! `emit --jsonl` of a pipe whose other end takes its time.

use super::{fits, ready, refused};
use crate::harness::{Repo, Running, World, until};
use serde_json::json;
use std::fs::File;
use std::io::Write as _;
use std::time::Duration;

/// `emit --jsonl -` with a pipe as its input, and the other end of that pipe.
pub(super) fn piped(world: &World, repo: &Repo<'_>, options: &str) -> (Running, File) {
    world.command("mkfifo", repo.person(), repo.path()).args(["in"]).run().ok();
    let line = format!("exec {} emit --jsonl - {options} < in", env!("CARGO_BIN_EXE_git-gatos"));
    let running = world.command("bash", repo.person(), repo.path()).args(["-c", &line]).spawn();
    let pipe = File::options().write(true).open(repo.path().join("in")).expect("the command opens its input");
    (running, pipe)
}

pub(super) fn add(pipe: &mut File, count: usize) {
    pipe.write_all("{\"type\":\"add\",\"payload\":{\"n\":1}}\n".repeat(count).as_bytes()).expect("somebody reads");
}

/// Waits until so many events are stored.
#[track_caller]
pub(super) fn stored(repo: &Repo<'_>, count: usize) {
    until(&format!("{count} stored events, while the pipe waits"), || {
        let shown = repo.gatos(["log"]);
        shown.succeeded() && shown.stdout().lines().count() == count
    });
}

#[test]
fn a_pipe_that_waits_keeps_nobody_waiting() {
    let world = World::new();
    let repo = ready(&world, "a");
    let (running, mut pipe) = piped(&world, &repo, "--group 2");
    add(&mut pipe, 3);
    stored(&repo, 3);
    let other = fits("emit", repo.gatos(["emit", "add", "{\"n\":5}", "--json"]).ok().json());
    assert_eq!(other["seq"], 4);
    repo.write("e.jsonl", "{\"type\":\"add\",\"payload\":{\"n\":2}}\n".repeat(9000));
    repo.gatos(["emit", "--jsonl", "e.jsonl"]).ok().says("stored lines 1..9000");
    add(&mut pipe, 2);
    drop(pipe);
    running.wait().ok().says("stored lines 1..5, the last: 9006 ");
    repo.gatos(["state", "show", ".count"]).ok().says("18010");
    let events = repo.gatos(["log", "--json"]).ok().jsonl();
    let of = |seqs: [usize; 2]| events[seqs[0] - 1]["commit"] == events[seqs[1] - 1]["commit"];
    assert_eq!([of([1, 2]), of([2, 3]), of([3, 4]), of([9005, 9006])], [true, false, false, true]);
    repo.gatos(["verify"]).ok().says("9006 events");
    repo.git(["fsck", "--strict"]).ok();
}

#[test]
fn an_interrupt_ends_a_wait_and_keeps_what_was_read() {
    let world = World::new();
    let repo = ready(&world, "a");
    let (running, mut pipe) = piped(&world, &repo, "--json --skip 1");
    add(&mut pipe, 4);
    stored(&repo, 3);
    running.interrupt();
    // The pipe stays open: a command that waits for it would see its end and succeed.
    let keeper = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(30));
        drop(pipe);
    });
    let frame = refused(running.wait(), 3, "CANCELLED");
    assert!(!keeper.is_finished(), "it waited for the pipe");
    assert_eq!(frame["stored"], 4);
    assert_eq!(frame["hint"], "stored lines 1..4; go on behind them with --skip 4");
    repo.gatos(["verify"]).ok().says("3 events");
}

#[test]
fn a_ulid_that_another_process_used_meanwhile_is_known() {
    let world = World::new();
    let repo = ready(&world, "a");
    let (running, mut pipe) = piped(&world, &repo, "--json");
    let named = |n: u32| format!("{{\"type\":\"add\",\"payload\":{n},\"ulid\":\"01JX000000000000000000000{n}\"}}\n");
    pipe.write_all(named(1).as_bytes()).expect("somebody reads");
    stored(&repo, 1);
    repo.gatos(["emit", "add", "2", "--ulid", "01JX0000000000000000000002"]).ok();
    repo.gatos(["emit", "add", "9", "--ulid", "01JX0000000000000000000003"]).ok();
    pipe.write_all((named(2) + &named(4)).as_bytes()).expect("somebody reads");
    stored(&repo, 4);
    pipe.write_all((named(1) + &named(3)).as_bytes()).expect("somebody reads");
    drop(pipe);
    let frame = refused(running.wait(), 3, "DUPLICATE_ULID");
    assert_eq!(frame["stored"], json!(3));
    assert!(frame["reason"].as_str().expect("a reason").starts_with("-:5:1: "), "{frame}");
    repo.gatos(["verify"]).ok().says("4 events");
}

/// What is left of a file is not read on, and started by `git gatos` the program hears of one Ctrl-C twice.
#[test]
fn an_interrupt_ends_a_file_and_says_how_to_go_on() {
    let world = World::new();
    let repo = world.repo("alice");
    repo.gatos(["init"]).ok();
    let lines = 200_000;
    repo.write("all.jsonl", "{\"type\":\"add\",\"payload\":{\"n\":1}}\n".repeat(lines));
    let running = repo.command(["--json", "emit", "--jsonl", "all.jsonl"]).spawn();
    let journal = || !repo.git(["for-each-ref", "refs/gatos/journal"]).ok().stdout().is_empty();
    until("the first batch", journal);
    running.interrupt();
    running.interrupt();
    let frame = refused(running.wait(), 3, "CANCELLED");
    let stored = repo.gatos(["--json", "log"]).ok().stdout().lines().count();
    assert!(stored > 0 && stored < lines, "{stored}");
    assert_eq!(frame["stored"], stored);
    assert!(frame["hint"].as_str().expect("a hint").ends_with(&format!("--skip {stored}")), "{frame}");
}
