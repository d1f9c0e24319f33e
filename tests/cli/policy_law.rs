//! Bundles as law: `policy publish`, `activate`, `show`, `log`, `diff`, `replay`, and `explain`.

use super::{fits, ready, refused, words};
use crate::harness::{Repo, World};

const FINANCE: &str = r#"policy "finance" version 1

rule "speak"
  on emit
  allow if known()

rule "large"
  on emit "finance"
  deny if payload.amount > 10000 and not granted("finance.large", event)
  because "large payments need two of @treasury"
  hint "git gatos propose finance.large --target {event.intent}"

rule "law"
  on policy.activate
  allow if cap("policy:activate")
"#;

/// Publishes the sources of the work tree and makes them law.
fn enact(repo: &Repo<'_>) -> String {
    let published = fits("policy-publish", repo.gatos(["policy", "publish", "--json"]).ok().json());
    let id = published["id"].as_str().expect("an id").to_owned();
    fits("policy-activate", repo.gatos(["policy", "activate", &id, "--json"]).ok().json());
    id
}

fn pay(repo: &Repo<'_>, amount: i64) -> crate::harness::Outcome {
    repo.gatos(["emit", "pay", &format!("{{\"amount\":{amount}}}"), "--ns", "finance"])
}

#[test]
fn a_bundle_judges_from_when_it_is_activated() {
    let world = World::new();
    let repo = ready(&world, "a");
    repo.write("gatos/policies/finance.rgs", FINANCE);
    pay(&repo, 20000).ok();
    let published = repo.gatos(["policy", "publish"]).ok().stdout();
    pay(&repo, 20000).ok();
    let id = words(&published)[1].to_owned();
    let digits = id.trim_start_matches("blake3:")[..8].to_owned();
    repo.gatos(["policy", "activate", &digits]).ok().says("version 2, by rule policy.activate-as-self");
    pay(&repo, 10000).ok();
    let denied = pay(&repo, 20000).code(1).silent();
    denied
        .err_says("large payments need two of @treasury")
        .err_says("git gatos propose finance.large --target intent:blake3:");
    let log = fits("policy-log", repo.gatos(["policy", "log", "--json"]).ok().json());
    assert_eq!((&log["bundles"][0]["id"], log["bundles"].as_array().map(Vec::len)), (&id.into(), Some(2)));
    let shown = fits("policy-show", repo.gatos(["policy", "show", "--json"]).ok().json());
    assert_eq!(shown["rules"][1]["on"], "emit finance");
    repo.gatos(["policy", "show", "1"]).ok().says("policy/default.elc");
    repo.gatos(["policy", "show", "--file", "policies/finance.rgs"]).ok().says("rule \"large\"");
    let file = repo.gatos(["policy", "show", "--file", "policies/finance.rgs", "--json"]).ok().json();
    fits("policy-show-file", file);
    repo.gatos(["policy", "show", "--file", "x"]).code(2).err_says("the bundle has no file x");
    refused(repo.gatos(["policy", "show", "ffff", "--json"]), 3, "NO_BUNDLE");
    repo.gatos(["verify"]).ok();
}

#[test]
fn must_judge_an_activation_by_the_policy_that_is_replaced() {
    let world = World::new();
    let repo = ready(&world, "a");
    repo.write("gatos/policies/finance.rgs", FINANCE.replace("cap(\"policy:activate\")", "granted(\"policy.change\")"));
    enact(&repo);
    repo.write("gatos/policies/finance.rgs", FINANCE);
    let published = repo.gatos(["policy", "publish", "--json"]).ok().json();
    let id = published["id"].as_str().expect("an id").to_owned();
    let denial = repo.gatos(["policy", "activate", &id, "--json"]).code(1).json();
    let denial = fits("denial", denial);
    assert_eq!((&denial["verdict"], &denial["rule"]), (&"deny".into(), &"none".into()));
    repo.gatos(["policy", "show"]).ok().says("version 2 ");
    let audit = denial["audit"].as_str().expect("a commit");
    repo.gatos(["explain", audit]).ok().says("policy.activate").says("allows   law if granted(\"policy.change\")");
}

