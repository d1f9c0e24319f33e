use super::{Page, View};
use crate::canon::{Map, Value};
use std::io::{self, Write as _};

/// What a caller reads when there is no answer: `{"ok":false,"code":…,"reason":…}`.
#[derive(Debug, Clone, PartialEq)]
pub struct ErrorFrame<'a> {
    /// The wire-stable code.
    pub code: &'a str,
    pub reason: &'a str,
    pub hint: Option<&'a str>,
    /// More that a program may want, such as how many lines were stored.
    pub details: &'a [(&'static str, Value)],
}

impl View for ErrorFrame<'_> {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        writeln!(page, "error: {}", self.reason)?;
        self.hint.map_or(Ok(()), |hint| writeln!(page, "hint: {hint}"))
    }

    fn json(&self) -> Value {
        let mut map = Map::new();
        for (name, value) in self.details {
            map.insert(*name, value.clone());
        }
        map.insert("ok", false);
        map.insert("code", self.code);
        map.insert("reason", self.reason);
        if let Some(hint) = self.hint {
            map.insert("hint", hint);
        }
        Value::Map(map)
    }

    fn is_complaint(&self) -> bool {
        true
    }
}
