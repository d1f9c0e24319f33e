//! Pushes at the same time.

use super::court::{Court, JOURNALS, new_key};
use super::receipts::{receiving, set_aside, told};
use crate::harness::{World, until};
use gatos::id::Oid;
use std::collections::BTreeSet;

#[test]
fn must_record_each_of_many_refused_pushes_at_once() {
    let world = World::new();
    let court = Court::new(&world);
    court.alice.commit("code");
    let refs = court.refs();
    let running: Vec<_> = (0..8)
        .map(|n| {
            let to = format!("HEAD:refs/gatos/refused-{n}");
            world.command("git", "alice", court.alice.path()).args(["push", "origin", &to]).spawn()
        })
        .collect();
    running.into_iter().for_each(|push| drop(push.wait().code(1).err_says("rule    ref.unknown")));
    recorded(&court, &refs, 8);
}

/// Eight who push all the time, while garbage is collected and refs are packed.
#[test]
fn must_record_hundreds_of_refused_pushes_while_the_repository_is_kept() {
    let world = World::new();
    let court = Court::new(&world);
    court.alice.commit("code");
    let refs = court.refs();
    let (alice, server) = (court.alice.path(), court.server.path());
    let push = |who: usize, n: usize| {
        let to = format!("HEAD:refs/gatos/refused-{who}-{n}");
        world.command("git", "alice", alice).args(["push", "origin", &to]).run().code(1).err_says("rule    ref.unknown")
    };
    let push = &push;
    let rounds = std::thread::scope(|scope| {
        let pushing: Vec<_> = (0..8).map(|who| scope.spawn(move || (0..90).for_each(|n| drop(push(who, n))))).collect();
        let mut rounds = 0;
        while pushing.iter().any(|push| !push.is_finished()) {
            // Either may find what it works on taken by another.
            world.command("git", "git", server).args(["gc", "-q"]).run();
            world.command("git", "git", server).args(["pack-refs", "--all"]).run();
            rounds += 1;
        }
        rounds
    });
    assert!(rounds > 1, "{rounds} rounds");
    recorded(&court, &refs, 720);
}

/// Nothing has moved, so many refusals are on record, and the repository is whole.
#[track_caller]
fn recorded(court: &Court<'_>, refs: &[String], many: usize) {
    let record = court.record();
    assert_eq!((record.len(), record.iter().collect::<BTreeSet<_>>().len()), (many, 1), "{record:?}");
    assert_eq!(court.refs(), refs);
    court.server.git(["fsck", "--strict", "--no-dangling", "--no-progress"]).ok().silent();
}

#[test]
fn must_give_one_receipt_to_each_of_many_accepted_pushes_at_once() {
    let world = World::new();
    let court = Court::new(&world);
    let before = court.receipts();
    let clones: Vec<_> = (0..6).map(|n| court.alice.copy(&format!("copy{n}"))).collect();
    clones.iter().for_each(|clone| court.emit(clone, "{\"n\":7}"));
    let running: Vec<_> = clones
        .iter()
        .map(|clone| world.command("git", "alice", clone.path()).args(["push", "-q", "origin", JOURNALS]).spawn())
        .collect();
    running.into_iter().for_each(|push| drop(push.wait().ok()));
    // The last receipts may wait for the next push.
    court.emit(&court.bob, "{\"n\":5}");
    court.push(&court.bob, [JOURNALS]).ok();
    assert_eq!((court.receipts(), court.waiting()), (before + 7, 0));
    court.fetch(&court.alice);
    court.alice.gatos(["verify"]).ok().says("PASSED");
}

#[test]
fn must_bound_the_journals_of_one_actor_also_where_pushes_come_at_once() {
    let world = World::new();
    let court = Court::new(&world);
    let refs = court.beginnings(36);
    court.push(&court.alice, &refs[..28]).ok();
    let running: Vec<_> = refs[28..]
        .iter()
        .map(|one| world.command("git", "alice", court.alice.path()).args(["push", "-q", "origin", one]).spawn())
        .collect();
    let accepted = running.into_iter().map(|push| push.wait().succeeded()).filter(|done| *done).count();
    assert_eq!(accepted, 3, "with the 29 that were there they are 32");
    assert_eq!(court.record(), ["quota.journals"; 5]);
}

#[test]
fn must_judge_no_push_by_a_law_that_has_gone() {
    let world = World::new();
    let court = Court::new(&world);
    // While a journal is pushed again and again, the trust graph grows: each push is judged by one of its versions whole.
    let copies: Vec<_> = (0..4).map(|n| court.alice.copy(&format!("copy{n}"))).collect();
    copies.iter().for_each(|clone| court.emit(clone, "{\"n\":1}"));
    for n in 0..3u8 {
        let key = gatos::trust::Signer::from_seed(&[40 + n; 32]).public().to_string();
        court.alice.gatos(["trust", if n == 0 { "add-actor" } else { "add-key" }, "user:carol", &key]).ok();
        let law =
            world.command("git", "alice", court.alice.path()).args(["push", "origin", super::court::TRUST]).spawn();
        let running: Vec<_> = copies
            .iter()
            .map(|clone| {
                court.emit(clone, "{\"n\":2}");
                world.command("git", "alice", clone.path()).args(["push", "-q", "origin", JOURNALS]).spawn()
            })
            .collect();
        law.wait().ok();
        running.into_iter().for_each(|push| drop(push.wait().ok()));
    }
    // In the order of the receipts, the law named is always the newest one that an earlier receipt brought.
    let gate = court.gate();
    court.push(&court.alice, ["HEAD:refs/heads/none"]);
    let ids = court.server.git(["rev-list", "--reverse", &gate]).ok().stdout();
    let mut law: Option<String> = None;
    for id in ids.lines() {
        let receipt = court.server.git(["show", &format!("{id}:receipt.json")]);
        if !receipt.succeeded() {
            continue;
        }
        let receipt = receipt.json();
        let named = receipt["trust_root"].as_str().expect("a law").to_owned();
        if let Some(standing) = &law {
            assert_eq!(*standing, named, "receipt {} was judged by another law", receipt["seq"]);
        }
        let brought = receipt["updates"].as_array().expect("a list").iter().find(|u| u["ref"] == super::court::TRUST);
        law = Some(brought.map_or(named, |u| u["new"].as_str().expect("an id").to_owned()));
    }
}

