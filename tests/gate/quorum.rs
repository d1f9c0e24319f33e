//! What a quorum opens beside events and branches, how long it may be asked for, and what becomes of two proofs of one proposal.

use super::consent::{CONSENT, Team, proposal, store, text};
use super::court::{ACTIVE, Court, POLICIES, TRUST, new_key, publish, signer};
use super::liar::Liar;
use crate::cli::fits;
use crate::harness::{Repo, World};
use gatos::id::Timestamp;
use gatos::policy::consent::{Document, Proposal, write_signed};

const SPEAK: &str = "policy \"team\" version 2\n\nrule \"speak\"\n  on emit\n  allow if known()\n";
/// Who leads must agree, and roots do it.
const LAW: &str = r#"
rule "law"
  on policy.activate
  allow if root()

rule "two-for-law"
  on policy.activate
  require 2 of @leads for "policy.activate"
"#;
const FREE: &str = "\nrule \"law\"\n  on policy.activate\n  allow if root()\n";
const TRUST_RULES: &str = r#"
rule "graph"
  on trust.update
  allow if root()

rule "two-for-trust"
  on trust.update
  require 2 of @leads for "trust.update"
"#;

#[track_caller]
fn bundle(repo: &Repo<'_>, rules: &str) -> (String, String) {
    repo.write("gatos/policies/team.rgs", rules);
    publish(repo)
}

/// The law becomes this one by alice alone.
#[track_caller]
fn enact(team: &Team<'_>, rules: &str) {
    let alice = &team.court.alice;
    alice.write("gatos/policies/team.rgs", rules);
    team.court.enact(alice);
    [&team.court.bob, &team.carol, alice].iter().for_each(|repo| team.court.fetch(repo));
}

/// Asks for an action on a target in the name of alice, whom two others agree with.
#[track_caller]
fn granted<'w>(team: &Team<'w>, action: &str, target: &str) {
    let args = ["propose", action, "--target", target, "--quorum", "2-of-3@leads", "--json"];
    let id = text(&team.court.alice.gatos(args).ok().json(), "proposal_id");
    team.tell(&team.court.alice);
    team.approve(&team.court.bob, &id);
    let shown = team.approve(&team.carol, &id);
    assert_eq!(shown["state"], "granted", "{shown}");
}

#[track_caller]
fn passes(court: &Court<'_>, reader: &str) -> serde_json::Value {
    let report = super::liar::passes(&Liar::of(court).stranger(reader));
    assert_eq!(report["not_judged"], serde_json::json!([]), "{report}");
    report
}

/// The one failure that somebody finds who has never been here before.
#[track_caller]
fn found(court: &Court<'_>, reader: &str) -> (String, String) {
    let failures = Liar::of(court).found(reader);
    let [only] = &failures[..] else { panic!("expected one failure: {failures:?}") };
    only.clone()
}

#[test]
fn must_activate_a_policy_by_a_quorum_where_the_law_asks_for_one() {
    let world = World::new();
    let team = Team::new(&world);
    let court = &team.court;
    enact(&team, &format!("{SPEAK}{LAW}"));
    let (id, commit) = bundle(&court.alice, &format!("{SPEAK}{FREE}"));
    court.alice.gatos(["policy", "activate", &id]).code(1).err_says("git gatos propose policy.activate");
    court.refused(&court.alice, [format!("{commit}:{ACTIVE}")], "two-for-law");
    granted(&team, "policy.activate", &id);
    court.alice.gatos(["policy", "activate", &id]).ok();
    court.push(&court.alice, [POLICIES]).ok();
    let report = passes(court, "reader");
    assert_eq!(report["judged"]["activations"], 4, "{report}");
}

#[test]
fn must_find_a_policy_that_was_activated_without_its_quorum() {
    let world = World::new();
    let team = Team::new(&world);
    let court = &team.court;
    enact(&team, &format!("{SPEAK}{LAW}"));
    let (id, commit) = bundle(&court.alice, &format!("{SPEAK}{FREE}"));
    Liar::of(court).accept(&court.alice, &[(ACTIVE, &commit)]);
    let (code, why) = found(court, "reader");
    assert_eq!(code, "policy.forbidden");
    assert!(why.contains("denied by two-for-law"), "{why}");
    // What is granted afterwards was not granted then.
    granted(&team, "policy.activate", &id);
    assert_eq!(found(court, "second").0, "policy.forbidden");
}

