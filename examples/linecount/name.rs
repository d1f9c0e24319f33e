//! Names as text. Git's names are bytes; JSON's are Unicode.
//!
//! A name that is UTF-8 stands as it is. Any other is quoted as git quotes it in a terminal: `"` in front and at the end,
//! `\"` `\\` for those two, three octal digits behind `\` for control characters and bytes above 127. A name that begins
//! with `"` is quoted too, so a text that begins with `"` is always a quoted name and each name has one text.

pub fn text(name: &[u8]) -> String {
    match std::str::from_utf8(name) {
        Ok(text) if !text.starts_with('"') => text.to_owned(),
        _ => quote(name),
    }
}

/// Any name in quotes.
pub fn quote(name: &[u8]) -> String {
    let mut text = String::from('"');
    for &byte in name {
        match byte {
            b'"' | b'\\' => text.extend(['\\', char::from(byte)]),
            b' '..=b'~' => text.push(char::from(byte)),
            _ => text.push_str(&format!("\\{byte:03o}")),
        }
    }
    text.push('"');
    text
}

/// The name that `text` made this of; `None` for what it never makes.
pub fn bytes(text: &str) -> Option<Vec<u8>> {
    let Some(quoted) = text.strip_prefix('"') else { return Some(text.as_bytes().to_vec()) };
    let mut rest = quoted.strip_suffix('"')?.as_bytes();
    let mut name = Vec::with_capacity(rest.len());
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        if byte != b'\\' {
            name.push(byte);
            continue;
        }
        if let [mark @ (b'"' | b'\\'), behind @ ..] = rest {
            name.push(*mark);
            rest = behind;
        } else {
            let (digits, behind) = rest.split_at_checked(3)?;
            name.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok()?);
            rest = behind;
        }
    }
    (self::text(&name) == text).then_some(name)
}
