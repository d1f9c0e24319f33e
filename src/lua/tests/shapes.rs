//! Policies, predicates, limits of the machine, and what a program can be seen to read.

use super::{machine, program, state, step, value};
use crate::canon::{Value, json};
use crate::lua::{Class, LuaError, Machine, Shape, StepError, compile, open_elc};
use std::collections::BTreeSet;

fn names(list: &[&str]) -> Option<BTreeSet<String>> {
    Some(list.iter().map(|s| (*s).to_owned()).collect())
}

#[test]
fn a_policy_judges_frozen_arguments() {
    let source = "return function(intent, facts)
      if intent.verb == \"append\" and facts.keys[intent.key] then return { verdict = \"allow\", ratio = 0.5 } end
      if intent.cheat then facts.keys.x = true end
      return { verdict = \"deny\", rule = \"none\", reasons = json.array({}) }
    end";
    let (read, mut machine) = open_elc(program(source).elc()).expect("own ELC");
    assert_eq!(read.shape(), Shape::Fold);
    let facts = value(r#"{"keys":{"k1":true}}"#);
    let (allow, fuel) = machine.judge(&value(r#"{"verb":"append","key":"k1"}"#), &facts).expect("a decision");
    assert_eq!(allow, Value::map([("verdict", Value::from("allow")), ("ratio", Value::Fixed(1 << 31))]));
    assert!(fuel > 0);
    let (deny, _) = machine.judge(&value(r#"{"verb":"append","key":"k2"}"#), &facts).expect("a decision");
    assert_eq!(deny, value(r#"{"reasons":[],"rule":"none","verdict":"deny"}"#));
    let cheat = machine.judge(&value(r#"{"verb":"x","key":"k2","cheat":true}"#), &facts);
    assert!(matches!(cheat, Err(StepError::Verdict(v)) if v.class == Class::Frozen));
}

#[test]
fn a_predicate_answers_true_or_false() {
    let below = program("return function(state) return (state.inventory.widgets or 0) < 0 end");
    assert_eq!(below.shape(), Shape::Predicate);
    let mut machine = Machine::new(&below).expect("it loads");
    assert_eq!(machine.test(&value(r#"{"inventory":{"widgets":-1}}"#)), Ok(true));
    assert_eq!(machine.test(&value(r#"{"inventory":{"widgets":3}}"#)), Ok(false));
    assert!(matches!(machine.test(&value("{}")), Err(StepError::Verdict(v)) if v.class == Class::Type));
    let mut other = super::machine("return function(state) return state.n end");
    assert!(matches!(other.test(&value(r#"{"n":1}"#)), Err(StepError::Verdict(v)) if v.class == Class::Type));
}

#[test]
fn what_a_program_reads_is_seen_or_said_to_be_unknown() {
    let counter = program(include_str!("../../../lua/samples/counter.lua"));
    assert_eq!(counter.fields_read(1), names(&["payload", "type"]));
    assert_eq!(counter.fields_read(0), None, "the state is returned whole");
    assert_eq!(counter.fields_read(2), names(&[]));
    for (body, wanted) in [
        ("local x = e.a e.b.c = e[\"d\"]", names(&["a", "b", "d"])),
        ("local f = function() return e.inner end", names(&["inner"])),
        ("local x = s.a", names(&[])),
        ("local x = e", None),
        ("local x = e[s.k]", None),
        ("for k in dpairs(e) do end", None),
        ("for k in dpairs(e.m) do end", names(&["m"])),
        ("local x = clone(e)", None),
        ("e = e.a", None),
        ("do local e = s.z local x = e.q end", names(&[])),
        ("if e.a then elseif e.b then else local x = -e.c end", names(&["a", "b", "c"])),
    ] {
        let program = program(&format!("return function(s, e) {body} return s end"));
        assert_eq!(program.fields_read(1), wanted, "{body}");
    }
}

/// Fields that are not read are not handed over, and are checked all the same.
#[test]
fn what_is_not_read_changes_no_answer() {
    let mut reads = machine("return function(state, event) state.t = event.t return state end");
    let mut copies = machine("return function(state, event) local e = event state.t = e.t return state end");
    for event in [
        r#"{"t":1,"x":{"y":[1,2,{"z":0.5}]}}"#,
        r#"{"t":2,"x":0.30000000000000004}"#,
        r#"{"t":3,"x":[[[0.123456789012]]]}"#,
        r#"{"x":"no t"}"#,
    ] {
        let class = |m: &mut Machine| step(m, &value(event)).map(|_| ()).map_err(|v| v.class);
        assert_eq!(class(&mut reads), class(&mut copies), "{event}");
        assert_eq!(state(&mut reads), state(&mut copies));
    }
    let deep = format!("{{\"t\":4,\"x\":{}1{}}}", "[".repeat(64), "]".repeat(64));
    assert_eq!(step(&mut reads, &value(&deep)).map_err(|v| v.class), Err(Class::Event));
    assert_eq!(step(&mut copies, &value(&deep)).map_err(|v| v.class), Err(Class::Event));
}

#[test]
fn a_state_that_is_none_is_refused() {
    let mut machine = machine("return function(state, event) return state end");
    for bad in ["[]", "1", r#"{"_provenance":"x"}"#, r#"{"x":0.30000000000000004}"#] {
        assert!(matches!(machine.set_state(&value(bad)), Err(LuaError::State { .. })), "{bad}");
    }
    let good = json::parse_state(br#"{"a":[],"b":{},"c":0.1,"n":null}"#).expect("a state");
    machine.set_state(&good).expect("a state");
    assert_eq!(state(&mut machine), r#"{"a":[],"b":{},"c":0.1,"n":null}"#);
    // Keys are sorted as canonical JSON sorts them, by UTF-16 units.
    machine.set_state(&value("{\"\u{ffff}\":1,\"\u{1f600}\":2}")).expect("a state");
    assert_eq!(state(&mut machine), "{\"\u{1f600}\":2,\"\u{ffff}\":1}");
}

#[test]
fn the_reserved_key_and_a_list_for_a_root_are_state_errors() {
    for body in [
        "state._provenance = 1",
        "local k = \"_prov\" .. \"enance\" state[k] = {}",
        "set.add(state, \"_provenance\")",
        "return { _provenance = 1 }",
        "return { 1 }",
        "return json.array({})",
        "state[1] = 1",
        "table.insert(state, 1)",
        "json.array(state)",
    ] {
        let source = format!("return function(state, event) do {body} end return state end");
        let mut machine = machine(&source);
        assert_eq!(step(&mut machine, &value("{}")).map_err(|v| v.class), Err(Class::State), "{body}");
        assert_eq!(state(&mut machine), "{}");
    }
}

#[test]
fn a_constant_that_cannot_be_computed_is_a_finding() {
    let findings =
        compile("local a = 1\nlocal b = a // 0\nreturn function(s, e) return s end").expect_err("no constant");
    assert_eq!((findings[0].code, findings[0].line), ("E012", 2), "{}", findings[0]);
}

/// Nothing that a program can name reaches the marks by which the barrier knows tables.
#[test]
fn marks_cannot_be_read_or_forged() {
    for key in ["\"d\"", "\"\\u{ff}d\"", "true", "0", "-1", "0.5", "json.null"] {
        let source =
            format!("return function(state, event) state.x = {{}} state.y = state.x[{key}] == nil return state end");
        let mut machine = machine(&source);
        step(&mut machine, &value("{}")).expect("no error");
        assert_eq!(state(&mut machine), r#"{"x":{},"y":true}"#, "{key}");
    }
    for e in ["(1).d", "(\"s\").len", "(true).x", "(0.5).x", "json.null.x", "type.x"] {
        let source = format!("return function(state, event) state.x = {e} return state end");
        assert_eq!(step(&mut machine(&source), &value("{}")).map_err(|v| v.class), Err(Class::Type), "{e}");
    }
}
