//! `propose`, `approve`, `proposals`, `grant verify`, `grant revoke`, and their published spellings.

use super::{fits, ready, refused};
use crate::harness::{Repo, World};
use serde_json::Value;

const TARGET: &str = "gatos://assets/model.bin";

/// A repository of alice whose group `leads` is alice and bob, and bob's clone of it.
fn leads<'w>(world: &'w World) -> (Repo<'w>, Repo<'w>) {
    let alice = ready(world, "a");
    let bob = alice.clone_to("b").as_person("bob");
    bob.gatos(["key", "new"]).ok();
    let line = bob.gatos(["key", "show"]).ok().stdout();
    let key = line.split_whitespace().next().expect("a key").to_owned();
    alice.gatos(["trust", "add-actor", "user:bob", &key]).ok();
    alice.gatos(["trust", "group", "add", "leads", "user:alice", "user:bob"]).ok();
    hear(&bob, "origin");
    alice.git(["remote", "add", "bob", &bob.path().display().to_string()]).ok();
    (alice, bob)
}

fn hear(repo: &Repo<'_>, remote: &str) {
    repo.git(["fetch", "-q", remote, &format!("refs/gatos/*:refs/gatos-remotes/{remote}/*")]).ok();
}

fn propose(repo: &Repo<'_>, quorum: &str) -> String {
    let args = ["propose", "publish.artifact", "--target", TARGET, "--quorum", quorum, "--ttl", "P3D", "--json"];
    let shown = fits("proposal", repo.gatos(args).ok().json());
    assert_eq!(
        (&shown["state"], &shown["expire_at"].as_str().map(|t| &t[..10])),
        (&"proposal".into(), &Some("2026-11-24"))
    );
    shown["proposal_id"].as_str().expect("an id").to_owned()
}

fn verified(repo: &Repo<'_>, id: &str, exit: i32) -> Value {
    fits("grant-verify", repo.gatos(["grant", "verify", id, "--json"]).code(exit).json())
}

#[test]
fn must_pass_through_every_state() {
    let world = World::new();
    let (alice, bob) = leads(&world);
    let id = propose(&alice, "2-of-2@leads");
    assert_eq!(verified(&alice, &id, 1)["state"], "proposal");
    let shown = fits("proposal", alice.gatos(["approve", &id[7..19], "--json"]).ok().json());
    assert_eq!((&shown["state"], &shown["have"], &shown["need"]), (&"partial".into(), &1.into(), &2.into()));
    alice.gatos(["approve", &id]).ok().says("partial 1 of 2 (@leads)");
    hear(&bob, "origin");
    bob.gatos(["proposals", "--open"]).ok().says("partial 1 of 2 (@leads)").says(TARGET);
    let shown = fits("proposal", bob.gatos(["approve", "--proposal", &id, "--json"]).ok().json());
    assert_eq!(shown["state"], "granted");
    let grant = shown["grant_id"].as_str().expect("a grant").to_owned();
    bob.gatos(["proposals", "--open"]).ok().silent();
    let verdict = verified(&bob, &grant, 0);
    assert_eq!((&verdict["valid"], &verdict["expiry_judged"]), (&true.into(), &false.into()));
    bob.gatos(["grant", "verify", "--grant", &grant]).ok().says("VALID publish.artifact").says("not judged");
    hear(&alice, "bob");
    let late = alice.command(["grant", "verify", &id, "--json"]).env("GATOS_CLOCK", "2026-11-24T10:00:00Z").run();
    assert_eq!(fits("grant-verify", late.code(1).json())["state"], "expired");
    let args = ["grant", "revoke", &grant, "--reason", "another model", "--json"];
    let shown = fits("proposal", alice.gatos(args).ok().json());
    assert_eq!((&shown["state"], &shown["revoked"]["reason"]), (&"revoked".into(), &"another model".into()));
    assert_eq!(verified(&alice, &id, 1)["reason"], "user:alice revoked it: another model");
    refused(alice.gatos(["approve", &propose(&alice, "1-of-2@leads")[..3], "--json"]), 3, "NO_PROPOSAL");
    let listed = fits("proposals", alice.gatos(["proposals", "--json"]).ok().json());
    assert_eq!(listed["proposals"].as_array().map(Vec::len), Some(2));
}

