use std::collections::BTreeSet;
use thiserror::Error;

/// What is known of a place in the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// The condition does not hold yet.
    Good,
    /// The condition holds.
    Bad,
    /// It cannot be told here.
    Skip,
}

impl Mark {
    pub fn as_str(self) -> &'static str {
        match self {
            Mark::Good => "good",
            Mark::Bad => "bad",
            Mark::Skip => "skip",
        }
    }
}

/// A mark that what is known already speaks against.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Contradiction {
    #[error("the good end must come before the bad one")]
    Ends,
    #[error("place {place} cannot be good: place {bad} is bad")]
    Good { place: u64, bad: u64 },
    #[error("place {place} cannot be bad: place {good} is good")]
    Bad { place: u64, good: u64 },
    #[error("place {place} is not in question: place {good} is good and place {bad} is bad; skip one between them")]
    Skip { place: u64, good: u64, bad: u64 },
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Test the state after this many events.
    Test(u64),
    /// The event at this place is the first after which the condition holds.
    Found(u64),
    /// One of these, for what lies between them was skipped.
    OneOf(Vec<u64>),
}

/// Binary search over the events of a window. Place `n` is the state after the first `n` events; 0 is before the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    good: u64,
    bad: u64,
    skipped: BTreeSet<u64>,
}

impl Search {
    pub fn new(good: u64, bad: u64) -> Result<Search, Contradiction> {
        match good < bad {
            true => Ok(Search { good, bad, skipped: BTreeSet::new() }),
            false => Err(Contradiction::Ends),
        }
    }

    pub fn good(&self) -> u64 {
        self.good
    }

    pub fn bad(&self) -> u64 {
        self.bad
    }

    /// The places that could not be told, in order.
    pub fn skipped(&self) -> impl Iterator<Item = u64> {
        self.skipped.iter().copied()
    }

    /// Takes a mark, or says what contradicts it and takes nothing.
    pub fn mark(&mut self, place: u64, mark: Mark) -> Result<(), Contradiction> {
        let (good, bad) = (self.good, self.bad);
        match mark {
            Mark::Good if place >= bad => return Err(Contradiction::Good { place, bad }),
            Mark::Good => self.good = good.max(place),
            Mark::Bad if place <= good => return Err(Contradiction::Bad { place, good }),
            Mark::Bad => self.bad = bad.min(place),
            Mark::Skip if place <= good || place >= bad => return Err(Contradiction::Skip { place, good, bad }),
            Mark::Skip => drop(self.skipped.insert(place)),
        }
        Ok(())
    }

    /// The place to test next: the one nearest the middle that was not skipped.
    pub fn step(&self) -> Step {
        if self.bad - self.good == 1 {
            return Step::Found(self.bad);
        }
        let middle = self.good + (self.bad - self.good) / 2;
        let reach = self.bad - self.good;
        let near = (0..reach).flat_map(|d| [middle.checked_sub(d), middle.checked_add(d)]).flatten();
        let mut inside = near.filter(|p| *p > self.good && *p < self.bad);
        match inside.find(|p| !self.skipped.contains(p)) {
            Some(place) => Step::Test(place),
            None => Step::OneOf((self.good + 1..=self.bad).collect()),
        }
    }

    /// How many tests are left at most, roughly.
    pub fn tests_left(&self) -> u32 {
        (self.bad - self.good).ilog2()
    }
}
