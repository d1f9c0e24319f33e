//! What a first reader stumbled over.

use super::again::enact;
use super::consent::{Team, forged, signer, text};
use super::court::{ACTIVE, Court, FOLD, JOURNALS, OPEN, STATE, TRUST, one_ref, publish};
use super::liar::{Liar, passes};
use crate::cli::fits;
use crate::harness::{Repo, World};
use gatos::canon::Value as Canon;
use serde_json::Value;

/// What stands against a repository, by severity: code and sentence of each.
#[track_caller]
fn findings(repo: &Repo<'_>, code: i32, severity: &str) -> Vec<(String, String)> {
    let report = fits("verify", repo.gatos(["--json", "verify"]).code(code).json());
    let found = report["findings"].as_array().expect("a list").iter().filter(|f| f["severity"] == severity);
    found.map(|f| (text(f, "code"), text(f, "sentence"))).collect()
}

#[track_caller]
fn resolve(repo: &Repo<'_>, name: &str) -> String {
    repo.git(["rev-parse", name]).ok().stdout()
}

#[test]
fn must_take_the_same_bundle_again_where_who_signed_it_may_not() {
    let world = World::new();
    let court = Court::new(&world);
    let (alice, bob) = (&court.alice, &court.bob);
    court.let_bob_sign();
    bob.gatos(["sync"]).ok();
    [alice, bob].iter().for_each(|repo| repo.write("gatos/policies/10-open.rgs", OPEN));
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
    assert_eq!(resolve(alice, ACTIVE), second);
    alice.gatos(["sync"]).ok();
    bob.gatos(["sync"]).ok();
    assert_eq!(resolve(bob, ACTIVE), second);
    assert_eq!(text(&bob.gatos(["--json", "policy", "show", &id]).ok().json(), "commit"), second);
    bob.gatos(["verify"]).ok();
}

#[test]
fn must_take_the_same_bundle_again_where_it_stood_behind_another() {
    let world = World::new();
    let court = Court::new(&world);
    let alice = &court.alice;
    let before = resolve(alice, ACTIVE);
    alice.write("gatos/policies/10-open.rgs", OPEN);
    let (id, first) = publish(alice);
    alice.gatos(["policy", "activate", &id]).ok();
    alice.write("gatos/policies/10-open.rgs", OPEN.replace("\"speak\"", "\"talk\""));
    let (next, behind_first) = publish(alice);
    // The policy is made active anew by another commit of the same content, as where it was signed by another key.
    alice.git(["update-ref", ACTIVE, &before]).ok();
    alice.git(["update-ref", "-d", &format!("refs/gatos/policies/{}", id.trim_start_matches("blake3:"))]).ok();
    alice.write("gatos/policies/10-open.rgs", OPEN);
    let (again, second) = publish(alice);
    assert_eq!((&again, second == first), (&id, false));
    alice.gatos(["policy", "activate", &id]).ok();
    alice.write("gatos/policies/10-open.rgs", OPEN.replace("\"speak\"", "\"talk\""));
    alice
        .gatos(["policy", "activate", &next])
        .code(3)
        .err_says("as the next version: git gatos policy publish --again");
    let (same, behind_second) = publish(alice);
    assert_eq!((&same, behind_second == behind_first), (&next, false));
    alice.gatos(["policy", "activate", &next]).ok();
}

/// Where rules ask who signed a policy, what another has published must not stand in the way of who may.
#[test]
fn must_take_the_same_bundle_again_where_rules_ask_for_another_signer() {
    let world = World::new();
    let court = Court::new(&world);
    let (alice, bob) = (&court.alice, &court.bob);
    court.let_bob_sign();
    alice.write("gatos/policies/10-open.rgs", OPEN.replace("allow if root()", "allow if actor == \"user:bob\""));
    court.enact(alice);
    [alice, bob].iter().for_each(|repo| repo.write("gatos/policies/10-open.rgs", OPEN));
    let (id, first) = publish(alice);
    alice.gatos(["policy", "activate", &id]).code(1);
    alice.gatos(["sync"]).ok();
    bob.gatos(["sync"]).ok();
    assert_eq!(text(&bob.gatos(["--json", "policy", "show", &id]).ok().json(), "commit"), first);
    let (same, second) = publish(bob);
    assert_eq!((&same, second == first), (&id, false));
    assert_eq!(publish(bob), (same, second.clone()));
    bob.gatos(["policy", "activate", &id]).ok();
    bob.gatos(["sync"]).ok();
    alice.gatos(["sync"]).ok();
    assert_eq!(resolve(alice, ACTIVE), second);
    alice.gatos(["verify"]).ok();
}

