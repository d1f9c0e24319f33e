use std::fmt::{self, Display, Formatter};

/// Longest glob, in bytes, and most stars in one.
const LENGTH_MAX: usize = 256;
const STARS_MAX: usize = 8;

/// Literal text with stars: `*` stands for any text without `/`, `**` for any text. `**/` stands for nothing too, so that
/// `api/**/x` names `api/x`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Glob(String);

impl Glob {
    /// Says what is wrong with a text that is no glob.
    pub fn new(text: &str) -> Result<Glob, String> {
        if text.is_empty() || text.len() > LENGTH_MAX {
            return Err(format!("a name has 1 to {LENGTH_MAX} bytes"));
        }
        if text.chars().any(char::is_control) {
            return Err("a name holds no control characters".into());
        }
        if text.contains("***") {
            return Err("three stars in a row mean nothing; write ** or *".into());
        }
        if text.matches('*').count() > 2 * STARS_MAX
            || Glob(text.to_owned()).tokens().iter().filter(|t| t.is_star()).count() > STARS_MAX
        {
            return Err(format!("a name has at most {STARS_MAX} stars"));
        }
        Ok(Glob(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is plain text.
    pub fn is_literal(&self) -> bool {
        !self.0.contains('*')
    }

    fn tokens(&self) -> Vec<Token> {
        let bytes = self.0.as_bytes();
        let mut tokens = Vec::with_capacity(bytes.len());
        let mut at = 0;
        while let Some(&b) = bytes.get(at) {
            let rest = &bytes[at..];
            let (token, width) = match b {
                b'*' if rest.starts_with(b"**/") && (at == 0 || bytes[at - 1] == b'/') => (Token::Directories, 3),
                b'*' if rest.starts_with(b"**") => (Token::Any, 2),
                b'*' => (Token::Segment, 1),
                b => (Token::Byte(b), 1),
            };
            tokens.push(token);
            at += width;
        }
        tokens
    }

    /// Its text and stars, text in one piece.
    pub(super) fn pieces(&self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut text = Vec::new();
        let flush = |text: &mut Vec<u8>, pieces: &mut Vec<Piece>| {
            if !text.is_empty() {
                let bytes = std::mem::take(text);
                pieces.push(Piece::Text(String::from_utf8_lossy(&bytes).into_owned()));
            }
        };
        for token in self.tokens() {
            let star = match token {
                Token::Byte(b) => {
                    text.push(b);
                    continue;
                }
                Token::Segment => Piece::Segment,
                Token::Any => Piece::Any,
                Token::Directories => Piece::Directories,
            };
            flush(&mut text, &mut pieces);
            pieces.push(star);
        }
        flush(&mut text, &mut pieces);
        pieces
    }

    /// Whether it names this text.
    pub fn matches(&self, text: &str) -> bool {
        self.walk(text).1
    }

    /// Whether it names something that begins with this folder, a text that ends in `/`: what tokens are left over can always
    /// name something.
    pub fn reaches(&self, folder: &str) -> bool {
        self.walk(folder).0
    }

    /// Whether some of its first tokens name this text, and whether all do.
    fn walk(&self, text: &str) -> (bool, bool) {
        // One row of the table of prefixes after another: `reach[i]` says that the tokens so far name the first i bytes.
        let text = text.as_bytes();
        let mut reach = vec![false; text.len() + 1];
        reach[0] = true;
        let mut some = text.is_empty();
        for token in self.tokens() {
            let before = reach.clone();
            match token {
                Token::Byte(b) => {
                    reach[0] = false;
                    for i in 0..text.len() {
                        reach[i + 1] = before[i] && text[i] == b;
                    }
                }
                Token::Segment => {
                    (0..text.len()).for_each(|i| reach[i + 1] = before[i + 1] || reach[i] && text[i] != b'/')
                }
                Token::Any => (0..text.len()).for_each(|i| reach[i + 1] = before[i + 1] || reach[i]),
                Token::Directories => {
                    let mut open = false;
                    for i in 0..text.len() {
                        open |= before[i];
                        reach[i + 1] = before[i + 1] || open && text[i] == b'/';
                    }
                }
            }
            some |= reach[text.len()];
        }
        (some, reach[text.len()])
    }
}

/// A part of a glob as a compiler wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    /// `*`
    Segment,
    /// `**`
    Any,
    /// `**/` where a segment begins.
    Directories,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Byte(u8),
    /// `*`
    Segment,
    /// `**`
    Any,
    /// `**/` where a segment begins: nothing, or any text that ends in `/`.
    Directories,
}

impl Token {
    fn is_star(self) -> bool {
        !matches!(self, Token::Byte(_))
    }
}

impl Display for Glob {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
