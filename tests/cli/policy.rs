//! The language of rules and the sources of a policy: `policyc`, `policy init`, `lint`, `test`.

use super::{fits, ready};
use crate::harness::World;

const RULES: &str = "policy \"finance\" version 1\n\nrule \"finance\"\n  on emit \"finance\"\n  allow if known()\n  deny if large(payload)\n";

#[test]
fn policyc_prints_the_root_that_a_bundle_of_this_file_has() {
    let world = World::new();
    let repo = ready(&world, "a");
    repo.write("gatos/policies/finance.rgs", RULES);
    repo.write("gatos/policies/sums.lua", "local function large(p) return p.amount > 10000 end\n");
    let out = repo.gatos(["policyc", "gatos/policies/finance.rgs", "-o", "finance.rgc"]).ok().stdout();
    let root = out.trim().strip_prefix("policy_code_root = ").expect("its line").to_owned();
    assert!(root.starts_with("sha256:"), "{root}");
    let report = fits("policyc", repo.gatos(["policyc", "--json", "gatos/policies/finance.rgs"]).ok().json());
    assert_eq!((report["policy_code_root"].as_str(), &report["rules"]), (Some(root.as_str()), &1.into()));
    // Comments and layout are not what judges.
    repo.write("gatos/policies/finance.rgs", RULES.replace("  deny", "  -- no more than that\n  deny"));
    repo.gatos(["policyc", "gatos/policies/finance.rgs"]).ok().says(&root);
    let published = fits("policy-publish", repo.gatos(["policy", "publish", "--json"]).ok().json());
    assert_eq!(published["policy_code_root"], root);
    assert_eq!(std::fs::metadata(repo.path().join("finance.rgc")).unwrap().len(), report["bytes"].as_u64().unwrap());
}

#[test]
fn policyc_names_file_line_column_and_rule() {
    let world = World::new();
    let repo = world.repo("a");
    repo.write("bad.rgs", "policy \"p\" version 1\nrule \"a\"\n  on emit\n  allow if payload.n >\n");
    repo.gatos(["policyc", "bad.rgs"]).code(1).says("bad.rgs:");
    let report = fits("policy-lint", repo.gatos(["policyc", "--json", "bad.rgs"]).code(1).json());
    assert_eq!((&report["faults"][0]["rule"], &report["faults"][0]["line"]), (&"a".into(), &4.into()));
    repo.command(["policyc", "-"])
        .stdin("rule \"a\"\n on emit\n allow")
        .run()
        .code(1)
        .says("-:1:1: policy: a file begins");
    repo.gatos(["policyc"]).code(2);
    repo.gatos(["policyc", "none.rgs"]).code(3).silent().err_says("none.rgs");
}

#[test]
fn every_template_is_written_linted_tested_and_published() {
    for template in ["minimal", "regulated", "research", "airgapped"] {
        let world = World::new();
        let repo = ready(&world, "a");
        let init = ["policy", "init", "--template", template, "--json"];
        let files = fits("policy-init", repo.gatos(init).ok().json());
        assert_eq!(files["kept"].as_array().map(Vec::len), Some(0), "{template}");
        assert_eq!(repo.gatos(init).ok().json()["written"].as_array().map(Vec::len), Some(0), "{template}");
        let lint = fits("policy-lint", repo.gatos(["policy", "lint", "--json"]).ok().json());
        // Its groups are for whoever writes it to make.
        let faults = lint["faults"].as_array().expect("a list");
        let group = |f: &serde_json::Value| f["sentence"].as_str().is_some_and(|s| s.contains("trust has no group "));
        assert!(lint["errors"] == 0 && faults.iter().all(group), "{template}: {lint}");
        let tested = fits("policy-test", repo.gatos(["policy", "test", "--json"]).ok().json());
        assert_eq!(tested["failed"], 0, "{template}");
        fits("policy-publish", repo.gatos(["policy", "publish", "--json"]).ok().json());
    }
    let world = World::new();
    ready(&world, "a").gatos(["policy", "init", "--template", "other"]).code(2);
}

#[test]
fn a_case_that_fails_is_named_with_what_was_said() {
    let world = World::new();
    let repo = ready(&world, "a");
    repo.gatos(["policy", "init"]).ok();
    let table = "actors: { a: { actor: user:a } }\ncases:\n\
        - { who: a, what: { verb: emit, ns: main, type: add, payload: {} }, verdict: deny, rule: none }\n";
    repo.write("wrong.yaml", table);
    repo.gatos(["policy", "test", "wrong.yaml"]).code(1).says("FAIL a emit main  allow speak, wanted deny none");
    repo.write("wrong.yaml", "cases:\n  - { who: a }\n");
    repo.gatos(["policy", "test", "wrong.yaml"]).code(2).silent().err_says("wrong.yaml:1:1: case 1: ");
    std::fs::remove_file(repo.path().join("gatos/policies/minimal.cases.yaml")).unwrap();
    repo.gatos(["policy", "test"]).code(2).err_says("there are no cases");
}

#[test]
fn lint_looks_at_every_kind_of_source() {
    let world = World::new();
    let repo = ready(&world, "a");
    repo.write("c/policies/a.rgs", "policy \"a\" version 1\nrule \"a\"\n on emit\n deny");
    repo.gatos(["policy", "lint", "c"]).ok().says("gatos/policies/a.rgs:2:1: warning: a: no rule allows emit");
    repo.write("c/schema/pay.json", "{\"format\":\"x\"}");
    repo.write("c/folds/main.lua", "return pairs");
    repo.write("c/governance.yaml", "governance: { a: { quorum: 2 } }");
    let shown = repo.gatos(["policy", "lint", "c"]).code(1).stdout();
    for file in
        ["gatos/schema/pay.json:1:1:", "gatos/folds/main.lua:1:", "gatos/governance.yaml:1:1: policy: a: quorum"]
    {
        assert!(shown.contains(file), "{file}: {shown}");
    }
}

