use crate::canon::{json, shown};

/// C0, DEL, C1 and the marks of direction.
fn unfit() -> impl Iterator<Item = char> {
    let ranges = ['\0'..='\u{1f}', '\u{7f}'..='\u{9f}', '\u{200e}'..='\u{200f}'];
    ranges
        .into_iter()
        .flatten()
        .chain("\u{61c}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}".chars())
        .chain('\u{2066}'..='\u{2069}')
}

#[test]
fn each_unfit_character_stands_as_its_escape() {
    assert_eq!(unfit().count(), 32 + 33 + 2 + 6 + 4);
    for c in unfit() {
        let (line, text) = (shown::line(&format!("a{c}b")).into_owned(), shown::text(&format!("a{c}b")).into_owned());
        assert!(line.starts_with("a\\") && line.ends_with('b') && !line.contains(c), "{line:?}");
        assert_eq!(text == format!("a{c}b"), matches!(c, '\n' | '\t'), "{text:?}");
    }
    assert_eq!(shown::line("\n\u{1b}[2J\u{9b}1m\u{202e}"), "\\n\\u{1b}[2J\\u{9b}1m\\u{202e}");
}

#[test]
fn what_is_fit_stays() {
    for fit in ["", "plain ~", "käse — 猫 🐈 é", "\u{a0}\u{600}\u{2010}\u{2029}\u{206a}\u{202f}"] {
        assert_eq!([shown::line(fit), shown::text(fit), shown::json(fit)], [fit; 3]);
    }
}

#[test]
fn shown_json_is_plain_and_parses_to_the_same_value() {
    let all: String = unfit().collect();
    let value = crate::canon::Value::map([(all.as_str(), all.as_str().into())]);
    let mut canonical = Vec::new();
    json::write(&value, &mut canonical).unwrap();
    let canonical = String::from_utf8(canonical).unwrap();
    let shown = shown::json(&canonical);
    assert!(unfit().all(|c| !shown.contains(c)) && shown.contains("\\u009b") && shown.contains("\\u202e"), "{shown}");
    assert_eq!(json::parse(shown.as_bytes()).unwrap(), value);
    assert_eq!(shown::json("{\n\t\"a\": 1\r\n}"), "{\n\t\"a\": 1\r\n}");
}

#[test]
fn a_word_can_be_typed() {
    for (text, typed) in [("/srv/a-b_c.git", "/srv/a-b_c.git"), ("/a b", "'/a b'"), ("it's", "'it'\\''s'")] {
        assert_eq!(shown::word(text), typed);
    }
}
