//! Source text to tree, with every finding on the way: tokens, findings, blocks, functions and names; statements and
//! expressions stand in files of their own. A syntax error ends the reading; the rules of the language (L…) do not, so that
//! one run names them all.

use super::error::{Finding, Pos, Severity};
use super::lexer::{Lexer, Token};
use super::names;
use super::scope::Scope;
use super::tree::{Expr, Function, Id, Stmt, is_constant, returned};
use std::collections::HashSet;

/// Longest source text.
pub const SOURCE_MAX: usize = 1 << 20;
/// Deepest nesting of blocks, expressions and suffixes together.
pub const NESTING_MAX: u32 = 64;

pub(super) type Parsed<T> = Result<T, Finding>;

/// A source text that was read.
pub struct Chunk {
    pub body: Vec<Stmt>,
    /// Where each statement begins, in the order in which they stand in the tree.
    pub positions: Vec<Pos>,
    /// The names of locals by id.
    pub names: Vec<String>,
}

/// An expression that was read by itself.
pub struct Alone {
    pub expr: Expr,
    /// The names of locals by id.
    pub names: Vec<String>,
    /// Functions that come with the language and are not called where they stand.
    pub uncalled: Vec<(String, Pos)>,
}

pub struct Parser<'a> {
    lexer: Lexer<'a>,
    pub(super) token: Token,
    pub(super) at: Pos,
    ahead: Option<(Token, Pos)>,
    pub(super) scope: Scope,
    pub(super) jumps: u32,
    pub(super) positions: Vec<Pos>,
    pub(super) depth: u32,
    /// Functions that come with the language and are not called where they stand.
    pub(super) uncalled: Vec<(String, Pos)>,
    findings: Vec<Finding>,
    reported: HashSet<(u32, u32)>,
}

/// Reads a source text. The findings are sorted by position; there is a chunk where none of them is an error.
pub fn parse(source: &str) -> (Option<Chunk>, Vec<Finding>) {
    let start = Pos { line: 1, col: 1 };
    if source.len() > SOURCE_MAX {
        return (None, vec![Finding::error("E005", start, "source is larger than 1 MiB")]);
    }
    let mut parser = Parser::new(source);
    let body = parser.chunk().map_err(|fatal| parser.findings.push(fatal)).ok();
    let mut findings = parser.findings;
    findings.sort_by_key(|f| (f.line, f.col));
    let clean = findings.iter().all(|f| f.severity == Severity::Warning);
    let chunk = body.filter(|_| clean);
    (chunk.map(|body| Chunk { body, positions: parser.positions, names: parser.scope.names }), findings)
}

impl<'a> Parser<'a> {
    fn new(source: &'a str) -> Parser<'a> {
        let start = Pos { line: 1, col: 1 };
        Parser {
            lexer: Lexer::new(source),
            token: Token::End,
            at: start,
            ahead: None,
            scope: Scope::new(),
            jumps: 0,
            positions: Vec::new(),
            depth: 0,
            uncalled: Vec::new(),
            findings: Vec::new(),
            reported: HashSet::new(),
        }
    }

    /// One expression and nothing behind it, which may use these names, and what was found.
    pub(super) fn expression(source: &'a str, known: &[&str]) -> (Option<Alone>, Vec<Finding>) {
        let mut parser = Parser::new(source);
        let start = parser.at;
        parser.scope.open_block();
        // They are locals of no function, so that their number has no bound.
        for name in known {
            let _ = parser.scope.declare((*name).to_owned(), true);
        }
        let read = parser.advance().and_then(|_| parser.expr()).and_then(|expr| match parser.token {
            Token::End => Ok(expr),
            _ => parser.expected("the expression ends here, or an operator is missing"),
        });
        let mut findings = parser.findings;
        if source.len() > SOURCE_MAX {
            findings.push(Finding::error("E005", start, "source is larger than 1 MiB"));
        }
        let expr = read.map_err(|fatal| findings.push(fatal)).ok();
        findings.sort_by_key(|f| (f.line, f.col));
        (expr.map(|expr| Alone { expr, names: parser.scope.names, uncalled: parser.uncalled }), findings)
    }
}

impl Parser<'_> {
    // Tokens

