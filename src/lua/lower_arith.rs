//! Arithmetic in place: where a statement needs one sum or product, its operations and their tests for overflow are written
//! out over temporaries, which is twice as fast as calling a function for each.
//!
//! The order of evaluation and the errors are those of the calls: operands from left to right, each operation as soon as its
//! operands are there.

use super::cost;
use super::lower::{Lower, put};
use super::tree::{Binary, Expr};
use std::fmt::Write;

/// Deepest nesting of operands that are written out; each level takes three temporaries.
const LEVELS: usize = 4;

/// Can it be written out? A call of the program could change a local between two operands, so none may stand inside.
pub fn is_plain(e: &Expr) -> bool {
    matches!(e, Expr::Chain(..)) && levels(e) <= LEVELS && levels(e) > 0 && !cost::expr_calls_program(e)
}

/// How many levels of temporaries an expression takes; 0 for what is no chain of sums and products.
fn levels(e: &Expr) -> usize {
    match e {
        Expr::Chain(first, rest)
            if rest.iter().all(|(op, _)| matches!(op, Binary::Add | Binary::Sub | Binary::Mul)) =>
        {
            1 + rest.iter().map(|(_, e)| levels(e)).fold(levels(first), usize::max)
        }
        _ => 0,
    }
}

/// The declaration of so many levels of temporaries.
pub fn declaration(levels: usize) -> String {
    (0..levels).map(|l| format!(" local q{l}_0,q{l}_1,q{l}_2")).collect()
}

impl Lower {
    /// Writes the operations out and returns the name that holds the result until the next statement. The temporaries are
    /// declared once a function, because Lua bounds the number of declarations.
    pub(super) fn arithmetic(&mut self, e: &Expr) -> String {
        let used = self.temporaries.last_mut().expect("arithmetic stands in a function");
        *used = (*used).max(levels(e));
        self.written_out(e, 0)
    }

    fn written_out(&mut self, e: &Expr, level: usize) -> String {
        let Expr::Chain(first, rest) = e else { unreachable!("only chains are written out") };
        let mut left = self.atom(first, level, 0);
        for (i, (op, operand)) in rest.iter().enumerate() {
            let right = self.atom(operand, level, 2);
            // The left side is in the other of two temporaries, and the test needs it.
            let result = format!("q{level}_{}", (i + 1) % 2);
            match op {
                Binary::Add => put!(
                    self,
                    "{result}={left}+{right} if ({left}~{result})&({right}~{result})<0 then overflow(\"+\") end "
                ),
                Binary::Sub => put!(
                    self,
                    "{result}={left}-{right} if ({left}~{right})&({left}~{result})<0 then overflow(\"-\") end "
                ),
                _ => put!(
                    self,
                    "{result}={left}*{right} if ({left}|{right})>>31~=0 then {result}=MUL({result},{left},{right}) end "
                ),
            }
            left = result;
        }
        left
    }

    /// A name or literal for an operand: of a local itself, of anything else the temporary that it is put in.
    fn atom(&mut self, e: &Expr, level: usize, slot: usize) -> String {
        match e {
            Expr::Local(id) => return format!("L{id}"),
            Expr::Int(i) if *i >= 0 => return i.to_string(),
            Expr::Chain(..) if levels(e) > 0 => return self.written_out(e, level + 1),
            _ => {}
        }
        let temp = format!("q{level}_{slot}");
        put!(self, "{temp}=");
        self.expr(e);
        self.out.push(' ');
        temp
    }
}
