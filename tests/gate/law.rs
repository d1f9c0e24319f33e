//! Whose law a server takes, and what nobody can take back alone.

use super::court::{ACTIVE, Court, JOURNALS, OPEN, TRUST, activate, id_of, publish};
use crate::cli::{fits, refused};
use crate::harness::{Repo, World};

#[test]
fn must_take_the_law_of_the_one_repository_that_was_named() {
    let world = World::new();
    let court = Court::new(&world);
    let id = court.id();
    let push = |name: &str| {
        let url = world.path().join(name);
        court.alice.git(["push", url.to_str().expect("UTF-8"), TRUST])
    };
    let open = world.bare("open").as_person("git");
    open.gatos(["hook", "install", "--server"]).ok();
    push("open").code(1).err_says("rule    gate.unpinned  ").err_says(&format!("--root {id}"));
    // Of what repository its record would be it does not know yet.
    recorded(&open, &[], 1);
    // Another repository's genesis is not taken, and the named one is.
    let other = world.repo("other");
    other.gatos(["init"]).ok();
    let theirs = id_of(&other);
    let pinned = world.bare("pinned").as_person("git");
    pinned.gatos(["hook", "install", "--server", "--root", &theirs]).ok();
    push("pinned").code(1).err_says("rule    trust.root  ");
    recorded(&pinned, &["trust.root"], 0);
    open.gatos(["hook", "install", "--server", "--root", &id]).ok();
    push("open").ok();
    // What stands decides from then on.
    open.gatos(["hook", "install", "--server", "--root", &theirs]).code(3).err_says(&id);
}

/// Alice has three policies in a row, and beside the second one another. Whoever may push brings one of them first.
#[test]
fn must_take_as_first_policy_the_one_that_was_named_or_what_descends_from_it() {
    let world = World::new();
    let alice = world.repo("alice");
    alice.gatos(["init"]).ok();
    let twin = alice.clone_to("twin");
    twin.git(["fetch", "-q", "origin", "refs/gatos/*:refs/gatos/*"]).ok();
    let tip = |repo: &Repo<'_>| repo.git(["rev-parse", ACTIVE]).ok().stdout();
    let enact = |repo: &Repo<'_>, name: &str| {
        repo.write("gatos/policies/10-all.rgs", OPEN.replace("\"open\"", &format!("\"{name}\"")));
        (activate(repo), tip(repo))
    };
    let first = tip(&alice);
    let (id, second) = enact(&alice, "second");
    let (_, third) = enact(&alice, "third");
    let (sister_id, sister) = enact(&twin, "sister");
    alice.git(["fetch", "-q", twin.path().to_str().expect("UTF-8"), &sister]).ok();
    let gate = |name: &str, args: &[&str]| {
        let server = world.bare(name).as_person("git");
        let install = ["--json", "hook", "install", "--server", "--root", &id_of(&alice)];
        let gate = server.gatos(install.iter().chain(args)).ok().json();
        alice.gatos(["trust", "add-key", "service:gate", gate["key"].as_str().expect("a key")]).ok();
        server
    };
    let pinned = ["one", "two", "three"].map(|name| gate(name, &["--policy", &id]));
    let free = gate("free", &[]);
    alice.gatos(["trust", "grant", "service:gate", "gate:receipt"]).ok();
    let push = |server: &Repo<'_>, refs: &[&str]| {
        alice.git(["push", server.path().to_str().expect("UTF-8")].iter().chain(refs).copied())
    };
    let active = |tip: &str| format!("{tip}:{ACTIVE}");

    // Behind trust that stands, and in one push with it; what was named stays when the gate is installed again.
    let [one, two, three] = &pinned;
    push(one, &[TRUST]).ok();
    one.gatos(["hook", "install", "--server"]).ok();
    for old in [&first, &sister] {
        push(one, &[&active(old)]).code(1).err_says("rule    policy.root  ").err_says(&id).err_says("policy log");
        push(two, &[TRUST, &active(old)]).code(1).err_says("rule    policy.root  ");
    }
    assert_eq!(one.git(["for-each-ref", ACTIVE]).ok().stdout(), "");
    recorded(two, &["policy.root", "policy.root"], 0);
    push(one, &[&active(&second)]).ok();
    push(one, &[&active(&third)]).ok();
    // Behind the one that was named its rules are asked, as if it stood: bob, who may sign law, is no root.
    let bob = alice.clone_to("bob").as_person("bob");
    bob.gatos(["key", "new"]).ok();
    let key = bob.gatos(["--json", "key", "show"]).ok().jsonl()[0]["key"].as_str().expect("a key").to_owned();
    alice.gatos(["trust", "add-actor", "user:bob", &key]).ok();
    alice.gatos(["trust", "grant", "user:bob", "policy:activate"]).ok();
    bob.git(["fetch", "-q", "origin", "refs/gatos/*:refs/gatos/*"]).ok();
    bob.write("gatos/policies/10-all.rgs", OPEN.replace("if root()", "if known()"));
    let (_, own) = publish(&bob);
    alice.git(["fetch", "-q", bob.path().to_str().expect("UTF-8"), &own]).ok();
    push(two, &[TRUST, &active(&own)]).code(1).err_says("rule    none  ").err_says("bring the policy that was named");
    push(two, &[TRUST, &active(&third)]).ok();
    // The operator may name another.
    push(three, &[TRUST]).ok();
    three.gatos(["hook", "install", "--server", "--policy", &sister_id]).ok();
    push(three, &[&active(&third)]).code(1).err_says("rule    policy.root  ").err_says(&sister_id);
    push(three, &[&active(&sister)]).ok();

    // What stands decides from then on, and nothing is changed where it does not fit.
    push(&free, &[TRUST, &active(&first)]).ok();
    let settings = || std::fs::read(free.path().join("gatos/gate/settings.json")).expect("settings");
    let before = settings();
    free.gatos(["hook", "install", "--server", "--policy", &id, "--patience", "9"]).code(3).err_says(&id);
    assert_eq!(settings(), before);
    push(&free, &[&active(&third)]).ok();
    free.gatos(["hook", "install", "--server", "--policy", &id]).ok();
}

