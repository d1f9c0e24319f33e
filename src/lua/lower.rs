//! Lowering: the tree to Lua text, in which every store goes through the barrier, every loop turn and function entry pays
//! fuel, and arithmetic is checked. Names of the generated text: `L7` locals, `b_…` built-ins, the rest is in the prelude.
//!
//! Every statement begins a line, so that a line of the text leads back to the statement.

use super::cost;
use super::lower_arith::{declaration, is_plain};
use super::lower_expr::is_multi_builtin;
use super::tree::{Each, Expr, Function, Id, Stmt, returned};
use std::collections::{BTreeSet, HashSet};
use std::fmt::Write;

/// What lowering leaves out: only tests and benches do, to show what each part is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Stores go through the write barrier.
    pub barrier: bool,
    /// Sums and products are tested for overflow.
    pub checked: bool,
    /// Work is paid for.
    pub fuel: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options { barrier: true, checked: true, fuel: true }
    }
}

/// Generated text with what belongs to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Lowered {
    pub text: String,
    /// For each line of the text, the number (from 1) of the statement that it belongs to, or 0.
    pub lines: Vec<u32>,
    /// The numbers of the statements that are the body of the returned function.
    pub body: Vec<u32>,
    /// The fractions that the text names as `FX[1]`, `FX[2]`, …
    pub fractions: Vec<i64>,
    /// The built-ins that the text names.
    pub builtins: BTreeSet<String>,
}

pub fn lower(body: &[Stmt], options: Options) -> Lowered {
    let mut assigned = HashSet::new();
    collect_assigned(body, &mut assigned);
    let mut l = Lower {
        out: String::new(),
        statement: 0,
        count: 0,
        lines: vec![0],
        returned: returned(body).map(std::ptr::from_ref),
        body: Vec::new(),
        temps: 0,
        options,
        fractions: Vec::new(),
        builtins: BTreeSet::new(),
        deep: Vec::new(),
        temporaries: Vec::new(),
        assigned,
    };
    l.pay(cost::fuel(body), cost::bytes(body));
    l.block(body);
    Lowered { text: l.out, lines: l.lines, body: l.body, fractions: l.fractions, builtins: l.builtins }
}

pub(super) struct Lower {
    pub(super) out: String,
    /// The statement at hand, and how many there were.
    statement: u32,
    count: u32,
    lines: Vec<u32>,
    /// The function that the program returns, known by its place in the tree, and the numbers of its statements.
    returned: Option<*const Function>,
    body: Vec<u32>,
    temps: u32,
    pub(super) options: Options,
    pub(super) fractions: Vec<i64>,
    pub(super) builtins: BTreeSet<String>,
    /// Of the functions around: does the depth of calls count them?
    deep: Vec<bool>,
    /// Of the functions around: how many levels of temporaries they use.
    pub(super) temporaries: Vec<usize>,
    /// The locals that anything assigns to after their declaration.
    pub(super) assigned: HashSet<Id>,
}

/// Writes formatted text to the output; writing to a `String` cannot fail.
macro_rules! put {
    ($l:expr, $($arg:tt)*) => { write!($l.out, $($arg)*).expect("a String takes all text") };
}
pub(super) use put;

impl Lower {
    /// Begins a line that belongs to a statement.
    fn line(&mut self, statement: u32) {
        self.out.push('\n');
        self.statement = statement;
        self.lines.push(statement);
    }

    fn temp(&mut self) -> u32 {
        self.temps += 1;
        self.temps
    }

    fn pay(&mut self, fuel: u64, bytes: u64) {
        if !self.options.fuel {
            return;
        }
        put!(self, " do local n=F-{} F=n if n<0 then OUT() end end", fuel + 1);
        if bytes > 0 {
            put!(self, " do local n=M-{bytes} M=n if n<0 then MEM() end end");
        }
    }

    /// What one turn of a loop costs: its body, and the condition that it evaluates.
    fn pay_turn(&mut self, condition: Option<&Expr>, body: &[Stmt]) {
        let fuel = condition.map_or(0, cost::nodes) + cost::fuel(body);
        self.pay(fuel, condition.map_or(0, cost::expr_bytes) + cost::bytes(body));
    }

    fn block(&mut self, body: &[Stmt]) {
        body.iter().for_each(|s| self.stmt(s));
    }

    fn locals(&mut self, ids: &[Id]) {
        for (i, id) in ids.iter().enumerate() {
            put!(self, "{}L{id}", if i > 0 { "," } else { "" });
        }
    }

