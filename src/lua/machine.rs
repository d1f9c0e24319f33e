//! A VM with one program in it.

use super::convert::{Marks, Reader, Refused, Role, Unreadable, Writer};
use super::cost;
use super::error::{Class, Halt, LuaError, StepError, Verdict};
use super::fault::Fault;
use super::host::{self, SharedMarks};
use super::lower_expr::builtin_name;
use super::names;
use super::number::N;
use super::program::{Code, Program};
use crate::canon::{Value, json};
use mlua::{Function, Lua, LuaOptions, StdLib, Table};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::rc::Rc;
use std::sync::Arc;

const PRELUDE: &str = include_str!("../../lua/prelude.lua");
const HOST: &str = include_str!("../../lua/host.lua");
const LIBRARY: &str = include_str!("../../lua/library.lua");

/// A net under the logical limits, not a verdict: a program that gets here stops the fold.
const HOST_BYTES: usize = 1 << 30;
/// Most values of a state or a decision that is read out; the state is bounded by its logical size.
const VALUES_MAX: usize = (cost::STATE_BYTES / 32) as usize;

/// A program that is ready to run, and the state that it has made.
pub struct Machine {
    lua: Lua,
    code: Arc<Code>,
    marks: SharedMarks,
    step: Function,
    call: Function,
    undo: Function,
    host: Table,
    /// How many lines stand before the program in the loaded text.
    first: u32,
    /// For each argument the fields to hand over, where that is known and pays.
    wanted: [Option<Vec<String>>; 2],
    /// A machine that failed is not used again.
    halted: Option<Halt>,
}

/// An event inside a machine.
pub struct Prepared(mlua::Value);

/// Why a program is not ready to run.
#[derive(Debug)]
pub enum LoadError {
    /// Evaluating its constants fails, here as everywhere.
    Constant(Verdict),
    /// Lua does not take the text: too many registers, levels or upvalues.
    Refused(String),
    Halt(Halt),
}

impl Machine {
    /// A machine with the empty state `{}`.
    pub fn new(program: &Program) -> Result<Machine, Halt> {
        Ok(Machine::load(program)?)
    }

    pub(super) fn load(program: &Program) -> Result<Machine, LoadError> {
        let code = program.code().clone();
        let mut machine = Machine::build(code).map_err(|e| match e {
            mlua::Error::MemoryError(_) => LoadError::Halt(Halt::HostMemory),
            // Whatever else stops the loading is a bound of Lua on the text of the program.
            mlua::Error::SyntaxError { message, .. } => LoadError::Refused(message),
            other => LoadError::Refused(other.to_string()),
        })?;
        let load = machine.host.raw_get::<Function>("load").and_then(|load| load.call::<()>(()));
        if let Err(e) = load {
            return Err(match machine.explain(&e) {
                StepError::Verdict(verdict) => LoadError::Constant(verdict),
                StepError::Halt(halt) => LoadError::Halt(halt),
            });
        }
        machine.set_state(&Value::Map(Default::default())).map_err(|e| match e {
            LuaError::Halt(halt) => LoadError::Halt(halt),
            LuaError::State { why } => LoadError::Halt(Halt::Internal { what: why }),
        })?;
        Ok(machine)
    }

    fn build(code: Arc<Code>) -> mlua::Result<Machine> {
        let lua = Lua::new_with(StdLib::TABLE | StdLib::MATH, LuaOptions::default())?;
        let marks = SharedMarks::default();
        let h = host::core(&lua)?;
        let functions = |name: &&String| !names::CONSTANTS.contains(&name.as_str());
        let mut builtins = String::new();
        for name in code.lowered.builtins.iter().filter(functions) {
            write!(builtins, "local {}=B[\"{name}\"] ", builtin_name(name)).expect("a String takes all text");
        }
        if !builtins.is_empty() {
            host::library(&lua, &h, &marks)?;
            h.raw_set("library", text(&lua, &sections(&code.lowered.builtins), "=library")?.into_function()?)?;
        }
        let (before, after) = PRELUDE.split_once("--@CHUNK@\n").expect("the prelude has a place for the program");
        let before = before.replacen("--@BUILTINS@", &builtins, 1).replacen("--@LIMITS@", &limits(), 1);
        let first = before.lines().count() as u32;
        let whole = format!("{before}{}\n{after}{HOST}", code.lowered.text);
        let fractions = lua.create_table()?;
        for (i, raw) in code.lowered.fractions.iter().enumerate() {
            fractions.raw_set(i + 1, super::convert::number(N::Frac(*raw)))?;
        }
        let host: Table = text(&lua, &whole, "=fold")?.call((h, fractions))?;
        let read = Marks::read(&host.raw_get("marks")?)?;
        marks.set(read).map_err(|_| mlua::Error::runtime("the prelude ran twice"))?;
        lua.set_memory_limit(HOST_BYTES)?;
        let wanted = |param: usize| code.reads.get(param).and_then(Option::as_ref).filter(|f| f.len() <= 8);
        let wanted = [0, 1].map(|param| wanted(param).map(|fields| fields.iter().cloned().collect()));
        Ok(Machine {
            step: host.raw_get("step")?,
            call: host.raw_get("call")?,
            undo: host.raw_get("undo")?,
            lua,
            code,
            marks,
            host,
            first,
            wanted,
            halted: None,
        })
    }

