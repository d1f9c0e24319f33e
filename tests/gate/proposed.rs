//! What somebody meets who asks for consent, step by step: the remedies that are printed, and what is said to come next.

use super::consent::{Team, text};
use super::court::TRUST;
use crate::harness::{Repo, World};

/// Bob has a commit that the rules let nobody push alone; its act.
fn breaking(bob: &Repo<'_>) -> String {
    bob.git(["checkout", "-q", "-B", "main"]).ok();
    bob.write("api/v1", "breaks");
    bob.git(["add", "api"]).ok();
    bob.git(["commit", "-q", "-m", "break"]).ok();
    bob.git(["rev-parse", "HEAD"]).ok().stdout()
}

/// The command that a refusal prints behind `next`, word for word.
#[track_caller]
fn remedy(printed: &str) -> Vec<String> {
    let (_, rest) = printed.split_once("git gatos propose ").unwrap_or_else(|| panic!("no proposal in {printed}"));
    let line = rest.lines().next().expect("a line");
    ["propose"].into_iter().chain(line.split_whitespace()).map(str::to_owned).collect()
}

#[test]
fn must_say_before_a_push_what_the_gate_says() {
    let world = World::new();
    let team = Team::new(&world);
    let (court, bob) = (&team.court, &team.court.bob);
    let tip = breaking(bob);
    let check = |repo: &Repo<'_>| repo.gatos(["gate", "check", "--range", &tip, "--ref", "refs/heads/main"]);
    let printed = court.refused(bob, ["HEAD:refs/heads/main"], "api").stderr();
    bob.gatos(["sync"]).ok();
    check(bob).code(1).says("rule    api");
    // What is printed can be done as it is printed, though no governance names the action.
    let shown = bob.gatos(remedy(&printed).iter().map(String::as_str).chain(["--json"])).ok().json();
    assert_eq!(shown["required_quorum"], "2-of-3@leads", "{shown}");
    let id = text(&shown, "proposal_id");
    bob.gatos(["sync"]).ok();
    for (member, state) in [(&court.alice, "partial"), (&team.carol, "granted")] {
        member.gatos(["sync"]).ok();
        check(bob).code(1);
        assert_eq!(member.gatos(["approve", &id, "--json"]).ok().json()["state"], state);
        member.gatos(["sync"]).ok();
    }
    // Everything but his own proposal stands under the refs of what was fetched.
    bob.gatos(["sync"]).ok();
    check(bob).ok().says("ALLOWED");
    court.push(bob, ["HEAD:refs/heads/main"]).ok();
}

#[test]
fn a_proposal_is_for_an_act_that_can_be() {
    let world = World::new();
    let team = Team::new(&world);
    let bob = &team.court.bob;
    let tip = breaking(bob);
    let ask =
        |target: &str| bob.gatos(["propose", "api.break", "--quorum", "2-of-3@leads", "--json", "--target", target]);
    let shown = ask(&format!("main@{}", &tip[..12])).ok().json();
    assert_eq!(shown["target"], format!("refs/heads/main@{tip}"));
    // What this clone has not, it cannot spell out.
    ask("main@ffffffff").code(2).says("ffffffff names no commit here");
    ask(&format!("nowhere@{tip}")).code(2).says("refs/heads/nowhere@");
    ask(&format!("refs/heads/nowhere@{tip}")).ok();
    ask("intent:blake3:abc").code(2).says("intent:blake3:");
    ask("blake3:abc").code(2).says("64 lower-case hexadecimal digits");
    // By mistake or not: it ends when it said it would.
    let id = text(&shown, "proposal_id");
    let end = text(&shown, "expire_at");
    bob.gatos(["grant", "revoke", &id, "--reason", "a mistake"]).code(3).err_says(&format!("ends by itself {end}"));
}

