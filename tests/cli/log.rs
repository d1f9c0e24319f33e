use super::{counted, fits, ready, refused, words};
use crate::harness::{Repo, Running, World};
use std::time::{Duration, Instant};

#[test]
fn it_shows_events_in_order_and_filters_them() {
    let world = World::new();
    let repo = counted(&world, &["1", "2"]);
    repo.gatos(["emit", "note", "\"x\""]).ok();
    let lines = |args: &[&str]| -> Vec<String> {
        let shown = repo.gatos(["log"].iter().chain(args)).ok().stdout();
        shown.lines().map(str::to_owned).collect()
    };
    let all = lines(&[]);
    assert_eq!(all.len(), 3);
    assert!(all[0].starts_with("2026-11-21T09:00:0") && all[0].ends_with(" user:alice#1 add {\"n\":1}"), "{}", all[0]);
    assert_eq!(lines(&["--type", "note"]), all[2..]);
    assert_eq!(lines(&["--actor", "user:alice"]), all);
    assert_eq!(lines(&["--actor", "user:bob"]), [""; 0]);
    assert_eq!(lines(&["-n", "2"]), all[1..]);
    assert_eq!(lines(&["--since", words(&all[0])[1]]), all[1..]);
    assert_eq!(lines(&["--since", words(&all[1])[0]]), all[2..]);
}

#[test]
fn json_lines_are_whole_envelopes() {
    let world = World::new();
    let repo = counted(&world, &["1", "2"]);
    let events = repo.gatos(["log", "--json"]).ok().jsonl();
    assert_eq!(events.len(), 2);
    let events: Vec<_> = events.into_iter().map(|event| fits("log", event)).collect();
    assert_eq!(events[1]["prev"], events[0]["cid"]);
    let since = events[0]["commit"].as_str().expect("a commit");
    assert_eq!(repo.gatos(["log", "--json", "--since", since]).ok().jsonl(), events[1..]);
    let ulid = events[0]["ulid"].as_str().expect("a ULID");
    assert_eq!(repo.gatos(["log", "--json", "--since", ulid]).ok().jsonl(), events[1..]);
}

#[test]
fn events_that_erred_stand_with_their_reason() {
    let world = World::new();
    let repo = counted(&world, &["1"]);
    repo.gatos(["emit", "add", "5"]).ok();
    let said = repo.gatos(["log", "--reverted"]).ok().stdout();
    assert_eq!(said.lines().count(), 2, "{said}");
    assert!(said.contains("#2 add 5\n  reverted (type): "), "{said}");
    let erred = repo.gatos(["log", "--reverted", "--json"]).ok().jsonl();
    assert_eq!(erred.len(), 1);
    assert_eq!(fits("log", erred[0].clone())["reverted"]["class"], "type");
    repo.gatos(["log", "--reverted", "--type", "other"]).ok().silent();
    repo.write("strict.lua", "return function(state, event) return state + 1 end");
    let strict = repo.gatos(["log", "--reverted", "--fold", "strict.lua", "--json"]).ok().jsonl();
    assert_eq!(strict.len(), 2);
    repo.gatos(["log", "--fold", "strict.lua"]).code(2).silent();
}

#[test]
fn what_is_not_there_is_said() {
    let world = World::new();
    let repo = ready(&world, "a");
    repo.gatos(["log"]).code(3).silent().err_says("namespace main has no journal");
    refused(repo.gatos(["log", "--json"]), 3, "ERR_INVALID_NS");
    repo.gatos(["emit", "add", "{\"n\":1}"]).ok();
    refused(repo.gatos(["log", "--json", "--since", "01JX0000000000000000000009"]), 3, "NO_SUCH_POINT");
    repo.gatos(["log", "--actor", "alice"]).code(2).silent();
    repo.gatos(["log", "-n", "x"]).code(2).silent();
}

/// A follower of the log, and what it has shown when it has shown so many lines.
fn follow<'r>(world: &World, repo: &'r Repo<'_>) -> (Running, impl Fn(usize) -> String + use<'r>) {
    let seen = repo.path().join("seen");
    let line = format!("exec {} log --follow > seen", env!("CARGO_BIN_EXE_git-gatos"));
    let follower = world.command("bash", "alice", repo.path()).args(["-c", &line]).spawn();
    let wait_for = move |count: usize| {
        let begin = Instant::now();
        loop {
            let text = std::fs::read_to_string(&seen).unwrap_or_default();
            if text.lines().count() >= count || begin.elapsed() > Duration::from_secs(20) {
                return text;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    (follower, wait_for)
}

#[test]
fn following_knows_a_key_that_was_added_meanwhile() {
    let world = World::new();
    let repo = counted(&world, &["1"]);
    let bob = repo.copy("bob").as_person("bob");
    let key = bob.gatos(["key", "new", "--json"]).ok().json()["key"].as_str().expect("a key").to_owned();
    let (follower, wait_for) = follow(&world, &repo);
    wait_for(1);
    repo.gatos(["trust", "add-key", "user:bob", &key]).ok();
    bob.git(["fetch", "-q", repo.path().to_str().expect("UTF-8"), "refs/gatos/*:refs/gatos-remotes/a/*"]).ok();
    bob.git(["config", "gatos.actor", "user:bob"]).ok();
    bob.git(["config", "gatos.key", &key]).ok();
    bob.gatos(["emit", "add", "2"]).ok();
    repo.git(["fetch", "-q", bob.path().to_str().expect("UTF-8"), "refs/gatos/*:refs/gatos-remotes/b/*"]).ok();
    let text = wait_for(2);
    follower.kill().killed();
    assert!(text.contains(" user:bob#1 add 2"), "{text}");
}

#[test]
fn following_shows_what_arrives_once() {
    let world = World::new();
    let repo = counted(&world, &["1"]);
    let (follower, wait_for) = follow(&world, &repo);
    wait_for(1);
    for n in ["2", "3"] {
        repo.gatos(["emit", "add", n]).ok();
    }
    let text = wait_for(3);
    follower.kill().killed();
    let ends: Vec<&str> = text.lines().filter_map(|line| line.rsplit(' ').next()).collect();
    assert_eq!(ends, ["{\"n\":1}", "2", "3"]);
}
