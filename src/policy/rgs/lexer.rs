//! A source text as clauses: a clause begins where a line begins with one of the words of the language, and goes on to the
//! next one.

use super::Spot;

/// The words that begin a clause. At the start of a line they are nothing else.
pub const KEYWORDS: [&str; 9] = ["policy", "rule", "on", "when", "allow", "deny", "require", "because", "hint"];

/// One clause: its word, and the text behind the word up to the next clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Raw<'a> {
    /// Empty for text before the first clause.
    pub word: &'static str,
    pub at: Spot,
    /// Where `body` begins.
    pub body_at: Spot,
    pub body: &'a str,
    /// Byte offset of the word in the source.
    pub offset: usize,
}

/// Cuts a source text into clauses.
pub fn clauses(source: &str) -> Vec<Raw<'_>> {
    let mut starts: Vec<(usize, &'static str, Spot)> = Vec::new();
    let mut offset = 0;
    for (number, line) in (1u32..).zip(source.split_inclusive('\n')) {
        let text = line.trim_start();
        let indent = line.len() - text.len();
        if let Some(word) = keyword(text) {
            let col = 1 + line[..indent].chars().count() as u32;
            starts.push((offset + indent, word, Spot { line: number, col }));
        }
        offset += line.len();
    }
    let first = starts.first().map_or(source.len(), |(at, ..)| *at);
    let origin = Spot { line: 1, col: 1 };
    let mut clauses = Vec::with_capacity(starts.len() + 1);
    if !is_blank(&source[..first]) {
        clauses.push(Raw { word: "", at: origin, body_at: origin, body: &source[..first], offset: 0 });
    }
    for (i, (start, word, at)) in starts.iter().enumerate() {
        let end = starts.get(i + 1).map_or(source.len(), |(next, ..)| *next);
        let body = &source[start + word.len()..end];
        let body_at = Spot { line: at.line, col: at.col + word.len() as u32 };
        clauses.push(Raw { word, at: *at, body_at, body, offset: *start });
    }
    clauses
}

fn keyword(line: &str) -> Option<&'static str> {
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || "_.([:=".contains(c));
    KEYWORDS.into_iter().find(|word| line.strip_prefix(word).is_some_and(ends))
}

/// Nothing but white space and comments.
pub fn is_blank(text: &str) -> bool {
    text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with("--"))
}

/// A place inside a text that begins at `from`, `line` and `col` counted from 1 in it.
pub fn place(from: Spot, line: u32, col: u32) -> Spot {
    match line {
        0 | 1 => Spot { line: from.line, col: from.col + col.saturating_sub(1) },
        _ => Spot { line: from.line + line - 1, col },
    }
}
