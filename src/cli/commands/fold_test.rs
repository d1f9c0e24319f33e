use crate::canon::{JsonError, Map, Value, json};
use crate::cli::answer::Answer;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::lua::{Finding, Machine, StepError, compile};
use crate::state::difference;
use crate::view::{FoldCase, FoldEnd, FoldTested};
use anyhow::Context as _;
use std::path::{Path, PathBuf};

const EVENTS: &str = "events.jsonl";
const EXPECT: &str = "expect.json";

/// Fold fixtures and compare: events.jsonl and expect.json beside a fold
///
/// Every directory below DIR that holds both is a fixture. Its fold is `fold.lua`, else every other *.lua beside them. A line
/// of events.jsonl is an event as the fold sees it; one that errs changes nothing and is shown. Exit 1 with a structural
/// difference where the state is another than expect.json.
///
/// Example: git gatos fold test gatos/tests
#[derive(clap::Args)]
pub struct FoldTest {
    /// Where to look for fixtures
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

impl FoldTest {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        let mut cases = Vec::new();
        search(context, &self.dir, &mut cases)?;
        if cases.is_empty() {
            let reason = format!("no fixture below {}: {EVENTS} and {EXPECT} beside a fold", self.dir.display());
            return Err(CliError::failed("NO_FIXTURE", reason));
        }
        let tested = FoldTested { cases };
        Ok(Answer::verdict(tested.passed(), tested))
    }
}

/// Tests a directory and those below it, in the order of their names.
fn search(context: &Context, dir: &Path, cases: &mut Vec<FoldCase>) -> Result<(), CliError> {
    let reading = || format!("reading {}", dir.display());
    let (mut folds, mut below) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(context.path(dir)).with_context(reading)? {
        let entry = entry.with_context(reading)?;
        let path = dir.join(entry.file_name());
        if entry.file_type().with_context(reading)?.is_dir() {
            below.push(path);
        } else if path.extension().is_some_and(|ending| ending == "lua") {
            folds.push(path);
        }
    }
    if [EVENTS, EXPECT].iter().all(|name| context.path(&dir.join(name)).is_file()) {
        let own = dir.join("fold.lua");
        let mut folds = if folds.contains(&own) { vec![own] } else { folds };
        folds.sort();
        cases.extend(folds.iter().map(|fold| test(context, dir, fold)));
    }
    below.sort();
    below.iter().try_for_each(|dir| search(context, dir, cases))
}

fn test(context: &Context, dir: &Path, fold: &Path) -> FoldCase {
    let mut case = FoldCase { name: fold.display().to_string(), events: 0, reverted: Vec::new(), end: FoldEnd::Same };
    case.end = run(context, dir, fold, &mut case).unwrap_or_else(FoldEnd::Unable);
    case
}

/// Folds one fixture. `Err` says why there is nothing to compare.
fn run(context: &Context, dir: &Path, fold: &Path, case: &mut FoldCase) -> Result<FoldEnd, String> {
    let read = |path: &Path| context.read(path).map_err(|e| e.reason);
    let program = compile(&source(fold, read(fold)?)?).map_err(|findings| listed(fold, &findings))?;
    let path = dir.join(EVENTS);
    let mut machine = Machine::new(&program).map_err(|e| e.to_string())?;
    for (number, line) in (1..).zip(read(&path)?.split(|b| *b == b'\n')).filter(|(_, line)| !line.is_empty()) {
        let event =
            json::parse(line).map_err(|e| format!("{}:{number}:{}: {}", path.display(), column(&e, line), e.why))?;
        case.events += 1;
        match machine.step(&event) {
            Ok(_) => {}
            Err(StepError::Verdict(verdict)) => case.reverted.push(format!("{}:{number}: {verdict}", path.display())),
            Err(StepError::Halt(halt)) => return Err(halt.to_string()),
        }
    }
    let state = machine.state().map_err(|e| e.to_string())?;
    let state = json::parse_state(&state).map_err(|e| e.to_string())?;
    let path = dir.join(EXPECT);
    let expected = expectation(&path, &read(&path)?)?;
    let changes = difference(&expected, &state);
    Ok(if changes.is_empty() { FoldEnd::Same } else { FoldEnd::Differs(changes) })
}

fn source(path: &Path, bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|_| format!("{} is not UTF-8", path.display()))
}

fn listed(fold: &Path, findings: &[Finding]) -> String {
    findings.iter().map(|f| format!("{}:{f}", fold.display())).collect::<Vec<_>>().join("\n")
}

/// The expected state; an empty file expects nothing to be there.
fn expectation(path: &Path, bytes: &[u8]) -> Result<Value, String> {
    if bytes.trim_ascii().is_empty() {
        return Ok(Value::Map(Map::new()));
    }
    json::parse_state(bytes).map_err(|e| {
        let (line, column) = e.position(bytes);
        format!("{}:{line}:{column}: {}", path.display(), e.why)
    })
}

fn column(error: &JsonError, line: &[u8]) -> usize {
    error.position(line).1
}
