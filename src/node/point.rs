use super::error::NodeError;
use super::open::Node;
use crate::id::{Cid, Ns, Oid, Timestamp, Ulid};
use crate::ledger::{Key, Loaded};

/// A place in the window that a person named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Point {
    Cid(Cid),
    Ulid(Ulid),
    /// Up to the first event, in window order, with a later time.
    Time(Timestamp),
    /// An append or a checkpoint, by object id or ref.
    Commit(String),
}

impl std::str::FromStr for Point {
    type Err = std::convert::Infallible;
    fn from_str(text: &str) -> Result<Point, Self::Err> {
        if let Ok(cid) = text.parse() {
            return Ok(Point::Cid(cid));
        }
        if let Ok(ulid) = text.parse() {
            return Ok(Point::Ulid(ulid));
        }
        if let Ok(time) = text.parse() {
            return Ok(Point::Time(time));
        }
        Ok(Point::Commit(text.to_owned()))
    }
}

impl std::fmt::Display for Point {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Point::Cid(cid) => write!(f, "event {cid}"),
            Point::Ulid(ulid) => write!(f, "event {ulid}"),
            Point::Time(time) => write!(f, "time {time}"),
            Point::Commit(text) => write!(f, "commit {text}"),
        }
    }
}

/// What a point means for a walk through the window.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Target {
    Cid(Cid),
    Ulid(Ulid),
    Time(Timestamp),
    /// The last event of an append.
    Append(Oid),
    /// The window of a checkpoint.
    Window(Oid, crate::ledger::Heads),
}

/// How an event lies to a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Before,
    /// The last event that belongs to it.
    Last,
    /// The first that does not.
    Behind,
}

impl Target {
    pub(super) fn side(&self, loaded: &Loaded, next: Option<&Loaded>) -> Side {
        let hit = match self {
            Target::Cid(cid) => loaded.event.cid == *cid,
            Target::Ulid(ulid) => loaded.event.header.ulid == *ulid,
            Target::Time(time) => return if loaded.event.header.ts > *time { Side::Behind } else { Side::Before },
            Target::Append(commit) => loaded.commit == *commit && next.is_none_or(|n| n.commit != *commit),
            Target::Window(..) => false,
        };
        if hit { Side::Last } else { Side::Before }
    }

    /// Whether walking to the end without meeting it means that it is not there.
    pub(super) fn must_be_met(&self) -> bool {
        matches!(self, Target::Cid(_) | Target::Ulid(_) | Target::Append(_))
    }
}

impl Node {
    /// Finds out what kind of commit a point names.
    pub(super) fn target(&self, ns: &Ns, point: &Point) -> Result<Target, NodeError> {
        Ok(match point {
            Point::Cid(cid) => Target::Cid(*cid),
            Point::Ulid(ulid) => Target::Ulid(*ulid),
            Point::Time(time) => Target::Time(*time),
            Point::Commit(text) => {
                let missing = || NodeError::NoSuchPoint { what: point.to_string(), ns: ns.clone() };
                let commit = self.store().resolve_text(text)?.ok_or_else(missing)?;
                match crate::state::Checkpoint::read(self.reader(), commit) {
                    Ok(checkpoint) => Target::Window(commit, checkpoint.heads),
                    Err(crate::state::StateError::NotCheckpoint { .. }) => Target::Append(commit),
                    Err(other) => return Err(other.into()),
                }
            }
        })
    }
}

/// The place of an event in the order, for people.
pub(super) fn key_of(writer: &crate::id::Writer, loaded: &Loaded) -> Key {
    Key { clock: loaded.event.header.clock, writer: writer.clone(), seq: loaded.event.header.seq }
}
