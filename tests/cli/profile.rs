//! `git gatos profile`, and what the profile means in a clone.

use super::{fits, ready, refused, words};
use crate::harness::World;

const FILE: &str = "gatos/config/profile.yaml";

#[test]
fn a_repository_begins_under_the_profile_that_was_asked_for() {
    let world = World::new();
    let repo = world.repo("a");
    repo.gatos(["init", "--profile=research"]).ok();
    assert_eq!(repo.read(FILE).lines().last(), Some("profile: research"));
    let shown = repo.gatos(["profile"]).ok().stdout();
    for demand in ["demands  fast-forward", "demands  fold", "demands  receipts"] {
        assert!(shown.contains(demand), "{shown}");
    }
    // It is law: signed, in the bundle, whatever the file says.
    repo.write(FILE, "profile: local\n");
    let shown = fits("profile", repo.gatos(["--json", "profile"]).ok().json());
    assert_eq!((&shown["profile"], &shown["file"]), (&"research".into(), &"local".into()));
    repo.gatos(["profile", "show"]).ok().says("says local; to keep the law: git gatos profile set");
    repo.gatos(["emit", "add", "{\"n\":1}"]).ok();
    repo.gatos(["verify"]).ok().says("event.waiting");
    // Again is harmless; another profile is not a thing of `init`.
    repo.gatos(["init"]).ok().says("(was ready)");
    refused(repo.gatos(["--json", "init", "--profile", "local"]), 3, "PROFILE");
    fits("policy-show", repo.gatos(["--json", "policy", "show"]).ok().json());
}

#[test]
fn a_profile_that_was_set_becomes_law_with_the_policy() {
    let world = World::new();
    let repo = ready(&world, "a");
    repo.write(FILE, "# ours\nprofile: local\n# until the gate stands\n");
    let set = fits("profile-set", repo.gatos(["--json", "profile", "set", "push-gate"]).ok().json());
    assert_eq!((&set["written"], &set["law"]), (&true.into(), &"local".into()));
    assert_eq!(repo.read(FILE), "# ours\nprofile: push-gate\n# until the gate stands\n");
    repo.gatos(["profile", "set", "push-gate"]).ok().says("as it was").says("the law is local until");
    repo.gatos(["profile", "set", "strict"]).code(2).err_says("local, push-gate, research");
    let published = repo.gatos(["policy", "publish"]).ok().err_says("changes from local to push-gate").stdout();
    repo.gatos(["policy", "activate", words(&published)[1]]).ok();
    repo.gatos(["profile", "set", "push-gate"]).ok().says("it is the law already");
    repo.gatos(["policy", "show", "--file", "profile.yaml"]).ok().says("# until the gate stands");
    // Who leaves the file out has not said that less is demanded.
    std::fs::remove_file(repo.path().join(FILE)).expect("a file");
    refused(repo.gatos(["--json", "policy", "publish"]), 3, "PROFILE");
    repo.gatos(["doctor"]).ok().says("profile.missing");
    repo.gatos(["profile", "set", "local"]).ok();
    repo.gatos(["policy", "publish"]).ok().err_says("changes from push-gate to local");
}

#[test]
fn the_file_of_a_profile_is_read_strictly() {
    let world = World::new();
    let repo = ready(&world, "a");
    repo.write(FILE, "profile: research\n\nreceipts: never\n");
    let said = repo.gatos(["policy", "lint"]).code(1).stdout();
    assert!(said.starts_with(&format!("{FILE}:3:1: ")) && said.contains("\"receipts\""), "{said}");
    repo.gatos(["policy", "publish"]).code(1);
    repo.gatos(["profile"]).code(3).err_says("profile.yaml:3: ");
    repo.gatos(["profile", "set", "local"]).code(3).err_says("profile.yaml:3: ");
    repo.gatos(["doctor"]).ok().says("profile.unread").says("line 3");
    repo.write(FILE, "profile: research\n");
    repo.gatos(["doctor"]).ok().says("warn profile.differs").says("git gatos profile set local");
    fits("doctor", repo.gatos(["--json", "doctor"]).ok().json());
}

