//! The words of a clause that is no expression.

use super::lexer::Raw;
use super::{Spot, TEXT_MAX};
use std::iter::Peekable;
use std::str::Chars;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// Letters, digits and . _ - behind an optional @.
    Plain(String),
    Text(String),
    Comma,
}

type Read = Result<Vec<(Word, Spot)>, (Spot, String)>;

struct Reader<'a> {
    chars: Peekable<Chars<'a>>,
    at: Spot,
}

impl Reader<'_> {
    fn bump(&mut self) -> Option<char> {
        let c = self.chars.next()?;
        match c {
            '\n' => self.at = Spot { line: self.at.line + 1, col: 1 },
            _ => self.at.col += 1,
        }
        Some(c)
    }

    fn text(&mut self, start: Spot) -> Result<String, (Spot, String)> {
        let mut text = String::new();
        loop {
            let at = self.at;
            match self.bump() {
                None | Some('\n') => return Err((start, "a text ends on the line where it begins, with \"".into())),
                Some('"') => break,
                Some('\\') => match self.bump() {
                    Some(c @ ('"' | '\\')) => text.push(c),
                    _ => return Err((at, "a backslash stands before \" or another backslash".into())),
                },
                Some(c) if c.is_control() && c != '\r' => {
                    return Err((at, "a text holds no control characters".into()));
                }
                Some(c) => text.push(c),
            }
        }
        if text.len() > TEXT_MAX {
            return Err((start, format!("a text has at most {TEXT_MAX} bytes")));
        }
        Ok(text)
    }
}

/// Reads the body of a clause as words; comments end their line.
pub fn words(raw: &Raw<'_>) -> Read {
    let mut reader = Reader { chars: raw.body.chars().peekable(), at: raw.body_at };
    let mut words = Vec::new();
    while let Some(c) = reader.chars.peek().copied() {
        let at = reader.at;
        if c.is_whitespace() {
            reader.bump();
        } else if c == '"' {
            reader.bump();
            words.push((Word::Text(reader.text(at)?), at));
        } else if c == ',' {
            reader.bump();
            words.push((Word::Comma, at));
        } else {
            let mut word = String::new();
            while let Some(c) = reader.chars.peek().copied() {
                if !(c.is_ascii_alphanumeric() || "._-@".contains(c)) {
                    break;
                }
                word.push(c);
                reader.bump();
            }
            if word.starts_with("--") {
                while reader.chars.peek().is_some_and(|c| *c != '\n') {
                    reader.bump();
                }
                continue;
            }
            if word.is_empty() {
                return Err((at, format!("{c:?} has no place here; names stand in \"…\"")));
            }
            words.push((Word::Plain(word), at));
        }
    }
    Ok(words)
}
