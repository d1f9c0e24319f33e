use super::{Page, View};
use crate::canon::{Map, Value};
use std::io::{self, Write as _};

/// Manual pages that were written.
pub struct InstalledManual {
    pub dir: String,
    pub pages: Vec<String>,
    /// What is still to be done for `man` to find them.
    pub remaining: Option<String>,
}

impl View for InstalledManual {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        writeln!(page, "wrote {} pages to {}", self.pages.len(), self.dir)?;
        match &self.remaining {
            None => writeln!(page, "read them: git gatos --help, man git-gatos-emit"),
            Some(line) => writeln!(page, "man does not look there; add to the profile of your shell:\n  {line}"),
        }
    }

    fn json(&self) -> Value {
        let mut map = Map::new();
        map.insert("dir", self.dir.as_str());
        map.insert("pages", Value::list(self.pages.iter().map(String::as_str)));
        if let Some(line) = &self.remaining {
            map.insert("remaining", line.as_str());
        }
        Value::Map(map)
    }
}
