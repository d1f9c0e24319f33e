//! Statements.

use super::error::Pos;
use super::lexer::Token;
use super::parser::{Parsed, Parser};
use super::tree::{Each, Expr, Stmt};

impl Parser<'_> {
    /// `None`: the statement leaves nothing in the tree.
    pub(super) fn statement(&mut self) -> Parsed<Option<Stmt>> {
        let at = self.at;
        if self.eat("::")? {
            return self.label();
        }
        let Token::Keyword(word) = self.token else { return self.assignment_or_call(at).map(Some) };
        match word {
            "if" => self.if_statement(at),
            "while" => self.while_statement(at),
            "do" => {
                self.advance()?;
                let body = self.block()?;
                self.close("end", "do", at)?;
                Ok(Stmt::Do(body))
            }
            "repeat" => self.repeat_statement(at),
            "for" => self.for_statement(at),
            "function" => self.function_statement(at),
            "local" => self.local_statement(at),
            "return" => {
                self.advance()?;
                let bare = self.at_block_end() || self.is(";");
                let values = if bare { Vec::new() } else { self.exprs()? };
                self.eat(";")?;
                Ok(Stmt::Return(values))
            }
            "break" => {
                self.advance()?;
                if !self.scope.in_loop() {
                    return self.syntax(at, "'break' outside a loop");
                }
                Ok(Stmt::Break)
            }
            "goto" => return self.goto_statement(),
            _ => return self.assignment_or_call(at).map(Some),
        }
        .map(Some)
    }

    fn if_statement(&mut self, at: Pos) -> Parsed<Stmt> {
        let mut arms = Vec::new();
        loop {
            self.advance()?;
            let condition = self.expr()?;
            self.expect("then")?;
            arms.push((condition, self.block()?));
            if !self.is("elseif") {
                break;
            }
        }
        let order = self.positions.len();
        let mut otherwise = if self.eat("else")? { self.block()? } else { Vec::new() };
        self.close("end", "if", at)?;
        // An `if` alone in `else` is what `elseif` says; as an arm it is no statement of its own.
        if let [Stmt::If(..)] = otherwise.as_slice()
            && let Some(Stmt::If(more, last)) = otherwise.pop()
        {
            arms.extend(more);
            otherwise = last;
            self.positions.remove(order);
        }
        Ok(Stmt::If(arms, otherwise))
    }

    fn while_statement(&mut self, at: Pos) -> Parsed<Stmt> {
        self.advance()?;
        let condition = self.expr()?;
        self.expect("do")?;
        let body = self.looped()?;
        self.close("end", "while", at)?;
        Ok(Stmt::While(condition, body))
    }

    /// The condition sees the locals of the body, so the block ends behind it.
    fn repeat_statement(&mut self, at: Pos) -> Parsed<Stmt> {
        self.advance()?;
        self.enter()?;
        self.scope.open_block();
        self.scope.open_loop();
        let body = self.statements()?;
        self.scope.close_loop();
        self.close("until", "repeat", at)?;
        let condition = self.expr()?;
        self.end_block();
        Ok(Stmt::Repeat(body, condition))
    }

    fn for_statement(&mut self, at: Pos) -> Parsed<Stmt> {
        self.advance()?;
        let first = self.name()?;
        let mark = self.scope.mark();
        let statement = if self.eat("=")? { self.numeric_for(first, at) } else { self.for_in(first, at) };
        self.scope.release(mark);
        statement
    }

    fn numeric_for(&mut self, (name, name_at): (String, Pos), at: Pos) -> Parsed<Stmt> {
        let from = self.expr()?;
        self.expect(",")?;
        let to = self.expr()?;
        let step = if self.eat(",")? { self.expr()? } else { Expr::Int(1) };
        self.expect("do")?;
        let id = self.declare(name, false, name_at);
        let body = self.looped()?;
        self.close("end", "for", at)?;
        Ok(Stmt::For(id, [from, to, step], body))
    }

    fn for_in(&mut self, first: (String, Pos), at: Pos) -> Parsed<Stmt> {
        let first_at = first.1;
        let mut variables = vec![first];
        while self.eat(",")? {
            variables.push(self.name()?);
        }
        self.expect("in")?;
        let (kind, over) = self.iterated()?;
        if variables.len() > 2 {
            self.lint("L002", first_at, "a 'for ... in' loop has at most two variables");
        }
        self.expect("do")?;
        let ids = variables.into_iter().map(|(name, at)| self.declare(name, false, at)).collect();
        let body = self.looped()?;
        self.close("end", "for", at)?;
        Ok(Stmt::Each(kind, ids, over, body))
    }

    /// `dpairs(t)` or `ipairs(t)`, the only things that a loop runs over.
    fn iterated(&mut self) -> Parsed<(Each, Expr)> {
        let at = self.at;
        let kind = match &self.token {
            Token::Name(name) if name == "ipairs" => Some(Each::List),
            Token::Name(name) if name == "dpairs" => Some(Each::Keys),
            _ => None,
        };
        let Some(kind) = kind.filter(|_| !self.is_shadowed()) else {
            self.exprs()?;
            self.lint_once("L002", at, "a 'for ... in' loop must use dpairs(t) or ipairs(t)");
            return Ok((Each::Keys, Expr::Nil));
        };
        self.advance()?;
        let mut args = self.args()?;
        if args.len() != 1 {
            self.lint("L002", at, "dpairs and ipairs take exactly one argument");
        }
        let over = args.drain(..).next().unwrap_or(Expr::Nil);
        Ok((kind, super::expr::single(over)))
    }

    /// Is the name at hand one of the program's own locals?
    fn is_shadowed(&self) -> bool {
        matches!(&self.token, Token::Name(name) if self.scope.find(name).is_some())
    }

    fn function_statement(&mut self, at: Pos) -> Parsed<Stmt> {
        self.advance()?;
        let (name, name_at) = self.name()?;
        let mut target = self.resolve(&name, name_at);
        let mut plain = true;
        while self.eat(".")? {
            let (key, key_at) = self.name()?;
            self.check_key(&key, key_at);
            target = Expr::Index(target.into(), Expr::Text(key).into());
            plain = false;
        }
        if self.is(":") {
            let colon = self.at;
            self.lint("L006", colon, "methods are not allowed; declare a function with an explicit parameter");
            self.advance()?;
            self.name()?;
        }
        if plain {
            self.check_assigned(&target, &name, name_at);
        }
        let function = self.function_body(at)?;
        Ok(Stmt::Set(vec![target], vec![Expr::Function(function.into())]))
    }

    fn local_statement(&mut self, at: Pos) -> Parsed<Stmt> {
        self.advance()?;
        if self.eat("function")? {
            let (name, name_at) = self.name()?;
            let id = self.declare(name, false, name_at);
            return Ok(Stmt::LocalFunction(id, self.function_body(at)?));
        }
        let mut declared = Vec::new();
        loop {
            let (name, name_at) = self.name()?;
            let constant = self.eat("<")? && self.attribute()?;
            declared.push((name, constant, name_at));
            if !self.eat(",")? {
                break;
            }
        }
        let values = if self.eat("=")? { self.exprs()? } else { Vec::new() };
        let ids = declared.into_iter().map(|(name, constant, at)| self.declare(name, constant, at)).collect();
        Ok(Stmt::Local(ids, values))
    }

    /// The word between `<` and `>`: is it `const`?
    fn attribute(&mut self) -> Parsed<bool> {
        let (word, at) = self.name()?;
        match word.as_str() {
            "const" => {}
            "close" => self.lint("L007", at, "'<close>' is not allowed"),
            _ => return self.syntax(at, format_args!("unknown attribute '{word}'")),
        }
        self.expect(">")?;
        Ok(word == "const")
    }

    fn goto_statement(&mut self) -> Parsed<Option<Stmt>> {
        self.advance()?;
        let (label, at) = self.name()?;
        if self.scope.has_label(&label) {
            self.lint("L008", at, format!("backward goto to '{label}' is not allowed; use a loop"));
            return Ok(None);
        }
        self.jumps += 1;
        self.scope.jump(label, self.jumps, at);
        Ok(Some(Stmt::Goto(self.jumps)))
    }

    fn label(&mut self) -> Parsed<Option<Stmt>> {
        let (name, at) = self.name()?;
        self.expect("::")?;
        if self.scope.has_label(&name) {
            return self.syntax(at, format_args!("label '{name}' already defined"));
        }
        let jumps = self.scope.label(&name);
        while self.eat(";")? {}
        // At the end of a block no local is in reach behind the label; `until` still sees them.
        let at_end = self.at_block_end() && !self.is("until");
        let active = self.scope.mark();
        for jump in &jumps {
            if jump.locals < active && !at_end {
                self.lint("E000", jump.at, format!("goto '{name}' jumps into the scope of a local"));
            }
        }
        Ok((!jumps.is_empty()).then(|| Stmt::Label(jumps.iter().map(|j| j.number).collect())))
    }

    fn assignment_or_call(&mut self, at: Pos) -> Parsed<Stmt> {
        let first = self.suffixed()?;
        if !self.is("=") && !self.is(",") {
            return match first.expr {
                Expr::Call(..) => Ok(Stmt::Call(first.expr)),
                _ => self.syntax(at, format_args!("statement expected near '{}'", self.shown())),
            };
        }
        let mut targets = vec![(first, at)];
        while self.eat(",")? {
            let at = self.at;
            targets.push((self.suffixed()?, at));
        }
        self.expect("=")?;
        let values = self.exprs()?;
        for (target, at) in &targets {
            match &target.expr {
                _ if !target.assignable => return self.syntax(*at, "cannot assign to this expression"),
                Expr::Index(..) => {}
                expr => self.check_assigned(expr, target.name.as_deref().unwrap_or_default(), *at),
            }
        }
        Ok(Stmt::Set(targets.into_iter().map(|(t, _)| t.expr).collect(), values))
    }

    /// The rules for assigning to a bare name.
    fn check_assigned(&mut self, target: &Expr, name: &str, at: Pos) {
        let Expr::Local(id) = target else {
            let name = if let Expr::Builtin(builtin) = target { builtin } else { name };
            self.lint_once("L003", at, format!("assignment to global '{name}'; declare it with 'local'"));
            return;
        };
        match self.scope.local(*id) {
            Some(local) if local.constant => {
                self.lint("E000", at, format!("attempt to assign to const variable '{name}'"));
            }
            Some(local) if local.top && !self.scope.at_top() => {
                let why =
                    "is declared outside the function and cannot be changed: only the returned state survives an event";
                self.lint("L010", at, format!("'{name}' {why}"));
            }
            _ => {}
        }
    }
}
