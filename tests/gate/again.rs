//! What every clone can find out: that a gate accepted what the law that stood then forbade.

use super::consent::Team;
use super::court::{ACTIVE, Court, JOURNALS, POLICIES, TRUST, draft, one_ref, publish};
use super::liar::{Liar, failures, passes};
use crate::cli::fits;
use crate::harness::{Repo, World};
use gatos::canon::Value as Canon;
use serde_json::Value;

const ULID: &str = "01ARYZ6S41TSV4RRFFQ69G5FAV";
pub(super) const RULES: &str = r#"policy "small" version 1

rule "speak"
  on emit
  allow if known()

rule "small"
  on emit
  deny if payload.n > 10
  because "no more than ten"

rule "states"
  on state.checkpoint
  allow

rule "law"
  on policy.activate
  allow if root()
"#;

#[track_caller]
pub(super) fn enact(court: &Court<'_>, by: &Repo<'_>, rules: &str) -> String {
    by.write("gatos/policies/10-test.rgs", rules);
    let id = court.enact(by);
    [&court.alice, &court.bob].iter().for_each(|repo| court.fetch(repo));
    id
}

fn court(world: &World) -> Court<'_> {
    let court = Court::new(world);
    enact(&court, &court.alice, RULES);
    court
}

/// The one failure.
#[track_caller]
fn fails(repo: &Repo<'_>, code: &str, says: &str) -> Value {
    let failures = failures(repo);
    let [only] = &failures[..] else { panic!("expected one failure: {failures:?}") };
    assert_eq!(only["code"], code, "{only}");
    let sentence = only["sentence"].as_str().expect("a text");
    assert!(sentence.contains(says), "{sentence}");
    only.clone()
}

#[track_caller]
fn sealed(court: &Court<'_>, payload: &str) -> (String, String) {
    let (name, _) = court.journal(&court.alice);
    let mut how = court.honest(&court.alice, &[]);
    how.drafts = vec![draft(ULID, payload)];
    (name, court.sealed(&court.alice, "alice", &how))
}

#[test]
fn must_judge_every_received_event_again_and_name_what_it_cannot() {
    let world = World::new();
    let court = court(&world);
    (2..5).for_each(|n| court.emit(&court.alice, &format!("{{\"n\":{n}}}")));
    court.push(&court.alice, [JOURNALS]).ok();
    court.emit(&court.bob, "{\"n\":5}");
    court.push(&court.bob, [JOURNALS]).ok();
    let stranger = Liar::of(&court).stranger("carol");
    let report = passes(&stranger);
    assert_eq!((&report["receipts"], &report["not_judged"]), (&4.into(), &serde_json::json!([])));
    assert_eq!(report["judged"], serde_json::json!({"activations": 2, "events": 5}));
    // What nobody received, nobody judged.
    court.emit(&court.alice, "{\"n\":6}");
    court.fetch(&court.alice);
    let said = court.alice.gatos(["verify"]).ok().stdout();
    assert!(
        said.contains("judged again by the law that stood then, with 4 receipts: 2 activations, 5 events\n"),
        "{said}"
    );
    assert!(said.contains("not judged again: 1 event: no receipt\n"), "{said}");
}

#[test]
fn must_find_an_event_that_a_gate_accepted_against_the_law() {
    let world = World::new();
    let court = court(&world);
    let liar = Liar::of(&court);
    let (name, forbidden) = sealed(&court, "{\"n\":99}");
    court.refused(&court.alice, [format!("{forbidden}:{name}")], "small");
    liar.accept(&court.alice, &[(&name, &forbidden)]);
    let finding = fails(&liar.stranger("carol"), "event.forbidden", "denied by small: no more than ten");
    assert_eq!((&finding["commit"], &finding["seq"]), (&forbidden.as_str().into(), &2.into()));
    // A later law that allows it does not make it good.
    enact(&court, &court.alice, &RULES.replace("payload.n > 10", "payload.n > 1000"));
    fails(&liar.stranger("dave"), "event.forbidden", "denied by small");
}

