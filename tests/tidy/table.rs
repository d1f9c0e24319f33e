//! The table of rooms in the header of `src/lib.rs`: `//! F2  git     : id ambient canon`.

use super::{File, Finding};
use std::collections::BTreeMap;

pub struct Room {
    pub floor: u32,
    pub imports: Vec<String>,
    line: usize,
}

pub struct Table(BTreeMap<String, Room>);

impl Table {
    pub fn read(lib: &File) -> Table {
        let rows = (1..).zip(lib.text.lines()).filter_map(|(line, text)| row(text, line));
        Table(rows.collect())
    }

    pub fn get(&self, room: &str) -> Option<&Room> {
        self.0.get(room)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Faults of the table itself: an empty one, imports of no room or of one that does not stand lower.
    pub fn faults(&self, lib: &File) -> Vec<Finding> {
        let mut found = Vec::new();
        if self.0.is_empty() {
            found.push(lib.find(0, "the header holds no table of rooms"));
        }
        for (name, room) in &self.0 {
            for import in &room.imports {
                match self.get(import) {
                    None => found.push(lib.find(room.line, format!("{name} imports {import}, which is no room"))),
                    Some(other) if other.floor >= room.floor => {
                        found.push(lib.find(room.line, forbidden(name, room, import, other)))
                    }
                    Some(_) => {}
                }
            }
        }
        found
    }
}

/// The sentence for an import that the floors forbid.
pub fn forbidden(name: &str, room: &Room, import: &str, other: &Room) -> String {
    format!("{name} (floor {}) may not import {import} (floor {})", room.floor, other.floor)
}

fn row(text: &str, line: usize) -> Option<(String, Room)> {
    let (floor, rest) = text.strip_prefix("//! F")?.split_once(' ')?;
    let (name, imports) = rest.split_once(':')?;
    let imports = imports.split_whitespace().map(str::to_owned).collect();
    Some((name.trim().to_owned(), Room { floor: floor.parse().ok()?, imports, line }))
}
