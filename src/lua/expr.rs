//! Expressions: precedence climbing over the operators, suffixes, constructors.

use super::error::{Finding, Pos};
use super::lexer::Token;
use super::names;
use super::number::N;
use super::parser::{Parsed, Parser};
use super::tree::{Binary, Expr, Unary};

/// Most operators that follow each other without a parenthesis.
pub const CHAIN_MAX: usize = 200;
/// Most arguments of a call.
pub const ARGS_MAX: usize = 100;

/// Symbol, binding power, operator. All of these group to the left.
const BINARY: &[(&str, u8, Binary)] = &[
    ("or", 1, Binary::Or),
    ("and", 2, Binary::And),
    ("<", 3, Binary::Lt),
    (">", 3, Binary::Gt),
    ("<=", 3, Binary::Le),
    (">=", 3, Binary::Ge),
    ("~=", 3, Binary::Ne),
    ("==", 3, Binary::Eq),
    ("|", 4, Binary::BitOr),
    ("~", 5, Binary::BitXor),
    ("&", 6, Binary::BitAnd),
    ("<<", 7, Binary::Shl),
    (">>", 7, Binary::Shr),
    ("+", 10, Binary::Add),
    ("-", 10, Binary::Sub),
    ("*", 11, Binary::Mul),
    ("/", 11, Binary::Div),
    ("//", 11, Binary::IntDiv),
    ("%", 11, Binary::Mod),
];
const CONCAT: u8 = 9;
const UNARY: u8 = 12;
/// `^` binds its left side tighter than a sign, its right side looser.
const POWER: (u8, u8) = (14, 13);

/// A name, call or index with what the caller must know to assign to it.
pub struct Suffixed {
    pub expr: Expr,
    /// The name, where it is nothing but a name.
    pub name: Option<String>,
    pub assignable: bool,
}

/// Where one value is taken anyway, parentheses that cut to one say nothing.
pub fn single(e: Expr) -> Expr {
    match e {
        Expr::One(inner) => *inner,
        other => other,
    }
}

