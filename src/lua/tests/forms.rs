//! The compiled form: what changes `fold_root` and what does not, golden files, print and parse.

use super::print::print;
use super::{conf, program};
use crate::canon::text;
use crate::lua::{compile, read_elc};

/// Every fold that ships, with its compiled form.
const SAMPLES: [(&str, &str, &str); 2] = [
    (
        "counter",
        include_str!("../../../lua/samples/counter.lua"),
        include_str!("../../../tests/vectors/lua/counter.elc.hex"),
    ),
    (
        "invoices",
        include_str!("../../../lua/samples/invoices.lua"),
        include_str!("../../../tests/vectors/lua/invoices.elc.hex"),
    ),
];

#[test]
fn must_compile_every_sample_to_its_golden_bytes() {
    for (name, source, golden) in SAMPLES {
        assert_eq!(
            text::hex(program(source).elc()),
            golden.trim(),
            "{name}: the compiled form is stored; do not change it"
        );
        assert!(crate::lua::lint(source).is_empty(), "{name} has findings");
    }
}

#[test]
fn layout_names_quotes_and_sugar_do_not_change_the_root() {
    let a = "local function f(x) return x:upper() end\n\
             return function(state, event) state.a = f('x\\65') .. (1 + 2) - 3 * -4 if event.x then elseif event.y then state.b = {} end return state end";
    let b = "-- a comment\nlocal function  g ( name ) --[[ and\n another ]]\n return string.upper((name)) ; end\n\
             return function(s, ev)\n s[\"a\"] = g \"xA\" .. ((1+2) - ((3) * -4)); if ev['x'] then else if ev.y then s.b = {} end end return (s) end";
    let c = "local function f(x) return x:upper() end\n\
             return function(state, event) state.a = f('x\\65') .. (1 + 2) - (3 * -4) if event.x then elseif event.y then state.b = {} end return state end";
    assert_eq!(program(a).root(), program(c).root());
    assert_eq!(program(a).root(), program(b).root());
}

/// Errors are placed right behind an `else if` that became an arm.
#[test]
fn positions_survive_else_if() {
    let source = "return function(state, event)\n  if event.a then state.x = 1\n  else\n    if event.b then\n      state.x = 2\n    else\n      state.x = {} + 1\n    end\n  end\n  return state\nend";
    let verdict = super::step(&mut super::machine(source), &super::value("{}")).expect_err("a table is no number");
    assert_eq!((verdict.line, verdict.col), (7, 7), "{verdict}");
}

#[test]
fn what_changes_behaviour_changes_the_root() {
    let base = "return function(state, event) state.x = event.a + 1 return state end";
    let others = [
        "return function(state, event) state.x = event.a + 2 return state end",
        "return function(state, event) state.x = 1 + event.a return state end",
        "return function(event, state) state.x = event.a + 1 return state end",
        "return function(state, event) state.y = event.a + 1 return state end",
        "return function(state, event) do state.x = event.a + 1 end return state end",
        "return function(state, event) local x = 1 state.x = event.a + x return state end",
    ];
    others.iter().for_each(|other| assert_ne!(program(base).root(), program(other).root(), "{other}"));
}

#[test]
fn must_read_back_what_is_printed() {
    let mut n = 0;
    let samples = SAMPLES.iter().map(|(_, source, _)| (*source).to_owned());
    let mutate = include_str!("../../../tests/vectors/lua/mutate.lua").to_owned();
    for source in conf::sources().into_iter().chain(samples).chain([mutate]) {
        let Ok(program) = compile(&source) else { continue };
        let printed = print(program.elc());
        let again = compile(&printed).unwrap_or_else(|f| panic!("{}\n{printed}", f[0]));
        assert_eq!(again.root(), program.root(), "{source}\n{printed}");
        assert_eq!(read_elc(program.elc()).expect("own ELC").root(), program.root());
        n += 1;
    }
    assert!(n > 80, "{n} programs were printed");
}
