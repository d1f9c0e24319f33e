use super::scan::plain;
use super::write::{check_document, write};
use crate::canon::{DEPTH_MAX, INT_MAX, JsonError, JsonFault, Map, Text, Value, fixed};

/// How numbers that are not integral are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fractions {
    /// As the nearest double.
    Double,
    /// As Q32.32, in their shortest decimal form only.
    Fixed,
}

/// Reads one document. Numbers become `Int` where they are integral and within ±(2^53-1), `Float` elsewhere.
pub fn parse(text: &[u8]) -> Result<Value, JsonError> {
    parse_as(text, Fractions::Double)
}

/// Reads a folded state: the same, but fractions are exact Q32.32 values in their canonical decimal form.
pub fn parse_state(text: &[u8]) -> Result<Value, JsonError> {
    parse_as(text, Fractions::Fixed)
}

/// Reads a document that must be in canonical form to the byte. Like `document`, it refuses an integral number above
/// 2^53-1 however it is spelled.
pub fn parse_canonical(text: &[u8]) -> Result<Value, JsonError> {
    let value = parse(text)?;
    if check_document(&value, DEPTH_MAX).is_err() {
        return Err(JsonError { offset: 0, why: JsonFault::UnsafeInteger });
    }
    let mut again = Vec::with_capacity(text.len());
    let same = write(&value, &mut again).is_ok() && again == text;
    if same {
        Ok(value)
    } else {
        Err(JsonError { offset: first_difference(&again, text), why: JsonFault::NotCanonical })
    }
}

fn first_difference(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).position(|(x, y)| x != y).unwrap_or(a.len().min(b.len()))
}

fn parse_as(bytes: &[u8], fractions: Fractions) -> Result<Value, JsonError> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(e) => return Err(JsonError { offset: e.valid_up_to(), why: JsonFault::Utf8 }),
    };
    if text.starts_with('\u{feff}') {
        return Err(JsonError { offset: 0, why: JsonFault::Bom });
    }
    let mut p = Parser { text, bytes, at: 0, fractions, entries: Vec::with_capacity(16) };
    p.space();
    let value = p.value(DEPTH_MAX)?;
    p.space();
    if p.at != bytes.len() {
        return p.fail(JsonFault::Trailing);
    }
    Ok(value)
}

struct Parser<'a> {
    text: &'a str,
    /// The same text, for looking at one byte.
    bytes: &'a [u8],
    at: usize,
    fractions: Fractions,
    /// Entries of the objects that are open, innermost last. An object takes its own from the end, in one piece of the
    /// right size.
    entries: Vec<(Text, Value)>,
}

