use thiserror::Error;

/// Why a text is not the identifier it was read as.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?} is not {what}: {why}")]
pub struct IdError {
    /// The kind of identifier, with its article ("an actor").
    pub what: &'static str,
    /// The text that was read, cut at 100 characters.
    pub text: String,
    /// The rule that it breaks.
    pub why: &'static str,
}

impl IdError {
    pub(crate) fn new(what: &'static str, text: &str, why: &'static str) -> Self {
        IdError { what, text: text.chars().take(100).collect(), why }
    }

    /// The wire-stable code.
    pub fn code(&self) -> &'static str {
        "ID_INVALID"
    }
}
