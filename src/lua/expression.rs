//! One expression by itself, and lists of declarations: what a language that is compiled to this one is written in.

use super::error::{Finding, Pos, Severity};
use super::names::is_function;
use super::parser::{Parser, parse};
use super::tree::{Expr, Id, Stmt};

/// What an expression does with one of the names that it was given.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Use {
    /// `name`, as a value.
    Value(String),
    /// `name`, as an argument of a call.
    Argument(String),
    /// `name.field`
    Field(String, String),
    /// `name(…)`: of each argument the text, where it is one that was written there.
    Call(String, Vec<Option<String>>),
    /// A function that comes with the language, as a value: where it stands.
    Uncalled(String, Pos),
}

/// What a text of declarations declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    pub name: String,
    pub is_function: bool,
}

/// Reads a text that must be one expression without functions in it, and says how it uses the names it may know beside
/// the built-ins. `Err` holds every finding.
pub fn expression(source: &str, known: &[&str]) -> Result<Vec<Use>, Vec<Finding>> {
    let (read, mut findings) = Parser::expression(source, known);
    let mut found = Vec::new();
    if let Some(read) = &read {
        let mut walk = Walk { names: &read.names, found: &mut found, functions: false };
        walk.expr(&read.expr);
        if walk.functions {
            let start = Pos { line: 1, col: 1 };
            findings.push(Finding::error(
                "E013",
                start,
                "a function has no place in an expression; declare it in a .lua file",
            ));
        }
    }
    findings.retain(|f| f.severity == Severity::Error);
    let Some(read) = read.filter(|_| findings.is_empty()) else { return Err(findings) };
    found.extend(read.uncalled.into_iter().map(|(name, at)| Use::Uncalled(name, at)));
    Ok(found)
}

/// Reads a text of top-level declarations, constants and functions without the last `return`, and says what they are.
pub fn declarations(source: &str) -> Result<Vec<Declared>, Vec<Finding>> {
    let (chunk, mut findings) = parse(&format!("{source}\nreturn function(state) return true end"));
    let Some(chunk) = chunk else {
        findings.retain(|f| f.severity == Severity::Error);
        for f in &mut findings {
            if f.code == "E000" && f.sentence.contains("near 'return'") {
                f.sentence = "a file of functions ends without a return".into();
            }
        }
        return Err(findings);
    };
    let named = |id: &Id, is_function| Declared { name: chunk.names[*id as usize].clone(), is_function };
    let declared = |s: &Stmt| match s {
        Stmt::Local(ids, values) => {
            let function = |at: usize| match values.get(at) {
                Some(Expr::Builtin(name)) => is_function(name),
                value => matches!(value, Some(Expr::Function(_))),
            };
            ids.iter().enumerate().map(|(at, id)| named(id, function(at))).collect()
        }
        Stmt::LocalFunction(id, _) => vec![named(id, true)],
        _ => Vec::new(),
    };
    Ok(chunk.body.iter().flat_map(declared).collect())
}

struct Walk<'a> {
    names: &'a [String],
    found: &'a mut Vec<Use>,
    functions: bool,
}

impl Walk<'_> {
    fn name(&self, e: &Expr) -> Option<String> {
        match e {
            Expr::Local(id) => self.names.get(*id as usize).cloned(),
            _ => None,
        }
    }

    fn expr(&mut self, e: &Expr) {
        match e {
            Expr::Local(_) => self.found.extend(self.name(e).map(Use::Value)),
            Expr::Index(object, key) => match (self.name(object), &**key) {
                (Some(name), Expr::Text(field)) => self.found.push(Use::Field(name, field.clone())),
                _ => e.for_each_child(&mut |child| self.expr(child)),
            },
            Expr::Call(head, args) => match self.name(head) {
                Some(name) => {
                    let text = |arg: &Expr| match arg {
                        Expr::Text(text) => Some(text.clone()),
                        _ => None,
                    };
                    self.found.push(Use::Call(name, args.iter().map(text).collect()));
                    self.args(args);
                }
                None => {
                    self.expr(head);
                    self.args(args);
                }
            },
            Expr::Function(_) => self.functions = true,
            _ => e.for_each_child(&mut |child| self.expr(child)),
        }
    }

    fn args(&mut self, args: &[Expr]) {
        for arg in args {
            match self.name(arg) {
                Some(name) => self.found.push(Use::Argument(name)),
                None => self.expr(arg),
            }
        }
    }
}
