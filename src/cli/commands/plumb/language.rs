//! Folds.

use super::request::{Refusal, Request, fields};
use crate::canon::{Map, Value, json};
use crate::lua::{Finding, Machine, StepError, compile};

/// Folds events into a state and stops at the first that errs: the answer then tells which, and the state before it.
pub fn lua(request: &Request) -> Result<Map, Refusal> {
    let program = compile(request.text("source")?).map_err(refused)?;
    let events = request.list("events")?;
    let mut machine = Machine::new(&program)?;
    machine.set_state(&request.get("state").cloned().unwrap_or(Value::Map(Map::new())))?;
    let mut fuel = 0;
    for (at, event) in (1i64..).zip(events) {
        match machine.step(event) {
            Ok(burnt) => fuel += burnt,
            Err(StepError::Halt(halt)) => return Err(halt.into()),
            Err(StepError::Verdict(verdict)) => {
                return Err(Refusal::new(verdict.class.as_str(), verdict.message)
                    .with("class", verdict.class.as_str())
                    .with("event", at)
                    .with("line", verdict.line)
                    .with("col", verdict.col)
                    .with("state", state(&mut machine)?));
            }
        }
    }
    let fuel = i64::try_from(fuel).expect("a bound on each of a bounded number of events");
    fields([("state", state(&mut machine)?), ("fuel", fuel.into())])
}

/// The state as a value: its fractions keep their exact decimals when they are printed.
fn state(machine: &mut Machine) -> Result<Value, Refusal> {
    Ok(json::parse_state(&machine.state()?)?)
}

fn refused(findings: Vec<Finding>) -> Refusal {
    let shown = findings.iter().map(|f| {
        Value::map([
            ("code", f.code.into()),
            ("line", f.line.into()),
            ("col", f.col.into()),
            ("sentence", f.sentence.as_str().into()),
        ])
    });
    let list = Value::list(shown);
    let reason = findings.iter().map(Finding::to_string).collect::<Vec<_>>().join("\n");
    Refusal::new("LUA_REFUSED", reason).with("findings", list)
}