#[test]
fn a_bundle_that_is_not_the_next_one_is_refused() {
    let world = World::new();
    let repo = ready(&world, "a");
    repo.write("gatos/policies/finance.rgs", FINANCE);
    let first = repo.gatos(["policy", "publish", "--json"]).ok().json()["id"].as_str().expect("an id").to_owned();
    repo.write("gatos/policies/finance.rgs", FINANCE.replace("10000", "20000"));
    enact(&repo);
    refused(repo.gatos(["policy", "activate", &first, "--json"]), 3, "NO_BUNDLE");
}

#[test]
fn must_not_take_a_bundle_of_somebody_without_the_right() {
    let world = World::new();
    let repo = ready(&world, "a");
    repo.write("gatos/policies/finance.rgs", FINANCE);
    let clone = repo.clone_to("b").as_person("bob");
    clone.git(["fetch", "-q", "origin", "refs/gatos/*:refs/gatos-remotes/origin/*"]).ok();
    clone.gatos(["init"]).ok();
    clone.write("gatos/policies/finance.rgs", FINANCE);
    refused(clone.gatos(["policy", "publish", "--json"]), 3, "BUNDLE_INVALID");
}

#[test]
fn explain_tells_rule_facts_and_the_way_from_the_record_alone() {
    let world = World::new();
    let repo = ready(&world, "a");
    repo.write("gatos/policies/finance.rgs", FINANCE);
    enact(&repo);
    let denial = repo.gatos(["emit", "pay", "{\"amount\":20000}", "--ns", "finance", "--json"]).code(1).json();
    let audit = denial["audit"].as_str().expect("a commit").to_owned();
    // The sources are not asked.
    std::fs::remove_dir_all(repo.path().join("gatos/policies")).unwrap();
    let told = fits("explain", repo.gatos(["explain", &audit[..10], "--json"]).ok().json());
    assert_eq!((&told["rule"], &told["known_signer"]), (&"large".into(), &true.into()));
    assert_eq!(told["rule_at"], "policies/finance.rgs:7");
    assert!(told["rule_text"].as_str().is_some_and(|text| text.contains("not granted(\"finance.large\", event)")));
    assert_eq!(told["allows"][0]["rule"], "speak");
    assert!(!told.to_string().contains("20000"), "the payload is not in the record: {told}");
    repo.gatos(["policy", "explain", &audit]).ok().says("  |   because \"large payments need two of @treasury\"");
    refused(repo.gatos(["explain", "abcdef", "--json"]), 3, "NO_DECISION");
}

#[test]
fn explain_says_of_a_rule_without_condition_that_nothing_passes_it() {
    let world = World::new();
    let repo = ready(&world, "a");
    repo.write("gatos/policies/shut.rgs", "policy \"p\" version 1\n\nrule \"shut\"\n  on emit \"till\"\n  deny\n");
    enact(&repo);
    let denial = repo.gatos(["emit", "pay", "{}", "--ns", "till", "--json"]).code(1).json();
    let audit = denial["audit"].as_str().expect("a commit");
    let told = repo.gatos(["explain", audit]).ok().says("allows   nothing: shut denies every such act\n");
    assert!(!told.stdout().contains("does not deny"));
}

#[test]
fn a_rule_that_cannot_be_run_denies_and_says_so() {
    let world = World::new();
    let repo = ready(&world, "a");
    repo.write("gatos/policies/finance.rgs", FINANCE);
    enact(&repo);
    let denial = repo.gatos(["emit", "pay", "{}", "--ns", "finance", "--json"]).code(1).json();
    assert_eq!((&denial["verdict"], &denial["rule"]), (&"error".into(), &"large".into()));
    assert!(denial["reason"].as_str().is_some_and(|r| r.starts_with("rule large failed: type: ")), "{denial}");
    let told = fits("explain", repo.gatos(["explain", denial["audit"].as_str().unwrap(), "--json"]).ok().json());
    assert_eq!((&told["rule"], &told["rule_at"]), (&"large".into(), &"policies/finance.rgs:7".into()));
}

#[test]
fn must_hold_payloads_to_the_schema_of_their_type() {
    let world = World::new();
    let repo = ready(&world, "a");
    let schema = r#"{"type":"object","required":["amount"],"properties":{"amount":{"type":"integer"}}}"#;
    repo.write("gatos/schema/pay.json", schema);
    enact(&repo);
    pay(&repo, 1).ok();
    pay(&repo, 2).ok();
    let denial = repo.gatos(["emit", "pay", "{\"amount\":\"1\"}", "--ns", "finance", "--json"]).code(1).json();
    assert_eq!(
        (&denial["rule"], &denial["reason"]),
        (&"schema.pay".into(), &"payload.amount is string, not integer".into())
    );
    repo.gatos(["emit", "add", "{}"]).ok();
}

