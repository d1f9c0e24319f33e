//! What a program is charged for: fuel and logical bytes, as functions of the tree alone, so that every engine agrees.

use super::tree::{Expr, Stmt};

/// Fuel of one event.
pub const FUEL: i64 = 1_000_000;
/// Logical bytes that one event may allocate.
pub const EVENT_BYTES: i64 = 16 << 20;
/// Logical bytes of the live state.
pub const STATE_BYTES: i64 = 256 << 20;

const TABLE: u64 = 64;
const ENTRY: u64 = 32;
const CLOSURE: u64 = 64;

/// Fuel of one run through a block: 1 for each statement and for each node of its expressions. Loops and functions inside
/// charge for themselves.
pub fn fuel(body: &[Stmt]) -> u64 {
    body.iter().map(stmt_fuel).sum()
}

fn stmt_fuel(s: &Stmt) -> u64 {
    let mut sum = 1;
    s.for_each_expr(&mut |e| sum += nodes(e));
    if matches!(s, Stmt::Do(_) | Stmt::If(..)) {
        s.for_each_block(&mut |b| sum += fuel(b));
    }
    sum
}

/// Number of nodes of an expression. A chain counts each of its operators.
pub fn nodes(e: &Expr) -> u64 {
    let mut sum = match e {
        Expr::Chain(_, rest) => rest.len() as u64,
        _ => 1,
    };
    e.for_each_child(&mut |child| sum += nodes(child));
    sum
}

/// Logical bytes of the tables and closures that one run through a block makes. What `is_dynamic` is charged when it is made.
pub fn bytes(body: &[Stmt]) -> u64 {
    let mut sum = 0;
    for s in body {
        if let Stmt::LocalFunction(..) = s {
            sum += CLOSURE;
        }
        s.for_each_expr(&mut |e| sum += expr_bytes(e));
        if matches!(s, Stmt::Do(_) | Stmt::If(..)) {
            s.for_each_block(&mut |b| sum += bytes(b));
        }
    }
    sum
}

/// The same for one expression.
pub fn expr_bytes(e: &Expr) -> u64 {
    let mut sum = match e {
        Expr::Function(_) => CLOSURE,
        Expr::List(_) | Expr::Map(_) if is_dynamic(e) => 0,
        Expr::List(items) => TABLE + ENTRY * items.len() as u64,
        Expr::Map(entries) => TABLE + ENTRY * entries.len() as u64,
        _ => 0,
    };
    e.for_each_child(&mut |child| sum += expr_bytes(child));
    sum
}

/// Must a constructor look at its values when it runs: a list that could hold nil, a map whose keys are computed?
pub fn is_dynamic(e: &Expr) -> bool {
    match e {
        Expr::List(items) => items.iter().any(may_be_nil),
        Expr::Map(entries) => entries.iter().any(|(key, _)| !matches!(key, Expr::Text(_))),
        _ => false,
    }
}

fn may_be_nil(e: &Expr) -> bool {
    match e {
        Expr::Nil | Expr::Dots | Expr::Local(_) | Expr::Index(..) | Expr::Call(..) | Expr::One(_) => true,
        Expr::Builtin(name) => name != "json.null",
        Expr::Chain(_, rest) => {
            use super::tree::Binary::{And, Or};
            matches!(rest.last(), Some((And | Or, _)))
        }
        _ => false,
    }
}

/// Does a block call anything that can run code of the program? Only functions that do count toward the depth of calls.
pub fn calls_program(body: &[Stmt]) -> bool {
    body.iter().any(|s| {
        let mut found = false;
        s.for_each_expr(&mut |e| found = found || expr_calls_program(e));
        s.for_each_block(&mut |b| found = found || calls_program(b));
        found
    })
}

pub fn expr_calls_program(e: &Expr) -> bool {
    e.any(&|e| match e {
        Expr::Call(head, _) => !matches!(&**head, Expr::Builtin(name) if name != "dsort"),
        _ => false,
    })
}
