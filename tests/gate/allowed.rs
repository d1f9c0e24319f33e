//! What passes, and the receipts it leaves.

use super::court::{Court, JOURNALS, over_each};
use crate::harness::World;

#[test]
fn must_accept_first_events_appends_and_code() {
    over_each(|court| {
        assert_eq!(court.receipts(), 1, "the law and the first event");
        court.emit(&court.alice, "{\"n\":2}");
        court.emit(&court.alice, "{\"n\":3}");
        court.push(&court.alice, [JOURNALS]).ok();
        court.emit(&court.bob, "{\"n\":5}");
        court.push(&court.bob, [JOURNALS]).ok();
        court.alice.commit("code");
        court.push(&court.alice, ["HEAD:refs/heads/feature"]).ok();
        assert_eq!((court.receipts(), court.record().len()), (4, 0));
        court.fetch(&court.alice);
        court.alice.gatos(["state", "show"]).ok();
        // What has a receipt was judged by the gate; what comes next is its writer's word alone.
        let told = court.alice.gatos(["verify"]).ok().says("PASSED").stdout();
        assert!(!told.contains("self-judged"), "{told}");
        court.emit(&court.alice, "{\"n\":4}");
        court
            .alice
            .gatos(["verify"])
            .ok()
            .says(" event.self-judged: no gate has given a receipt for the last of its events");
    });
}

#[test]
fn must_accept_an_append_from_a_shallow_clone() {
    over_each(|court| {
        let world = court.world;
        for n in 0..3 {
            court.emit(&court.alice, &format!("{{\"n\":{n}}}"));
        }
        court.push(&court.alice, [JOURNALS]).ok();
        let (name, tip) = court.journal(&court.alice);
        let shallow = world.repo("shallow");
        let url = format!("file://{}", court.server.path().display());
        shallow.git(["remote", "add", "origin", &url]).ok();
        shallow.git(["fetch", "-q", "--depth=1", "origin", &format!("{name}:{name}")]).ok();
        let how = court.honest(&court.alice, &["01ARYZ6S41TSV4RRFFQ69G5FAV"]);
        assert_eq!(how.position.commit.expect("a tip").hex(), tip);
        let next = court.sealed(&shallow, "alice", &how);
        court.push(&shallow, [format!("{next}:{name}")]).ok();
    });
}

#[test]
fn a_receipt_says_what_was_accepted_when_and_by_which_law() {
    over_each(|court| {
        court.emit(&court.alice, "{\"n\":2}");
        court.push(&court.alice, [JOURNALS]).ok();
        let (name, tip) = court.journal(&court.alice);
        let receipt = court.receipt();
        assert_eq!((&receipt["gatos"], &receipt["seq"]), (&"receipt/1".into(), &2.into()));
        assert_eq!(receipt["updates"][0]["ref"], name.as_str());
        assert_eq!(receipt["updates"][0]["new"], tip.as_str());
        assert_eq!(receipt["trust_root"], court.server.git(["rev-parse", super::court::TRUST]).ok().stdout());
        assert_eq!(receipt["policy_root"], court.server.git(["rev-parse", super::court::ACTIVE]).ok().stdout());
        assert!(receipt["received_at"].as_str().expect("a time").starts_with("2026-11-21T09:"));
    });
}

#[test]
fn time_does_not_run_backwards_at_a_gate() {
    let world = World::new();
    let court = Court::new(&world);
    let before = court.receipt()["received_at"].clone();
    court.emit(&court.alice, "{\"n\":2}");
    let late =
        |to: &str| court.git(&court.alice, ["push", "origin", to]).env("GATOS_CLOCK", "2001-01-01T00:00:00Z").run();
    late(JOURNALS).ok();
    assert_eq!(court.receipt()["received_at"], before);
    court.alice.commit("code");
    late("HEAD:refs/gatos/xyz").code(1);
    assert_eq!(court.decision()["received_at"], before);
}
