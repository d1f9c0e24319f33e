use crate::canon::shown;
use std::borrow::Cow;
use std::fmt::Display;
use std::io::{self, Write};

/// The meanings that have a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    Good,
    Bad,
    /// Ids.
    Name,
    /// What matters less.
    Faint,
}

impl Ink {
    const fn start(self) -> &'static str {
        match self {
            Ink::Good => "\x1b[32m",
            Ink::Bad => "\x1b[31m",
            Ink::Name => "\x1b[33m",
            Ink::Faint => "\x1b[2m",
        }
    }
}

/// What ends a colour.
const END: &str = "\x1b[0m";
/// What `Page::ink` writes around a text: all that a page lets through to a terminal.
const INKS: [&str; 5] = [Ink::Good.start(), Ink::Bad.start(), Ink::Name.start(), Ink::Faint.start(), END];

/// Where a view writes its text. It colours only where the door says that somebody sees it.
///
/// Much of what is shown was written by others, so that all of it is made fit for a terminal here; a view sees to line ends
/// in foreign text itself (`notation::plain`).
pub struct Page<'w> {
    out: &'w mut dyn Write,
    colour: bool,
    terminal: bool,
}

impl<'w> Page<'w> {
    pub fn new(out: &'w mut dyn Write, colour: bool) -> Page<'w> {
        Page { out, colour, terminal: colour }
    }

    /// The same where a terminal reads it, coloured or not.
    pub fn on_terminal(self, terminal: bool) -> Page<'w> {
        Page { terminal, ..self }
    }

    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// A text in a colour, to be put into a line.
    pub fn ink(&self, ink: Ink, text: impl Display) -> String {
        let text = text.to_string();
        let text = shown::line(&text);
        if self.colour { format!("{}{text}{END}", ink.start()) } else { text.into_owned() }
    }

    /// Bytes that a file or another program is to have as they are. A terminal gets them fit to be seen.
    pub fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.terminal { self.write_all(bytes) } else { self.out.write_all(bytes) }
    }

    fn fit<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if !self.colour || !text.contains('\x1b') {
            return shown::text(text);
        }
        let (mut out, mut rest) = (String::with_capacity(text.len()), text);
        while let Some(at) = rest.find('\x1b') {
            let (before, from) = rest.split_at(at);
            let own = INKS.into_iter().find(|own| from.starts_with(own));
            out.push_str(&shown::text(before));
            out.push_str(&own.map_or_else(|| shown::text("\x1b"), Cow::Borrowed));
            rest = &from[own.map_or(1, str::len)..];
        }
        out.push_str(&shown::text(rest));
        Cow::Owned(out)
    }
}

impl Write for Page<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // The pieces of a format are whole texts. What is no text would reach a terminal as C1 controls of one byte.
        let text = String::from_utf8_lossy(bytes);
        self.out.write_all(self.fit(&text).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