#[test]
fn must_blame_no_gate_for_a_policy_that_it_did_not_receive() {
    let world = World::new();
    let court = Court::new(&world);
    let (alice, bob) = (&court.alice, &court.bob);
    enact(&court, alice, OPEN);
    court.let_bob_sign();
    court.fetch(bob);
    // Bob makes a law of his own beside the one that is accepted, and somebody fetches it from him.
    bob.write("gatos/policies/10-test.rgs", OPEN.replace("\"speak\"", "\"talk\""));
    let (_, commit) = publish(bob);
    enact(&court, alice, &OPEN.replace("\"speak\"", "\"say\""));
    let from = bob.path().to_str().expect("UTF-8");
    alice.git(["fetch", "-q", from, &format!("{commit}:refs/gatos-remotes/aside/policies/active")]).ok();
    let found = findings(alice, 1, "fail");
    let [(code, why)] = &found[..] else { panic!("expected one failure: {found:?}") };
    assert_eq!(code, "policy.forbidden");
    assert!(why.starts_with("it became the policy, and by the law that stood then it is denied by none"), "{why}");
}

#[test]
fn must_find_a_checkpoint_before_the_newest_by_a_fold_of_no_law() {
    let world = World::new();
    let court = Court::new(&world);
    let (alice, liar) = (&court.alice, Liar::of(&court));
    alice.gatos(["profile", "set", "research"]).ok();
    alice.write("gatos/folds/main.lua", FOLD);
    enact(&court, alice, OPEN);
    // By the fold of an earlier law and by that of this one, in one push.
    alice.gatos(["state", "checkpoint"]).ok();
    alice.write("gatos/folds/main.lua", FOLD.replace("+ event", "+ 2 * event"));
    enact(&court, alice, OPEN);
    alice.gatos(["state", "checkpoint"]).ok();
    court.push(alice, [STATE]).ok();
    let report = passes(&liar.stranger("reader"));
    assert_eq!((&report["judged"]["checkpoints"], &report["not_judged"]), (&1.into(), &Value::Array(Vec::new())));
    // By a fold of nobody's law, and only then by that of the law.
    let law = resolve(alice, ACTIVE);
    let bent = alice.copy("bent");
    bent.gatos(["profile", "set", "local"]).ok();
    let (id, _) = publish(&bent);
    bent.gatos(["policy", "activate", &id]).ok();
    bent.write("other.lua", "return function(state, event) return { n = 1 } end\n");
    bent.gatos(["state", "checkpoint", "--fold", "other.lua"]).ok();
    bent.git(["update-ref", ACTIVE, &law]).ok();
    bent.gatos(["state", "checkpoint"]).ok();
    court.refused(&bent, [STATE], "profile.fold").err_says("which no policy bundle had");
    liar.accept(&bent, &[(STATE, &resolve(&bent, STATE))]);
    let found = findings(&liar.stranger("second"), 1, "fail");
    let [(code, why)] = &found[..] else { panic!("expected one failure: {found:?}") };
    assert_eq!(code, "push.forbidden");
    assert!(why.contains("denied by profile.fold: the fold of a checkpoint before the newest is sha256:"), "{why}");
    assert!(why.ends_with("which no policy bundle had"), "{why}");
}

