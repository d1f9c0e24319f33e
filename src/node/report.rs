use super::tally::Tally;
use crate::canon::{Map, Value};
use crate::id::{Blake3, Oid};
use std::fmt;

/// Whether a finding makes the verdict, or only informs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    Fail,
    Note,
}

/// One thing that is wrong, or worth knowing, about a ref.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The ref.
    pub name: String,
    pub commit: Oid,
    pub seq: Option<u64>,
    pub code: String,
    pub sentence: String,
    pub severity: Severity,
    /// Of how many things it tells, where they are several: the ref and the commit are those of the first.
    pub count: Option<u64>,
}

impl Finding {
    pub(super) fn new(name: impl Into<String>, commit: Oid, code: &str, sentence: impl Into<String>) -> Finding {
        let (name, code, sentence) = (name.into(), code.to_owned(), sentence.into());
        Finding { name, commit, seq: None, code, sentence, severity: Severity::Fail, count: None }
    }

    pub(super) fn note(self) -> Finding {
        Finding { severity: Severity::Note, ..self }
    }

    pub(super) fn of_many(self, count: u64) -> Finding {
        Finding { count: (count > 1).then_some(count), ..self }
    }

    pub fn is_failure(&self) -> bool {
        self.severity == Severity::Fail
    }

    /// The finding as a document: the shape that `--json` shows.
    pub fn to_value(&self) -> Value {
        let mut map = Map::new();
        map.insert("ref", self.name.as_str());
        map.insert("commit", Value::text(self.commit));
        if let Some(seq) = self.seq {
            map.insert("seq", Value::Int(seq as i64));
        }
        map.insert("code", self.code.as_str());
        map.insert("sentence", self.sentence.as_str());
        map.insert("severity", if self.is_failure() { "fail" } else { "note" });
        if let Some(count) = self.count {
            map.insert("count", Value::Int(count as i64));
        }
        Value::Map(map)
    }

    pub(super) fn from_value(value: &Value) -> Option<Finding> {
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        let number = |name: &str| value.get(name).and_then(Value::as_int).and_then(|n| u64::try_from(n).ok());
        Some(Finding {
            name: text("ref")?.to_owned(),
            commit: text("commit")?.parse().ok()?,
            seq: number("seq"),
            code: text("code")?.to_owned(),
            sentence: text("sentence")?.to_owned(),
            severity: if text("severity")? == "fail" { Severity::Fail } else { Severity::Note },
            count: number("count"),
        })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.commit)?;
        if let Some(seq) = self.seq {
            write!(f, "#{seq}")?;
        }
        write!(f, " {}: {}", self.code, self.sentence)
    }
}

/// What a verdict could be held against: with none of them, a journal whose newest appends were dropped looks whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Anchors {
    /// Journals whose last tip this machine remembers.
    pub remembered: u64,
    /// Fetched journals that say how far a journal had come.
    pub tracking: u64,
    /// Heads that checkpoints name.
    pub checkpoint_heads: u64,
}

/// What `verify` found.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    pub repo: Option<Blake3>,
    pub journals: u64,
    pub events: u64,
    /// Events that a revocation of their key voided: they count for nothing.
    pub void: u64,
    pub checkpoints: u64,
    pub bundles: u64,
    pub trust_versions: u64,
    /// Recorded refusals.
    pub refusals: u64,
    pub receipts: u64,
    /// What gates accepted, judged again by the law that stood then.
    pub again: Tally,
    pub findings: Vec<Finding>,
    pub anchors: Anchors,
}

impl Report {
    pub fn failures(&self) -> usize {
        self.findings.iter().filter(|f| f.is_failure()).count()
    }

    pub fn passed(&self) -> bool {
        self.failures() == 0
    }
}
