//! What the profile of the law refuses and lets pass, whatever the rules say.

use super::court::{ACTIVE, Court, FOLD, JOURNALS, OPEN, POLICIES, STATE, TRUST, activate, id_of, key_in, over_each};
use crate::cli::fits;
use crate::harness::{Repo, World};
use gatos::ambient::Ambient;
use gatos::git::Store;
use gatos::id::Oid;
use gatos::policy::{Bundle, create};
use gatos::trust::{Graph, Signer};
use std::collections::BTreeMap;

/// Main may go where it wants to.
const BRANCHES: &str = r#"
rule "branches"
  on push "refs/heads/main"
  allow if fast_forward or not fast_forward
"#;

/// Makes what stands in alice's work tree the law, on the server too.
#[track_caller]
fn enact(court: &Court<'_>) {
    court.enact(&court.alice);
    court.fetch(&court.alice);
}

/// Everything may be said, under this profile.
#[track_caller]
pub fn profile(court: &Court<'_>, name: &str) {
    court.alice.write("gatos/policies/10-open.rgs", format!("{OPEN}{BRANCHES}"));
    court.alice.gatos(["profile", "set", name]).ok();
    enact(court);
}

#[test]
fn must_let_no_ref_lose_what_it_held_under_the_profile_research() {
    over_each(|court| {
        let first = court.alice.commit("one");
        let second = court.alice.commit("two");
        court.alice.git(["tag", "-a", "-m", "t", "v1", &first]).ok();
        let all = ["HEAD:refs/heads/main", "HEAD:refs/heads/side", "v1:refs/tags/v1", "HEAD:refs/notes/x"];
        court.push(&court.alice, all).ok();
        // The law before the push judges: while it is `local`, a rewrite passes.
        court.push(&court.alice, [format!("+{first}:refs/heads/side")]).ok();
        profile(court, "research");
        for (name, from) in [("refs/heads/side", ""), ("refs/tags/v1", ""), ("refs/notes/x", "")] {
            court.refused(&court.alice, [format!("{from}:{name}")], "profile.fast-forward");
        }
        court.refused(&court.alice, [format!("+{first}:refs/notes/x")], "profile.fast-forward");
        // A rule that speaks of rewriting, and would allow it, is not asked.
        court.refused(&court.alice, [format!("+{first}:refs/heads/main")], "profile.fast-forward");
        let blob = court.forge(&court.alice).write("blob", b"a blob");
        court.refused(&court.alice, [format!("+{blob}:refs/tags/v1")], "profile.fast-forward");
        // One bad ref among good ones, and in the company of the law that would allow it.
        bend(&court.alice, "local");
        court.refused(&court.alice, [POLICIES, ":refs/heads/side"], "profile.fast-forward");
        // A tag has a signature and words of its own, and another one is not the same.
        court.refused(&court.alice, ["+HEAD:refs/tags/v1"], "profile.fast-forward");
        court.alice.git(["tag", "-f", "-a", "-m", "other words", "v1", &second]).ok();
        court.refused(&court.alice, ["+v1:refs/tags/v1"], "profile.fast-forward");
        // What goes on passes: new names and later commits.
        let third = court.alice.commit("three");
        let on = [format!("{second}:refs/heads/side"), "HEAD:refs/heads/main".into(), "HEAD:refs/heads/new".into()];
        court.push(&court.alice, on).ok();
        // A merge into another branch goes on from both.
        court.alice.git(["checkout", "-q", "-b", "topic", &first]).ok();
        court.alice.commit("four");
        court.alice.git(["merge", "-q", "-m", "merge", &third]).ok();
        court.push(&court.alice, ["HEAD:refs/heads/main"]).ok();
        court.push(&court.alice, [POLICIES]).ok();
        court.push(&court.alice, [":refs/heads/side"]).ok();
    });
}

#[test]
fn must_take_a_state_by_the_fold_of_the_law_alone_under_the_profile_research() {
    let world = World::new();
    let court = Court::new(&world);
    profile(&court, "research");
    let alice = &court.alice;
    // Without a fold in the law there is none to compute by, here and at the gate.
    let told = fits("denial", alice.gatos(["--json", "state", "checkpoint"]).code(1).json());
    assert_eq!((&told["rule"], &told["verdict"]), (&"profile.fold".into(), &"deny".into()));
    let local = alice.copy("bent");
    bend(&local, "local");
    local.gatos(["state", "checkpoint"]).ok();
    court.refused(&local, [STATE], "profile.fold").err_says("carries no fold of main");
    alice.write("gatos/folds/main.lua", FOLD);
    enact(&court);
    court.refused(&local, [STATE], "profile.fold").err_says("and the policy bundle has sha256:");
    alice.write("other.lua", "return function(state, event) return { n = 1 } end\n");
    alice.gatos(["state", "checkpoint", "--fold", "other.lua"]).code(1).err_says("profile.fold");
    alice.gatos(["state", "checkpoint"]).ok();
    court.push(alice, [STATE]).ok();
    // The fold of the law changes: the checkpoint by the old one is followed by one by the new.
    court.emit(alice, "{\"n\":2}");
    alice.gatos(["state", "checkpoint", "--fold", "gatos/folds/main.lua"]).ok();
    let before = alice.git(["rev-parse", STATE]).ok().stdout();
    alice.write("gatos/folds/main.lua", FOLD.replace("+ event", "+ 2 * event"));
    enact(&court);
    court.push(alice, [JOURNALS]).ok();
    court.refused(alice, [format!("{before}:{STATE}")], "profile.fold");
    alice.gatos(["state", "checkpoint"]).ok();
    court.push(alice, [STATE]).ok();
}

