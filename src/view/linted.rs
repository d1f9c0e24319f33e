use super::{Ink, Page, View, count};
use crate::canon::Value;
use crate::lua::{Finding, Severity};
use std::io::{self, Write as _};

/// What there is to say about source texts: `file:line:col: CODE: sentence`.
pub struct Linted {
    /// Each file, as it was named, with its findings.
    pub files: Vec<(String, Vec<Finding>)>,
}

impl Linted {
    pub fn errors(&self) -> usize {
        self.with(Severity::Error)
    }

    fn with(&self, severity: Severity) -> usize {
        self.files.iter().flat_map(|(_, findings)| findings).filter(|f| f.severity == severity).count()
    }
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

impl View for Linted {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        for (file, findings) in &self.files {
            for f in findings {
                let ink = if f.severity == Severity::Error { Ink::Bad } else { Ink::Name };
                let code = page.ink(ink, f.code);
                writeln!(page, "{file}:{}:{}: {code}: {}", f.line, f.col, super::notation::plain(&f.sentence))?;
            }
        }
        Ok(())
    }

    fn json(&self) -> Value {
        let finding = |(file, f): (&String, &Finding)| {
            Value::map([
                ("file", file.as_str().into()),
                ("line", f.line.into()),
                ("col", f.col.into()),
                ("code", f.code.into()),
                ("severity", word(f.severity).into()),
                ("sentence", f.sentence.as_str().into()),
            ])
        };
        let findings = self.files.iter().flat_map(|(file, findings)| findings.iter().map(move |f| (file, f)));
        Value::map([
            ("files", count(self.files.len() as u64)),
            ("errors", count(self.errors() as u64)),
            ("warnings", count(self.with(Severity::Warning) as u64)),
            ("findings", Value::list(findings.map(finding))),
        ])
    }
}
