//! One repository has one genesis, whoever comes first and whoever comes later.

use super::{emit, fails, fetch, journal, move_ref, names, passes, plain, ready, resolve, sound, text};
use crate::harness::{Repo, World};
use gatos::trust::Signer;
use serde_json::json;
use std::collections::BTreeSet;
use std::thread;

const TRUST: &str = "refs/gatos/trust/graph";

/// The geneses that stand in a repository, and the one that it is pinned to.
fn geneses(repo: &Repo<'_>) -> (Vec<String>, Option<String>) {
    let pin = repo.gatos(["--json", "trust", "pin"]).ok().json();
    let found = pin["found"].as_array().expect("a list");
    let id = |v: &serde_json::Value| v.as_str().map(str::to_owned);
    (found.iter().map(|v| id(v).expect("an id")).collect(), id(&pin["pinned"]))
}

fn id_of(repo: &Repo<'_>) -> String {
    geneses(repo).1.expect("it is pinned")
}

#[test]
fn must_pin_the_only_genesis_and_say_so() {
    let world = World::new();
    let origin = ready(&world, "origin");
    emit(&origin, r#"{"n":1}"#);
    let id = id_of(&origin);
    let clone = origin.clone_to("clone").as_person("bob");
    fetch(&clone, &origin, "origin");
    let pinned = format!("pinned {id} on first use");
    clone.gatos(["log"]).ok().says("add").err_says(&pinned);
    let later = clone.gatos(["log"]).ok().stderr();
    assert!(!later.contains("pinned"), "it says so once: {later}");
    assert_eq!(geneses(&clone), (vec![id.clone()], Some(id)));
    passes(&clone);
}

#[test]
fn must_stop_at_two_geneses_until_one_is_chosen() {
    let world = World::new();
    let (one, two) = (ready(&world, "one"), ready(&world, "two").as_person("bob"));
    emit(&one, r#"{"n":1}"#);
    let clone = plain(&world, "clone");
    fetch(&clone, &one, "one");
    fetch(&clone, &two, "two");
    let (ids, pinned) = geneses(&clone);
    assert_eq!((ids.len(), pinned), (2, None));
    for verb in [&["log"][..], &["verify"], &["state", "show", "--fold", "x.lua"], &["emit", "add", "{}"]] {
        clone.gatos(verb).code(3).err_says("git gatos trust pin");
    }
    clone.gatos(["init"]).code(3).err_says("git gatos trust pin");
    let chosen = id_of(&one);
    clone.gatos(["trust", "pin", &chosen]).ok();
    clone.gatos(["log"]).ok().says("add");
    clone.gatos(["state", "show", "--raw", "--fold", one.path().join("gatos/fold.lua").to_str().expect("UTF-8")]).ok();
    // What belongs to the other repository is nobody's here, until it is gone.
    let failures = fails(&clone);
    assert!(failures.iter().all(|f| text(f, "ref").starts_with("refs/gatos-remotes/two/")), "{failures:#?}");
    for name in clone.git(["for-each-ref", "--format=%(refname)", "refs/gatos-remotes/two"]).ok().stdout().lines() {
        clone.git(["update-ref", "-d", name]).ok();
    }
    passes(&clone);
}

#[test]
fn must_not_let_a_second_genesis_in_behind_a_pin() {
    let world = World::new();
    let (one, two) = (ready(&world, "one"), ready(&world, "two"));
    emit(&one, r#"{"n":1}"#);
    let id = id_of(&one);
    fetch(&one, &two, "stranger");
    assert_eq!(geneses(&one).1, Some(id.clone()));
    // It works as before, and what is not of this repository is named.
    emit(&one, r#"{"n":2}"#);
    one.gatos(["state", "show", "--raw"]).ok().says(r#"{"count":3}"#);
    let failures = fails(&one);
    assert!(failures.iter().all(|f| text(f, "ref").starts_with("refs/gatos-remotes/stranger/")), "{failures:#?}");
    // Its own graph gone, the clone does not settle for the other.
    one.git(["update-ref", "-d", TRUST]).ok();
    one.gatos(["log"]).code(3).err_says(&format!("pinned to {id}"));
}

#[test]
fn must_cry_out_when_the_trust_graph_is_rolled_back() {
    let world = World::new();
    let repo = ready(&world, "repo");
    emit(&repo, r#"{"n":1}"#);
    let first = resolve(&repo, TRUST);
    let key = Signer::from_seed(&[7; 32]).public().to_string();
    repo.gatos(["trust", "add-key", "user:bob", &key]).ok();
    let second = resolve(&repo, TRUST);
    repo.gatos(["log"]).ok();
    move_ref(&repo, TRUST, &first);
    for verb in [&["log"][..], &["emit", "add", "{}"], &["state", "show"], &["state", "checkpoint"], &["init"]] {
        repo.gatos(verb).code(3).err_says("ALARM").err_says(&second);
    }
    assert!(names(&fails(&repo), "TRUST_ROLLBACK", &first));
    move_ref(&repo, TRUST, &second);
    passes(&repo);
    // A graph that was written anew beside the one that was seen.
    move_ref(&repo, TRUST, &first);
    let copy = repo.copy("copy");
    std::fs::remove_file(copy.path().join(".git/gatos/pin")).expect("a pin");
    let other = Signer::from_seed(&[8; 32]).public().to_string();
    copy.gatos(["trust", "add-key", "user:bob", &other]).ok();
    move_ref(&repo, TRUST, &second);
    fetch(&repo, &copy, "copy");
    repo.gatos(["log"]).ok().err_says("ALARM").err_says(&second);
    assert!(names(&fails(&repo), "trust.equivocation", &second));
    // Where nothing but the other branch is left, nothing is believed.
    move_ref(&repo, TRUST, &resolve(&copy, TRUST));
    repo.gatos(["log"]).code(3).err_says("ALARM").err_says(&second);
}

#[test]
fn must_adopt_the_genesis_that_is_there() {
    let world = World::new();
    let origin = ready(&world, "origin");
    emit(&origin, r#"{"n":1}"#);
    let id = id_of(&origin);
    // From the remote, by asking it.
    let asked = origin.clone_to("asked").as_person("bob");
    let report = asked.gatos(["--json", "init"]).ok().json();
    assert_eq!(
        (text(&report, "repo"), &report["adopted"], &report["key_known"]),
        (id.clone(), &json!(true), &json!(false))
    );
    assert_eq!(geneses(&asked), (vec![id.clone()], Some(id.clone())));
    asked.gatos(["log"]).ok().says("add");
    // Nobody has let his key in: the policy refuses him, and the refusal names the remedy.
    asked.gatos(["emit", "add", "{}"]).code(1).err_says("trust add-key");
    // From what was fetched, without a remote.
    let fetched = plain(&world, "fetched").as_person("carol");
    fetch(&fetched, &origin, "elsewhere");
    assert_eq!(text(&fetched.gatos(["--json", "init"]).ok().json(), "repo"), id);
    assert_eq!(geneses(&fetched), (vec![id.clone()], Some(id.clone())));
    // A mirror holds the refs themselves.
    let mirror = origin.clone_mirror("mirror");
    assert_eq!(text(&mirror.gatos(["--json", "init"]).ok().json(), "repo"), id);
    for repo in [&asked, &fetched, &mirror] {
        passes(repo);
        let trust = repo.git(["for-each-ref", "--format=%(objectname)", "refs/gatos*/**/trust/graph", TRUST]).ok();
        let tips: BTreeSet<String> = trust.stdout().lines().map(str::to_owned).collect();
        assert_eq!(tips.len(), 1, "no second genesis was made");
    }
    // Where the remote cannot be asked, none is made behind its back.
    let cut_off = origin.clone_to("cut-off").as_person("dave");
    cut_off.git(["remote", "set-url", "origin", "/nowhere/at/all"]).ok();
    cut_off.gatos(["init"]).code(3).err_says("--offline");
    assert_eq!(geneses(&cut_off).0, Vec::<String>::new());
}

#[test]
fn must_leave_one_genesis_of_two_made_at_once() {
    let world = World::new();
    for round in 0..6 {
        let person = format!("p{round}");
        let repo = plain(&world, &format!("repo{round}")).as_person(&person);
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| repo.gatos(["init"]).ok());
            }
        });
        assert_eq!(geneses(&repo).0.len(), 1);
        assert_eq!(repo.gatos(["key", "show"]).ok().stdout().lines().count(), 1, "one person has one key");
        emit(&repo, r#"{"n":1}"#);
        journal(&repo, "main");
        sound(&repo);
        passes(&repo);
        assert_eq!(repo.gatos(["--json", "init"]).ok().json()["unchanged"], true);
    }
}
