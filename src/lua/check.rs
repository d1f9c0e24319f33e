//! The rules that a tree keeps, whoever made it: everything that lowering relies on. Without it a stranger's ELC could put
//! text of its own into the generated program.

use super::expr::{ARGS_MAX, CHAIN_MAX};
use super::names;
use super::scope::LOCALS_MAX;
use super::tree::{Expr, Function, Id, Stmt, is_constant, returned};
use std::collections::HashSet;

type Checked = Result<(), String>;

/// Checks a whole program; `Err` is the rule that it breaks.
pub fn check(body: &[Stmt]) -> Checked {
    let mut c = Check::default();
    for statement in body {
        match statement {
            Stmt::LocalFunction(..) | Stmt::Return(_) => {}
            Stmt::Local(_, values) if values.iter().all(is_constant) => {}
            _ => return rule("outside functions stand constants, functions and the last 'return'"),
        }
    }
    c.block(body)?;
    c.no_jump_left()?;
    match returned(body) {
        Some(f) if !f.varargs && (1..=2).contains(&f.params.len()) => Ok(()),
        _ => rule("the program returns one function of (state, event), (intent, facts) or (state)"),
    }
}

fn rule<T>(what: impl Into<String>) -> Result<T, String> {
    Err(what.into())
}

fn ensure(holds: bool, what: &str) -> Checked {
    if holds { Ok(()) } else { rule(what) }
}

#[derive(Default)]
struct Check {
    /// By id: is the local in scope? Ids are dense, in order of declaration.
    visible: Vec<bool>,
    /// The active locals, innermost last.
    active: Vec<Id>,
    /// By id: declared outside all functions.
    top: HashSet<Id>,
    functions: u32,
    /// Where the locals of the function at hand begin in `active`.
    base: usize,
    varargs: bool,
    loops: u32,
    blocks: u32,
    /// Jumps that wait for their label, with the depth of the block in which they wait.
    jumps: Vec<(u32, u32)>,
    last_jump: u32,
}

impl Check {
    fn declare(&mut self, id: Id) -> Checked {
        ensure(id as usize == self.visible.len(), "locals are numbered in the order of declaration")?;
        self.visible.push(true);
        self.active.push(id);
        if self.functions == 0 {
            self.top.insert(id);
        }
        ensure(self.active.len() - self.base <= LOCALS_MAX, "a function has at most 150 locals")
    }

    fn release(&mut self, mark: usize) {
        for id in self.active.drain(mark..) {
            self.visible[id as usize] = false;
        }
    }

    fn block(&mut self, body: &[Stmt]) -> Checked {
        let mark = self.active.len();
        self.open(body)?;
        self.close(mark);
        Ok(())
    }

    fn open(&mut self, body: &[Stmt]) -> Checked {
        self.blocks += 1;
        for (i, statement) in body.iter().enumerate() {
            ensure(!matches!(statement, Stmt::Return(_)) || i + 1 == body.len(), "'return' ends its block")?;
            self.stmt(statement)?;
        }
        Ok(())
    }

    /// Ends a block: its jumps wait on in the one around it.
    fn close(&mut self, mark: usize) {
        self.release(mark);
        self.blocks -= 1;
        for (_, depth) in self.jumps.iter_mut().rev().take_while(|(_, depth)| *depth > self.blocks) {
            *depth = self.blocks;
        }
    }

    fn no_jump_left(&self) -> Checked {
        ensure(self.jumps.is_empty(), "every goto has a label behind it")
    }

    fn looped(&mut self, declared: &[Id], body: &[Stmt]) -> Checked {
        let mark = self.active.len();
        declared.iter().try_for_each(|id| self.declare(*id))?;
        self.loops += 1;
        self.block(body)?;
        self.loops -= 1;
        self.release(mark);
        Ok(())
    }

