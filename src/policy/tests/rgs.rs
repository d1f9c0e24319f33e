use crate::canon::{Value, json};
use crate::lua::Machine;
use crate::policy::Glob;
use crate::policy::rgs::{Adr, Functions, closed, compile, extract, functions};
use proptest::prelude::*;

fn value(text: &str) -> Value {
    json::parse(text.as_bytes()).unwrap()
}

/// Verdict and rule, as in `deny:a`; what a file of rules says of an intent.
fn judged(source: &str, intent: &str, facts: &str) -> String {
    let compiled = match compile(source, "policies/t.rgs", None, &Functions::default()) {
        Ok(compiled) => compiled,
        Err(faults) => panic!("{faults:?}"),
    };
    let mut machine = Machine::new(&compiled.program).unwrap();
    match machine.judge(&value(intent), &value(facts)) {
        Ok((Value::Null, _)) => "nothing".into(),
        Ok((answer, _)) => {
            let text = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or("?").to_owned();
            format!("{}:{}", text("verdict"), text("rule"))
        }
        Err(e) => format!("error: {e}"),
    }
}

fn faults(source: &str) -> String {
    match compile(source, "policies/t.rgs", None, &Functions::default()) {
        Ok(compiled) => closed(&compiled.rules).iter().map(|f| format!("warning {f}\n")).collect(),
        Err(faults) => faults.iter().map(|f| format!("{f}\n")).collect(),
    }
}

const FINANCE: &str = r#"policy "production" version 1

rule "journal.finance"
  on emit "finance"
  allow if cap("journal:append:finance")
  deny  if payload.amount > 10000 and not granted("finance.large", event)
  because "large payments need two of @treasury"
  hint    "git gatos propose finance.large --target {event.intent}"

-- Main belongs to everybody, but for the API.
rule "main"
  on push "refs/heads/main"
  allow if fast_forward

rule "ADR-0042"
  on push "refs/heads/main", "refs/heads/release/*"
  when changed("api/**")
  require 2 of @leads for "api.break"
  because "API breaking changes require 2-of-3 quorum"
"#;

