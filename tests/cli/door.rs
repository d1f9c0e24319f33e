//! What holds for every verb: exit codes, the two streams, JSON, closed pipes.

use super::{counted, ready, refused};
use crate::harness::World;

#[test]
fn alone_it_prints_help_with_every_verb() {
    let world = World::new();
    let help = world.repo("a").gatos([""; 0]).ok().stdout();
    for verb in [
        "init",
        "emit",
        "log",
        "state",
        "fold",
        "bisect",
        "lint",
        "foldc",
        "verify",
        "doctor",
        "key",
        "trust",
        "demo",
        "plumb",
        "completions",
        "man",
    ] {
        let line = help.lines().find(|line| line.starts_with(&format!("  {verb} ")));
        let line = line.unwrap_or_else(|| panic!("{verb} is missing\n{help}"));
        assert!(line.trim().len() > verb.len() + 10, "{verb} has no purpose");
    }
    assert_eq!(world.repo("b").gatos(["--help"]).ok().stdout().lines().next(), help.lines().next());
}

#[test]
fn a_mistake_in_typing_exits_with_2() {
    let world = World::new();
    let repo = world.repo("a");
    repo.gatos(["emti"]).code(2).silent().err_says("emit").err_says("try '-h'.");
    repo.gatos(["state", "show", "--colour"]).code(2).silent().err_says("--colour");
    let frame = refused(repo.gatos(["emti", "--json"]), 2, "USAGE");
    assert!(frame["reason"].as_str().expect("a text").starts_with("unrecognized subcommand 'emti'"));
    refused(repo.gatos(["--json", "log", "--ns", "NO"]), 2, "USAGE");
    // Behind `--` it is no option of ours.
    repo.gatos(["emti", "--", "--json"]).code(2).silent();
}

#[test]
fn what_cannot_be_done_exits_with_3() {
    let world = World::new();
    let repo = world.repo("a");
    repo.gatos(["log"]).code(3).silent().err_says("error: this repository has no trust genesis; run: git gatos init");
    refused(repo.gatos(["log", "--json"]), 3, "NO_GENESIS");
    let outside = world.command(env!("CARGO_BIN_EXE_git-gatos"), "alice", world.path()).args(["log", "--json"]);
    refused(outside.run(), 3, "REPO_NOT_FOUND");
}

#[test]
fn output_that_nobody_reads_is_no_fault() {
    let world = World::new();
    let repo = counted(&world, &["1", "2"]);
    let line = format!("{} log; echo $? >&2", env!("CARGO_BIN_EXE_git-gatos"));
    let shell = |line: &str| world.command("bash", "alice", repo.path()).args(["-c", line]).run();
    shell(&format!("({line}) | true")).ok();
    // Standard output closed at once: the pipe breaks at the first write.
    let broken = shell(&format!("({line}) > >(exec true); wait; sleep 0.1"));
    let said = broken.stderr();
    assert!(!said.contains("panicked") && !said.contains("mistake"), "{said}");
    for verb in ["--help", "state show", "verify", "reference"] {
        let said = shell(&format!("{} {verb} | true", env!("CARGO_BIN_EXE_git-gatos"))).stderr();
        assert!(!said.contains("panicked") && !said.contains("error"), "{verb}: {said}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_finds_no_room_is_a_failure() {
    let world = World::new();
    let repo = counted(&world, &["1"]);
    let line = format!("{} log > /dev/full", env!("CARGO_BIN_EXE_git-gatos"));
    let full = world.command("bash", "alice", repo.path()).args(["-c", &line]).run();
    full.code(3).err_says("error: writing to standard output: ");
}

#[test]
fn a_verdict_survives_a_closed_pipe() {
    let world = World::new();
    let repo = counted(&world, &["1"]);
    repo.git(["update-ref", "-d", "refs/gatos/policies/active"]).ok();
    let gatos = env!("CARGO_BIN_EXE_git-gatos");
    let line = format!("set -o pipefail; {gatos} verify | true");
    let code = world.command("bash", "alice", repo.path()).args(["-c", &line]).run();
    code.code(1);
}

#[test]
fn no_colour_where_nobody_sees_it() {
    let world = World::new();
    let repo = counted(&world, &["1"]);
    for verb in [&["log"][..], &["verify"], &["state", "diff", "2000-01-01T00:00:00Z"]] {
        let bytes = repo.gatos(verb).ok().bytes();
        assert!(!bytes.contains(&0x1b), "{verb:?}");
    }
}

#[test]
fn linked_worktrees_and_folders_below_speak_in_the_same_repository() {
    let world = World::new();
    let repo = ready(&world, "a");
    repo.git(["commit", "-q", "--allow-empty", "-m", "a"]).ok();
    repo.git(["worktree", "add", "-q", "../linked"]).ok();
    let linked = world.path().join("linked");
    let below = repo.path().join("gatos");
    for (seq, dir) in [(1, linked), (2, below)] {
        let emit =
            world.command(env!("CARGO_BIN_EXE_git-gatos"), "alice", &dir).args(["emit", "add", "{\"n\":1}"]).run();
        assert!(emit.ok().stdout().starts_with(&format!("{seq} ")));
    }
}

#[test]
fn a_mistake_of_ours_is_told_as_one() {
    let world = World::new();
    let repo = world.repo("a");
    let broken = |args: &[&str]| repo.command(args).env("GATOS_FAULT", "nonsense").run();
    broken(&["log"]).code(4).silent().err_says("a mistake in git-gatos, not yours: GATOS_FAULT");
    refused(broken(&["log", "--json"]), 4, "INTERNAL");
}
