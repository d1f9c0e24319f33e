//! What a gate let in that nobody had consented to, or that the rules of a branch forbade, as a stranger's clone finds it.

use super::again::{RULES, enact};
use super::consent::{CONSENT, Team, forged, text};
use super::court::{Court, one_ref};
use super::liar::{Liar, passes};
use crate::harness::World;

#[test]
fn must_find_what_a_gate_let_in_that_was_not_granted() {
    let world = World::new();
    let team = Team::new(&world);
    let (court, bob) = (&team.court, &team.court.bob);
    let id = team.ask(20_000);
    team.approve(&court.alice, &id);
    let (name, sealed) = team.payment(20_000);
    court.refused(bob, [format!("{sealed}:{name}")], "large");
    Liar::of(court).accept(bob, &[(&name, &sealed)]);
    // That it was granted afterwards changes nothing.
    team.approve(&team.carol, &id);
    let found = Liar::of(court).found("reader");
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, "event.forbidden");
    assert!(found[0].1.contains("denied by large: large payments need two of @leads"), "{found:?}");
}

#[test]
fn must_find_a_word_and_a_proof_that_a_gate_should_not_have_taken() {
    let world = World::new();
    let team = Team::new(&world);
    let (court, dave) = (&team.court, &team.dave);
    let id = team.ask(20_000);
    team.approve(&court.alice, &id);
    // Of one approval out of two, and one that nobody gave.
    let shown = court.alice.gatos(["approve", &id, "--json"]).ok().json();
    let given = text(&shown["approvals"][0], "approval_id");
    forged(
        &team,
        dave,
        &id,
        vec![(given, court.key("alice")), (format!("blake3:{}", "ab".repeat(32)), court.key("carol"))],
    );
    let refs = ["refs/gatos/audit/proofs", "refs/gatos/grants"].map(|plane| one_ref(dave, plane));
    court.refused(dave, CONSENT, "grant.proof");
    Liar::of(court).accept(dave, &refs.each_ref().map(|(name, tip)| (name.as_str(), tip.as_str())));
    let found = Liar::of(court).found("reader");
    let forbidden: Vec<_> = found.iter().filter(|(code, _)| code == "push.forbidden").collect();
    assert_eq!(forbidden.len(), 2, "{found:?}");
    assert!(forbidden.iter().all(|(_, why)| why.contains("denied by grant.proof")), "{found:?}");
}

/// Rules of branches are asked again: about paths, commits and what had been granted.
#[test]
fn must_find_a_push_that_the_rules_of_a_branch_forbade() {
    let world = World::new();
    let court = Court::new(&world);
    let rules = r#"
rule "main"
  on push "refs/heads/main"
  deny if changed("api/**")
  deny if every_message("never")
  allow if fast_forward or created
"#;
    enact(&court, &court.alice, &format!("{RULES}{rules}"));
    let commit = |file: &str, message: &str| {
        court.alice.write(file, message);
        court.alice.git(["add", file]).ok();
        court.alice.git(["commit", "-q", "-m", message]).ok();
        court.alice.git(["rev-parse", "HEAD"]).ok().stdout()
    };
    commit("readme", "one");
    court.push(&court.alice, ["HEAD:refs/heads/main"]).ok();
    let second = commit("docs/a", "two");
    court.push(&court.alice, ["HEAD:refs/heads/main", "HEAD:refs/heads/side"]).ok();
    let liar = Liar::of(&court);
    let report = passes(&liar.stranger("reader"));
    assert_eq!(report["judged"]["pushes to branches"], 2, "{report}");
    let third = commit("api/x", "three");
    liar.accept(&court.alice, &[("refs/heads/main", &third)]);
    let told = liar.found("reader2");
    assert!(told.len() == 1 && told[0].1.contains("denied by main"), "{told:?}");
    // What is allowed behind it stays allowed; what cannot be read any more is counted.
    let fourth = commit("docs/b", "four");
    court.push(&court.alice, [format!("{fourth}:refs/heads/main")]).ok();
    assert_eq!(liar.found("reader3"), told);
    liar.accept(&court.alice, &[("refs/heads/main", &second)]);
    let report = passes(&liar.stranger("reader4"));
    let missing = serde_json::json!([{"count": 3, "what": "pushes to branches: commits that are not here"}]);
    assert_eq!((&report["judged"]["pushes to branches"], &report["not_judged"]), (&2.into(), &missing));
}
