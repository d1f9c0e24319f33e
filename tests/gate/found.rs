//! What a first reader stumbled over.

use super::consent::text;
use super::court::{ACTIVE, Court, TRUST};
use crate::cli::fits;
use crate::harness::{Repo, World};

const RULES: &str = "policy \"open\" version 1\n\nrule \"speak\"\n  on emit\n  allow if known()\n\nrule \"law\"\n  on \
                     policy.activate\n  allow if root()\n";

/// Publishes what stands in the work tree; id and commit.
#[track_caller]
fn publish(repo: &Repo<'_>) -> (String, String) {
    let bundle = fits("policy-publish", repo.gatos(["--json", "policy", "publish"]).ok().json());
    (text(&bundle, "id"), text(&bundle, "commit"))
}

#[test]
fn must_take_the_same_bundle_again_where_who_signed_it_may_not() {
    let world = World::new();
    let court = Court::new(&world);
    let (alice, bob) = (&court.alice, &court.bob);
    alice.gatos(["trust", "grant", "user:bob", "policy:activate"]).ok();
    court.push(alice, [TRUST]).ok();
    bob.gatos(["sync"]).ok();
    [alice, bob].iter().for_each(|repo| repo.write("gatos/policies/10-open.rgs", RULES));
    let (id, first) = publish(bob);
    bob.gatos(["sync"]).ok();
    alice.gatos(["sync"]).ok();
    let grants = alice.gatos(["--json", "trust", "grants"]).ok().jsonl();
    let grant = grants.iter().find(|grant| grant.to_string().contains("policy:activate")).expect("his grant");
    alice.gatos(["trust", "revoke", &text(grant, "ulid"), "--reason", "he has left"]).ok();
    court.push(alice, [TRUST]).ok();
    alice.gatos(["policy", "activate", &id]).code(3).err_says("publish it again with a key that may");
    let (again, second) = publish(alice);
    assert_eq!((&again, second == first), (&id, false));
    // The other way round nothing is lost.
    assert_eq!(publish(alice), (again, second.clone()));
    alice.gatos(["policy", "activate", &id]).ok();
    assert_eq!(alice.git(["rev-parse", ACTIVE]).ok().stdout(), second);
    alice.gatos(["sync"]).ok();
    bob.gatos(["sync"]).ok();
    assert_eq!(bob.git(["rev-parse", ACTIVE]).ok().stdout(), second);
    assert_eq!(text(&bob.gatos(["--json", "policy", "show", &id]).ok().json(), "commit"), second);
    bob.gatos(["verify"]).ok();
}

#[test]
fn must_take_the_same_bundle_again_where_it_stood_behind_another() {
    let world = World::new();
    let court = Court::new(&world);
    let alice = &court.alice;
    let before = alice.git(["rev-parse", ACTIVE]).ok().stdout();
    alice.write("gatos/policies/10-open.rgs", RULES);
    let (id, first) = publish(alice);
    alice.gatos(["policy", "activate", &id]).ok();
    alice.write("gatos/policies/10-open.rgs", RULES.replace("\"speak\"", "\"talk\""));
    let (next, behind_first) = publish(alice);
    // The policy is made active anew by another commit of the same content, as where it was signed by another key.
    alice.git(["update-ref", ACTIVE, &before]).ok();
    alice.git(["update-ref", "-d", &format!("refs/gatos/policies/{}", id.trim_start_matches("blake3:"))]).ok();
    alice.write("gatos/policies/10-open.rgs", RULES);
    let (again, second) = publish(alice);
    assert_eq!((&again, second == first), (&id, false));
    alice.gatos(["policy", "activate", &id]).ok();
    alice.write("gatos/policies/10-open.rgs", RULES.replace("\"speak\"", "\"talk\""));
    alice.gatos(["policy", "activate", &next]).code(3).err_says("publish it again: git gatos policy publish");
    let (same, behind_second) = publish(alice);
    assert_eq!((&same, behind_second == behind_first), (&next, false));
    alice.gatos(["policy", "activate", &next]).ok();
}
