use super::{Page, View};
use crate::canon::{Value, json};
use std::io;

/// An answer of the plumbing, which speaks JSON lines whether `--json` is given or not.
pub struct PlumbAnswer(pub Value);

impl View for PlumbAnswer {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        let mut line = Vec::new();
        json::write(&self.0, &mut line).map_err(io::Error::other)?;
        line.push(b'\n');
        page.raw(&line)
    }

    fn json(&self) -> Value {
        self.0.clone()
    }
}
