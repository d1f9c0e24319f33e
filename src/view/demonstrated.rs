use super::{Ink, Page, View};
use crate::canon::{Map, Value};
use std::io::{self, Write as _};

/// One line of a demonstration.
pub enum Line {
    Heading(String),
    Command(String),
    Output(String),
}

/// A line of a demonstration while it plays.
pub struct Demonstration(pub Line);

impl View for Demonstration {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        match &self.0 {
            Line::Heading(text) => writeln!(page, "\n# {text}"),
            Line::Command(text) => {
                let command = page.ink(Ink::Name, format_args!("$ {text}"));
                writeln!(page, "{command}")
            }
            Line::Output(text) if text.is_empty() => writeln!(page),
            Line::Output(text) => writeln!(page, "  {text}"),
        }
    }

    fn json(&self) -> Value {
        let (name, text) = match &self.0 {
            Line::Heading(text) => ("heading", text),
            Line::Command(text) => ("command", text),
            Line::Output(text) => ("output", text),
        };
        Value::map([(name, text.as_str().into())])
    }
}

/// How a demonstration ended.
pub struct Demonstrated {
    /// What was held against what, and held.
    pub passed: Vec<String>,
    /// Where the repositories were left.
    pub kept: Option<String>,
}

impl View for Demonstrated {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        writeln!(page)?;
        for what in &self.passed {
            let passed = page.ink(Ink::Good, "PASSED");
            writeln!(page, "{passed} {what}")?;
        }
        match &self.kept {
            Some(dir) => writeln!(page, "kept in {dir}"),
            None => Ok(()),
        }
    }

    fn json(&self) -> Value {
        let mut map = Map::new();
        map.insert("passed", Value::list(self.passed.iter().map(String::as_str)));
        if let Some(dir) = &self.kept {
            map.insert("kept", dir.as_str());
        }
        Value::Map(map)
    }
}
