//! The records of `git log --raw --numstat -z` as commits.
//!
//! A commit is two records of the format (id and time, author), then its raw changes (two records each: modes, ids and
//! status; path), then its counts (one record each). A newline stands before the first raw change. What exists is decided
//! by the status; the counts say how much.

use crate::git::{Count, Fault, Git};
use std::collections::HashMap;

const FORMAT: &str = "commit %H %ct%x00%an <%ae>";

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Added,
    Modified,
    Deleted,
    /// A file that became a link or a submodule, or the other way round.
    Retyped,
}

impl Status {
    pub fn letter(self) -> &'static str {
        match self {
            Status::Added => "A",
            Status::Modified => "M",
            Status::Deleted => "D",
            Status::Retyped => "T",
        }
    }
}

pub enum Extent {
    /// Lines added and deleted.
    Changed(i64, i64),
    /// Git does not count because one side is binary; the lines that there are now.
    Whole(i64),
    /// There is a binary file now.
    Binary,
    /// There was a binary file.
    Gone,
}

pub struct Change {
    pub path: Vec<u8>,
    pub status: Status,
    pub extent: Extent,
}

pub struct Commit {
    pub id: String,
    /// Seconds since 1970, as the committer's clock said.
    pub time: i64,
    pub author: Vec<u8>,
    pub changes: Vec<Change>,
}

/// Reads the history of a commit, oldest first.
pub fn read(git: &Git, tip: &str, mut each: impl FnMut(Commit) -> Result<(), Fault>) -> Result<(), Fault> {
    let mut open = Records::default();
    git.log(tip, FORMAT, |record| match open.take(record)? {
        Some(done) => each(done.commit(git)?),
        None => Ok(()),
    })?;
    open.current.take().map_or(Ok(()), |last| each(last.commit(git)?))
}

/// A commit whose records are being read.
struct Open {
    id: String,
    time: i64,
    author: Option<Vec<u8>>,
    raw: Vec<(Status, Vec<u8>)>,
    counts: HashMap<Vec<u8>, Option<(i64, i64)>>,
}

#[derive(Default)]
struct Records {
    current: Option<Open>,
    /// A raw change whose path is the next record.
    status: Option<Status>,
}

impl Records {
    /// Takes one record, and gives the commit before it where it begins another.
    fn take(&mut self, record: &[u8]) -> Result<Option<Open>, Fault> {
        let Some(open) = &mut self.current else {
            self.current = Some(Open::begin(record)?);
            return Ok(None);
        };
        if open.author.is_none() {
            open.author = Some(record.to_vec());
            return Ok(None);
        }
        if let Some(status) = self.status.take() {
            open.raw.push((status, record.to_vec()));
            return Ok(None);
        }
        match record.strip_prefix(b"\n").unwrap_or(record) {
            raw @ [b':', ..] => self.status = Some(status(raw)?),
            counts @ [b'0'..=b'9' | b'-', ..] => {
                let count = Count::parse(counts)?;
                open.counts.insert(count.path, count.lines);
            }
            head => return Ok(self.current.replace(Open::begin(head)?)),
        }
        Ok(None)
    }
}

/// The status at the end of `:<mode> <mode> <id> <id> <status>`.
fn status(raw: &[u8]) -> Result<Status, Fault> {
    match raw.last() {
        Some(b'A') => Ok(Status::Added),
        Some(b'M') => Ok(Status::Modified),
        Some(b'D') => Ok(Status::Deleted),
        Some(b'T') => Ok(Status::Retyped),
        _ => Err(Fault::new(format_args!("a change of an unknown kind: {:?}", String::from_utf8_lossy(raw)))),
    }
}

impl Open {
    fn begin(record: &[u8]) -> Result<Open, Fault> {
        let text = String::from_utf8_lossy(record);
        let parts = text.strip_prefix("commit ").and_then(|rest| rest.split_once(' '));
        let read = parts.and_then(|(id, time)| Some((id.to_owned(), time.parse().ok()?)));
        let (id, time) = read.ok_or_else(|| Fault::new(format_args!("not the head of a commit: {text:?}")))?;
        Ok(Open { id, time, author: None, raw: Vec::new(), counts: HashMap::new() })
    }

    /// Joins both kinds of records; asks git about what a change from or to a binary file left uncounted.
    fn commit(mut self, git: &Git) -> Result<Commit, Fault> {
        let mut changes = Vec::with_capacity(self.raw.len());
        for (status, path) in std::mem::take(&mut self.raw) {
            let Some(lines) = self.counts.remove(&path) else {
                return Err(self.fault(&path, "changed without counts"));
            };
            let extent = match (lines, status) {
                (Some((added, deleted)), _) => Extent::Changed(added, deleted),
                (None, Status::Deleted) => Extent::Gone,
                (None, _) => Extent::Binary,
            };
            changes.push(Change { path, status, extent });
        }
        if let Some(path) = self.counts.keys().next() {
            return Err(self.fault(path, "counted without a change"));
        }
        count_what_was_binary(git, &self.id, &mut changes)?;
        Ok(Commit { id: self.id, time: self.time, author: self.author.unwrap_or_default(), changes })
    }

    fn fault(&self, path: &[u8], what: &str) -> Fault {
        Fault::new(format_args!("{}: {:?} {what}", self.id, String::from_utf8_lossy(path)))
    }
}

/// What was changed from a binary file may be text now. Whether it is, and how many lines it has, is git's to say.
fn count_what_was_binary(git: &Git, commit: &str, changes: &mut [Change]) -> Result<(), Fault> {
    let uncounted = |change: &&mut Change| {
        matches!((&change.extent, change.status), (Extent::Binary, Status::Modified | Status::Retyped))
    };
    let mut open: Vec<&mut Change> = changes.iter_mut().filter(uncounted).collect();
    let paths: Vec<&[u8]> = open.iter().map(|change| change.path.as_slice()).collect();
    let counts = git.counts_of(commit, &paths)?;
    let counts: HashMap<Vec<u8>, Option<(i64, i64)>> = counts.into_iter().map(|c| (c.path, c.lines)).collect();
    for change in &mut open {
        if let Some(Some((lines, _))) = counts.get(&change.path) {
            change.extent = Extent::Whole(*lines);
        }
    }
    Ok(())
}
