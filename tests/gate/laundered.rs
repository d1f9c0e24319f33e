//! What a copy, a foreign chain or a later push would make look received.

use super::again::enact;
use super::court::{ACTIVE, Court, JOURNALS, OPEN, POLICIES, TRUST, id_of, publish};
use super::liar::Liar;
use super::profile::profile;
use super::unreceived::{fails, found};
use crate::harness::{Repo, World};

const REL: &str = "refs/heads/rel";

/// A commit on top of the one at hand, and the refspec that sets the branch to it.
#[track_caller]
fn next(by: &Repo<'_>, message: &str) -> String {
    format!("{}:{REL}", by.commit(message))
}

#[track_caller]
fn is_sound(repo: &Repo<'_>) {
    let found = found(repo, 0);
    assert!(found.iter().all(|(severity, ..)| severity == "note"), "{found:?}");
}

/// Anybody can install a gate somewhere, and sign what he likes with its key.
#[test]
fn must_let_no_chain_of_a_gate_without_the_right_excuse_a_branch() {
    let world = World::new();
    let court = Court::new(&world);
    let (alice, liar) = (&court.alice, Liar::of(&court));
    profile(&court, "push-gate");
    court.push(alice, [next(alice, "one")]).ok();
    let evil = world.bare("evil").as_person("git");
    let install = ["hook", "install", "--server", "--await-receipt", "--actor", "service:evil", "--root", &court.id()];
    evil.gatos(install).ok();
    let past = next(alice, "past the gate");
    alice.git(["push", "-q", evil.path().to_str().expect("UTF-8"), &past]).ok();
    liar.push(alice, &[past]);
    court.push(alice, [next(alice, "behind it")]).ok();
    let copied = court.server.gatos(["hook", "copy", evil.path().to_str().expect("UTF-8")]);
    copied.ok().says("copied refs/gatos/audit/policy/service.evil");
    fails(&liar.stranger("carol"), "receipt.ends", "and no push before it left the ref so");
}

#[test]
fn must_excuse_no_branch_that_begins_anew_behind_its_deletion() {
    let world = World::new();
    let court = Court::new(&world);
    let (alice, liar) = (&court.alice, Liar::of(&court));
    profile(&court, "push-gate");
    court.push(alice, [next(alice, "one")]).ok();
    court.push(alice, [format!(":{REL}")]).ok();
    liar.push(alice, &[next(alice, "past the gate")]);
    court.push(alice, [next(alice, "behind it")]).ok();
    fails(&liar.stranger("carol"), "receipt.ends", "and no push before it left the ref so");
}

/// A copy takes nothing back; what a gate itself had received may come to it again.
#[test]
fn must_tell_a_branch_that_was_set_back_from_one_that_was_copied_again() {
    for honest in [true, false] {
        let world = World::new();
        let court = Court::new(&world);
        let (alice, mirror) = (&court.alice, court.mirror());
        let (path, url) = (mirror.path().to_str().expect("UTF-8"), court.server.path().to_str().expect("UTF-8"));
        profile(&court, "push-gate");
        let one = next(alice, "one");
        court.push(alice, [&one]).ok();
        mirror.gatos(["hook", "copy", url]).ok();
        let two = next(alice, "two");
        alice.git(["push", "-q", path, &two]).ok();
        if honest {
            for _ in 0..3 {
                court.server.gatos(["hook", "copy", path]).ok();
                alice.git(["push", "-q", "-f", url, &one]).ok();
            }
            mirror.gatos(["hook", "copy", url]).ok();
            is_sound(&mirror);
        } else {
            mirror.git(["update-ref", REL, &one[..40]]).ok();
            alice.git(["checkout", "-q", &one[..40]]).ok();
            alice.git(["push", "-q", path, &next(alice, "behind it")]).ok();
            fails(&mirror, "receipt.ends", "and no push before it left the ref so");
        }
    }
}

/// A server that has no policy asks none of those that are brought to it. Where one stood elsewhere, it is asked.
#[test]
fn must_find_law_that_went_round_what_forbids_it_by_a_server_without_any() {
    let world = World::new();
    let court = Court::new(&world);
    let (alice, bob, mirror) = (&court.alice, &court.bob, court.mirror());
    let path = mirror.path().to_str().expect("UTF-8");
    court.let_bob_sign();
    enact(&court, alice, OPEN);
    let own = court.by_bob(&OPEN.replace("if root()", "if known()"));
    court.refused(bob, [format!("{own}:{ACTIVE}")], "none");
    // What the first gate received the second may receive as the first.
    alice.git(["push", "-q", path, TRUST, POLICIES]).ok();
    is_sound(&mirror);
    mirror.git(["update-ref", "-d", ACTIVE]).ok();
    let chain = mirror.git(["for-each-ref", "--format=%(refname)", "refs/gatos/audit"]).ok().stdout();
    mirror.git(["update-ref", "-d", &chain]).ok();
    bob.git(["push", "-q", path, &format!("{own}:{ACTIVE}")]).ok();
    court.server.gatos(["hook", "copy", path]).ok().says(&format!("copied {ACTIVE} at {own}"));
    let found = found(&Liar::of(&court).stranger("carol"), 1);
    assert!(found.iter().any(|(_, code, _)| code == "policy.forbidden"), "{found:?}");
}