#[test]
fn must_find_receipts_whose_ends_do_not_fit() {
    let world = World::new();
    let court = court(&world);
    let liar = Liar::of(&court);
    let (name, tip) = court.journal(&court.alice);
    let said = |old: &str, new: &str| {
        let update =
            |name: &str, old: &str| Canon::map([("ref", name.into()), ("old", old.into()), ("new", new.into())]);
        let updates = [update("refs/heads/aside", &"0".repeat(40)), update(&name, old)];
        liar.give(|map| drop(map.insert("updates", Canon::list(updates))));
    };
    let (chain, before) = one_ref(&court.server, "refs/gatos/audit/policy");
    // An event that the law forbids is pushed past the gate, and no push begins where its receipt says.
    let (_, forbidden) = sealed(&court, "{\"n\":99}");
    liar.push(&court.alice, &[format!("{forbidden}:{name}")]);
    said(&"ab".repeat(20), &forbidden);
    let why = format!("began behind {}, where no push before it ended", "ab".repeat(20));
    fails(&liar.stranger("carol"), "receipt.ends", &why);
    // A push to nowhere that began with an honest one hides what comes behind it.
    court.server.git(["update-ref", &chain, &before]).ok();
    court.server.git(["update-ref", &name, &tip]).ok();
    court.emit(&court.alice, "{\"n\":2}");
    court.push(&court.alice, [JOURNALS]).ok();
    said(&tip, &"cd".repeat(20));
    fails(&liar.stranger("dave"), "receipt.ends", "with another end");
}

#[test]
fn must_find_no_fault_in_what_an_older_law_allowed() {
    let world = World::new();
    let court = court(&world);
    court.emit(&court.alice, "{\"n\":9}");
    court.push(&court.alice, [JOURNALS]).ok();
    enact(&court, &court.alice, &RULES.replace("payload.n > 10", "payload.n > 3"));
    let report = passes(&Liar::of(&court).stranger("carol"));
    assert_eq!(report["judged"]["events"], 2);
}

#[test]
fn must_find_an_event_of_a_key_that_trust_did_not_know_yet() {
    let world = World::new();
    let court = court(&world);
    let liar = Liar::of(&court);
    let dave = court.alice.clone_to("dave").as_person("dave");
    dave.gatos(["key", "new"]).ok();
    court.alice.gatos(["trust", "add-actor", "user:dave", &court.key("dave")]).ok();
    // He speaks under a law that the server does not have.
    let here = "+refs/gatos/trust/*:refs/gatos/trust/*";
    dave.git(["fetch", "-q", court.alice.path().to_str().expect("UTF-8"), here, POLICIES]).ok();
    dave.gatos(["emit", "add", "{\"n\":1}"]).ok();
    let (name, tip) = court.journal(&dave);
    court.admit(&dave);
    liar.accept(&dave, &[(&name, &tip)]);
    court.push(&court.alice, [TRUST]).ok();
    fails(&liar.stranger("carol"), "event.forbidden", "denied by key.unknown");
}

/// What a stranger finds of one forged receipt; the gate's chain is put back.
#[track_caller]
fn forged(court: &Court<'_>, n: usize, code: &str, says: &str, change: impl FnOnce(&mut gatos::canon::Map)) {
    let liar = Liar::of(court);
    let (name, tip) = one_ref(&court.server, "refs/gatos/audit/policy");
    liar.give(change);
    fails(&liar.stranger(&format!("reader{n}")), code, says);
    court.server.git(["update-ref", &name, &tip]).ok();
}

