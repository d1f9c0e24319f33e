//! The language of rules: `.rgs` text to EchoLua source and ELC.
//!
//! A file is a header and rules; a rule is a list of clauses, each begun by its word at the start of a line. Conditions are
//! expressions of EchoLua; there are no loops and no statements, so that every file ends.

mod code;
mod compile;
mod lexer;
mod library;
mod markdown;
mod named;
mod names;
mod parser;
mod tree;
mod words;

pub(super) use code::BEHIND_RULES;
pub use compile::{Compiled, Functions, closed, compile};
pub(super) use lexer::clauses;
pub use library::functions;
pub use markdown::{Decision as MarkdownPolicy, extract};
pub use named::{Groups, Named, What, no_group, no_refs, too_few};
pub use parser::Adr;

use std::fmt::{self, Display, Formatter};

/// Longest source text.
pub const SOURCE_MAX: usize = 256 << 10;
/// Most rules of a file, and most clauses of a rule.
pub const FILE_RULES_MAX: usize = 200;
pub const CLAUSES_MAX: usize = 64;
/// Longest name, reason or hint.
pub const TEXT_MAX: usize = 1000;

/// Whether a fault stops the compiler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    Error,
    Warning,
}

/// One thing to say about a text of rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub line: u32,
    pub col: u32,
    /// The rule it stands in; nothing outside rules.
    pub rule: String,
    pub weight: Weight,
    /// What is wrong, and the way out.
    pub sentence: String,
}

/// A place in a source text; lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Spot {
    pub line: u32,
    pub col: u32,
}

impl Fault {
    fn new(at: Spot, rule: &str, weight: Weight, sentence: impl Into<String>) -> Fault {
        Fault { line: at.line, col: at.col, rule: rule.to_owned(), weight, sentence: sentence.into() }
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let rule = if self.rule.is_empty() { "policy" } else { &self.rule };
        write!(f, "{}:{}: {rule}: {}", self.line, self.col, self.sentence)
    }
}
