//! Parser and operators against stock Lua 5.4: random sequences, compared where both are defined.

use super::{state, value};
use crate::lua::q32::ArithError;
use crate::lua::{Class, Machine, N, compile};
use mlua::Lua;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::cell::Cell;

const BINARY: [&str; 20] =
    ["+", "-", "*", "//", "%", "&", "|", "~", "<<", ">>", "..", "==", "~=", "<", "<=", ">", ">=", "and", "or", "^"];
const UNARY: [&str; 7] = ["", "", "", "", "- ", "not ", "~ "];

fn sequences() -> impl Strategy<Value = String> {
    let atom = prop_oneof![
        4 => (0..13i64).prop_map(|i| i.to_string()),
        1 => prop::sample::select(vec!["\"a\"", "true", "false", "nil", "#\"abc\""]).prop_map(str::to_owned),
    ];
    let operand = (prop::sample::select(UNARY.to_vec()), prop::sample::select(UNARY.to_vec()), atom, any::<u8>());
    let operand = operand
        .prop_map(|(a, b, atom, n)| if n < 50 { format!("{a}{b}({atom} + 1)") } else { format!("{a}{b}{atom}") });
    let operator = prop::sample::select(BINARY.to_vec());
    (operand.clone(), prop::collection::vec((operator, operand), 1..7))
        .prop_map(|(first, rest)| rest.iter().fold(first, |text, (op, operand)| format!("{text} {op} {operand}")))
}

/// What stock Lua makes of it: integral floats count as integers, for `^` and `/` give floats there.
fn stock(lua: &Lua, e: &str) -> Option<String> {
    let shown = "if math.type(v) == 'float' then v = math.tointeger(v) or error('a fraction') end return tostring(v)";
    lua.load(format!("local v = {e} {shown}")).eval::<String>().ok()
}

fn ours(e: &str) -> Option<String> {
    let source = format!(
        "return function(state, event) local v = {e} if type(v) == \"boolean\" or v == nil then state.v = tostring(v) else state.v = v .. \"\" end return state end"
    );
    let mut machine = Machine::new(&compile(&source).ok()?).expect("it loads");
    machine.step(&value("{}")).ok()?;
    let state = state(&mut machine);
    Some(state[6..state.len() - 2].to_owned())
}

