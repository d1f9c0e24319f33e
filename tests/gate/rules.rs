//! Rules of a repository's own at the gate: branches, namespaces, checkpoints, the law itself.

use super::court::{ACTIVE, Court, JOURNALS, STATE, TRUST, publish};
use super::liar::Liar;
use super::transport::Transport;
use crate::harness::World;

/// Makes rules the law, on the server too.
#[track_caller]
pub fn enact(court: &Court<'_>, rules: &str) {
    let text = format!("policy \"test\" version 1\n\n{BASE}\n{rules}\n");
    court.alice.write("gatos/policies/10-test.rgs", text);
    court.enact(&court.alice);
}

/// Who is known may speak, and roots may change the law.
const BASE: &str = r#"
rule "speak"
  on emit
  allow if known()

rule "law"
  on policy.activate
  allow if root()
"#;

#[track_caller]
fn commit(court: &Court<'_>, file: &str, message: &str) {
    court.alice.write(file, message);
    court.alice.git(["add", file]).ok();
    court.alice.git(["commit", "-q", "-m", message]).ok();
}

#[test]
fn must_ask_the_rules_of_a_branch_and_of_no_other() {
    let world = World::new();
    let court = Court::over(&world, Transport::Path);
    enact(
        &court,
        r#"
rule "ADR-0042"
  on push "refs/heads/main"
  deny if changed("api/**")
  allow
  because "the API is frozen"
  hint    "git gatos propose api.break --target {target}"
"#,
    );
    commit(&court, "src/a.txt", "one");
    court.push(&court.alice, ["HEAD:refs/heads/main"]).ok();
    commit(&court, "api/v1/users.proto", "two");
    let told = court.refused(&court.alice, ["HEAD:refs/heads/main"], "ADR-0042").stderr();
    assert!(
        told.contains("the API is frozen") && told.contains("propose api.break --target refs/heads/main@"),
        "{told}"
    );
    court.push(&court.alice, ["HEAD:refs/heads/feature"]).ok();
    // Another name for the branch is no way around.
    court.server.git(["symbolic-ref", "refs/heads/alias", "refs/heads/main"]).ok();
    court.refused(&court.alice, ["HEAD:refs/heads/alias"], "ref.symbolic");
    court.server.git(["symbolic-ref", "-d", "refs/heads/alias"]).ok();
    // Without a rule that looks at it, a branch with rules is never rewritten nor deleted.
    court.refused(&court.alice, [":refs/heads/main"], "ref.delete");
    court.alice.git(["checkout", "-q", "--orphan", "other"]).ok();
    court.alice.git(["rm", "-rfq", "--cached", "."]).ok();
    commit(&court, "src/b.txt", "three");
    court.refused(&court.alice, ["+HEAD:refs/heads/main"], "ref.non-ff");
    court.push(&court.alice, [":refs/heads/feature"]).ok();
}

#[test]
fn must_judge_an_event_by_the_rules_of_the_gate() {
    let world = World::new();
    let court = Court::over(&world, Transport::Path);
    court.emit(&court.bob, "{\"n\":50000}");
    enact(&court, "rule \"large\"\n  on emit \"main\"\n  deny if payload.n > 10000\n  because \"too much\"\n");
    // Bob's clone has not heard of the new law, and sealed before it.
    let told = court.refused(&court.bob, [JOURNALS], "large").stderr();
    assert!(told.contains("too much"), "{told}");
    court.emit(&court.alice, "{\"n\":1}");
    court.push(&court.alice, [JOURNALS]).ok();
}

#[test]
fn must_deny_with_error_what_cannot_be_judged() {
    let world = World::new();
    let court = Court::over(&world, Transport::Path);
    court.emit(&court.bob, "{\"m\":1}");
    enact(&court, "rule \"large\"\n  on emit \"main\"\n  deny if payload.n > 10000\n");
    court.refused(&court.bob, [JOURNALS], "large");
    let decision = court.decision();
    assert_eq!(decision["verdict"], "error");
    assert_eq!(decision["intent"]["verb"], "emit");
}