impl Parser<'_> {
    /// A list of expressions; the last may give many values, and its parentheses count.
    pub(super) fn exprs(&mut self) -> Parsed<Vec<Expr>> {
        let mut list = vec![self.operators(0)?];
        while self.eat(",")? {
            cut_last(&mut list);
            list.push(self.operators(0)?);
        }
        Ok(list)
    }

    /// One expression where one value is taken.
    pub(super) fn expr(&mut self) -> Parsed<Expr> {
        self.operators(0).map(single)
    }

    /// An expression whose operators all bind tighter than `min`.
    fn operators(&mut self, min: u8) -> Parsed<Expr> {
        self.enter()?;
        let mut left = self.operand()?;
        let mut count = 0;
        loop {
            left = if self.is("..") && CONCAT > min {
                self.concat(left)?
            } else if self.is("^") && POWER.0 > min {
                self.advance()?;
                let right = self.operators(POWER.1)?;
                Expr::Power(single(left).into(), single(right).into())
            } else if let Some((power, op)) = self.binary().filter(|(power, _)| *power > min) {
                self.advance()?;
                let right = single(self.operators(power)?);
                self.chained(single(left), op, right)?
            } else {
                break;
            };
            count += 1;
            self.check_chain(count)?;
        }
        self.depth -= 1;
        Ok(left)
    }

    fn check_chain(&self, operators: usize) -> Parsed<()> {
        if operators > CHAIN_MAX {
            let sentence = format!("more than {CHAIN_MAX} operators in one chain; use a local for a part of it");
            return Err(Finding::error("E006", self.at, sentence));
        }
        Ok(())
    }

    fn binary(&self) -> Option<(u8, Binary)> {
        let (Token::Symbol(word) | Token::Keyword(word)) = self.token else { return None };
        BINARY.iter().find(|(symbol, ..)| *symbol == word).map(|(_, power, op)| (*power, *op))
    }

    fn chained(&mut self, left: Expr, op: Binary, right: Expr) -> Parsed<Expr> {
        let (first, mut rest) = match left {
            Expr::Chain(first, rest) => (first, rest),
            other => (Box::new(other), Vec::new()),
        };
        rest.push((op, right));
        self.check_chain(rest.len())?;
        Ok(Expr::Chain(first, rest))
    }

    /// `..` groups to the right: collected flat, which is the same.
    fn concat(&mut self, first: Expr) -> Parsed<Expr> {
        let mut items = vec![single(first)];
        while self.eat("..")? {
            items.push(single(self.operators(CONCAT)?));
            self.check_chain(items.len() - 1)?;
        }
        if let Some(Expr::Concat(_)) = items.last() {
            let Some(Expr::Concat(tail)) = items.pop() else { unreachable!("just seen") };
            items.extend(tail);
            self.check_chain(items.len() - 1)?;
        }
        Ok(Expr::Concat(items))
    }

    fn operand(&mut self) -> Parsed<Expr> {
        let op = match &self.token {
            Token::Keyword("not") => Unary::Not,
            Token::Symbol("-") => Unary::Neg,
            Token::Symbol("#") => Unary::Len,
            Token::Symbol("~") => Unary::BitNot,
            _ => return self.simple(),
        };
        self.advance()?;
        if op == Unary::Neg && self.token == Token::BeyondInt && !matches!(self.second()?, Token::Symbol("^")) {
            self.advance()?;
            return Ok(Expr::Int(i64::MIN));
        }
        let literal = matches!(self.token, Token::Number(_));
        let inner = single(self.operators(UNARY)?);
        Ok(match (op, literal, inner) {
            (Unary::Neg, true, Expr::Int(i)) => Expr::Int(-i),
            (Unary::Neg, true, Expr::Frac(k)) => Expr::Frac(-k),
            (op, _, inner) => Expr::Unary(op, inner.into()),
        })
    }

    fn simple(&mut self) -> Parsed<Expr> {
        let at = self.at;
        let literal = match &self.token {
            Token::Number(N::Int(i)) => Expr::Int(*i),
            Token::Number(N::Frac(k)) => Expr::Frac(*k),
            Token::BeyondInt => {
                let sentence = "number '9223372036854775808' does not fit in a signed 64-bit integer";
                return Err(Finding::error("E011", at, sentence));
            }
            Token::Text(text) => Expr::Text(text.clone()),
            Token::Keyword("nil") => Expr::Nil,
            Token::Keyword("true") => Expr::Bool(true),
            Token::Keyword("false") => Expr::Bool(false),
            Token::Symbol("...") if self.scope.has_varargs() => Expr::Dots,
            Token::Symbol("...") => return self.syntax(at, "cannot use '...' outside a vararg function"),
            Token::Symbol("{") => return self.constructor(),
            Token::Keyword("function") => {
                self.advance()?;
                return Ok(Expr::Function(self.function_body(at)?.into()));
            }
            _ => return self.suffixed().map(|s| s.expr),
        };
        self.advance()?;
        Ok(literal)
    }

    /// A name or parenthesis with everything that hangs on it.
    pub(super) fn suffixed(&mut self) -> Parsed<Suffixed> {
        let (start, outer) = (self.at, self.depth);
        // What stands in parentheses was looked at there.
        let bare = !self.is("(");
        let mut s = self.primary()?;
        loop {
            if self.is(".") && matches!(s.expr, Expr::Builtin(_)) && s.name.is_some() {
                self.member(&mut s, start)?;
                continue;
            }
            let more = match &self.token {
                Token::Symbol(symbol) => matches!(*symbol, "." | "[" | ":" | "(" | "{"),
                Token::Text(_) => true,
                _ => false,
            };
            if !more {
                break;
            }
            if bare && matches!(self.token, Token::Symbol("." | "[" | ":")) {
                self.not_called(&s.expr, start);
            }
            self.enter()?;
            let head = single(self.as_value(s.expr, start));
            s = self.suffix(head)?;
        }
        self.depth = outer;
        if bare {
            self.not_called(&s.expr, start);
        }
        if !self.is("=") && !self.is(",") {
            s.expr = self.as_value(s.expr, start);
        }
        Ok(s)
    }

    fn primary(&mut self) -> Parsed<Suffixed> {
        let at = self.at;
        if self.eat("(")? {
            let inner = self.operators(0)?;
            self.close(")", "(", at)?;
            let expr = if inner.is_multi() { Expr::One(inner.into()) } else { inner };
            return Ok(Suffixed { expr, name: None, assignable: false });
        }
        let (name, at) = self.name()?;
        let expr = self.resolve(&name, at);
        Ok(Suffixed { expr, name: Some(name), assignable: true })
    }

    /// A library and a dot: the member, resolved.
    fn member(&mut self, s: &mut Suffixed, start: Pos) -> Parsed<()> {
        self.advance()?;
        let (key, key_at) = self.name()?;
        let Expr::Builtin(library) = &s.expr else { unreachable!("the caller saw a built-in") };
        let library = library.clone();
        match names::library(&library) {
            Some(members) => {
                if !members.contains(&key.as_str()) {
                    let hint = names::instead(&library, &key);
                    self.lint("L004", start, format!("'{library}.{key}' is not in the profile{hint}"));
                }
                s.expr = Expr::Builtin(names::member(&library, &key));
            }
            None => {
                self.not_called(&s.expr, start);
                self.check_key(&key, key_at);
                s.expr = Expr::Index(s.expr.clone().into(), Expr::Text(key).into());
            }
        }
        // Assigning to `string.x` is refused where the member is resolved, not a second time as a global.
        s.name = None;
        Ok(())
    }

    fn suffix(&mut self, head: Expr) -> Parsed<Suffixed> {
        let at = self.at;
        let (expr, assignable) = match &self.token {
            Token::Symbol(".") => {
                self.advance()?;
                let (key, key_at) = self.name()?;
                self.check_key(&key, key_at);
                (Expr::Index(head.into(), Expr::Text(key).into()), true)
            }
            Token::Symbol("[") => {
                self.advance()?;
                let key = self.expr()?;
                self.close("]", "[", at)?;
                if let Expr::Text(key) = &key {
                    self.check_key(key, at);
                }
                (Expr::Index(head.into(), key.into()), true)
            }
            Token::Symbol(":") => (self.method(head)?, false),
            _ => (Expr::Call(head.into(), self.args()?), false),
        };
        Ok(Suffixed { expr, name: None, assignable })
    }

    /// `s:upper()` is `string.upper(s)`, whatever `s` is: there are no other methods.
    fn method(&mut self, head: Expr) -> Parsed<Expr> {
        self.advance()?;
        let (name, at) = self.name()?;
        if !names::library("string").is_some_and(|members| members.contains(&name.as_str())) {
            let why = "is not a string function of the profile; tables have no methods";
            self.lint("L006", at, format!("method '{name}' {why}"));
        }
        let mut args = self.args()?;
        args.insert(0, head);
        Ok(Expr::Call(Expr::Builtin(format!("string.{name}")).into(), args))
    }

    /// A library table is not a value.
    fn as_value(&mut self, e: Expr, at: Pos) -> Expr {
        if let Expr::Builtin(name) = &e
            && names::library(name).is_some()
        {
            self.lint("L004", at, format!("library '{name}' is not a value; name one of its functions"));
        }
        e
    }

    /// Remembers a function that comes with the language, where it is used as a value.
    fn not_called(&mut self, e: &Expr, at: Pos) {
        if let Expr::Builtin(name) = e
            && names::is_function(name)
        {
            self.uncalled.push((name.clone(), at));
        }
    }

    pub(super) fn args(&mut self) -> Parsed<Vec<Expr>> {
        let at = self.at;
        match &self.token {
            Token::Text(text) => {
                let text = Expr::Text(text.clone());
                self.advance()?;
                Ok(vec![text])
            }
            Token::Symbol("{") => Ok(vec![self.constructor()?]),
            Token::Symbol("(") => {
                self.advance()?;
                if self.eat(")")? {
                    return Ok(Vec::new());
                }
                let args = self.exprs()?;
                self.close(")", "(", at)?;
                if args.len() > ARGS_MAX {
                    self.lint("E008", at, format!("more than {ARGS_MAX} arguments"));
                }
                Ok(args)
            }
            _ => self.expected("arguments expected"),
        }
    }

    fn constructor(&mut self) -> Parsed<Expr> {
        let at = self.at;
        self.enter()?;
        self.expect("{")?;
        let mut list: Vec<Expr> = Vec::new();
        let mut map: Vec<(Expr, Expr)> = Vec::new();
        let mut keys = std::collections::HashSet::new();
        while !self.is("}") {
            let item_at = self.at;
            match self.entry()? {
                (Some(key), value) => {
                    if let Expr::Text(text) = &key
                        && !keys.insert(text.clone())
                    {
                        self.lint("L009", item_at, format!("duplicate field '{text}'"));
                    }
                    map.push((key, single(value)));
                }
                (None, value) => {
                    cut_last(&mut list);
                    list.push(value);
                }
            }
            if !list.is_empty() && !map.is_empty() {
                self.lint("L009", item_at, "a table is either a list or a map, not both");
            }
            if !(self.eat(",")? || self.eat(";")?) {
                break;
            }
        }
        self.close("}", "{", at)?;
        self.depth -= 1;
        Ok(if list.is_empty() { Expr::Map(map) } else { Expr::List(list) })
    }

    /// One item of a constructor: with a key or without.
    fn entry(&mut self) -> Parsed<(Option<Expr>, Expr)> {
        let at = self.at;
        if self.eat("[")? {
            let key = self.expr()?;
            self.expect("]")?;
            self.expect("=")?;
            if let Expr::Text(text) = &key {
                self.check_key(text, at);
            }
            return Ok((Some(key), self.operators(0)?));
        }
        if matches!(self.token, Token::Name(_)) && matches!(self.second()?, Token::Symbol("=")) {
            let (key, key_at) = self.name()?;
            self.check_key(&key, key_at);
            self.advance()?;
            return Ok((Some(Expr::Text(key)), self.operators(0)?));
        }
        Ok((None, self.operators(0)?))
    }
}

/// What is no longer the last of a list gives one value.
fn cut_last(list: &mut Vec<Expr>) {
    if let Some(last) = list.pop() {
        list.push(single(last));
    }
}