#[test]
fn must_ask_the_rules_about_changes_of_trust() {
    let world = World::new();
    let team = Team::new(&world);
    let court = &team.court;
    // A clone that has another opinion of the law.
    let other = court.alice.copy("other");
    enact(&team, &format!("{SPEAK}{FREE}{TRUST_RULES}"));
    other.gatos(["trust", "add-actor", "user:eve", &new_key()]).ok();
    court.refused(&other, [TRUST], "two-for-trust").err_says("git gatos propose trust.update --target blake3:");
    let denied = court.alice.gatos(["trust", "add-actor", "user:eve", &new_key()]).code(1).stderr();
    let after = |mark: &str| {
        let rest = denied.split_once(mark).unwrap_or_else(|| panic!("{mark} in {denied}")).1;
        rest.split_whitespace().next().expect("a word").trim_end_matches(';').to_owned()
    };
    let (target, file) = (after("--target "), after("kept "));
    granted(&team, "trust.update", &target);
    court.alice.gatos(["trust", "sign", &file]).ok().says("user:eve");
    court.push(&court.alice, [TRUST]).ok();
    let report = passes(court, "reader");
    assert_eq!(report["judged"]["changes of trust"], 1, "{report}");
}

#[test]
fn must_find_a_change_of_trust_that_the_rules_forbade() {
    let world = World::new();
    let team = Team::new(&world);
    let court = &team.court;
    let other = court.alice.copy("other");
    enact(&team, &format!("{SPEAK}{FREE}{TRUST_RULES}"));
    other.gatos(["trust", "add-actor", "user:eve", &new_key()]).ok();
    let tip = other.git(["rev-parse", TRUST]).ok().stdout();
    Liar::of(court).accept(&other, &[(TRUST, &tip)]);
    let (code, why) = found(court, "reader");
    assert_eq!(code, "push.forbidden");
    assert!(why.contains("denied by two-for-trust"), "{why}");
}

#[test]
fn must_let_the_roots_give_a_gate_its_right_back_whatever_the_rules_ask() {
    let world = World::new();
    let team = Team::new(&world);
    let court = &team.court;
    let other = court.alice.copy("other");
    enact(&team, &format!("{SPEAK}{FREE}{TRUST_RULES}"));
    let key = court.new_gate_key();
    // No proposal can come in any more, and nothing can be granted.
    let proposal = format!("{TRUST}:refs/gatos/proposals/{}", "ab".repeat(32));
    court.refused(&court.alice, [proposal], "gate.no-receipt");
    other.gatos(["trust", "add-key", "service:gate", &key]).ok();
    let right = other.git(["rev-parse", TRUST]).ok().stdout();
    // What comes behind the right is judged as ever, in the same push too.
    other.gatos(["trust", "add-actor", "user:eve", &new_key()]).ok();
    court.refused(&other, [TRUST], "two-for-trust");
    court.push(&other, [format!("{right}:{TRUST}")]).ok();
    court.refused(&other, [TRUST], "two-for-trust");
    Liar::of(court).stranger("reader").gatos(["verify"]).ok();
}

