//! What a pusher claims of refs, and git takes at its word until it moves them.

use super::attacks::raw;
use super::court::{Court, JOURNALS, TRUST, new_key, over_each};
use super::rules::enact;
use crate::harness::World;
use std::fs::File;
use std::time::Duration;

const MAIN: &str = r#"
rule "main"
  on push "refs/heads/main"
  allow if fast_forward or created
"#;

/// A list of updates is refused by this rule: nothing moves, one entry is written.
#[track_caller]
fn refused(court: &Court<'_>, list: impl Into<Vec<u8>>, rule: &str) {
    let (refs, record) = (court.refs(), court.record());
    raw(court, list).code(1).err_says(&format!("rule    {rule}  "));
    court.stands(&refs, &record, rule);
}

#[test]
fn must_believe_nobody_about_where_a_ref_stands() {
    let world = World::new();
    let court = Court::new(&world);
    enact(&court, MAIN);
    let (first, second) = (court.alice.commit("one"), court.alice.commit("two"));
    court.push(&court.alice, [format!("{second}:refs/heads/main"), format!("{first}:refs/heads/side")]).ok();
    let zero = "0".repeat(40);
    // git deletes a branch that is said not to be there, and a rule would take it for one that is made.
    refused(&court, format!("{zero} {zero} refs/heads/main\n"), "ref.moved");
    refused(&court, format!("{zero} {first} refs/heads/main\n"), "ref.moved");
    refused(&court, format!("{first} {second} refs/heads/main\n"), "ref.moved");
    // A branch that no rule names is not asked about, but a receipt would tell of it.
    refused(&court, format!("{second} {first} refs/heads/side\n"), "ref.moved");
    // What changes nothing costs a receipt all the same, and law has the gate for itself.
    let trust = court.server.git(["rev-parse", TRUST]).ok().stdout();
    for (at, name) in [(&first, "refs/heads/side"), (&trust, TRUST), (&zero, "refs/heads/none")] {
        refused(&court, format!("{at} {at} {name}\n"), "ref.unchanged");
    }
    // git moves the first of two lines.
    let (journal, tip) = court.journal(&court.alice);
    let line = format!("{tip} {first} {journal}\n");
    refused(&court, format!("{line}{line}"), "ref.twice");
    refused(&court, format!("{zero} {first} refs/heads/x\n{zero} {second} refs/heads/x\n"), "ref.twice");
    let other = [format!("{zero} {first} refs/heads/").as_bytes(), b"m\xe4in\n"].concat();
    refused(&court, other, "ref.name");
}

#[test]
fn must_not_look_away_from_commits_that_other_rules_judged() {
    over_each(|court| {
        enact(
            court,
            r#"
rule "wip"
  on push "refs/heads/wip/**"
  allow
rule "release"
  on push "refs/heads/release/*"
  allow if every_message("ok")
rule "all"
  on push "refs/heads/**"
  deny if every_message("never")
"#,
        );
        court.alice.commit("hidden");
        court.push(&court.alice, ["HEAD:refs/heads/wip/x"]).ok();
        court.alice.commit("ok");
        court.refused(&court.alice, ["HEAD:refs/heads/release/1"], "none");
        // What the same rules have judged is old.
        court.alice.git(["checkout", "-q", "--orphan", "clean"]).ok();
        court.alice.commit("ok one");
        court.push(&court.alice, ["HEAD:refs/heads/release/1"]).ok();
        court.alice.commit("ok two");
        court.push(&court.alice, ["HEAD:refs/heads/release/2"]).ok();
    });
}

#[test]
fn must_let_nobody_take_back_what_the_same_push_brings() {
    let world = World::new();
    let court = Court::new(&world);
    court.emit(&court.bob, "{\"n\":1}");
    court.push(&court.bob, [JOURNALS]).ok();
    let key = court.key("bob");
    // The revocation names what stands now; the push brings more behind it.
    let aside = court.bob.copy("aside").as_person("bob");
    aside.gatos(["trust", "revoke", &key, "--reason", "lost"]).ok();
    court.emit(&court.bob, "{\"n\":2}");
    let from = aside.path().to_str().expect("UTF-8").to_owned();
    court.bob.git(["fetch", "-q", &from, &format!("{TRUST}:{TRUST}")]).ok();
    court.refused(&court.bob, [JOURNALS, TRUST], "trust.revocation");
    court.push(&court.bob, [TRUST]).ok();
}

