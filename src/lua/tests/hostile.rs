//! What strangers send: no source and no ELC makes the compiler panic, hang or put text of its own into the program.

use super::conf;
use crate::canon::{Value, cbor};
use crate::lua::tree::{Binary, Expr, Function, Stmt};
use crate::lua::{ElcError, compile, elc, lint, read_elc};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

fn runner(cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

const WORDS: [&str; 48] = [
    "local",
    "function",
    "return",
    "end",
    "if",
    "then",
    "else",
    "elseif",
    "while",
    "do",
    "repeat",
    "until",
    "for",
    "in",
    "goto",
    "break",
    "x",
    "y",
    "state",
    "dpairs",
    "string",
    "string.sub",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "=",
    "==",
    "..",
    "...",
    ",",
    ";",
    "::",
    "::x::",
    "1",
    "0.5",
    "9223372036854775808",
    "\"s\"",
    "[[",
    "]]",
    "--[[",
    "-",
    "not",
    "#",
    "<const>",
    "\u{1F600}",
];

#[test]
fn no_source_panics() {
    let words = prop::collection::vec(prop::sample::select(WORDS.to_vec()), 0..60).prop_map(|w| w.join(" "));
    runner(300)
        .run(&words, |source| {
            lint(&source);
            Ok(())
        })
        .unwrap_or_else(|e| panic!("{e}"));
    runner(200)
        .run(&any::<String>(), |source| {
            lint(&source);
            Ok(())
        })
        .unwrap_or_else(|e| panic!("{e}"));
}

#[test]
fn cut_and_spliced_sources_do_not_panic() {
    let all = conf::sources().join("\n");
    let chars: Vec<char> = all.chars().collect();
    let cuts = (0..chars.len(), 1..400usize, 0..chars.len(), 1..400usize);
    runner(200)
        .run(&cuts, |(a, n, b, m)| {
            let part = |at: usize, n: usize| chars[at..(at + n).min(chars.len())].iter().collect::<String>();
            lint(&(part(a, n) + &part(b, m)));
            Ok(())
        })
        .unwrap_or_else(|e| panic!("{e}"));
}

#[test]
fn deep_and_long_sources_are_findings() {
    let around = |open: &str, n: usize, close: &str| {
        format!("return function(s, e) local x = {}1{} return s end", open.repeat(n), close.repeat(n))
    };
    for source in [
        around("(", 100_000, ")"),
        around("{", 100_000, "}"),
        around("-", 1, "") + &"- ".repeat(100_000),
        around("f(", 5_000, ")"),
        around("function() return ", 5_000, " end"),
        format!("return function(s, e) {} return s end", "do ".repeat(50_000)),
        format!("return function(s, e) local x = 1{} return s end", " + 1".repeat(50_000)),
        format!("return function(s, e) local x = s{} return s end", ".x".repeat(50_000)),
        format!("return function(s, e) local x = 2{} return s end", " ^ 2".repeat(50_000)),
        "x".repeat(1 << 20) + "y",
    ] {
        let findings = compile(&source).expect_err("too deep or too long");
        assert!(findings.iter().any(|f| f.code.starts_with("E0")), "{:?}", findings[0]);
    }
    // What is allowed does load.
    let locals: String = (0..140).map(|i| format!("local v{i} = e.a{i} ")).collect();
    let full = format!(
        "return function(s, e) {locals} for i = 1, 3 do for k, v in dpairs(e) do s.x = v1 + v2 * (v3 - v4 * (v5 + 1)) end end return s end"
    );
    assert!(compile(&full).is_ok(), "a full function");
    for n in [10, 100, 150] {
        let sum = format!("return function(s, e) s.x = 1{} return s end", " + 1".repeat(n));
        assert!(compile(&sum).is_ok(), "{n} additions");
        let any = format!("return function(s, e) s.x = e.a{} return s end", " or e.a".repeat(n));
        assert!(compile(&any).is_ok(), "{n} times or");
    }
}

fn fold(body: Vec<Stmt>) -> Vec<Stmt> {
    vec![Stmt::Return(vec![Expr::Function(Function { params: vec![0, 1], varargs: false, body }.into())])]
}

fn refused(body: &[Stmt]) -> String {
    let bytes = elc::encode(body).expect("it has bytes");
    match read_elc(&bytes).expect_err("a rule is broken") {
        ElcError::Rule { rule } => rule,
        other => panic!("{other}"),
    }
}

#[test]
fn every_rule_of_elc_is_checked() {
    let local = |id| Expr::Local(id);
    let call = |name: &str| Stmt::Call(Expr::Call(Expr::Builtin(name.into()).into(), vec![]));
    for (body, why) in [
        (fold(vec![call("type) H.setfix(")]), "built-in"),
        (fold(vec![call("pairs")]), "built-in"),
        (fold(vec![call("table.dkeys")]), "built-in"),
        (fold(vec![Stmt::Return(vec![local(7)])]), "in scope"),
        (fold(vec![Stmt::Local(vec![9], vec![])]), "order of declaration"),
        (fold(vec![Stmt::Do(vec![Stmt::Local(vec![2], vec![])]), Stmt::Return(vec![local(2)])]), "in scope"),
        (fold(vec![Stmt::Return(vec![]), Stmt::Break]), "ends its block"),
        (fold(vec![Stmt::Break]), "in a loop"),
        (fold(vec![Stmt::Goto(1)]), "a label behind"),
        (fold(vec![Stmt::Label(vec![1])]), "own block"),
        (fold(vec![Stmt::Do(vec![Stmt::Label(vec![])])]), "lists its jumps"),
        (fold(vec![Stmt::Set(vec![Expr::Int(1)], vec![Expr::Nil])]), "only locals and fields"),
        (fold(vec![Stmt::Return(vec![Expr::Dots])]), "vararg"),
        (fold(vec![Stmt::Return(vec![Expr::Frac(1 << 32)])]), "fraction"),
        (fold(vec![Stmt::Return(vec![Expr::Concat(vec![Expr::Nil])])]), "operators"),
        (fold(vec![Stmt::Return(vec![Expr::Chain(Expr::Nil.into(), vec![])])]), "operators"),
        (fold(vec![Stmt::Return(vec![Expr::One(Expr::Nil.into())])]), "cut to one"),
        (fold(vec![Stmt::Return(vec![Expr::List(vec![])])]), "empty table"),
        (
            fold(vec![Stmt::If(
                vec![(Expr::Nil, vec![])],
                vec![Stmt::If(vec![(Expr::Nil, vec![])], vec![Stmt::Break])],
            )]),
            "is an arm",
        ),
        (vec![Stmt::Do(vec![]), fold(vec![]).remove(0)], "outside functions"),
        (vec![Stmt::Return(vec![Expr::Int(1)])], "returns one function"),
        (vec![], "returns one function"),
        (
            vec![
                Stmt::Local(vec![0], vec![Expr::Int(1)]),
                Stmt::Return(vec![Expr::Function(
                    Function {
                        params: vec![1, 2],
                        varargs: false,
                        body: vec![Stmt::Set(vec![local(0)], vec![Expr::Int(2)])],
                    }
                    .into(),
                )]),
            ],
            "not assigned",
        ),
    ] {
        let rule = refused(&body);
        assert!(rule.contains(why), "{body:?}: {rule}, not {why}");
    }
    let long = Expr::Chain(Expr::Nil.into(), vec![(Binary::Or, Expr::Nil); 201]);
    assert!(refused(&fold(vec![Stmt::Return(vec![long])])).contains("operators"));
}

#[test]
fn elc_has_one_spelling() {
    let good = super::program("return function(state, event) state.x = { 1.5, \"\u{e9}\" } return state end");
    let bytes = good.elc().to_vec();
    assert!(read_elc(&bytes).is_ok());
    let mut trailing = bytes.clone();
    trailing.push(0);
    assert!(matches!(read_elc(&trailing), Err(ElcError::Decode(_))));
    let mut value = cbor::decode(&bytes).expect("DAG-CBOR");
    let Value::Map(map) = &mut value else { panic!("a map") };
    map.insert("elc", 2);
    assert_eq!(read_elc(&cbor::to_vec(&value).unwrap()).unwrap_err(), ElcError::Version { version: 2 });
    let Value::Map(map) = &mut value else { panic!("a map") };
    map.insert("elc", 1);
    map.insert("more", 1);
    assert!(matches!(read_elc(&cbor::to_vec(&value).unwrap()), Err(ElcError::Form { .. })));
}

#[test]
fn damaged_elc_never_panics_and_is_never_another_spelling() {
    let programs: Vec<Vec<u8>> = conf::sources()
        .iter()
        .filter_map(|s| compile(s).ok())
        .map(|p| p.elc().to_vec())
        .filter(|b| b.len() < 600)
        .collect();
    let damage = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>(), 0..3u8);
    runner(600)
        .run(&damage, |(which, at, byte, how)| {
            let mut bytes = which.get(&programs).clone();
            let i = at.index(bytes.len());
            match how {
                0 => bytes[i] = byte,
                1 => drop(bytes.remove(i)),
                _ => bytes.insert(i, byte),
            }
            if let Ok(program) = read_elc(&bytes) {
                prop_assert_eq!(program.elc(), &bytes[..]);
                prop_assert_eq!(program.root(), crate::canon::digest::sha256(&bytes));
            }
            Ok(())
        })
        .unwrap_or_else(|e| panic!("{e}"));
}

/// Time grows with the length of a source, not with its square.
#[test]
fn a_long_source_compiles() {
    let one = "s.x = e.y + 1 if e.z then s.w = 2 end s.y = s.x do local q = s.x end\n";
    let source = format!("return function(s, e)\n{}return s end", one.repeat(12_000));
    compile(&source).unwrap_or_else(|f| panic!("{}", f[0]));
    let jumps: String = (0..10_000).map(|i| format!("if e.z then goto l{i} end s.x = {i} ::l{i}::\n")).collect();
    compile(&format!("return function(s, e)\n{jumps} return s end")).unwrap_or_else(|f| panic!("{}", f[0]));
    let names: String = (0..9_000).map(|i| format!("local function f{i}() return e.a{i} end\n")).collect();
    let findings = compile(&format!("return function(s, e)\n{names} return s end")).expect_err("too many locals");
    assert_eq!(findings[0].code, "E007");
}