#[test]
fn the_first_denial_wins_then_the_first_permission() {
    let emit = |amount: i64| {
        format!(r#"{{"verb":"emit","ns":"finance","type":"pay","actor":"user:a","payload":{{"amount":{amount}}}}}"#)
    };
    let holder = r#"{"caps":["journal:append:fin*"],"grants":{}}"#;
    assert_eq!(judged(FINANCE, &emit(5), holder), "allow:journal.finance");
    assert_eq!(judged(FINANCE, &emit(5), "{}"), "nothing");
    assert_eq!(judged(FINANCE, &emit(10001), holder), "deny:journal.finance");
    let granted =
        r#"{"caps":["journal:append:*"],"grants":{"finance.large":{"id":"x","n":2,"m":3,"group":"treasury"}}}"#;
    assert_eq!(judged(FINANCE, &emit(10001), granted), "allow:journal.finance");
    assert!(judged(FINANCE, &emit(5).replace("amount", "sum"), holder).starts_with("error"));
    assert_eq!(judged(FINANCE, r#"{"verb":"emit","ns":"main"}"#, holder), "nothing");
}

#[test]
fn a_quorum_is_asked_where_a_path_changed() {
    let push = |name: &str| format!(r#"{{"verb":"push","ref":"{name}","fast_forward":true}}"#);
    let facts =
        |count: i64, grants: &str| format!(r#"{{"changed":{{"api/**":{{"count":{count}}}}},"grants":{grants}}}"#);
    let quorum = |n: i64, group: &str| format!(r#"{{"api.break":{{"n":{n},"m":3,"group":"{group}"}}}}"#);
    for (name, facts, said) in [
        ("refs/heads/main", facts(0, "{}"), "allow:main"),
        ("refs/heads/main", facts(1, "{}"), "deny:ADR-0042"),
        ("refs/heads/main", facts(1, &quorum(1, "leads")), "deny:ADR-0042"),
        ("refs/heads/main", facts(1, &quorum(2, "others")), "deny:ADR-0042"),
        ("refs/heads/main", facts(1, &quorum(2, "leads")), "allow:main"),
        ("refs/heads/release/1", facts(1, &quorum(3, "leads")), "allow:ADR-0042"),
        ("refs/heads/release/1", facts(1, "{}"), "deny:ADR-0042"),
        ("refs/heads/release/1/2", facts(1, "{}"), "nothing"),
        ("refs/heads/other", facts(1, "{}"), "nothing"),
    ] {
        assert_eq!(judged(FINANCE, &push(name), &facts), said, "{name} {facts}");
    }
    // What is not known is no permission.
    assert!(judged(FINANCE, &push("refs/heads/main"), "{}").starts_with("error"));
}

#[test]
fn faults_name_line_column_rule_and_the_way_out() {
    let rule = |body: &str| format!("policy \"p\" version 1\nrule \"a\"\n{body}");
    for (source, fault) in [
        ("", "1:1: policy: a file begins with: policy \"NAME\" version N"),
        ("policy \"p\" version 0\nrule \"a\"\n on emit\n allow", "1:7: policy: a version is a whole number from 1"),
        (&rule("  on emit\n  allow if actor ==\n    and true"), "5:5: a: E000"),
        (&rule("  on emit\n  allow if nobody"), "4:12: a: L003: unknown global 'nobody'"),
        (&rule("  on emit \"main\"\n  deny if changed(\"x\")"), "4:10: a: changed is known of push alone"),
        (&rule("  on push\n  deny if changed(ref)"), "4:10: a: changed wants its glob as a text in place"),
        (&rule("  on emit\n  allow if true)\n or (true"), "4:16: a: E000"),
        (&rule("  on emit\n  allow if (function() return true end)()"), "4:11: a: E013"),
        (&rule("  on emits\n  allow"), "3:6: a: emits is no verb; the verbs are emit push"),
        (&rule("  on emit\n  require two of @x for \"y\""), "4:3: a: it is: require N of @GROUP for \"ACTION\""),
        (&rule("  on emit\n  deny\n  because \"{payload.iban}\""), "5:11: a: a text names no payload"),
        (&rule("  allow"), "2:1: a: it says nothing it is asked about"),
        (&rule("  on emit"), "2:1: a: it neither allows nor denies"),
        (&rule("  on emit\n  allow if event"), "4:11: a: name a member of event"),
        (&rule("  on emit\n  allow if cap"), "4:11: a: cap is a predicate; call it: cap(…)"),
        (&rule("  on emit\n  allow if cap()"), "4:11: a: cap takes 1 argument, not 0"),
        (&rule("  on emit \"a\" \"b\"\n  allow"), "3:15: a: names stand in \"…\" with commas between them"),
        (&rule("  on policy.activate \"x\"\n  allow"), "3:6: a: policy.activate has no name behind it"),
        (&rule("  on emit\n  deny"), "warning 2:1: a: no rule allows emit"),
    ] {
        assert!(faults(source).contains(fault), "{source}\n--\n{}", faults(source));
    }
}

/// A function is equal to no value, and as a condition it always holds.
#[test]
fn must_refuse_a_function_that_is_not_called() {
    let rule = |on: &str, e: &str| format!("policy \"p\" version 1\nrule \"a\"\n on {on}\n allow\n deny if {e}");
    for (on, e, fault) in [
        ("emit", "type == \"bad\"", "5:10: a: type is a function; call it: type(…); or is it event.type?"),
        (
            "emit",
            "ns == \"a\"\n  or (type) ~= ns",
            "6:7: a: type is a function; call it: type(…); or is it event.type?",
        ),
        ("propose", "type == \"bad\"", "5:10: a: type is a function; call it: type(…); or is it action?"),
        ("push", "type == \"bad\"", "5:10: a: type is a function; call it: type(…)\n"),
        ("emit", "tostring", "5:10: a: tostring is a function; call it: tostring(…)\n"),
        ("emit", "tostring(string.upper) == \"bad\"", "5:19: a: string.upper is a function"),
        ("emit", "type.x", "5:10: a: type is a function"),
        ("emit", "type[1]", "5:10: a: type is a function"),
        ("emit", "type:upper() == ns", "5:10: a: type is a function"),
    ] {
        assert!(faults(&rule(on, e)).contains(fault), "{e}\n--\n{}", faults(&rule(on, e)));
    }
    for good in [
        "type(payload) == \"table\"",
        "event.type == \"bad\"",
        "ns:upper() == string.upper(ns)",
        "payload.x == json.null",
        "#dkeys(payload) > math.maxinteger",
        "({ type = ns }).type == ns",
    ] {
        assert_eq!(faults(&rule("emit", good)), "", "{good}");
    }
}

#[test]
fn what_would_allow_is_told_without_comments() {
    let rule = "policy \"p\" version 1\nrule \"a\"\n on emit\n allow if ns == \"a--b\" -- no\n  or known() -- yes\n\n-- Of b.\nrule \"b\"\n on emit\n allow";
    let compiled = compile(rule, "t", None, &Functions::default()).unwrap();
    assert_eq!(compiled.rules[0].allows, ["ns == \"a--b\" or known()"]);
    assert!(!compiled.rules[0].text.contains("Of b"), "{}", compiled.rules[0].text);
    let rule = "policy \"p\" version 1\nrule \"a\"\n on emit\n allow if known() -- all\n -- of them\n\nrule \"b\"\n on emit\n allow";
    let compiled = compile(rule, "t", None, &Functions::default()).unwrap();
    assert_eq!(compiled.rules[0].allows, ["known()"]);
}

#[test]
fn a_decision_in_markdown_is_law() {
    let text = "# ADR-0042: The API is stable\n\nWhy.\n\n```rgs\nrule\n  on push \"refs/heads/main\"\n  when changed(\"api/**\")\n  deny\n```\n";
    let decision = extract(text, "0042-api").unwrap().unwrap();
    assert_eq!(decision.adr, Adr { id: "ADR-0042".into(), title: "The API is stable".into() });
    let compiled = compile(&decision.source, "d.md", Some(&decision.adr), &Functions::default()).unwrap();
    assert_eq!((compiled.rules[0].id.as_str(), compiled.rules[0].line), ("ADR-0042", 6));
    assert!(compiled.lua.contains("The API is stable"));
    assert_eq!(compiled.rules[0].changed, [Glob::new("api/**").unwrap()]);
    assert_eq!(extract("# Nothing\n\n```lua\nrule\n```\n", "0001-x").unwrap(), None);
    assert_eq!(extract("```rgs\nrule\n", "0001-x").unwrap_err().0, 1);
    assert!(extract("```rgs\nrule\n```", "notes").is_err());
    let other = decision.source.replace("rule\n", "rule \"b\"\n");
    assert!(compile(&other, "d.md", Some(&decision.adr), &Functions::default()).is_err());
}

#[test]
fn rules_call_functions_of_lua_files() {
    let source = "local limit = 100\nlocal function large(p) return p.amount > limit end\n";
    let declared = functions(source).unwrap();
    let names: Vec<(&str, bool)> = declared.iter().map(|d| (d.name.as_str(), d.is_function)).collect();
    assert_eq!(names, [("limit", false), ("large", true)]);
    let rgs = "policy \"p\" version 1\nrule \"a\"\n on emit\n allow\n deny if large(payload)";
    let own = Functions { source: source.into(), declared };
    let compiled = compile(rgs, "t", None, &own).unwrap();
    let mut machine = Machine::new(&compiled.program).unwrap();
    let intent = value(r#"{"verb":"emit","ns":"main","payload":{"amount":101}}"#);
    let (answer, _) = machine.judge(&intent, &value("{}")).unwrap();
    assert_eq!(answer.get("verdict").and_then(Value::as_str), Some("deny"));
    // Not called, it would hold always.
    let faults = compile(&rgs.replace("large(payload)", "large"), "t", None, &own).unwrap_err();
    assert!(faults[0].to_string().contains("5:9: a: large is a function; call it: large(…)"), "{faults:?}");
    for good in ["limit > 1", "#dsort({limit}, large) > 0"] {
        assert!(compile(&rgs.replace("large(payload)", good), "t", None, &own).is_ok(), "{good}");
    }
    assert!(functions("local function cap() return true end").is_err());
    assert!(functions("return function(state) return state end").is_err());
}

/// Texts that look like rules, more or less.
fn nearly() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "policy",
            "rule",
            "on",
            "when",
            "allow",
            "deny",
            "require",
            "because",
            "hint",
            "if",
            "emit",
            "push",
            "\"a\"",
            "\"{actor}\"",
            "\"\\\"",
            "version",
            "1",
            "2 of @leads for",
            "cap(\"x\")",
            "payload.a",
            "event",
            "(",
            ")",
            "{",
            "}",
            "[[",
            "]]",
            "--",
            "\n",
            "\r\n",
            " ",
            ",",
            "\u{0}",
            "é",
            "end",
            "function()",
            "..",
            "or",
            "\"*/**\"",
            "==",
        ])
        .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.join(" "))
}

proptest! {
    #[test]
    fn must_read_any_text_without_a_panic(text in nearly(), rest in nearly()) {
        let _ = compile(&text, "t", None, &Functions::default());
        let _ = compile(&format!("policy \"p\" version 1\nrule \"a\"\n on emit\n {text}\n {rest}"), "t", None, &Functions::default());
        let _ = extract(&text, "0001-x");
        let _ = functions(&text);
    }

    #[test]
    fn must_name_subjects_in_the_machine_as_outside(glob in "[ab/*]{1,7}", text in "[ab/]{0,7}") {
        if let Ok(good) = Glob::new(&glob) {
            let source = format!("policy \"p\" version 1\nrule \"a\"\n on push \"{glob}\"\n allow");
            let said = judged(&source, &format!(r#"{{"verb":"push","ref":"{text}"}}"#), "{}");
            prop_assert_eq!(said == "allow:a", good.matches(&text), "{} {}: {}", glob, text, said);
        }
    }
}