#[test]
fn a_clone_learns_the_profile_of_the_law_it_adopts() {
    let world = World::new();
    let origin = world.repo("a");
    origin.gatos(["init", "--profile", "push-gate"]).ok();
    let bob = origin.clone_to("b").as_person("bob");
    refused(bob.gatos(["--json", "init", "--profile", "local"]), 3, "PROFILE");
    bob.gatos(["init"]).ok();
    bob.gatos(["profile"]).ok().says("profile  push-gate");
    assert!(!bob.path().join(FILE).exists(), "the file comes with the branch");
    assert_eq!(origin.read(FILE).lines().last(), Some("profile: push-gate"));
    let bare = world.bare("c");
    bare.gatos(["init", "--profile", "research"]).ok();
    bare.gatos(["profile"]).ok().says("profile  research");
    bare.gatos(["profile", "set", "local"]).code(3).err_says("no work tree");
}

#[test]
fn a_profile_that_cannot_be_read_is_refused_by_all_who_read_it() {
    let world = World::new();
    let repo = ready(&world, "a");
    let unread = |why: &str| {
        repo.gatos(["profile"]).code(3).err_says(why);
        repo.gatos(["profile", "set", "research"]).code(3).err_says(why);
        repo.gatos(["doctor"]).ok().says("warn profile.unread").says(why);
    };
    repo.write(FILE, b"# \xff\nprofile: local\n");
    unread("not UTF-8");
    repo.gatos(["policy", "lint"]).code(1).says("not UTF-8");
    repo.write(FILE, format!("profile: local\n#{}\n", "x".repeat(1 << 20)));
    unread("longer than 1048576 bytes");
    repo.gatos(["policy", "lint"]).code(3).err_says("longer than 1048576 bytes");
    std::fs::remove_file(repo.path().join(FILE)).expect("a file");
    std::fs::create_dir(repo.path().join(FILE)).expect("a directory");
    unread("no regular file");
    repo.gatos(["policy", "lint"]).code(3).err_says("no regular file");
}

#[test]
fn a_profile_is_named_only_where_the_law_can_be_read() {
    let world = World::new();
    let repo = ready(&world, "a");
    repo.write(FILE, "profile: local\n");
    let lawless = repo.copy("b");
    lawless.git(["update-ref", "-d", "refs/gatos/policies/active"]).ok();
    refused(lawless.gatos(["--json", "profile", "set", "research"]), 3, "NO_POLICY");
    assert_eq!(lawless.read(FILE), "profile: local\n");
}

#[test]
fn a_repository_that_begins_as_research_has_a_lawful_fold() {
    let world = World::new();
    let repo = world.repo("a");
    let made = fits("init", repo.gatos(["init", "--profile=research", "--json"]).ok().json());
    assert_eq!(made["files"], serde_json::json!(["gatos/folds/main.lua", FILE]));
    repo.gatos(["emit", "add", "{\"n\":7}"]).ok();
    repo.gatos(["state", "checkpoint"]).ok();
    repo.gatos(["state", "show"]).ok().says("\"count\": 7");
    let held = repo.gatos(["policy", "show", "--file", "folds/main.lua"]).ok().stdout();
    assert_eq!(held.trim_end(), repo.read("gatos/folds/main.lua").trim_end());
    repo.gatos(["policy", "diff"]).ok();
    // Of another namespace it is said what to do, as far as it goes.
    repo.gatos(["emit", "add", "{\"n\":7}", "--ns", "fin"]).ok();
    let denied = repo.gatos(["state", "checkpoint", "--ns", "fin"]).code(1);
    denied.err_says("gatos/folds/fin.lua").err_says("git gatos policy activate");
    // A fold that is here already is the one that becomes law; one that does not compile is named.
    let own = world.repo("b");
    own.write("gatos/folds/main.lua", "return function(s, e) return {} end end\n");
    own.gatos(["init", "--profile=research"]).code(3).err_says("gatos/folds/main.lua");
    own.write("gatos/folds/main.lua", repo.read("gatos/folds/main.lua") + "-- own\n");
    own.gatos(["init", "--profile=research"]).ok();
    own.gatos(["policy", "show", "--file", "folds/main.lua"]).ok().says("-- own");
}
