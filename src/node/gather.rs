use super::error::NodeError;
use crate::ambient::Cancel;
use crate::ledger::Draft;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Events that are stored by one pack and one move of the ref.
pub const BATCH_EVENTS: usize = 8192;
/// Bytes of payloads after which a batch is full, so that memory is bounded by bytes too.
const BATCH_BYTES: usize = 16 << 20;
/// How long a request to stop goes unseen while nothing comes.
const TICK: Duration = Duration::from_millis(20);
/// A source that pauses and gives nothing for so long is not waited for: what is in hand is stored.
const QUIET: Duration = Duration::from_millis(200);
/// And no event of such a source waits longer than this for its batch to fill.
const LONGEST: Duration = Duration::from_secs(1);

/// One event of a batch, where it came from decided by the caller.
#[derive(Debug, Clone)]
pub struct BatchEvent {
    pub draft: Draft,
    /// The ULID was given, not drawn.
    pub named: bool,
}

/// What a source has at the moment.
#[derive(Debug)]
pub enum Given {
    /// What came, in order.
    Events(Vec<BatchEvent>),
    /// Nothing came in the time that was given.
    Nothing,
    /// Nothing will come any more.
    End,
}

/// Where the events of a run come from.
pub trait Feed {
    type Error: From<NodeError>;

    /// What comes next, waited for no longer than `patience`.
    fn next(&mut self, patience: Duration) -> Result<Given, Self::Error>;

    /// Whether it may fall silent in the middle, as a pipe does and a file does not.
    fn pauses(&self) -> bool;
}

/// Why a batch was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closed {
    Full,
    /// The source is slower than what is in hand should wait.
    Paused,
    End,
    Cancelled,
}

/// Cuts what a source gives into batches. No lock is held here: however long a source thinks, it thinks alone.
pub(super) struct Gather<'f, F> {
    feed: &'f mut F,
    /// Came, and belongs to a later batch.
    held: VecDeque<BatchEvent>,
}

impl<'f, F: Feed> Gather<'f, F> {
    pub(super) fn new(feed: &'f mut F) -> Gather<'f, F> {
        Gather { feed, held: VecDeque::new() }
    }

    /// The next batch. Once asked to stop it takes what a pipe has given, which would be lost, and of a file nothing more: that
    /// can be read again. It waits for nothing then.
    pub(super) fn batch(&mut self, cancel: &Cancel) -> Result<(Vec<BatchEvent>, Closed), F::Error> {
        let mut batch = Vec::new();
        let mut bytes = 0;
        let mut wait = Wait::default();
        loop {
            if cancel.asked() && !self.feed.pauses() {
                return Ok((batch, Closed::Cancelled));
            }
            while let Some(event) = self.held.pop_front() {
                bytes += event.draft.payload_json.len();
                batch.push(event);
                if batch.len() >= BATCH_EVENTS || bytes >= BATCH_BYTES {
                    return Ok((batch, Closed::Full));
                }
            }
            let stopping = cancel.asked();
            if !stopping && self.feed.pauses() && wait.is_over(!batch.is_empty()) {
                return Ok((batch, Closed::Paused));
            }
            match self.feed.next(if stopping { Duration::ZERO } else { TICK })? {
                Given::Events(events) => {
                    self.held.extend(events);
                    wait.saw_some();
                }
                Given::Nothing if stopping => return Ok((batch, Closed::Cancelled)),
                Given::Nothing => {}
                Given::End => return Ok((batch, Closed::End)),
            }
        }
    }
}

/// How long a batch has been waited for.
#[derive(Default)]
struct Wait {
    /// When the first and the last of its events came.
    since: Option<(Instant, Instant)>,
}

impl Wait {
    fn saw_some(&mut self) {
        let now = Instant::now();
        self.since = Some((self.since.map_or(now, |(first, _)| first), now));
    }

    fn is_over(&self, holds_some: bool) -> bool {
        holds_some && self.since.is_some_and(|(first, last)| last.elapsed() >= QUIET || first.elapsed() >= LONGEST)
    }
}
