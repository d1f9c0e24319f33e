//! A commit as events: lines for `git gatos emit --jsonl`.
//!
//! `commit {commit, author, files}`, and where that would be larger than a payload may be, `commit.more {commit, part,
//! files}` with the rest. The ULID of an event follows from commit and part, so saying it again stores nothing.

use crate::git::Fault;
use crate::history::{Change, Commit, Extent};
use crate::name;
use gatos::canon::{EncodeError, Value, json, text};
use gatos::id::Ulid;
use gatos::ledger::PAYLOAD_MAX;
use std::io::Write;

/// Writes the events of one commit and returns how many there are.
pub fn write(commit: &Commit, out: &mut impl Write) -> Result<u64, Fault> {
    let files: Vec<Value> = commit.changes.iter().map(file).collect();
    let (mut rest, mut part) = (files.as_slice(), 0);
    loop {
        let room = PAYLOAD_MAX.saturating_sub(size(&payload(commit, part, &[]))?);
        let fitting = fitting(rest, room)?;
        if fitting == 0 && !rest.is_empty() || room == 0 {
            return Err(Fault::new(format_args!("{}: a name is longer than a payload may be", commit.id)));
        }
        let (here, behind) = rest.split_at(fitting);
        let line = Value::map([
            ("type", Value::from(if part == 0 { "commit" } else { "commit.more" })),
            ("payload", payload(commit, part, here)),
            ("ulid", Value::text(ulid(commit, part)?)),
        ]);
        out.write_all(&json::document(&line).map_err(refused)?)?;
        out.write_all(b"\n")?;
        (rest, part) = (behind, part + 1);
        if rest.is_empty() {
            return Ok(u64::from(part));
        }
    }
}

fn file(change: &Change) -> Value {
    let mut file = vec![
        ("path".into(), Value::from(name::text(&change.path))),
        ("status".into(), Value::from(change.status.letter())),
    ];
    match change.extent {
        Extent::Changed(added, deleted) => {
            file.push(("added".into(), added.into()));
            file.push(("deleted".into(), deleted.into()));
        }
        Extent::Whole(lines) => file.push(("lines".into(), lines.into())),
        Extent::Binary => file.push(("lines".into(), "binary".into())),
        Extent::Gone => {}
    }
    Value::Map(gatos::canon::Map::from_entries(file).expect("each key stands once"))
}

fn payload(commit: &Commit, part: u16, files: &[Value]) -> Value {
    let id = Value::from(commit.id.as_str());
    let files = Value::List(files.to_vec());
    match part {
        0 => Value::map([("commit", id), ("author", name::text(&commit.author).into()), ("files", files)]),
        _ => Value::map([("commit", id), ("part", i64::from(part).into()), ("files", files)]),
    }
}

/// How many of these fit into a list of so many bytes.
fn fitting(files: &[Value], room: usize) -> Result<usize, Fault> {
    let mut used = 0;
    for (n, file) in files.iter().enumerate() {
        used += size(file)? + usize::from(n > 0);
        if used > room {
            return Ok(n);
        }
    }
    Ok(files.len())
}

fn size(value: &Value) -> Result<usize, Fault> {
    Ok(json::document(value).map_err(refused)?.len())
}

fn refused(e: EncodeError) -> Fault {
    Fault::new(e)
}

/// The time of the commit, then 64 bits of its id and 16 of the part.
fn ulid(commit: &Commit, part: u16) -> Result<Ulid, Fault> {
    let bad = || Fault::new(format_args!("{}: no ULID has the time {}", commit.id, commit.time));
    let id = text::from_hex(&commit.id).map_err(Fault::new)?;
    let mut random = [0; 10];
    random[..8].copy_from_slice(&id[..8]);
    random[8..].copy_from_slice(&part.to_be_bytes());
    let ms = u64::try_from(commit.time).ok().and_then(|s| s.checked_mul(1000)).ok_or_else(bad)?;
    Ulid::from_parts(ms, random).ok_or_else(bad)
}
