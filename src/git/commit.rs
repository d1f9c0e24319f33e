//! Commit objects: their bytes, built in one place, and what can be read from them.

use super::GitError;
use crate::id::{Oid, Timestamp};
use sha1_checked::{Digest as _, Sha1};
use std::io::Write as _;

/// What a commit says. Author and committer are one, the zone is +0000: equal fields make equal bytes.
#[derive(Debug, Clone, Copy)]
pub struct NewCommit<'a> {
    pub tree: Oid,
    pub parents: &'a [Oid],
    pub name: &'a str,
    pub email: &'a str,
    pub time: Timestamp,
    pub message: &'a str,
}

/// Longest form of a time in a commit, with its zone: ` 253402300799 +0000`.
const TIME_MAX: usize = 19;

const VEC: &str = "a Vec takes every byte";

/// The bytes of a commit object, in one allocation.
///
/// Name and email must be free of `<`, `>`, newline and NUL, the message of NUL: `Store::commit` checks that, a caller
/// whose fields are identifiers knows it.
pub fn commit_bytes(new: &NewCommit<'_>) -> Vec<u8> {
    let who = new.name.len() + new.email.len() + TIME_MAX + " <>".len();
    let frame = "tree \n".len() + 40 + "author \n".len() + "committer \n".len() + 1;
    let parents = new.parents.len() * ("parent \n".len() + 40);
    let mut out = Vec::with_capacity(frame + parents + 2 * who + new.message.len());
    writeln!(out, "tree {}", new.tree).expect(VEC);
    for parent in new.parents {
        writeln!(out, "parent {parent}").expect(VEC);
    }
    out.extend_from_slice(b"author ");
    let start = out.len();
    out.extend_from_slice(new.name.as_bytes());
    out.extend_from_slice(b" <");
    out.extend_from_slice(new.email.as_bytes());
    write!(out, "> {} +0000", new.time.unix()).expect(VEC);
    let end = out.len();
    out.extend_from_slice(b"\ncommitter ");
    out.extend_from_within(start..end);
    out.extend_from_slice(b"\n\n");
    out.extend_from_slice(new.message.as_bytes());
    out
}

impl NewCommit<'_> {
    /// Refuses what git cannot hold in these fields.
    pub(super) fn check(&self) -> Result<(), GitError> {
        let fault = |field, text: &str| GitError::Identity { field, text: text.chars().take(100).collect() };
        for (field, text) in [("the name", self.name), ("the email", self.email)] {
            if text.contains(['<', '>', '\n', '\0']) {
                return Err(fault(field, text));
            }
        }
        if self.message.contains('\0') {
            return Err(fault("the message", self.message));
        }
        Ok(())
    }
}

/// The id of a commit object: SHA-1 with collision detection, as git computes it. Bytes of a known collision attack get
/// another id than plain SHA-1 gives, so they never pass for the object they imitate.
pub fn commit_id(raw: &[u8]) -> Oid {
    object_id("commit", raw)
}

pub(super) fn object_id(kind: &str, raw: &[u8]) -> Oid {
    let mut head = [0u8; 32];
    let mut rest = &mut head[..];
    write!(rest, "{kind} {}\0", raw.len()).expect("a kind and a length fit 32 bytes");
    let unused = rest.len();
    let mut hasher = Sha1::new();
    hasher.update(&head[..32 - unused]);
    hasher.update(raw);
    Oid(hasher.finalize().into())
}

/// Who made a commit, and when by their word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    pub name: String,
    pub email: String,
    /// Seconds since 1970.
    pub time: i64,
    /// As written: `+0000`.
    pub zone: String,
}

/// A commit object, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    pub id: Oid,
    pub tree: Oid,
    pub parents: Vec<Oid>,
    pub author: Who,
    pub committer: Who,
    raw: Vec<u8>,
    message: usize,
}

impl Commit {
    /// Reads the bytes of the commit `id`.
    pub(super) fn parse(id: Oid, raw: Vec<u8>) -> Result<Commit, GitError> {
        let damaged = |why| GitError::Damaged { oid: id, why };
        let mut rest = &raw[..];
        let tree = take_id(&mut rest, b"tree ").ok_or(damaged("it names no tree"))?;
        let mut parents = Vec::new();
        while let Some(parent) = take_id(&mut rest, b"parent ") {
            parents.push(parent);
        }
        let author = take_who(&mut rest, b"author ").ok_or(damaged("it names no author"))?;
        let committer = take_who(&mut rest, b"committer ").ok_or(damaged("it names no committer"))?;
        // Further header lines (encoding, signatures) end at the first empty line.
        while !rest.is_empty() && rest[0] != b'\n' {
            rest = after_line(rest);
        }
        let message = (raw.len() - rest.len() + 1).min(raw.len());
        Ok(Commit { id, tree, parents, author, committer, raw, message })
    }

    /// The whole object.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    pub fn message(&self) -> &[u8] {
        &self.raw[self.message..]
    }

    /// The author's time; `None` outside the years 1970 to 9999.
    pub fn time(&self) -> Option<Timestamp> {
        Timestamp::from_unix(self.author.time)
    }

    /// The message where it is UTF-8.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(self.message()).ok()
    }
}

/// The first parent named by the bytes of a commit; `None` where they are not those of a commit.
pub(super) fn first_parent(raw: &[u8]) -> Option<Option<Oid>> {
    let mut rest = raw;
    take_id(&mut rest, b"tree ")?;
    if rest.starts_with(b"parent ") { take_id(&mut rest, b"parent ").map(Some) } else { Some(None) }
}

fn take_id(rest: &mut &[u8], word: &[u8]) -> Option<Oid> {
    let after = rest.strip_prefix(word)?;
    let (hex, after) = after.split_at_checked(40)?;
    let id = Oid::from_hex(std::str::from_utf8(hex).ok()?).ok()?;
    *rest = after.strip_prefix(b"\n")?;
    Some(id)
}

/// `Name <email> seconds zone`.
fn take_who(rest: &mut &[u8], word: &[u8]) -> Option<Who> {
    let after = rest.strip_prefix(word)?;
    let end = after.iter().position(|b| *b == b'\n')?;
    let line = &after[..end];
    let close = line.iter().rposition(|b| *b == b'>')?;
    let open = line[..close].iter().position(|b| *b == b'<')?;
    let when = std::str::from_utf8(&line[close + 1..]).ok()?;
    let (time, zone) = when.trim_start().split_once(' ')?;
    *rest = &after[end + 1..];
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    Some(Who {
        name: text(&line[..open]),
        email: text(&line[open + 1..close]),
        time: time.parse().ok()?,
        zone: zone.to_owned(),
    })
}

fn after_line(rest: &[u8]) -> &[u8] {
    rest.iter().position(|b| *b == b'\n').map_or(&[], |end| &rest[end + 1..])
}
