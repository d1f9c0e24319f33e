use super::bar::Bar;
use super::interrupt;
use crate::ambient::{Cancel, Progress};
use std::io::{self, IsTerminal as _};
use std::sync::Once;

/// Long work as a person sees it: a bar on a terminal, and Ctrl-C that ends it between two whole steps. Both come with the
/// first stretch of work, so that an answer that is there already costs nothing.
pub struct Work {
    cancel: Cancel,
    listening: Once,
    bar: Option<Bar>,
}

impl Work {
    pub fn new() -> Work {
        let bar = io::stderr().is_terminal().then(Bar::default);
        Work { cancel: Cancel::default(), listening: Once::new(), bar }
    }

    /// Where the work looks whether it should stop.
    pub fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    /// Whether somebody sees the bar.
    pub fn is_watched(&self) -> bool {
        self.bar.is_some()
    }
}

impl Progress for Work {
    fn begin(&self, what: &str, total: Option<u64>) {
        self.listening.call_once(|| interrupt::listen(&self.cancel));
        self.bar.iter().for_each(|bar| bar.begin(what, total));
    }

    fn advance(&self, units: u64) {
        self.bar.iter().for_each(|bar| bar.advance(units));
    }

    fn end(&self) {
        self.bar.iter().for_each(Progress::end);
    }
}
