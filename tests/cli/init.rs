use super::{fits, ready, refused, words};
use crate::harness::World;
use serde_json::json;

#[test]
fn it_makes_everything_and_the_next_command_works() {
    let world = World::new();
    let repo = world.repo("a");
    let said = repo.gatos(["init", "--profile=local"]).ok().stdout();
    assert!(said.starts_with("repository blake3:"), "{said}");
    let next = said.split("Next:\n").nth(1).expect("three next commands");
    assert_eq!(next.lines().count(), 3);
    assert!(repo.read("gatos/fold.lua").contains("event.payload.n"));
    assert_eq!(repo.read("gatos/config/profile.yaml").lines().last(), Some("profile: local"));
    repo.git(["status", "--porcelain"]).ok().says("?? gatos/");
    repo.gatos(["emit", "add", "{\"n\": 10}"]).ok();
    repo.gatos(["state", "show"]).ok().says("\"count\": 10");
    repo.gatos(["verify"]).ok().says("PASSED");
    repo.git(["fsck", "--strict"]).ok();
}

#[test]
fn twice_is_harmless() {
    let world = World::new();
    let repo = ready(&world, "a");
    repo.write("gatos/fold.lua", "return function(s, e) return s end\n");
    let refs = || repo.git(["for-each-ref"]).ok().stdout();
    let before = refs();
    repo.gatos(["init"]).ok().says("(was ready)");
    assert_eq!(refs(), before);
    assert!(repo.read("gatos/fold.lua").starts_with("return function(s, e)"), "it overwrote a file");
}

#[test]
fn it_says_the_same_as_json() {
    let world = World::new();
    let repo = world.repo("a");
    let first = fits("init", repo.gatos(["init", "--json"]).ok().json());
    assert_eq!(first["files"], json!(["gatos/fold.lua", "gatos/config/profile.yaml"]));
    assert_eq!(
        (&first["unchanged"], &first["key_known"], &first["adopted"]),
        (&json!(false), &json!(true), &json!(false))
    );
    assert_eq!(first["actor"], "user:alice");
    let again = fits("init", repo.gatos(["init", "--json"]).ok().json());
    assert_eq!((&again["repo"], &again["unchanged"]), (&first["repo"], &json!(true)));
    let bare = fits("init", world.bare("b").gatos(["init", "--json"]).ok().json());
    assert_eq!((&bare["bare"], &bare["files"]), (&json!(true), &json!([])));
}

#[test]
fn what_is_no_profile_and_no_actor_is_refused() {
    let world = World::new();
    let repo = world.repo("a");
    repo.gatos(["init", "--profile", "open-source"]).code(2).silent().err_says("local, push-gate, research");
    refused(repo.gatos(["init", "--profile", "x", "--json"]), 2, "USAGE");
    repo.gatos(["init", "--actor", "alice"]).code(2).err_says("actor");
    repo.gatos(["log"]).code(3);
}

#[test]
fn a_clone_adopts_what_is_there_and_asks_to_be_introduced() {
    let world = World::new();
    let origin = ready(&world, "a");
    let id = words(origin.gatos(["trust", "pin"]).ok().stdout().lines().next().expect("a line"))[1].to_owned();
    let bob = origin.clone_to("b").as_person("bob");
    let note = format!("note: pinned {id} on first use; compare it with the owner's: git gatos trust pin\n");
    let said = bob.gatos(["init"]).ok().says(&id).says("(adopted)").err_says(&note).stdout();
    let line = said.lines().find(|line| line.contains("trust add-key")).expect("the line for a root");
    origin.git(["-c", &format!("alias.run=!{}", line.trim()), "run"]).ok();
    bob.git(["fetch", "-q", "origin", "+refs/gatos/*:refs/gatos-remotes/origin/*"]).ok();
    bob.gatos(["init"]).ok().says("Next:");
    bob.gatos(["emit", "add", "{\"n\":1}"]).ok();
}

#[test]
fn a_key_of_ones_own_signs() {
    let world = World::new();
    let repo = world.repo("a");
    repo.gatos(["key", "new"]).ok();
    repo.gatos(["key", "export", "own.key"]).ok();
    let other = world.repo("b").as_person("bob");
    let own = repo.path().join("own.key");
    let made = other.gatos([std::ffi::OsStr::new("init"), "--json".as_ref(), "--key".as_ref(), own.as_os_str()]).ok();
    let key = fits("init", made.json())["key"].clone();
    repo.gatos(["key", "show"]).ok().says(key.as_str().expect("a text"));
    other.gatos(["emit", "add", "{\"n\":1}"]).ok();
}

#[test]
fn a_key_of_somebody_else_is_not_offered_a_second_time() {
    let world = World::new();
    let origin = ready(&world, "a");
    // The same machine, and so the same key: trust would refuse to let it stand for two.
    let clone = origin.clone_to("b");
    let init = |more: &[&str]| clone.gatos([&["init", "--actor", "user:bob"], more].concat()).ok();
    let said = init(&[]).says("This key is user:alice's").says("  git gatos init --actor user:alice\n").stdout();
    assert!(!said.contains("add-key"), "{said}");
    let told = fits("init", init(&["--json"]).json());
    assert_eq!((&told["key_of"], &told["key_known"]), (&json!("user:alice"), &json!(false)));
    let next = ["git gatos init --actor user:alice", "git gatos key new", "git gatos init --actor user:bob --key FILE"];
    assert_eq!(told["next"], json!(next));
    // As it says.
    let made = clone.gatos(["key", "new", "--json"]).ok().json();
    let said = init(&["--key", made["path"].as_str().expect("a path")]).stdout();
    let line = said.lines().find(|line| line.contains("trust add-key user:bob")).expect("the line for a root");
    origin.git(["-c", &format!("alias.run=!{}", line.trim()), "run"]).ok();
    clone.gatos(["init", "--actor", "user:alice"]).ok();
}

#[test]
fn a_joined_clone_is_given_no_file_that_its_branches_may_bring() {
    let world = World::new();
    let origin = ready(&world, "a");
    origin.commit("begun");
    let clone = origin.clone_to("b").as_person("bob");
    let joined = fits("init", clone.gatos(["init", "--json"]).ok().json());
    assert_eq!((&joined["adopted"], &joined["files"]), (&json!(true), &json!([])));
    clone.gatos(["init"]).ok().says("(was ready)");
    origin.git(["add", "gatos"]).ok();
    origin.commit("the fold");
    clone.git(["pull", "-q", "origin", "main"]).ok();
    assert!(clone.read("gatos/fold.lua").contains("event.payload.n"));
    assert!(clone.read("gatos/config/profile.yaml").ends_with("profile: local\n"));
}
