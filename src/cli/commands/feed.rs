use super::lines::EventLines;
use crate::cli::error::CliError;
use crate::node::{BatchEvent, Feed, Given};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

/// Chunks that may wait to be taken: about the lines of one batch, so that the next is read while one is stored.
const CHUNKS_AHEAD: usize = 32;

/// What was read at once, and why reading ended there.
type Chunk = Result<Vec<BatchEvent>, CliError>;

/// Lines that a thread of their own reads and parses, so that nobody but it waits for a slow pipe. It hands over what it
/// read at once, never a line alone unless it came alone.
pub struct LineFeed {
    name: String,
    /// Lines that were passed over before the first.
    skipped: u64,
    pauses: bool,
    state: State,
}

enum State {
    /// Reading begins when something is asked for.
    Idle(EventLines),
    Reading(Receiver<Chunk>),
    Ended,
}

impl LineFeed {
    pub fn new(lines: EventLines, skipped: u64) -> LineFeed {
        let (name, pauses) = (lines.name().to_owned(), !lines.is_regular());
        LineFeed { name, skipped, pauses, state: State::Idle(lines) }
    }

    /// The place of a line, counted from the first that was not passed over.
    pub fn place(&self, line: u64) -> String {
        format!("{}:{}", self.name, self.skipped + line)
    }
}

impl Feed for LineFeed {
    type Error = CliError;

    fn next(&mut self, patience: Duration) -> Result<Given, CliError> {
        self.state = match std::mem::replace(&mut self.state, State::Ended) {
            State::Idle(lines) => State::Reading(start(lines)),
            other => other,
        };
        let State::Reading(chunks) = &self.state else { return Ok(Given::End) };
        match chunks.recv_timeout(patience) {
            Ok(Ok(events)) => Ok(Given::Events(events)),
            Ok(Err(e)) => {
                self.state = State::Ended;
                Err(e)
            }
            Err(RecvTimeoutError::Timeout) => Ok(Given::Nothing),
            Err(RecvTimeoutError::Disconnected) => {
                self.state = State::Ended;
                Ok(Given::End)
            }
        }
    }

    fn pauses(&self) -> bool {
        self.pauses
    }
}

/// Starts to read. Nobody waits for the thread: it ends with its input, or with the process in the middle of a wait.
fn start(mut lines: EventLines) -> Receiver<Chunk> {
    let (chunks, receiver) = sync_channel(CHUNKS_AHEAD);
    std::thread::spawn(move || {
        loop {
            let mut events = Vec::new();
            let read = lines.next_events(&mut events);
            // What came before a bad line is handed over first. Where nobody takes it any more the run has ended.
            if !events.is_empty() && chunks.send(Ok(events)).is_err() {
                return;
            }
            match read {
                Ok(true) => {}
                Ok(false) => return,
                Err(e) => return drop(chunks.send(Err(e))),
            }
        }
    });
    receiver
}
