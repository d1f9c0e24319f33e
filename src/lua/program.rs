//! A program: checked ELC, and the text that the run time loads.

use super::error::{ElcError, Finding, Halt, Pos, Severity};
use super::lower::{Lowered, Options, lower};
use super::machine::{LoadError, Machine};
use super::parser::parse;
use super::tree::{Stmt, returned};
use super::{check, elc, reads};
use crate::canon::digest;
use crate::id::Sha256;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What the returned function is for, told by its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `function(state, event)`, or `function(intent, facts)`: fold and policy have one form, and `shape` calls both a fold.
    Fold,
    /// The same form, where the caller means a policy.
    Policy,
    /// `function(state)`
    Predicate,
}

/// A compiled program. Cheap to clone, and the same for all who share it.
#[derive(Debug, Clone)]
pub struct Program {
    code: Arc<Code>,
}

#[derive(Debug)]
pub(super) struct Code {
    elc: Vec<u8>,
    root: Sha256,
    shape: Shape,
    /// By parameter of the returned function: the fields that it can read.
    pub(super) reads: Vec<Option<BTreeSet<String>>>,
    pub(super) lowered: Lowered,
    /// Where each statement stands and what the locals are called; empty for ELC, which forgets both.
    pub(super) positions: Vec<Pos>,
    pub(super) names: Vec<String>,
}

impl Program {
    /// The compiled form.
    pub fn elc(&self) -> &[u8] {
        &self.code.elc
    }

    /// `fold_root`: SHA-256 of the compiled form.
    pub fn root(&self) -> Sha256 {
        self.code.root
    }

    pub fn shape(&self) -> Shape {
        self.code.shape
    }

    /// The top-level fields of a parameter (from 0) of the returned function that the program can possibly read; `None` where
    /// that cannot be told.
    pub fn fields_read(&self, param: usize) -> Option<BTreeSet<String>> {
        match self.code.reads.get(param) {
            Some(fields) => fields.clone(),
            None => Some(BTreeSet::new()),
        }
    }

    pub(super) fn code(&self) -> &Arc<Code> {
        &self.code
    }

    /// The same program with the machine's own operators and stores, without fuel: what the limits cost is measured against
    /// it. Its answers are right as long as no limit is met.
    #[cfg(feature = "testing")]
    pub fn native(&self) -> Program {
        self.with_options(Options { barrier: false, checked: false, fuel: false })
    }

    /// The same program lowered in another way.
    #[cfg(any(test, feature = "testing"))]
    pub(super) fn with_options(&self, options: Options) -> Program {
        let body = elc::decode(self.elc()).expect("a program holds ELC that was read");
        Program {
            code: Arc::new(Code {
                lowered: lower(&body, options),
                elc: self.code.elc.clone(),
                reads: self.code.reads.clone(),
                positions: self.code.positions.clone(),
                names: self.code.names.clone(),
                ..*self.code
            }),
        }
    }
}

/// A checked tree as a program that was not loaded yet.
fn assemble(body: &[Stmt], elc: Vec<u8>, positions: Vec<Pos>, names: Vec<String>) -> Program {
    let function = returned(body).expect("checked: the program returns a function");
    let shape = if function.params.len() == 1 { Shape::Predicate } else { Shape::Fold };
    let reads = function.params.iter().map(|param| reads::fields(function, *param)).collect();
    let root = digest::sha256(&elc);
    let lowered = lower(body, Options::default());
    Program { code: Arc::new(Code { elc, root, shape, reads, lowered, positions, names }) }
}

/// Compiles a source text; `Err` holds every error that it has.
pub fn compile(source: &str) -> Result<Program, Vec<Finding>> {
    let (program, mut findings) = analyse(source);
    program.ok_or_else(|| {
        findings.retain(|f| f.severity == Severity::Error);
        findings
    })
}

/// Everything that there is to say about a source text, errors and warnings, sorted by position.
pub fn lint(source: &str) -> Vec<Finding> {
    analyse(source).1
}

fn analyse(source: &str) -> (Option<Program>, Vec<Finding>) {
    let (chunk, mut findings) = parse(source);
    let Some(chunk) = chunk else { return (None, findings) };
    let start = Pos { line: 1, col: 1 };
    let made = read_back(&chunk.body).map_err(|why| Finding::error("E006", start, why)).and_then(|(body, elc)| {
        let program = assemble(&body, elc, chunk.positions, chunk.names);
        try_load(&program)?;
        Ok(program)
    });
    match made {
        Ok(program) => (Some(program), findings),
        Err(finding) => {
            findings.push(finding);
            findings.sort_by_key(|f| (f.line, f.col));
            (None, findings)
        }
    }
}

/// The compiler reads what it wrote: what it makes, a stranger can read.
fn read_back(body: &[Stmt]) -> Result<(Vec<Stmt>, Vec<u8>), String> {
    let bytes = elc::encode(body).map_err(|_| "nesting is too deep for the compiled form".to_owned())?;
    let body = elc::decode(&bytes).map_err(|e| e.to_string())?;
    check::check(&body)?;
    Ok((body, bytes))
}

fn try_load(program: &Program) -> Result<(), Finding> {
    let start = Pos { line: 1, col: 1 };
    match Machine::load(program) {
        Ok(_) => Ok(()),
        Err(LoadError::Constant(v)) => {
            let at = if v.line > 0 { Pos { line: v.line, col: v.col } } else { start };
            Err(Finding::error("E012", at, format!("a constant cannot be computed: {}: {}", v.class, v.message)))
        }
        Err(LoadError::Refused(why)) => {
            Err(Finding::error("E012", start, format!("the program is too large for the run time: {why}")))
        }
        Err(LoadError::Halt(halt)) => Err(Finding::error("E012", start, halt.to_string())),
    }
}

/// Reads a program from a stranger: strict bytes, every rule of the language checked, and loaded once.
pub fn read_elc(bytes: &[u8]) -> Result<Program, ElcError> {
    open_elc(bytes).map(|(program, _)| program)
}

/// The same, and the machine in which it was loaded: who runs the program once needs no second one.
pub fn open_elc(bytes: &[u8]) -> Result<(Program, Machine), ElcError> {
    let body = elc::decode(bytes)?;
    check::check(&body).map_err(|rule| ElcError::Rule { rule })?;
    let program = assemble(&body, bytes.to_vec(), Vec::new(), Vec::new());
    match Machine::load(&program) {
        Ok(machine) => Ok((program, machine)),
        Err(LoadError::Constant(v)) => {
            Err(ElcError::Load { why: format!("a constant cannot be computed: {}: {}", v.class, v.message) })
        }
        Err(LoadError::Refused(why)) => Err(ElcError::Load { why }),
        Err(LoadError::Halt(halt)) => Err(ElcError::Load { why: halt.to_string() }),
    }
}

impl From<LoadError> for Halt {
    fn from(e: LoadError) -> Halt {
        match e {
            LoadError::Halt(halt) => halt,
            LoadError::Constant(v) => Halt::Internal { what: format!("a constant cannot be computed: {v}") },
            LoadError::Refused(why) => Halt::Internal { what: why },
        }
    }
}