#[test]
fn diff_names_rules_and_files() {
    let world = World::new();
    let repo = ready(&world, "a");
    repo.write("gatos/policies/finance.rgs", FINANCE);
    enact(&repo);
    repo.gatos(["policy", "diff"]).ok().silent();
    repo.write("gatos/policies/finance.rgs", FINANCE.replace("10000", "20000"));
    repo.gatos(["policy", "diff"]).code(1).says("~ rule large").says("~ file policies/finance.elc");
    let diff = fits("policy-diff", repo.gatos(["policy", "diff", "1", "2", "--json"]).code(1).json());
    assert!(diff["differences"].as_array().is_some_and(|d| d.iter().any(|l| l["name"] == "policy/default.lua")));
}

#[test]
fn replay_tells_every_verdict_that_would_change_and_what_it_cannot_know() {
    let world = World::new();
    let repo = ready(&world, "a");
    let without_grants = FINANCE.replace(" and not granted(\"finance.large\", event)", "");
    repo.write("gatos/policies/finance.rgs", &without_grants);
    repo.gatos(["emit", "add", "{\"n\":1}"]).ok();
    pay(&repo, 20000).ok();
    pay(&repo, 5).ok();
    let lines = repo.gatos(["policy", "replay", "--json"]).code(1).jsonl();
    let change = fits("policy-replay-change", lines[0].clone());
    assert_eq!((&change["was"], &change["now"], &change["rule"]), (&"allow".into(), &"deny".into(), &"large".into()));
    assert_eq!(change["act"], "user:alice emit finance pay");
    let all = fits("policy-replay", lines[1].clone());
    assert_eq!((&all["judged"], &all["changes"], lines.len()), (&3.into(), &1.into(), 2));
    // Nobody wrote down which grants stood when the events were accepted.
    repo.write("gatos/policies/finance.rgs", FINANCE);
    let shown = repo.gatos(["policy", "replay"]).ok().stdout();
    assert!(shown.contains("1 decision judged, 0 would change"), "{shown}");
    assert!(shown.contains("2 not replayable: not on record: grants of an event without a receipt"), "{shown}");
    // A denial that the candidate would not pronounce; its payload is not on record.
    repo.write("gatos/policies/finance.rgs", &without_grants);
    enact(&repo);
    pay(&repo, 20001).code(1);
    repo.write("c/policies/a.rgs", "policy \"a\" version 1\nrule \"a\"\n on emit\n allow if known()\n");
    let shown = repo.gatos(["policy", "replay", "--candidate", "c"]).code(1).stdout();
    assert!(shown.contains("deny -> allow  rule a  user:alice emit finance"), "{shown}");
    let shown = repo.gatos(["policy", "replay"]).code(1).stdout();
    assert!(shown.contains("1 not replayable: not on record: payload of a denial"), "{shown}");
    repo.gatos(["policy", "replay", "--since", "2999-01-01T00:00:00Z"]).ok().says("0 decisions judged, 0 would change");
    repo.gatos(["policy", "replay", "--since", "soon"]).code(2);
}

#[test]
fn a_decision_in_markdown_becomes_law() {
    let world = World::new();
    let repo = ready(&world, "a");
    let text = "# ADR-0007: No shouting\n\nBecause.\n\n```rgs\nrule\n  on emit\n  deny if event.type == \"shout\"\n\nrule \"ADR-0007.rest\"\n  on emit\n  on policy.activate\n  allow if known()\n```\n";
    repo.write("docs/decisions/0007-quiet.md", text);
    repo.write("docs/decisions/0008-other.md", "# ADR-0008: Nothing\n");
    enact(&repo);
    repo.gatos(["emit", "say", "{}"]).ok();
    repo.gatos(["emit", "shout", "{}"]).code(1).err_says("No shouting").err_says("ADR-0007 (deny)");
    repo.gatos(["policy", "show"]).ok().says("decisions/0007-quiet.md:6");
}