#[test]
fn must_write_receipts_that_every_reader_reads() {
    let world = World::new();
    let court = Court::new(&world);
    court.alice.commit("code");
    let before = court.receipts();
    let long = "long-".repeat(40);
    let list: String = (0..4_000).map(|n| format!("create refs/heads/{long}{n} HEAD\n")).collect();
    let refs = court.world.command("git", "alice", court.alice.path()).args(["update-ref", "--stdin"]);
    refs.stdin(list).run().ok();
    court.push(&court.alice, ["-q", "refs/heads/long-*:refs/heads/long-*"]).ok();
    assert_eq!(court.receipts(), before + 1);
    court.fetch(&court.alice);
    court.alice.gatos(["verify"]).ok().says("PASSED");
}

#[test]
fn must_bound_the_refs_that_a_push_has_judged() {
    let world = World::new();
    let court = Court::new(&world);
    enact(&court, "rule \"b\"\n  on push \"refs/heads/b/*\"\n  allow\n  deny if every_message(\"bad\")\n");
    court.alice.commit("code");
    let refs = |many: usize| (0..many).map(|n| format!("HEAD:refs/heads/b/{n}")).collect::<Vec<_>>();
    court.refused(&court.alice, refs(257), "push.too-many").err_says("257 refs that the law asks about");
    court.push(&court.alice, refs(256)).ok();
    // Beyond the bound none of them is judged: nothing else is said.
    court.alice.commit("bad");
    let told = court.refused(&court.alice, refs(257), "push.too-many").stderr();
    assert_eq!(told.matches("gatos: DENY").count(), 1, "{told}");
}

/// Who wants the gate alone has his turn: later ones who would share it wait behind him.
#[test]
fn must_let_the_law_in_between_pushes_that_never_end() {
    let world = World::new();
    let court = Court::new(&world);
    let server = court.server.clone().as_person("alice");
    let lock = File::open(court.server.path().join("gatos/gate/lock")).expect("the lock of the gate");
    lock.lock_shared().expect("a push is being judged");
    let change = server.command(["trust", "add-actor", "user:carol", &new_key()]).spawn();
    court.somebody_waits();
    court.emit(&court.alice, "{\"n\":2}");
    let push = court.git(&court.alice, ["push", "-q", "origin", JOURNALS]).spawn();
    std::thread::sleep(Duration::from_millis(300));
    let (name, tip) = court.journal(&court.alice);
    assert_ne!(court.server.git(["rev-parse", &name]).ok().stdout(), tip, "it went before who had waited longer");
    lock.unlock().expect("the first push has ended");
    change.wait().ok();
    push.wait().ok();
    assert_eq!(court.server.git(["rev-parse", &name]).ok().stdout(), tip);
}

#[test]
fn must_judge_a_ref_that_held_no_commit() {
    let world = World::new();
    let court = Court::new(&world);
    let blob = court.forge(&court.alice).write("blob", b"data");
    court.push(&court.alice, [format!("{blob}:refs/data/x")]).ok();
    enact(&court, "rule \"data\"\n  on push \"refs/data/*\"\n  allow\n");
    court.alice.commit("code");
    court.refused(&court.alice, ["+HEAD:refs/data/x"], "ref.non-ff");
    court.refused(&court.alice, [format!("{blob}:refs/data/y")], "object.type");
    enact(&court, "rule \"data\"\n  on push \"refs/data/*\"\n  allow if fast_forward or not fast_forward\n");
    court.push(&court.alice, ["+HEAD:refs/data/x"]).ok();
}

#[test]
fn must_record_what_a_long_name_was_to_hold() {
    let world = World::new();
    let court = Court::new(&world);
    let (_, tip) = court.journal(&court.alice);
    let name = format!("refs/gatos/{}", "long".repeat(60));
    let said = court.refused(&court.alice, [format!("{tip}:{name}")], "ref.unknown").stderr();
    assert!(!said.contains(&format!("DENY {name}")), "it is cut: {said}");
    let decision = court.decision();
    assert_eq!(decision["intent"]["new"], tip.as_str());
    assert!(court.entry(&format!("evidence/{tip}.json"))["size"].is_number());
}
