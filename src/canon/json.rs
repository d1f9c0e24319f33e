//! Strict JSON in, canonical JSON out (RFC 8785 under RFC 7493).

use super::error::JsonFault;
use super::value::{Map, Text, Value};
use super::{DEPTH_MAX, EncodeError, INT_MAX, JsonError, fixed};

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

/// Reads a document that must be in canonical form to the byte.
pub fn parse_canonical(text: &[u8]) -> Result<Value, JsonError> {
    let value = parse(text)?;
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

fn parse_as(text: &[u8], fractions: Fractions) -> Result<Value, JsonError> {
    if let Err(e) = std::str::from_utf8(text) {
        return Err(JsonError { offset: e.valid_up_to(), why: JsonFault::Utf8 });
    }
    if text.starts_with(b"\xef\xbb\xbf") {
        return Err(JsonError { offset: 0, why: JsonFault::Bom });
    }
    let mut p = Parser { text, at: 0, fractions };
    p.space();
    let value = p.value(DEPTH_MAX)?;
    p.space();
    if p.at != text.len() {
        return p.fail(JsonFault::Trailing);
    }
    Ok(value)
}

struct Parser<'a> {
    /// Known to be UTF-8.
    text: &'a [u8],
    at: usize,
    fractions: Fractions,
}

impl Parser<'_> {
    fn fail<T>(&self, why: JsonFault) -> Result<T, JsonError> {
        Err(JsonError { offset: self.at, why })
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, JsonError> {
        if self.text[self.at..].starts_with(word.as_bytes()) {
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
        self.at += 1;
        self.space();
        let mut entries = Vec::new();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Map(Map::new()));
        }
        loop {
            if self.peek() != Some(b'"') {
                return self.fail(if self.peek().is_none() { JsonFault::End } else { JsonFault::Syntax });
            }
            let key = self.string()?;
            self.space();
            if self.peek() != Some(b':') {
                return self.fail(JsonFault::Syntax);
            }
            self.at += 1;
            self.space();
            let value = self.value(depth - 1)?;
            entries.push((key, value));
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
        match Map::from_entries(entries) {
            Ok(map) => Ok(Value::Map(map)),
            Err(_) => Err(JsonError { offset: start, why: JsonFault::Duplicate }),
        }
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

    fn string(&mut self) -> Result<Text, JsonError> {
        self.at += 1;
        let start = self.at;
        let plain = self.text[start..].iter().position(|&b| b == b'"' || b == b'\\' || b < 0x20);
        let Some(n) = plain else {
            self.at = self.text.len();
            return self.fail(JsonFault::End);
        };
        self.at = start + n;
        if self.text[self.at] == b'"' {
            self.at += 1;
            return Ok(Text::from(utf8(&self.text[start..start + n])));
        }
        let mut out = Text::from(utf8(&self.text[start..start + n]));
        loop {
            let start = self.at;
            while self.peek().is_some_and(|b| b != b'"' && b != b'\\' && b >= 0x20) {
                self.at += 1;
            }
            out.push_str(utf8(&self.text[start..self.at]));
            match self.peek() {
                None => return self.fail(JsonFault::End),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => out.push(self.escape()?),
                Some(_) => return self.fail(JsonFault::Control),
            }
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
        if first >= 0xdc00 || !self.text[self.at..].starts_with(b"\\u") {
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
        let Some(digits) = self.text.get(self.at..self.at + 4) else { return self.fail(JsonFault::End) };
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
        let token = utf8(&self.text[start..self.at]);
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

fn utf8(bytes: &[u8]) -> &str {
    // The whole text was checked once, and every cut is made beside an ASCII byte.
    std::str::from_utf8(bytes).expect("checked UTF-8 cut at ASCII")
}

/// Appends the canonical form. Large integral floats are written as RFC 8785 writes them; a document must not hold them
/// (`document`).
pub fn write(value: &Value, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    write_at(value, out, DEPTH_MAX)
}

/// The canonical bytes of a document that is stored or signed: no integral number above 2^53-1.
pub fn document(value: &Value) -> Result<Vec<u8>, EncodeError> {
    check_document(value, DEPTH_MAX)?;
    let mut out = Vec::with_capacity(256);
    write(value, &mut out)?;
    Ok(out)
}

fn check_document(value: &Value, depth: usize) -> Result<(), EncodeError> {
    match value {
        Value::Int(i) if i.unsigned_abs() > INT_MAX as u64 => Err(EncodeError::UnsafeInteger),
        Value::Float(f) if f.fract() == 0.0 && f.abs() > INT_MAX as f64 => Err(EncodeError::UnsafeInteger),
        Value::List(_) | Value::Map(_) if depth == 0 => Err(EncodeError::Depth),
        Value::List(items) => items.iter().try_for_each(|v| check_document(v, depth - 1)),
        Value::Map(map) => map.iter().try_for_each(|(_, v)| check_document(v, depth - 1)),
        _ => Ok(()),
    }
}

fn write_at(value: &Value, out: &mut Vec<u8>, depth: usize) -> Result<(), EncodeError> {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Int(i) => write_int(*i, out),
        Value::Wide(_) => return Err(EncodeError::UnsafeInteger),
        Value::Float(f) if !f.is_finite() => return Err(EncodeError::NotFinite),
        Value::Float(f) => out.extend_from_slice(ryu_js::Buffer::new().format_finite(*f).as_bytes()),
        Value::Fixed(raw) => out.extend_from_slice(fixed::print(*raw).as_bytes()),
        Value::Text(s) => write_string(s, out),
        Value::Bytes(_) | Value::Link(_) => return Err(EncodeError::NoJson(value.kind())),
        Value::List(_) | Value::Map(_) if depth == 0 => return Err(EncodeError::Depth),
        Value::List(items) => {
            out.push(b'[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                write_at(item, out, depth - 1)?;
            }
            out.push(b']');
        }
        Value::Map(map) => {
            out.push(b'{');
            for (i, (key, item)) in map.entries().iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                write_string(key, out);
                out.push(b':');
                write_at(item, out, depth - 1)?;
            }
            out.push(b'}');
        }
    }
    Ok(())
}

fn write_int(i: i64, out: &mut Vec<u8>) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    let mut n = i.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + (n % 10) as u8;
        n /= 10;
        if n == 0 {
            break;
        }
    }
    if i < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(&digits[at..]);
}

/// Appends a string in quotes with the escapes of RFC 8785, section 3.2.2.2.
pub fn write_string(s: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let bytes = s.as_bytes();
    let mut start = 0;
    for (i, &b) in bytes.iter().enumerate() {
        if b >= 0x20 && b != b'"' && b != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[start..i]);
        start = i + 1;
        match b {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            0x08 => out.extend_from_slice(b"\\b"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            0x0c => out.extend_from_slice(b"\\f"),
            b'\r' => out.extend_from_slice(b"\\r"),
            _ => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(&[HEX[usize::from(b >> 4)], HEX[usize::from(b & 15)]]);
            }
        }
    }
    out.extend_from_slice(&bytes[start..]);
    out.push(b'"');
}
