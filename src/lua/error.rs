use std::fmt;
use thiserror::Error;

/// A place in a source text; lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pos {
    pub line: u32,
    pub col: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    Error,
    Warning,
}

/// One thing that the compiler has to say about a source text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// `E0xx` syntax, scope and size, `L0xx` the rules of the language, `W0xx` advice.
    pub code: &'static str,
    pub line: u32,
    pub col: u32,
    pub severity: Severity,
    /// What is wrong, and the way out.
    pub sentence: String,
}

impl Finding {
    pub(super) fn error(code: &'static str, at: Pos, sentence: impl Into<String>) -> Finding {
        Finding { code, line: at.line, col: at.col, severity: Severity::Error, sentence: sentence.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.line, self.col, self.code, self.sentence)
    }
}

/// Why bytes are not a compiled program.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ElcError {
    #[error("ELC is larger than {limit} bytes")]
    Size { limit: usize },
    #[error("ELC is not one DAG-CBOR item")]
    Decode(#[source] crate::canon::CborError),
    #[error("ELC is malformed: {what}")]
    Form { what: String },
    #[error("ELC version {version} is not known here")]
    Version { version: i64 },
    #[error("ELC bytes are not in canonical form")]
    NotCanonical,
    #[error("ELC breaks a rule of the language: {rule}")]
    Rule { rule: String },
    #[error("the run time does not load the program: {why}")]
    Load { why: String },
}

impl ElcError {
    /// The wire-stable code.
    pub fn code(&self) -> &'static str {
        match self {
            ElcError::Size { .. } => "ELC_SIZE",
            ElcError::Decode(_) | ElcError::Form { .. } | ElcError::NotCanonical => "ELC_FORM",
            ElcError::Version { .. } => "ELC_VERSION",
            ElcError::Rule { .. } => "ELC_RULE",
            ElcError::Load { .. } => "ELC_LOAD",
        }
    }
}

/// The kind of an error of a running program. With the event it is the verdict; texts only inform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    Fuel,
    Depth,
    Memory,
    Overflow,
    Zero,
    Type,
    Shape,
    State,
    Frozen,
    Error,
    Value,
    Event,
}

impl Class {
    pub const ALL: [Class; 12] = [
        Class::Fuel,
        Class::Depth,
        Class::Memory,
        Class::Overflow,
        Class::Zero,
        Class::Type,
        Class::Shape,
        Class::State,
        Class::Frozen,
        Class::Error,
        Class::Value,
        Class::Event,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Class::Fuel => "fuel",
            Class::Depth => "depth",
            Class::Memory => "memory",
            Class::Overflow => "overflow",
            Class::Zero => "zero",
            Class::Type => "type",
            Class::Shape => "shape",
            Class::State => "state",
            Class::Frozen => "frozen",
            Class::Error => "error",
            Class::Value => "value",
            Class::Event => "event",
        }
    }

    pub fn parse(text: &str) -> Option<Class> {
        Class::ALL.into_iter().find(|c| c.as_str() == text)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An error of the program itself: the same everywhere. The state is as it was before the event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub class: Class,
    pub message: String,
    /// 0 where no source text is known.
    pub line: u32,
    pub col: u32,
    /// How many statements of the returned function stand behind the one in which it happened, where that is known: the
    /// compiled form tells this too.
    pub behind: Option<u32>,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.line, self.col, self.class, self.message)
    }
}

/// The machine itself failed: no verdict. Whoever folds stops and writes nothing; the machine is not used again.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Halt {
    #[error("the run time needed more memory than it may have (no verdict)")]
    HostMemory,
    #[error("the run time failed: {what} (no verdict)")]
    Internal { what: String },
}

impl Halt {
    pub fn code(&self) -> &'static str {
        match self {
            Halt::HostMemory => "FOLD_HOST_MEMORY",
            Halt::Internal { .. } => "FOLD_INTERNAL",
        }
    }
}

/// How a step can fail.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StepError {
    #[error("{0}")]
    Verdict(Verdict),
    #[error(transparent)]
    Halt(#[from] Halt),
}

/// A value that cannot be the state of a fold, or a machine that cannot hand it out.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LuaError {
    #[error("this cannot be the state of a fold: {why}")]
    State { why: String },
    #[error(transparent)]
    Halt(#[from] Halt),
}

impl LuaError {
    pub fn code(&self) -> &'static str {
        match self {
            LuaError::State { .. } => "STATE_INVALID",
            LuaError::Halt(h) => h.code(),
        }
    }
}
