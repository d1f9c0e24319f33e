use super::{Ink, Page, View, notation};
use crate::canon::{Map, Value};
use crate::state::Change;
use std::io::{self, Write as _};

/// Where two states differ.
pub struct Difference(pub Vec<Change>);

impl View for Difference {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        for Change { path, before, after } in &self.0 {
            let path = if path.is_empty() { "(all of it)" } else { path };
            if let Some(before) = before {
                let line = page.ink(Ink::Bad, format_args!("- {path}: {}", notation::line(before)));
                writeln!(page, "{line}")?;
            }
            if let Some(after) = after {
                let line = page.ink(Ink::Good, format_args!("+ {path}: {}", notation::line(after)));
                writeln!(page, "{line}")?;
            }
        }
        Ok(())
    }

    fn json(&self) -> Value {
        Value::map([("changes", Value::list(self.0.iter().map(change)))])
    }
}

fn change(change: &Change) -> Value {
    let mut map = Map::new();
    map.insert("path", change.path.as_str());
    if let Some(before) = &change.before {
        map.insert("before", before.clone());
    }
    if let Some(after) = &change.after {
        map.insert("after", after.clone());
    }
    Value::Map(map)
}