/// A gate is for the repository and the line of policies that it was installed for, however they come.
#[test]
fn must_copy_no_law_that_the_gate_was_not_installed_for() {
    let world = World::new();
    let court = Court::new(&world);
    let (alice, url) = (&court.alice, court.server.path().to_str().expect("UTF-8"));
    let other = world.repo("other");
    other.gatos(["init"]).ok();
    alice.write("gatos/policies/10-open.rgs", OPEN);
    let (id, _) = publish(alice);
    for pins in [["--root", &id_of(&other)], ["--policy", &id]] {
        let gate = world.bare(&pins[0][2..]).as_person("git");
        gate.gatos(["hook", "install", "--server"].into_iter().chain(pins)).ok();
        gate.gatos(["hook", "copy", url]).code(3).err_says(pins[1]);
        assert_eq!(gate.git(["for-each-ref"]).ok().stdout(), "");
        gate.gatos(["hook", "copy", ""]).code(2);
    }
}

/// git lets anything but a commit take the place of what stands.
#[test]
fn must_copy_nothing_over_what_stands_but_what_goes_on_from_it() {
    let world = World::new();
    let court = Court::new(&world);
    let (mirror, url) = (court.mirror(), court.server.path().to_str().expect("UTF-8"));
    mirror.gatos(["hook", "copy", url]).ok();
    let (name, tip) = court.journal(&court.alice);
    let blob = court.server.git(["hash-object", "-w", "HEAD"]).ok().stdout();
    court.server.git(["update-ref", "refs/gatos/proposals/x", &blob]).ok();
    court.server.git(["update-ref", &name, &blob]).ok();
    mirror.gatos(["hook", "copy", url]).code(1).says(&format!("APART {name}: {tip} here, {blob} there"));
    assert_eq!(mirror.git(["rev-parse", &name]).ok().stdout(), tip);
    mirror.git(["rev-parse", "--verify", "-q", "refs/gatos/proposals/x"]).code(1);
}

/// A gate is for the repository whose law was copied to it, and holds to what it was installed for when it is installed again.
#[test]
fn must_pin_what_was_copied_and_hold_to_it() {
    let world = World::new();
    let court = Court::new(&world);
    let (alice, second) = (&court.alice, world.bare("second").as_person("git"));
    second.gatos(["hook", "install", "--server"]).ok();
    second.gatos(["hook", "copy", court.server.path().to_str().expect("UTF-8")]).ok();
    second.git(["update-ref", "-d", TRUST]).ok();
    alice.commit("code");
    let path = second.path().to_str().expect("UTF-8");
    alice.git(["push", path, "HEAD:refs/heads/code"]).code(1).err_says("rule    gate.law-gone  ");
    let other = world.repo("other");
    other.gatos(["init"]).ok();
    second.git(["fetch", "-q", other.path().to_str().expect("UTF-8"), &format!("{TRUST}:{TRUST}")]).ok();
    second.gatos(["hook", "install", "--server"]).code(3).err_says(&court.id());
}

/// Who may give no receipts does not say where the law stood.
#[test]
fn must_not_be_shut_by_a_chain_of_a_gate_without_the_right() {
    let world = World::new();
    let court = Court::new(&world);
    let (alice, liar) = (&court.alice, Liar::of(&court));
    let mut map = liar.last();
    map.insert("trust_root", "1".repeat(40));
    map.insert("updates", gatos::canon::Value::List(Vec::new()));
    let key8 = court.key("bob")[8..16].to_owned();
    let chain = format!("refs/gatos/audit/policy/user.bob+{key8}.aaaaaa");
    liar.write(&court.server, &chain, &map, &court.signer("bob"));
    court.server.git(["update-ref", "-d", TRUST]).ok();
    court.push(alice, [TRUST]).ok();
    court.emit(alice, "{\"n\":2}");
    court.push(alice, [JOURNALS]).ok();
}

/// Trust that came in pieces before the gate was let in is put back as the gate asks.
#[test]
fn must_find_no_fault_where_trust_from_before_the_right_is_put_back() {
    let world = World::new();
    let alice = world.repo("alice");
    alice.gatos(["init"]).ok();
    let server = world.bare("server").as_person("git");
    alice.git(["remote", "add", "origin", server.path().to_str().expect("UTF-8")]).ok();
    let install = ["--json", "hook", "install", "--server", "--await-receipt", "--root", &id_of(&alice)];
    let gate = server.gatos(install).ok().json();
    alice.git(["push", "-q", "origin", TRUST]).ok();
    alice.gatos(["trust", "group", "add", "leads", "user:alice"]).ok();
    alice.git(["push", "-q", "origin", TRUST]).ok();
    server.git(["update-ref", "-d", TRUST]).ok();
    alice.git(["push", "-q", "origin", TRUST]).ok();
    alice.gatos(["trust", "add-actor", "service:gate", gate["key"].as_str().expect("a key")]).ok();
    alice.gatos(["trust", "grant", "service:gate", "gate:receipt"]).ok();
    alice.git(["push", "-q", "origin", TRUST]).ok();
    alice.git(["push", "-q", "origin", POLICIES]).ok();
    is_sound(&server);
}