#[test]
fn who_completes_the_quorum_makes_the_same_grant() {
    let world = World::new();
    let (alice, bob) = leads(&world);
    let id = propose(&alice, "2-of-2@leads");
    hear(&bob, "origin");
    alice.gatos(["approve", &id]).ok();
    bob.gatos(["approve", &id]).ok().says("partial");
    hear(&bob, "origin");
    hear(&alice, "bob");
    let of = |repo: &Repo<'_>| {
        repo.gatos(["approve", &id]).ok().says("granted 2 of 2");
        repo.git(["for-each-ref", "--format=%(refname) %(objectname)", "refs/gatos/grants", "refs/gatos/audit/proofs"])
            .ok()
            .stdout()
    };
    assert_eq!(of(&alice), of(&bob));
}

#[test]
fn the_published_spelling_asks_the_same() {
    let world = World::new();
    let (alice, _) = leads(&world);
    let args =
        ["proposal", "new", "--action", "a", "--target", TARGET, "--quorum", "1-of-2@leads", "--ttl", "PT1H", "--json"];
    let shown = fits("proposal", alice.gatos(args).ok().json());
    assert_eq!(shown["required_quorum"], "1-of-2@leads");
    alice.gatos(["approve", "--proposal", shown["proposal_id"].as_str().expect("an id")]).ok().says("granted 1 of 1");
}

#[test]
fn what_cannot_be_asked_is_refused() {
    let world = World::new();
    let (alice, _) = leads(&world);
    let ask = |more: &[&str]| alice.gatos([&["propose", "a", "--target", TARGET, "--json"], more].concat());
    refused(ask(&[]), 2, "PROPOSAL_TERMS");
    refused(ask(&["--quorum", "1-of-3@leads"]), 2, "PROPOSAL_TERMS");
    refused(ask(&["--quorum", "1-of-1@nobody"]), 2, "PROPOSAL_TERMS");
    refused(ask(&["--quorum", "1-of-2@leads", "--ttl", "PT0S"]), 2, "PROPOSAL_TERMS");
    refused(ask(&["--quorum", "1-of-2@leads", "--ttl", "soon"]), 2, "USAGE");
    refused(ask(&["--quorum", "3-of-2@leads"]), 2, "USAGE");
    refused(alice.gatos(["propose", "a", "--target", "two words", "--json"]), 2, "USAGE");
    refused(alice.gatos(["grant", "verify", "ffff", "--json"]), 3, "NO_PROPOSAL");
    refused(alice.gatos(["approve", "--json"]), 2, "USAGE");
    let id = propose(&alice, "2-of-2@leads");
    refused(alice.gatos(["grant", "revoke", &id, "--reason", "x", "--json"]), 3, "CONSENT");
}