/// Makes a clone believe another profile, by a law of its own.
#[track_caller]
pub fn bend(repo: &Repo<'_>, profile: &str) {
    repo.gatos(["profile", "set", profile]).ok();
    activate(repo);
}

#[test]
fn must_count_nothing_that_no_gate_received_under_the_profile_push_gate() {
    let world = World::new();
    let court = Court::new(&world);
    profile(&court, "push-gate");
    court.emit(&court.bob, "{\"n\":5}");
    court.push(&court.bob, [JOURNALS]).ok();
    court.fetch(&court.alice);
    court.alice.gatos(["verify"]).ok().says("PASSED");
    court.alice.gatos(["profile"]).ok().says("profile  push-gate (policy version 2)").says("received everything");
    // What this clone has just said waits, and is named.
    court.emit(&court.alice, "{\"n\":2}");
    court.alice.gatos(["verify"]).ok().says("event.waiting").says("PASSED");
    court.alice.gatos(["profile"]).ok().says("not received yet: git gatos sync").says("received all but 1 ref");
    let shown = fits("profile", court.alice.gatos(["--json", "profile", "show"]).ok().json());
    assert_eq!((&shown["waiting"][0]["own"], &shown["demands"][0]), (&true.into(), &"receipts".into()));
    court.push(&court.alice, [JOURNALS]).ok();
    court.fetch(&court.alice);
    court.alice.gatos(["profile"]).ok().says("received everything");
    // Somebody with a shell on the server writes past the gate: every reader finds it, also there.
    court.emit(&court.bob, "{\"n\":6}");
    let (name, tip) = court.journal(&court.bob);
    let past = court.server.path().to_str().expect("UTF-8").to_owned();
    court.bob.git(["push", "-q", &past, &format!("{tip}:refs/heads/aside")]).ok();
    court.server.git(["update-ref", &name, &tip]).ok();
    court.fetch(&court.alice);
    let told = court.alice.gatos(["verify"]).code(1).stdout();
    assert!(told.contains(&tip) && told.contains("event.no-receipt"), "{told}");
    court.alice.gatos(["profile"]).ok().says("no gate has received it");
    court.server.gatos(["verify"]).code(1).says("event.no-receipt");
    // And so of a law, once the journal is as it was.
    court.server.git(["update-ref", &name, &format!("{tip}~1")]).ok();
    court.alice.git(["update-ref", "-d", &name.replace("refs/gatos/", "refs/gatos-remotes/origin/")]).ok();
    court.fetch(&court.alice);
    court.alice.gatos(["verify"]).ok();
    bend(&court.alice, "local");
    bend(&court.alice, "push-gate");
    let law = court.alice.git(["rev-parse", ACTIVE]).ok().stdout();
    court.alice.git(["push", "-q", &past, &format!("{law}:refs/heads/law")]).ok();
    court.server.git(["update-ref", ACTIVE, &law]).ok();
    court.fetch(&court.bob);
    let told = court.bob.gatos(["verify"]).code(1).stdout();
    assert!(told.contains(&law) && told.contains("ref.no-receipt"), "{told}");
    // A server has nothing to push: it came past its gate.
    court.server.gatos(["verify"]).code(1).says("ref.no-receipt");
    // Whose own it is may still have to push it.
    court.alice.gatos(["verify"]).ok().says("ref.no-receipt");
}

#[test]
fn must_take_no_code_that_it_cannot_give_a_receipt_for_under_the_profile_push_gate() {
    let world = World::new();
    let court = Court::new(&world);
    court.take_grant("service:gate");
    court.alice.commit("code");
    // Under `local` code passes a gate whose word counts for nothing.
    court.push(&court.alice, ["HEAD:refs/heads/main"]).ok();
    court.alice.gatos(["trust", "grant", "service:gate", "gate:receipt"]).ok();
    court.push(&court.alice, [TRUST]).ok();
    profile(&court, "push-gate");
    court.alice.commit("more code");
    court.push(&court.alice, ["HEAD:refs/heads/main"]).ok();
    court.take_grant("service:gate");
    court.alice.commit("even more code");
    court.refused(&court.alice, ["HEAD:refs/heads/main"], "gate.no-receipt");
}

