//! Whole against pieces, and with erring events against without: random changes to random states.

use super::{machine_at, program, state, step, value};
use crate::canon::{Value, json};
use crate::lua::lower::Options;
use crate::lua::{Class, Machine, Program, StepError};
use proptest::prelude::*;
use std::collections::BTreeSet;

const MUTATE: &str = include_str!("../../../tests/vectors/lua/mutate.lua");

const OPS: [&str; 26] = [
    "set",
    "set",
    "set",
    "new",
    "array",
    "mark",
    "del",
    "share",
    "clone",
    "move",
    "change_moved",
    "swap",
    "push",
    "insert",
    "remove",
    "sort",
    "shadow",
    "wrap",
    "wrap_clone",
    "keys",
    "length",
    "number",
    "constant",
    "union",
    "count",
    "root",
];
const RARE: [&str; 3] = ["pick", "foreign", "share"];
const KEYS: [&str; 6] = ["1", "2", "3", "\"a\"", "\"b\"", "\"c\""];
const VALUES: [&str; 12] = [
    "1",
    "2.5",
    "\"s\"",
    "true",
    "null",
    "{}",
    "[]",
    "[1,[]]",
    "{\"a\":{}}",
    "[{\"a\":1},{}]",
    "{\"b\":[{}]}",
    "9007199254740991",
];
const NUMBERS: [&str; 4] = ["1", "0.1", "-0.5", "9007199254740991"];

/// One operation by chance: numbers that are taken modulo what there is.
type Op = (u8, u8, u8, u8, u8, u8, u8);
/// The operations of an event, and whether it ends in an error.
type Event = (Vec<Op>, u8);

fn events() -> impl Strategy<Value = Vec<Event>> {
    let op = any::<(u8, u8, u8, u8, u8, u8, u8)>();
    prop::collection::vec((prop::collection::vec(op, 1..4), any::<u8>()), 1..25)
}

fn pick<'a>(from: &[&'a str], n: u8) -> &'a str {
    from[usize::from(n) % from.len()]
}

/// The paths of all tables in a state.
fn paths(v: &Value, at: &mut Vec<String>, out: &mut Vec<String>) {
    if matches!(v, Value::Map(_) | Value::List(_)) {
        out.push(format!("[{}]", at.join(",")));
    }
    let mut enter = |key: String, v: &Value| {
        at.push(key);
        paths(v, at, out);
        at.pop();
    };
    match v {
        Value::Map(map) => map.iter().for_each(|(k, v)| enter(format!("{k:?}"), v)),
        Value::List(items) => items.iter().enumerate().for_each(|(i, v)| enter((i + 1).to_string(), v)),
        _ => {}
    }
}

fn spell((op, p, q, k, k2, v, n): Op, paths: &[String]) -> String {
    let path = |n: u8| if n > 240 { "[\"a\",1]" } else { &paths[usize::from(n) % paths.len()] };
    let op = if op > 245 { pick(&RARE, op) } else { pick(&OPS, op) };
    format!(
        r#"{{"op":"{op}","p":{},"q":{},"k":{},"k2":{},"v":{},"n":{},"i":{},"keep":{},"kk":"{}"}}"#,
        path(p),
        path(q),
        pick(&KEYS, k),
        pick(&KEYS, k2),
        pick(&VALUES, v),
        pick(&NUMBERS, n),
        n % 4,
        n > 127,
        pick(&["base", "list", "none"], k2),
    )
}