#[test]
fn must_judge_the_law_by_the_law_before_it() {
    let world = World::new();
    let court = Court::over(&world, Transport::Path);
    enact(&court, "rule \"frozen\"\n  on policy.activate\n  deny\n  because \"this law stays\"\n");
    // The next law would allow it; the one that stands decides. Locally too.
    court.alice.write("gatos/policies/10-test.rgs", format!("policy \"open\" version 2\n{BASE}"));
    let (id, commit) = publish(&court.alice);
    court.alice.gatos(["policy", "activate", &id]).code(1);
    court.refused(&court.alice, [format!("{commit}:{ACTIVE}")], "frozen");
    // And a push that brings what would allow the rest of it is judged by what stands.
    court.refused(&court.alice, [format!("{commit}:{ACTIVE}"), JOURNALS.to_owned()], "frozen");
}

#[test]
fn must_fold_again_what_is_pushed_as_a_state() {
    let world = World::new();
    let court = Court::over(&world, Transport::Path);
    court.alice.gatos(["state", "checkpoint"]).ok();
    // The default policy lets those write states whom the transport names and trust knows; here it names nobody.
    court.refused(&court.alice, [STATE], "state.checkpoint-as-self");
    enact(&court, "rule \"states\"\n  on state.checkpoint\n  allow\n");
    court.alice.gatos(["state", "checkpoint"]).ok();
    court.emit(&court.alice, "{\"n\":2}");
    court.alice.gatos(["state", "checkpoint"]).ok();
    court.refused(&court.alice, [STATE], "checkpoint.window");
    court.push(&court.alice, [JOURNALS, STATE]).ok();
    // A wrong fold: the state changed, and with it everything that names it, so that only computing it again tells.
    court.emit(&court.alice, "{\"n\":3}");
    court.push(&court.alice, [JOURNALS]).ok();
    court.alice.gatos(["state", "checkpoint"]).ok();
    let forge = court.forge(&court.alice);
    let tip = court.alice.git(["rev-parse", STATE]).ok().stdout();
    let state = court.alice.git(["show", &format!("{tip}:state.json")]).ok().bytes();
    let text = String::from_utf8(state.clone()).expect("UTF-8");
    let lied = text.replacen(|c: char| c.is_ascii_digit(), "9", 1);
    assert_ne!(text, lied);
    let root = |bytes: &[u8]| gatos::canon::digest::blake3(bytes).to_string();
    let (old, new) = (root(&state), root(lied.as_bytes()));
    let raw = String::from_utf8(forge.with_file(&tip, "state.json", lied.as_bytes())).expect("UTF-8");
    let half = forge.write("commit", raw.replace(&old, &new).as_bytes());
    let pof = court.alice.git(["show", &format!("{tip}:pof.json")]).ok().stdout().replace(&old, &new);
    let raw = String::from_utf8(forge.with_file(&half, "pof.json", pof.as_bytes())).expect("UTF-8");
    let forged = forge.write("commit", raw.as_bytes());
    court.refused(&court.alice, [format!("{forged}:{STATE}")], "pof.mismatch");
    // A window that says more than its heads hold.
    let window = court.alice.git(["show", &format!("{tip}:window.json")]).ok().stdout();
    let more = window.replacen("\"seq\":3", "\"seq\":9", 1);
    assert_ne!(window, more);
    let (old, new) = (root(window.as_bytes()), root(more.as_bytes()));
    let raw = String::from_utf8(forge.with_file(&tip, "window.json", more.as_bytes())).expect("UTF-8");
    let half = forge.write("commit", raw.replace(&old, &new).as_bytes());
    let pof = court.alice.git(["show", &format!("{tip}:pof.json")]).ok().stdout().replace(&old, &new);
    let raw = String::from_utf8(forge.with_file(&half, "pof.json", pof.as_bytes())).expect("UTF-8");
    let forged = forge.write("commit", raw.as_bytes());
    court.refused(&court.alice, [format!("{forged}:{STATE}")], "pof.mismatch").err_says("the journals give");
    court.push(&court.alice, [STATE]).ok();
}

#[test]
fn must_keep_accepted_history_as_its_readers_saw_it() {
    let world = World::new();
    let court = Court::over(&world, Transport::Path);
    enact(&court, "rule \"states\"\n  on state.checkpoint\n  allow\n");
    // Bob speaks without having heard what stands; alice folds what she knows.
    court.emit(&court.bob, "{\"n\":5}");
    for n in 0..3 {
        court.emit(&court.alice, &format!("{{\"n\":{n}}}"));
    }
    court.alice.gatos(["state", "checkpoint"]).ok();
    court.push(&court.alice, [JOURNALS, STATE]).ok();
    court.refused(&court.bob, [JOURNALS], "event.late");
    // A checkpoint that leaves out a journal which is here.
    court.fetch(&court.bob);
    court.emit(&court.bob, "{\"n\":6}");
    let (name, _) = court.journal(&court.bob);
    assert!(name.starts_with("refs/gatos/journal/main/user.bob"));
}