#[test]
fn what_comes_next_is_said_to_each() {
    let world = World::new();
    let team = Team::new(&world);
    let (court, bob) = (&team.court, &team.court.bob);
    let target = format!("refs/heads/main@{}", breaking(bob));
    let shown = bob.gatos(["propose", "api.break", "--target", &target]).ok();
    shown.says("next   git gatos sync, then one of @leads: git gatos approve ");
    let id = text(&bob.gatos(["--json", "proposals"]).ok().json()["proposals"][0], "proposal_id");
    court.alice.gatos(["approve", &id]).code(3).err_says("git gatos sync");
    bob.gatos(["sync"]).ok();
    court.alice.gatos(["sync"]).ok();
    let partial = court.alice.gatos(["approve", &id]).ok();
    partial.says("next   git gatos sync, then one of @leads who has not yet: git gatos approve ");
    court.alice.gatos(["sync"]).ok();
    team.carol.gatos(["sync"]).ok();
    let granted = team.carol.gatos(["approve", &id]).ok();
    assert!(granted.stdout().trim_end().ends_with("\nnext   git gatos sync"), "nothing else is to be done");
}

#[test]
fn who_has_agreed_is_not_told_to_agree() {
    let world = World::new();
    let team = Team::new(&world);
    let id = team.ask(20_000);
    let bob = &team.court.bob;
    team.pay(bob, 20_000, "--json").code(1).says(&format!("\"git gatos approve {id}\""));
    bob.gatos(["approve", &id]).ok();
    let denial = team.pay(bob, 20_000, "--json").code(1).json();
    assert_eq!(denial["hint"], format!("1 more of @leads: git gatos approve {id}"));
}

#[test]
fn a_denial_names_what_would_help() {
    let world = World::new();
    let team = Team::new(&world);
    let (court, bob) = (&team.court, &team.court.bob);
    let payload = "{\"amount\":20000}";
    let emit = |repo: &Repo<'_>| repo.gatos(["emit", "pay", payload, "--ns", "finance"]);
    let denied = emit(bob).code(1).err_says("groups leads").err_says("emit the same again with --ulid").stderr();
    assert!(!denied.contains("facts   {"), "{denied}");
    let commit = denied.split_once("logged  ").expect("a record").1.split_whitespace().next().expect("an id");
    bob.gatos(["explain", &commit[..3]]).code(3).err_says("too short");
    let explained = bob.gatos(["explain", commit]).ok().says("allows   what large does not deny: not (").stdout();
    let line = |begin: &str| explained.lines().find(|line| line.starts_with(begin)).expect("such a line").to_owned();
    assert!(line("intent   ").contains(" · verb emit") && !line("intent   ").contains('{'), "{explained}");
    assert!(line("facts    ").contains("grants none") && !line("facts    ").contains('{'), "{explained}");
    assert_eq!(line("record   "), "record   signed by user:bob, with a key that trust knows");
    assert!(!explained.contains("speak if known()"), "{explained}");
    bob.gatos(["doctor"]).ok();
    // No grant lets in whom trust does not know.
    court.alice.gatos(["trust", "revoke", &court.key("bob"), "--reason", "lost"]).ok();
    court.push(&court.alice, [TRUST]).ok();
    bob.gatos(["sync"]).ok();
    bob.git(["config", "gatos.actor", "user:bob"]).ok();
    bob.git(["config", "gatos.key", &court.key("bob")]).ok();
    bob.gatos(["doctor"]).code(1).says("key that was revoked");
    let denied = bob.gatos(["emit", "pay", "{\"amount\":1}", "--ns", "finance"]).code(1).err_says("was revoked");
    let denied = denied.err_says("git gatos trust add-key user:bob").stderr();
    assert!(!denied.contains("--ulid"), "{denied}");
}

#[test]
fn the_lists_of_a_refusal_are_words() {
    let world = World::new();
    let team = Team::new(&world);
    let (name, sealed) = team.payment(20_000);
    let refused = team.court.refused(&team.court.bob, [format!("{sealed}:{name}")], "large");
    let refused = refused.err_says("groups leads").stderr();
    assert!(!refused.contains(" entries"), "{refused}");
}
