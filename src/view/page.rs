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
    fn code(self) -> &'static str {
        match self {
            Ink::Good => "32",
            Ink::Bad => "31",
            Ink::Name => "33",
            Ink::Faint => "2",
        }
    }
}

/// Where a view writes its text. It colours only where the door says that somebody sees it.
pub struct Page<'w> {
    out: &'w mut dyn Write,
    colour: bool,
}

impl<'w> Page<'w> {
    pub fn new(out: &'w mut dyn Write, colour: bool) -> Page<'w> {
        Page { out, colour }
    }

    /// A text in a colour, to be put into a line.
    pub fn ink(&self, ink: Ink, text: impl Display) -> String {
        if self.colour { format!("\x1b[{}m{text}\x1b[0m", ink.code()) } else { text.to_string() }
    }
}

impl Write for Page<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