    fn stmt(&mut self, s: &Stmt) {
        self.count += 1;
        let own = self.count;
        self.line(own);
        match s {
            Stmt::Local(ids, values) => self.local(ids, values),
            Stmt::LocalFunction(id, f) => {
                put!(self, "local function L{id}");
                self.function(f);
            }
            Stmt::Set(targets, values) => self.set(targets, values),
            // The semicolon keeps a parenthesis from calling the statement before.
            Stmt::Call(call) => {
                self.out.push(';');
                self.expr(call);
            }
            Stmt::Do(body) => {
                self.out.push_str("do");
                self.block(body);
                self.out.push_str(" end");
            }
            Stmt::While(condition, body) => {
                self.out.push_str("while ");
                self.expr(condition);
                self.out.push_str(" do");
                self.pay_turn(Some(condition), body);
                self.inner(body, " end");
            }
            Stmt::Repeat(body, condition) => {
                self.out.push_str("repeat");
                self.pay_turn(Some(condition), body);
                self.block(body);
                self.line(own);
                self.out.push_str("until ");
                self.expr(condition);
            }
            Stmt::If(arms, otherwise) => self.conditional(own, arms, otherwise),
            Stmt::For(id, bounds, body) => self.numeric_for(*id, bounds, body),
            Stmt::Each(Each::List, ids, over, body) => self.each_item(ids, over, body),
            Stmt::Each(Each::Keys, ids, over, body) => self.each_key(ids, over, body),
            Stmt::Goto(jump) => put!(self, "goto g{jump}"),
            Stmt::Label(jumps) => jumps.iter().for_each(|j| put!(self, "::g{j}::")),
            Stmt::Break => self.out.push_str("break"),
            Stmt::Return(values) => self.return_values(values),
        }
    }

    /// A block of its own inside a loop, then the words that end the loop.
    fn inner(&mut self, body: &[Stmt], end: &str) {
        self.out.push_str(" do");
        self.block(body);
        self.out.push_str(" end");
        self.out.push_str(end);
    }

    fn local(&mut self, ids: &[Id], values: &[Expr]) {
        if let ([id], [value]) = (ids, values)
            && is_plain(value)
            && !self.deep.is_empty()
        {
            let result = self.arithmetic(value);
            return put!(self, "local L{id}={result}");
        }
        self.out.push_str("local ");
        self.locals(ids);
        for (i, value) in values.iter().enumerate() {
            self.out.push(if i == 0 { '=' } else { ',' });
            // Constants of the file are frozen when they are made.
            let freeze = self.deep.is_empty() && holds_tables(value);
            self.out.push_str(if freeze { "FREEZE(" } else { "" });
            self.expr(value);
            self.out.push_str(if freeze { ")" } else { "" });
        }
    }

    fn conditional(&mut self, own: u32, arms: &[(Expr, Vec<Stmt>)], otherwise: &[Stmt]) {
        for (i, (condition, body)) in arms.iter().enumerate() {
            if i > 0 {
                self.line(own);
            }
            self.out.push_str(if i == 0 { "if " } else { "elseif " });
            self.expr(condition);
            self.out.push_str(" then");
            self.block(body);
        }
        if !otherwise.is_empty() {
            self.out.push_str(" else");
            self.block(otherwise);
        }
        self.out.push_str(" end");
    }

    fn numeric_for(&mut self, id: Id, bounds: &[Expr; 3], body: &[Stmt]) {
        let own = self.assigned.contains(&id);
        let temp = self.temp();
        if own {
            put!(self, "for i{temp}=")
        } else {
            put!(self, "for L{id}=")
        }
        for (i, bound) in bounds.iter().enumerate() {
            let check = match (bound, i) {
                (Expr::Int(0), 2) => "STEP(",
                (Expr::Int(_), _) => "",
                (_, 2) => "STEP(",
                _ => "INT(",
            };
            self.out.push_str(if i > 0 { "," } else { "" });
            self.out.push_str(check);
            self.expr(bound);
            self.out.push_str(if check.is_empty() { "" } else { ")" });
        }
        self.out.push_str(" do");
        if own {
            put!(self, " local L{id}=i{temp}");
        }
        self.pay_turn(None, body);
        self.inner(body, " end");
    }

    /// Begins a loop over a table with the test that it is one: only a table has no kind.
    fn table(&mut self, temp: u32, over: &Expr) {
        put!(self, "do local t{temp}=");
        self.expr(over);
        put!(self, " if t{temp}==nil or t{temp}[KK]~=nil then TAB(t{temp}) end");
    }

