//! Commit trailers: the last paragraph of a message, one `Name: value` a line.

/// Appends a trailer line.
pub fn push(out: &mut String, name: &str, value: impl std::fmt::Display) {
    use std::fmt::Write as _;
    let _ = writeln!(out, "{name}: {value}");
}

/// The trailers of a message, in order; empty where the last paragraph holds a line of another form. The message must end
/// in one newline.
pub fn read(message: &str) -> Vec<(&str, &str)> {
    let Some(body) = message.strip_suffix('\n') else { return Vec::new() };
    let Some((_, last)) = body.rsplit_once("\n\n") else { return Vec::new() };
    let parsed: Option<Vec<_>> = last.split('\n').map(line).collect();
    parsed.unwrap_or_default()
}

fn line(text: &str) -> Option<(&str, &str)> {
    let (name, value) = text.split_once(": ")?;
    let legal = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    (legal && !value.is_empty()).then_some((name, value))
}

/// The value of a trailer that stands exactly once.
pub fn once<'a>(trailers: &[(&'a str, &'a str)], name: &str) -> Option<&'a str> {
    let mut found = trailers.iter().filter(|(n, _)| *n == name);
    match (found.next(), found.next()) {
        (Some((_, value)), None) => Some(value),
        _ => None,
    }
}