#[test]
fn must_bring_a_repository_with_its_history_to_a_server_that_has_no_law() {
    let world = World::new();
    let team = Team::new(&world);
    let (court, alice) = (&team.court, &team.court.alice);
    enact(&team, &format!("{SPEAK}{LAW}"));
    let (id, _) = bundle(alice, &format!("{SPEAK}{FREE}"));
    granted(&team, "policy.activate", &id);
    alice.gatos(["policy", "activate", &id]).ok();
    court.push(alice, [POLICIES]).ok();
    // The grant that it needed then is not there, and cannot be before the law is.
    let root = court.id();
    let fresh = world.bare("fresh").as_person("git");
    let args = ["--json", "hook", "install", "--server", "--await-receipt", "--root", &root];
    let key = text(&fresh.gatos(args).ok().json(), "key");
    alice.gatos(["trust", "add-key", "service:gate", &key]).ok();
    let url = fresh.path().to_str().expect("UTF-8");
    alice.git(["push", "-q", url, TRUST, POLICIES]).ok();
    let home = alice.at(world.path().to_path_buf()).as_person("reader");
    home.gatos(["clone", &format!("file://{url}"), "reader"]).ok();
    let report = home.at(world.path().join("reader")).gatos(["--json", "verify"]).ok().json();
    assert_eq!(report["judged"]["activations"], 4, "{report}");
    // What comes onto a law that stands is asked of it.
    enact(&team, &format!("{SPEAK}{LAW}"));
    alice.git(["push", "-q", url, POLICIES]).ok();
    let (_, commit) = bundle(alice, &format!("{SPEAK}{FREE}"));
    alice.git(["push", "-q", url, &format!("{commit}:{ACTIVE}")]).code(1).err_says("rule    two-for-law  ");
}

/// Stores a proposal that its clone would not make.
#[track_caller]
fn by_hand(world: &World, repo: &Repo<'_>, person: &str, document: &Proposal) -> String {
    let by = signer(world, person);
    let at: Timestamp = "2026-11-21T09:00:00Z".parse().expect("a time");
    let commit = write_signed(&store(repo), document, &document.created_by, &by, at).expect("a commit");
    format!("{}:refs/gatos/proposals/{}", commit.hex(), document.id().hex())
}

#[test]
fn must_hold_a_proposal_against_the_time_that_the_law_gives_it() {
    let world = World::new();
    let team = Team::new(&world);
    let (court, bob) = (&team.court, &team.court.bob);
    let id = team.ask(20_000);
    let args = ["propose", "finance.large", "--target", "x", "--ttl"];
    bob.gatos(args.iter().chain(&["PT61M"])).code(2).err_says("stand for 3600 seconds, not for 3660");
    bob.gatos(args.iter().chain(&["PT59M"])).ok();
    let mut document = proposal(bob, &id);
    document.target = "y".into();
    document.expire_at = "2026-11-21T13:00:00Z".parse().expect("a time");
    let refspec = by_hand(&world, bob, "bob", &document);
    court.refused(bob, [&refspec], "proposal.ttl").err_says("the policy gives finance.large 3600");
    // A gate that takes it is found out.
    let (tip, name) = refspec.split_once(':').expect("two ends");
    Liar::of(court).accept(bob, &[(name, tip)]);
    assert!(found(court, "reader").1.contains("denied by proposal.ttl"));
}

#[test]
fn must_bound_the_open_proposals_of_one_actor() {
    let world = World::new();
    let team = Team::new(&world);
    let (court, bob) = (&team.court, &team.court.bob);
    let id = team.ask(20_000);
    let mut document = proposal(bob, &id);
    let mut refs: Vec<String> = Vec::new();
    for n in 0..256 {
        document.target = format!("target-{n}");
        refs.push(by_hand(&world, bob, "bob", &document));
    }
    court.refused(bob, &refs, "quota.proposals").err_says("256 is the most");
    court.push(bob, &refs[..255]).ok();
    court.refused(bob, &refs[255..], "quota.proposals");
}

#[test]
fn must_refuse_a_word_of_whoever_has_left_the_group() {
    let world = World::new();
    let team = Team::new(&world);
    let court = &team.court;
    let id = team.ask(20_000);
    court.alice.gatos(["trust", "group", "remove", "leads", "user:carol"]).ok();
    court.push(&court.alice, [TRUST]).ok();
    // Her clone does not know it yet.
    team.carol.gatos(["approve", &id]).ok();
    court.refused(&team.carol, CONSENT, "approval.invalid").err_says("was in @leads when it was asked, and is no more");
}

fn refs_of(repo: &Repo<'_>, plane: &str) -> String {
    repo.git(["for-each-ref", "--format=%(refname) %(objectname)", plane]).ok().stdout()
}