    fn explain(&mut self, e: &mlua::Error) -> StepError {
        let error = Fault { code: &self.code, first: self.first }.explain(e);
        if let StepError::Halt(halt) = &error {
            self.halted = Some(halt.clone());
        }
        error
    }

    fn alive(&self) -> Result<(), Halt> {
        self.halted.clone().map_or(Ok(()), Err)
    }

    fn halt(&mut self, e: &mlua::Error) -> Halt {
        let halt = match e {
            mlua::Error::MemoryError(_) => Halt::HostMemory,
            other => Halt::Internal { what: other.to_string() },
        };
        self.halted = Some(halt.clone());
        halt
    }

    /// Makes a value of the VM. The allocator's limit is off meanwhile: without it mlua needs no protected calls.
    fn enter<T>(&mut self, role: Role, make: impl FnOnce(&Writer) -> Result<T, Refused>) -> Result<T, Refused> {
        self.lua.set_memory_limit(0)?;
        let marks: &Rc<_> = &self.marks;
        let marks = marks.get().expect("set when the machine was built");
        let made = make(&Writer { lua: &self.lua, marks, role });
        self.lua.set_memory_limit(HOST_BYTES)?;
        made
    }

    /// An argument of the program, of which it can read only what it names.
    fn argument(&mut self, param: usize, v: &Value) -> Result<mlua::Value, StepError> {
        let wanted = self.wanted[param].take();
        let made = self.enter(Role::Frozen, |w| match (&wanted, v) {
            (Some(wanted), Value::Map(map)) => w.part(map, wanted).map(mlua::Value::Table),
            _ => w.value(v),
        });
        self.wanted[param] = wanted;
        made.map_err(|e| match e {
            Refused::Value(message) => {
                StepError::Verdict(Verdict { class: Class::Event, message, line: 0, col: 0, behind: None })
            }
            Refused::Host(e) => self.halt(&e).into(),
        })
    }

    /// Replaces the state by a checkpoint's.
    pub fn set_state(&mut self, state: &Value) -> Result<(), LuaError> {
        self.alive()?;
        let refuse = |why: &str| Err(LuaError::State { why: why.to_owned() });
        match state {
            Value::Map(map) if map.contains("_provenance") => {
                return refuse("the top-level key '_provenance' is reserved");
            }
            Value::Map(_) => {}
            other => return refuse(&format!("it is a {}, not an object", other.kind())),
        }
        let root = match self.enter(Role::State, |w| w.value(state)) {
            Ok(root) => root,
            Err(Refused::Value(why)) => return Err(LuaError::State { why }),
            Err(Refused::Host(e)) => return Err(self.halt(&e).into()),
        };
        let set = self.host.raw_get::<Function>("set_root").and_then(|set| set.call::<()>(root));
        set.map_err(|e| self.halt(&e).into())
    }

    /// Makes an event a value of this machine, to be stepped later.
    pub fn prepare(&mut self, event: &Value) -> Result<Prepared, StepError> {
        self.alive()?;
        self.argument(1, event).map(Prepared)
    }

    /// Folds one event into the state and says what it cost. After a verdict the state is as it was before.
    pub fn step(&mut self, event: &Value) -> Result<u64, StepError> {
        let event = self.prepare(event)?;
        self.step_prepared(event)
    }

