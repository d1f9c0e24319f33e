//! Trying again: another process holds a lock, moved a ref, or removed a directory under our feet.

use crate::ambient::Ambient;
use git2::{ErrorClass, ErrorCode};
use std::time::{Duration, Instant};

/// How long a write is tried before its error is believed.
const DEADLINE: Duration = Duration::from_secs(30);
/// Longest pause between two attempts.
const PAUSE_MAX_MS: u64 = 100;

/// Runs `attempt` until it succeeds, fails for good, or the deadline has passed. Pauses are drawn evenly between 1 ms and
/// a bound that doubles up to 100 ms, so that many writers do not meet again at one time.
pub(super) fn retry<T, E: Passing>(ambient: &Ambient, mut attempt: impl FnMut() -> Result<T, E>) -> Result<T, E> {
    let start = Instant::now();
    let mut bound = 1;
    loop {
        match attempt() {
            Err(error) if error.passes() && start.elapsed() < DEADLINE => pause(ambient, &mut bound),
            done => return done,
        }
    }
}

fn pause(ambient: &Ambient, bound: &mut u64) {
    let ms = 1 + u64::from_le_bytes(ambient.chance()) % *bound;
    *bound = (*bound * 2).min(PAUSE_MAX_MS);
    std::thread::sleep(Duration::from_millis(ms));
}

/// An error that may be gone at the next attempt.
pub(super) trait Passing {
    fn passes(&self) -> bool;
}

/// What the operating system says when trying again is no use.
const HOPELESS: [&str; 4] = ["Permission denied", "Read-only file system", "No space left", "Disk quota exceeded"];

impl Passing for git2::Error {
    fn passes(&self) -> bool {
        match (self.code(), self.class()) {
            (ErrorCode::Modified | ErrorCode::Locked, _) => true,
            (_, ErrorClass::Os) => !HOPELESS.iter().any(|text| self.message().contains(text)),
            _ => false,
        }
    }
}

impl Passing for std::io::Error {
    /// A directory that `git gc` removed; everything else is meant.
    fn passes(&self) -> bool {
        self.kind() == std::io::ErrorKind::NotFound
    }
}
