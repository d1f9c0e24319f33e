use super::error::NodeError;
use super::start::Start;
use crate::ambient::{Cancel, Progress};
use crate::id::Timestamp;
use crate::ledger::{Key, Loaded, Merge, Origin};
use crate::lua::Program;
use crate::state::{Folded, Run};
use std::sync::Arc;

/// How often long work looks whether it should stop, in events.
const LOOK_EVERY: u64 = 256;

/// Who sees how far long work is, and who may end it.
#[derive(Clone, Copy)]
pub(super) struct Watch<'a> {
    pub progress: &'a dyn Progress,
    pub cancel: &'a Cancel,
}

impl<'a> Watch<'a> {
    pub(super) fn new(progress: &'a dyn Progress, cancel: &'a Cancel) -> Watch<'a> {
        Watch { progress, cancel }
    }

    /// Ends the work where somebody asked.
    pub(super) fn look(&self) -> Result<(), NodeError> {
        if self.cancel.asked() { Err(NodeError::Cancelled) } else { Ok(()) }
    }

    /// A stretch of work over the events of a merge.
    pub(super) fn over<'m, 'n>(&self, what: &str, total: Option<u64>, merge: &'m mut Merge<'n>) -> Drive<'a, 'm, 'n> {
        self.progress.begin(what, total);
        Drive { watch: *self, merge, events: 0 }
    }
}

/// A walk over the events of a merge that is looked at every so often. Its stretch of progress is over when it is dropped.
pub(super) struct Drive<'a, 'm, 'n> {
    watch: Watch<'a>,
    merge: &'m mut Merge<'n>,
    events: u64,
}

impl Drive<'_, '_, '_> {
    /// The event that `next` would give.
    pub(super) fn ahead(&self) -> Option<(&Origin, &Loaded)> {
        self.merge.ahead()
    }

    pub(super) fn next(&mut self) -> Result<Option<(Arc<Origin>, Loaded)>, NodeError> {
        if self.events.is_multiple_of(LOOK_EVERY) {
            self.watch.look()?;
            if self.events > 0 {
                self.watch.progress.advance(LOOK_EVERY);
            }
        }
        self.events += 1;
        Ok(self.merge.next_event()?)
    }
}

impl Drop for Drive<'_, '_, '_> {
    fn drop(&mut self) {
        self.watch.progress.end();
    }
}

/// A fold under way, with what its run does not know: the place of the last event, and the latest time of any.
pub(super) struct Folding {
    run: Run,
    last: Option<Key>,
    latest: Option<Timestamp>,
    /// The latest time of the events before the start is known.
    timed: bool,
    /// The last event since the start, by journal, clock and sequence number.
    met: Option<(Arc<Origin>, u64, u64)>,
}

impl Folding {
    pub(super) fn from(program: &Program, start: Start) -> Result<Folding, NodeError> {
        let timed = start.folded.events == 0 || start.latest.is_some();
        let Start { folded, last, latest, .. } = start;
        Ok(Folding { run: Run::from(program, folded)?, last, latest, timed, met: None })
    }

    pub(super) fn step(&mut self, origin: Arc<Origin>, loaded: Loaded) -> Result<(), NodeError> {
        let h = &loaded.event.header;
        self.latest = self.latest.max(Some(h.ts));
        self.met = Some((origin, h.clock, h.seq));
        self.run.step(loaded)?;
        Ok(())
    }

    /// Folds what is left of a merge.
    pub(super) fn all(&mut self, total: Option<u64>, merge: &mut Merge<'_>, watch: Watch<'_>) -> Result<(), NodeError> {
        let mut drive = watch.over("folding", total, merge);
        while let Some((origin, loaded)) = drive.next()? {
            self.step(origin, loaded)?;
        }
        Ok(())
    }

    /// How many events were taken, those before the start included.
    pub(super) fn events(&self) -> u64 {
        self.run.events()
    }

    pub(super) fn finish(self) -> Result<Ended, NodeError> {
        let met = self.met.map(|(origin, clock, seq)| Key { clock, writer: origin.writer.clone(), seq });
        let latest = if self.timed { self.latest } else { None };
        Ok(Ended { folded: self.run.finish()?, last: met.or(self.last), latest })
    }
}

/// What came of a fold, with the place of its last event and, where it is known, the latest time of any of its events.
pub(super) struct Ended {
    pub folded: Folded,
    pub last: Option<Key>,
    pub latest: Option<Timestamp>,
}
