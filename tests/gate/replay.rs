//! `policy replay` where gates have given receipts: a candidate judges with what was known then.

use super::again::{RULES, enact};
use super::consent::{GOVERNANCE, RULES as TEAM, Team};
use super::court::{Court, JOURNALS, TRUST};
use super::liar::Liar;
use super::profile::profile;
use crate::cli::fits;
use crate::harness::{Repo, World};
use serde_json::{Value, json};

const PLAIN: &str = "policy \"c\" version 1\n\nrule \"speak\"\n  on emit\n  allow if known()\n";

const NO_RULE: &str = "refused before they were asked";

/// What would change, and the whole.
#[track_caller]
fn replay(repo: &Repo<'_>, rules: &str, since: Option<&str>) -> (Vec<Value>, Value) {
    repo.write("c/policies/c.rgs", rules);
    let args = ["--json", "policy", "replay", "--candidate", "c"].into_iter();
    let outcome = repo.gatos(args.chain(since.into_iter().flat_map(|since| ["--since", since])));
    let succeeded = outcome.succeeded();
    let mut lines = if succeeded { outcome.ok() } else { outcome.code(1) }.jsonl();
    let whole = fits("policy-replay", lines.pop().expect("the whole"));
    assert_eq!(succeeded, lines.is_empty());
    assert_eq!(whole["changes"], lines.len());
    (lines.into_iter().map(|line| fits("policy-replay-change", line)).collect(), whole)
}

fn missing(what: &str, count: u32) -> Value {
    json!([{"missing": what, "count": count}])
}

#[test]
fn replay_knows_when_an_event_came_in() {
    let world = World::new();
    let court = Court::new(&world);
    let (alice, at) = (&court.alice, "2026-11-25T00:00:00Z");
    court.emit(alice, "{\"n\":2}");
    court.git(alice, ["push", "origin", JOURNALS]).env("GATOS_CLOCK", at).run().ok();
    let reader = Liar::of(&court).stranger("carol");
    let late = format!("{PLAIN}\nrule \"late\"\n  on emit\n  deny if received_at > \"2026-11-24\"\n");
    let (changes, whole) = replay(&reader, &late, None);
    assert_eq!((changes.len(), &whole["not_replayable"]), (1, &json!([])), "{whole}");
    assert_eq!((&changes[0]["rule"], &changes[0]["at"]), (&"late".into(), &at.into()));
    assert_eq!(
        (&changes[0]["act"], &changes[0]["facts"]["received_at"]),
        (&"user:alice emit main add".into(), &at.into())
    );
    // Its writer's clock says that it is older.
    let (changes, whole) = replay(&reader, &late, Some("2026-11-24T00:00:00Z"));
    assert_eq!((changes.len(), &whole["judged"]), (1, &1.into()));
    assert_eq!(replay(&reader, &late, Some("2026-11-25T00:00:01Z")).1["judged"], 0);
    // Nobody tells when an event without a receipt came in.
    court.fetch(alice);
    court.emit(alice, "{\"n\":3}");
    let (changes, whole) = replay(alice, &late, None);
    assert_eq!(changes.len(), 1);
    assert_eq!(whole["not_replayable"], missing("received_at of an event without a receipt", 1));
    // What was pushed and is not here is not passed over.
    let (name, _) = court.journal(alice);
    reader.git(["update-ref", "-d", &name.replace("refs/gatos/", "refs/gatos-remotes/origin/")]).ok();
    let (changes, whole) = replay(&reader, &late, None);
    assert_eq!(changes.len(), 0);
    assert_eq!(whole["not_replayable"], missing("the events of an accepted push, which are not here or void", 2));
}

#[test]
fn replay_knows_which_grants_stood() {
    let world = World::new();
    let team = Team::new(&world);
    let (alice, bob) = (&team.court.alice, &team.court.bob);
    team.granted();
    team.pay(bob, 20_000, "--json").ok();
    team.court.push(bob, [JOURNALS]).ok();
    alice.gatos(["emit", "pay", "{\"amount\":9000}", "--ns", "finance"]).ok();
    team.court.push(alice, [JOURNALS]).ok();
    let reader = Liar::of(&team.court).stranger("reader");
    reader.write("c/governance.yaml", GOVERNANCE);
    let (changes, whole) = replay(&reader, TEAM, None);
    assert_eq!((changes.len(), &whole["not_replayable"]), (0, &json!([])), "{changes:?} {whole}");
    // The larger payment was granted, the smaller one was not.
    let (changes, whole) = replay(&reader, &TEAM.replace("10000", "5000"), None);
    assert_eq!((changes.len(), &whole["not_replayable"]), (1, &json!([])), "{changes:?} {whole}");
    assert_eq!((&changes[0]["rule"], &changes[0]["act"]), (&"large".into(), &"user:alice emit finance pay".into()));
    let (changes, _) = replay(&reader, &TEAM.replace(" and not granted(\"finance.large\", event)", ""), None);
    assert_eq!((changes.len(), &changes[0]["act"]), (1, &"user:bob emit finance pay".into()));
    // Words about proposals are judged too.
    let (changes, _) = replay(&reader, &format!("{TEAM}\nrule \"mute\"\n  on approve \"finance.*\"\n  deny\n"), None);
    let muted =
        |change: &Value| change["rule"] == "mute" && change["act"].as_str().is_some_and(|a| a.contains(" approve "));
    assert!(changes.len() == 2 && changes.iter().all(muted), "{changes:?}");
}

