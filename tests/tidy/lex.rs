//! As much of Rust's lexis as the rules need: words, marks and string literals, each with its line; no comments.

/// A token and the line it begins on, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub line: usize,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// An identifier or keyword.
    Word(String),
    /// One character of punctuation.
    Mark(char),
    /// The inside of a string literal of any kind, escapes as written.
    Text(String),
    /// A character literal, lifetime or number: no rule asks for them.
    Other,
}

impl Token {
    pub fn word(&self) -> Option<&str> {
        match &self.what {
            What::Word(word) => Some(word),
            _ => None,
        }
    }

    pub fn is(&self, mark: char) -> bool {
        self.what == What::Mark(mark)
    }
}

/// Whether the tokens from `at` on are `::`.
pub fn colons(tokens: &[Token], at: usize) -> bool {
    tokens.len() >= at + 2 && tokens[at].is(':') && tokens[at + 1].is(':')
}

pub fn tokens(source: &str) -> Vec<Token> {
    let mut lexer = Lexer { rest: source, line: 1 };
    std::iter::from_fn(|| lexer.next()).collect()
}

struct Lexer<'a> {
    rest: &'a str,
    line: usize,
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

impl<'a> Lexer<'a> {
    fn take(&mut self, n: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(n);
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken
    }

    fn next(&mut self) -> Option<Token> {
        self.skip_blank_and_comments();
        let line = self.line;
        let c = self.rest.chars().next()?;
        let what = match c {
            '"' => self.string(1),
            '\'' => self.character_or_lifetime(),
            '0'..='9' => {
                self.take(self.rest.find(|c| !is_word(c)).unwrap_or(self.rest.len()));
                What::Other
            }
            _ if is_word(c) => self.word_or_literal(),
            _ => {
                self.take(c.len_utf8());
                What::Mark(c)
            }
        };
        Some(Token { line, what })
    }

    fn skip_blank_and_comments(&mut self) {
        loop {
            let blank = self.rest.len() - self.rest.trim_start().len();
            self.take(blank);
            if self.rest.starts_with("//") {
                self.take(self.rest.find('\n').unwrap_or(self.rest.len()));
            } else if self.rest.starts_with("/*") {
                self.block_comment();
            } else {
                return;
            }
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0;
        while !self.rest.is_empty() {
            if self.rest.starts_with("/*") {
                depth += 1;
                self.take(2);
            } else if self.rest.starts_with("*/") {
                depth -= 1;
                self.take(2);
                if depth == 0 {
                    return;
                }
            } else {
                let n = self.rest.chars().next().map_or(0, char::len_utf8);
                self.take(n);
            }
        }
    }

    fn word_or_literal(&mut self) -> What {
        let end = self.rest.find(|c| !is_word(c)).unwrap_or(self.rest.len());
        let (word, after) = self.rest.split_at(end);
        match (word, after.as_bytes().first()) {
            ("b" | "c", Some(b'"')) => self.string(2),
            ("b", Some(b'\'')) => {
                self.take(1);
                self.character_or_lifetime()
            }
            ("r" | "br" | "cr", Some(b'"' | b'#')) => self.raw(end),
            _ => What::Word(self.take(end).to_owned()),
        }
    }

    /// A string whose quote ends the first `open` bytes.
    fn string(&mut self, open: usize) -> What {
        self.take(open);
        let bytes = self.rest.as_bytes();
        let mut end = 0;
        while end < bytes.len() && bytes[end] != b'"' {
            end += if bytes[end] == b'\\' { 2 } else { 1 };
        }
        let inside = self.take(end.min(bytes.len())).to_owned();
        self.take(self.rest.len().min(1));
        What::Text(inside)
    }

    /// A raw string behind a prefix of `open` bytes, or a raw identifier.
    fn raw(&mut self, open: usize) -> What {
        let hashes = self.rest[open..].bytes().take_while(|b| *b == b'#').count();
        if self.rest.as_bytes().get(open + hashes) != Some(&b'"') {
            self.take(open + hashes);
            let end = self.rest.find(|c| !is_word(c)).unwrap_or(self.rest.len());
            return What::Word(self.take(end).to_owned());
        }
        self.take(open + hashes + 1);
        let close = format!("\"{}", "#".repeat(hashes));
        let end = self.rest.find(&close).unwrap_or(self.rest.len());
        let inside = self.take(end).to_owned();
        self.take(close.len().min(self.rest.len()));
        What::Text(inside)
    }

    fn character_or_lifetime(&mut self) -> What {
        self.take(1);
        let mut chars = self.rest.chars();
        match (chars.next(), chars.next()) {
            (Some('\\'), _) => {
                let end = self.rest[2..].find('\'').map_or(self.rest.len(), |i| i + 3);
                self.take(end);
            }
            (Some(c), Some('\'')) => {
                self.take(c.len_utf8() + 1);
            }
            _ => {
                self.take(self.rest.find(|c| !is_word(c)).unwrap_or(self.rest.len()));
            }
        }
        What::Other
    }
}
