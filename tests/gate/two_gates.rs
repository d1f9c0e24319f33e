//! What came past one of two gates that copy from each other, and an honest push behind it.

use super::court::{Court, JOURNALS, POLICIES, TRUST};
use super::liar::Liar;
use super::profile::{bend, profile};
use super::unreceived::{fails, found};
use crate::harness::{Repo, World};

const MAIN: &str = "refs/heads/main";

/// A server that its operator copies from another, but for its own records, which are ahead there.
#[track_caller]
fn copy(from: &Repo<'_>, to: &Repo<'_>) {
    let (path, own) = (from.path().to_str().expect("UTF-8"), to.path().ends_with("mirror"));
    let own = format!("^refs/gatos/audit/policy/service.{}*", if own { "mirror" } else { "gate" });
    to.git(["fetch", "-q", path, "refs/gatos/*:refs/gatos/*", "refs/heads/*:refs/heads/*", &own]).ok();
}

/// What an operator writes to his server from a clone.
#[track_caller]
fn past_the_gate(server: &Repo<'_>, from: &Repo<'_>, refs: &str) {
    server.git(["fetch", "-q", from.path().to_str().expect("UTF-8"), refs]).ok();
}

#[track_caller]
fn push(from: &Repo<'_>, to: &Repo<'_>, refs: &str) {
    from.git(["push", "-q", to.path().to_str().expect("UTF-8"), refs]).ok();
}

/// A court under a profile, and a copy of its server that has a gate.
#[track_caller]
fn two<'w>(world: &'w World, under: &str) -> (Court<'w>, Repo<'w>) {
    let court = Court::new(world);
    profile(&court, under);
    let second = court.mirror();
    copy(&court.server, &second);
    (court, second)
}

/// Somebody finds nothing but notes; their codes.
#[track_caller]
fn notes(repo: &Repo<'_>) -> Vec<String> {
    let found = found(repo, 0);
    assert!(found.iter().all(|(severity, ..)| severity == "note"), "{found:?}");
    found.into_iter().map(|(_, code, _)| code).collect()
}

#[test]
fn must_excuse_no_event_past_one_gate_for_what_another_received_around_it() {
    let said = "no gate has given a receipt for it, and service:gate has for what stands before it (4, by ed25519:";
    for by_first in [true, false] {
        let world = World::new();
        let (court, second) = two(&world, "push-gate");
        let bob = &court.bob;
        court.emit(bob, "{\"n\":5}");
        court.push(bob, [JOURNALS]).ok();
        copy(&court.server, &second);
        court.emit(bob, "{\"n\":6}");
        court.emit(bob, "{\"n\":7}");
        // It does not matter whose operator it was.
        match by_first {
            true => {
                past_the_gate(&court.server, bob, JOURNALS);
                copy(&court.server, &second);
            }
            false => past_the_gate(&second, bob, JOURNALS),
        }
        court.emit(bob, "{\"n\":8}");
        push(bob, &second, JOURNALS);
        fails(&second, "event.no-receipt", said);
        copy(&second, &court.server);
        let reader = Liar::of(&court).stranger("carol");
        fails(&reader, "event.no-receipt", "and service:mirror for what stands behind it (1, by ed25519:");
        fails(&reader, "event.no-receipt", "and so 1 further events of this journal");
        // Also where both go on.
        court.emit(bob, "{\"n\":9}");
        court.push(bob, [JOURNALS]).ok();
        court.fetch(&reader);
        fails(&reader, "event.no-receipt", said);
    }
}

#[test]
fn must_excuse_no_law_past_one_gate_for_its_first_receipt() {
    for (stands, fail) in [("push-gate", true), ("local", false)] {
        let of = |second: &Repo<'_>, says: &str| match fail {
            true => fails(second, "receipt.unseen", says),
            false => assert!(notes(second).iter().any(|code| code == "receipt.unseen")),
        };
        // Trust, where the first receipt brings more of it.
        let world = World::new();
        let (court, second) = two(&world, stands);
        let alice = &court.alice;
        alice.gatos(["trust", "grant", "user:bob", "policy:activate"]).ok();
        past_the_gate(&second, alice, "refs/gatos/trust/*:refs/gatos/trust/*");
        alice.gatos(["trust", "grant", "user:bob", "journal:append:main"]).ok();
        push(alice, &second, TRUST);
        of(&second, "it names the trust graph");
        copy(&second, &court.server);
        of(&Liar::of(&court).stranger("carol"), "gates have what stands before it");
        // A policy that itself asks for nothing: the one before it says what was asked.
        let world = World::new();
        let (court, second) = two(&world, stands);
        bend(&court.alice, "local");
        past_the_gate(&second, &court.alice, POLICIES);
        bend(&court.alice, "push-gate");
        push(&court.alice, &second, POLICIES);
        of(&second, "it names the policy");
    }
}

/// A branch that the first gate has brought to two commits, and another that is none of its history.
#[track_caller]
fn branches<'w>(court: &Court<'w>, second: &Repo<'w>) -> String {
    let alice = &court.alice;
    for name in ["one", "two"] {
        alice.commit(name);
        court.push(alice, [format!("HEAD:{MAIN}")]).ok();
    }
    copy(&court.server, second);
    alice.git(["checkout", "-q", "--orphan", "other"]).ok();
    alice.commit("other")
}