/// A receipt waits for its own push: one that still moves its refs has not moved all of them.
#[test]
#[cfg(target_os = "linux")]
fn a_receipt_is_written_when_its_push_has_ended() {
    let world = World::new();
    let court = Court::new(&world);
    let before = court.receipts();
    let (running, receiver) = receiving(&court);
    let (name, tip) = court.journal(&court.alice);
    let file = set_aside(&court, told(&court, &[(&name, &Oid::ZERO.hex(), &tip)]), receiver);
    court.push(&court.alice, [format!("{tip}:refs/gatos/xyz")]).code(1);
    assert_eq!((court.receipts(), file.exists()), (before, true), "its push still runs");
    running.kill().killed();
    court.push(&court.alice, [format!("{tip}:refs/gatos/xyz")]).code(1);
    assert_eq!((court.receipts(), file.exists()), (before + 1, false));
}

/// Who works in the server's own repository waits for pushes that are being judged, and then has the gate for himself.
#[test]
fn must_change_no_law_under_a_push_that_is_being_judged() {
    let world = World::new();
    let court = Court::new(&world);
    let server = court.server.clone().as_person("alice");
    let lock = std::fs::File::open(court.server.path().join("gatos/gate/lock")).expect("the lock of the gate");
    lock.lock_shared().expect("a push is being judged");
    let tip = || court.server.git(["rev-parse", super::court::TRUST]).ok().stdout();
    let before = tip();
    let change = server.command(["trust", "add-actor", "user:carol", &new_key()]).spawn();
    court.somebody_waits();
    // A journal is no law.
    server.gatos(["emit", "add", "{\"n\":5}"]).ok();
    assert_eq!(tip(), before, "the law changed under a push");
    lock.unlock().expect("the push has ended");
    change.wait().ok();
    assert_ne!(tip(), before);
    // In a clone without a gate there is nothing to wait for.
    court.alice.gatos(["trust", "add-actor", "user:dora", &new_key()]).ok();
}

/// git moves a ref for one of two that would move it alike, and only that one was there.
#[test]
fn must_accept_one_change_once_though_two_push_it_at_the_same_moment() {
    let world = World::new();
    let court = Court::new(&world);
    let go = world.path().join("go");
    let hold = format!("#!/bin/sh\ncase $1 in *z) while [ ! -e {} ]; do sleep 0.05; done;; esac\n", go.display());
    super::hook::script(&court.server.path().join("hooks/update"), &hold);
    court.alice.commit("code");
    let receipts = court.receipts();
    let one = court.git(&court.alice, ["push", "origin", "HEAD:refs/heads/z"]).spawn();
    until("the first push", || court.waiting() == 1);
    court.refused(&court.alice, ["HEAD:refs/heads/z"], "ref.moved");
    court.refused(&court.alice, ["HEAD:refs/heads/y", "HEAD:refs/heads/z"], "ref.moved");
    court.push(&court.alice, ["HEAD:refs/heads/y"]).ok();
    std::fs::write(&go, "").expect("a file");
    one.wait().ok();
    assert_eq!((court.receipts(), court.waiting()), (receipts + 2, 0));
    // What has moved is moved on while the push that did it may still run.
    court.alice.commit("more");
    court.push(&court.alice, ["HEAD:refs/heads/z"]).ok();
}

/// As in containers that serve one repository. Nobody sees there whether the other's push runs, and the gate tells it.
#[test]
#[cfg(target_os = "linux")]
fn must_keep_the_receipt_of_a_push_that_runs_among_other_processes() {
    let world = World::new();
    let court = Court::new(&world);
    let receipts = court.receipts();
    court.alice.commit("code");
    let tip = court.alice.git(["rev-parse", "HEAD"]).ok().stdout();
    court.push(&court.alice, ["HEAD:refs/heads/y"]).ok();
    let lock = std::fs::File::open(court.server.path().join("gatos/gate/lock")).expect("the lock of the gate");
    lock.lock_shared().expect("its holder shares the gate");
    let elsewhere = serde_json::json!({"id": 1, "space": "pid:[1]", "start": "1"});
    set_aside(&court, told(&court, &[("refs/heads/z", &Oid::ZERO.hex(), &tip)]), elsewhere);
    let push = court.git(&court.alice, ["push", "-q", "origin", "HEAD:refs/heads/x"]).spawn();
    court.somebody_waits();
    court.server.git(["update-ref", "refs/heads/z", &tip]).ok();
    lock.unlock().expect("the push has ended");
    push.wait().ok();
    assert_eq!((court.receipts(), court.waiting()), (receipts + 3, 0));
}