#[test]
fn must_find_a_receipt_that_names_another_law_than_stood() {
    let world = World::new();
    let court = court(&world);
    let old = court.server.git(["rev-parse", &format!("{ACTIVE}^")]).ok().stdout();
    let oldest = court.server.git(["rev-parse", &format!("{TRUST}~1")]).ok().stdout();
    // The receipts have come to the newer law only with the push behind the one that brought it.
    court.emit(&court.alice, "{\"n\":2}");
    court.push(&court.alice, [JOURNALS]).ok();
    forged(&court, 1, "receipt.law", "had been replaced", |map| drop(map.insert("policy_root", old.as_str())));
    forged(&court, 2, "receipt.law", "had been replaced", |map| drop(map.insert("trust_root", oldest.as_str())));
    let nowhere = "ab".repeat(20);
    forged(&court, 3, "receipt.law", "none of those that count", |map| {
        drop(map.insert("policy_root", nowhere.as_str()));
    });
    forged(&court, 4, "receipt.law", "names no policy", |map| drop(map.remove("policy_root")));
    forged(&court, 5, "receipt.order", "behind receipt", |map| drop(map.insert("seq", 9)));
    forged(&court, 6, "receipt.time", "before the receipt before it", |map| {
        drop(map.insert("received_at", "2026-11-21T08:00:00Z"));
    });
    // A law that is said to have replaced another than stood.
    let active = court.server.git(["rev-parse", ACTIVE]).ok().stdout();
    forged(&court, 7, "receipt.law", "and moves another", |map| {
        let update = [("ref", ACTIVE.into()), ("old", old.as_str().into()), ("new", active.as_str().into())];
        drop(map.insert("updates", Canon::list([Canon::map(update)])));
    });
    passes(&Liar::of(&court).stranger("last"));
}

#[test]
fn must_find_a_receipt_of_who_may_not_give_one_and_believe_none() {
    let world = World::new();
    let court = court(&world);
    let liar = Liar::of(&court);
    // Alice is a root, and holds no gate:receipt.
    court.emit(&court.alice, "{\"n\":2}");
    let (name, tip) = court.journal(&court.alice);
    let mut map = liar.last();
    let update = [("ref", name.as_str().into()), ("old", "0".repeat(40).into()), ("new", tip.as_str().into())];
    map.insert("updates", Canon::list([Canon::map(update)]));
    map.insert("seq", 1);
    let own = name.replace("journal/main", "audit/policy");
    liar.write(&court.alice, &own, &map, &court.signer("alice"));
    fails(&court.alice, "receipt.key", "gives no receipts");
    court
        .alice
        .gatos(["verify"])
        .code(1)
        .says(" event.self-judged: no gate has given a receipt for the last of its events");
}

#[test]
fn must_find_two_stories_of_one_gate() {
    let world = World::new();
    let court = court(&world);
    let liar = Liar::of(&court);
    let reader = liar.stranger("carol");
    let (name, tip) = one_ref(&court.server, "refs/gatos/audit/policy");
    liar.give(|_| {});
    let other = court.server.git(["rev-parse", &name]).ok().stdout();
    court.server.git(["update-ref", &name, &tip]).ok();
    liar.give(|map| drop(map.insert("received_at", "2026-11-21T23:00:00Z")));
    court.fetch(&reader);
    reader.git(["fetch", "-q", court.server.path().to_str().expect("UTF-8"), &other]).ok();
    let second = name.replace("refs/gatos/", "refs/gatos-remotes/mirror/");
    reader.git(["update-ref", &second, &other]).ok();
    fails(&reader, "receipt.fork", "two stories");
}

