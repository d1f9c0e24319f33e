//! Which fields of its parameters a program can read at all. What it cannot read need not be handed to it, and does not
//! change its answer.

use super::tree::{Expr, Function, Id, Stmt};
use std::collections::BTreeSet;

/// The top-level fields of a parameter that a function can read or write. `None`: it uses the parameter in a way that says
/// nothing about fields, such as handing it on.
pub fn fields(f: &Function, param: Id) -> Option<BTreeSet<String>> {
    let mut reads = Reads { param, fields: BTreeSet::new(), whole: false };
    reads.block(&f.body);
    (!reads.whole).then_some(reads.fields)
}

struct Reads {
    param: Id,
    fields: BTreeSet<String>,
    whole: bool,
}

impl Reads {
    fn block(&mut self, body: &[Stmt]) {
        for s in body {
            if let Stmt::LocalFunction(_, f) = s {
                self.block(&f.body);
            }
            s.for_each_expr(&mut |e| self.expr(e));
            s.for_each_block(&mut |b| self.block(b));
        }
    }

    fn expr(&mut self, e: &Expr) {
        match e {
            Expr::Local(id) if *id == self.param => self.whole = true,
            Expr::Index(object, key) => match (&**object, &**key) {
                (Expr::Local(id), Expr::Text(name)) if *id == self.param => {
                    self.fields.insert(name.clone());
                }
                _ => e.for_each_child(&mut |child| self.expr(child)),
            },
            Expr::Function(f) => self.block(&f.body),
            _ => e.for_each_child(&mut |child| self.expr(child)),
        }
    }
}
