//! Checkpoints that a gate and its readers must judge alike.

use super::court::{Court, JOURNALS, STATE};
use super::rules::enact;
use super::sync::open;
use crate::harness::{Repo, World};
use gatos::id::Oid;
use gatos::state::{Base, Proof};

const STATES: &str = "rule \"states\"\n  on state.checkpoint\n  allow\n";
/// In whatever order events come, its state is the same: only the proof can lie.
const COUNT: &str = "return function(state, event)\n  state.count = (state.count or 0) + 1\n  return state\nend\n";

fn at(repo: &Repo<'_>, name: &str) -> String {
    repo.git(["rev-parse", "--verify", "-q", name]).ok().stdout()
}

/// The bytes of a checkpoint of all that a clone knows.
fn checkpoint(court: &Court<'_>, repo: &Repo<'_>) -> Vec<u8> {
    repo.gatos(["state", "checkpoint"]).ok();
    court.forge(repo).raw(&at(repo, STATE))
}

#[test]
fn must_refuse_a_window_that_ends_before_an_accepted_one() {
    let world = World::new();
    let court = open(&world);
    let early = court.alice.copy("one");
    court.emit(&court.alice, "{\"n\":2}");
    let later = court.alice.copy("two");
    court.emit(&court.alice, "{\"n\":4}");
    court.push(&court.alice, [JOURNALS]).ok();
    let (one, two) = (checkpoint(&court, &early), checkpoint(&court, &later));
    let all = checkpoint(&court, &court.alice);
    for repo in [&early, &later] {
        court.alice.git(["fetch", "-q", repo.path().to_str().expect("UTF-8"), STATE]).ok();
    }
    let forge = court.forge(&court.alice);
    let behind = |raws: &[&Vec<u8>]| {
        let raws: Vec<Vec<u8>> = raws.iter().map(|raw| (*raw).clone()).collect();
        let ids = forge.rechain(&raws, |_, _| ());
        format!("{}:{STATE}", ids.last().expect("a chain"))
    };
    // In one push, where the larger one is not accepted yet.
    court.refused(&court.alice, [behind(&[&one, &all, &two])], "checkpoint.window").err_says("ends before");
    court.push(&court.alice, [behind(&[&one])]).ok();
    court.push(&court.alice, [behind(&[&one, &all])]).ok();
    court.refused(&court.alice, [behind(&[&one, &all, &two])], "checkpoint.window").err_says("ends before");
    court.refused(&court.alice, [behind(&[&one, &all, &one])], "checkpoint.window");
    // The same window once more takes nothing back.
    court.push(&court.alice, [behind(&[&one, &all, &all])]).ok();
}

#[test]
fn must_continue_no_checkpoint_that_something_sorts_before() {
    let world = World::new();
    let court = Court::new(&world);
    court.alice.write("gatos/fold.lua", COUNT);
    enact(&court, STATES);
    court.emit(&court.bob, "{\"n\":5}");
    [2, 3, 4].iter().for_each(|n| court.emit(&court.alice, &format!("{{\"n\":{n}}}")));
    court.alice.gatos(["state", "checkpoint"]).ok();
    court.push(&court.alice, [JOURNALS, STATE]).ok();
    let base = at(&court.alice, STATE);
    // A server that let bob's event in before, when nothing was there that it came too late for.
    court.server.git(["update-ref", "-d", STATE]).ok();
    court.push(&court.bob, [JOURNALS]).ok();
    court.server.git(["update-ref", STATE, &base]).ok();
    court.fetch(&court.alice);
    court.emit(&court.alice, "{\"n\":6}");
    court.alice.gatos(["state", "checkpoint"]).ok();
    let honest = at(&court.alice, STATE);
    assert_eq!(proof_of(&court.alice, &honest).base, None, "it was folded from the first event");
    let forged = continued(&court, &honest, &base);
    court.push(&court.alice, [JOURNALS]).ok();
    court.refused(&court.alice, [format!("{forged}:{STATE}")], "checkpoint.base").err_says("sorts before its last");
    // Nor does a reader take it, whether he believes the base or folds from the first event.
    court.alice.git(["update-ref", STATE, &forged]).ok();
    court.alice.gatos(["fold", "verify", &forged]).code(1).says("sorts before its last");
    court.alice.gatos(["fold", "verify", "--deep", &forged]).code(1).says("sorts before its last");
    court.alice.gatos(["verify", "--deep"]).code(1).says("sorts before its last");
    court.alice.git(["update-ref", STATE, &honest]).ok();
    court.alice.gatos(["verify", "--deep"]).ok();
    court.push(&court.alice, [STATE]).ok();
}

/// A checkpoint of alice's that says to go on from another one than it did.
#[track_caller]
pub(super) fn continued(court: &Court<'_>, honest: &str, base: &str) -> String {
    let (mut proof, before) = (proof_of(&court.alice, honest), proof_of(&court.alice, base));
    proof.base = Some(Base { checkpoint: Oid::from_hex(base).expect("an id"), state_root: before.state_root });
    let forge = court.forge(&court.alice);
    forge.write("commit", &forge.with_file(honest, "pof.json", &proof.to_json()))
}

fn proof_of(repo: &Repo<'_>, commit: &str) -> Proof {
    let bytes = repo.git(["show", &format!("{commit}:pof.json")]).ok().bytes();
    Proof::from_json(&bytes).expect("a proof")
}

#[test]
fn must_fold_no_more_checkpoints_than_one_push_may_bring() {
    let world = World::new();
    let court = open(&world);
    let forge = court.forge(&court.alice);
    let raws: Vec<Vec<u8>> = vec![forge.raw(&at(&court.alice, "refs/gatos/trust/graph")); 65];
    let ids = forge.rechain(&raws, |_, _| ());
    court.refused(&court.alice, [format!("{}:{STATE}", ids[64])], "push.too-many").err_says("64 is the most");
    court.refused(&court.alice, [format!("{}:{STATE}", ids[63])], "checkpoint.form");
}