/// Bob and carol each see a quorum of their own; carol's grant is accepted first.
fn two_proofs<'w>(team: &Team<'w>) -> String {
    let id = team.ask(20_000);
    team.approve(&team.court.alice, &id);
    for repo in [&team.carol, &team.court.bob] {
        assert_eq!(repo.gatos(["approve", &id, "--json"]).ok().json()["state"], "granted");
    }
    assert_ne!(refs_of(&team.carol, "refs/gatos/grants"), refs_of(&team.court.bob, "refs/gatos/grants"));
    id
}

#[track_caller]
fn adopted(team: &Team<'_>, id: &str) {
    let (court, bob) = (&team.court, &team.court.bob);
    let accepted = refs_of(&court.server, "refs/gatos/grants");
    assert_eq!(accepted, refs_of(&team.carol, "refs/gatos/grants"));
    assert_eq!(refs_of(bob, "refs/gatos/grants"), "", "his own grant is gone");
    let proofs = "refs/gatos/audit/proofs";
    assert_eq!(refs_of(bob, proofs), refs_of(&court.server, proofs));
    let shown = bob.gatos(["approve", id, "--json"]).ok().json();
    assert_eq!(
        format!("refs/gatos/grants/{}", &text(&shown, "grant_id")[7..]),
        accepted.split(' ').next().expect("one")
    );
    let again = bob.gatos(["--json", "sync"]).ok().json();
    assert_eq!(again["pushed"], serde_json::json!([]));
    bob.gatos(["verify"]).ok();
}

#[test]
fn must_adopt_the_grant_that_was_accepted_first() {
    let world = World::new();
    let team = Team::new(&world);
    let id = two_proofs(&team);
    team.carol.gatos(["sync"]).ok();
    let synced = fits("sync", team.court.bob.gatos(["--json", "sync"]).ok().json());
    assert_eq!((&synced["refused"], &synced["alarms"]), (&serde_json::json!([]), &serde_json::json!([])));
    adopted(&team, &id);
}

/// Between bob's fetch and his push carol's refs of these kinds are accepted; the file that tells that it happened.
fn races(team: &Team<'_>, refs: &[&str]) -> std::path::PathBuf {
    let (bob, carol) = (team.court.bob.path(), team.carol.path().display());
    let raced = bob.join(".git/raced");
    let done = raced.display();
    let refs = refs.iter().map(|refs| format!("'{refs}'")).collect::<Vec<_>>().join(" ");
    let hook = format!(
        "#!/bin/sh\n[ -e {done} ] && exit 0\ntouch {done}\nunset $(git rev-parse --local-env-vars)\n\
         exec git -C {carol} push -q origin {refs}\n"
    );
    let path = bob.join(".git/hooks/pre-push");
    std::fs::create_dir_all(path.parent().expect("a directory")).expect("hooks");
    std::fs::write(&path, hook).expect("a hook");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&path, mode).expect("a program");
    raced
}

#[test]
fn must_adopt_a_grant_that_is_accepted_while_another_is_pushed() {
    let world = World::new();
    let team = Team::new(&world);
    let id = two_proofs(&team);
    let done = races(&team, &CONSENT);
    let synced = fits("sync", team.court.bob.gatos(["--json", "sync"]).ok().json());
    assert!(done.exists(), "nobody raced");
    assert_eq!(synced["refused"], serde_json::json!([]));
    adopted(&team, &id);
}

/// What carol pushes by hand: all that she said and has, but no grant.
const UNGRANTED: [&str; 3] = [CONSENT[0], CONSENT[1], CONSENT[2]];

/// Bob, who has a proof of his own, takes the one that stands, and whoever said nothing leaves it alone.
#[track_caller]
fn completed(team: &Team<'_>, id: &str) {
    let (court, bob) = (&team.court, &team.court.bob);
    for plane in ["refs/gatos/grants", "refs/gatos/audit/proofs"] {
        let accepted = refs_of(&court.server, plane);
        assert_eq!(accepted, refs_of(&team.carol, plane));
        assert_eq!(accepted, refs_of(bob, plane));
    }
    let again = fits("sync", team.carol.gatos(["--json", "sync"]).ok().json());
    assert_eq!(again["pushed"], serde_json::json!([]));
    bob.gatos(["grant", "verify", id]).ok().says("VALID");
    passes(court, "reader");
}

