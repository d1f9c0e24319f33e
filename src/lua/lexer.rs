//! Source text to tokens. The lexer never panics and never recurses, whatever it is given.

use super::error::{Finding, Pos};
use super::number::N;
use crate::canon::fixed;

#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    Name(String),
    Keyword(&'static str),
    Text(String),
    Number(N),
    /// 9223372036854775808: a number only behind a minus.
    BeyondInt,
    Symbol(&'static str),
    End,
}

const KEYWORDS: &[&str] = &[
    "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local", "nil",
    "not", "or", "repeat", "return", "then", "true", "until", "while",
];
/// Longer ones first.
const SYMBOLS: &[&str] = &[
    "...", "..", "==", "~=", "<=", ">=", "//", "::", "<<", ">>", "+", "-", "*", "/", "%", "^", "#", "&", "~", "|", "<",
    ">", "=", "(", ")", "{", "}", "[", "]", ";", ":", ",", ".",
];

pub fn is_keyword(word: &str) -> bool {
    KEYWORDS.contains(&word)
}

pub struct Lexer<'a> {
    rest: &'a str,
    pos: Pos,
}

type Lexed<T> = Result<T, Finding>;

impl<'a> Lexer<'a> {
    pub fn new(source: &'a str) -> Lexer<'a> {
        Lexer { rest: source, pos: Pos { line: 1, col: 1 } }
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.rest = &self.rest[c.len_utf8()..];
        if c == '\n' {
            self.pos = Pos { line: self.pos.line + 1, col: 1 };
        } else {
            self.pos.col += 1;
        }
        Some(c)
    }

    /// Passes over so many bytes, which end at a character.
    fn skip(&mut self, bytes: usize) {
        let left = self.rest.len() - bytes;
        while self.rest.len() > left {
            self.bump();
        }
    }

    /// The next token and where it begins.
    pub fn token(&mut self) -> Lexed<(Token, Pos)> {
        self.space()?;
        let at = self.pos;
        let Some(c) = self.peek() else { return Ok((Token::End, at)) };
        let second = self.rest.as_bytes().get(1).copied();
        let token = match c {
            'a'..='z' | 'A'..='Z' | '_' => self.word(),
            '0'..='9' => self.number(at)?,
            '.' if second.is_some_and(|b| b.is_ascii_digit()) => self.number(at)?,
            '"' | '\'' => Token::Text(self.string(c, at)?),
            _ => match self.long_bracket() {
                Some(level) => Token::Text(self.long_string(level, at)?),
                None => self.symbol(c, at)?,
            },
        };
        Ok((token, at))
    }

    fn word(&mut self) -> Token {
        let n = self.rest.bytes().take_while(|b| *b == b'_' || b.is_ascii_alphanumeric()).count();
        let word = &self.rest[..n];
        self.skip(n);
        match KEYWORDS.iter().find(|k| **k == word) {
            Some(keyword) => Token::Keyword(keyword),
            None => Token::Name(word.to_owned()),
        }
    }

    fn symbol(&mut self, c: char, at: Pos) -> Lexed<Token> {
        match SYMBOLS.iter().find(|s| self.rest.starts_with(**s)) {
            Some(symbol) => {
                self.skip(symbol.len());
                Ok(Token::Symbol(symbol))
            }
            None => Err(Finding::error("E001", at, format!("unexpected character {c:?}"))),
        }
    }

    /// White space and comments.
    fn space(&mut self) -> Lexed<()> {
        loop {
            match self.peek() {
                Some(c) if c.is_ascii_whitespace() || c == '\u{b}' => {
                    self.bump();
                }
                Some('-') if self.rest.starts_with("--") => {
                    let start = self.pos;
                    self.skip(2);
                    match self.long_bracket() {
                        Some(level) => drop(self.long_string(level, start)?),
                        None => self.skip(self.rest.find('\n').unwrap_or(self.rest.len())),
                    }
                }
                _ => return Ok(()),
            }
        }
    }

    /// How many `=` stand in the long bracket that opens here, if one does.
    fn long_bracket(&self) -> Option<usize> {
        let inner = self.rest.strip_prefix('[')?;
        let level = inner.bytes().take_while(|b| *b == b'=').count();
        inner[level..].starts_with('[').then_some(level)
    }

    fn long_string(&mut self, level: usize, start: Pos) -> Lexed<String> {
        self.skip(level + 2);
        if self.rest.starts_with("\r\n") {
            self.skip(2);
        } else if self.rest.starts_with('\n') {
            self.skip(1);
        }
        let close = format!("]{}]", "=".repeat(level));
        let Some(n) = self.rest.find(&close) else {
            return Err(Finding::error("E002", start, "unfinished long string or comment"));
        };
        let text = self.rest[..n].replace("\r\n", "\n");
        self.skip(n + close.len());
        Ok(text)
    }

    fn number(&mut self, at: Pos) -> Lexed<Token> {
        let word = self.number_word();
        self.skip(word.len());
        if let Some(digits) = word.strip_prefix("0x").or(word.strip_prefix("0X")) {
            return hexadecimal(word, digits, at);
        }
        if word == "9223372036854775808" {
            return Ok(Token::BeyondInt);
        }
        decimal(word, at)
    }

    /// Everything that hangs together as a number would, so that a malformed one is named whole.
    fn number_word(&self) -> &'a str {
        let bytes = self.rest.as_bytes();
        let hexadecimal = bytes.starts_with(b"0x") || bytes.starts_with(b"0X");
        let mut n = 0;
        while let Some(&b) = bytes.get(n) {
            let exponent = n > 0 && matches!(bytes[n - 1], b'e' | b'E') && !hexadecimal;
            if !(b.is_ascii_alphanumeric() || b == b'.' || b == b'_' || (exponent && matches!(b, b'+' | b'-'))) {
                break;
            }
            n += 1;
        }
        &self.rest[..n]
    }