/// At a server nothing stands but what its gate recorded, these rules, and so many more wait to be.
#[track_caller]
fn recorded(server: &Repo<'_>, rules: &[&str], waiting: usize) {
    let refs = server.git(["for-each-ref", "--format=%(refname)"]).ok().stdout();
    assert!(refs.lines().all(|name| name.starts_with("refs/gatos/audit/policy/")), "{refs}");
    let log = ["log", "--format=%(trailers:key=Rule,valueonly,separator=%x20)", "--glob=refs/gatos/audit/policy"];
    let record = if refs.is_empty() { String::new() } else { server.git(log).ok().stdout() };
    assert_eq!(record.lines().collect::<Vec<_>>(), rules);
    let spool = std::fs::read_dir(server.path().join("gatos/audit-spool"));
    assert_eq!(spool.map_or(0, Iterator::count), waiting);
    server.git(["fsck", "--strict", "--no-dangling", "--no-progress"]).ok().silent();
}

#[test]
fn must_bound_the_journals_of_one_actor() {
    let world = World::new();
    let court = Court::new(&world);
    let refs = court.beginnings(32);
    court.refused(&court.alice, &refs, "quota.journals");
    court.push(&court.alice, &refs[..31]).ok();
}

#[test]
fn must_leave_to_the_roots_what_takes_back_accepted_events() {
    let world = World::new();
    let court = Court::new(&world);
    court.emit(&court.bob, "{\"n\":5}");
    court.push(&court.bob, [JOURNALS]).ok();
    // Bob's other clone has said more than this one knows, and he ends his key as he knows it.
    let other = court.bob.copy("bob2");
    court.emit(&other, "{\"n\":6}");
    court.push(&other, [JOURNALS]).ok();
    let key = court.key("bob");
    court.bob.gatos(["trust", "revoke", &key, "--reason", "lost"]).ok();
    court.refused(&court.bob, [TRUST], "trust.revocation");
    // The root may end it so.
    court.alice.gatos(["trust", "revoke", &key, "--reason", "lost"]).ok();
    court.push(&court.alice, [TRUST]).ok();
}

/// The record of such a refusal names no policy and no trust. The first waits until the gate knows its repository.
#[test]
fn a_refusal_from_before_there_was_a_law_is_explained() {
    let world = World::new();
    let alice = world.repo("alice");
    alice.gatos(["init"]).ok();
    alice.gatos(["emit", "add", "{\"n\":1}"]).ok();
    let id = alice.gatos(["--json", "trust", "pin"]).ok().json()["pinned"].as_str().expect("an id").to_owned();
    let server = world.bare("server").as_person("git");
    alice.git(["remote", "add", "origin", server.path().to_str().expect("UTF-8")]).ok();
    let gate = server.gatos(["--json", "hook", "install", "--server", "--await-receipt"]).ok().json();
    server
        .gatos(["hook", "install", "--server"])
        .ok()
        .says("no --root: only code passes; name it: git gatos hook install --server --root ID");
    alice.gatos(["trust", "add-actor", "service:gate", gate["key"].as_str().expect("a key")]).ok();
    alice.gatos(["trust", "grant", "service:gate", "gate:receipt"]).ok();
    alice.git(["push", "-q", "origin", TRUST]).code(1).err_says("rule    gate.unpinned  ");
    server.gatos(["log"]).code(3).err_says("nobody has pushed a trust graph to this gate yet");
    refused(server.gatos(["--json", "log"]), 3, "NO_GENESIS");
    server.gatos(["hook", "install", "--server", "--root", &id]).ok();
    alice.git(["push", "-q", "origin", JOURNALS]).code(1).err_says("rule    gate.no-law  ");
    alice.gatos(["sync"]).ok();
    for rule in ["gate.unpinned", "gate.no-law"] {
        let found = alice.git(["log", "--all", "--format=%H", &format!("--grep=^Rule: {rule}")]).ok().stdout();
        let audit = found.as_str();
        alice.gatos(["explain", audit]).ok().says(rule).says("policy   none stood yet").says("trust    none stood yet");
        let told = fits("explain", alice.gatos(["--json", "explain", audit]).ok().json());
        assert_eq!((&told["rule"], told.get("policy_root"), told.get("trust_root")), (&rule.into(), None, None));
    }
    // Of no candidate it is known what it would have said to them.
    let said = alice.gatos(["policy", "replay"]).ok().stdout();
    assert!(said.contains("2 not replayable: not on record: a law: the gate refused before there was one"), "{said}");
    alice.gatos(["verify"]).ok().says("2 recorded refusals");
}