#[test]
fn must_refuse_a_checkpoint_that_leaves_out_a_journal() {
    let world = World::new();
    let court = Court::over(&world, Transport::Path);
    enact(&court, "rule \"states\"\n  on state.checkpoint\n  allow\n");
    court.emit(&court.bob, "{\"n\":5}");
    court.push(&court.bob, [JOURNALS]).ok();
    // Alice has not fetched it, and speaks behind it.
    for n in 0..3 {
        court.emit(&court.alice, &format!("{{\"n\":{n}}}"));
    }
    court.push(&court.alice, [JOURNALS]).ok();
    court.alice.gatos(["state", "checkpoint"]).ok();
    court.refused(&court.alice, [STATE], "checkpoint.open");
    court.fetch(&court.alice);
    court.alice.gatos(["state", "checkpoint"]).ok();
    court.push(&court.alice, [STATE]).code(1);
}

#[test]
fn must_refuse_what_a_revoked_key_says_later() {
    let world = World::new();
    let court = Court::over(&world, Transport::Path);
    court.emit(&court.bob, "{\"n\":5}");
    court.push(&court.bob, [JOURNALS]).ok();
    court.fetch(&court.alice);
    court.alice.gatos(["trust", "revoke", &court.key("bob"), "--reason", "lost"]).ok();
    court.push(&court.alice, [TRUST]).ok();
    court.emit(&court.bob, "{\"n\":6}");
    court.refused(&court.bob, [JOURNALS], "key.revoked");
}

#[test]
fn must_let_nobody_call_itself_a_gate() {
    let world = World::new();
    let court = Court::over(&world, Transport::Path);
    // A gate whose key has no grant judges nothing but trust.
    let other = world.bare("other").as_person("git");
    other.gatos(["hook", "install", "--server", "--root", &court.id()]).ok();
    court.alice.git(["remote", "add", "other", other.path().to_str().expect("UTF-8")]).ok();
    court.alice.git(["push", "other", TRUST]).ok();
    court.alice.git(["push", "other", ACTIVE]).code(1).err_says("rule    gate.no-receipt  ");
    other.gatos(["hook", "install", "--server"]).ok().says("git gatos trust add-key service:gate ed25519:");
}

#[test]
fn must_ask_about_commits_that_were_parked_on_a_branch_without_rules() {
    let world = World::new();
    let court = Court::over(&world, Transport::Path);
    enact(&court, "rule \"signed\"\n  on push \"refs/heads/release/*\"\n  allow if every_message(\"Reviewed-by:\")\n");
    commit(&court, "a.txt", "not reviewed");
    court.push(&court.alice, ["HEAD:refs/heads/wip"]).ok();
    court.refused(&court.alice, ["HEAD:refs/heads/release/9"], "none");
}

#[test]
fn must_let_a_key_that_was_taken_away_say_nothing() {
    let world = World::new();
    let court = Court::new(&world);
    let rules = "policy \"test\" version 1\n\nrule \"speak\"\n  on emit\n  allow if signed_by(\"user:bob\")\n\n\
                 rule \"law\"\n  on policy.activate\n  allow if root()\n";
    court.alice.write("gatos/policies/10-test.rgs", rules);
    court.enact(&court.alice);
    court.bob.gatos(["sync"]).ok();
    court.emit(&court.bob, "{\"n\":1}");
    court.push(&court.bob, [JOURNALS]).ok();
    court.emit(&court.bob, "{\"n\":2}");
    court.alice.gatos(["trust", "remove-key", "user:bob", &court.key("bob")]).ok();
    court.push(&court.alice, [TRUST]).ok();
    court.refused(&court.bob, [JOURNALS], "none");
    // Whoever reads it judges alike.
    let (name, tip) = court.journal(&court.bob);
    let liar = Liar::of(&court);
    liar.accept(&court.bob, &[(&name, &tip)]);
    let found = liar.found("carol");
    assert!(matches!(&found[..], [(_, why)] if why.contains("denied by none")), "{found:?}");
}
