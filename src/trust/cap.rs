use crate::id::IdError;
use std::fmt;
use std::str::FromStr;

/// Longest capability that is read.
const CAP_MAX: usize = 200;
/// Longest plane and longest verb.
const WORD_MAX: usize = 32;
const ANY: &str = "*";

/// A capability: `plane:verb` or `plane:verb:glob`, as in `journal:append:finance`, `bus:publish:deploy.*`, `job:work`.
///
/// Plane and verb are `[a-z][a-z0-9.-]{0,31}`. A glob is printable ASCII without blanks, with at most one `*`, at its end:
/// without it the text means itself, with it everything that begins so. A capability without a glob is for what has no
/// object and covers nothing but itself; `plane:verb:*` covers it and every object.
///
/// What the roots hold is written `*:*`: everything but `gate:receipt`. It is shown and never read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cap {
    plane: String,
    verb: String,
    glob: Option<String>,
}

impl Cap {
    /// All that a root holds: every capability but `gate:receipt`.
    pub(super) fn of_roots() -> Cap {
        Cap { plane: ANY.to_owned(), verb: ANY.to_owned(), glob: None }
    }

    /// To hand on what one holds.
    pub(super) fn to_grant() -> Cap {
        Cap { plane: "trust".to_owned(), verb: "grant".to_owned(), glob: None }
    }

    /// Receipts are worth something only where somebody was trusted with them by name.
    fn is_receipt(&self) -> bool {
        self.plane == "gate" && self.verb == "receipt"
    }

    /// Whether who holds this holds `asked` too. Globs are compared as sets: `a*` covers `ab*` and `ab`, and not the other
    /// way round.
    pub fn covers(&self, asked: &Cap) -> bool {
        if self.plane == ANY {
            return !asked.is_receipt();
        }
        if self.plane != asked.plane || self.verb != asked.verb {
            return false;
        }
        match (self.glob.as_deref(), asked.glob.as_deref()) {
            (held, asked) if held == asked => true,
            (Some(ANY), None) => true,
            (Some(held), Some(asked)) => match held.strip_suffix('*') {
                Some(stem) => asked.strip_suffix('*').unwrap_or(asked).starts_with(stem),
                None => false,
            },
            _ => false,
        }
    }
}

impl FromStr for Cap {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Cap, IdError> {
        let bad = |why| IdError::new("a capability", text, why);
        if text.len() > CAP_MAX {
            return Err(bad("it is longer than 200 bytes"));
        }
        let mut parts = text.splitn(3, ':');
        let (plane, verb, glob) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
        let verb =
            verb.ok_or_else(|| bad("it needs the form plane:verb or plane:verb:glob, as in journal:append:finance"))?;
        if !is_word(plane) || !is_word(verb) {
            return Err(bad("plane and verb are a lower-case letter and up to 31 letters, digits, - and ."));
        }
        if let Some(glob) = glob {
            let literal = glob.strip_suffix('*').unwrap_or(glob);
            if glob.is_empty() || !literal.bytes().all(|b| b.is_ascii_graphic() && b != b'*') {
                return Err(bad("a glob is printable text without blanks, with at most one *, at its end"));
            }
        }
        Ok(Cap { plane: plane.to_owned(), verb: verb.to_owned(), glob: glob.map(str::to_owned) })
    }
}

fn is_word(word: &str) -> bool {
    word.len() <= WORD_MAX
        && word.starts_with(|c: char| c.is_ascii_lowercase())
        && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-'))
}

impl fmt::Display for Cap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.plane, self.verb)?;
        match &self.glob {
            Some(glob) => write!(f, ":{glob}"),
            None => Ok(()),
        }
    }
}