fn spell_event((ops, fail): &Event, state: &str) -> Value {
    let mut all = Vec::new();
    paths(&json::parse_state(state.as_bytes()).expect("a state"), &mut Vec::new(), &mut all);
    let ops: Vec<_> = ops.iter().map(|op| spell(*op, &all)).collect();
    // A third of the events ends in an error of some class.
    let class = Class::ALL[usize::from(*fail) % 11];
    let fail = if *fail < 85 { class.as_str() } else { "" };
    value(&format!(r#"{{"fail":"{fail}","ops":[{}]}}"#, ops.join(",")))
}

/// Where a machine that folds everything and one that goes on from a checkpoint part, if they do.
fn difference(program: &Program, events: &[Event]) -> Option<String> {
    let mut whole = Machine::new(program).expect("it loads");
    let mut piece = Machine::new(program).expect("it loads");
    let mut before = "{}".to_owned();
    for (i, event) in events.iter().enumerate() {
        let event = spell_event(event, &before);
        // Now and then another machine, else the same one told to forget.
        if i % 8 == 0 {
            piece = Machine::new(program).expect("it loads");
        }
        let checkpoint = json::parse_state(before.as_bytes()).expect("a state");
        if let Err(e) = piece.set_state(&checkpoint) {
            return Some(format!("event {i}: the checkpoint is refused: {e}"));
        }
        let (a, b) = (whole.step(&event), piece.step(&event));
        let failed = a.is_err();
        if a != b {
            return Some(format!("event {i} {event:?} on {before}: {a:?}, in pieces {b:?}"));
        }
        if matches!(a, Err(StepError::Halt(_))) {
            return Some(format!("event {i}: {a:?}"));
        }
        let (Ok(a), Ok(b)) = (whole.state(), piece.state()) else { return Some(format!("event {i}: no bytes")) };
        if a != b {
            return Some(format!("event {i} {event:?} on {before}: states differ"));
        }
        let (kept, measured) = whole.size();
        if kept != measured || piece.size() != (kept, measured) {
            return Some(format!("event {i} {event:?} on {before}: size {kept} is {measured}"));
        }
        let after = String::from_utf8(a).expect("JSON");
        if failed && after != before {
            return Some(format!("event {i} {event:?} erred and left {after} of {before}"));
        }
        if after.len() > 3000 {
            return None;
        }
        before = after;
    }
    None
}

fn cases(n: u32) -> ProptestConfig {
    ProptestConfig { cases: n, failure_persistence: None, ..ProptestConfig::default() }
}

#[test]
fn must_fold_whole_as_in_pieces_with_erring_events_in_between() {
    let program = program(MUTATE);
    let mut runner = proptest::test_runner::TestRunner::new_with_rng(
        cases(200),
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let result = runner.run(&events(), |events| match difference(&program, &events) {
        None => Ok(()),
        Some(how) => Err(TestCaseError::fail(how)),
    });
    result.unwrap_or_else(|e| panic!("{e}"));
}

/// The property above says something: without the barrier it fails.
#[test]
fn without_the_barrier_whole_and_pieces_differ() {
    let bare = program(MUTATE).with_options(Options { barrier: false, ..Options::default() });
    let mut runner = proptest::test_runner::TestRunner::new_with_rng(
        ProptestConfig { max_shrink_iters: 0, ..cases(200) },
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let result = runner.run(&events(), |events| match difference(&bare, &events) {
        None => Ok(()),
        Some(how) => Err(TestCaseError::fail(how)),
    });
    assert!(result.is_err(), "the barrier is there for something");
}

/// One event of every class, after it has changed the state in every way that the undo log knows.
#[test]
fn must_change_nothing_by_an_event_that_errs_in_any_class() {
    let start = r#"{"a":{"x":1},"d":{"deep":{"s":"text"}},"l":[3,1,2],"m":{"k":"v"},"one":[1]}"#;
    let source = r#"
local function deep(n) return deep(n + 1) + 1 end
return function(state, event)
  local l, taken = state.l, state.a
  state.new = { 1, { two = 2 } }
  state.a = nil
  taken.x = 2
  taken.y = { z = event.part }
  state.b = taken
  state.m.k = "another text"
  state.m.deep, state.d.deep = state.d.deep, state.m.k
  dsort(l)
  table.insert(l, 1, 0)
  table.remove(l, 2)
  table.remove(state.one)
  state.one[1] = "again"
  state.one[1] = nil
  state.empty = json.array({})
  json.array(state.m2 or {})
  local class = event.class
  if class == "fuel" then while true do end
  elseif class == "depth" then deep(1)
  elseif class == "memory" then state.s = string.rep("x", 1048577)
  elseif class == "overflow" then state.s = math.maxinteger * 2
  elseif class == "zero" then state.s = 1 % 0
  elseif class == "type" then state.s = state.missing.field
  elseif class == "shape" then l[9] = 1
  elseif class == "state" then return { again = state, twice = taken }
  elseif class == "frozen" then event.part.n = 1
  elseif class == "error" then error("on purpose")
  elseif class == "value" then state.s = 9007199254740992
  end
  return state
end"#;
    let program = program(source);
    let mut machine = machine_at(&program, start);
    let size = machine.size();
    let mut seen = BTreeSet::new();
    for class in Class::ALL {
        // What makes an event an error before the program runs.
        let odd = if class == Class::Event { "0.30000000000000004" } else { "1" };
        let event = value(&format!(r#"{{"class":"{class}","odd":{odd},"part":{{"n":7}}}}"#));
        let verdict = step(&mut machine, &event).expect_err("every class errs");
        assert_eq!(verdict.class, class, "{verdict}");
        assert_eq!(state(&mut machine), start, "after {verdict}");
        assert_eq!(machine.size(), size, "after {verdict}");
        seen.insert(verdict.class);
    }
    assert_eq!(seen.len(), Class::ALL.len());
    // What comes next is as if none of it had been.
    let event = value(r#"{"class":"none","part":{"n":7}}"#);
    let fuel = step(&mut machine, &event).expect("no error");
    let mut fresh = machine_at(&program, start);
    assert_eq!(step(&mut fresh, &event), Ok(fuel));
    assert_eq!(state(&mut machine), state(&mut fresh));
    assert_ne!(state(&mut fresh), start);
}