#[test]
fn must_mean_by_the_newest_checkpoint_the_own_one_first() {
    let world = World::new();
    let court = Court::new(&world);
    let (alice, bob) = (&court.alice, &court.bob);
    enact(&court, alice, OPEN);
    court.emit(bob, "{\"n\":2}");
    for repo in [alice, bob] {
        repo.write("gatos/fold.lua", FOLD);
    }
    bob.gatos(["state", "checkpoint"]).ok();
    court.push(bob, [JOURNALS, STATE]).ok();
    let newest =
        |repo: &Repo<'_>| text(&fits("fold-verify", repo.gatos(["--json", "fold", "verify"]).ok().json()), "commit");
    // A checkpoint of some other remote goes behind that of the authority.
    let from = bob.path().to_str().expect("UTF-8").to_owned();
    court.emit(bob, "{\"n\":3}");
    bob.gatos(["state", "checkpoint"]).ok();
    court.fetch(alice);
    alice.git(["fetch", "-q", &from, &format!("{STATE}:refs/gatos-remotes/aside/state/main")]).ok();
    alice.git(["fetch", "-q", &from, "refs/gatos/journal/*:refs/gatos-remotes/aside/journal/*"]).ok();
    let theirs = resolve(&court.server, STATE);
    assert_eq!(newest(alice), theirs);
    alice.gatos(["state", "checkpoint"]).ok();
    let own = resolve(alice, STATE);
    assert_ne!(own, theirs);
    assert_eq!(newest(alice), own);
}

#[test]
fn must_fail_for_no_word_that_was_merely_not_fetched() {
    let world = World::new();
    let team = Team::new(&world);
    let (court, dave) = (&team.court, &team.dave);
    let id = team.ask(20_000);
    team.approve(&court.alice, &id);
    team.approve(&team.carol, &id);
    let without = |plane: &str| {
        let name = format!("refs/gatos-remotes/origin/{plane}");
        let refs = dave.git(["for-each-ref", "--count=1", "--format=%(refname)", &name]).ok().stdout();
        dave.git(["update-ref", "-d", &refs]).ok();
        let notes = findings(dave, 0, "note");
        let told = notes.into_iter().filter(|(code, _)| code == "grant.proof").map(|(_, why)| why).collect::<Vec<_>>();
        court.fetch(dave);
        told.join("; ")
    };
    let told = without("approvals");
    assert!(told.contains("the approval blake3:") && told.contains("it grants nothing: no proof blake3:"), "{told}");
    let told = without("audit/proofs");
    assert!(told.starts_with("it grants nothing: no proof blake3:"), "{told}");
    assert_eq!(without("proposals"), format!("the proposal {id} is not here; the proposal {id} is not here"));
    // A proof that cannot hold, whatever else is fetched, is a failure still.
    let shown = court.alice.gatos(["approve", &id, "--json"]).ok().json();
    let given = text(&shown["approvals"][0], "approval_id");
    let signers = ["alice", "bob", "carol"].map(|person| signer(&world, person).public().to_string());
    let by = signers.into_iter().find(|key| *key == text(&shown["approvals"][0], "signer")).expect("one of them");
    forged(&team, dave, &id, vec![(given, by)]);
    let found = findings(dave, 1, "fail");
    assert!(found.iter().all(|(code, _)| code == "grant.proof") && found.len() == 2, "{found:?}");
}
#[test]
fn must_fold_a_lost_checkpoint_again_by_the_fold_of_the_law_alone() {
    let world = World::new();
    let court = Court::new(&world);
    let (alice, bob) = (&court.alice, &court.bob);
    enact(&court, alice, OPEN);
    court.emit(bob, "{\"n\":2}");
    for repo in [alice, bob] {
        repo.write("fold.lua", FOLD);
        repo.gatos(["state", "checkpoint", "--fold", "fold.lua"]).ok();
    }
    let before = resolve(alice, STATE);
    court.push(bob, [JOURNALS, STATE]).ok();
    alice.gatos(["profile", "set", "research"]).ok();
    enact(&court, alice, OPEN);
    // The law has no fold, and the one that the checkpoint was made with is nobody's.
    let synced = fits("sync", alice.gatos(["--json", "sync"]).code(1).json());
    let refused = &synced["refused"][0];
    assert_eq!((text(refused, "ref"), text(refused, "rule")), (STATE.to_owned(), "profile.fold".to_owned()));
    assert!(refused["said"].to_string().contains("publish gatos/folds/main.lua with the policy"), "{synced}");
    assert_eq!((&synced["refolded"], resolve(alice, STATE)), (&Value::Array(Vec::new()), before));
    alice.write("gatos/folds/main.lua", FOLD.replace("+ event", "+ 2 * event"));
    enact(&court, alice, OPEN);
    let synced = fits("sync", alice.gatos(["--json", "sync"]).ok().json());
    assert_eq!(text(&synced["refolded"][0], "ref"), STATE);
    assert_eq!(resolve(&court.server, STATE), resolve(alice, STATE));
    alice.gatos(["verify"]).ok();
}

