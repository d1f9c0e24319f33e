//! One expression by itself, and lists of declarations: what a language that is compiled to this one is written in.

use super::error::{Finding, Pos, Severity};
use super::parser::{Parser, parse};
use super::tree::{Expr, Id, Stmt};

/// What an expression does with one of the names that it was given.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Use {
    /// `name`, as a value.
    Value(String),
    /// `name.field`
    Field(String, String),
    /// `name(…)`: of each argument the text, where it is one that was written there.
    Call(String, Vec<Option<String>>),
}

/// Reads a text that must be one expression without functions in it, and says how it uses the names it may know beside
/// the built-ins. `Err` holds every finding.
pub fn expression(source: &str, known: &[&str]) -> Result<Vec<Use>, Vec<Finding>> {
    let (expr, names, mut findings) = Parser::expression(source, known);
    let mut found = Vec::new();
    if let Some(expr) = &expr {
        let mut walk = Walk { names: &names, found: &mut found, functions: false };
        walk.expr(expr);
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
    if findings.is_empty() && expr.is_some() { Ok(found) } else { Err(findings) }
}

/// Reads a text of top-level declarations, constants and functions without the last `return`, and gives their names.
pub fn declarations(source: &str) -> Result<Vec<String>, Vec<Finding>> {
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
    let name = |id: &Id| chunk.names[*id as usize].clone();
    let declared = |s: &Stmt| match s {
        Stmt::Local(ids, _) => ids.iter().map(name).collect(),
        Stmt::LocalFunction(id, _) => vec![name(id)],
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
                    args.iter().for_each(|arg| self.expr(arg));
                }
                None => e.for_each_child(&mut |child| self.expr(child)),
            },
            Expr::Function(_) => self.functions = true,
            _ => e.for_each_child(&mut |child| self.expr(child)),
        }
    }
}