#[test]
fn must_agree_with_stock_lua_where_both_are_defined() {
    let lua = Lua::new();
    let (same, both_fail) = (Cell::new(0u32), Cell::new(0u32));
    let config = Config { cases: 400, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let result = runner.run(&sequences(), |e| match (stock(&lua, &e), ours(&e)) {
        (Some(a), Some(b)) => {
            same.set(same.get() + 1);
            prop_assert_eq!(a, b, "{}", e);
            Ok(())
        }
        (None, None) => {
            both_fail.set(both_fail.get() + 1);
            Ok(())
        }
        // Stock Lua wraps, coerces and knows infinities where the language refuses.
        (Some(_), None) => Ok(()),
        (None, Some(b)) => Err(TestCaseError::fail(format!("{e}: stock Lua fails, ours gives {b}"))),
    });
    result.unwrap_or_else(|e| panic!("{e}"));
    assert!(same.get() > 60 && both_fail.get() > 60, "{} the same, {} fail", same.get(), both_fail.get());
}

/// The right side of an operator runs after the left side was read.
#[test]
fn operands_are_evaluated_from_left_to_right() {
    for (e, wanted) in [
        ("a == bump()", "false"),
        ("a < bump()", "true"),
        ("a + bump()", "3"),
        ("a .. bump()", "12"),
        ("tostring(t[key()])", "old"),
        ("a and bump()", "2"),
    ] {
        let source = format!(
            "return function(state, event) local a, t = 1, {{ k = \"old\" }} \
             local function bump() a = a + 1 return a end local function key() t = {{ k = \"new\" }} return \"k\" end \
             state.v = tostring({e}) return state end"
        );
        let mut machine = super::machine(&source);
        machine.step(&value("{}")).expect("no error");
        assert_eq!(state(&mut machine), format!("{{\"v\":\"{wanted}\"}}"), "{e}");
    }
}

/// The fast paths of the engine against the numbers themselves, at the edges of both kinds.
#[test]
fn must_compute_as_the_numbers_do_at_every_edge() {
    type Operator = fn(N, N) -> Result<N, ArithError>;
    let operators: [(&str, Operator); 6] = [
        ("+", N::checked_add),
        ("-", N::checked_sub),
        ("*", N::checked_mul),
        ("/", N::checked_div),
        ("//", N::checked_idiv),
        ("%", N::checked_mod),
    ];
    let ints = [0, 1, -1, 2, -3, 7, 1 << 31, -(1 << 31), (1 << 32) - 1, 3_037_000_500, -3_037_000_500];
    let large = [i64::MAX, i64::MIN, i64::MAX - 1, i64::MIN + 1, (1 << 62) + 1, -(1 << 62)];
    let fractions = [1, -1, 1 << 31, -(1 << 31), 3 << 30, i64::MAX, i64::MIN + 1, (7 << 32) + 5];
    let numbers: Vec<N> = ints.into_iter().chain(large).map(N::Int).chain(fractions.map(N::Frac)).collect();
    for (op, f) in operators {
        // Written out in the statement, and as an operand of a call.
        for form in ["local v = a OP b state.v = tostring(v)", "state.v = tostring(a OP b)"] {
            let form = form.replace("OP", op);
            let source = format!(
                "return function(state, event) local a, b = tonumber(event.a), tonumber(event.b) {form} return state end"
            );
            let mut machine = super::machine(&source);
            for (a, b) in numbers.iter().flat_map(|a| numbers.iter().map(move |b| (*a, *b))) {
                let event = value(&format!(r#"{{"a":"{a}","b":"{b}"}}"#));
                let got = super::step(&mut machine, &event).map(|_| state(&mut machine)).map_err(|v| v.class);
                let wanted = match f(a, b) {
                    Ok(n) => Ok(format!("{{\"v\":\"{n}\"}}")),
                    Err(ArithError::Zero) => Err(Class::Zero),
                    Err(_) => Err(Class::Overflow),
                };
                assert_eq!(got, wanted, "{a} {op} {b}");
            }
        }
    }
}

/// A literal on the right has a test of its own, and so has a sum behind an `or`.
#[test]
fn must_compute_with_literals_at_every_edge() {
    type Operator = fn(N, N) -> Result<N, ArithError>;
    let operators: [(&str, Operator); 2] = [("+", N::checked_add), ("-", N::checked_sub)];
    let ints = [0, 1, -1, 1 << 53, i64::MAX, i64::MIN, i64::MAX - 7, i64::MIN + 7].map(N::Int);
    let fractions = [1, -1, 3 << 31, i64::MAX, i64::MIN + 1].map(N::Frac);
    for ((op, f), literal) in operators.into_iter().flat_map(|o| [0, 1, 7, i64::MAX].map(|n| (o, n))) {
        for form in ["local v = a OP N", "local v = (a or 3) OP N", "local v = a OP N OP 0"] {
            let form = form.replace("OP", op).replace('N', &literal.to_string());
            let source = format!(
                "return function(state, event) local a = tonumber(event.a) {form} state.v = tostring(v) return state end"
            );
            let mut machine = super::machine(&source);
            for a in ints.into_iter().chain(fractions) {
                let event = value(&format!(r#"{{"a":"{a}"}}"#));
                let got = super::step(&mut machine, &event).map(|_| state(&mut machine)).map_err(|v| v.class);
                let wanted = f(a, N::Int(literal)).map(|n| format!("{{\"v\":\"{n}\"}}")).map_err(|_| Class::Overflow);
                assert_eq!(got, wanted, "{a} {op} {literal}");
            }
        }
    }
}

/// A result of arithmetic is stored by a path of its own: over each kind of value, and with the bound of stored integers.
#[test]
fn results_of_arithmetic_replace_every_kind_of_value() {
    let mut machine = super::machine(
        "return function(state, event) local o = {n = 1, s = 'text', b = true, t = {x = {}}, f = 0.5} state.o = o
         o.n = o.n + event.n o.s = event.n + 1 o.b = event.n + 2 o.t = event.n + 3 o.f = o.f + event.n return state end",
    );
    super::step(&mut machine, &value("{\"n\":4}")).expect("no error");
    let stored = "{\"o\":{\"b\":6,\"f\":4.5,\"n\":5,\"s\":5,\"t\":7}}";
    assert_eq!(state(&mut machine), stored);
    let (kept, measured) = machine.size();
    assert_eq!(kept, measured);
    let verdict = super::step(&mut machine, &value("{\"n\":9007199254740991}")).expect_err("the sum is above 2^53-1");
    assert_eq!((verdict.class, state(&mut machine).as_str()), (Class::Value, stored));
    assert_eq!(machine.size().0, measured);
}

/// The same path over what an earlier event stored: an event that errs behind it is undone.
#[test]
fn results_of_arithmetic_are_undone() {
    let mut machine = super::machine(
        "return function(state, event) local o = state.o if not o then state.o = {n = 1, s = 'text', t = {x = {}}} else
         o.n = o.n + 1 o.s = o.n + 1 o.t = o.n + 1 error('no') end return state end",
    );
    super::step(&mut machine, &value("{}")).expect("no error");
    let (stored, size) = (state(&mut machine), machine.size());
    super::step(&mut machine, &value("{}")).expect_err("it calls error");
    assert_eq!((state(&mut machine), machine.size()), (stored, size));
}

#[test]
fn a_loop_over_what_is_no_table_says_so() {
    for (over, kind) in [("event.none", "nil"), ("event.text", "string"), ("event.half", "number")] {
        for each in ["ipairs", "dpairs"] {
            let source = format!(
                "return function(state, event) for k in {each}({over}) do state[tostring(k)] = 1 end return state end"
            );
            let verdict =
                super::step(&mut super::machine(&source), &value(r#"{"half":0.5,"text":"t"}"#)).expect_err("no table");
            let wanted = format!("bad argument #1 to 'for' (table expected, got {kind})");
            assert_eq!((verdict.class, verdict.message), (Class::Type, wanted), "{source}");
        }
    }
}