#[test]
fn the_active_bundle_says_whose_word_an_action_wants() {
    let world = World::new();
    let (alice, _) = leads(&world);
    let rules = "policy \"p\" version 1\n\nrule \"speak\"\n  on emit\n  allow if granted(\"say\", event)\n\n\
                 rule \"law\"\n  on policy.activate\n  allow if cap(\"policy:activate\")\n";
    alice.write("gatos/policies/p.rgs", rules);
    alice.write("gatos/governance.yaml", "governance:\n  say: { quorum: { all_of: [leads] }, ttl: PT2H }\n");
    let published = alice.gatos(["policy", "publish", "--json"]).ok().json();
    alice.gatos(["policy", "activate", published["id"].as_str().expect("an id")]).ok();
    let shown = fits("proposal", alice.gatos(["propose", "say", "--target", TARGET, "--json"]).ok().json());
    assert_eq!(shown["required_quorum"], "2-of-2@leads");
    let weak = ["propose", "say", "--target", TARGET, "--quorum", "1-of-2@leads", "--json"];
    refused(alice.gatos(weak), 2, "PROPOSAL_TERMS");
    // Of an action that governance does not name, `granted` sees nothing: a proposal chooses its quorum.
    alice.write("gatos/governance.yaml", "governance: {}\n");
    let published = alice.gatos(["policy", "publish", "--json"]).ok().json();
    alice.gatos(["policy", "activate", published["id"].as_str().expect("an id")]).ok();
    let ulid = "01ARYZ6S41TSV4RRFFQ69G5FAV";
    let said = format!(r#"{{"actor":"user:alice","ns":"main","payload":{{}},"type":"hi","ulid":"{ulid}"}}"#);
    let target = format!("intent:{}", gatos::canon::digest::blake3(said.as_bytes()));
    let alone = ["propose", "say", "--target", &target, "--quorum", "1-of-2@leads", "--json"];
    let id =
        alice.gatos(alone).ok().err_says("does not name say").json()["proposal_id"].as_str().expect("an id").to_owned();
    alice.gatos(["approve", &id]).ok().says("granted");
    let denial = alice.gatos(["emit", "hi", "--ulid", ulid, "--json"]).code(1).json();
    assert_eq!(denial["facts"]["grants"]["say"]["governed"], false);
    // A grant is for one event, whose ULID is a part of it: it is told where it was drawn.
    alice.gatos(["emit", "hi"]).code(1).err_says("emit the same again with --ulid 01");
}

#[test]
fn a_word_that_does_not_hold_is_named_and_has_no_say() {
    let world = World::new();
    let (alice, _) = leads(&world);
    let id = propose(&alice, "2-of-2@leads");
    let name = format!("refs/gatos/proposals/{}", &id[7..]);
    alice.git(["commit", "-q", "--allow-empty", "-m", "x"]).ok();
    alice.git(["update-ref", &name, "HEAD"]).ok();
    alice.gatos(["proposals"]).ok().silent().err_says("does not count");
}

#[test]
fn what_a_revoked_key_approved_is_told_at_once() {
    let world = World::new();
    let (alice, bob) = leads(&world);
    let carol = alice.clone_to("c").as_person("carol");
    carol.gatos(["key", "new"]).ok();
    let key = |repo: &Repo<'_>| {
        let line = repo.gatos(["key", "show"]).ok().stdout();
        line.split_whitespace().next().expect("a key").to_owned()
    };
    alice.gatos(["trust", "add-actor", "user:carol", &key(&carol)]).ok();
    alice.gatos(["trust", "group", "add", "leads", "user:carol"]).ok();
    alice.git(["remote", "add", "carol", &carol.path().display().to_string()]).ok();
    let ids: Vec<String> = (0..5)
        .map(|n| {
            let target = format!("gatos://assets/{n}.bin");
            let args = ["propose", "publish.artifact", "--target", &target, "--quorum", "3-of-3@leads", "--json"];
            alice.gatos(args).ok().json()["proposal_id"].as_str().expect("an id").to_owned()
        })
        .collect();
    for (repo, name, approved) in [(&bob, "bob", &ids[..]), (&carol, "carol", &ids[..1])] {
        hear(repo, "origin");
        approved.iter().for_each(|id| drop(repo.gatos(["approve", id]).ok()));
        hear(&alice, name);
    }
    let told = |exit: i32| fits("verify", alice.gatos(["verify", "--json"]).code(exit).json());
    let before = told(0);
    for repo in [&bob, &carol] {
        alice.gatos(["trust", "revoke", &key(repo), "--reason", "stolen"]).ok();
    }
    let after = told(0);
    let void: Vec<&Value> = after["findings"].as_array().expect("a list").iter().collect();
    let found = |owner: &Repo<'_>| {
        let key = key(owner);
        let mut of = void.iter().filter(|f| f["sentence"].as_str().is_some_and(|s| s.contains(&key)));
        let one = of.next().unwrap_or_else(|| panic!("nothing of {key}: {after}"));
        assert_eq!((of.count(), &one["code"], &one["severity"]), (0, &"approval.void".into(), &"note".into()));
        (one["count"].as_u64(), one["sentence"].as_str().expect("a sentence").to_owned())
    };
    assert_eq!(void.len(), 2, "{after}");
    let mut short: Vec<String> = ids.iter().map(|id| id[7..19].to_owned()).collect();
    short.sort();
    let named = format!("; they are of the proposals {} and 2 more", short[..3].join(", "));
    let (count, sentence) = found(&bob);
    assert_eq!(count, Some(5));
    assert!(sentence.starts_with("it and 4 more do not count: ") && sentence.ends_with(&named), "{sentence}");
    let (count, sentence) = found(&carol);
    assert_eq!(count, None);
    assert!(sentence.starts_with("it does not count: "), "{sentence}");
    for counted in ["journals", "events", "void", "checkpoints", "bundles", "refusals", "receipts"] {
        assert_eq!(after[counted], before[counted], "{counted}");
    }
    alice.gatos(["verify"]).ok().says("(note)").says("PASSED");
}