#[test]
fn an_on_of_two_verbs_is_told_once() {
    let world = World::new();
    let repo = ready(&world, "a");
    for on in ["emit, push \"refs/heads/main\"", "emit push", "emit \"fin\", push"] {
        repo.write("gatos/policies/p.rgs", format!("policy \"p\" version 1\n\nrule \"r\"\n  on {on}\n  deny\n"));
        let said = repo.gatos(["policy", "lint"]).code(1).stdout();
        assert!(said.lines().count() == 1 && said.contains("names one verb"), "{on}: {said}");
    }
}

const GOVERNANCE: &str = "governance:
  api.break: { quorum: { at_least: 1, group: leads } }
  api.own:
    quorum: { all_of: [leads, \"@sceond\"] }
    ttl: PT2H
  own: { quorum: { at_least: 1, group: group } }
";

#[test]
fn names_that_stand_for_nothing_are_warned_of() {
    let world = World::new();
    let repo = ready(&world, "a");
    repo.gatos(["trust", "group", "add", "leads", "user:alice"]).ok();
    let rules = r#"policy "p" version 1

rule "speak"
  on emit
  allow if group("leads") or granted("api.break")
  deny if group("laeds")
  deny if not granted("api.braek")

rule "main"
  on push "main", "refs/heads/main", "**/main"
  require 2 of @nobody for "api.own"

rule "own"
  on push "refs/heads/own"
  allow if granted("api.own")
"#;
    repo.write("gatos/policies/p.rgs", rules);
    repo.write("gatos/governance.yaml", GOVERNANCE);
    let lint = fits("policy-lint", repo.gatos(["policy", "lint", "--json"]).ok().json());
    let (mut told, mut asked) = (Vec::new(), Vec::new());
    for fault in lint["faults"].as_array().expect("a list") {
        let at = |field: &str| fault[field].as_u64().expect("a number");
        let sentence = fault["sentence"].as_str().expect("a text");
        match fault["file"].as_str() {
            Some("gatos/governance.yaml") => asked.push((at("line"), at("col"), sentence)),
            _ => told.push((at("line"), sentence)),
        }
    }
    told.sort_unstable();
    let vain = |action: &str, group: &str| {
        format!("{action}: trust has no group {group} here (it has: leads), and nobody is in it")
    };
    let (second, own) = (vain("api.own", "sceond"), vain("own", "group"));
    assert_eq!(asked, [(4, 31, second.as_str()), (6, 40, &own)], "nothing of what is no group");
    let wanted = [
        (6, "trust has no group laeds here (it has: leads)"),
        (7, "gatos/governance.yaml has no action api.braek"),
        (9, "no ref is called main: a push names whole refs, such as refs/heads/main"),
        (11, "trust has no group nobody here (it has: leads)"),
    ];
    assert_eq!(told.len(), wanted.len(), "{told:?}");
    for ((line, sentence), (at, begins)) in told.iter().zip(wanted) {
        assert!(*line == at && sentence.starts_with(begins), "{line}: {sentence}");
    }
    // Where no action is governed, any may be proposed; sources elsewhere may be for other groups.
    std::fs::remove_file(repo.path().join("gatos/governance.yaml")).expect("a file");
    assert_eq!(repo.gatos(["policy", "lint", "--json"]).ok().json()["warnings"], 3);
    assert_eq!(repo.gatos(["policy", "lint", ".", "--json"]).ok().json()["warnings"], 1);
    repo.write("gatos/governance.yaml", GOVERNANCE);
    assert_eq!(repo.gatos(["policy", "lint", ".", "--json"]).ok().json()["warnings"], 2);
}

#[test]
fn a_quorum_that_nobody_can_meet_is_warned_of() {
    let world = World::new();
    let repo = ready(&world, "a");
    repo.gatos(["trust", "add-actor", "agent:clerk"]).ok();
    repo.gatos(["trust", "group", "add", "leads", "user:alice", "agent:clerk"]).ok();
    let rules =
        "policy \"p\" version 1\n\nrule \"main\"\n  on push \"refs/heads/main\"\n  require N of @leads for \"ship\"\n";
    let governed = "governance:\n  deploy: { quorum: { at_least: N, group: leads } }\n";
    let write = |n: &str| {
        repo.write("gatos/policies/p.rgs", rules.replace('N', n));
        repo.write("gatos/governance.yaml", governed.replace('N', n));
    };
    write("1");
    repo.gatos(["policy", "lint"]).ok().silent();
    write("2");
    let told = repo.gatos(["policy", "lint"]).ok();
    let few = "1 of its members can sign: nothing meets it; git gatos trust group add leads ACTOR\n";
    told.says(&format!("gatos/policies/p.rgs:5:3: warning: main: ship wants 2 of @leads, and {few}"))
        .says(&format!("gatos/governance.yaml:2:43: warning: deploy wants 2 of @leads, and {few}"));
    assert_eq!(fits("policy-lint", repo.gatos(["policy", "lint", "--json"]).ok().json())["warnings"], 2);
}