    fn each_item(&mut self, ids: &[Id], over: &Expr, body: &[Stmt]) {
        let temp = self.temp();
        self.table(temp, over);
        put!(self, " for i{temp}=1,MAXI do local v{temp}=t{temp}[i{temp}]");
        // The first test spares a comparison in every turn but the last.
        put!(self, " if not v{temp} and v{temp}==nil then break end");
        put!(self, " local L{}=i{temp}", ids[0]);
        if let Some(value) = ids.get(1) {
            put!(self, " local L{value}=v{temp}");
        }
        self.pay_turn(None, body);
        self.inner(body, " end end");
    }

    fn each_key(&mut self, ids: &[Id], over: &Expr, body: &[Stmt]) {
        let temp = self.temp();
        self.table(temp, over);
        put!(
            self,
            " local k{temp}=KEYS(t{temp}) for i{temp}=1,#k{temp} do local L{key}=k{temp}[i{temp}]",
            key = ids[0]
        );
        put!(self, " local v{temp}=t{temp}[L{key}] if v{temp}~=nil then", key = ids[0]);
        if let Some(value) = ids.get(1) {
            put!(self, " local L{value}=v{temp}");
        }
        self.pay_turn(None, body);
        self.inner(body, " end end end");
    }

    /// Leaving a function: never as a tail call, which would take the frame, and with it the place of an error, away.
    fn return_values(&mut self, values: &[Expr]) {
        let deep = self.deep.last().copied().unwrap_or(false);
        match values {
            [] if deep => self.out.push_str("D=D-1 do return end"),
            [] => self.out.push_str("do return end"),
            [value] if is_plain(value) => {
                self.out.push_str("do ");
                let result = self.arithmetic(value);
                put!(self, "{}return {result} end", if deep { "D=D-1 " } else { "" });
            }
            [value] if !gives_many(value) => {
                self.out.push_str(if deep { "do local r=" } else { "do return (" });
                self.expr(value);
                self.out.push_str(if deep { " D=D-1 return r end" } else { ") end" });
            }
            _ => {
                self.out.push_str(if deep { "do return LEAVE(" } else { "do return SAME(" });
                self.exprs(values);
                self.out.push_str(") end");
            }
        }
    }

    fn set(&mut self, targets: &[Expr], values: &[Expr]) {
        if let ([Expr::Index(object, key)], [value]) = (targets, values) {
            return self.store(object, key, value);
        }
        if let ([Expr::Local(id)], [value]) = (targets, values)
            && is_plain(value)
        {
            let result = self.arithmetic(value);
            return put!(self, "L{id}={result}");
        }
        if targets.iter().all(|t| matches!(t, Expr::Local(_))) {
            self.exprs(targets);
            self.out.push('=');
            return self.exprs(values);
        }
        self.set_many(targets, values);
    }

    fn store(&mut self, object: &Expr, key: &Expr, value: &Expr) {
        // Only a place that cannot fail may wait until its value is there.
        let ready = matches!((object, key), (Expr::Local(_), Expr::Local(_) | Expr::Text(_) | Expr::Int(_)));
        if self.options.barrier && ready && is_plain(value) {
            let result = self.arithmetic(value);
            self.store_number(object, key, &result);
        } else if self.options.barrier {
            self.out.push_str("SET(");
            self.expr(object);
            self.out.push(',');
            self.expr(key);
            self.out.push(',');
            self.expr(value);
            self.out.push(')');
        } else {
            self.prefix(object);
            self.out.push('[');
            self.expr(key);
            self.out.push_str("]=");
            self.expr(value);
        }
    }

    /// The store of a result of arithmetic, as `SET` of the prelude does it, in place where there is an entry to replace.
    /// The result stands in a temporary of level 0; those of level 1 are free by now.
    fn store_number(&mut self, object: &Expr, key: &Expr, result: &str) {
        self.use_levels(2);
        let object = self.written(object);
        let key = self.written(key);
        put!(self, " q1_0,q1_1={object}[DK],{object}[{key}] if q1_0 and q1_1 then");
        put!(self, " q1_2=N+1 UT[q1_2]={object} UK[q1_2]={key} UO[q1_2]=q1_1 N=q1_2");
        // A fraction answers the shift with -1.
        put!(self, " if {result}>>53~=0 and ({result}>SAFE or {result}<-SAFE) then unsafe() end");
        put!(self, " if q1_1[KK]~=INTEGER then drop(q1_1) end {object}[{key}]={result}");
        put!(self, " else SET({object},{key},{result}) end");
    }

