use crate::ambient::Ambient;
use crate::canon::json;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::lua::{Machine, Program, Shape, compile, read_elc};
use crate::node::Probe;
use crate::state::{Mark, select};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

/// What is asked of each state.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
pub struct Condition {
    /// A command line for `sh -c`
    #[arg(value_name = "CMD")]
    command: Option<String>,
    /// A jq expression that is true where the condition holds
    #[arg(long, value_name = "EXPR")]
    jq: Option<String>,
    /// A Lua file that returns `function(state) … end`, true where the condition holds
    #[arg(long, value_name = "FILE")]
    lua: Option<PathBuf>,
}

/// Judges states by a condition.
pub enum Judge {
    Command { line: String, ambient: Ambient },
    Jq(String),
    Lua { machine: Box<Machine>, name: String },
}

impl Judge {
    pub fn new(context: &Context, condition: &Condition) -> Result<Judge, CliError> {
        let Condition { command, jq, lua } = condition;
        Ok(match (command, jq, lua) {
            (Some(line), _, _) => Judge::Command { line: line.clone(), ambient: context.ambient().clone() },
            (_, Some(expr), _) => Judge::Jq(expr.clone()),
            (_, _, Some(file)) => {
                let machine = Machine::new(&predicate(context, file)?);
                let machine = machine.map_err(|e| CliError::failed(e.code(), e.to_string()))?;
                Judge::Lua { machine: Box::new(machine), name: file.display().to_string() }
            }
            (None, None, None) => return Err(CliError::bug("clap asks for a condition")),
        })
    }

    pub fn judge(&mut self, probe: &Probe<'_>) -> Result<Mark, CliError> {
        match self {
            Judge::Command { line, ambient } => by_command(line, ambient, probe),
            Judge::Jq(expr) => by_jq(expr, probe),
            Judge::Lua { machine, name } => {
                let state = json::parse_state(probe.state)?;
                let holds = machine.test(&state).map_err(|e| {
                    CliError::failed("BISECT_PREDICATE", format!("{name} at place {}: {e}", probe.place))
                })?;
                Ok(mark(holds))
            }
        }
    }
}

fn mark(holds: bool) -> Mark {
    if holds { Mark::Bad } else { Mark::Good }
}

fn predicate(context: &Context, file: &Path) -> Result<Program, CliError> {
    let bytes = context.read(file)?;
    let name = file.display();
    let refuse = |why: String| CliError::failed("FOLD_INVALID", why);
    let program = if file.extension().is_some_and(|ending| ending == "elc") {
        read_elc(&bytes).map_err(|e| refuse(format!("{name}: {e}")))?
    } else {
        let source = std::str::from_utf8(&bytes).map_err(|_| refuse(format!("{name} is not UTF-8")))?;
        compile(source)
            .map_err(|findings| refuse(findings.iter().map(|f| format!("{name}:{f}")).collect::<Vec<_>>().join("\n")))?
    };
    match program.shape() {
        Shape::Predicate => Ok(program),
        _ => Err(CliError::usage(format!("{name} must return a function of one parameter: function(state) … end"))),
    }
}

/// As `jq -e` has it: the last output counts, false and null do not hold.
fn by_jq(expr: &str, probe: &Probe<'_>) -> Result<Mark, CliError> {
    match select(probe.state, expr)?.last().map(String::as_str) {
        Some("false" | "null") => Ok(Mark::Good),
        Some(_) => Ok(Mark::Bad),
        None => {
            let reason = format!("the jq expression {expr:?} gives nothing at place {}", probe.place);
            Err(CliError::failed("BISECT_PREDICATE", reason))
        }
    }
}

fn by_command(line: &str, ambient: &Ambient, probe: &Probe<'_>) -> Result<Mark, CliError> {
    let unrun = |e: std::io::Error| CliError::failed("BISECT_COMMAND", format!("running `sh -c`: {e}"));
    let mut file = tempfile::Builder::new().prefix("gatos-state-").suffix(".json").tempfile().map_err(unrun)?;
    file.write_all(probe.state).and_then(|()| file.flush()).map_err(unrun)?;
    let mut command = Command::new("sh");
    ambient.env().lend(&mut command);
    command.args(["-c", line]).env("GATOS_STATE", file.path()).current_dir(ambient.env().cwd());
    // What the command prints is talk: standard output is for the answer.
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::inherit());
    let mut child = command.spawn().map_err(unrun)?;
    let mut stdin = child.stdin.take().expect("stdin is a pipe");
    let status = std::thread::scope(|scope| {
        // A command that does not read its input says what it thinks by its exit code.
        scope.spawn(move || drop(stdin.write_all(probe.state)));
        child.wait()
    });
    by_status(line, probe.place, status.map_err(unrun)?)
}

fn by_status(line: &str, place: u64, status: ExitStatus) -> Result<Mark, CliError> {
    match status.code() {
        Some(0) => Ok(Mark::Bad),
        Some(1) => Ok(Mark::Good),
        Some(125) => Ok(Mark::Skip),
        _ => {
            let reason = format!("the command `{line}` ended with {status} at place {place}");
            Err(CliError::failed("BISECT_COMMAND", reason).hint(
                "0 means bad (the condition holds), 1 good, 125 that it cannot be told; --jq EXPR needs no command",
            ))
        }
    }
}
