//! The conformance file: source, events, and the state, findings or error that they end in. Every case is folded whole, from
//! a checkpoint at every event, and from its compiled form alone.

use super::{machine_at, shown, state, step, value};
use crate::canon::json;
use crate::lua::{Class, Machine, Program, Verdict, compile, lint, read_elc};

struct Case {
    name: String,
    source: String,
    events: Vec<String>,
    expect: Vec<String>,
}

fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut part = 0;
    for line in include_str!("../../../tests/vectors/lua/conf.txt").lines() {
        if let Some(name) = line.strip_prefix("=== ") {
            let name = name.to_owned();
            cases.push(Case { name, source: String::new(), events: vec![], expect: vec![] });
            part = 0;
            continue;
        }
        let case = cases.last_mut().expect("a case begins with its name");
        match (line, part) {
            ("--- events", _) => part = 1,
            ("--- expect", _) => part = 2,
            (_, 0) => case.source.extend([line, "\n"]),
            ("", _) => {}
            (_, 1) => case.events.push(line.to_owned()),
            _ => case.expect.push(line.to_owned()),
        }
    }
    cases
}

/// The sources of all cases, also of those that are refused.
pub fn sources() -> Vec<String> {
    cases().into_iter().map(|case| case.source).collect()
}

/// Cases that end otherwise here than in the file, which was written before the rule or the wording.
const OTHERWISE: [(&str, &str); 4] = [
    // An error undoes its event; the fold goes on.
    ("52 ", "L001 1:31 'pcall' is not allowed: errors cannot be caught: they undo the event"),
    // The wording of the reader in `canon`.
    ("67 ", "error value at event 2 line 1:31: JSON, byte 0: a key stands twice in one object"),
    ("68 ", "error event at event 1 line 0:0: not in canonical form"),
    // The root of a state is a map.
    ("85 ", "error state at event 1 line 0:0: the state is a map; put a list under a name"),
];

/// What one event did: fuel and state, or the error.
type Outcome = Result<(u64, String), Verdict>;

/// An event that is no canonical document ends as an error of class `event` before any machine sees it. The file does not
/// sort its keys, and sorting them changes no length.
fn one(machine: &mut Machine, text: &str) -> Outcome {
    let event = value(text);
    if json::document(&event).map(|bytes| bytes.len()) != Ok(text.len()) {
        let message = "not in canonical form".to_owned();
        return Err(Verdict { class: Class::Event, message, line: 0, col: 0, behind: None });
    }
    let fuel = step(machine, &event)?;
    Ok((fuel, state(machine)))
}

fn run(program: &Program, from: &str, events: &[String]) -> Vec<Outcome> {
    let mut machine = machine_at(program, from);
    let mut outcomes = Vec::new();
    for event in events {
        outcomes.push(one(&mut machine, event));
        if outcomes.last().is_some_and(Result::is_err) {
            break;
        }
    }
    outcomes
}

fn ended(outcomes: &[Outcome]) -> String {
    match outcomes.last() {
        None => "{}".to_owned(),
        Some(Ok((_, state))) => state.clone(),
        Some(Err(v)) => {
            format!("error {} at event {} line {}:{}: {}", v.class, outcomes.len(), v.line, v.col, v.message)
        }
    }
}

fn check(case: &Case) -> Result<(), String> {
    let otherwise = OTHERWISE.iter().find(|(name, _)| case.name.starts_with(name));
    let wanted = otherwise.map_or_else(|| case.expect.join("\n"), |(_, expect)| (*expect).to_owned());
    let got = match compile(&case.source) {
        Err(findings) => shown(&findings),
        Ok(program) => {
            let whole = run(&program, "{}", &case.events);
            for k in 1..whole.len() {
                let from = whole[k - 1].as_ref().expect("only the last can fail").1.clone();
                let rest = run(&program, &from, &case.events[k..]);
                if rest != whole[k..] {
                    return Err(format!("from event {k}: {rest:?}\nwhole: {:?}", &whole[k..]));
                }
            }
            let again = read_elc(program.elc()).map_err(|e| format!("its own ELC: {e}"))?;
            if again.root() != program.root() {
                return Err("its own ELC has another root".to_owned());
            }
            let plain =
                |outcomes: Vec<Outcome>| -> Vec<_> { outcomes.into_iter().map(|o| o.map_err(|v| v.class)).collect() };
            let from_elc = plain(run(&again, "{}", &case.events));
            if from_elc != plain(whole.clone()) {
                return Err(format!("from ELC: {from_elc:?}"));
            }
            ended(&whole)
        }
    };
    let same = match wanted.strip_suffix('*') {
        Some(start) => got.starts_with(start),
        None => got == wanted,
    };
    if same { Ok(()) } else { Err(format!("wanted {wanted}\n   got {got}")) }
}

#[test]
fn must_pass_every_conformance_case() {
    let cases = cases();
    assert_eq!(cases.len(), 109);
    let failed: Vec<_> = cases.iter().filter_map(|c| check(c).err().map(|why| format!("{}\n{why}", c.name))).collect();
    assert!(failed.is_empty(), "{} failed\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn warnings_do_not_stop_a_program() {
    let source = "return function(state, event) local r = rng(event.seed) state.n = r(6) return state end";
    assert!(compile(source).is_ok());
    let findings = lint(source);
    assert_eq!(findings.len(), 1);
    assert_eq!((findings[0].code, findings[0].line, findings[0].col), ("W001", 1, 41));
}
