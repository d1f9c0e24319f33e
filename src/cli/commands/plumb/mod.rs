//! Plumbing: one JSON request a line, one JSON answer a line.

mod bytes;
mod language;
mod names;
mod numbers;
mod request;
mod signatures;

use crate::canon::{Map, Value};
use crate::cli::answer::Answer;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::panic::guarded;
use crate::view::PlumbAnswer;
use anyhow::Context as _;
use request::{Refusal, Request};
use std::io::{self, BufRead, Read as _};

/// Largest request, in bytes.
const LINE_MAX: usize = 16 << 20;

/// Plumbing for other implementations: JSON requests on standard input, one a line, each answered on one line
///
/// {"id":N,"op":…} gives {"id":N,"ok":true,…} or {"id":N,"ok":false,"code":…,"reason":…}, in the order of the requests. A
/// refusal is an answer like any other. Bytes stand in fields *_hex as lower-case hexadecimal.
///
/// Example: echo '{"id":1,"op":"blake3","in_hex":""}' | git gatos plumb --jsonl
#[derive(clap::Args)]
pub struct Plumb {
    /// Speak JSON lines: the one protocol there is
    #[arg(long, required = true)]
    jsonl: bool,
}

impl Plumb {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        debug_assert!(self.jsonl, "clap asks for it");
        let mut input = io::stdin().lock();
        while let Some(line) = next_line(&mut input).context("reading standard input")? {
            let answer = match line {
                Line::Whole(bytes) => answer(&bytes),
                Line::TooLong => refused(Value::Null, too_long()),
            };
            context.show(&PlumbAnswer(answer))?;
            // The caller may wait for this answer before it asks again.
            if !context.flush()? {
                break;
            }
        }
        Ok(Answer::done())
    }
}

enum Line {
    Whole(Vec<u8>),
    TooLong,
}

/// The next line without its end; none at the end of the input. Of a line that is too long nothing is kept.
fn next_line(input: &mut impl BufRead) -> io::Result<Option<Line>> {
    let mut line = Vec::new();
    input.by_ref().take(LINE_MAX as u64 + 1).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Ok(None);
    }
    if line.pop_if(|last| *last == b'\n').is_none() && line.len() > LINE_MAX {
        input.skip_until(b'\n')?;
        return Ok(Some(Line::TooLong));
    }
    Ok(Some(Line::Whole(line)))
}

fn too_long() -> Refusal {
    Refusal::new("LINE_TOO_LONG", format!("a request has at most {LINE_MAX} bytes"))
}

/// The answer to one line: a pure function of it.
fn answer(line: &[u8]) -> Value {
    let request = match Request::parse(line) {
        Ok(request) => request,
        Err((id, refusal)) => return refused(id, refusal),
    };
    let id = request.id();
    // No input may stop the loop: what we overlooked is an answer too.
    let done = guarded(|| serve(&request)).unwrap_or_else(|bug| Err(Refusal::new(bug.code, bug.reason)));
    match done {
        Ok(mut map) => {
            map.insert("id", id);
            map.insert("ok", true);
            Value::Map(map)
        }
        Err(refusal) => refused(id, refusal),
    }
}

fn refused(id: Value, refusal: Refusal) -> Value {
    let mut map = Map::new();
    for (name, value) in refusal.more {
        map.insert(name, value);
    }
    map.insert("id", id);
    map.insert("ok", false);
    map.insert("code", refusal.code);
    map.insert("reason", refusal.reason);
    Value::Map(map)
}

type Op = fn(&Request) -> Result<Map, Refusal>;

/// Every op that this version has. Each calls the function that the product uses.
const OPS: [(&str, Op); 21] = [
    ("jcs", bytes::jcs),
    ("json-to-dagcbor", bytes::json_to_dagcbor),
    ("dagcbor-roundtrip", bytes::dagcbor_roundtrip),
    ("cid", bytes::cid),
    ("cid-parse", bytes::cid_parse),
    ("blake3", bytes::blake3),
    ("merkle-root", bytes::merkle_root),
    ("jcs-id", bytes::jcs_id),
    ("ed25519-verify", signatures::ed25519_verify),
    ("ed25519-sign", signatures::ed25519_sign),
    ("event", signatures::event),
    ("dsse-pae", signatures::dsse_pae),
    ("dsse-verify", signatures::dsse_verify),
    ("key-parse", signatures::key_parse),
    ("q32", numbers::q32),
    ("pcg32", numbers::pcg32),
    ("pcg32-bounded", numbers::pcg32_bounded),
    ("ulid-decode", names::ulid_decode),
    ("ulid-encode", names::ulid_encode),
    ("duration", names::duration),
    ("lua", language::lua),
];

fn serve(request: &Request) -> Result<Map, Refusal> {
    let name = request.text("op")?;
    match OPS.iter().find(|(op, _)| *op == name) {
        Some((_, op)) => op(request),
        None => {
            let known = OPS.map(|(op, _)| op).join(" ");
            Err(Refusal::new("UNKNOWN_OP", format!("there is no op {name:?} in this version; there are: {known}")))
        }
    }
}
