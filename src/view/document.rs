use super::{Page, View};
use crate::canon::Value;
use std::io::{self, Write as _};

/// A text that stands for itself.
pub struct Document(pub String);

impl View for Document {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        page.write_all(self.0.as_bytes())
    }

    fn json(&self) -> Value {
        Value::map([("text", self.0.as_str().into())])
    }
}
