//! The harness itself: sealed, deterministic, and its checks can fail.

use super::World;
use serde_json::json;
use std::collections::BTreeSet;

/// Runs a line of shell in a repository, by way of git.
fn alias(line: &str) -> [String; 3] {
    ["-c".to_owned(), format!("alias.line=!{line}"), "line".to_owned()]
}

#[test]
fn a_command_sees_its_own_surroundings_alone() {
    let world = World::new();
    let repo = world.repo("a");
    let shown = repo.git(alias("env")).ok().stdout();
    let names: BTreeSet<&str> = shown.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
    let known: BTreeSet<&str> = [
        "PATH",
        "HOME",
        "XDG_CONFIG_HOME",
        "XDG_STATE_HOME",
        "GIT_CONFIG_GLOBAL",
        "GIT_CONFIG_NOSYSTEM",
        "GIT_AUTHOR_DATE",
        "GIT_COMMITTER_DATE",
        "GATOS_CLOCK",
        "GATOS_SEED",
        // Git and the shell set these.
        "GIT_CONFIG_PARAMETERS",
        "GIT_PREFIX",
        "GIT_EXEC_PATH",
        "OLDPWD",
        "PWD",
        "SHLVL",
        "_",
    ]
    .into();
    let others: Vec<_> = names.difference(&known).collect();
    assert!(others.is_empty(), "the surroundings leak: {others:?}");
    for line in
        shown.lines().filter(|l| l.starts_with("HOME=") || l.starts_with("XDG_") || l.starts_with("GIT_CONFIG_GLOBAL="))
    {
        assert!(line.contains(world.path().to_str().expect("UTF-8")), "{line} lies outside the world");
    }
}

#[test]
fn each_command_is_a_second_later_and_draws_from_another_seed() {
    let world = World::new();
    let repo = world.repo("a");
    let look = || repo.git(alias("echo $GATOS_CLOCK $GATOS_SEED")).ok().stdout();
    assert_eq!([look(), look()], ["2026-11-21T09:00:01Z alice 2", "2026-11-21T09:00:02Z alice 3"]);
}

#[test]
fn two_worlds_write_the_same_commits() {
    let tip = || {
        let world = World::new();
        let repo = world.repo("a");
        repo.write("deep/file.txt", "one\n");
        repo.git(["add", "."]).ok();
        repo.git(["commit", "-q", "-m", "first"]).ok().silent();
        repo.git(["rev-parse", "HEAD"]).ok().stdout()
    };
    assert_eq!(tip(), tip());
}

#[test]
fn both_spellings_of_the_program_run_the_binary_under_test() {
    let world = World::new();
    let repo = world.repo("a");
    repo.gatos(["--version"]).ok();
    repo.git(["gatos", "--version"]).ok();
    assert_eq!(repo.command(["--version"]).spawn().wait().ok().bytes(), repo.gatos(["--version"]).bytes());
}

#[test]
fn clones_and_copies_stand_beside_each_other() {
    let world = World::new();
    let bare = world.bare("origin");
    assert_eq!(bare.git(["rev-parse", "--is-bare-repository"]).ok().stdout(), "true");
    let repo = bare.clone_to("work");
    repo.write("a", "1");
    repo.git(["add", "a"]).ok();
    repo.git(["commit", "-q", "-m", "a"]).ok();
    let tip = repo.git(["rev-parse", "HEAD"]).ok().stdout();
    for other in [repo.copy("copied"), repo.clone_mirror("mirrored"), repo.clone_to("cloned")] {
        assert_eq!(other.git(["rev-parse", "main"]).ok().stdout(), tip, "{}", other.path().display());
    }
    assert_eq!(repo.copy("again").read("a"), "1");
}

#[test]
fn people_have_homes_of_their_own() {
    let world = World::new();
    let repo = world.repo("a");
    let name = ["config", "user.name"];
    assert_eq!(repo.git(name).ok().stdout(), "alice");
    assert_eq!(repo.as_person("bob").git(name).ok().stdout(), "bob");
    assert_ne!(world.home("alice"), world.home("bob"));
}

#[test]
fn output_is_read_as_text_lines_or_json() {
    let world = World::new();
    let repo = world.repo("a");
    assert_eq!(repo.git(alias("echo '{\"n\": [1]}'")).ok().json(), json!({"n": [1]}));
    assert_eq!(repo.git(alias("echo 1; echo; echo '\"a\"'")).ok().jsonl(), [json!(1), json!("a")]);
    assert_eq!(repo.git(alias("echo talk >&2; exit 3")).code(3).silent().err_says("talk").stderr(), "talk");
    assert_eq!(repo.git(alias("printf 'a\\n\\n'")).says("a").stdout(), "a\n");
}

#[test]
fn standard_input_variables_and_kills_reach_a_command() {
    let world = World::new();
    let repo = world.repo("a");
    let shell = |line| world.command("sh", "alice", repo.path()).args(["-c", line]);
    assert_eq!(shell("cat; echo $MORE").stdin("in ").env("MORE", "out").run().ok().stdout(), "in out");
    shell("read line").stdin("x".repeat(1 << 20)).run();
    shell("exec sleep 60").spawn().kill().killed();
    drop(shell("exec sleep 60").spawn());
}

#[test]
fn nothing_is_left_behind() {
    let world = World::new();
    let repo = world.repo("a");
    let path = world.path().to_path_buf();
    assert!(repo.path().starts_with(&path) && path.exists());
    drop(world);
    assert!(!path.exists());
}

#[test]
#[should_panic(expected = "expected exit code 0")]
fn a_wrong_code_is_noticed() {
    World::new().repo("a").git(["-c", "alias.line=!exit 1", "line"]).ok();
}

#[test]
#[should_panic(expected = "expected \"b\" on standard output")]
fn a_missing_word_is_noticed() {
    World::new().repo("a").git(alias("echo a; echo b >&2")).says("b");
}

#[test]
#[should_panic(expected = "expected \"a\" on standard error")]
fn a_missing_complaint_is_noticed() {
    World::new().repo("a").git(alias("echo a; echo b >&2")).err_says("a");
}

#[test]
#[should_panic(expected = "expected nothing on standard output")]
fn chatter_is_noticed() {
    World::new().repo("a").git(alias("echo a")).silent();
}

#[test]
#[should_panic(expected = "expected it to be killed")]
fn a_natural_end_is_noticed() {
    World::new().repo("a").git(alias("true")).killed();
}

#[test]
#[should_panic(expected = "expected JSON (")]
fn broken_json_is_noticed() {
    World::new().repo("a").git(alias("echo '{'")).json();
}