#[test]
fn must_find_an_owners_revocation_that_takes_back_what_was_accepted() {
    let world = World::new();
    let court = Court::new(&world);
    let bob = &court.bob;
    // Clones of his that know less than was accepted: nothing, and the first of two.
    let nothing = bob.copy("nothing");
    court.emit(bob, "{\"n\":5}");
    let first = bob.copy("first");
    court.emit(bob, "{\"n\":6}");
    court.push(bob, [JOURNALS]).ok();
    let key = signer(&world, "bob").public().to_string();
    let (server, stands) = (&court.server, resolve(&court.server, TRUST));
    for clone in [nothing, first] {
        clone.gatos(["trust", "revoke", &key, "--reason", "lost"]).ok();
        court.refused(&clone, [TRUST], "trust.revocation");
        let liar = Liar::of(&court);
        let gate = server.git(["for-each-ref", "--format=%(refname)", "refs/gatos/audit/policy"]).ok().stdout();
        let before = resolve(server, &gate);
        liar.accept(&clone, &[(TRUST, &resolve(&clone, TRUST))]);
        let reader = clone.path().file_name().expect("a name").to_str().expect("UTF-8").to_owned() + "-reader";
        let found = findings(&liar.stranger(&reader), 1, "fail");
        let [(code, why)] = &found[..] else { panic!("expected one failure: {found:?}") };
        assert_eq!(code, "push.forbidden");
        assert!(
            why.contains("denied by trust.revocation: ") && why.contains("accepted of refs/gatos/journal/"),
            "{why}"
        );
        server.git(["update-ref", &gate, &before]).ok();
        server.git(["update-ref", TRUST, &stands]).ok();
    }
}

/// Where a journal came to the server without a receipt, nobody tells how far the gate had it: named or left out.
#[test]
fn must_judge_an_owners_revocation_by_receipts_alone() {
    for (received, named) in [(true, true), (false, true), (false, false)] {
        let world = World::new();
        let court = Court::new(&world);
        let (bob, liar) = (&court.bob, Liar::of(&court));
        let key = signer(&world, "bob").public().to_string();
        court.emit(bob, "{\"n\":5}");
        court.push(bob, [JOURNALS]).ok();
        let before = bob.copy("before");
        bob.gatos(["emit", "add", "{\"n\":1}", "--ns", "side"]).ok();
        match received {
            true => drop(court.push(bob, [JOURNALS]).ok()),
            false => liar.push(bob, &[JOURNALS.to_owned()]),
        }
        let by = if named { bob } else { &before };
        by.gatos(["trust", "revoke", &key, "--reason", "lost"]).ok();
        match named {
            true => drop(court.push(by, [TRUST]).ok()),
            false => liar.accept(by, &[(TRUST, &resolve(by, TRUST))]),
        }
        let report = passes(&liar.stranger("reader"));
        let what = "changes of trust: how far journals without a receipt had come";
        let counted = report["not_judged"].as_array().expect("a list").iter().any(|of| of["what"] == what);
        assert_eq!((report["judged"]["changes of trust"] == 1, counted), (received, !received), "{report}");
    }
}

