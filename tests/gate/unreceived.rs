//! What came past the gate under a law that asks for receipts, and an honest push behind it.

use super::court::{Court, JOURNALS, POLICIES, TRUST};
use super::liar::Liar;
use super::profile::{bend, profile};
use crate::cli::fits;
use crate::harness::{Repo, World};

const STATE: &str = "refs/gatos/state/main";

/// What somebody finds, as severity, code and sentence.
#[track_caller]
pub fn found(repo: &Repo<'_>, code: i32) -> Vec<(String, String, String)> {
    let report = fits("verify", repo.gatos(["--json", "verify"]).code(code).json());
    let text = |finding: &serde_json::Value, field: &str| finding[field].as_str().unwrap_or_default().to_owned();
    let all = report["findings"].as_array().expect("a list").iter();
    all.map(|finding| (text(finding, "severity"), text(finding, "code"), text(finding, "sentence"))).collect()
}

/// The one failure that somebody finds.
#[track_caller]
pub fn fails(repo: &Repo<'_>, code: &str, says: &str) {
    let found: Vec<_> = found(repo, 1).into_iter().filter(|(severity, ..)| severity == "fail").collect();
    let [(_, only, why)] = &found[..] else { panic!("expected one failure: {found:?}") };
    assert!(only == code && why.contains(says), "{only}: {why}");
}

/// A journal goes on past the gate by some events, then by the gate.
#[track_caller]
fn launder(court: &Court<'_>, between: impl FnOnce()) {
    for payload in ["{\"n\":7}", "{\"n\":8}"] {
        court.emit(&court.bob, payload);
    }
    Liar::of(court).push(&court.bob, &[JOURNALS.to_owned()]);
    between();
    court.emit(&court.bob, "{\"n\":9}");
    court.push(&court.bob, [JOURNALS]).ok();
}

#[test]
fn must_excuse_no_event_and_no_state_past_the_gate_for_an_honest_push_behind_it() {
    let world = World::new();
    let court = Court::new(&world);
    let (alice, bob, liar) = (&court.alice, &court.bob, Liar::of(&court));
    profile(&court, "push-gate");
    court.emit(bob, "{\"n\":5}");
    court.push(bob, [JOURNALS]).ok();
    launder(&court, || ());
    let reader = liar.stranger("carol");
    fails(&reader, "event.no-receipt", "and so 1 further events of this journal");
    fails(&reader, "event.no-receipt", "look at who can write to the server past the gate");
    // Also for who wrote them, and under a law that asks for nothing any more.
    court.fetch(bob);
    fails(bob, "event.no-receipt", "service:gate has for what stands before and behind it (3 and 4)");
    bend(alice, "local");
    court.push(alice, [POLICIES]).ok();
    court.fetch(&reader);
    fails(&reader, "event.no-receipt", "(3 and 4)");
    // A gate that judged all of it answers for it.
    let mirror = mirror(&court);
    let path = mirror.path().to_str().expect("UTF-8");
    reader.git(["fetch", "-q", path, "refs/gatos/*:refs/gatos-remotes/mirror/*"]).ok();
    court.fetch(&reader);
    assert!(found(&reader, 0).iter().all(|(severity, ..)| severity == "note"));
    // States, of which the same is said of each ref.
    let world = World::new();
    let court = Court::new(&world);
    let (alice, liar) = (&court.alice, Liar::of(&court));
    profile(&court, "push-gate");
    alice.write("gatos/fold.lua", "return function(state, event) return { n = 1 } end\n");
    for n in 2..5 {
        court.emit(alice, &format!("{{\"n\":{n}}}"));
        court.push(alice, [JOURNALS]).ok();
        alice.gatos(["state", "checkpoint"]).ok();
        match n {
            3 => liar.push(alice, &[STATE.to_owned()]),
            _ => drop(court.push(alice, [STATE]).ok()),
        }
    }
    fails(&liar.stranger("carol"), "receipt.ends", "no push before it left the ref so");
}

#[test]
fn must_excuse_no_law_past_the_gate_for_an_honest_push_behind_it() {
    for (stands, fail) in [("push-gate", true), ("local", false)] {
        let world = World::new();
        let court = Court::new(&world);
        let (alice, liar) = (&court.alice, Liar::of(&court));
        profile(&court, stands);
        bend(alice, "research");
        liar.push(alice, &[POLICIES.to_owned()]);
        bend(alice, "push-gate");
        court.push(alice, [POLICIES]).ok();
        let reader = liar.stranger("carol");
        match fail {
            true => fails(&reader, "receipt.unseen", "it names the policy"),
            false => assert!(found(&reader, 0).iter().any(|(_, code, _)| code == "receipt.unseen")),
        }
        // Trust, by the policy that stands.
        let world = World::new();
        let court = Court::new(&world);
        let (alice, liar) = (&court.alice, Liar::of(&court));
        profile(&court, stands);
        alice.gatos(["trust", "grant", "user:bob", "policy:activate"]).ok();
        liar.push(alice, &[TRUST.to_owned()]);
        court.emit(alice, "{\"n\":2}");
        court.push(alice, [JOURNALS]).ok();
        alice.gatos(["trust", "grant", "user:bob", "journal:append:main"]).ok();
        court.push(alice, [TRUST]).ok();
        let reader = liar.stranger("carol");
        match fail {
            true => fails(&reader, "receipt.unseen", "it names the trust graph"),
            false => assert!(found(&reader, 0).iter().any(|(_, code, _)| code == "receipt.unseen")),
        }
    }
}