    pub(super) fn advance(&mut self) -> Parsed<Token> {
        let (token, at) = match self.ahead.take() {
            Some(next) => next,
            None => self.lexer.token()?,
        };
        self.at = at;
        Ok(std::mem::replace(&mut self.token, token))
    }

    pub(super) fn second(&mut self) -> Parsed<&Token> {
        if self.ahead.is_none() {
            self.ahead = Some(self.lexer.token()?);
        }
        Ok(&self.ahead.as_ref().expect("just filled").0)
    }

    pub(super) fn is(&self, word: &str) -> bool {
        matches!(self.token, Token::Symbol(w) | Token::Keyword(w) if w == word)
    }

    pub(super) fn eat(&mut self, word: &str) -> Parsed<bool> {
        let there = self.is(word);
        if there {
            self.advance()?;
        }
        Ok(there)
    }

    pub(super) fn shown(&self) -> &str {
        match &self.token {
            Token::Name(name) => name,
            Token::Keyword(word) | Token::Symbol(word) => word,
            Token::Text(_) => "string",
            Token::Number(_) | Token::BeyondInt => "number",
            Token::End => "end of file",
        }
    }

    pub(super) fn syntax<T>(&self, at: Pos, what: impl std::fmt::Display) -> Parsed<T> {
        Err(Finding::error("E000", at, what.to_string()))
    }

    /// A syntax error at the token at hand, which it names.
    pub(super) fn expected<T>(&self, what: impl std::fmt::Display) -> Parsed<T> {
        self.syntax(self.at, format_args!("{what} near '{}'", self.shown()))
    }

    pub(super) fn expect(&mut self, word: &str) -> Parsed<()> {
        if self.eat(word)? { Ok(()) } else { self.expected(format_args!("'{word}' expected")) }
    }

    /// The word that ends what `open` began.
    pub(super) fn close(&mut self, word: &str, open: &str, at: Pos) -> Parsed<()> {
        if self.eat(word)? {
            return Ok(());
        }
        self.expected(format_args!("'{word}' expected to close '{open}' at line {}", at.line))
    }

    pub(super) fn name(&mut self) -> Parsed<(String, Pos)> {
        let at = self.at;
        if !matches!(self.token, Token::Name(_)) {
            return self.expected("name expected");
        }
        match self.advance()? {
            Token::Name(name) => Ok((name, at)),
            _ => unreachable!("just seen to be a name"),
        }
    }

    // Findings

    pub(super) fn lint(&mut self, code: &'static str, at: Pos, sentence: impl Into<String>) {
        self.reported.insert((at.line, at.col));
        self.findings.push(Finding::error(code, at, sentence));
    }

    /// The same, unless the place already has a finding.
    pub(super) fn lint_once(&mut self, code: &'static str, at: Pos, sentence: impl Into<String>) {
        if !self.reported.contains(&(at.line, at.col)) {
            self.lint(code, at, sentence);
        }
    }

    pub(super) fn warn(&mut self, code: &'static str, at: Pos, sentence: impl Into<String>) {
        let finding = Finding { severity: Severity::Warning, ..Finding::error(code, at, sentence) };
        self.findings.push(finding);
    }

    pub(super) fn enter(&mut self) -> Parsed<()> {
        self.depth += 1;
        if self.depth > NESTING_MAX {
            return Err(Finding::error("E006", self.at, format!("nesting is deeper than {NESTING_MAX} levels")));
        }
        Ok(())
    }

    pub(super) fn declare(&mut self, name: String, constant: bool, at: Pos) -> Id {
        if name == "_ENV" || name.starts_with("__") {
            self.lint("L005", at, format!("name '{name}' is reserved"));
        }
        let (id, room) = self.scope.declare(name, constant);
        if !room {
            self.lint("E007", at, "more than 150 local variables in one function");
        }
        id
    }

    // Blocks

    fn chunk(&mut self) -> Parsed<Vec<Stmt>> {
        self.advance()?;
        let body = self.block()?;
        if self.token != Token::End {
            return self.expected("end of file expected");
        }
        let form = "the file must end with 'return function(state, event) ... end'";
        match returned(&body) {
            Some(f) if f.varargs || !(1..=2).contains(&f.params.len()) => {
                let takes = "the returned function takes (state, event), (intent, facts) or (state)";
                self.lint("E009", self.at, format!("{form}: {takes}"));
            }
            Some(_) => {}
            None => self.lint("E009", self.at, form),
        }
        Ok(body)
    }

