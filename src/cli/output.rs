use super::error::CliError;
use crate::ambient::{Ambient, Env};
use crate::canon::{json, shown};
use crate::view::{Page, View};
use anyhow::Context as _;
use std::io::{self, BufWriter, ErrorKind, IsTerminal as _, StdoutLock, Write};

/// Standard output: data, and the one place that prints it.
pub struct Output {
    out: BufWriter<StdoutLock<'static>>,
    json: bool,
    colour: bool,
    terminal: bool,
    /// The reader went away.
    closed: bool,
}

impl Output {
    pub fn new(json: bool, colour: bool) -> Output {
        let out = io::stdout().lock();
        let terminal = out.is_terminal();
        Output { out: BufWriter::new(out), json, colour: colour && !json, terminal, closed: false }
    }

    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Prints a view. False where nobody listens any more, so that a verb that shows many stops.
    pub fn show(&mut self, view: &dyn View) -> Result<bool, CliError> {
        if self.closed {
            return Ok(false);
        }
        let printed = match (self.json, view.is_complaint()) {
            (true, _) => self.print_json(view),
            (false, false) => view.text(&mut Page::new(&mut self.out, self.colour).on_terminal(self.terminal)),
            (false, true) => {
                complain(view, self.colour);
                Ok(())
            }
        };
        self.listening(printed)
    }

    fn print_json(&mut self, view: &dyn View) -> io::Result<()> {
        let mut line = Vec::new();
        json::write(&view.json(), &mut line).map_err(io::Error::other)?;
        let line = String::from_utf8(line).map_err(io::Error::other)?;
        self.out.write_all(shown::json(&line).as_bytes())?;
        self.out.write_all(b"\n")
    }

    pub fn flush(&mut self) -> Result<bool, CliError> {
        if self.closed {
            return Ok(false);
        }
        let flushed = self.out.flush();
        self.listening(flushed)
    }

    /// A closed pipe ends the reading, not the work.
    fn listening(&mut self, result: io::Result<()>) -> Result<bool, CliError> {
        match result {
            Ok(()) => Ok(true),
            Err(e) if e.kind() == ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(false)
            }
            Err(e) => Err(e).context("writing to standard output")?,
        }
    }
}

/// Whether standard output may be coloured: a terminal that can, of somebody who does not mind.
pub fn has_colour(env: &Env) -> bool {
    minds_none(env) && io::stdout().is_terminal()
}

fn minds_none(env: &Env) -> bool {
    let dumb = env.text("TERM").is_some_and(|term| term == "dumb");
    !dumb && env.get("NO_COLOR").is_none()
}

/// The same as `say` where a terminal shows colours: a text of ours, plain and in colours.
pub fn say_coloured(plain: &str, coloured: &str) {
    match minds_none(Ambient::of_process().env()) && io::stderr().is_terminal() {
        true => drop(io::stderr().lock().write_all(coloured.as_bytes())),
        false => say(plain.trim_end()),
    }
}

/// A view that is talk.
fn complain(view: &dyn View, colour: bool) {
    let err = io::stderr().lock();
    let colour = colour && err.is_terminal();
    // Standard error that is closed is no reason to fail.
    let mut err = BufWriter::new(err);
    let _ = view.text(&mut Page::new(&mut err, colour)).and_then(|()| err.flush());
}

/// Standard error: talk. One that is closed is no reason to fail.
pub fn say(line: impl std::fmt::Display) {
    // Standard error has no buffer: one write a line, so that lines of several processes do not mix.
    let line = format!("{line}\n");
    let _ = io::stderr().lock().write_all(shown::text(&line).as_bytes());
}
