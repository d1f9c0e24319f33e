//! From an error of the VM to a verdict: its class, its text, and the place in the source.

use super::error::{Class, Halt, StepError, Verdict};
use super::program::Code;

/// Explains errors of one loaded program.
pub struct Fault<'a> {
    pub code: &'a Code,
    /// How many lines of the loaded text stand before the program.
    pub first: u32,
}

impl Fault<'_> {
    pub fn explain(&self, error: &mlua::Error) -> StepError {
        let whole = match error {
            mlua::Error::MemoryError(_) => return Halt::HostMemory.into(),
            mlua::Error::CallbackError { traceback, cause } => format!("{cause}\nstack traceback:\n{traceback}"),
            other => other.to_string(),
        };
        let whole = whole.strip_prefix("runtime error: ").unwrap_or(&whole);
        // The text of a program's own error may hold anything, also something that looks like a traceback.
        let (message, trace) = whole.rsplit_once("\nstack traceback:").unwrap_or((whole, ""));
        let raised = message.split_once('|').and_then(|(class, text)| Some((Class::parse(class)?, text.to_owned())));
        // Only Lua's own errors name a line themselves.
        let named = if raised.is_some() { "" } else { message };
        let (class, message) = match raised {
            Some(raised) => raised,
            None => match self.native(message) {
                Some(text) => (Class::Type, text),
                None if message.contains("not enough memory") => return Halt::HostMemory.into(),
                None => return Halt::Internal { what: message.to_owned() }.into(),
            },
        };
        let (line, col) = self.place(named).or_else(|| self.place(trace)).unwrap_or((0, 0));
        StepError::Verdict(Verdict { class, message, line, col, behind: self.behind(trace) })
    }

    /// Errors of Lua itself are all about types; anything else is a fault of the machine. Internal names are taken out.
    fn native(&self, message: &str) -> Option<String> {
        if message.contains("stack overflow") {
            return None;
        }
        let text = &message[message.find("attempt to")?..];
        let Some((what, named)) = text.split_once(" (") else { return Some(text.to_owned()) };
        let local = named.strip_prefix("local 'L").or(named.strip_prefix("upvalue 'L"));
        let id = local.and_then(|rest| rest.strip_suffix("')")).and_then(|id| id.parse::<usize>().ok());
        Some(match id.and_then(|id| self.code.names.get(id)) {
            Some(name) => format!("{what} ('{name}')"),
            None if named.starts_with("field") => text.to_owned(),
            None => what.to_owned(),
        })
    }

    /// The first line of the program that a text names.
    fn place(&self, text: &str) -> Option<(u32, u32)> {
        text.match_indices("fold:").find_map(|(at, found)| {
            let statement = self.statement(&text[at + found.len()..])?;
            let pos = self.code.positions.get((statement as usize).checked_sub(1)?)?;
            Some((pos.line, pos.col))
        })
    }

    /// The statement to which the line of the loaded text belongs whose number a text begins with.
    fn statement(&self, text: &str) -> Option<u32> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let line = text[..digits].parse::<u32>().ok()?.checked_sub(self.first + 1)?;
        self.code.lowered.lines.get(line as usize).copied()
    }

    /// How many statements of the returned function stand behind the one at which it was.
    fn behind(&self, trace: &str) -> Option<u32> {
        let body = &self.code.lowered.body;
        // Whatever it called stands above it.
        let mut frames = trace.lines().filter_map(|frame| self.statement(frame.trim_start().strip_prefix("fold:")?));
        let at = frames.next_back()?;
        let begun = body.iter().filter(|number| **number <= at).count();
        (begun > 0).then(|| (body.len() - begun) as u32)
    }
}
