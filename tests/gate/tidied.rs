//! What is said where something here is damaged, given by nobody, or told twice.

use super::again::{RULES, enact};
use super::court::{ACTIVE, Court, JOURNALS, STATE, TRUST};
use super::liar::{Liar, failures, passes};
use super::profile::profile;
use crate::cli::fits;
use crate::harness::{Repo, World};
use serde_json::json;
use std::path::Path;

/// A receipt whose commit cannot be read covers nothing, and keeps nobody from reading on.
#[test]
fn a_damaged_commit_covers_nothing_and_ends_no_verify() {
    let world = World::new();
    let court = Court::new(&world);
    profile(&court, "push-gate");
    let alice = &court.alice;
    alice.gatos(["state", "checkpoint"]).ok();
    let before = alice.git(["rev-parse", STATE]).ok().stdout();
    court.emit(alice, "{\"n\":2}");
    alice.gatos(["state", "checkpoint"]).ok();
    let after = alice.git(["rev-parse", STATE]).ok().stdout();
    court.push(alice, [JOURNALS, STATE]).ok();
    court.fetch(alice);
    // The gate took what descends from this one.
    alice.git(["update-ref", STATE, &before]).ok();
    alice.gatos(["profile"]).ok().says("received everything");
    court.emit(alice, "{\"n\":3}");
    alice.gatos(["verify"]).ok().says("no gate has given a receipt for the last of its events, up to 3");
    let path = court.forge(alice).loose(&after);
    std::fs::remove_file(&path).expect("it is loose");
    std::fs::write(&path, "damaged").expect("it can be written");
    alice.gatos(["profile"]).ok().says(&format!("waiting  {STATE}"));
    let told = alice.gatos(["verify"]).code(1).stdout();
    assert!(told.contains("object.unreadable") && told.contains(&after), "{told}");
    assert!(told.contains("ref.no-receipt") && told.contains(&before), "{told}");
}

/// By the law that stood then is judged what has a receipt; of the rest it is said by what.
#[test]
fn an_activation_without_a_receipt_is_counted_by_itself() {
    let world = World::new();
    let court = Court::new(&world);
    let alice = &court.alice;
    court.fetch(alice);
    let judged = || passes(alice)["judged"].clone();
    assert_eq!(judged(), json!({"activations": 1, "events": 1}));
    // This clone has another law, which no gate has received.
    alice.gatos(["profile", "set", "push-gate"]).ok();
    let id = alice.gatos(["--json", "policy", "publish"]).ok().json()["id"].as_str().expect("an id").to_owned();
    alice.gatos(["policy", "activate", &id]).ok();
    assert_eq!(judged(), json!({"activations": 1, "activations without a receipt": 1, "events": 1}));
    let told = alice.gatos(["verify"]).ok().stdout();
    assert!(told.contains("with 1 receipt: 1 activation, 1 event\n"), "{told}");
    assert!(told.contains("judged by some version of trust: 1 activation without a receipt\n"), "{told}");
}

/// Writes what looks like a receipt behind each push, as nobody who has a key would.
const FORGER: &str = r#"#!/bin/sh
chain=refs/gatos/audit/policy/WRITER
updates=$(while read -r old new name; do printf '{"new":"%s","old":"%s","ref":"%s"},' "$new" "$old" "$name"; done)
blob=$(printf '{"updates":[%s]}' "${updates%,}" | git hash-object -w --stdin)
tree=$(printf '100644 blob %s\treceipt.json\n' "$blob" | git mktree)
git update-ref "$chain" "$(git -c user.name=x -c user.email=x commit-tree -m x -p "$chain" "$tree")"
"#;