#[test]
fn replay_judges_or_counts_every_other_push() {
    let world = World::new();
    let court = Court::new(&world);
    let alice = &court.alice;
    enact(&court, alice, RULES);
    alice.gatos(["trust", "grant", "user:bob", "journal:append:main"]).ok();
    court.push(alice, [TRUST]).ok();
    alice.gatos(["state", "checkpoint"]).ok();
    court.push(alice, ["refs/gatos/state/main:refs/gatos/state/main"]).ok();
    for message in ["one", "two"] {
        alice.git(["checkout", "-q", "--orphan", message]).ok();
        alice.commit(message);
        court.push(alice, ["+HEAD:refs/heads/work"]).ok();
    }
    court.fetch(alice);
    let (changes, whole) = replay(alice, RULES, None);
    assert_eq!((changes.len(), &whole["not_replayable"]), (0, &json!([])), "{changes:?} {whole}");
    let strict = RULES
        .replace("allow if root()", "deny\n  on trust.update")
        .replace("checkpoint\n  allow", "checkpoint\n  deny");
    let (changes, whole) = replay(alice, &strict, None);
    let found: Vec<_> = changes.iter().map(|c| (c["act"].as_str().unwrap_or_default(), &c["rule"])).collect();
    let ends = |at: usize, act: &str, rule: &str| found[at].0.ends_with(act) && found[at].1 == rule;
    assert_eq!((found.len(), &whole["not_replayable"]), (3, &json!([])), "{found:?} {whole}");
    assert!(ends(0, " policy.activate refs/gatos/policies/active", "law"), "{found:?}");
    assert!(ends(1, " trust.update refs/gatos/trust/graph", "law"), "{found:?}");
    assert!(ends(2, " state.checkpoint refs/gatos/state/main", "states"), "{found:?}");
    assert_eq!(changes[0]["facts"]["is_root"], true);
    // What commits and paths would have said of a branch is not asked.
    let named = format!("{RULES}\nrule \"work\"\n  on push \"refs/heads/work\"\n  deny\n");
    let (changes, whole) = replay(alice, &named, None);
    assert_eq!(changes.len(), 0);
    assert_eq!(whole["not_replayable"], missing("commits and paths of an accepted push", 2));
    // A profile asks for more than rules do.
    alice.write("c/config/profile.yaml", "profile: research\n");
    let (changes, _) = replay(alice, RULES, None);
    let rules: Vec<_> = changes.iter().map(|change| &change["rule"]).collect();
    assert_eq!(rules, ["profile.fold", "profile.fast-forward"]);
}

/// What the profile or a check of the gate refused is not what rules said: rules that allow everything change nothing of it.
#[test]
fn replay_takes_no_check_of_the_gate_for_a_rule() {
    let world = World::new();
    let court = Court::new(&world);
    profile(&court, "research");
    let alice = &court.alice;
    let first = alice.commit("one");
    alice.commit("two");
    court.push(alice, ["HEAD:refs/heads/main"]).ok();
    court.refused(alice, [format!("+{first}:refs/heads/main")], "profile.fast-forward");
    court.refused(&court.bob, [format!(":{TRUST}")], "ref.delete");
    // A rule of such a name is a rule all the same.
    alice.write(
        "gatos/policies/20-named.rgs",
        "policy \"n\" version 1\n\nrule \"profile.fold\"\n  on push \"refs/heads/no\"\n  deny\n",
    );
    court.fetch(alice);
    court.enact(alice);
    court.refused(alice, ["HEAD:refs/heads/no"], "profile.fold");
    court.fetch(alice);
    let all = "policy \"c\" version 1\n\nrule \"all\"\n  on emit\n  on push\n  on policy.activate\n  allow\n";
    let told = |profile: &str| {
        alice.write("c/config/profile.yaml", format!("profile: {profile}\n"));
        let (changes, whole) = replay(alice, all, None);
        let acts: Vec<_> = changes.iter().map(|change| change["act"].as_str().expect("an act").to_owned()).collect();
        assert_eq!(acts, ["- push refs/heads/no"], "{changes:?}");
        let unknown = whole["not_replayable"].as_array().expect("a list").iter();
        let unasked = unknown.filter(|one| one["missing"].as_str().is_some_and(|what| what.contains(NO_RULE)));
        unasked.map(|one| one["count"].as_u64().expect("a number")).sum::<u64>()
    };
    assert_eq!((told("research"), told("local")), (1, 2));
}
