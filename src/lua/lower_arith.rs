//! Arithmetic in place: where a statement needs one sum or product, its operations and their tests for overflow are written
//! out over temporaries, which is twice as fast as calling a function for each.
//!
//! The order of evaluation and the errors are those of the calls: operands from left to right, each operation as soon as its
//! operands are there.

use super::cost;
use super::lower::{Lower, put};
use super::tree::{Binary, Expr, Unary};
use std::fmt::Write;

/// Deepest nesting of operands that are written out; each level takes three temporaries.
const LEVELS: usize = 4;

/// Can it be written out? A call of the program could change a local between two operands, so none may stand inside.
pub fn is_plain(e: &Expr) -> bool {
    matches!(e, Expr::Chain(..)) && levels(e) <= LEVELS && levels(e) > 0 && !cost::expr_calls_program(e)
}

/// How many levels of temporaries an expression takes; 0 for what is no chain that ends in sums and products.
fn levels(e: &Expr) -> usize {
    let Expr::Chain(first, rest) = e else { return 0 };
    let start = head(rest);
    let operands = rest[start..].iter().map(|(_, e)| levels(e));
    match rest.len() - start {
        0 => 0,
        _ if start > 0 => 1 + operands.max().unwrap_or(0),
        _ => 1 + operands.fold(levels(first), usize::max),
    }
}

/// How many operators of a chain come before the last run of sums and products: in `(t[k] or 0) + n` the `or`.
fn head(rest: &[(Binary, Expr)]) -> usize {
    let sums = |(op, _): &&(Binary, Expr)| matches!(op, Binary::Add | Binary::Sub | Binary::Mul);
    rest.len() - rest.iter().rev().take_while(sums).count()
}

/// `#x + 1` as it stands, where that cannot overflow: no length comes near the largest integer.
pub fn length_and_some(e: &Expr) -> Option<(&Expr, i64)> {
    match e {
        Expr::Chain(first, rest) => match (&**first, rest.as_slice()) {
            (Expr::Unary(Unary::Len, _), [(Binary::Add, Expr::Int(n))]) if (0..1 << 31).contains(n) => {
                Some((first, *n))
            }
            _ => None,
        },
        _ => None,
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
        self.use_levels(levels(e));
        self.written_out(e, 0)
    }

    /// The function at hand needs so many levels of temporaries.
    pub(super) fn use_levels(&mut self, levels: usize) {
        let used = self.temporaries.last_mut().expect("arithmetic stands in a function");
        *used = (*used).max(levels);
    }

    fn written_out(&mut self, e: &Expr, level: usize) -> String {
        let Expr::Chain(first, rest) = e else { unreachable!("only chains are written out") };
        let start = head(rest);
        let mut left =
            if start == 0 { self.atom(first, level, 0) } else { self.atom_of_chain(first, &rest[..start], level) };
        for (i, (op, operand)) in rest[start..].iter().enumerate() {
            let right = self.atom(operand, level, 2);
            // The left side is in the other of two temporaries, and the test needs it.
            let result = format!("q{level}_{}", (i + 1) % 2);
            match op {
                _ if !self.options.checked => {
                    let sign = match op {
                        Binary::Add => '+',
                        Binary::Sub => '-',
                        _ => '*',
                    };
                    put!(self, "{result}={left}{sign}{right} ");
                }
                // With a number that is not negative one comparison tells.
                Binary::Add if matches!(operand, Expr::Int(0..)) => {
                    put!(self, "{result}={left}+{right} if {result}<{left} then overflow(\"+\") end ")
                }
                Binary::Sub if matches!(operand, Expr::Int(0..)) => {
                    put!(self, "{result}={left}-{right} if {result}>{left} then overflow(\"-\") end ")
                }
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

    /// The temporary that holds the part of a chain before its sums and products.
    fn atom_of_chain(&mut self, first: &Expr, rest: &[(Binary, Expr)], level: usize) -> String {
        let temp = format!("q{level}_0");
        put!(self, "{temp}=");
        self.chain(first, rest);
        self.out.push(' ');
        temp
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
