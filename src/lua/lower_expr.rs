//! Lowering of expressions.

use super::cost;
use super::lexer::is_keyword;
use super::lower::{Lower, put};
use super::lower_arith::length_and_some;
use super::tree::{Binary, Expr, Unary};
use std::fmt::Write;

/// Built-ins that give more than one value.
pub fn is_multi_builtin(name: &str) -> bool {
    matches!(name, "assert" | "select" | "string.find" | "table.unpack")
}

/// The name of a built-in in the generated text.
pub fn builtin_name(name: &str) -> String {
    match name {
        "json.null" => "NULL".to_owned(),
        "math.maxinteger" => "MAXI".to_owned(),
        "math.mininteger" => "MINI".to_owned(),
        _ => format!("b_{}", name.replace('.', "_")),
    }
}

/// Operators that Lua's own do: comparisons, `and`, `or`. The others are functions of the prelude.
fn native(op: Binary) -> Option<&'static str> {
    Some(match op {
        Binary::Or => "or",
        Binary::And => "and",
        Binary::Lt => "<",
        Binary::Gt => ">",
        Binary::Le => "<=",
        Binary::Ge => ">=",
        Binary::Ne => "~=",
        Binary::Eq => "==",
        _ => return None,
    })
}

impl Lower {
    pub(super) fn exprs(&mut self, list: &[Expr]) {
        for (i, e) in list.iter().enumerate() {
            if i > 0 {
                self.out.push(',');
            }
            self.expr(e);
        }
    }

    pub(super) fn expr(&mut self, e: &Expr) {
        match e {
            Expr::Nil => self.out.push_str("nil"),
            Expr::Bool(b) => put!(self, "{b}"),
            Expr::Int(i64::MIN) => self.out.push_str("MINI"),
            Expr::Int(i) if *i < 0 => put!(self, "({i})"),
            Expr::Int(i) => put!(self, "{i}"),
            Expr::Frac(raw) => self.fraction(*raw),
            Expr::Text(text) => quote(text, &mut self.out),
            Expr::Dots => self.out.push_str("..."),
            Expr::Local(id) => put!(self, "L{id}"),
            Expr::Builtin(name) => {
                self.out.push_str(&builtin_name(name));
                self.builtins.insert(name.clone());
            }
            Expr::Index(object, key) => self.index(object, key),
            Expr::Call(head, args) => {
                self.prefix(head);
                self.out.push('(');
                self.exprs(args);
                self.out.push(')');
            }
            Expr::Unary(op, operand) => self.unary(*op, operand),
            Expr::Chain(first, rest) => match length_and_some(e) {
                Some((length, n)) => {
                    self.out.push('(');
                    self.expr(length);
                    put!(self, "+{n})");
                }
                None => self.chain(first, rest),
            },
            Expr::Concat(items) => self.concat(items),
            Expr::Power(base, exponent) => {
                self.out.push_str("pow(");
                self.expr(base);
                self.out.push(',');
                self.expr(exponent);
                self.out.push(')');
            }
            Expr::Function(f) => {
                self.out.push_str("function");
                self.function(f);
            }
            Expr::List(items) => {
                let dynamic = cost::is_dynamic(e);
                self.out.push_str(if dynamic { "PACK(" } else { "{" });
                self.exprs(items);
                self.out.push(if dynamic { ')' } else { '}' });
            }
            Expr::Map(entries) if cost::is_dynamic(e) => self.computed_map(entries),
            Expr::Map(entries) => self.map(entries),
            Expr::One(inner) => {
                self.out.push('(');
                self.expr(inner);
                self.out.push(')');
            }
        }
    }

    fn fraction(&mut self, raw: i64) {
        let known = self.fractions.iter().position(|k| *k == raw);
        let index = known.unwrap_or_else(|| {
            self.fractions.push(raw);
            self.fractions.len() - 1
        });
        put!(self, "FX[{}]", index + 1);
    }

    /// What a call or an index hangs on.
    pub(super) fn prefix(&mut self, e: &Expr) {
        if matches!(e, Expr::Local(_) | Expr::Index(..) | Expr::Call(..) | Expr::Builtin(_)) {
            return self.expr(e);
        }
        self.out.push('(');
        self.expr(e);
        self.out.push(')');
    }