/// Another repository with a gate of its own, which has received everything.
#[track_caller]
fn mirror<'w>(court: &Court<'w>) -> Repo<'w> {
    let mirror = court.mirror();
    let path = mirror.path().to_str().expect("UTF-8");
    for refs in [&[TRUST, POLICIES][..], &[JOURNALS]] {
        court.server.git(["push", "-q", path].iter().chain(refs)).ok();
    }
    mirror
}

/// What came in by another gate was copied with its receipts.
#[test]
fn must_raise_no_alarm_over_what_another_gate_received() {
    let world = World::new();
    let court = Court::new(&world);
    let (alice, bob, liar) = (&court.alice, &court.bob, Liar::of(&court));
    profile(&court, "push-gate");
    court.emit(bob, "{\"n\":5}");
    court.push(bob, [JOURNALS]).ok();
    let mirror = mirror(&court);
    let path = mirror.path().to_str().expect("UTF-8");
    // Events, trust and policy go on by the mirror, and come to the server as copies.
    for payload in ["{\"n\":6}", "{\"n\":7}"] {
        court.emit(bob, payload);
        bob.git(["push", "-q", path, JOURNALS]).ok();
    }
    alice.gatos(["trust", "grant", "user:bob", "policy:activate"]).ok();
    alice.git(["push", "-q", path, TRUST]).ok();
    for name in ["research", "push-gate"] {
        bend(alice, name);
        alice.git(["push", "-q", path, POLICIES]).ok();
    }
    let copied =
        ["journal", "trust", "policies", "audit/policy"].map(|of| format!("refs/gatos/{of}/*:refs/gatos/{of}/*"));
    court.server.git(["fetch", "-q", path].into_iter().chain(copied.iter().map(String::as_str))).ok();
    court.emit(bob, "{\"n\":8}");
    court.push(bob, [JOURNALS]).ok();
    let reader = liar.stranger("carol");
    let noted = found(&reader, 0);
    assert!(noted.iter().any(|(_, code, _)| code == "receipt.unseen"), "its own gate did not see it come: {noted:?}");
    // Without the other gate's word it is as if it had come past both.
    let chain =
        reader.git(["for-each-ref", "--format=%(refname)", "refs/gatos-remotes/origin/audit/policy"]).ok().stdout();
    let chain = chain.lines().find(|name| name.contains("service.mirror")).expect("a chain");
    reader.git(["update-ref", "-d", chain]).ok();
    let codes: Vec<_> =
        found(&reader, 1).into_iter().filter(|(of, ..)| of == "fail").map(|(_, code, _)| code).collect();
    assert_eq!(codes, ["ref.no-receipt", "ref.no-receipt", "receipt.unseen", "receipt.unseen", "event.no-receipt"]);
}

/// What came before there was a gate, and while the law asked for no receipts, was let be.
#[test]
fn must_raise_no_alarm_over_what_came_while_no_law_asked_for_receipts() {
    let world = World::new();
    let court = Court::new(&world);
    let (alice, liar) = (&court.alice, Liar::of(&court));
    profile(&court, "push-gate");
    // The journal is older than the word of the gate for it.
    launder(&court, || ());
    let law = |name: &str| {
        bend(alice, name);
        court.push(alice, [POLICIES]).ok();
    };
    law("local");
    launder(&court, || law("push-gate"));
    assert!(found(&liar.stranger("carol"), 0).iter().all(|(severity, ..)| severity == "note"));
    // A gate that has lost its key goes on with another.
    let new = court.new_gate_key();
    alice.gatos(["trust", "add-key", "service:gate", &new]).ok();
    court.push(alice, [TRUST]).ok();
    for n in 2..4 {
        court.emit(alice, &format!("{{\"n\":{n}}}"));
        court.emit(&court.bob, &format!("{{\"n\":{n}}}"));
        court.push(alice, [JOURNALS]).ok();
        court.push(&court.bob, [JOURNALS]).ok();
    }
    assert!(found(&liar.stranger("dave"), 0).iter().all(|(severity, ..)| severity == "note"));
    // From here on what comes past it is found.
    launder(&court, || ());
    fails(&liar.stranger("erin"), "event.no-receipt", "past the gate");
}
