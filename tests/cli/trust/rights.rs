//! Capabilities: given, listed, handed on, ended.

use super::{fetch, fits, person, ready, refused};
use crate::harness::World;
use serde_json::{Value, json};

fn grants(repo: &crate::harness::Repo<'_>) -> Vec<Value> {
    let lines = repo.gatos(["--json", "trust", "grants"]).ok().stdout();
    lines.lines().map(|line| fits("trust-grants", serde_json::from_str(line).expect("JSON"))).collect()
}

#[test]
fn must_refuse_to_hand_on_what_one_does_not_hold() {
    let world = World::new();
    let alice = ready(&world, "a");
    let (bob, key) = person(&alice, "bob");
    alice.gatos(["trust", "add-key", "user:bob", &key]).ok();
    alice.gatos(["trust", "add-actor", "agent:clerk"]).ok();
    let exp = ["--exp", "2027-01-01T00:00:00Z"];
    let given = ["trust", "grant", "user:bob", "journal:append:fin*", "trust:grant"];
    alice.gatos(given.iter().chain(&exp)).ok().says("user:alice gives user:bob journal:append:fin* until 2027-01-01");
    fetch(&bob, &alice, "origin");
    let grant = |caps: &[&str]| bob.gatos(["--json", "trust", "grant", "agent:clerk"].iter().chain(caps));
    refused(grant(&["journal:append:*", exp[0], exp[1]]), 3, "TRUST_ATTENUATION");
    refused(grant(&["job:work", exp[0], exp[1]]), 3, "TRUST_ATTENUATION");
    refused(grant(&["gate:receipt", exp[0], exp[1]]), 3, "TRUST_ATTENUATION");
    refused(grant(&["journal:append:finance"]), 3, "TRUST_ATTENUATION");
    refused(grant(&["journal:append:finance", exp[0], "2027-01-01T00:00:01Z"]), 3, "TRUST_ATTENUATION");
    let made = fits("trust-change", grant(&["journal:append:finance", exp[0], exp[1]]).ok().json());
    assert_eq!((&made["made"], &made["version"]), (&json!(true), &json!(3)));
    bob.gatos(["verify"]).ok().says("PASSED");
    fetch(&alice, &bob, "bob");
    let states = |repo| grants(repo).iter().map(|g| g["state"].as_str().expect("text").to_owned()).collect::<Vec<_>>();
    assert_eq!(states(&alice), ["counts", "counts"]);
    let later =
        alice.command(["--json", "trust", "grants"]).env("GATOS_CLOCK", "2027-01-01T00:00:00Z").run().ok().stdout();
    assert_eq!(later.matches("\"expired\"").count(), 2, "{later}");
    alice.gatos(["trust", "show"]).ok().says("user:bob to agent:clerk: journal:append:finance until 2027-01-01");
    fits("trust-show", alice.gatos(["--json", "trust", "show"]).ok().json());
    // With the first one ended, the second stands on nothing.
    let ulid = grants(&alice)[0]["ulid"].as_str().expect("text").to_owned();
    refused(bob.gatos(["--json", "trust", "revoke", &ulid, "--reason", "no"]), 3, "TRUST_SIGNATURE");
    alice.gatos(["trust", "revoke", &ulid, "--reason", "left the team"]).ok().says("is revoked: left the team");
    assert_eq!(states(&alice), ["revoked", "baseless"]);
    alice.gatos(["verify"]).ok().says("PASSED");
    let log = alice.gatos(["trust", "log"]).ok().stdout();
    assert!(
        log.contains("user:bob gives agent:clerk journal:append:finance") && log.contains("left the team"),
        "{log}"
    );
}

#[test]
fn capabilities_are_checked_where_they_are_typed() {
    let world = World::new();
    let repo = ready(&world, "a");
    for usage in
        [&["user:bob"][..], &["bob", "job:work"], &["user:bob", "job"], &["user:bob", "job:work", "--exp", "soon"]]
    {
        repo.gatos(["trust", "grant"].iter().chain(usage)).code(2).silent();
    }
    repo.gatos(["trust", "revoke", "nothing", "--reason", "x"]).code(2).silent();
    let ulid = "01ARYZ6S41TSV4RRFFQ69G5FAV";
    repo.gatos(["trust", "revoke", ulid, "--reason", ""]).code(2).silent();
    repo.gatos(["trust", "revoke", ulid, "--reason", "x", "--void-all"]).code(2).silent();
    refused(repo.gatos(["--json", "trust", "revoke", ulid, "--reason", "x"]), 3, "TRUST_INVALID");
    repo.gatos(["trust", "add-actor", "user:bob"]).ok();
    repo.gatos(["trust", "grant", "user:bob", "job:work", "--exp", "2020-01-01T00:00:00Z"]).ok().err_says("expired");
    repo.gatos(["trust", "grants"]).ok().says("(expired)");
}
