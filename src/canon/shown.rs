//! Foreign text made fit to be seen: nothing in it drives a terminal or turns the direction in which its line is read. And
//! words made fit to be typed.

use std::borrow::Cow;
use std::path::Path;

/// Whether a character does something to what is shown around it: C0, DEL, C1, and the marks of direction of Unicode.
fn is_unfit(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// One line: each such character, also a line end, stands as the escape of a string, `\n` or `\u{9b}`.
pub fn line(text: &str) -> Cow<'_, str> {
    escaped(text, is_unfit, escape)
}

/// The same where lines and tabs are meant.
pub fn text(text: &str) -> Cow<'_, str> {
    escaped(text, |c| is_unfit(c) && !matches!(c, '\n' | '\t'), escape)
}

/// A JSON text that is no longer canonical, but holds the same value: what JSON need not escape stands as `\u009b`.
pub fn json(text: &str) -> Cow<'_, str> {
    // Below U+0020 there is only layout: a string of JSON holds no such character.
    escaped(text, |c| is_unfit(c) && c > ' ', |c, out| out.push_str(&format!("\\u{:04x}", u32::from(c))))
}

/// A word as a shell takes it back.
pub fn word(text: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,:@%=".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => Cow::Borrowed(text),
        false => Cow::Owned(format!("'{}'", text.replace('\'', "'\\''"))),
    }
}

/// A path as a shell takes it back.
pub fn path(path: &Path) -> String {
    word(&path.to_string_lossy()).into_owned()
}

fn escape(c: char, out: &mut String) {
    match c.is_control() {
        true => out.extend(c.escape_debug()),
        false => out.extend(c.escape_unicode()),
    }
}

fn escaped(text: &str, unfit: impl Fn(char) -> bool, escape: impl Fn(char, &mut String)) -> Cow<'_, str> {
    // Nearly every text is fit, and its bytes tell: these alone begin a character that is not.
    let suspect = |b: u8| b < b' ' || matches!(b, 0x7f | 0xc2 | 0xd8 | 0xe2);
    if !text.bytes().any(suspect) || !text.contains(&unfit) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if unfit(c) { escape(c, &mut out) } else { out.push(c) }
    }
    Cow::Owned(out)
}
