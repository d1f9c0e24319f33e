use crate::ambient::Ambient;
use crate::canon::{Text, Value, json};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::id::{EventType, Ulid};
use crate::ledger::Draft;
use crate::node::BatchEvent;
use anyhow::Context as _;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

/// Longest line that is read, in bytes: the largest payload in its longest spelling, and some.
const LINE_MAX: u64 = 1 << 20;
/// Bytes that are read at once.
const BUFFER: usize = 1 << 16;

/// Events of a file, one a line: `{"type","payload","ulid"?,"caps"?}`.
pub struct EventLines {
    ambient: Ambient,
    /// What the file is called in messages.
    name: String,
    input: BufReader<Box<dyn Read + Send>>,
    /// It is a file: what is not there yet never comes.
    regular: bool,
    line: Vec<u8>,
    /// Of the line that was read last, from 1.
    number: u64,
    ulid: Option<Ulid>,
}

impl EventLines {
    /// Opens a file, or standard input for `-`.
    pub fn open(context: &Context, file: &Path) -> Result<EventLines, CliError> {
        let (name, regular, input): (_, _, Box<dyn Read + Send>) = if file == Path::new("-") {
            ("-".to_owned(), stdin_is_regular(), Box::new(io::stdin()))
        } else {
            let opened = File::open(context.path(file)).with_context(|| format!("reading {}", file.display()))?;
            (file.display().to_string(), is_regular(&opened), Box::new(opened))
        };
        let input = BufReader::with_capacity(BUFFER, input);
        let ambient = context.ambient().clone();
        Ok(EventLines { ambient, name, input, regular, line: Vec::new(), number: 0, ulid: None })
    }

    /// What the file is called in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is a file, and not what others write into at their own pace.
    pub fn is_regular(&self) -> bool {
        self.regular
    }

    /// Passes over lines that an earlier run stored.
    pub fn skip(&mut self, lines: u64) -> Result<(), CliError> {
        while self.number < lines {
            if !self.read_line()? {
                let reason = format!("{} has {} lines, fewer than --skip {lines}", self.name, self.number);
                return Err(CliError::usage(reason));
            }
        }
        Ok(())
    }

    /// Appends the next event, and the others whose lines were read with it: their reading never waits. False at the end of
    /// the file. What stands before a line that is no event is appended.
    pub fn next_events(&mut self, out: &mut Vec<BatchEvent>) -> Result<bool, CliError> {
        // ULIDs that are drawn together follow each other.
        self.ulid = None;
        loop {
            match self.next_event()? {
                Some(event) => out.push(event),
                None => return Ok(false),
            }
            if !self.input.buffer().contains(&b'\n') {
                return Ok(true);
            }
        }
    }

    fn next_event(&mut self) -> Result<Option<BatchEvent>, CliError> {
        if !self.read_line()? {
            return Ok(None);
        }
        let value = json::parse(&self.line).map_err(|e| {
            let (_, column) = e.position(&self.line);
            self.refuse(column, e.code(), e.why)
        })?;
        self.event(value).map(Some)
    }

    fn read_line(&mut self) -> Result<bool, CliError> {
        self.line.clear();
        let read = self.input.by_ref().take(LINE_MAX + 1).read_until(b'\n', &mut self.line);
        let length = read.with_context(|| format!("reading {}", self.name))?;
        if length == 0 {
            return Ok(false);
        }
        self.number += 1;
        if self.line.last() == Some(&b'\n') {
            self.line.pop();
        } else if self.line.len() as u64 > LINE_MAX {
            return Err(self.refuse(1, "LINE_SIZE", format_args!("the line is longer than {LINE_MAX} bytes")));
        }
        Ok(true)
    }

