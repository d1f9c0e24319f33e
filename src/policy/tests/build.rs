use crate::policy::{Bundle, Governance, Quorum, Sources, TEMPLATES, Verb, build, cases};

fn sources(files: &[(&str, &str)]) -> Sources {
    files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
}

#[test]
fn every_template_passes_its_own_cases() {
    for template in TEMPLATES {
        let built = build(&sources(template.files)).unwrap_or_else(|faults| panic!("{}: {faults:?}", template.name));
        assert_eq!(built.warnings, [], "{}", template.name);
        let bundle = Bundle::candidate(built.files).unwrap();
        let (_, table) = template.files.iter().find(|(path, _)| path.ends_with(".cases.yaml")).unwrap();
        let table = cases::read(table).unwrap();
        for judged in cases::run(&bundle, &table).unwrap() {
            assert!(judged.holds(), "{}: {judged:?}", template.name);
        }
        assert!(table.len() >= 4);
    }
}

#[test]
fn files_speak_in_the_order_of_their_names_and_a_denial_anywhere_wins() {
    let rule = |id: &str, clause: &str| {
        format!("policy \"{id}\" version 1\nrule \"{id}\"\n on emit\n on push \"x/*\"\n {clause}")
    };
    let built = build(&sources(&[
        ("gatos/policies/0020-b.rgs", &rule("b", "allow")),
        ("gatos/policies/0010-a.rgs", &rule("a", "allow")),
        ("docs/decisions/0015-c.md", "# ADR-0015: No c\n\n```rgs\nrule\n on emit \"c\"\n on push \"y\"\n deny\n```\n"),
        ("docs/decisions/0016-d.md", "# No law\n"),
        ("gatos/schema/pay.json", r#"{"type":"object","required":["n"]}"#),
        ("gatos/folds/main.lua", "return function(state, event) return state end"),
    ]))
    .unwrap();
    let paths: Vec<&str> = built.files.keys().map(String::as_str).collect();
    assert!(paths.contains(&"decisions/0015-c.elc") && paths.contains(&"policies/rules.json"), "{paths:?}");
    assert!(paths.contains(&"folds/main.elc") && !paths.contains(&"policy/default.elc"), "{paths:?}");
    let bundle = Bundle::candidate(built.files).unwrap();
    assert_eq!(bundle.rules().iter().map(|r| r.id.as_str()).collect::<Vec<_>>(), ["a", "ADR-0015", "b"]);
    assert!(bundle.names(Verb::Push, "x/1") && bundle.names(Verb::Push, "y") && !bundle.names(Verb::Push, "z"));
    let table = "actors: { a: { actor: user:a } }\ncases:\n\
        - { who: a, what: { verb: emit, ns: main, type: add, payload: 1 }, verdict: allow, rule: a }\n\
        - { who: a, what: { verb: emit, ns: c, type: add, payload: 1 }, verdict: deny, rule: ADR-0015 }\n\
        - { who: a, what: { verb: emit, ns: main, type: pay, payload: {} }, verdict: deny, rule: schema.pay }\n\
        - { who: a, what: { verb: publish, topic: t }, verdict: deny, rule: none }\n";
    for judged in cases::run(&bundle, &cases::read(table).unwrap()).unwrap() {
        assert!(judged.holds(), "{judged:?}");
    }
}

#[test]
fn faults_name_their_file() {
    let faults = build(&sources(&[
        ("gatos/policies/a.rgs", "policy \"a\" version 1\nrule \"r\"\n on emit\n allow"),
        ("gatos/policies/b.rgs", "policy \"b\" version 1\nrule \"r\"\n on emit\n allow"),
        ("gatos/policies/f.lua", "local function cap() end"),
        ("gatos/schema/pay.json", r#"{"pattern":"x"}"#),
        ("gatos/folds/main.lua", "return 1"),
        ("gatos/governance.yaml", "governance:\n  a: &x { quorum: { at_least: 2, group: g } }\n"),
    ]))
    .unwrap_err();
    let shown: String = faults.iter().map(|(path, f)| format!("{path}:{f}\n")).collect();
    for part in [
        "gatos/policies/b.rgs:2:1: r: gatos/policies/a.rgs has a rule of this name",
        "gatos/policies/f.lua:1:1: policy: cap is a name of the language",
        "gatos/schema/pay.json:1:1: policy: /pattern is not known here",
        "gatos/folds/main.lua:",
        "gatos/governance.yaml:2:",
    ] {
        assert!(shown.contains(part), "{part}\n--\n{shown}");
    }
}

#[test]
fn governance_is_read_strictly() {
    let text = "governance:\n  publish.artifact: { quorum: { at_least: 2, group: leads }, ttl: PT72H }\n  a: { quorum: { all_of: [x, y] } }\n";
    let governance = Governance::from_yaml(text).unwrap();
    assert_eq!(governance.actions["publish.artifact"].ttl.0, 72 * 3600);
    assert!(matches!(&governance.actions["a"].quorum, Quorum::AllOf(groups) if groups.len() == 2));
    assert_eq!(Governance::parse(&governance.encode()).unwrap(), governance);
    assert_eq!(Governance::from_yaml("").unwrap(), Governance::default());
    for bad in [
        "governance: { a: { quorum: { at_least: 0, group: g } } }",
        "governance: { a: { quorum: { at_least: 1, group: g }, tll: PT1H } }",
        "governance: { a: { quorum: { at_least: 1, group: g } }, a: { quorum: { at_least: 2, group: g } } }",
        "governance: { a: !x { quorum: { at_least: 1, group: g } } }",
        "a: 1\n---\nb: 2",
        "governance: { a: { quorum: { at_least: 1, group: g }, ttl: P1Y } }",
        "[",
    ] {
        assert!(Governance::from_yaml(bad).is_err(), "{bad}");
    }
}
