use super::notation::plain;
use super::{Ink, Page, View};
use crate::canon::{Map, Value};
use std::io::{self, Write as _};

/// What the physician found, in the words of a report.
pub struct Health {
    /// The examinations that were made.
    pub examined: Vec<&'static str>,
    pub complaints: Vec<Complaint>,
}

/// One finding.
pub struct Complaint {
    pub code: &'static str,
    pub severity: &'static str,
    pub ink: Ink,
    pub subject: String,
    pub sentence: String,
    pub remedy: Option<String>,
}

impl Health {
    fn count(&self, severity: &str) -> usize {
        self.complaints.iter().filter(|c| c.severity == severity).count()
    }

    fn content(&self) -> bool {
        self.count("fail") == 0
    }
}

impl View for Health {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        for c in &self.complaints {
            let severity = page.ink(c.ink, c.severity);
            writeln!(page, "{severity} {} {}: {}", c.code, plain(&c.subject), plain(&c.sentence))?;
            if let Some(remedy) = &c.remedy {
                writeln!(page, "     remedy: {}", plain(remedy))?;
            }
        }
        let verdict = if self.content() { page.ink(Ink::Good, "CONTENT") } else { page.ink(Ink::Bad, "AILING") };
        let counts = ["fail", "warn", "note"].map(|severity| format!("{} {severity}", self.count(severity)));
        writeln!(page, "{verdict} ({}); examined {}", counts.join(", "), self.examined.join(", "))
    }

    fn json(&self) -> Value {
        let finding = |c: &Complaint| {
            let mut map = Map::new();
            map.insert("code", c.code);
            map.insert("severity", c.severity);
            map.insert("subject", c.subject.as_str());
            map.insert("sentence", c.sentence.as_str());
            if let Some(remedy) = &c.remedy {
                map.insert("remedy", remedy.as_str());
            }
            Value::Map(map)
        };
        Value::map([
            ("content", self.content().into()),
            ("examined", Value::list(self.examined.iter().copied())),
            ("findings", Value::list(self.complaints.iter().map(finding))),
        ])
    }
}