    fn string(&mut self, quote: char, start: Pos) -> Lexed<String> {
        let unfinished = || Finding::error("E002", start, "unfinished string");
        self.bump();
        let mut bytes = Vec::new();
        loop {
            let at = self.pos;
            match self.bump() {
                None | Some('\n' | '\r') => return Err(unfinished()),
                Some(c) if c == quote => break,
                Some('\\') => {
                    let escape = self.bump().ok_or_else(unfinished)?;
                    self.escape(escape, at, &mut bytes)?;
                }
                Some(c) => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        String::from_utf8(bytes).map_err(|_| Finding::error("E004", start, "string is not valid UTF-8"))
    }

    /// What follows a backslash at `at`; bytes may form a character only together.
    fn escape(&mut self, escape: char, at: Pos, out: &mut Vec<u8>) -> Lexed<()> {
        let plain = match escape {
            'n' | '\n' => b'\n',
            't' => b'\t',
            'r' => b'\r',
            'a' => 7,
            'b' => 8,
            'f' => 12,
            'v' => 11,
            '\\' | '"' | '\'' => escape as u8,
            'z' => {
                while self.peek().is_some_and(|c| c.is_ascii_whitespace()) {
                    self.bump();
                }
                return Ok(());
            }
            'x' => self.hex_byte(at)?,
            'u' => {
                let c = self.unicode(at)?;
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                return Ok(());
            }
            '0'..='9' => self.decimal_byte(escape, at)?,
            _ => return Err(Finding::error("E003", at, "invalid escape sequence")),
        };
        out.push(plain);
        Ok(())
    }

    fn hex_byte(&mut self, at: Pos) -> Lexed<u8> {
        let digits = self.rest.get(..2).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        let byte = digits.and_then(|d| u8::from_str_radix(d, 16).ok());
        let byte = byte.ok_or_else(|| Finding::error("E003", at, "two hexadecimal digits must follow \\x"))?;
        self.skip(2);
        Ok(byte)
    }

    fn unicode(&mut self, at: Pos) -> Lexed<char> {
        let digits = self.rest.strip_prefix('{').and_then(|r| r.split_once('}')).map(|(digits, _)| digits);
        let digits = digits.filter(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_hexdigit()));
        let named = digits.and_then(|d| Some((d.len(), char::from_u32(u32::from_str_radix(d, 16).ok()?)?)));
        let (n, c) = named.ok_or_else(|| Finding::error("E003", at, "\\u{...} must name a Unicode scalar value"))?;
        self.skip(n + 2);
        Ok(c)
    }

    fn decimal_byte(&mut self, first: char, at: Pos) -> Lexed<u8> {
        let mut n = first as u32 - '0' as u32;
        for _ in 0..2 {
            let Some(digit) = self.peek().and_then(|c| c.to_digit(10)) else { break };
            n = n * 10 + digit;
            self.bump();
        }
        u8::try_from(n).map_err(|_| Finding::error("E003", at, "decimal escape too large"))
    }
}

fn hexadecimal(word: &str, digits: &str, at: Pos) -> Lexed<Token> {
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        let why = "hexadecimal fractions and exponents are not allowed";
        return Err(Finding::error("E010", at, format!("number '{word}' is not canonical: {why}")));
    }
    match i64::from_str_radix(digits, 16) {
        Ok(i) => Ok(Token::Number(N::Int(i))),
        Err(_) => Err(beyond(word, at)),
    }
}

fn beyond(word: &str, at: Pos) -> Finding {
    Finding::error("E011", at, format!("number '{word}' does not fit in a signed 64-bit integer"))
}

fn decimal(word: &str, at: Pos) -> Lexed<Token> {
    let plain = |b: u8| b.is_ascii_digit() || b == b'.';
    if !word.bytes().all(plain) || word.matches('.').count() > 1 {
        if word.bytes().all(|b| plain(b) || b"eE+-".contains(&b)) {
            let why = "exponents are not allowed; write the digits out";
            return Err(Finding::error("E010", at, format!("number '{word}' is not canonical: {why}")));
        }
        return Err(Finding::error("E001", at, format!("malformed number '{word}'")));
    }
    let full = match (word.starts_with('.'), word.ends_with('.')) {
        (true, _) => format!("0{word}"),
        (_, true) => format!("{word}0"),
        _ => word.to_owned(),
    };
    match fixed::parse_wide(&full).ok().and_then(|raw| N::from_raw(raw).ok()) {
        Some(n) if n.to_string() == word => Ok(Token::Number(n)),
        Some(n) => Err(Finding::error("E010", at, format!("number '{word}' is not canonical; write {n}"))),
        None if !word.contains('.') => Err(beyond(word, at)),
        None => Err(Finding::error("E011", at, format!("number '{word}' is outside the range of Q32.32"))),
    }
}
