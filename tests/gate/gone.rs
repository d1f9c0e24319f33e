//! Law that was deleted on the server, past its gate.

use super::again::enact;
use super::court::{ACTIVE, Court, JOURNALS, OPEN, POLICIES, TRUST, id_of};
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
        court.let_bob_sign();
        enact(&court, alice, OPEN);
        court.fetch(bob);
        gone.iter().for_each(|name| drop(court.server.git(["update-ref", "-d", name]).ok()));
        court.emit(bob, "{\"n\":5}");
        court.refused(bob, [JOURNALS], "gate.law-gone");
        bob.commit("code");
        court.refused(bob, ["HEAD:refs/heads/code"], "gate.law-gone");
        // Bob may sign law, but not for the rules that stood, which ask for a root.
        let own = court.by_bob(&OPEN.replace("if root()", "if known()"));
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
    court.let_bob_sign();
    enact(&court, alice, OPEN);
    let own = court.by_bob(&OPEN.replace("if root()", "if known()"));
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
    court.let_bob_sign();
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
    let copy = "git gatos hook copy URL";
    let policies = "refs/gatos-remotes/origin/policies/*:refs/gatos/policies/*";
    alice.git(["push", path, policies]).code(1).err_says("rule    policy.signer  ").err_says(copy);
    // An empty server is told the same.
    let empty = world.bare("empty").as_person("git");
    empty.gatos(["hook", "install", "--server", "--root", &court.id()]).ok();
    let to = empty.path().to_str().expect("UTF-8");
    alice.git(["push", to, TRUST, policies]).code(1).err_says("rule    policy.signer  ").err_says(copy);
    for server in [&mirror, &empty] {
        server.gatos(["hook", "copy", url]).ok().says("copied refs/gatos/policies/active at ");
        server.gatos(["hook", "copy", url]).ok().says("nothing to copy");
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

/// What this gate gave receipts for may be older than what it copied, also where it has given none.
#[test]
fn must_put_law_back_as_the_furthest_gate_told_of_it() {
    for early in [true, false] {
        let world = World::new();
        let court = Court::new(&world);
        let (alice, bob, mirror) = (&court.alice, &court.bob, court.mirror());
        let (path, url) = (mirror.path().to_str().expect("UTF-8"), court.server.path().to_str().expect("UTF-8"));
        court.let_bob_sign();
        court.emit(bob, "{\"n\":5}");
        if early {
            alice.git(["push", "-q", path, TRUST, POLICIES]).ok();
            bob.git(["push", "-q", path, JOURNALS]).ok();
        }
        let older = [TRUST, ACTIVE].map(|name| format!("{}:{name}", at(alice, name)));
        enact(&court, alice, OPEN);
        let own = court.by_bob(&OPEN.replace("if root()", "if known()"));
        alice.gatos(["trust", "remove-key", "user:bob", &court.key("bob")]).ok();
        court.push(alice, [TRUST]).ok();
        court.emit(bob, "{\"n\":6}");
        court.fetch(bob);
        mirror.gatos(["hook", "copy", url]).ok();
        // A chain of nobody whom trust lets give receipts tells nothing.
        let liar = Liar::of(&court);
        let mut map = liar.last();
        map.insert("policy_root", own.as_str());
        map.insert("updates", gatos::canon::Value::List(Vec::new()));
        let key8 = court.key("bob").replace("ed25519:", "")[..8].to_owned();
        mirror.git(["fetch", "-q", bob.path().to_str().expect("UTF-8"), "refs/gatos/*:refs/lent/*"]).ok();
        liar.write(&mirror, &format!("refs/gatos/audit/policy/user.bob+{key8}.aaaaaa"), &map, &court.signer("bob"));
        [TRUST, ACTIVE].iter().for_each(|name| drop(mirror.git(["update-ref", "-d", name]).ok()));
        bob.git(["push", path].into_iter().chain([older[0].as_str(), &older[1], JOURNALS]))
            .code(1)
            .err_says("gate.law-gone");
        let with_own = [format!("{}:{TRUST}", at(alice, TRUST)), format!("{own}:{ACTIVE}")];
        bob.git(["push", path].into_iter().chain(with_own.iter().map(String::as_str)))
            .code(1)
            .err_says("gate.law-gone");
        alice.git(["push", "-q", path, TRUST, ACTIVE]).ok();
        court.emit(alice, "{\"n\":7}");
        alice.git(["push", "-q", path, JOURNALS]).ok();
        mirror.git(["update-ref", "-d", &format!("refs/gatos/audit/policy/user.bob+{key8}.aaaaaa")]).ok();
        assert_eq!(fails(&mirror, 0), [""; 0], "early {early}");
    }
}

/// A gate that was put before law that stood has no receipt of it, and names it.
#[test]
fn must_find_no_fault_where_law_that_is_older_than_its_gate_is_put_back() {
    let world = World::new();
    let alice = world.repo("alice");
    alice.gatos(["init"]).ok();
    let server = world.bare("server").as_person("git");
    let url = server.path().to_str().expect("UTF-8");
    alice.git(["remote", "add", "origin", url]).ok();
    alice.git(["push", "-q", "origin", "refs/gatos/*:refs/gatos/*"]).ok();
    // Where law stands nobody need name the repository.
    let gate = server.gatos(["--json", "hook", "install", "--server", "--await-receipt"]).ok().json();
    assert_eq!(gate["root"], id_of(&alice));
    alice.gatos(["trust", "add-actor", "service:gate", gate["key"].as_str().expect("a key")]).ok();
    alice.gatos(["trust", "grant", "service:gate", "gate:receipt"]).ok();
    alice.git(["push", "-q", "origin", TRUST]).ok();
    alice.gatos(["emit", "add", "{\"n\":1}"]).ok();
    alice.git(["push", "-q", "origin", JOURNALS]).ok();
    for name in [ACTIVE, TRUST] {
        server.git(["update-ref", "-d", name]).ok();
        alice.git(["push", "-q", "origin", name]).ok();
        alice.gatos(["emit", "add", "{\"n\":2}"]).ok();
        alice.git(["push", "-q", "origin", JOURNALS]).ok();
        assert_eq!(fails(&server, 0), [""; 0], "{name}");
    }
}

/// The receipt of a push of law is not dropped because that law is gone when it is written.
#[test]
fn must_remember_law_that_was_deleted_before_its_receipt_stood() {
    let world = World::new();
    let court = Court::new(&world);
    let alice = &court.alice;
    let hook = court.server.path().join("hooks/reference-transaction");
    let script = "#!/bin/sh\n[ $1 = committed ] && [ ! -e gone ] && grep -q policies/active && touch gone && \
                  git update-ref -d refs/gatos/policies/active\nexit 0\n";
    std::fs::write(&hook, script).expect("a file");
    std::fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("a mode");
    let older = format!("{}:{ACTIVE}", at(alice, ACTIVE));
    alice.write("gatos/policies/10-open.rgs", OPEN);
    court.enact(alice);
    assert!(court.server.path().join("gone").exists(), "the hook ran");
    court.server.git(["rev-parse", "-q", "--verify", ACTIVE]).code(1);
    std::fs::remove_file(hook).expect("a hook");
    court.refused(alice, [&older], "gate.law-gone");
    court.push(alice, [ACTIVE]).ok();
    assert_eq!(fails(&Liar::of(&court).stranger("carol"), 0), [""; 0]);
}

/// Of another server is taken what goes on from what is here, and never the chain of this gate.
#[test]
fn must_copy_what_goes_on_from_here_and_keep_the_rest() {
    let world = World::new();
    let court = Court::new(&world);
    let (alice, mirror) = (&court.alice, court.mirror());
    let (path, url) = (mirror.path().to_str().expect("UTF-8"), court.server.path().to_str().expect("UTF-8"));
    for (server, branch) in [(url, "one"), (path, "two")] {
        alice.git(["checkout", "-q", "--orphan", branch]).ok();
        alice.commit(branch);
        if server == path {
            mirror.gatos(["hook", "copy", url]).ok();
        }
        alice.git(["push", "-q", server, "HEAD:refs/heads/main"]).code(i32::from(server == path));
    }
    alice.git(["push", "-q", "-f", path, "HEAD:refs/heads/main"]).ok();
    // The mirror is further with the journal, and that is no fault.
    court.emit(alice, "{\"n\":2}");
    alice.git(["push", "-q", path, JOURNALS]).ok();
    let chain =
        mirror.git(["for-each-ref", "--format=%(refname)", "refs/gatos/audit/policy/service.mirror*"]).ok().stdout();
    let before = at(&mirror, &chain);
    court.server.git(["fetch", "-q", path, &format!("{chain}:{chain}")]).ok();
    let poison =
        court.server.git(["commit-tree", "-p", &before, "-m", "x", &format!("{before}^{{tree}}")]).ok().stdout();
    court.server.git(["update-ref", &chain, &poison]).ok();
    let told = fits("hook-copy", mirror.gatos(["--json", "hook", "copy", url]).code(1).json());
    let apart = &told["apart"][0];
    assert_eq!((&apart["ref"], &told["copied"]), (&"refs/heads/main".into(), &serde_json::json!([])), "{told}");
    assert_eq!((apart["here"].as_str(), apart["there"].as_str()), (Some(&*at(alice, "two")), Some(&*at(alice, "one"))));
    assert_eq!(at(&mirror, &chain), before);
    mirror.gatos(["hook", "copy", url]).code(1).says("APART refs/heads/main: ").says("neither goes on from the other");
    let none =
        |of: &str| format!("error: cannot fetch from {of}: fatal: '{of}' does not appear to be a git repository");
    mirror.gatos(["hook", "copy", "/nowhere"]).code(3).err_says(&none("/nowhere")).err_says("git ls-remote /nowhere\n");
    let at = mirror.path().canonicalize().expect("a path").display().to_string();
    let look = format!("; a relative path is meant from {at}; look with: git -C {at} ls-remote nowhere\n");
    mirror.gatos(["hook", "copy", "nowhere"]).code(3).err_says(&none("nowhere")).err_says(&look);
    alice.gatos(["hook", "copy", url]).code(3).err_says("there is no gate here");
}
