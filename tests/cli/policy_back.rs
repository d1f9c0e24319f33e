//! Back to an earlier policy: `policy publish --again`, `policy activate` without an id, `policy log`.

use super::{fits, ready, refused};
use crate::harness::{Repo, World};
use serde_json::{Value, json};

const FILE: &str = "gatos/policies/p.rgs";

fn rules(most: u32) -> String {
    format!(
        "policy \"p\" version {most}\n\nrule \"speak\"\n  on emit\n  allow if known()\n\nrule \"most\"\n  on emit \"fin\"\n  deny if \
         payload.n > {most}\n\nrule \"law\"\n  on policy.activate\n  allow if root()\n"
    )
}

fn publish(repo: &Repo<'_>, args: &[&str]) -> String {
    let published = repo.gatos(["policy", "publish", "--json"].iter().chain(args)).ok().json();
    fits("policy-publish", published)["id"].as_str().expect("an id").to_owned()
}

fn log(repo: &Repo<'_>, args: &[&str]) -> Vec<Value> {
    let log = fits("policy-log", repo.gatos(["policy", "log", "--json"].iter().chain(args)).ok().json());
    log["bundles"].as_array().expect("a list").clone()
}

/// Laws under which at most 1, then at most 2 may be said; their ids.
fn two_laws(repo: &Repo<'_>) -> [String; 2] {
    [1, 2].map(|most| {
        repo.write(FILE, rules(most));
        let id = publish(repo, &[]);
        repo.gatos(["policy", "activate"]).ok().says(&id);
        id
    })
}

#[test]
fn an_earlier_policy_becomes_law_again_as_the_next_version() {
    let world = World::new();
    let repo = ready(&world, "a");
    let [first, second] = two_laws(&repo);
    let say = |n: &str| repo.gatos(["emit", "add", &format!("{{\"n\":{n}}}"), "--ns", "fin"]);
    say("2").ok();
    // What was law is not made law by its id; it is said how it is.
    let told = refused(repo.gatos(["policy", "activate", &first, "--json"]), 3, "NO_BUNDLE")["reason"].to_string();
    assert!(
        told.contains("version 2") && told.contains(&format!("--again {}", &first["blake3:".len()..][..12])),
        "{told}"
    );
    refused(repo.gatos(["policy", "activate", &second, "--json"]), 3, "NO_BUNDLE");
    repo.gatos(["policy", "activate", "active"]).code(3).err_says("is the active one already");
    let again = publish(&repo, &["--again", &first]);
    repo.gatos(["policy", "activate"]).ok().says(&again).says("version 4, by rule law");
    say("2").code(1).err_says("most");
    // The same files, whatever the work tree holds; the first policy of all goes as well.
    repo.gatos(["policy", "diff", "2", "4"]).ok();
    publish(&repo, &["--again", "1"]);
    repo.gatos(["policy", "activate"]).ok().says("version 5");
    say("2").ok();
    repo.gatos(["verify"]).ok();
    repo.gatos(["policy", "publish", "--again", "ffff"]).code(3).err_says("git gatos policy log --all");
    repo.gatos(["policy", "publish", "--again", "1", "--from", "."]).code(2).silent();
    repo.gatos(["policy", "publish", "--again", ""]).code(2).silent();
}

#[test]
fn what_was_published_is_listed_and_the_one_that_can_follow_needs_no_id() {
    let world = World::new();
    let repo = ready(&world, "a");
    let [first, second] = two_laws(&repo);
    refused(repo.gatos(["policy", "activate", "--json"]), 3, "NO_BUNDLE");
    repo.gatos(["policy", "activate", ""]).code(2).silent();
    let ids = [3, 4].map(|most| {
        repo.write(FILE, rules(most));
        publish(&repo, &[])
    });
    let told = refused(repo.gatos(["policy", "activate", "--json"]), 3, "AMBIGUOUS")["reason"].to_string();
    assert!(ids.iter().all(|id| told.contains(id)) && !told.contains(&first), "{told}");
    let stood = log(&repo, &[]);
    assert_eq!(stood.len(), 3);
    assert_eq!((&stood[0]["id"], &stood[1]["id"]), (&json!(second), &json!(first)));
    assert!(stood.iter().all(|b| b["stood"] == json!(true) && b["signers"] == json!(["user:alice"])), "{stood:?}");
    assert!(stood[0]["published"].as_str().is_some_and(|time| time.starts_with("2026-11-21T09:")), "{stood:?}");
    let all = log(&repo, &["--all"]);
    assert_eq!(all.len(), 5);
    assert!(
        all[..2].iter().all(|b| b["stood"] == json!(false) && ids.iter().any(|id| b["id"] == json!(id))),
        "{all:?}"
    );
    repo.gatos(["policy", "log", "--all"]).ok().says("user:alice  never active");
    // One that others have overtaken is no more than a source of files.
    repo.gatos(["policy", "activate", &ids[0]]).ok();
    let told = repo.gatos(["policy", "activate", &ids[1]]).code(3);
    told.err_says("does not stand behind the active one").err_says("git gatos policy publish --again");
    publish(&repo, &["--again", &ids[1]]);
    repo.gatos(["policy", "activate"]).ok();
}
