//! What holds of the language: vectors, whole against pieces, hostile input.

mod channels;
mod conf;
mod forms;
mod hostile;
mod numbers;
mod operators;
mod pieces;
mod print;
mod shapes;

use super::{Machine, Program, StepError, Verdict, compile};
use crate::canon::{Value, json};

pub fn value(text: &str) -> Value {
    json::parse(text.as_bytes()).unwrap_or_else(|e| panic!("{text}: {e}"))
}

pub fn program(source: &str) -> Program {
    compile(source).unwrap_or_else(|findings| panic!("{source}\n{}", shown(&findings)))
}

pub fn shown(findings: &[super::Finding]) -> String {
    findings.iter().map(|f| format!("{} {}:{} {}", f.code, f.line, f.col, f.sentence)).collect::<Vec<_>>().join("\n")
}

pub fn machine(source: &str) -> Machine {
    Machine::new(&program(source)).expect("the program loads")
}

pub fn state(machine: &mut Machine) -> String {
    String::from_utf8(machine.state().expect("the state has bytes")).expect("JSON is UTF-8")
}

/// A machine that goes on from a checkpoint's bytes.
pub fn machine_at(program: &Program, state: &str) -> Machine {
    let mut machine = Machine::new(program).expect("the program loads");
    let state = json::parse_state(state.as_bytes()).expect("a state that was written is read");
    machine.set_state(&state).expect("a state that was written is taken");
    machine
}

/// The verdict of a step; a halt is a failed test.
pub fn step(machine: &mut Machine, event: &Value) -> Result<u64, Verdict> {
    match machine.step(event) {
        Ok(fuel) => Ok(fuel),
        Err(StepError::Verdict(verdict)) => Err(verdict),
        Err(StepError::Halt(halt)) => panic!("{halt}"),
    }
}