#[test]
fn must_refuse_a_bundle_whose_profile_means_something_else() {
    let world = World::new();
    let court = Court::new(&world);
    profile(&court, "research");
    let held = signed_bundle(&court, &["alice"], |_| {});
    for (from, to) in [("\"fold\",", ""), ("research", "lenient"), ("profile/1", "profile/2")] {
        let other = signed_bundle(&court, &["alice"], |text| *text = text.replacen(from, to, 1));
        assert_ne!(other, held);
        court.refused(&court.alice, [format!("{other}:{ACTIVE}")], "policy.invalid").err_says("profile.json");
    }
    court.push(&court.alice, [format!("{held}:{ACTIVE}")]).ok();
}

/// A bundle behind the active one, signed by these, with the text of its profile changed.
#[track_caller]
pub fn signed_bundle(court: &Court<'_>, by: &[&str], change: impl FnOnce(&mut String)) -> String {
    let ambient = Ambient::of_process();
    let store = Store::open(court.alice.path(), &ambient).expect("a repository");
    let tip = |name: &str| Oid::from_hex(&court.alice.git(["rev-parse", name]).ok().stdout()).expect("an id");
    let graph = Graph::load(store.reader(), tip(TRUST)).expect("a trust graph");
    let active = Bundle::read(store.reader(), tip(ACTIVE), &graph).expect("a bundle");
    let mut files: BTreeMap<String, Vec<u8>> = active.files().map(|(p, b)| (p.to_owned(), b.to_vec())).collect();
    let mut text = String::from_utf8(files["profile.json"].clone()).expect("UTF-8");
    change(&mut text);
    files.insert("profile.json".into(), text.into_bytes());
    let signers: Vec<Signer> = by.iter().map(|person| court.signer(person)).collect();
    let signers: Vec<&Signer> = signers.iter().collect();
    let (commit, _) = create(&store, &ambient, &graph, &signers, files, Some(&active), None).expect("a bundle");
    commit.hex()
}

#[test]
fn must_count_the_trust_that_lets_its_gate_in_as_received() {
    let world = World::new();
    let alice = world.repo("alice");
    alice.gatos(["init"]).ok();
    let id = id_of(&alice);
    let server = world.bare("server").as_person("git");
    let gate = server.gatos(["--json", "hook", "install", "--server", "--await-receipt", "--root", &id]).ok().json();
    alice.git(["remote", "add", "origin", server.path().to_str().expect("UTF-8")]).ok();
    // Trust comes first, and only then what lets the gate give receipts.
    alice.git(["push", "-q", "origin", TRUST]).ok();
    alice.gatos(["trust", "add-actor", "service:gate", gate["key"].as_str().expect("a key")]).ok();
    alice.gatos(["trust", "grant", "service:gate", "gate:receipt"]).ok();
    alice.git(["push", "-q", "origin", TRUST]).ok();
    alice.gatos(["profile", "set", "push-gate"]).ok();
    activate(&alice);
    alice.git(["push", "-q", "origin", POLICIES]).ok();
    alice.gatos(["sync"]).ok();
    let told = alice.gatos(["verify"]).ok().says("PASSED").stdout();
    assert!(told.contains("receipt 1: service:gate had no right to give it yet"), "{told}");
    assert!(told.contains("receipt 2: it lets in the trust that gives service:gate the right"), "{told}");
    assert!(!told.contains("no-receipt"), "{told}");
    alice.gatos(["profile"]).ok().says("received everything");
    server.gatos(["verify"]).ok();
}

#[test]
fn must_name_what_ends_the_want_of_a_receipt_that_a_revoked_key_gave() {
    let world = World::new();
    let court = Court::new(&world);
    profile(&court, "push-gate");
    let alice = &court.alice;
    let old = key_in(&court.server.path().join("gatos/gate/keys")).public().to_string();
    // The new key of the gate comes in by the gate that has it.
    let new = court.new_gate_key();
    alice.gatos(["trust", "add-key", "service:gate", &new]).ok();
    court.push(alice, [TRUST]).ok();
    court.fetch(alice);
    alice.gatos(["verify"]).ok().says("PASSED");
    court.server.gatos(["verify"]).ok();
    alice.gatos(["trust", "revoke", &old, "--reason", "stolen"]).ok();
    court.push(alice, [TRUST]).ok();
    court.fetch(&court.bob);
    let told = court.bob.gatos(["verify"]).code(1).stdout();
    for code in ["ref.no-receipt", "event.no-receipt"] {
        let line = told.lines().find(|line| line.contains(code)).expect("a finding");
        assert!(
            line.contains(&format!("the receipts of {old}, which was revoked since, do not count: push some")),
            "{line}"
        );
    }
    // What it says is enough.
    court.emit(alice, "{\"n\":2}");
    court.push(alice, [JOURNALS]).ok();
    profile(&court, "research");
    court.fetch(&court.bob);
    court.bob.gatos(["verify"]).ok().says("PASSED");
}
