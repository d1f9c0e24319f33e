//! The example `linecount`: a history replayed as events folds to exactly what git counts.

use crate::harness::{Command, Outcome, Repo, World};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// Commits of the synthesised history: enough for every oddity that is asked for below.
const ODD: u32 = 300;

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/linecount")
}

/// The built example. `cargo test` builds it; a run of single test targets does not.
fn example() -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_git-gatos")).with_file_name("examples").join("linecount");
    let program = program.with_extension(std::env::consts::EXE_EXTENSION);
    let changed = |path: &Path| fs::metadata(path).and_then(|m| m.modified()).ok();
    let newest = sources(&source()).iter().filter_map(|path| changed(path)).max();
    assert!(changed(&program) >= newest, "the example is not built: cargo build --example linecount");
    program
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let below = |path: PathBuf| if path.is_dir() { sources(&path) } else { vec![path] };
    let files = entries.flat_map(below);
    files.filter(|path| path.extension().is_some_and(|e| e == "rs")).collect()
}

fn linecount(repo: &Repo<'_>, world: &World, args: &[&str]) -> Command {
    world.command(example().to_str().unwrap(), "alice", repo.path()).args(args)
}

/// A repository ready to take events, with the fold of the example.
fn ledger(world: &World) -> Repo<'_> {
    let ledger = world.repo("ledger");
    ledger.gatos(["init", "--actor", "user:counter"]).ok();
    ledger.write("gatos/fold.lua", fs::read(source().join("fold.lua")).unwrap());
    ledger
}

/// A bare repository with a synthesised history.
fn odd(world: &World) -> Repo<'_> {
    let odd = world.bare("odd");
    let stream = linecount(&odd, world, &["synthesise", &ODD.to_string()]).run().ok().bytes();
    let import = world.command("git", "alice", odd.path()).args(["fast-import", "--quiet", "--done"]);
    import.stdin(stream).run().ok();
    odd
}

/// The events of a history.
fn replay(ledger: &Repo<'_>, world: &World, place: &str, revision: &str) -> Vec<u8> {
    linecount(ledger, world, &["replay", place, revision]).run().ok().bytes()
}

fn emit(ledger: &Repo<'_>, events: Vec<u8>) -> Outcome {
    ledger.command(["emit", "--jsonl", "-"]).stdin(events).run().ok()
}

fn check(ledger: &Repo<'_>, world: &World, place: &str, revision: &str) -> Outcome {
    let state = ledger.gatos(["state", "show", "--raw", "--strict"]).ok().bytes();
    linecount(ledger, world, &["check", place, revision]).stdin(state).run()
}

/// Every change that the events speak of.
fn changes(events: &[u8]) -> Vec<Value> {
    let lines = events.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.flat_map(|line| files(&serde_json::from_slice(line).unwrap())).collect()
}

fn files(event: &Value) -> Vec<Value> {
    event["payload"]["files"].as_array().unwrap().clone()
}

#[test]
fn must_equal_git_on_this_projects_own_history() {
    let world = World::new();
    let ledger = ledger(&world);
    let here = env!("CARGO_MANIFEST_DIR");
    if !Path::new(here).join(".git").exists() {
        eprintln!("this is no checkout: the synthesised history stands in for the project's own");
        return replays(&ledger, &world, odd(&world).path().to_str().unwrap(), "main", ODD as usize);
    }
    // Where the tests run as somebody else than who made the checkout, git asks for this.
    ledger.git(["config", "--global", "safe.directory", "*"]).ok();
    let count = ledger.git(["-C", here, "rev-list", "--first-parent", "--count", "HEAD"]).ok().stdout();
    eprintln!("{count} commits by first parents");
    replays(&ledger, &world, here, "HEAD", count.parse().unwrap());
}

/// Replays a whole history and holds its fold against git.
fn replays(ledger: &Repo<'_>, world: &World, place: &str, revision: &str, commits: usize) {
    let events = replay(ledger, world, place, revision);
    emit(ledger, events);
    check(ledger, world, place, revision).ok().says(&format!("commits {commits}, ")).says("\nEQUAL\n");
    ledger.gatos(["log", "--reverted"]).ok().silent();
}

#[test]
fn must_equal_git_on_a_history_full_of_oddities() {
    let world = World::new();
    let (ledger, odd) = (ledger(&world), odd(&world));
    let events = replay(&ledger, &world, "../odd", "main");
    let changes = changes(&events);
    let has = |what: &str, fits: &dyn Fn(&Value) -> bool| assert!(changes.iter().any(fits), "no {what}");
    has("link that becomes binary", &|c| c["status"] == "T" && c["lines"] == "binary");
    has("binary file that becomes a link", &|c| c["status"] == "T" && c["lines"].is_i64());
    has("binary file that becomes text", &|c| c["status"] == "M" && c["lines"].is_i64());
    has("change of the mode alone", &|c| c["status"] == "M" && c["added"] == 0 && c["deleted"] == 0);
    has("binary file that goes", &|c| c["status"] == "D" && c.get("deleted").is_none());
    has("name that is quoted", &|c| c["path"].as_str().unwrap().starts_with('"'));
    has("name with a line break", &|c| c["path"].as_str().unwrap().contains('\n'));
    let kinds = String::from_utf8(events.clone()).unwrap();
    assert!(kinds.matches("\"type\":\"commit.more\"").count() > 1 && kinds.contains("\"files\":[]"));
    let merges = odd.git(["rev-list", "--merges", "--first-parent", "--count", "main"]).ok().stdout();
    assert!(merges.parse::<u32>().unwrap() > 5, "{merges} merges");
    assert!(odd.git(["ls-tree", "-r", "main"]).ok().stdout().contains("160000 commit"));

    replays(&ledger, &world, "../odd", "main", ODD as usize);
}

