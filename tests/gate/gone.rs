//! Law that was deleted on the server, past its gate.

use super::again::enact;
use super::court::{ACTIVE, Court, JOURNALS, OPEN, POLICIES, TRUST, publish};
use super::liar::Liar;
use crate::cli::fits;
use crate::harness::{Repo, World};

/// The failures that somebody finds.
#[track_caller]
fn fails(repo: &Repo<'_>, code: i32) -> Vec<String> {
    let report = fits("verify", repo.gatos(["--json", "verify"]).code(code).json());
    let all = report["findings"].as_array().expect("a list").iter().filter(|finding| finding["severity"] == "fail");
    all.map(|finding| format!("{}: {}", finding["code"], finding["sentence"])).collect()
}

#[track_caller]
fn at(repo: &Repo<'_>, name: &str) -> String {
    repo.git(["rev-parse", "--verify", "-q", name]).ok().stdout()
}

/// Whoever gets the law deleted does not choose the next: not an older one, not one of his own, and nothing passes meanwhile.
#[test]
fn must_take_deleted_law_back_as_it_was_and_nothing_else() {
    for gone in [&[ACTIVE][..], &[TRUST], &[TRUST, ACTIVE]] {
        let world = World::new();
        let court = Court::new(&world);
        let (alice, bob) = (&court.alice, &court.bob);
        let older = [ACTIVE, TRUST].map(|name| format!("{}:{name}", at(alice, name)));
        alice.gatos(["trust", "grant", "user:bob", "policy:activate"]).ok();
        court.push(alice, [TRUST]).ok();
        enact(&court, alice, OPEN);
        court.fetch(bob);
        gone.iter().for_each(|name| drop(court.server.git(["update-ref", "-d", name]).ok()));
        court.emit(bob, "{\"n\":5}");
        court.refused(bob, [JOURNALS], "gate.law-gone");
        bob.commit("code");
        court.refused(bob, ["HEAD:refs/heads/code"], "gate.law-gone");
        // Bob may sign law, but not for the rules that stood, which ask for a root.
        bob.write("gatos/policies/10-open.rgs", OPEN.replace("if root()", "if known()"));
        let (_, own) = publish(bob);
        // Where the rules stand themselves they say so.
        let rule = if gone.contains(&ACTIVE) { "gate.law-gone" } else { "none" };
        court.refused(bob, [format!("{own}:{ACTIVE}"), format!("{}:{TRUST}", at(alice, TRUST))], rule);
        court.refused(alice, &older, "gate.law-gone");
        // What is told is what helps, word for word.
        alice.commit("code");
        let said = court.refused(alice, ["HEAD:refs/heads/code"], "gate.law-gone").stderr();
        let hint = said.lines().find_map(|line| line.split_once("git push REMOTE ")).expect("a command").1;
        court.push(alice, hint.split_whitespace()).ok();
        assert_eq!([at(&court.server, TRUST), at(&court.server, ACTIVE)], [at(alice, TRUST), at(alice, ACTIVE)]);
        court.push(bob, [JOURNALS]).ok();
        enact(&court, alice, &OPEN.replace("version 1", "version 3"));
        assert_eq!(fails(&Liar::of(&court).stranger("carol"), 0), [""; 0]);
        // And so does sync.
        gone.iter().for_each(|name| drop(court.server.git(["update-ref", "-d", name]).ok()));
        alice.gatos(["sync"]);
        assert_eq!([at(&court.server, TRUST), at(&court.server, ACTIVE)], [at(alice, TRUST), at(alice, ACTIVE)]);
        assert_eq!(fails(&Liar::of(&court).stranger("dave"), 0), [""; 0]);
    }
}

/// A gate names in its receipts what stood, also what came past it: to put that back makes it no law that came in.
#[test]
fn must_not_call_law_received_that_came_past_the_gate_and_was_put_back() {
    let world = World::new();
    let court = Court::new(&world);
    let (alice, bob, liar) = (&court.alice, &court.bob, Liar::of(&court));
    alice.gatos(["trust", "grant", "user:bob", "policy:activate"]).ok();
    court.push(alice, [TRUST]).ok();
    enact(&court, alice, OPEN);
    court.fetch(bob);
    bob.write("gatos/policies/10-open.rgs", OPEN.replace("if root()", "if known()"));
    let (_, own) = publish(bob);
    let own = format!("{own}:{ACTIVE}");
    court.refused(bob, [&own], "none");
    liar.push(bob, std::slice::from_ref(&own));
    court.emit(bob, "{\"n\":5}");
    court.push(bob, [JOURNALS]).ok();
    court.server.git(["update-ref", "-d", ACTIVE]).ok();
    court.push(bob, [&own]).ok();
    let found = fails(&liar.stranger("carol"), 1).join("\n");
    assert!(found.contains("receipt.law") && found.contains("it brought the first policy, and one stood"), "{found}");
}

/// A key that was removed since signs nothing any more. What it signed while it stood is no less the law.
#[test]
fn must_copy_and_put_back_law_whose_signer_was_removed_since() {
    let world = World::new();
    let court = Court::new(&world);
    let (alice, bob, mirror) = (&court.alice, &court.bob, court.mirror());
    let (path, url) = (mirror.path().to_str().expect("UTF-8"), court.server.path().to_str().expect("UTF-8"));
    alice.gatos(["trust", "grant", "user:bob", "policy:activate"]).ok();
    court.push(alice, [TRUST]).ok();
    enact(&court, alice, &OPEN.replace("if root()", "if cap(\"policy:activate\")"));
    alice.git(["push", "-q", path, TRUST, POLICIES]).ok();
    bob.gatos(["sync"]).ok();
    bob.write("gatos/policies/10-open.rgs", OPEN);
    court.enact(bob);
    court.emit(bob, "{\"n\":5}");
    court.push(bob, [JOURNALS]).ok();
    court.fetch(alice);
    alice.gatos(["trust", "remove-key", "user:bob", &court.key("bob")]).ok();
    court.push(alice, [TRUST]).ok();
    alice.git(["push", "-q", path, TRUST]).ok();
    let copy = "git fetch URL 'refs/gatos/*:refs/gatos/*'";
    let policies = "refs/gatos-remotes/origin/policies/*:refs/gatos/policies/*";
    alice.git(["push", path, policies]).code(1).err_says("rule    policy.signer  ").err_says(copy);
    // An empty server is told the same.
    let empty = world.bare("empty").as_person("git");
    empty.gatos(["hook", "install", "--server", "--root", &court.id()]).ok();
    let to = empty.path().to_str().expect("UTF-8");
    alice.git(["push", to, TRUST, policies]).code(1).err_says("rule    policy.signer  ").err_says(copy);
    for server in [&mirror, &empty] {
        server.git(["fetch", "-q", url, "refs/gatos/*:refs/gatos/*"]).ok();
        assert_eq!(fails(server, 0), [""; 0]);
    }
    // Work goes on there, and here after the operator has lost the policy.
    court.emit(alice, "{\"n\":6}");
    alice.git(["push", "-q", path, JOURNALS]).ok();
    assert_eq!(fails(&mirror, 0), [""; 0]);
    court.server.git(["update-ref", "-d", ACTIVE]).ok();
    court.push(alice, ["refs/gatos-remotes/origin/policies/active:refs/gatos/policies/active", JOURNALS]).ok();
    assert_eq!(fails(&Liar::of(&court).stranger("carol"), 0), [""; 0]);
}