    /// The same for an event that this machine prepared.
    pub fn step_prepared(&mut self, Prepared(event): Prepared) -> Result<u64, StepError> {
        self.alive()?;
        match self.step.call::<i64>(event) {
            Ok(fuel) => Ok(fuel.unsigned_abs()),
            Err(e) => {
                let error = self.explain(&e);
                if let StepError::Verdict(_) = error {
                    self.undo.call::<()>(()).map_err(|e| self.halt(&e))?;
                }
                Err(error)
            }
        }
    }

    fn read(&mut self, v: &mlua::Value) -> Result<Value, StepError> {
        match (Reader { left: VALUES_MAX }).value(v, 0) {
            Ok(value) => Ok(value),
            Err(Unreadable::Verdict(class, message)) => {
                Err(StepError::Verdict(Verdict { class, message, line: 0, col: 0, behind: None }))
            }
            Err(Unreadable::Host(e)) => Err(self.halt(&e).into()),
        }
    }

    /// The canonical bytes of the state.
    pub fn state(&mut self) -> Result<Vec<u8>, LuaError> {
        self.alive()?;
        let root = self.host.raw_get::<Function>("root").and_then(|root| root.call::<mlua::Value>(()));
        let root = root.map_err(|e| self.halt(&e))?;
        let bytes = match self.read(&root) {
            Ok(value) => json::document(&value).map_err(|e| e.to_string()),
            Err(StepError::Halt(halt)) => return Err(halt.into()),
            Err(StepError::Verdict(v)) => Err(v.message),
        };
        // The barrier lets nothing into the state that has no bytes.
        bytes.map_err(|what| {
            let halt = Halt::Internal { what };
            self.halted = Some(halt.clone());
            halt.into()
        })
    }

    /// Runs a policy: what it decided, and what that cost.
    pub fn judge(&mut self, intent: &Value, facts: &Value) -> Result<(Value, u64), StepError> {
        self.alive()?;
        let (intent, facts) = (self.argument(0, intent)?, self.argument(1, facts)?);
        let (fuel, decision) = self.run(intent, facts)?;
        Ok((self.read(&decision)?, fuel))
    }

    /// Runs a predicate on a state.
    pub fn test(&mut self, state: &Value) -> Result<bool, StepError> {
        self.alive()?;
        let state = self.argument(0, state)?;
        match self.run(state, mlua::Value::Nil)? {
            (_, mlua::Value::Boolean(holds)) => Ok(holds),
            (_, other) => {
                let message = format!("the predicate must return true or false, got {}", other.type_name());
                Err(StepError::Verdict(Verdict { class: Class::Type, message, line: 0, col: 0, behind: None }))
            }
        }
    }

    fn run(&mut self, a: mlua::Value, b: mlua::Value) -> Result<(u64, mlua::Value), StepError> {
        match self.call.call::<(i64, mlua::Value)>((a, b)) {
            Ok((fuel, result)) => Ok((fuel.unsigned_abs(), result)),
            Err(e) => Err(self.explain(&e)),
        }
    }

    /// The logical size of the state as the barrier keeps it, and measured anew.
    #[cfg(test)]
    pub(super) fn size(&self) -> (i64, i64) {
        self.host.raw_get::<Function>("size").and_then(|size| size.call(())).expect("the state is a tree")
    }
}

/// The library without the sections that a program does not need.
fn sections(used: &BTreeSet<String>) -> String {
    let mut needed = true;
    let mut kept = String::with_capacity(LIBRARY.len());
    for line in LIBRARY.lines() {
        if let Some(starts) = line.strip_prefix("--@ ") {
            let named = |start: &str| used.iter().any(|name| name.starts_with(start));
            needed = starts == "always" || starts.split(' ').any(named);
        }
        if needed {
            kept.extend([line, "\n"]);
        }
    }
    kept
}

/// The limits as constants of the prelude, on one line.
fn limits() -> String {
    let limits = [("LIMIT", cost::FUEL), ("EVENT_BYTES", cost::EVENT_BYTES), ("STATE_BYTES", cost::STATE_BYTES)];
    limits.iter().map(|(name, value)| format!("local {name} <const> = {value} ")).collect()
}

/// A chunk that is text, never bytecode, and sees no globals.
fn text<'a>(lua: &Lua, source: &'a str, name: &str) -> mlua::Result<mlua::chunk::Chunk<'a>> {
    let chunk = lua.load(source).set_name(name).set_mode(mlua::chunk::ChunkMode::Text);
    Ok(chunk.set_environment(lua.create_table()?))
}