#[test]
fn what_nobody_signed_is_no_receipt_that_a_sync_waits_for() {
    let world = World::new();
    let alice = world.repo("alice");
    alice.gatos(["init"]).ok();
    alice.gatos(["emit", "add", "{\"n\":1}"]).ok();
    let server = world.bare("server");
    alice.git(["remote", "add", "origin", server.path().to_str().expect("UTF-8")]).ok();
    alice.gatos(["sync"]).ok();
    let journal = alice.git(["for-each-ref", "--format=%(refname)", "refs/gatos/journal/main"]).ok().stdout();
    let writer = journal.rsplit('/').next().expect("a writer").replace("user.alice", "service.gate");
    let tip = alice.git(["rev-parse", &journal]).ok().stdout();
    server.git(["update-ref", &format!("refs/gatos/audit/policy/{writer}"), &tip]).ok();
    executable(&server.path().join("hooks/post-receive"), &FORGER.replace("WRITER", &writer));
    // Each fetch is noted.
    let (pack, log) = (world.path().join("pack"), world.path().join("fetches"));
    executable(&pack, &format!("#!/bin/sh\necho >> '{}'\nexec git upload-pack \"$@\"\n", log.display()));
    alice.git(["config", "remote.origin.uploadpack", pack.to_str().expect("UTF-8")]).ok();
    alice.gatos(["emit", "add", "{\"n\":2}"]).ok();
    alice.gatos(["sync"]).ok();
    let fetches = std::fs::read_to_string(&log).expect("a file").lines().count();
    assert_eq!(fetches, 9, "it looked again as often as it does where no receipt comes");
}

/// A remote of alice's, of which each fetch is noted: a plain server without a gate.
fn noted(world: &World, alice: &Repo<'_>, remote: &str) {
    let (pack, log) = (world.path().join("pack.sh"), world.path().join("fetches"));
    std::fs::write(&pack, format!("echo >> '{}'\nexec git upload-pack \"$@\"\n", log.display())).expect("a file");
    alice.git(["remote", "add", remote, world.bare(remote).path().to_str().expect("UTF-8")]).ok();
    alice.git(["config", &format!("remote.{remote}.uploadpack"), &format!("sh {}", pack.display())]).ok();
}

/// No receipt ever comes here, so that the number of fetches says whether one was waited for.
#[test]
fn a_sync_waits_where_trust_knows_a_gate_and_not_for_each_copy() {
    let world = World::new();
    let alice = world.repo("alice");
    alice.gatos(["init"]).ok();
    ["origin", "copy"].iter().for_each(|remote| noted(&world, &alice, remote));
    let fetches = |remote: &str| {
        alice.gatos(["emit", "add", "{\"n\":1}"]).ok();
        let log = world.path().join("fetches");
        std::fs::write(&log, "").expect("a file");
        alice.gatos(["sync", remote]).ok();
        std::fs::read_to_string(&log).expect("a file").lines().count()
    };
    assert_eq!([fetches("origin"), fetches("origin")], [2, 2], "no gate is known");
    let gate = world.repo("gate").as_person("gate");
    let key = gate.gatos(["--json", "key", "new"]).ok().json()["key"].as_str().expect("a key").to_owned();
    alice.gatos(["trust", "add-actor", "service:gate", &key]).ok();
    assert_eq!(fetches("origin"), 2, "nobody may give receipts");
    alice.gatos(["trust", "grant", "service:gate", "gate:receipt"]).ok();
    assert_eq!([fetches("origin"), fetches("origin")], [9, 9], "it may stand at the authority");
    assert_eq!([fetches("copy"), fetches("copy")], [9, 2], "a copy is waited for once");
    alice.gatos(["trust", "remove-key", "service:gate", &key]).ok();
    assert_eq!(fetches("origin"), 2, "nobody's key gives receipts");
}

fn executable(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
    std::fs::write(path, text).expect("a file");
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("a mode");
}

#[track_caller]
fn forbidden(reader: &Repo<'_>, says: &str) {
    let failures = failures(reader);
    let [only] = &failures[..] else { panic!("expected one failure: {failures:?}") };
    assert_eq!(only["code"], "policy.forbidden", "{only}");
    assert!(only["sentence"].as_str().is_some_and(|sentence| sentence.contains(says)), "{only}");
}