#[test]
fn must_find_a_policy_that_the_one_before_it_did_not_permit() {
    let world = World::new();
    let court = court(&world);
    let liar = Liar::of(&court);
    // Bob may sign bundles, and the law lets roots alone make one active.
    court.alice.gatos(["trust", "grant", "user:bob", "policy:activate"]).ok();
    court.push(&court.alice, [TRUST]).ok();
    court.fetch(&court.bob);
    court.bob.write("gatos/policies/10-test.rgs", RULES.replace("10\n", "1000\n"));
    let (id, commit) = publish(&court.bob);
    court.bob.gatos(["policy", "activate", &id]).code(1);
    court.refused(&court.bob, [format!("{commit}:{ACTIVE}")], "none");
    // By hand in a clone, where no receipt speaks of it.
    let by_hand = court.bob.copy("by-hand");
    by_hand.git(["update-ref", ACTIVE, &commit]).ok();
    fails(&by_hand, "policy.forbidden", "it became the policy");
    liar.accept(&court.bob, &[(ACTIVE, &commit)]);
    fails(&liar.stranger("carol"), "policy.forbidden", "accepted it with receipt");
}

#[test]
fn must_ask_for_signers_of_a_policy_who_may_sign_when_it_becomes_active() {
    let world = World::new();
    let court = court(&world);
    let liar = Liar::of(&court);
    enact(&court, &court.alice, &RULES.replace("allow if root()", "allow"));
    court.alice.gatos(["trust", "grant", "user:bob", "policy:activate"]).ok();
    court.push(&court.alice, [TRUST]).ok();
    court.fetch(&court.bob);
    court.bob.write("gatos/policies/10-test.rgs", RULES);
    let (_, commit) = publish(&court.bob);
    // He may not any more when it arrives.
    court.take_grant("user:bob");
    let refused = court.refused(&court.bob, [format!("{commit}:{ACTIVE}")], "policy.signer");
    let stands = court.server.git(["rev-parse", ACTIVE]).ok().stdout();
    refused.err_says(&format!("git update-ref {ACTIVE} {stands}"));
    liar.accept(&court.bob, &[(ACTIVE, &commit)]);
    fails(&liar.stranger("carol"), "policy.forbidden", "denied by policy.signer");
}

#[test]
fn must_find_refs_that_no_gate_takes() {
    let world = World::new();
    let court = court(&world);
    let liar = Liar::of(&court);
    let (_, tip) = court.journal(&court.alice);
    liar.give(|map| {
        let update = [
            ("ref", "refs/gatos/audit/policy/user.bob+00000000.aaaaaa".into()),
            ("old", "0".repeat(40).into()),
            ("new", tip.as_str().into()),
        ];
        drop(map.insert("updates", Canon::list([Canon::map(update)])));
    });
    fails(&liar.stranger("carol"), "push.forbidden", "denied by ref.server-only");
}

#[test]
fn must_find_what_the_profile_of_then_forbade() {
    let world = World::new();
    let court = court(&world);
    let liar = Liar::of(&court);
    let alice = &court.alice;
    let (first, branch) = (alice.commit("one"), "refs/heads/work");
    court.push(alice, [format!("HEAD:{branch}")]).ok();
    alice.git(["checkout", "-q", "--orphan", "again"]).ok();
    let second = alice.commit("two");
    // No rule names the branch, and the law does not say yet that it only grows.
    court.push(alice, [format!("+HEAD:{branch}")]).ok();
    alice.write("gatos/config/profile.yaml", "profile: research\n");
    enact(&court, alice, RULES);
    // A merge goes on from every parent.
    alice.git(["checkout", "-q", "--detach", &first]).ok();
    alice.git(["merge", "-q", "--allow-unrelated-histories", "-m", "both", &second]).ok();
    let merged = alice.git(["rev-parse", "HEAD"]).ok().stdout();
    court.push(alice, [format!("HEAD:{branch}")]).ok();
    passes(&liar.stranger("carol"));
    court.refused(alice, [format!("+{first}:{branch}")], "profile.fast-forward");
    liar.accept(alice, &[(branch, &first)]);
    let why = format!("denied by profile.fast-forward: {first} does not descend from {merged}");
    // Whoever has a branch whole sees that it lost what it held; of what is not here nobody can tell.
    let reader = liar.stranger("dave");
    fails(&reader, "push.forbidden", &why);
    let unknown = &reader.gatos(["--json", "verify"]).code(1).json()["not_judged"][0];
    assert_eq!(unknown["what"], "pushes to branches: commits that are not here");
    assert_eq!(unknown["count"], 1);
    let all = [&first, &merged].map(|id| format!("{id}:refs/heads/{}", &id[..7]));
    alice
        .git(["push", "-q", reader.path().to_str().expect("UTF-8")].into_iter().chain(all.iter().map(String::as_str)))
        .ok();
    let report = fits("verify", reader.gatos(["--json", "verify"]).code(1).json());
    assert_eq!(report["not_judged"], serde_json::json!([]));
    fails(&reader, "push.forbidden", &why);
}