    /// Lua reads a local when the operator runs. Where a call stands between that could change it, the value has to be taken
    /// first, as every argument of a function is.
    fn read_late(&self, left: &Expr, right: &Expr) -> bool {
        matches!(left, Expr::Local(id) if self.assigned.contains(id)) && cost::expr_calls_program(right)
    }

    fn index(&mut self, object: &Expr, key: &Expr) {
        if self.read_late(object, key) {
            self.out.push_str("GET(");
            self.expr(object);
            self.out.push(',');
            self.expr(key);
            self.out.push(')');
            return;
        }
        self.prefix(object);
        match key {
            Expr::Text(name) if is_identifier(name) => put!(self, ".{name}"),
            key => {
                self.out.push('[');
                self.expr(key);
                self.out.push(']');
            }
        }
    }

    fn unary(&mut self, op: Unary, operand: &Expr) {
        self.out.push_str(match op {
            Unary::Not => "(not ",
            Unary::Len => "(#",
            Unary::Neg => "neg(",
            Unary::BitNot => "bnot(",
        });
        let bare = matches!(op, Unary::Not | Unary::Len);
        if bare {
            self.prefix(operand)
        } else {
            self.expr(operand)
        }
        self.out.push(')');
    }

    /// `a op b op c` as `op(op(a,b),c)`: the openings first, the last operator outermost. Runs of `and` or `or` share one
    /// parenthesis, so that they do not nest.
    pub(super) fn chain(&mut self, first: &Expr, rest: &[(Binary, Expr)]) {
        let joins = |i: usize| i > 0 && rest[i].0 == rest[i - 1].0 && matches!(rest[i].0, Binary::And | Binary::Or);
        let late = |l: &Lower, i: usize| i == 0 && l.read_late(first, &rest[0].1);
        for i in (0..rest.len()).rev() {
            let op = rest[i].0;
            match native(op) {
                Some(_) if late(self, i) && !matches!(op, Binary::And | Binary::Or) => put!(self, "CMP.{}(", op.word()),
                // The run opens where its last operator stands.
                Some(_) if i + 1 < rest.len() && joins(i + 1) => {}
                Some(_) => self.out.push('('),
                None => put!(self, "{}(", op.word()),
            }
        }
        self.expr(first);
        for (i, (op, operand)) in rest.iter().enumerate() {
            match native(*op) {
                Some(_) if late(self, i) && !matches!(op, Binary::And | Binary::Or) => self.out.push(','),
                Some(symbol) => put!(self, " {symbol} "),
                None => self.out.push(','),
            }
            self.expr(operand);
            if !(i + 1 < rest.len() && joins(i + 1)) {
                self.out.push(')');
            }
        }
    }

    fn concat(&mut self, items: &[Expr]) {
        self.out.push_str("CAT(");
        for (i, item) in items.iter().enumerate() {
            self.out.push_str(if i > 0 { " .. " } else { "" });
            // A concatenation inside is one that stood in parentheses.
            self.prefix(item);
        }
        self.out.push(')');
    }

    fn map(&mut self, entries: &[(Expr, Expr)]) {
        self.out.push('{');
        for (i, (key, value)) in entries.iter().enumerate() {
            self.out.push_str(if i > 0 { "," } else { "" });
            match key {
                Expr::Text(name) if is_identifier(name) => self.out.push_str(name),
                key => {
                    self.out.push('[');
                    self.expr(key);
                    self.out.push(']');
                }
            }
            self.out.push('=');
            self.expr(value);
        }
        self.out.push('}');
    }

    fn computed_map(&mut self, entries: &[(Expr, Expr)]) {
        self.out.push_str("MAP(");
        for (i, (key, value)) in entries.iter().enumerate() {
            self.out.push_str(if i > 0 { "," } else { "" });
            self.expr(key);
            self.out.push_str(",(");
            self.expr(value);
            self.out.push(')');
        }
        self.out.push(')');
    }
}

fn is_identifier(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|b| b == b'_' || b.is_ascii_alphabetic())
        && bytes.all(|b| b == b'_' || b.is_ascii_alphanumeric())
        && !is_keyword(name)
}

/// A text as a Lua string literal of printable ASCII.
fn quote(text: &str, out: &mut String) {
    out.push('"');
    for b in text.bytes() {
        match b {
            b'"' | b'\\' => {
                out.push('\\');
                out.push(b as char);
            }
            b' '..=b'~' => out.push(b as char),
            _ => write!(out, "\\{b:03}").expect("a String takes all text"),
        }
    }
    out.push('"');
}
