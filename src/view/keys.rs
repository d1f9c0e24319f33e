use super::{Ink, Page, View};
use crate::canon::{Map, Value};
use crate::id::PublicKey;
use crate::trust::{KeyForm, KeyInfo};
use std::io::{self, Write as _};
use std::path::PathBuf;

/// A key of the directory.
pub struct ShownKey {
    pub info: KeyInfo,
    /// The repository around the working directory signs with it.
    pub here: bool,
}

fn form(form: KeyForm) -> &'static str {
    match form {
        KeyForm::Plain => "plain",
        KeyForm::Encrypted => "encrypted",
        KeyForm::Agent => "agent",
    }
}

impl View for ShownKey {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        let key = page.ink(Ink::Name, self.info.key);
        let here = if self.here { " (signs here)" } else { "" };
        writeln!(page, "{key} {} {}{here}", form(self.info.form), self.info.path.display())
    }

    fn json(&self) -> Value {
        Value::map([
            ("key", Value::text(self.info.key)),
            ("form", form(self.info.form).into()),
            ("path", Value::text(self.info.path.display())),
            ("here", self.here.into()),
        ])
    }
}

/// A key that now lies in a file.
pub struct PlacedKey {
    pub key: PublicKey,
    pub path: Option<PathBuf>,
}

impl View for PlacedKey {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        let key = page.ink(Ink::Name, self.key);
        match &self.path {
            Some(path) => writeln!(page, "{key} {}", path.display()),
            None => writeln!(page, "{key}"),
        }
    }

    fn json(&self) -> Value {
        let mut map = Map::new();
        map.insert("key", Value::text(self.key));
        if let Some(path) = &self.path {
            map.insert("path", Value::text(path.display()));
        }
        Value::Map(map)
    }
}
