use crate::canon::EncodeError;
use crate::git::GitError;
use crate::id::{IdError, Ns, Oid, Writer};
use crate::trust::TrustError;
use thiserror::Error;

/// Why an intent cannot become an event.
#[derive(Debug, Error)]
pub enum DraftError {
    #[error(transparent)]
    Name(#[from] IdError),
    #[error("the payload is {size} bytes in canonical form; {max} is the most (larger data goes by pointer)")]
    PayloadSize { size: usize, max: usize },
    #[error("the payload is nested deeper than {max} levels")]
    PayloadDepth { max: usize },
    #[error("the payload holds {number}, which is not on the Q32.32 grid in its shortest form; send it as a string")]
    PayloadNumber { number: String },
    #[error("the event claims {count} capabilities; {max} are the most, claim those that its reader asks for")]
    Caps { count: usize, max: usize },
    #[error("capability {place} of the event is {size} bytes; {max} is the most, name it shorter")]
    CapSize { place: usize, size: usize, max: usize },
    #[error("the payload has no canonical form: {0}")]
    Payload(#[from] EncodeError),
}

impl DraftError {
    /// The field of the event that is at fault.
    pub fn field(&self) -> &'static str {
        match self {
            DraftError::Caps { .. } | DraftError::CapSize { .. } => "caps",
            _ => "payload",
        }
    }

    pub fn code(&self) -> &'static str {
        match self {
            DraftError::Name(e) => e.code(),
            DraftError::PayloadSize { .. } => "PAYLOAD_SIZE",
            DraftError::PayloadDepth { .. } => "PAYLOAD_DEPTH",
            DraftError::PayloadNumber { .. } => "PAYLOAD_NUMBER",
            DraftError::Caps { .. } | DraftError::CapSize { .. } => "CAPS_SIZE",
            DraftError::Payload(e) => e.code(),
        }
    }
}

/// What is wrong with one append of a journal. The code is wire-stable and is what a gate refuses by.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{sentence}")]
pub struct Fault {
    pub commit: Oid,
    /// The event at fault, where one can be named.
    pub seq: Option<u64>,
    pub code: &'static str,
    pub sentence: String,
}

/// Why a journal could not be read or written at all.
#[derive(Debug, Error)]
pub enum LedgerError {
    #[error("reading journal {ns}/{writer}: {source}")]
    Read { ns: Ns, writer: Writer, source: GitError },
    #[error("listing the journals: {0}")]
    List(#[source] GitError),
    #[error("journal {ns}/{writer}: {fault}")]
    Fault { ns: Ns, writer: Writer, fault: Fault },
    #[error("signing an append: {0}")]
    Sign(#[source] TrustError),
    #[error(
        "an append of {events} events and {bytes} bytes is over the limit of 1,024 events and 1 MiB; use smaller groups"
    )]
    TooLarge { events: usize, bytes: usize },
    #[error("{0}")]
    Window(String),
}

impl LedgerError {
    pub fn code(&self) -> &'static str {
        match self {
            LedgerError::Read { source, .. } | LedgerError::List(source) => source.code(),
            LedgerError::Fault { fault, .. } => fault.code,
            LedgerError::Sign(e) => e.code(),
            LedgerError::TooLarge { .. } => "APPEND_SIZE",
            LedgerError::Window(_) => "WINDOW_INVALID",
        }
    }
}
