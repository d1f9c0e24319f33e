//! The deterministic language of folds and policies.
//!
//! Owns: source to ELC (lexer, parser, findings), ELC to Lua text (check, lowering), the VM with its barrier, undo log, fuel
//! and library; the numbers of the language.
//! Imports: id, canon.
//! Invariant: same program and same inputs give the same bytes, the same error classes and the same fuel, on every platform
//! and however the work is cut. This room reads no file, clock or environment, and knows no event, ledger or policy.

mod check;
mod convert;
mod cost;
mod elc;
mod error;
mod expr;
mod expression;
mod fault;
mod host;
mod lexer;
mod lower;
mod lower_arith;
mod lower_expr;
mod machine;
mod names;
mod number;
mod parser;
pub mod pcg32;
mod program;
pub mod q32;
mod reads;
mod scope;
mod statement;
mod strings;
mod tree;

pub use cost::{EVENT_BYTES, FUEL, STATE_BYTES};
pub use error::{Class, ElcError, Finding, Halt, LuaError, Pos, Severity, StepError, Verdict};
pub use expression::{Declared, Use, declarations, expression};
pub use machine::{Machine, Prepared};
pub use number::N;
pub use program::{Program, Shape, compile, lint, open_elc, read_elc};

/// What a fold was computed by; a checkpoint of another engine is no base.
pub const ENGINE: &str = "echo@1.0.0+elc@1.0.0+num=i64,q32.32+rng=pcg32@1";

#[cfg(test)]
mod tests;