#[test]
fn must_excuse_no_branch_past_one_gate_for_its_first_receipt() {
    for under in ["research", "local"] {
        let world = World::new();
        let (court, second) = two(&world, under);
        let alice = &court.alice;
        let other = branches(&court, &second);
        past_the_gate(&second, alice, &format!("+other:{MAIN}"));
        alice.commit("three");
        push(alice, &second, &format!("HEAD:{MAIN}"));
        let says = format!("says that a push began at {other}, and no push before it left the ref so");
        match under {
            "research" => fails(&second, "receipt.ends", &says),
            _ => assert!(notes(&second).iter().any(|code| code == "receipt.ends")),
        }
        let url = second.path().to_str().expect("UTF-8");
        let reader = Liar::of(&court).stranger("carol");
        let copied = ["refs/gatos/*:refs/gatos-remotes/second/*", "refs/heads/main:refs/remotes/second/main"];
        reader.git(["fetch", "-q", url].iter().chain(&copied)).ok();
        match under {
            "research" => fails(&reader, "receipt.ends", &says),
            _ => assert!(notes(&reader).iter().any(|code| code == "receipt.ends")),
        }
    }
}

/// Copies, pushes to both gates in whatever order and ranges, a key that was removed, and branches that are older than the gates.
#[test]
fn must_raise_no_alarm_over_two_gates_that_copy_from_each_other() {
    let world = World::new();
    let court = Court::new(&world);
    let (alice, bob) = (&court.alice, &court.bob);
    // Both servers hold a branch before they have a word about it, and one of them an older commit.
    let older = [alice.commit("one"), alice.commit("two")];
    profile(&court, "research");
    let second = court.mirror();
    copy(&court.server, &second);
    for (server, name, commit) in
        [(&court.server, "a", 1), (&second, "a", 0), (&court.server, "b", 1), (&second, "b", 1)]
    {
        past_the_gate(server, alice, &format!("{}:refs/heads/{name}", older[commit]));
    }
    alice.commit("three");
    for server in [&court.server, &second] {
        push(alice, server, "HEAD:refs/heads/a");
        push(alice, server, "HEAD:refs/heads/b");
        // One that a server does not have may begin anew.
        push(alice, server, "HEAD:refs/heads/c");
        push(alice, server, "HEAD:refs/heads/c");
    }
    // Each in turn, what the other had not; then ranges that overlap.
    for n in 2..6 {
        let (one, other) = if n % 2 == 0 { (&court.server, &second) } else { (&second, &court.server) };
        court.emit(bob, "{\"n\":5}");
        push(bob, one, JOURNALS);
        if n > 3 {
            court.emit(bob, "{\"n\":6}");
            push(bob, other, JOURNALS);
            push(bob, one, JOURNALS);
        }
        alice.commit("more");
        push(alice, one, "HEAD:refs/heads/a");
        alice.gatos(["trust", "grant", "user:bob", &format!("journal:append:n{n}")]).ok();
        push(alice, one, TRUST);
        copy(one, other);
        copy(other, one);
        court.fetch(bob);
        notes(one);
    }
    // A key that is removed afterwards.
    alice.gatos(["trust", "remove-key", "user:bob", &court.key("bob")]).ok();
    push(alice, &second, TRUST);
    copy(&second, &court.server);
    court.emit(alice, "{\"n\":9}");
    court.push(alice, [JOURNALS]).ok();
    copy(&court.server, &second);
    notes(&second);
    notes(&Liar::of(&court).stranger("carol"));
}

/// Though the law of both receipts around it asks for them, and nobody says what the other gate's law was meanwhile.
#[test]
fn must_let_be_what_came_past_one_of_two_gates_while_the_law_asked_for_nothing() {
    let world = World::new();
    let (court, second) = two(&world, "research");
    let (alice, bob) = (&court.alice, &court.bob);
    let law = |name: &str| {
        bend(alice, name);
        push(alice, &second, POLICIES);
    };
    court.emit(bob, "{\"n\":6}");
    court.push(bob, [JOURNALS]).ok();
    branches(&court, &second);
    law("local");
    court.emit(bob, "{\"n\":7}");
    past_the_gate(&second, bob, JOURNALS);
    past_the_gate(&second, alice, &format!("+other:{MAIN}"));
    law("research");
    court.emit(bob, "{\"n\":8}");
    push(bob, &second, JOURNALS);
    alice.commit("more");
    push(alice, &second, &format!("HEAD:{MAIN}"));
    assert!(notes(&second).iter().any(|code| code == "receipt.ends"));
    // What came past it later is found.
    court.emit(bob, "{\"n\":9}");
    past_the_gate(&second, bob, JOURNALS);
    court.emit(bob, "{\"n\":10}");
    push(bob, &second, JOURNALS);
    fails(&second, "event.no-receipt", "service:mirror has for what stands before and behind it");
}
