use super::past::Again;
use std::collections::BTreeMap;

/// What is judged again, in the order of the words for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Activations,
    /// Activations that have no receipt: nobody tells which law stood, and some version of trust must have let them be.
    Undated,
    Trust,
    Checkpoints,
    Consents,
    Events,
    Branches,
    Journals,
    Others,
}

impl Kind {
    /// The word for many.
    pub fn as_str(self) -> &'static str {
        self.of(0)
    }

    /// The word for so many.
    pub fn of(self, n: u64) -> &'static str {
        let (one, many) = match self {
            Kind::Activations => ("activation", "activations"),
            Kind::Undated => ("activation without a receipt", "activations without a receipt"),
            Kind::Trust => ("change of trust", "changes of trust"),
            Kind::Checkpoints => ("checkpoint", "checkpoints"),
            Kind::Consents => ("consent", "consents"),
            Kind::Events => ("event", "events"),
            Kind::Branches => ("push to a branch", "pushes to branches"),
            Kind::Journals => ("push to a journal", "pushes to journals"),
            Kind::Others => ("ref that no gate takes", "refs that no gate takes"),
        };
        if n == 1 { one } else { many }
    }
}

/// What was judged again, and what could not be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many of each kind were judged again.
    pub judged: BTreeMap<Kind, u64>,
    /// What was not, by what is missing.
    pub unknown: BTreeMap<(Kind, String), u64>,
}

impl Tally {
    pub(super) fn judged(&mut self, kind: Kind) {
        *self.judged.entry(kind).or_default() += 1;
    }

    pub(super) fn unknown(&mut self, kind: Kind, what: &str, count: u64) {
        *self.unknown.entry((kind, what.to_owned())).or_default() += count;
    }

    pub(super) fn take(&mut self, kind: Kind, again: &Again) {
        match again {
            Again::Unknown(what) => self.unknown(kind, what, 1),
            Again::Right | Again::Wrong { .. } => self.judged(kind),
        }
    }

    pub(super) fn add(&mut self, other: Tally) {
        other.judged.into_iter().for_each(|(kind, n)| *self.judged.entry(kind).or_default() += n);
        other.unknown.into_iter().for_each(|(what, n)| *self.unknown.entry(what).or_default() += n);
    }
}
