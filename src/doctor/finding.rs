use std::fmt;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Good to know; nothing is wrong.
    Note,
    /// Nothing is lost yet; it should be mended.
    Warn,
    /// Something does not work, or is lost.
    Fail,
}

impl Severity {
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warn => "warn",
            Severity::Fail => "fail",
        }
    }
}

/// One thing that an examination found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The wire-stable code: examination and fault, `ref.missing`.
    pub code: &'static str,
    pub severity: Severity,
    /// What it is about: a ref, a path, a setting.
    pub subject: String,
    pub sentence: String,
    /// What to do about it; a note may need nothing.
    pub remedy: Option<String>,
}

impl Finding {
    fn new(severity: Severity, code: &'static str, subject: impl fmt::Display, sentence: impl Into<String>) -> Finding {
        Finding { code, severity, subject: subject.to_string(), sentence: sentence.into(), remedy: None }
    }

    pub(super) fn note(code: &'static str, subject: impl fmt::Display, sentence: impl Into<String>) -> Finding {
        Finding::new(Severity::Note, code, subject, sentence)
    }

    pub(super) fn warn(
        code: &'static str,
        subject: impl fmt::Display,
        sentence: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Finding {
        Finding::new(Severity::Warn, code, subject, sentence).with(remedy)
    }

    pub(super) fn fail(
        code: &'static str,
        subject: impl fmt::Display,
        sentence: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Finding {
        Finding::new(Severity::Fail, code, subject, sentence).with(remedy)
    }

    pub(super) fn with(self, remedy: impl Into<String>) -> Finding {
        Finding { remedy: Some(remedy.into()), ..self }
    }
}

/// What all examinations found together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The examinations that were made, by name.
    pub examined: Vec<&'static str>,
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether nothing is broken: warnings and notes may stand.
    pub fn is_content(&self) -> bool {
        self.count(Severity::Fail) == 0
    }

    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|f| f.severity == severity).count()
    }
}