    fn event(&mut self, value: Value) -> Result<BatchEvent, CliError> {
        let Value::Map(map) = value else {
            return Err(self.refuse(1, "LINE_FORM", "a line is one object: {\"type\": …, \"payload\": …}"));
        };
        let (mut ty, mut payload, mut ulid, mut caps) = (None, None, None, None);
        for (key, value) in map {
            match key.as_str() {
                "type" => ty = Some(self.read::<EventType>(&key, &value)?),
                "payload" => payload = Some(value),
                "ulid" => ulid = Some(self.read::<Ulid>(&key, &value)?),
                "caps" => caps = Some(self.caps(&key, value)?),
                other => {
                    let why = format!("the key {other:?} is not one of type, payload, ulid, caps");
                    return Err(self.refuse(self.column(other), "LINE_KEY", why));
                }
            }
        }
        let missing = |key: &str| self.refuse(1, "LINE_FORM", format_args!("the key {key:?} is missing"));
        let (ty, payload) = (ty.ok_or_else(|| missing("type"))?, payload.ok_or_else(|| missing("payload"))?);
        let named = ulid.is_some();
        let ulid = ulid.unwrap_or_else(|| self.draw());
        let draft = Draft::new(ty, payload, ulid, caps);
        let draft = draft.map_err(|e| self.refuse(self.column(e.field()), e.code(), e))?;
        Ok(BatchEvent { draft, named })
    }

    fn read<T: std::str::FromStr<Err = crate::id::IdError>>(&self, key: &str, value: &Value) -> Result<T, CliError> {
        let Some(text) = value.as_str() else {
            return Err(self.refuse(
                self.column(key),
                "LINE_FORM",
                format_args!("{key:?} is a {}, not a string", value.kind()),
            ));
        };
        text.parse().map_err(|e: crate::id::IdError| self.refuse(self.column(key), e.code(), e))
    }

    fn caps(&self, key: &str, value: Value) -> Result<Vec<Text>, CliError> {
        let texts = match value {
            Value::List(items) => items
                .into_iter()
                .map(|item| if let Value::Text(text) = item { Some(text) } else { None })
                .collect::<Option<Vec<Text>>>(),
            _ => None,
        };
        texts
            .ok_or_else(|| self.refuse(self.column(key), "LINE_FORM", format_args!("{key:?} is not a list of strings")))
    }

    /// A ULID for a line without one. Drawing each from the operating system would take longer than signing.
    fn draw(&mut self) -> Ulid {
        let next = self.ulid.and_then(Ulid::next);
        *self.ulid.insert(next.unwrap_or_else(|| self.ambient.ulid()))
    }

    /// Where a key stands in the line, counted in characters from 1.
    fn column(&self, key: &str) -> usize {
        let text = String::from_utf8_lossy(&self.line);
        let at = text.find(&format!("\"{key}\"")).unwrap_or(0);
        text[..at].chars().count() + 1
    }

    fn refuse(&self, column: usize, code: &'static str, why: impl std::fmt::Display) -> CliError {
        CliError { code, ..CliError::usage(format!("{}:{}:{column}: {why}", self.name, self.number)) }
    }
}

fn is_regular(file: &File) -> bool {
    file.metadata().is_ok_and(|meta| meta.is_file())
}

#[cfg(unix)]
fn stdin_is_regular() -> bool {
    use std::os::fd::AsFd as _;
    io::stdin().as_fd().try_clone_to_owned().is_ok_and(|fd| is_regular(&File::from(fd)))
}

#[cfg(not(unix))]
fn stdin_is_regular() -> bool {
    false
}

/// How many lines a file has, for the bar; `None` for standard input and what cannot be read.
pub fn count_lines(context: &Context, file: &Path) -> Option<u64> {
    let mut input = BufReader::with_capacity(1 << 16, File::open(context.path(file)).ok()?);
    let mut lines = 0;
    loop {
        let chunk = input.fill_buf().ok()?;
        let length = chunk.len();
        if length == 0 {
            return Some(lines);
        }
        lines += chunk.iter().filter(|byte| **byte == b'\n').count() as u64;
        input.consume(length);
    }
}
