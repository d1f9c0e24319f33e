//! Keys and rights that have ended, used all the same.

use super::court::{ACTIVE, Court, JOURNALS, POLICIES, TRUST, activate, id_of, publish, signer};
use super::liar::Liar;
use super::profile::signed_bundle;
use super::rules::enact;
use crate::harness::World;
use crate::must::forge::Forge;
use gatos::canon::Value;
use ssh_key::{Algorithm, HashAlg, LineEnding, Signature, SshSig, public::Ed25519PublicKey};

/// What becomes the first policy is signed by whom trust lets sign when it comes, as every later one.
#[test]
fn must_take_no_first_policy_from_a_revoked_key() {
    let world = World::new();
    let alice = world.repo("alice");
    alice.gatos(["init"]).ok();
    let carol = alice.clone_to("carol").as_person("carol");
    carol.gatos(["key", "new"]).ok();
    let key = signer(&world, "carol").public().to_string();
    alice.gatos(["trust", "add-actor", "user:carol", &key]).ok();
    alice.gatos(["trust", "grant", "user:carol", "policy:activate"]).ok();
    carol.git(["fetch", "-q", "origin", "refs/gatos/*:refs/gatos-remotes/origin/*"]).ok();
    alice.gatos(["trust", "revoke", &key, "--reason", "she has left"]).ok();
    let server = world.bare("server").as_person("git");
    let install = ["--json", "hook", "install", "--server", "--await-receipt", "--root", &id_of(&alice)];
    let gate = server.gatos(install).ok().json();
    alice.gatos(["trust", "add-actor", "service:gate", gate["key"].as_str().expect("a key")]).ok();
    alice.gatos(["trust", "grant", "service:gate", "gate:receipt"]).ok();
    let path = server.path().to_str().expect("UTF-8");
    alice.git(["remote", "add", "origin", path]).ok();
    alice.git(["push", "-q", "origin", TRUST]).ok();
    // She knows nothing of that, and makes a law of her own.
    carol.write("gatos/policies/10-mine.rgs", "policy \"mine\" version 1\n\nrule \"all\"\n  on emit\n  allow\n");
    activate(&carol);
    carol.git(["push", "-q", path, ACTIVE]).code(1).err_says("rule    policy.signer");
    // What brings the first policy is judged by it.
    alice.gatos(["emit", "add", "{\"n\":1}"]).ok();
    alice.git(["push", "-q", "origin", POLICIES, JOURNALS]).ok();
    alice.gatos(["sync"]).ok();
    let told = alice.gatos(["verify"]).ok().says("PASSED").stdout();
    assert!(!told.contains("self-judged"), "{told}");
}

/// Rules by which whoever is known speaks, and the law is changed under a condition.
fn changed_by(condition: &str) -> String {
    format!(
        "policy \"open\" version 1\n\nrule \"speak\"\n  on emit\n  allow if known()\n\n\
         rule \"law\"\n  on policy.activate\n  allow if {condition}\n"
    )
}

/// The same of a gate that let it in: every reader finds it.
#[test]
fn must_find_a_policy_by_a_key_or_a_right_that_had_ended() {
    let world = World::new();
    let court = Court::new(&world);
    let (alice, late) = (&court.alice, "2026-11-21T12:00:00Z");
    court.alice.gatos(["trust", "grant", "user:bob", "policy:activate", "--exp", "2026-11-21T11:00:00Z"]).ok();
    court.push(alice, [TRUST]).ok();
    // Whoever is known may change the law, if he may sign it.
    alice.write("gatos/policies/10-open.rgs", changed_by("known()"));
    alice.gatos(["profile", "set", "research"]).ok();
    court.enact(alice);
    let law = signed_bundle(&court, &["bob"], |_| ());
    let (refs, record) = (court.refs(), court.record());
    let push = court.git(alice, ["push", "origin", &format!("{law}:{ACTIVE}")]).env("GATOS_CLOCK", late);
    push.run().code(1).err_says("rule    policy.signer");
    court.stands(&refs, &record, "policy.signer");
    let before = court.server.git(["rev-parse", ACTIVE]).ok().stdout();
    let liar = Liar::of(&court);
    liar.push(alice, &[format!("{law}:{ACTIVE}")]);
    let moved = |at: &str| {
        liar.give(|map| {
            map.insert("policy_root", before.as_str());
            map.insert("received_at", at);
            let update = [("ref", ACTIVE.into()), ("old", before.as_str().into()), ("new", law.as_str().into())];
            map.insert("updates", Value::List(vec![Value::map(update)]));
        });
    };
    moved("2026-11-21T10:59:59Z");
    liar.stranger("dave").gatos(["verify"]).ok().says("PASSED");
    court.server.git(["update-ref", &court.gate(), &format!("{}~1", court.gate())]).ok();
    moved(late);
    liar.stranger("erin").gatos(["verify"]).code(1).says("policy.forbidden").says("policy.signer");
}

