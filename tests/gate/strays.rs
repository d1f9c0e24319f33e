//! What a remote that judges nothing may put beside the journals of others.

use super::court::{Court, draft};
use super::sync::{open, payloads, synced};
use crate::harness::{Repo, World};
use gatos::ledger::Position;

/// A court in which alice has said 1, 2 and 4, and bob 5, and both know it; bob fetches from a remote without a gate too.
fn strays(world: &World) -> (Court<'_>, Repo<'_>) {
    let court = open(world);
    court.emit(&court.alice, "{\"n\":2}");
    court.emit(&court.alice, "{\"n\":4}");
    synced(&court.alice);
    synced(&court.bob);
    court.emit(&court.bob, "{\"n\":5}");
    synced(&court.bob);
    let evil = world.bare("evil").as_person("mallory");
    court.bob.git(["remote", "add", "evil", evil.path().to_str().expect("UTF-8")]).ok();
    court.alice.commit("garbage");
    (court, evil)
}

/// Puts a commit of alice's store at a name of the remote, and lets bob fetch it.
fn put(court: &Court<'_>, evil: &Repo<'_>, name: &str, commit: &str) {
    court.alice.git(["push", "-q", evil.path().to_str().expect("UTF-8"), &format!("+{commit}:{name}")]).ok();
    court.bob.git(["fetch", "-q", "evil", "+refs/gatos/*:refs/gatos-remotes/evil/*"]).ok();
}

/// Commits that nobody signed as the journal's: beside it, behind it, and its own last words behind something else.
fn unsigned(court: &Court<'_>, tip: &str) -> [String; 3] {
    let garbage = court.alice.git(["rev-parse", "HEAD"]).ok().stdout();
    let tree = format!("{garbage}^{{tree}}");
    let behind = court.alice.git(["commit-tree", "-p", tip, "-m", "garbage", &tree]).ok().stdout();
    let raw = String::from_utf8(court.forge(&court.alice).raw(tip)).expect("UTF-8");
    let parent = court.alice.git(["rev-parse", &format!("{tip}^")]).ok().stdout();
    let moved = court.forge(&court.alice).write("commit", raw.replacen(&parent, &garbage, 1).as_bytes());
    [garbage, behind, moved]
}

#[test]
fn must_count_what_was_signed_whatever_else_a_remote_holds() {
    let world = World::new();
    let (court, evil) = strays(&world);
    let (name, tip) = court.journal(&court.alice);
    for authority in ["origin", "nobody"] {
        court.bob.git(["config", "gatos.authority", authority]).ok();
        for commit in unsigned(&court, &tip) {
            put(&court, &evil, &name, &commit);
            assert_eq!(payloads(&court.bob), [1, 2, 4, 5], "{authority}, {commit}");
            let report = court.bob.gatos(["verify"]).ok();
            report.says("refs/gatos-remotes/evil/journal/main/user.alice").says("journal.stray");
            court.bob.gatos(["state", "checkpoint"]).ok();
        }
    }
    // What she did sign counts from there as well.
    court.emit(&court.alice, "{\"n\":6}");
    put(&court, &evil, &name, &court.journal(&court.alice).1);
    assert_eq!(payloads(&court.bob), [1, 2, 4, 5, 6]);
    court.bob.gatos(["verify"]).ok();
    // And up to there where something follows.
    let [_, behind, _] = unsigned(&court, &court.journal(&court.alice).1);
    put(&court, &evil, &name, &behind);
    assert_eq!(payloads(&court.bob), [1, 2, 4, 5, 6]);
    court.bob.gatos(["verify"]).ok().says("journal.stray");
}

#[test]
fn must_draw_no_fresh_replica_for_what_nobody_signed() {
    let world = World::new();
    let (court, evil) = strays(&world);
    let (name, tip) = court.journal(&court.bob);
    synced(&court.alice);
    for commit in unsigned_of(&court, &tip) {
        put(&court, &evil, &name, &commit);
        court.emit(&court.bob, "{\"n\":7}");
        assert_eq!(court.journal(&court.bob).0, name);
    }
    assert_eq!(payloads(&court.bob), [1, 2, 4, 5, 7, 7]);
}

/// The same for a journal of one append.
fn unsigned_of(court: &Court<'_>, tip: &str) -> [String; 2] {
    let garbage = court.alice.git(["rev-parse", "HEAD"]).ok().stdout();
    let behind = ["commit-tree", "-p", tip, "-m", "garbage", &format!("{garbage}^{{tree}}")].map(str::to_owned);
    [garbage.clone(), court.alice.git(behind).ok().stdout()]
}

#[test]
fn must_name_two_beginnings_that_were_both_signed() {
    let world = World::new();
    let (court, evil) = strays(&world);
    let (name, _) = court.journal(&court.alice);
    let mut how = court.honest(&court.alice, &[]);
    (how.position, how.clock) = (Position::default(), 0);
    how.drafts = vec![draft("01ARYZ6S41TSV4RRFFQ69G5FAV", "{\"n\":9}")];
    let other = court.sealed(&court.alice, "alice", &how);
    put(&court, &evil, &name, &other);
    court.bob.gatos(["verify"]).code(1).says("journal.fork").says("equivocation");
    assert_eq!(payloads(&court.bob), [1, 2, 4, 5], "the authority decides");
    court.bob.git(["config", "gatos.authority", "nobody"]).ok();
    court.bob.gatos(["verify"]).code(1).says("journal.fork").says("equivocation");
    let said = court.bob.gatos(["--json", "log"]).jsonl();
    let said: Vec<_> = said.iter().map(|event| event["payload"]["n"].clone()).collect();
    assert_eq!(said, [5], "nobody knows which of hers is true");
    court.bob.gatos(["state", "checkpoint"]).code(3).err_says("equivocation");
    // Who may still speak does.
    court.emit(&court.bob, "{\"n\":8}");
}