    /// The text of an expression, taken out again.
    fn written(&mut self, e: &Expr) -> String {
        let start = self.out.len();
        self.expr(e);
        self.out.split_off(start)
    }

    /// Targets are evaluated first, then values, then all are stored from left to right. The places give up their tables
    /// before the first store, so that two of them can be swapped.
    fn set_many(&mut self, targets: &[Expr], values: &[Expr]) {
        let temp = self.temp();
        self.out.push_str("do ");
        for (i, target) in targets.iter().enumerate() {
            if let Expr::Index(object, key) = target {
                put!(self, "local o{temp}_{i},k{temp}_{i}=");
                self.expr(object);
                self.out.push(',');
                self.expr(key);
                self.out.push(' ');
            }
        }
        self.out.push_str("local ");
        for i in 0..targets.len() {
            put!(self, "{}x{temp}_{i}", if i > 0 { "," } else { "" });
        }
        self.out.push('=');
        self.exprs(values);
        let places = |t: &Expr| matches!(t, Expr::Index(..));
        if self.options.barrier && targets.iter().filter(|t| places(t)).count() > 1 {
            for i in (0..targets.len()).filter(|i| places(&targets[*i])) {
                put!(self, " FREE(o{temp}_{i},k{temp}_{i})");
            }
        }
        for (i, target) in targets.iter().enumerate() {
            match target {
                Expr::Local(id) => put!(self, " L{id}=x{temp}_{i}"),
                _ if self.options.barrier => put!(self, " SET(o{temp}_{i},k{temp}_{i},x{temp}_{i})"),
                _ => put!(self, " o{temp}_{i}[k{temp}_{i}]=x{temp}_{i}"),
            }
        }
        self.out.push_str(" end");
    }

    /// Parameters and body, behind the word `function` and perhaps a name.
    pub(super) fn function(&mut self, f: &Function) {
        let outer = self.statement;
        let deep = cost::calls_program(&f.body);
        self.out.push('(');
        self.locals(&f.params);
        match (f.varargs, f.params.is_empty()) {
            (true, true) => self.out.push_str("..."),
            (true, false) => self.out.push_str(",..."),
            _ => {}
        }
        self.out.push(')');
        self.pay(cost::fuel(&f.body), cost::bytes(&f.body));
        // The inner block lets a label stand at the end of the body.
        self.out.push_str(if deep { " D=D+1 if D>200 then DEEP() end do" } else { "" });
        let start = self.out.len();
        self.deep.push(deep);
        self.temporaries.push(0);
        let is_returned = self.returned.is_some_and(|returned| std::ptr::eq(returned, f));
        for s in &f.body {
            self.body.extend(is_returned.then_some(self.count + 1));
            self.stmt(s);
        }
        self.deep.pop();
        let levels = self.temporaries.pop().expect("pushed before the body");
        self.out.insert_str(start, &declaration(levels));
        self.line(outer);
        self.out.push_str(if deep { "end D=D-1 end" } else { "end" });
    }
}

/// Can an expression of the top level give a table?
fn holds_tables(e: &Expr) -> bool {
    !matches!(e, Expr::Nil | Expr::Bool(_) | Expr::Int(_) | Expr::Frac(_) | Expr::Text(_) | Expr::Function(_))
}

fn gives_many(e: &Expr) -> bool {
    match e {
        Expr::Dots => true,
        Expr::Call(head, _) => !matches!(&**head, Expr::Builtin(name) if !is_multi_builtin(name)),
        _ => false,
    }
}

fn collect_assigned(body: &[Stmt], out: &mut HashSet<Id>) {
    for s in body {
        match s {
            Stmt::Set(targets, _) => out.extend(targets.iter().filter_map(|t| match t {
                Expr::Local(id) => Some(*id),
                _ => None,
            })),
            Stmt::LocalFunction(_, f) => collect_assigned(&f.body, out),
            _ => {}
        }
        s.for_each_expr(&mut |e| collect_in_functions(e, out));
        s.for_each_block(&mut |b| collect_assigned(b, out));
    }
}

fn collect_in_functions(e: &Expr, out: &mut HashSet<Id>) {
    if let Expr::Function(f) = e {
        collect_assigned(&f.body, out);
    }
    e.for_each_child(&mut |child| collect_in_functions(child, out));
}