/// To a gate without a law the whole of it may come at once; that excuses no other gate.
#[test]
fn must_judge_a_policy_by_every_receipt_for_it() {
    let world = World::new();
    let court = Court::new(&world);
    let (liar, alice) = (Liar::of(&court), &court.alice);
    enact(&court, alice, RULES);
    court.let_bob_sign();
    let mirror = court.mirror();
    let commit = court.by_bob(&RULES.replace("10\n", "1000\n"));
    liar.accept(&court.bob, &[(ACTIVE, &commit)]);
    let reader = liar.stranger("carol");
    forbidden(&reader, "service:gate accepted it with receipt");
    let path = mirror.path().to_str().expect("UTF-8");
    court.server.git(["push", path, TRUST, ACTIVE]).ok();
    reader.git(["fetch", "-q", path, "refs/gatos/*:refs/gatos-remotes/mirror/*"]).ok();
    forbidden(&reader, "service:gate accepted it with receipt");
    let report = fits("verify", reader.gatos(["--json", "verify"]).code(1).json());
    assert_eq!(report["judged"]["activations"], 3, "each is counted once");
}

/// What has no receipt came behind what has one, and not under an older trust graph.
#[test]
fn must_date_a_policy_by_the_receipt_of_the_one_before_it() {
    let world = World::new();
    let court = Court::new(&world);
    let (liar, open) = (Liar::of(&court), RULES.replace("allow if root()", "allow"));
    enact(&court, &court.alice, &open);
    court.let_bob_sign();
    court.take_grant("user:bob");
    enact(&court, &court.alice, &open.replace("10\n", "20\n"));
    let early = liar.stranger("carol");
    let commit = court.by_bob(&open.replace("10\n", "1000\n"));
    liar.push(&court.bob, &[format!("{commit}:{ACTIVE}")]);
    forbidden(&liar.stranger("dave"), "it became the policy");
    // Where another ref has shown the receipt already, too.
    let stood = early.git(["rev-parse", "refs/gatos-remotes/origin/policies/active"]).ok().stdout();
    early.git(["update-ref", "refs/gatos-remotes/mirror/policies/active", &stood]).ok();
    court.fetch(&early);
    forbidden(&early, "it became the policy");
}

/// While a gate may give no receipts it asks no rules of what the roots sign, and a push may bring both the end and the return
/// of its right: its receipt is judged as it judged.
#[test]
fn must_raise_no_alarm_over_roots_who_let_a_gate_in_again() {
    let world = World::new();
    let court = Court::new(&world);
    let (alice, bob) = (&court.alice, &court.bob);
    alice.gatos(["trust", "roots", "--add", "user:bob"]).ok();
    court.push(alice, [TRUST]).ok();
    court.fetch(bob);
    alice.write(
        "gatos/policies/10-test.rgs",
        format!("{RULES}\nrule \"trust\"\n  on trust.update\n  deny if actor == \"user:bob\"\n  allow\n"),
    );
    court.enact(alice);
    let grants = alice.gatos(["--json", "trust", "grants"]).ok().jsonl();
    let grant = grants.iter().find(|grant| grant["subject"] == "service:gate").expect("a grant");
    alice.gatos(["trust", "revoke", grant["ulid"].as_str().expect("a ULID"), "--reason", "over"]).ok();
    // Bob's clone does not know the law yet that would not let him.
    let here = alice.path().to_str().expect("UTF-8");
    bob.git(["fetch", "-q", here, "+refs/gatos/trust/*:refs/gatos/trust/*"]).ok();
    bob.gatos(["trust", "grant", "service:gate", "gate:receipt"]).ok();
    court.push(bob, [TRUST]).ok();
    let reader = Liar::of(&court).stranger("carol");
    let report = fits("verify", reader.gatos(["--json", "verify"]).ok().json());
    assert_eq!(report["judged"]["changes of trust"], 1, "{report}");
    court.fetch(alice);
    let replayed = alice.gatos(["--json", "policy", "replay"]).ok().jsonl();
    assert_eq!(replayed[0]["changes"], 0, "{replayed:?}");
    // What he signs where nothing is locked is still found.
    bob.gatos(["trust", "grant", "user:alice", "journal:append:main"]).ok();
    let tip = bob.git(["rev-parse", TRUST]).ok().stdout();
    Liar::of(&court).accept(bob, &[(TRUST, &tip)]);
    let failures = failures(&Liar::of(&court).stranger("dave"));
    assert!(failures.len() == 1 && failures[0]["code"] == "push.forbidden", "{failures:?}");
}
