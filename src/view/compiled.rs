use super::{Page, View, count};
use crate::canon::{Map, Value};
use crate::id::Sha256;
use std::io::{self, Write as _};

/// A fold that was compiled.
pub struct Compiled {
    pub fold_root: Sha256,
    /// Size of the compiled form in bytes.
    pub size: u64,
    /// Where it was written.
    pub out: Option<String>,
}

impl View for Compiled {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        writeln!(page, "fold_root = {}", self.fold_root)
    }

    fn json(&self) -> Value {
        let mut map = Map::new();
        map.insert("fold_root", Value::text(self.fold_root));
        map.insert("bytes", count(self.size));
        if let Some(out) = &self.out {
            map.insert("out", out.as_str());
        }
        Value::Map(map)
    }
}