impl<'a> Parser<'a> {
    fn fail<T>(&self, why: JsonFault) -> Result<T, JsonError> {
        Err(JsonError { offset: self.at, why })
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, JsonError> {
        if self.bytes[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            return Ok(value);
        }
        self.fail(JsonFault::Syntax)
    }

    fn value(&mut self, depth: usize) -> Result<Value, JsonError> {
        match self.peek() {
            Some(b'"') => Ok(Value::Text(self.string()?)),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            Some(_) => self.fail(JsonFault::Syntax),
            None => self.fail(JsonFault::End),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, JsonError> {
        if depth == 0 {
            return self.fail(JsonFault::Depth);
        }
        let start = self.at;
        let first = self.entries.len();
        self.at += 1;
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Map(Map::new()));
        }
        loop {
            let entry = self.entry(depth)?;
            self.entries.push(entry);
            self.space();
            match self.peek() {
                Some(b',') => {
                    self.at += 1;
                    self.space();
                }
                Some(b'}') => {
                    self.at += 1;
                    break;
                }
                Some(_) => return self.fail(JsonFault::Syntax),
                None => return self.fail(JsonFault::End),
            }
        }
        match Map::from_entries(self.entries.split_off(first)) {
            Ok(map) => Ok(Value::Map(map)),
            Err(_) => Err(JsonError { offset: start, why: JsonFault::Duplicate }),
        }
    }

    fn entry(&mut self, depth: usize) -> Result<(Text, Value), JsonError> {
        match self.peek() {
            Some(b'"') => {}
            Some(_) => return self.fail(JsonFault::Syntax),
            None => return self.fail(JsonFault::End),
        }
        let key = self.string()?;
        self.space();
        match self.peek() {
            Some(b':') => self.at += 1,
            Some(_) => return self.fail(JsonFault::Syntax),
            None => return self.fail(JsonFault::End),
        }
        self.space();
        Ok((key, self.value(depth - 1)?))
    }

    fn array(&mut self, depth: usize) -> Result<Value, JsonError> {
        if depth == 0 {
            return self.fail(JsonFault::Depth);
        }
        self.at += 1;
        self.space();
        let mut items = Vec::new();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::List(items));
        }
        loop {
            items.push(self.value(depth - 1)?);
            self.space();
            match self.peek() {
                Some(b',') => {
                    self.at += 1;
                    self.space();
                }
                Some(b']') => {
                    self.at += 1;
                    return Ok(Value::List(items));
                }
                Some(_) => return self.fail(JsonFault::Syntax),
                None => return self.fail(JsonFault::End),
            }
        }
    }

    /// The text from `start` to where reading stands. Both lie beside an ASCII byte, so the cut is between characters.
    fn since(&self, start: usize) -> &'a str {
        &self.text[start..self.at]
    }

    #[inline]
    fn string(&mut self) -> Result<Text, JsonError> {
        self.at += 1;
        let start = self.at;
        self.at += plain(&self.bytes[start..]);
        if self.peek() == Some(b'"') {
            let out = Text::from(self.since(start));
            self.at += 1;
            return Ok(out);
        }
        self.escaped(Text::from(self.since(start)))
    }

    /// The rest of a string from its first special byte on.
    #[cold]
    fn escaped(&mut self, mut out: Text) -> Result<Text, JsonError> {
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => out.push(self.escape()?),
                Some(_) => return self.fail(JsonFault::Control),
                None => return self.fail(JsonFault::End),
            }
            let start = self.at;
            self.at += plain(&self.bytes[start..]);
            out.push_str(self.since(start));
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        self.at += 1;
        let Some(c) = self.peek() else { return self.fail(JsonFault::End) };
        let plain = match c {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                self.at += 1;
                return self.unicode();
            }
            _ => return self.fail(JsonFault::Escape),
        };
        self.at += 1;
        Ok(plain)
    }

    fn unicode(&mut self) -> Result<char, JsonError> {
        let first = self.hex4()?;
        if !(0xd800..0xe000).contains(&first) {
            return Ok(char::from_u32(first).expect("not a surrogate"));
        }
        if first >= 0xdc00 || !self.bytes[self.at..].starts_with(b"\\u") {
            return self.fail(JsonFault::Surrogate);
        }
        self.at += 2;
        let second = self.hex4()?;
        if !(0xdc00..0xe000).contains(&second) {
            return self.fail(JsonFault::Surrogate);
        }
        let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        Ok(char::from_u32(code).expect("a pair names a scalar value"))
    }

    fn hex4(&mut self) -> Result<u32, JsonError> {
        let Some(digits) = self.bytes.get(self.at..self.at + 4) else { return self.fail(JsonFault::End) };
        let mut n = 0;
        for &d in digits {
            let Some(v) = (d as char).to_digit(16) else { return self.fail(JsonFault::Escape) };
            n = n << 4 | v;
        }
        self.at += 4;
        Ok(n)
    }

    fn number(&mut self) -> Result<Value, JsonError> {
        let start = self.at;
        let negative = self.peek() == Some(b'-');
        if negative {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits(),
            Some(_) => return self.fail(JsonFault::Syntax),
            None => return self.fail(JsonFault::End),
        }
        let whole_end = self.at;
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.some_digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.some_digits()?;
        }
        let token = self.since(start);
        let fail = |why| Err(JsonError { offset: start, why });
        if self.at == whole_end {
            return match token.parse::<i64>() {
                Ok(i) if (-INT_MAX..=INT_MAX).contains(&i) => Ok(Value::Int(i)),
                _ => fail(JsonFault::UnsafeInteger),
            };
        }
        if self.fractions == Fractions::Fixed {
            return match fixed::parse_canonical(token) {
                Some(raw) => Ok(Value::Fixed(raw)),
                None => fail(JsonFault::OffGrid),
            };
        }
        let f: f64 = token.parse().expect("a JSON number is a Rust float");
        if f.is_infinite() {
            return fail(JsonFault::Overflow);
        }
        if f.fract() == 0.0 && f.abs() <= INT_MAX as f64 {
            return Ok(Value::Int(f as i64));
        }
        Ok(Value::Float(f))
    }

    fn digits(&mut self) {
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
    }

    fn some_digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        self.digits();
        if self.at > start {
            return Ok(());
        }
        self.fail(if self.peek().is_none() { JsonFault::End } else { JsonFault::Syntax })
    }
}