/// The receipt of a push that was slow to end stands behind that of the push behind it, and takes nothing back.
#[test]
fn must_hold_an_owners_revocation_against_the_furthest_that_was_accepted() {
    for honest in [true, false] {
        let world = World::new();
        let court = Court::new(&world);
        let (bob, liar) = (&court.bob, Liar::of(&court));
        let key = signer(&world, "bob").public().to_string();
        let said_by_bob = |n: u64| {
            court.emit(bob, &format!("{{\"n\":{n}}}"));
            court.journal(bob)
        };
        let (name, start) = said_by_bob(5);
        court.push(bob, [JOURNALS]).ok();
        let (_, middle) = said_by_bob(6);
        let before = bob.copy("before");
        let (_, end) = said_by_bob(7);
        liar.push(bob, &[JOURNALS.to_owned()]);
        said(&liar, &name, &middle, &end);
        said(&liar, &name, &start, &middle);
        let by = if honest { bob } else { &before };
        by.gatos(["trust", "revoke", &key, "--reason", "lost"]).ok();
        if !honest {
            liar.accept(by, &[(TRUST, &resolve(by, TRUST))]);
            only(&liar.found("reader"), "push.forbidden", "denied by trust.revocation: ");
            continue;
        }
        court.push(by, [TRUST]).ok();
        let report = fits("verify", liar.stranger("reader").gatos(["--json", "verify"]).ok().json());
        assert_eq!((&report["judged"]["changes of trust"], &report["not_judged"]), (&1.into(), &Value::Array(vec![])));
    }
}

#[track_caller]
fn only(found: &[(String, String)], code: &str, says: &str) {
    let [(found, why)] = found else { panic!("expected one failure: {found:?}") };
    assert!(found == code && why.contains(says), "{found}: {why}");
}

/// Whoever takes the law from the server, or says so, does not make the next one the first, by which nothing is judged.
#[test]
fn must_find_law_that_is_called_the_first_where_one_stood() {
    let world = World::new();
    let court = Court::new(&world);
    let (alice, bob, liar) = (&court.alice, &court.bob, Liar::of(&court));
    court.let_bob_sign();
    enact(&court, alice, OPEN);
    let (gate, before) = one_ref(&court.server, "refs/gatos/audit/policy");
    let stood = resolve(&court.server, ACTIVE);
    let commit = court.by_bob(&OPEN.replace("if root()", "if known()"));
    court.refused(bob, [format!("{commit}:{ACTIVE}")], "none");
    let first = |name: &str, new: &str| {
        let update = [("ref", name.into()), ("old", "0".repeat(40).into()), ("new", new.into())];
        liar.give(|map| drop(map.insert("updates", Canon::list([Canon::map(update)]))));
    };
    liar.push(bob, &[format!("{commit}:{ACTIVE}")]);
    first(ACTIVE, &commit);
    let found = liar.found("reader");
    only(&found[..1], "receipt.law", "it says that it brought the first policy, and one stood");
    only(&found[1..], "policy.forbidden", "denied by none");
    court.server.git(["update-ref", &gate, &before]).ok();
    court.server.git(["update-ref", ACTIVE, &stood]).ok();
    alice.gatos(["trust", "grant", "user:bob", "journal:append:main"]).ok();
    let graph = resolve(alice, TRUST);
    liar.push(alice, &[TRUST.to_owned()]);
    first(TRUST, &graph);
    only(&liar.found("third"), "receipt.law", "it says that it brought the first trust graph, and one stood");
}

#[test]
fn must_find_checkpoints_that_were_taken_back_whatever_the_profile() {
    let world = World::new();
    let court = Court::new(&world);
    let (alice, liar) = (&court.alice, Liar::of(&court));
    alice.write("gatos/fold.lua", FOLD);
    for profile in ["local", "push-gate"] {
        alice.gatos(["profile", "set", profile]).ok();
        enact(&court, alice, OPEN);
        let (gate, _) = one_ref(&court.server, "refs/gatos/audit/policy");
        let told: Vec<_> = (2..4)
            .map(|n| {
                court.emit(alice, &format!("{{\"n\":{n}}}"));
                alice.gatos(["state", "checkpoint"]).ok();
                court.push(alice, [JOURNALS, STATE]).ok();
                resolve(alice, STATE)
            })
            .collect();
        let before = resolve(&court.server, &gate);
        liar.accept(alice, &[(STATE, &told[0])]);
        only(&liar.found(&format!("{profile}-reader")), "push.forbidden", "denied by ref.non-ff: it does not descend");
        court.server.git(["update-ref", &gate, &before]).ok();
        court.server.git(["update-ref", STATE, &told[1]]).ok();
        court.fetch(alice);
    }
}

