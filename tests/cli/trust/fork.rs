//! Two branches of the trust graph, both signed.

use super::{fetch, person, ready, refused, tip};
use crate::harness::{Repo, World};

/// alice's clone and a copy of it, each with a change of its own.
fn forked(world: &World) -> (Repo<'_>, Repo<'_>) {
    let here = ready(world, "a");
    here.gatos(["emit", "add", "{}"]).ok();
    let (_, first) = person(&here, "bob");
    let (_, second) = person(&here, "carol");
    let there = here.copy("there");
    here.gatos(["trust", "add-key", "user:bob", &first]).ok();
    there.gatos(["trust", "add-key", "user:carol", &second]).ok();
    (here, there)
}

#[test]
fn must_cry_out_at_two_signed_branches_and_take_that_of_the_authority() {
    let world = World::new();
    let (here, there) = forked(&world);
    fetch(&here, &there, "origin");
    here.gatos(["trust", "show"])
        .ok()
        .says("user:carol")
        .says(&tip(&there))
        .err_says("ALARM")
        .err_says("the authority");
    here.gatos(["verify"]).code(1).says("trust.equivocation").says("FAILED");
    here.gatos(["doctor"]).code(1).says("trust.equivocation").says("git gatos trust pin COMMIT");
    // It stays an alarm, and what was seen stays what it was.
    here.gatos(["log"]).ok().err_says("ALARM");
    here.gatos(["trust", "pin"]).ok().says(&tip(&here));
    // Nothing is built on a branch that this clone's own ref is not on.
    refused(here.gatos(["--json", "trust", "add-actor", "user:dave"]), 3, "TRUST_EQUIVOCATION");
    // Another remote has the word.
    here.git(["config", "gatos.authority", "elsewhere"]).ok();
    here.gatos(["trust", "show"]).ok().says("user:bob").err_says("the one this clone has seen");
}

#[test]
fn a_person_chooses_a_branch() {
    let world = World::new();
    let (here, there) = forked(&world);
    fetch(&here, &there, "origin");
    let (own, other) = (tip(&here), tip(&there));
    here.gatos(["trust", "pin", &own]).ok().says(&own);
    here.gatos(["trust", "show"]).ok().says("user:bob").err_says("it was chosen here");
    here.gatos(["verify"]).code(1).says("trust.equivocation");
    here.gatos(["trust", "add-actor", "user:dave"]).ok();
    here.gatos(["trust", "show"]).ok().says("user:dave");
    // The other one: this clone's own ref goes over to it, and nothing shows the lost branch any more.
    let left = tip(&here);
    here.gatos(["trust", "pin", &other]).ok().err_says(&left);
    assert_eq!(tip(&here), other);
    here.gatos(["trust", "show"]).ok().says("user:carol");
    here.gatos(["verify"]).ok().says("PASSED");
    here.gatos(["doctor"]).ok();
    here.gatos(["trust", "pin", &"1".repeat(40)]).code(3).silent();
    here.gatos(["trust", "pin", "1234"]).code(2).silent();
}

#[test]
fn without_a_word_from_anybody_nothing_counts() {
    let world = World::new();
    let (here, there) = forked(&world);
    let clone = world.repo("clone");
    fetch(&clone, &here, "one");
    fetch(&clone, &there, "two");
    let frame = refused(clone.gatos(["--json", "log"]), 3, "TRUST_EQUIVOCATION");
    assert!(frame["reason"].as_str().expect("text").contains("trust pin COMMIT"), "{frame}");
    clone.gatos(["doctor"]).code(1).says("trust.equivocation");
    clone.gatos(["verify"]).code(1);
    clone.gatos(["trust", "pin", &tip(&there)]).ok();
    clone.gatos(["log"]).ok().says("add").err_says("it was chosen here");
    clone.git(["update-ref", "-d", "refs/gatos-remotes/one/trust/graph"]).ok();
    clone.gatos(["verify"]).ok().says("PASSED");
}