#[test]
fn goes_on_behind_what_was_replayed_before() {
    let world = World::new();
    let (ledger, _odd) = (ledger(&world), odd(&world));
    emit(&ledger, replay(&ledger, &world, "../odd", "main~100"));
    check(&ledger, &world, "../odd", "main~100").ok().says("EQUAL");
    check(&ledger, &world, "../odd", "main").code(1).says("tip: the state stands at ").says("DIFFERENT");
    let all = replay(&ledger, &world, "../odd", "main");
    emit(&ledger, all.clone()).says(" of them before)");
    check(&ledger, &world, "../odd", "main").ok().says("EQUAL");
    let lines = all.iter().filter(|byte| **byte == b'\n').count();
    emit(&ledger, all).says(&format!("({lines} of them before)"));
}

#[test]
fn no_setting_changes_a_byte() {
    let world = World::new();
    let odd = odd(&world);
    let plain = replay(&odd, &world, ".", "main");
    for (key, value) in [
        ("color.ui", "always"),
        ("core.quotePath", "false"),
        ("diff.algorithm", "histogram"),
        ("diff.ignoreSubmodules", "all"),
        ("diff.orderFile", "/nowhere"),
        ("diff.relative", "true"),
        ("diff.renames", "copies"),
        ("diff.submodule", "log"),
        ("format.pretty", "oneline"),
        ("i18n.logOutputEncoding", "ISO-8859-1"),
        ("log.abbrevCommit", "true"),
        ("log.date", "relative"),
        ("log.decorate", "full"),
        ("log.diffMerges", "off"),
        ("log.follow", "true"),
        ("log.mailmap", "true"),
        ("log.showRoot", "false"),
        ("log.showSignature", "true"),
    ] {
        odd.git(["config", key, value]).ok();
    }
    assert!(replay(&odd, &world, ".", "main") == plain);
    // Nor does a variable that a hook leaves behind, or a replacement.
    odd.git(["replace", "main", "main~1"]).ok();
    let hooked = linecount(&odd, &world, &["replay", ".", "main"]).env("GIT_DIR", "/nowhere");
    assert!(hooked.run().ok().bytes() == plain);
}

#[test]
fn attributes_say_what_is_binary() {
    let world = World::new();
    let (ledger, repo) = (ledger(&world), world.repo("attributed"));
    repo.write(".gitattributes", "*.generated -diff\n*.table diff\n");
    for content in ["a\0b\n", "a\nb\nc\0\n", "a\n"] {
        for name in ["a.generated", "a.table", "a.plain", "deep/a.generated"] {
            repo.write(name, content);
        }
        repo.git(["add", "."]).ok();
        repo.git(["commit", "-q", "-m", "another"]).ok();
    }
    // Asked from a folder of the work tree, too.
    emit(&ledger, replay(&ledger, &world, "../attributed/deep", "main"));
    check(&ledger, &world, "../attributed", "main").ok().says("files 5, lines 4, binary 2\nEQUAL");
}

#[test]
fn a_state_that_is_wrong_is_told_from_git() {
    let world = World::new();
    let (ledger, repo) = (ledger(&world), world.repo("small"));
    repo.write("one", "1\n2\n");
    repo.write("two", "\0");
    repo.git(["add", "."]).ok();
    repo.git(["commit", "-q", "-m", "both"]).ok();
    emit(&ledger, replay(&ledger, &world, "../small", "main"));
    check(&ledger, &world, "../small", "main").ok();
    let state = ledger.gatos(["state", "show", "--raw"]).ok().stdout();
    for (from, to, said) in [
        ("\"one\":2", "\"one\":3", "file \"one\": the state says 3, git says 2"),
        ("\"one\":2", "\"1\":2", "file \"1\": the state says 2, git says nothing"),
        ("\"binary\"", "0", "file \"two\": the state says 0, git says binary"),
        (">\":1", ">\":2", "author \"alice <alice@example.org>\": the state says 2, git says 1"),
    ] {
        let wrong = state.replace(from, to);
        assert_ne!(wrong, state);
        linecount(&ledger, &world, &["check", "../small"]).stdin(wrong).run().code(1).says(said).says("DIFFERENT");
    }
    linecount(&ledger, &world, &["check", "../small"]).stdin("{}").run().code(1).says("stands at none");
}

#[test]
fn an_event_that_is_missing_does_not_pass() {
    let world = World::new();
    let (ledger, _odd) = (ledger(&world), odd(&world));
    let events = String::from_utf8(replay(&ledger, &world, "../odd", "main")).unwrap();
    let without: Vec<&str> = events.lines().enumerate().filter(|(n, _)| *n != 20).map(|(_, line)| line).collect();
    emit(&ledger, without.join("\n").into_bytes());
    let state = ledger.gatos(["state", "show", "--raw"]).ok().bytes();
    linecount(&ledger, &world, &["check", "../odd", "main"]).stdin(state).run().code(1).says("DIFFERENT");
}

#[test]
fn what_cannot_be_done_is_said() {
    let world = World::new();
    let repo = world.repo("empty");
    let run = |args: &[&str]| linecount(&repo, &world, args).stdin("{}").run();
    for typed in [&[][..], &["count"], &["synthesise"], &["synthesise", "x"], &["replay", "a", "b", "c"]] {
        run(typed).code(2).silent().err_says("usage:");
    }
    for place in [&["replay"][..], &["replay", "../nowhere"], &["check", ".", "--all"]] {
        run(place).code(3).silent().err_says("linecount: git ended with");
    }
}
