use crate::git::Plane;
use crate::id::{Oid, Timestamp};
use crate::node::past::{Past, Place};
use crate::policy::Moved;
use std::collections::HashMap;

/// Which accepted push brought each append; the first one, where several gates took it.
pub(super) struct Received {
    by_commit: HashMap<Oid, usize>,
    pushes: Vec<(Place, bool)>,
}

impl Received {
    pub(super) fn of(past: &Past<'_>) -> Received {
        let mut received = Received { by_commit: HashMap::new(), pushes: Vec::new() };
        for (_, place) in in_time(past) {
            for moved in &past.receipt(place).updates {
                if matches!(moved.plane(), Some(Plane::Journal { .. })) {
                    received.push(past, place, moved);
                }
            }
        }
        received
    }

    fn push(&mut self, past: &Past<'_>, place: Place, moved: &Moved) {
        let (push, mut known) = (self.pushes.len(), false);
        // Without all of them nobody can tell which appends a push brought.
        let commits = moved.new.and_then(|new| {
            let chain = past.reader().chain(new, moved.old, 0).ok()?;
            chain.map(|step| step.map(|(commit, _)| commit)).collect::<Result<Vec<Oid>, _>>().ok()
        });
        for commit in commits.unwrap_or_default() {
            known |= *self.by_commit.entry(commit).or_insert(push) != push;
        }
        self.pushes.push((place, known));
    }

    /// The receipt of an append of which an event was met.
    pub(super) fn met(&mut self, commit: Oid) -> Option<Place> {
        let (place, met) = self.pushes.get_mut(*self.by_commit.get(&commit)?)?;
        *met = true;
        Some(*place)
    }

    /// Pushes to journals of which no event was met.
    pub(super) fn not_met(&self) -> impl Iterator<Item = Place> {
        self.pushes.iter().filter(|(_, met)| !met).map(|(place, _)| *place)
    }
}

/// Every receipt once, the oldest first.
pub(super) fn in_time(past: &Past<'_>) -> Vec<(Timestamp, Place)> {
    let dated = |place| (past.receipt(place).received_at, place);
    let mut places: Vec<_> = past.places().into_iter().map(dated).collect();
    places.sort_by_key(|(at, _)| *at);
    places
}
