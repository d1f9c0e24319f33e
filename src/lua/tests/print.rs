//! Trees as source text, so that what is printed and compiled again must give the same ELC. Every expression stands in
//! parentheses where it may, and locals have names of their own.

use crate::lua::tree::{Binary, Each, Expr, Function, Id, Stmt, Unary};
use crate::lua::{N, elc};
use std::fmt::Write;

/// Source text of a compiled program.
pub fn print(bytes: &[u8]) -> String {
    let mut p = Printer { out: String::new() };
    p.block(&elc::decode(bytes).expect("compiled ELC is read"));
    p.out
}

struct Printer {
    out: String,
}

fn names(ids: &[Id]) -> String {
    ids.iter().map(|id| format!("v{id}")).collect::<Vec<_>>().join(", ")
}

impl Printer {
    fn block(&mut self, body: &[Stmt]) {
        body.iter().for_each(|s| self.stmt(s));
    }

    fn put(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn list(&mut self, list: &[Expr]) {
        for (i, e) in list.iter().enumerate() {
            self.put(if i > 0 { ", " } else { "" });
            self.expr(e);
        }
    }

    fn stmt(&mut self, s: &Stmt) {
        match s {
            Stmt::Local(ids, values) => {
                self.put(&format!("local {}", names(ids)));
                self.put(if values.is_empty() { "" } else { " = " });
                self.list(values);
            }
            Stmt::LocalFunction(id, f) => {
                self.put(&format!("local function v{id}"));
                self.function(f);
            }
            Stmt::Set(targets, values) => {
                self.list(targets);
                self.put(" = ");
                self.list(values);
            }
            Stmt::Call(call) => self.expr(call),
            Stmt::Do(body) => {
                self.put("do\n");
                self.block(body);
                self.put("end");
            }
            Stmt::While(condition, body) => {
                self.put("while ");
                self.expr(condition);
                self.put(" do\n");
                self.block(body);
                self.put("end");
            }
            Stmt::Repeat(body, condition) => {
                self.put("repeat\n");
                self.block(body);
                self.put("until ");
                self.expr(condition);
            }
            Stmt::If(arms, otherwise) => {
                for (i, (condition, body)) in arms.iter().enumerate() {
                    self.put(if i > 0 { "elseif " } else { "if " });
                    self.expr(condition);
                    self.put(" then\n");
                    self.block(body);
                }
                if !otherwise.is_empty() {
                    self.put("else\n");
                    self.block(otherwise);
                }
                self.put("end");
            }
            Stmt::For(id, bounds, body) => {
                self.put(&format!("for v{id} = "));
                self.list(bounds);
                self.put(" do\n");
                self.block(body);
                self.put("end");
            }
            Stmt::Each(kind, ids, over, body) => {
                let word = if *kind == Each::List { "ipairs" } else { "dpairs" };
                self.put(&format!("for {} in {word}(", names(ids)));
                self.expr(over);
                self.put(") do\n");
                self.block(body);
                self.put("end");
            }
            // Jumps that share a label were one label with many gotos; printed, each has its own, which is the same program
            // only where there is one. The corpus keeps to that.
            Stmt::Goto(jump) => self.put(&format!("goto l{jump}")),
            Stmt::Label(jumps) => self.put(&format!("::l{}::", jumps[0])),
            Stmt::Break => self.put("break"),
            Stmt::Return(values) => {
                self.put("return ");
                self.list(values);
            }
        }
        self.put("\n");
    }

    fn function(&mut self, f: &Function) {
        let dots = match (f.varargs, f.params.is_empty()) {
            (true, true) => "...",
            (true, false) => ", ...",
            _ => "",
        };
        self.put(&format!("({}{dots})\n", names(&f.params)));
        self.block(&f.body);
        self.put("end");
    }

    fn wrapped(&mut self, e: &Expr) {
        self.put("(");
        self.expr(e);
        self.put(")");
    }

    fn prefix(&mut self, e: &Expr) {
        if matches!(e, Expr::Local(_) | Expr::Builtin(_) | Expr::Index(..) | Expr::Call(..)) {
            self.expr(e);
        } else {
            self.wrapped(e);
        }
    }

    fn expr(&mut self, e: &Expr) {
        match e {
            Expr::Nil => self.put("nil"),
            Expr::Bool(b) => self.put(&b.to_string()),
            Expr::Int(i) => self.put(&i.to_string()),
            Expr::Frac(raw) => self.put(&N::Frac(*raw).to_string()),
            Expr::Text(text) => {
                self.put("\"");
                text.bytes().for_each(|b| write!(self.out, "\\x{b:02x}").expect("a String takes all text"));
                self.put("\"");
            }
            Expr::Dots => self.put("..."),
            Expr::Local(id) => self.put(&format!("v{id}")),
            Expr::Builtin(name) => self.put(name),
            Expr::Index(object, key) => {
                self.prefix(object);
                self.put("[");
                self.expr(key);
                self.put("]");
            }
            Expr::Call(head, args) => {
                self.prefix(head);
                self.put("(");
                self.list(args);
                self.put(")");
            }
            Expr::Unary(op, operand) => {
                self.put(match op {
                    Unary::Not => "not ",
                    Unary::Neg => "- ",
                    Unary::Len => "# ",
                    Unary::BitNot => "~ ",
                });
                self.wrapped(operand);
            }
            Expr::Chain(first, rest) => {
                rest.iter().for_each(|_| self.put("("));
                self.operand(first);
                for (op, operand) in rest {
                    self.put(&format!(" {} ", symbol(*op)));
                    self.operand(operand);
                    self.put(")");
                }
            }
            Expr::Concat(items) => {
                self.put("(");
                for (i, item) in items.iter().enumerate() {
                    self.put(if i > 0 { " .. " } else { "" });
                    self.operand(item);
                }
                self.put(")");
            }
            Expr::Power(base, exponent) => {
                self.put("(");
                self.operand(base);
                self.put(" ^ ");
                self.operand(exponent);
                self.put(")");
            }
            Expr::Function(f) => {
                self.put("function");
                self.function(f);
            }
            Expr::List(items) => {
                self.put("{");
                self.list(items);
                self.put("}");
            }
            Expr::Map(entries) => {
                self.put("{");
                for (key, value) in entries {
                    self.put("[");
                    self.expr(key);
                    self.put("] = ");
                    self.expr(value);
                    self.put("; ");
                }
                self.put("}");
            }
            Expr::One(inner) => self.wrapped(inner),
        }
    }

    /// An operand of an operator: literals are bare, so that a sign stays one with its number.
    fn operand(&mut self, e: &Expr) {
        self.wrapped(e);
    }
}

fn symbol(op: Binary) -> &'static str {
    match op {
        Binary::Or => "or",
        Binary::And => "and",
        Binary::Lt => "<",
        Binary::Gt => ">",
        Binary::Le => "<=",
        Binary::Ge => ">=",
        Binary::Ne => "~=",
        Binary::Eq => "==",
        Binary::BitOr => "|",
        Binary::BitXor => "~",
        Binary::BitAnd => "&",
        Binary::Shl => "<<",
        Binary::Shr => ">>",
        Binary::Add => "+",
        Binary::Sub => "-",
        Binary::Mul => "*",
        Binary::Div => "/",
        Binary::IntDiv => "//",
        Binary::Mod => "%",
    }
}