#[test]
fn must_grant_by_a_proof_that_came_without_its_grant() {
    let world = World::new();
    let team = Team::new(&world);
    let id = two_proofs(&team);
    team.court.push(&team.carol, UNGRANTED).ok();
    assert_eq!(refs_of(&team.court.server, "refs/gatos/grants"), "");
    let aside = fits("sync", team.dave.gatos(["--json", "sync"]).ok().json());
    assert_eq!(aside["pushed"], serde_json::json!([]));
    team.court.bob.gatos(["sync"]).ok().err_says("holds a proof of it without a grant; this clone makes that grant");
    completed(&team, &id);
}

#[test]
fn must_grant_by_a_proof_that_is_accepted_while_another_is_pushed() {
    let world = World::new();
    let team = Team::new(&world);
    let id = two_proofs(&team);
    let done = races(&team, &UNGRANTED);
    let synced = fits("sync", team.court.bob.gatos(["--json", "sync"]).ok().json());
    assert!(done.exists(), "nobody raced");
    assert_eq!(synced["refused"], serde_json::json!([]));
    completed(&team, &id);
}

#[test]
fn must_tell_whose_revocation_went_with_a_grant_that_came_too_late() {
    let world = World::new();
    let team = Team::new(&world);
    let id = two_proofs(&team);
    team.court.bob.gatos(["grant", "revoke", &id, "--reason", "no"]).ok();
    team.carol.gatos(["sync"]).ok();
    let synced = fits("sync", team.court.bob.gatos(["--json", "sync"]).code(1).json());
    let alarm = synced["alarms"][0].as_str().expect("an alarm");
    assert!(alarm.contains("end it there too: git gatos grant revoke"), "{alarm}");
    team.court.bob.gatos(["grant", "revoke", &id, "--reason", "no"]).ok();
    team.court.bob.gatos(["sync"]).ok();
    team.court.fetch(&team.carol);
    team.carol.gatos(["grant", "verify", &id]).code(1).says("user:bob revoked it: no");
}

#[test]
fn must_let_a_stolen_key_end_no_grant() {
    let world = World::new();
    let team = Team::new(&world);
    let (court, bob) = (&team.court, &team.court.bob);
    let id = team.ask(20_000);
    team.approve(&court.alice, &id);
    team.approve(bob, &id);
    let thief = team.carol.copy("thief");
    court.alice.gatos(["trust", "revoke", &court.key("carol"), "--reason", "stolen"]).ok();
    court.push(&court.alice, [TRUST]).ok();
    court.fetch(bob);
    // His clone does not know that the key is over, and bob looks at what he says.
    thief.gatos(["grant", "revoke", &id, "--reason", "mine"]).ok();
    court.refused(&thief, CONSENT, "revocation.invalid");
    let (from, to) = ("refs/gatos/revocations/*", "refs/gatos-remotes/thief/revocations/*");
    bob.git(["fetch", "-q", thief.path().to_str().expect("UTF-8"), &format!("{from}:{to}")]).ok();
    bob.gatos(["grant", "verify", &id]).ok().says("VALID").err_says("is revoked, and no receipt shows");
    bob.gatos(["verify"]).ok();
}

#[test]
fn must_keep_the_end_of_a_grant_when_the_key_that_ended_it_is_over() {
    let world = World::new();
    let team = Team::new(&world);
    let (court, bob) = (&team.court, &team.court.bob);
    let id = team.ask(20_000);
    team.approve(&court.alice, &id);
    team.approve(bob, &id);
    team.carol.gatos(["grant", "revoke", &id, "--reason", "no"]).ok();
    team.tell(&team.carol);
    court.alice.gatos(["trust", "revoke", &court.key("carol"), "--reason", "stolen"]).ok();
    court.push(&court.alice, [TRUST]).ok();
    court.fetch(bob);
    bob.gatos(["grant", "verify", &id]).code(1).says("user:carol revoked it: no");
    let payload = "{\"amount\":20000}";
    bob.gatos(["emit", "pay", payload, "--ns", "finance", "--ulid", "01ARYZ6S41TSV4RRFFQ69G5FAV"]).code(1);
}
