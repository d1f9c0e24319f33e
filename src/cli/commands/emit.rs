use super::feed::LineFeed;
use super::lines::{EventLines, count_lines};
use crate::ambient::Progress as _;
use crate::canon::{Map, Value, json};
use crate::cli::answer::Answer;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::work::Work;
use crate::id::{EventType, Ns, Ulid};
use crate::ledger::{Draft, EVENTS_MAX};
use crate::node::{Outcome, Progressed};
use crate::view::{BatchDenial, BatchReceipt, Denial, Receipt};
use std::path::{Path, PathBuf};

/// Say something: sign one event, or many from a file, and append it
///
/// The policy judges first; a denial is recorded and exits with 1. Prints sequence number, CID and commit.
///
/// Of many, 8192 are stored at a time, and nobody else waits for a slow pipe: a pipe that pauses for 0.2 s, or takes
/// longer than 1 s to fill that number, has what it gave stored at once. Ctrl-C stores what was read and says how to go on.
///
/// Examples:
///   git gatos emit add '{"n": 10}'
///   git gatos emit photo @meta.json --ns album
///   git gatos emit --jsonl events.jsonl
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Emit {
    /// The type of the event: lower-case letters, digits and . _ -
    #[arg(id = "TYPE", required_unless_present_any = ["type", "jsonl"], conflicts_with = "type")]
    positional_type: Option<EventType>,
    /// Its payload in JSON; `@FILE` reads a file, `-` standard input; {} where none is given
    #[arg(id = "PAYLOAD", allow_negative_numbers = true, conflicts_with = "payload")]
    positional_payload: Option<String>,
    /// The type, spelled as an option
    #[arg(id = "type", long = "type", value_name = "TYPE")]
    ty: Option<EventType>,
    /// The payload, spelled as an option
    #[arg(long, value_name = "PAYLOAD", allow_negative_numbers = true)]
    payload: Option<String>,
    /// The namespace to speak in
    #[arg(long, default_value = "main")]
    ns: Ns,
    /// A ULID of your own: emitting the same again answers with the event that is there
    #[arg(long)]
    ulid: Option<Ulid>,
    /// Many events from a file (`-` is standard input), one a line: {"type","payload","ulid"?,"caps"?}
    #[arg(long, value_name = "FILE", conflicts_with_all = ["TYPE", "PAYLOAD", "type", "payload", "ulid"])]
    jsonl: Option<PathBuf>,
    /// How many of them stand in one append, at most 1024
    #[arg(long, value_name = "N", default_value_t = 256, requires = "jsonl", conflicts_with_all = ["TYPE", "type"],
          value_parser = clap::value_parser!(u16).range(1..=EVENTS_MAX as i64))]
    group: u16,
    /// Pass over the first lines: an earlier run stored them
    #[arg(long, value_name = "K", default_value_t = 0, requires = "jsonl", conflicts_with_all = ["TYPE", "type"],
          hide_default_value = true)]
    skip: u64,
}

impl Emit {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        match &self.jsonl {
            Some(file) => self.many(file, context),
            None => self.one(context),
        }
    }

    fn one(self, context: &mut Context) -> Result<Answer, CliError> {
        let ty = self.positional_type.or(self.ty).expect("clap asks for one of the two");
        let payload = match self.positional_payload.or(self.payload) {
            Some(text) => read_payload(context, &text)?,
            None => Value::Map(Map::new()),
        };
        let ulid = self.ulid.unwrap_or_else(|| context.ambient().ulid());
        let draft = Draft::new(ty, payload, ulid, None)?;
        let node = context.node()?;
        let outcome = node.emit(&self.ns, &draft, self.ulid.is_some())?;
        context.tell(&node);
        Ok(match outcome {
            Outcome::Stored(emitted) => Answer::yes(Receipt(emitted)),
            Outcome::Denied { decision, audit } => {
                // A grant is for this very event, and its ULID is part of it.
                if self.ulid.is_none() && decision.may_be_granted() {
                    context.note(format!("should it be granted, emit the same again with --ulid {ulid}"));
                }
                Answer::no(Denial { decision, audit })
            }
        })
    }

    fn many(&self, file: &Path, context: &Context) -> Result<Answer, CliError> {
        let node = context.node()?;
        let mut lines = EventLines::open(context, file)?;
        lines.skip(self.skip)?;
        let work = Work::new();
        let total = if work.is_watched() { count_lines(context, file) } else { None };
        work.begin("storing", total.map(|lines| lines.saturating_sub(self.skip)));
        let mut before = 0;
        let mut told = |now: Progressed| work.advance(now.lines - std::mem::replace(&mut before, now.lines));
        let mut feed = LineFeed::new(lines, self.skip);
        let (batch, ended) = node.emit_batch(&self.ns, usize::from(self.group), &mut feed, &mut told, work.cancel());
        work.end();
        context.tell(&node);
        let stored = self.skip + batch.lines;
        let place = feed.place(batch.judged);
        ended.map_err(|e| at_line(e, &place)).map_err(|e| with_stored(e, stored))?;
        if batch.cancelled {
            return Err(with_stored(CliError::failed("CANCELLED", "stopped on request"), stored));
        }
        Ok(match batch.denied {
            Some((decision, audit)) => Answer::no(BatchDenial { denial: Denial { decision, audit }, place, stored }),
            None => Answer::yes(BatchReceipt { batch, skipped: self.skip }),
        })
    }
}

/// What is said under one ULID twice is found while its line is in hand.
fn at_line(e: CliError, place: &str) -> CliError {
    let reason = match e.code {
        "DUPLICATE_ULID" => format!("{place}:1: {}", e.reason),
        _ => return e,
    };
    CliError { reason, ..e }
}

fn with_stored(e: CliError, stored: u64) -> CliError {
    let hint = match stored {
        0 => "nothing was stored".to_owned(),
        n => format!("stored lines 1..{n}; go on behind them with --skip {n}"),
    };
    e.hint(hint).detail("stored", Value::Int(i64::try_from(stored).expect("a file has fewer lines")))
}

fn read_payload(context: &Context, text: &str) -> Result<Value, CliError> {
    let bytes = context.argument(text)?;
    json::parse(&bytes).map_err(|e| {
        let (line, column) = e.position(&bytes);
        let place = match text.strip_prefix('@') {
            Some(file) => format!("{file}:{line}:{column}"),
            None => format!("the payload, line {line}, column {column}"),
        };
        let e = CliError { reason: format!("{place}: {}", e.why), ..CliError::from(e) };
        e.hint("a payload is JSON, such as '{\"n\": 10}'")
    })
}
