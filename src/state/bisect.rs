use std::collections::BTreeSet;

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
    /// `None` where good does not lie before bad.
    pub fn new(good: u64, bad: u64) -> Option<Search> {
        (good < bad).then_some(Search { good, bad, skipped: BTreeSet::new() })
    }

    pub fn good(&self) -> u64 {
        self.good
    }

    pub fn bad(&self) -> u64 {
        self.bad
    }

    /// Takes a mark. One that contradicts the range is refused: false.
    pub fn mark(&mut self, place: u64, mark: Mark) -> bool {
        match mark {
            Mark::Good if place < self.bad => self.good = self.good.max(place),
            Mark::Bad if place > self.good => self.bad = self.bad.min(place),
            Mark::Skip if place > self.good && place < self.bad => {
                self.skipped.insert(place);
            }
            _ => return false,
        }
        true
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