/// Nobody speaks by a revoked key, whoever else signed with him.
#[test]
fn must_count_no_revoked_key_among_those_who_sign() {
    let world = World::new();
    let court = Court::new(&world);
    let alice = &court.alice;
    alice.gatos(["trust", "grant", "user:bob", "policy:activate"]).ok();
    court.push(alice, [TRUST]).ok();
    alice.write("gatos/policies/10-open.rgs", changed_by("signed_by(\"user:bob\")"));
    alice.gatos(["profile", "set", "push-gate"]).ok();
    court.enact(alice);
    let together = signed_bundle(&court, &["alice", "bob"], |_| ());
    court.fetch(&court.bob);
    court.bob.write("gatos/policies/10-open.rgs", "policy \"his\" version 1\n\nrule \"all\"\n  on emit\n  allow\n");
    court.bob.gatos(["profile", "set", "push-gate"]).ok();
    let (id, alone) = publish(&court.bob);
    court.alice.gatos(["trust", "revoke", &court.key("bob"), "--reason", "stolen"]).ok();
    court.push(alice, [TRUST]).ok();
    court.refused(alice, [format!("{together}:{ACTIVE}")], "none").err_says("nothing permits policy.activate");
    let name = format!("refs/gatos/policies/{}", id.trim_start_matches("blake3:"));
    court.refused(&court.bob, [format!("{alone}:{name}")], "policy.signer");
}

/// A commit with bob's signature over it, as git makes one with an SSH key (gitformat-signature(5)).
fn signed_commit(court: &Court<'_>, forge: &Forge<'_>, message: &str) -> String {
    let tree = forge.write("tree", b"");
    let who = "bob <bob@example.org> 1795251600 +0000";
    let (head, message) = (format!("tree {tree}\nauthor {who}\ncommitter {who}\n"), format!("\n{message}\n"));
    let signer = court.signer("bob");
    let covered = SshSig::signed_data("git", HashAlg::Sha512, format!("{head}{message}").as_bytes()).expect("bytes");
    let signature = Signature::new(Algorithm::Ed25519, signer.sign(&covered).expect("a signature").0.to_vec());
    let key = Ed25519PublicKey(signer.public().0);
    let pem = SshSig::new(key.into(), "git", HashAlg::Sha512, signature.expect("a signature")).expect("a signature");
    let pem = pem.to_pem(LineEnding::LF).expect("text");
    let lines = pem.trim_end().replace('\n', "\n ");
    forge.write("commit", format!("{head}gpgsig {lines}\n{message}").as_bytes())
}

#[test]
fn must_take_no_code_that_a_revoked_key_signed() {
    let world = World::new();
    let court = Court::new(&world);
    enact(&court, "rule \"main\"\n  on push \"refs/heads/**\"\n  allow if signed_by(\"user:bob\")\n");
    let forge = court.forge(&court.alice);
    let code = |message: &str| signed_commit(&court, &forge, message);
    court.push(&court.alice, [format!("{}:refs/heads/main", code("good"))]).ok();
    let other = court.alice.commit("by nobody");
    court.refused(&court.alice, [format!("{other}:refs/heads/other")], "none");
    court.alice.gatos(["trust", "revoke", &court.key("bob"), "--reason", "stolen"]).ok();
    court.push(&court.alice, [TRUST]).ok();
    court.refused(&court.alice, [format!("{}:refs/heads/late", code("evil"))], "none");
    court.fetch(&court.alice);
    court.alice.gatos(["verify"]).ok().says("PASSED");
}