#[test]
fn must_find_a_tag_that_the_profile_of_then_kept_in_its_place() {
    let world = World::new();
    let court = court(&world);
    let (liar, alice) = (Liar::of(&court), &court.alice);
    alice.write("gatos/config/profile.yaml", "profile: research\n");
    enact(&court, alice, RULES);
    alice.commit("one");
    alice.git(["tag", "-a", "-m", "one", "v1"]).ok();
    court.push(alice, ["refs/tags/v1"]).ok();
    let newer = alice.commit("two");
    // The commit goes on from the one that the tag stands for; who signed the tag is lost.
    court.refused(alice, [format!("+{newer}:refs/tags/v1")], "profile.fast-forward");
    let reader = liar.stranger("carol");
    liar.accept(alice, &[("refs/tags/v1", &newer)]);
    court.fetch(&reader);
    reader.git(["fetch", "-q", "origin", &format!("{newer}:refs/heads/newer")]).ok();
    reader.git(["cat-file", "-e", "refs/tags/v1^{tag}"]).ok();
    fails(&reader, "push.forbidden", "denied by profile.fast-forward");
    fails(&liar.stranger("dave"), "push.forbidden", "denied by profile.fast-forward");
}

#[test]
fn must_raise_no_alarm_over_consent_that_came_in_by_another_chain() {
    let world = World::new();
    let team = Team::new(&world);
    let (court, bob) = (&team.court, &team.court.bob);
    let id = team.ask(20_000);
    team.approve(&court.alice, &id);
    let anew = || {
        let key = court.new_gate_key();
        court.alice.gatos(["trust", "add-key", "service:gate", &key]).ok();
        court.push(&court.alice, [TRUST]).ok();
        [bob, &team.carol].iter().for_each(|repo| court.fetch(repo));
    };
    anew();
    team.approve(&team.carol, &id);
    anew();
    team.pay(bob, 20_000, "--json").ok();
    court.push(bob, [JOURNALS]).ok();
    let not_judged = passes(&Liar::of(court).stranger("reader"))["not_judged"].clone();
    let when = |kind: &str, what: &str| serde_json::json!({"count": 1, "what": format!("{kind}: {what}")});
    let all = not_judged.as_array().expect("a list");
    assert!(all.contains(&when("events", "when a grant came in")), "{not_judged}");
    assert!(all.iter().any(|n| n["what"] == "consents: when that came in which it needs"), "{not_judged}");
}

#[test]
fn must_find_a_state_that_the_profile_of_then_forbade() {
    let world = World::new();
    let court = court(&world);
    let liar = Liar::of(&court);
    court.alice.gatos(["state", "checkpoint"]).ok();
    let name = "refs/gatos/state/main";
    let tip = court.alice.git(["rev-parse", name]).ok().stdout();
    court.alice.write("gatos/config/profile.yaml", "profile: research\n");
    enact(&court, &court.alice, RULES);
    court.refused(&court.alice, [format!("{tip}:{name}")], "profile.fold");
    liar.accept(&court.alice, &[(name, &tip)]);
    fails(&liar.stranger("carol"), "push.forbidden", "denied by profile.fold");
}
