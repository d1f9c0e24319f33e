//! String functions, on text that is always UTF-8. Positions count from 1 and, where negative, from the end.

use super::convert::as_number;
use super::number::{DIGITS_MAX, N};
use mlua::Value;

/// White space as Lua's `%s` has it.
pub fn trim(s: &str) -> &str {
    s.trim_matches(|c: char| c.is_ascii_whitespace() || c == '\u{b}')
}

/// From-to positions as a half-open range.
fn range(len: usize, i: i64, j: i64) -> std::ops::Range<usize> {
    let len = len as i64;
    let from = match i {
        1.. => i,
        0 => 1,
        _ => (len + i + 1).max(1),
    };
    let to = if j < 0 { len.saturating_add(j).saturating_add(1) } else { j.min(len) };
    if from > to { 0..0 } else { from as usize - 1..to as usize }
}

/// `None` where a cut would split a character.
pub fn sub_bytes(s: &str, i: i64, j: i64) -> Option<&str> {
    s.get(range(s.len(), i, j))
}

pub fn sub_chars(s: &str, i: i64, j: i64) -> &str {
    let chars = range(s.chars().count(), i, j);
    let offset = |n: usize| s.char_indices().nth(n).map_or(s.len(), |(at, _)| at);
    &s[offset(chars.start)..offset(chars.end)]
}

pub fn byte(s: &[u8], i: i64) -> Option<u8> {
    s.get(range(s.len(), i, i)).and_then(|b| b.first().copied())
}

/// The caller has bounded the length of the result.
pub fn repeat(s: &str, n: usize, sep: &str) -> String {
    let mut out = String::with_capacity((s.len() + sep.len()) * n);
    for i in 0..n {
        if i > 0 {
            out.push_str(sep);
        }
        out.push_str(s);
    }
    out
}

/// First and last position of a plain text at or behind a position, in time linear in both texts.
pub fn find(s: &str, plain: &str, from: i64) -> Option<(usize, usize)> {
    let start = match from {
        1.. => usize::try_from(from - 1).ok()?,
        0 => 0,
        _ => usize::try_from((s.len() as i64).saturating_add(from).max(0)).ok()?,
    };
    if start > s.len() {
        return None;
    }
    if plain.is_empty() {
        return Some((start + 1, start));
    }
    // A text of whole characters is found only where a character begins.
    let start = (start..=s.len()).find(|i| s.is_char_boundary(*i))?;
    let at = start + s[start..].find(plain)?;
    Some((at + 1, at + plain.len()))
}

/// A directive of `format`: flags, width, precision and letter.
struct Directive {
    left: bool,
    zeros: bool,
    width: usize,
    precision: Option<u32>,
    letter: Option<char>,
}

fn directive(chars: &mut std::iter::Peekable<std::str::Chars>) -> Result<Directive, String> {
    let mut d = Directive { left: false, zeros: false, width: 0, precision: None, letter: None };
    while let Some(flag @ ('-' | '0')) = chars.peek().copied() {
        chars.next();
        d.left |= flag == '-';
        d.zeros |= flag == '0';
    }
    let mut digits = |limit: usize, what: &str| {
        let mut n = 0usize;
        while let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
            chars.next();
            n = n * 10 + digit as usize;
            if n > limit {
                return Err(format!("string.format: {what} is at most {limit}"));
            }
        }
        Ok(n)
    };
    d.width = digits(99, "width")?;
    if chars.peek() == Some(&'.') {
        chars.next();
        let mut digits = 0;
        while let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
            chars.next();
            digits = digits * 10 + digit;
            if digits > DIGITS_MAX {
                return Err(format!("string.format: precision is at most {DIGITS_MAX}"));
            }
        }
        d.precision = Some(digits);
    }
    d.letter = chars.next();
    Ok(d)
}

impl Directive {
    /// The argument as text, without padding.
    fn show(&self, n: usize, v: &Value) -> Result<String, String> {
        let bad = |what: &str| format!("bad argument #{n} to 'string.format' ({what})");
        let number = || as_number(v).ok_or_else(|| bad("number expected"));
        let integer = || match number()? {
            N::Int(i) => Ok(i),
            N::Frac(_) => Err(bad("number has no integer representation")),
        };
        match (self.letter, v) {
            (Some('d'), _) => Ok(integer()?.to_string()),
            (Some('x'), _) => Ok(format!("{:x}", integer()?)),
            (Some('f'), _) => Ok(number()?.with_digits(self.precision.unwrap_or(6))),
            (Some('s'), Value::String(s)) => s.to_str().map(|s| s.to_owned()).map_err(|_| bad("string is not UTF-8")),
            (Some('s'), _) => Ok(number()?.to_string()),
            (letter, _) => {
                let letter = letter.map(String::from).unwrap_or_default();
                Err(format!("string.format: '%{letter}' is not in the profile (use %d %x %f %s %%)"))
            }
        }
    }

    fn pad(&self, text: &str, numeric: bool, out: &mut String) {
        let missing = self.width.saturating_sub(text.chars().count());
        if self.left {
            out.push_str(text);
            out.extend(std::iter::repeat_n(' ', missing));
        } else if self.zeros && numeric {
            let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
            out.push_str(sign);
            out.extend(std::iter::repeat_n('0', missing));
            out.push_str(digits);
        } else {
            out.extend(std::iter::repeat_n(' ', missing));
            out.push_str(text);
        }
    }
}

/// `string.format` with `%d %x %f %.nf %s %%`; the first argument is the format.
pub fn format(args: &[Value]) -> Result<String, String> {
    let Some(Value::String(format)) = args.first() else { return Err("string.format: format expected".to_owned()) };
    let format = format.to_str().map_err(|_| "string.format: format is not UTF-8".to_owned())?.to_owned();
    let mut out = String::new();
    let mut chars = format.chars().peekable();
    let mut n = 0;
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        if chars.peek() == Some(&'%') {
            chars.next();
            out.push('%');
            continue;
        }
        n += 1;
        let d = directive(&mut chars)?;
        let v = args.get(n).ok_or_else(|| format!("bad argument #{} to 'string.format' (no value)", n + 1))?;
        d.pad(&d.show(n + 1, v)?, !matches!(v, Value::String(_)), &mut out);
    }
    Ok(out)
}