#[test]
fn must_let_a_holder_of_the_capability_make_law() {
    let world = World::new();
    let repo = ready(&world, "a");
    repo.write("gatos/policies/finance.rgs", FINANCE);
    let bob = repo.as_person("bob");
    bob.gatos(["key", "new"]).ok();
    let line = bob.gatos(["key", "show"]).ok().stdout();
    let key = words(&line)[0];
    repo.gatos(["trust", "add-key", "user:bob", key]).ok();
    let me = repo.git(["config", "gatos.key"]).ok().stdout().trim().to_owned();
    let speak_as = |actor: &str, key: &str| {
        repo.git(["config", "gatos.actor", actor]).ok();
        repo.git(["config", "gatos.key", key]).ok();
    };
    speak_as("user:bob", key);
    refused(bob.gatos(["policy", "publish", "--json"]), 3, "BUNDLE_INVALID");
    speak_as("user:alice", &me);
    repo.gatos(["trust", "grant", "user:bob", "policy:activate"]).ok();
    speak_as("user:bob", key);
    enact(&bob);
    bob.gatos(["policy", "show"]).ok().says("version 2 ");
    bob.gatos(["verify"]).ok().says("PASSED");
    // The new law asks for the capability too.
    bob.write("gatos/policies/finance.rgs", FINANCE.replace("10000", "5"));
    enact(&bob);
}

#[test]
fn must_keep_payloads_out_of_the_record_unless_the_bundle_says_so() {
    let world = World::new();
    let repo = ready(&world, "a");
    let rules = FINANCE.replace(" and not granted(\"finance.large\", event)", "");
    repo.write("gatos/policies/finance.rgs", &rules);
    enact(&repo);
    let denied = |amount: i64| {
        let payload = format!("{{\"amount\":{amount}}}");
        let denial = repo.gatos(["emit", "pay", &payload, "--ns", "finance", "--json"]).code(1).json();
        denial["audit"].as_str().expect("a commit").to_owned()
    };
    let audit = denied(77123);
    let held = repo.git(["ls-tree", "-r", "--name-only", &audit]).ok().stdout();
    assert_eq!(held, "decision.json\nsignatures.json");
    assert!(!repo.git(["show", &format!("{audit}:decision.json")]).ok().stdout().contains("77123"));
    let raised = rules.replace("10000", "80000");
    repo.write("gatos/policies/finance.rgs", &raised);
    let unknown = repo.gatos(["policy", "replay"]).ok().stdout();
    assert!(unknown.contains("1 not replayable: not on record: payload of a denial"), "{unknown}");
    repo.write("gatos/policies/finance.rgs", &rules);
    repo.write("gatos/governance.yaml", "audit: full\ngovernance:\n  pay: { quorum: { all_of: [leads] } }\n");
    enact(&repo);
    let audit = denied(77124);
    repo.git(["show", &format!("{audit}:payload.json")]).ok().says("77124");
    repo.write("gatos/policies/finance.rgs", &raised);
    let lines = repo.gatos(["policy", "replay"]).code(1).stdout();
    assert!(lines.contains("deny -> allow  rule speak"), "{lines}");
    for (file, schema) in [("policies/rules.json", "rules"), ("governance.json", "governance")] {
        let document = repo.git(["show", &format!("refs/gatos/policies/active:{file}")]).ok().stdout();
        fits(&format!("../policy/{schema}"), serde_json::from_str(&document).expect("JSON"));
    }
    let source = serde_json::json!({"audit": "full", "governance": {"pay": {"quorum": {"all_of": ["leads"]}}}});
    fits("../policy/governance-source", source);
}

#[test]
fn a_batch_ends_at_the_first_line_that_a_rule_denies() {
    let world = World::new();
    let repo = ready(&world, "a");
    repo.write("gatos/policies/finance.rgs", FINANCE);
    enact(&repo);
    let lines: String =
        [5, 6, 20000, 7].map(|n| format!("{{\"type\":\"pay\",\"payload\":{{\"amount\":{n}}}}}\n")).concat();
    repo.write("events.jsonl", &lines);
    repo.gatos(["emit", "--jsonl", "events.jsonl", "--ns", "finance"]).code(1).err_says("large payments need two");
    repo.write("events.jsonl", lines.replace("20000", "20"));
    repo.gatos(["emit", "--jsonl", "events.jsonl", "--ns", "finance"]).ok();
}