/// A receipt for a push past the gate that says of a ref where it began.
fn told(liar: &Liar<'_, '_>, repo: &Repo<'_>, name: &str, old: &str, new: &str) {
    liar.push(repo, &[format!("+{new}:{name}")]);
    said(liar, name, old, new);
}

/// The receipt alone.
fn said(liar: &Liar<'_, '_>, name: &str, old: &str, new: &str) {
    let update = [("ref", name.into()), ("old", old.into()), ("new", new.into())];
    liar.give(|map| drop(map.insert("updates", Canon::list([Canon::map(update)]))));
}

/// Whoever calls a ref new that the gate knew takes away what it held.
#[test]
fn must_find_a_ref_that_a_gate_calls_new_and_had_received_before() {
    let world = World::new();
    let court = Court::new(&world);
    let (alice, liar, nothing) = (&court.alice, Liar::of(&court), "0".repeat(40));
    let work = "refs/heads/work";
    let commit = |branch: &str| {
        alice.git(["checkout", "-q", "--orphan", branch]).ok();
        alice.commit(branch)
    };
    let (first, other) = (commit("one"), commit("two"));
    // A branch is deleted and made anew; before there is a profile what moves it past the gate is merely noted.
    [&first, ""].iter().for_each(|from| drop(court.push(alice, [format!("{from}:{work}")]).ok()));
    court.push(alice, [format!("{first}:{work}")]).ok();
    let reader = liar.stranger("before");
    assert!(!findings(&reader, 0, "note").iter().any(|(code, _)| code == "receipt.ends"));
    told(&liar, alice, work, &nothing, &other);
    let noted = findings(&liar.stranger("local"), 0, "note");
    assert!(
        noted.iter().any(|(code, why)| code == "receipt.ends" && why.contains("where there was nothing")),
        "{noted:?}"
    );
    alice.write("gatos/folds/main.lua", FOLD);
    alice.gatos(["profile", "set", "research"]).ok();
    enact(&court, alice, OPEN);
    let (gate, _) = one_ref(&court.server, "refs/gatos/audit/policy");
    // Receipts of pushes behind each other need not stand in their order.
    let (third, last) = (alice.commit("three"), alice.commit("four"));
    told(&liar, alice, work, &third, &last);
    told(&liar, alice, work, &other, &third);
    alice.gatos(["state", "checkpoint"]).ok();
    court.push(alice, [STATE]).ok();
    let checkpoint = resolve(alice, STATE);
    court.emit(alice, "{\"n\":2}");
    alice.gatos(["state", "checkpoint"]).ok();
    court.push(alice, [JOURNALS, STATE]).ok();
    liar.stranger("honest").gatos(["verify"]).ok();
    let aside = alice.git(["commit-tree", "-p", &third, "-m", "aside", &format!("{third}^{{tree}}")]).ok().stdout();
    let before = resolve(&court.server, &gate);
    for (name, old, new) in
        [(work, nothing.as_str(), &first), (work, third.as_str(), &aside), (STATE, nothing.as_str(), &checkpoint)]
    {
        let stands = resolve(&court.server, name);
        told(&liar, alice, name, old, new);
        let reader = format!("reader-{}", name.len() + usize::from(old == nothing));
        only(&liar.found(&reader), "receipt.ends", "and no push before it left the ref so");
        court.server.git(["update-ref", &gate, &before]).ok();
        court.server.git(["update-ref", name, &stands]).ok();
    }
}
