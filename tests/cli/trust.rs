mod change;
mod fork;
mod revoke;
mod rights;

use super::{fits, ready, refused, words};
use crate::harness::{Repo, World};
use serde_json::json;

/// A clone in the hands of somebody with a key of his own, and that key.
fn person<'w>(repo: &Repo<'w>, name: &str) -> (Repo<'w>, String) {
    let clone = repo.clone_to(name).as_person(name);
    clone.gatos(["key", "new"]).ok();
    let line = clone.gatos(["key", "show"]).ok().stdout();
    (clone, words(&line)[0].to_owned())
}

/// Brings what another repository holds, as its remote of that name.
fn fetch(repo: &Repo<'_>, from: &Repo<'_>, remote: &str) {
    let refspec = format!("+refs/gatos/*:refs/gatos-remotes/{remote}/*");
    repo.git(["fetch", "-q", from.path().to_str().expect("UTF-8"), &refspec]).ok();
}

/// Says in the configuration of a clone who signs there, whatever trust says of him.
fn speak_as(repo: &Repo<'_>, actor: &str, key: &str) {
    repo.git(["config", "gatos.actor", actor]).ok();
    repo.git(["config", "gatos.key", key]).ok();
}

fn tip(repo: &Repo<'_>) -> String {
    repo.git(["rev-parse", "--verify", "refs/gatos/trust/graph"]).ok().stdout()
}

#[test]
fn the_graph_is_shown() {
    let world = World::new();
    let repo = ready(&world, "a");
    repo.gatos(["trust", "show"]).ok().says("user:alice (root)\n  ed25519:").says("1 of 1 must sign");
    let graph = fits("trust-show", repo.gatos(["trust", "show", "--json"]).ok().json());
    assert_eq!((&graph["version"], &graph["actors"][0]["root"]), (&json!(1), &json!(true)));
}

#[test]
fn a_root_adds_a_key_and_its_owner_may_speak() {
    let world = World::new();
    let repo = ready(&world, "a");
    let bob = repo.clone_to("b").as_person("bob");
    bob.gatos(["key", "new"]).ok();
    let line = bob.gatos(["key", "show"]).ok().stdout();
    let key = words(&line)[0].to_owned();
    let added = fits("trust-change", repo.gatos(["trust", "add-key", "user:bob", &key, "--json"]).ok().json());
    assert_eq!((&added["made"], &added["version"]), (&json!(true), &json!(2)));
    assert_eq!(added["changes"], json!([format!("user:bob may speak with {key}")]));
    repo.gatos(["trust", "show"]).ok().says(&format!("user:bob\n  {key}"));
    bob.git(["fetch", "-q", "origin", "refs/gatos/*:refs/gatos-remotes/origin/*"]).ok();
    bob.gatos(["emit", "add", "{\"n\":1}"]).ok().err_says("pinned blake3:");
    bob.gatos(["verify"]).ok().says("2 trust versions");
    refused(repo.gatos(["trust", "add-key", "user:carol", &key, "--json"]), 3, "KEY_TAKEN");
}

#[test]
fn a_key_is_taken_in_the_spelling_of_openssh_too() {
    let world = World::new();
    let repo = ready(&world, "a");
    repo.git(["-c", "alias.k=!ssh-keygen -q -t ed25519 -N '' -C bob -f bob", "k"]).ok();
    repo.gatos(["trust", "add-key", "user:bob", "@bob.pub"]).ok().says("user:bob may speak with ed25519:");
    repo.gatos(["trust", "add-key", "user:bob", "nonsense"]).code(2).silent().err_says("not a public key");
    repo.gatos(["trust", "add-key", "bob", "@bob.pub"]).code(2).silent();
}

#[test]
fn two_geneses_stop_a_clone_until_one_is_pinned() {
    let world = World::new();
    let (one, other) = (ready(&world, "one"), ready(&world, "other"));
    let id = |repo: &crate::harness::Repo<'_>| {
        let pin = fits("trust-pin", repo.gatos(["trust", "pin", "--json"]).ok().json());
        pin["pinned"].as_str().expect("an id").to_owned()
    };
    let (first, second) = (id(&one), id(&other));
    let clone = world.repo("clone");
    for (name, repo) in [("one", &one), ("other", &other)] {
        let path = repo.path().to_str().expect("UTF-8");
        clone.git(["fetch", "-q", path, &format!("refs/gatos/*:refs/gatos-remotes/{name}/*")]).ok();
    }
    clone.gatos(["log"]).code(3).silent().err_says("git gatos trust pin");
    clone.gatos(["trust", "pin"]).ok().says("not pinned yet").says(&format!("found  {first}"));
    clone.gatos(["trust", "pin", &second]).ok().says(&format!("pinned {second}")).says(&format!("found  {first}"));
    clone.gatos(["trust", "show"]).ok().says(&second);
    let unknown = format!("blake3:{}", "0".repeat(64));
    refused(clone.gatos(["trust", "pin", &unknown, "--json"]), 3, "PIN_MISSING");
    clone.gatos(["trust", "pin", "x"]).code(2).silent();
}
