//! Grants and revocations that would leave no room for those of others.

use super::court::{Court, TRUST};
use crate::cli::fits;
use crate::harness::{Repo, World};
use gatos::id::{Blake3, PublicKey, Ulid};
use gatos::trust::{Grant, Revocation, Said, Signer, Target, dsse};

/// A commit behind the trust graph of a clone that adds statements, whatever its own judge would say to them.
fn behind(court: &Court<'_>, repo: &Repo<'_>, tip: &str, said: &[Said], signer: &Signer) -> String {
    let forge = court.forge(repo);
    let mut list = String::new();
    for one in said {
        let (kind, stem) = match one {
            Said::Grant(grant) => ("capability", format!("grants/{}", grant.ulid)),
            Said::Revocation(revocation) => ("revocation", format!("revocations/{}", revocation.ulid)),
        };
        let bytes = one.encode();
        let signed = dsse::encode(&[dsse::sign(kind, &bytes, signer).expect("a signature")]);
        for (end, bytes) in [("json", &bytes), ("sig.json", &signed)] {
            list += &format!("100644 {}\t{stem}.{end}\n", forge.write("blob", bytes));
        }
    }
    let index = repo.path().join(".git/statements-index");
    let git = |args: &[&str], stdin: &str| {
        let command = court.world.command("git", repo.person(), repo.path()).args(args);
        command.env("GIT_INDEX_FILE", &index).stdin(stdin.as_bytes()).run().ok().stdout()
    };
    git(&["read-tree", tip], "");
    git(&["update-index", "--add", "--index-info"], &list);
    let tree = git(&["write-tree"], "");
    git(&["commit-tree", &tree, "-p", tip, "-m", "more"], "")
}

fn ulid(n: usize) -> Ulid {
    format!("01ARYZ6S41TSV4RRFFQ6{n:06}").parse().expect("a ULID")
}

fn tip(repo: &Repo<'_>) -> String {
    repo.git(["rev-parse", TRUST]).ok().stdout()
}

/// Of how many statements a graph tells.
fn statements(repo: &Repo<'_>) -> usize {
    repo.git(["ls-tree", "-r", "--name-only", TRUST, "grants", "revocations"]).ok().stdout().lines().count() / 2
}

#[test]
fn must_leave_to_the_roots_to_end_again_what_has_ended() {
    let world = World::new();
    let court = Court::new(&world);
    let (alice, bob) = (&court.alice, &court.bob);
    let other = bob.as_person("bob2");
    other.gatos(["key", "new"]).ok();
    let second = court.key("bob2");
    alice.gatos(["trust", "add-key", "user:bob", &second]).ok();
    court.push(alice, [TRUST]).ok();
    bob.git(["fetch", "-q", "origin", &format!("{TRUST}:{TRUST}")]).ok();
    bob.gatos(["trust", "revoke", &second, "--reason", "lost"]).ok();
    court.push(bob, [TRUST]).ok();
    let (repo, key): (Blake3, PublicKey) = (court.id().parse().expect("an id"), second.parse().expect("a key"));
    let again = |n| {
        let target = Target::Key(key);
        Said::Revocation(Revocation { repo, ulid: ulid(n), target, reason: "x".into(), from: Some([].into()) })
    };
    let commit = behind(&court, bob, &tip(bob), &[again(1)], &court.signer("bob"));
    let told = court.refused(bob, [format!("{commit}:{TRUST}")], "trust.invalid");
    told.err_says("has ended already, and only the roots may end it again");
    // His own clone does not write it either.
    bob.gatos(["trust", "revoke", &second, "--reason", "again"]).code(3).err_says("would void nothing more");
    // The roots' last word decides, as often as they say one.
    alice.git(["fetch", "-q", "origin", &format!("{TRUST}:{TRUST}")]).ok();
    for n in [2, 3] {
        let commit = behind(&court, alice, &tip(alice), &[again(n)], &court.signer("alice"));
        alice.git(["update-ref", TRUST, &commit]).ok();
    }
    court.push(alice, [TRUST]).ok();
}

#[test]
fn must_bound_what_one_actor_says_of_trust() {
    let world = World::new();
    let court = Court::new(&world);
    let (alice, bob) = (&court.alice, &court.bob);
    alice.gatos(["trust", "grant", "user:bob", "trust:grant", "job:work"]).ok();
    court.push(alice, [TRUST]).ok();
    bob.git(["fetch", "-q", "origin", &format!("{TRUST}:{TRUST}")]).ok();
    let (before, signer) = (statements(bob), court.signer("bob"));
    let (repo, caps) = (court.id().parse().expect("an id"), vec!["job:work".parse().expect("a capability")]);
    let (issuer, subject) = ("user:bob".parse().expect("an actor"), "user:carol".parse().expect("an actor"));
    let grant = Grant { repo, ulid: ulid(0), issuer, subject, caps, exp: None };
    let said: Vec<Said> = (0..257).map(|n| Said::Grant(Grant { ulid: ulid(n), ..grant.clone() })).collect();
    let mut end = tip(bob);
    for part in said[..256].chunks(64) {
        end = behind(&court, bob, &end, part, &signer);
    }
    let more = behind(&court, bob, &end, &said[256..], &signer);
    let told = court.refused(bob, [format!("{more}:{TRUST}")], "trust.invalid");
    told.err_says("user:bob has said 256 grants and revocations; 256 is the most");
    court.push(bob, [format!("{end}:{TRUST}")]).ok();
    // The roots may go on, and end what he said.
    alice.git(["fetch", "-q", "origin", &format!("{TRUST}:{TRUST}")]).ok();
    alice.gatos(["trust", "revoke", &ulid(7).to_string(), "--reason", "flood"]).ok();
    court.push(alice, [TRUST]).ok();
    assert_eq!(statements(&court.server), before + 257);
    let shown = fits("trust-show", alice.gatos(["--json", "trust", "show"]).ok().json());
    assert!(shown.is_object(), "{shown}");
}