    fn stmt(&mut self, s: &Stmt) -> Checked {
        match s {
            Stmt::Local(ids, values) => {
                ensure(!ids.is_empty(), "a declaration names a local")?;
                self.exprs(values)?;
                ids.iter().try_for_each(|id| self.declare(*id))
            }
            Stmt::LocalFunction(id, f) => {
                self.declare(*id)?;
                self.function(f)
            }
            Stmt::Set(targets, values) => self.assignment(targets, values),
            Stmt::Call(call) => self.expr(call),
            Stmt::Do(body) => self.block(body),
            Stmt::While(condition, body) => {
                self.expr(condition)?;
                self.looped(&[], body)
            }
            Stmt::Repeat(body, condition) => {
                let mark = self.active.len();
                self.loops += 1;
                self.open(body)?;
                self.loops -= 1;
                self.expr(condition)?;
                self.close(mark);
                Ok(())
            }
            Stmt::If(arms, otherwise) => {
                ensure(!arms.is_empty(), "'if' has a condition")?;
                ensure(!matches!(otherwise.as_slice(), [Stmt::If(..)]), "an 'if' alone in 'else' is an arm")?;
                for (condition, body) in arms {
                    self.expr(condition)?;
                    self.block(body)?;
                }
                self.block(otherwise)
            }
            Stmt::For(id, bounds, body) => {
                self.exprs(bounds)?;
                self.looped(&[*id], body)
            }
            Stmt::Each(_, ids, over, body) => {
                ensure((1..=2).contains(&ids.len()), "a 'for ... in' has one or two variables")?;
                self.expr(over)?;
                self.looped(ids, body)
            }
            Stmt::Goto(jump) => {
                ensure(*jump == self.last_jump + 1, "jumps are numbered in their order")?;
                self.last_jump = *jump;
                self.jumps.push((*jump, self.blocks));
                Ok(())
            }
            Stmt::Label(jumps) => self.label(jumps),
            Stmt::Break => ensure(self.loops > 0, "'break' stands in a loop"),
            Stmt::Return(values) => self.exprs(values),
        }
    }

    fn assignment(&mut self, targets: &[Expr], values: &[Expr]) -> Checked {
        ensure(!targets.is_empty() && !values.is_empty(), "an assignment has targets and values")?;
        for target in targets {
            match target {
                Expr::Index(..) => {}
                Expr::Local(id) => ensure(!self.top.contains(id), "a top-level local is not assigned")?,
                _ => return rule("only locals and fields are assigned"),
            }
            self.expr(target)?;
        }
        self.exprs(values)
    }

    /// A label ends jumps that wait in its own block.
    fn label(&mut self, jumps: &[u32]) -> Checked {
        ensure(!jumps.is_empty() && jumps.is_sorted_by(|a, b| a < b), "a label lists its jumps in their order")?;
        for jump in jumps {
            let waiting = self.jumps.binary_search_by_key(jump, |(number, _)| *number);
            let here = waiting.ok().filter(|i| self.jumps[*i].1 == self.blocks);
            let i = here.ok_or("a label ends jumps of its own block")?;
            self.jumps.remove(i);
        }
        Ok(())
    }

    fn function(&mut self, f: &Function) -> Checked {
        let mark = self.active.len();
        let outer = (self.base, self.varargs, self.loops, std::mem::take(&mut self.jumps));
        (self.base, self.varargs, self.loops) = (mark, f.varargs, 0);
        self.functions += 1;
        f.params.iter().try_for_each(|id| self.declare(*id))?;
        self.block(&f.body)?;
        self.no_jump_left()?;
        self.functions -= 1;
        self.release(mark);
        (self.base, self.varargs, self.loops, self.jumps) = outer;
        Ok(())
    }

    fn exprs(&mut self, list: &[Expr]) -> Checked {
        list.iter().try_for_each(|e| self.expr(e))
    }

    fn expr(&mut self, e: &Expr) -> Checked {
        match e {
            Expr::Function(f) => return self.function(f),
            Expr::Frac(raw) => ensure(raw & 0xffff_ffff != 0, "an integer is not written as a fraction")?,
            Expr::Dots => ensure(self.varargs, "'...' stands in a vararg function")?,
            Expr::Local(id) => {
                ensure(
                    self.visible.get(*id as usize).copied().unwrap_or(false),
                    "a local is used where it is in scope",
                )?;
            }
            Expr::Builtin(name) => ensure(names::is_builtin(name), "every built-in is known")?,
            Expr::Call(_, args) => ensure(args.len() <= ARGS_MAX + 1, "a call has at most 100 arguments")?,
            Expr::Chain(first, rest) => {
                ensure(!matches!(**first, Expr::Chain(..)), "a chain is written in one piece")?;
                ensure((1..=CHAIN_MAX).contains(&rest.len()), "a chain has 1 to 200 operators")?;
            }
            Expr::Concat(items) => {
                ensure((2..=CHAIN_MAX + 1).contains(&items.len()), "a concatenation has 1 to 200 operators")?;
                ensure(!matches!(items.last(), Some(Expr::Concat(_))), "a concatenation is written in one piece")?;
            }
            Expr::List(items) => ensure(!items.is_empty(), "an empty table is a map")?,
            Expr::Map(entries) => {
                let mut keys = HashSet::new();
                for (key, _) in entries {
                    ensure(!matches!(key, Expr::Text(text) if !keys.insert(text)), "a field stands once")?;
                }
            }
            Expr::One(inner) => ensure(inner.is_multi(), "only calls and '...' are cut to one value")?,
            _ => {}
        }
        let mut done = Ok(());
        e.for_each_child(&mut |child| {
            if done.is_ok() {
                done = self.expr(child);
            }
        });
        done
    }
}