    pub(super) fn block(&mut self) -> Parsed<Vec<Stmt>> {
        self.enter()?;
        self.scope.open_block();
        let body = self.statements()?;
        self.end_block();
        Ok(body)
    }

    pub(super) fn end_block(&mut self) {
        self.depth -= 1;
        for (label, jump) in self.scope.close_block() {
            self.lint("E000", jump.at, format!("no visible label '{label}' for goto"));
        }
    }

    pub(super) fn looped(&mut self) -> Parsed<Vec<Stmt>> {
        self.scope.open_loop();
        let body = self.block()?;
        self.scope.close_loop();
        Ok(body)
    }

    pub(super) fn at_block_end(&self) -> bool {
        self.token == Token::End || ["end", "else", "elseif", "until"].iter().any(|w| self.is(w))
    }

    pub(super) fn statements(&mut self) -> Parsed<Vec<Stmt>> {
        let mut body = Vec::new();
        loop {
            while self.eat(";")? {}
            if self.at_block_end() {
                return Ok(body);
            }
            let (at, order, last) = (self.at, self.positions.len(), self.is("return"));
            self.positions.push(at);
            let statement = self.statement()?;
            if self.scope.at_top() {
                self.check_top(statement.as_ref(), at);
            }
            match statement {
                Some(statement) => body.push(statement),
                None => self.positions.truncate(order),
            }
            if last {
                return Ok(body);
            }
        }
    }

    /// Outside functions stand constants, functions and the last `return`: so nothing but the state outlives an event.
    fn check_top(&mut self, statement: Option<&Stmt>, at: Pos) {
        match statement {
            Some(Stmt::LocalFunction(..) | Stmt::Return(_)) => {}
            Some(Stmt::Local(_, values)) if values.iter().all(is_constant) => {}
            Some(Stmt::Local(..)) => {
                let rule = "a top-level 'local' must be a constant or a function (no calls of own functions, no rng)";
                self.lint("L011", at, rule);
            }
            _ => {
                let rule = "only 'local' declarations and the final 'return' are allowed outside functions";
                self.lint("L011", at, rule);
            }
        }
    }

    // Functions and names, for statements and expressions alike

    pub(super) fn function_body(&mut self, at: Pos) -> Parsed<Function> {
        self.expect("(")?;
        self.scope.open_function();
        let mut params = Vec::new();
        let mut varargs = false;
        while !self.is(")") {
            if self.eat("...")? {
                varargs = true;
                break;
            }
            let (name, name_at) = self.name()?;
            params.push(self.declare(name, false, name_at));
            if !self.eat(",")? {
                break;
            }
            if self.is(")") {
                return self.expected("name expected");
            }
        }
        self.expect(")")?;
        if varargs {
            self.scope.set_varargs();
        }
        let body = self.block()?;
        self.close("end", "function", at)?;
        self.scope.close_function();
        Ok(Function { params, varargs, body })
    }

    pub(super) fn check_key(&mut self, key: &str, at: Pos) {
        if key.starts_with("__") {
            let why = "names starting with '__' are reserved (metamethods are not allowed)";
            self.lint("L005", at, format!("field '{key}': {why}"));
        }
    }

    /// What a name stands for. A name that is not there gives a finding and an expression of no use.
    pub(super) fn resolve(&mut self, name: &str, at: Pos) -> Expr {
        if let Some(local) = self.scope.find(name) {
            return Expr::Local(local.id);
        }
        if names::BARE.contains(&name) {
            if name == "rng" {
                let advice =
                    "random numbers make a fold hard to follow; draw them when you emit, or seed rng from the event";
                self.warn("W001", at, advice);
            }
        } else if names::library(name).is_none() {
            let (code, sentence) = match names::forbidden(name) {
                Some(why) => ("L001", format!("'{name}' is not allowed: {why}")),
                None if name == "dpairs" || name == "ipairs" => {
                    ("L002", format!("'{name}' may only be used in a 'for ... in' loop"))
                }
                None => ("L003", format!("unknown global '{name}'; declare it with 'local'")),
            };
            self.lint(code, at, sentence);
        }
        Expr::Builtin(name.to_owned())
    }
}
