use super::{counted, fits, refused, words};
use crate::harness::World;
use serde_json::json;

#[test]
fn a_checkpoint_that_holds_passes() {
    let world = World::new();
    let repo = counted(&world, &["1", "2"]);
    repo.gatos(["fold"]).ok();
    for args in [&["fold", "verify"][..], &["fold", "verify", "refs/gatos/state/main"], &["fold", "verify", "--deep"]] {
        repo.gatos(args).ok().says("PASSED main ").says("2 events");
    }
    let commit = repo.git(["rev-parse", "refs/gatos/state/main"]).ok().stdout();
    let verdict = fits("fold-verify", repo.gatos(["fold", "verify", &commit, "--json"]).ok().json());
    assert_eq!((&verdict["passed"], &verdict["events"]), (&json!(true), &json!(2)));
}

#[test]
fn a_checkpoint_with_another_state_fails_with_the_first_difference() {
    let world = World::new();
    let repo = counted(&world, &["1", "2"]);
    let line = repo.gatos(["fold"]).ok().stdout();
    let forged = forge(&repo, words(&line)[0]);
    repo.gatos(["fold", "verify", &forged]).code(1).says("FAILED main ").says("state_root is ");
    let verdict = fits("fold-verify", repo.gatos(["fold", "verify", &forged, "--json"]).code(1).json());
    assert_eq!(verdict["passed"], false);
}

/// The checkpoint with a count of 4 in place of 3, every digest and trailer drawn up to match.
fn forge(repo: &crate::harness::Repo<'_>, commit: &str) -> String {
    let root = |bytes: &[u8]| gatos::canon::digest::blake3(bytes).to_string();
    let (before, after) = (root(b"{\"count\":3}"), root(b"{\"count\":4}"));
    let pof = repo.git(["show", &format!("{commit}:pof.json")]).ok().bytes();
    let pof = String::from_utf8(pof).expect("JSON").replace(&before, &after);
    repo.write("state.json", "{\"count\":4}");
    repo.write("pof.json", pof);
    let mut tree = String::new();
    for line in repo.git(["ls-tree", commit]).ok().stdout().lines() {
        let (meta, name) = line.split_once('\t').expect("an entry");
        let forged = ["state.json", "pof.json"].contains(&name);
        let blob = if forged { repo.git(["hash-object", "-w", name]).ok().stdout() } else { words(meta)[2].to_owned() };
        tree.push_str(&format!("100644 blob {blob}\t{name}\n"));
    }
    let mktree = repo.git(["-c", &format!("alias.t=!printf '%s' '{tree}' | git mktree"), "t"]).ok().stdout();
    let raw = String::from_utf8(repo.git(["cat-file", "commit", commit]).ok().bytes()).expect("a commit");
    let old_tree = repo.git(["rev-parse", &format!("{commit}^{{tree}}")]).ok().stdout();
    repo.write("commit", raw.replace(&before, &after).replace(&old_tree, &mktree));
    repo.git(["hash-object", "-t", "commit", "-w", "commit"]).ok().stdout()
}

#[test]
fn what_is_no_checkpoint_is_said() {
    let world = World::new();
    let repo = counted(&world, &["1"]);
    refused(repo.gatos(["fold", "verify", "--json"]), 3, "NO_CHECKPOINT");
    refused(repo.gatos(["fold", "verify", "refs/heads/none", "--json"]), 3, "NO_SUCH_POINT");
    let append = repo.gatos(["log", "--json"]).ok().jsonl()[0]["commit"].as_str().expect("a commit").to_owned();
    refused(repo.gatos(["fold", "verify", &append, "--json"]), 3, "CHECKPOINT_INVALID");
    repo.gatos(["fold", "verify", "x", "--ns", "main"]).code(2).silent();
}
