use super::drive::Watch;
use super::error::NodeError;
use super::index;
use super::open::Node;
use super::start::Reach;
use super::window::View;
use crate::id::{Cid, Oid, Timestamp, Ulid, Writer};
use crate::ledger::{Event, Heads, Key, LedgerError, Loaded, Merge, Origin, event_at, last_event};
use crate::lua::Program;
use crate::state::{Checkpoint, StateError};
use std::sync::Arc;

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
    /// An append, by the place of its last event.
    Append(Key),
    /// The window of a checkpoint.
    Window(Oid, Heads),
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
    pub(super) fn side(&self, origin: &Origin, loaded: &Loaded) -> Side {
        let h = &loaded.event.header;
        let hit = match self {
            Target::Cid(cid) => loaded.event.cid == *cid,
            Target::Ulid(ulid) => h.ulid == *ulid,
            Target::Time(time) => return if h.ts > *time { Side::Behind } else { Side::Before },
            Target::Append(key) => h.seq == key.seq && origin.writer == key.writer,
            Target::Window(..) => false,
        };
        if hit { Side::Last } else { Side::Before }
    }

    /// Whether walking to the end without meeting it means that it is not there.
    pub(super) fn must_be_met(&self) -> bool {
        matches!(self, Target::Cid(_) | Target::Ulid(_) | Target::Append(_))
    }

    pub(super) fn window(&self) -> Option<&Heads> {
        match self {
            Target::Window(_, heads) => Some(heads),
            _ => None,
        }
    }
}

impl Node {
    /// Finds out what a point means among the journals of a view.
    pub(super) fn target(&self, view: &View, point: &Point) -> Result<Target, NodeError> {
        Ok(match point {
            Point::Cid(cid) => Target::Cid(*cid),
            Point::Ulid(ulid) => Target::Ulid(*ulid),
            Point::Time(time) => Target::Time(*time),
            Point::Commit(text) => {
                let missing = || NodeError::NoSuchPoint { what: point.to_string(), ns: view.ns.clone() };
                let named = self.store().resolve_text(text)?;
                let commit = named.ok_or_else(|| NodeError::NoPoint { text: text.clone(), ns: view.ns.clone() })?;
                match Checkpoint::read(self.reader(), commit) {
                    Ok(checkpoint) => Target::Window(commit, checkpoint.heads),
                    Err(StateError::NotCheckpoint { .. }) => {
                        Target::Append(self.end_of_append(view, commit).ok_or_else(missing)?)
                    }
                    Err(other) => return Err(other.into()),
                }
            }
        })
    }

    /// The place of the last event of an append, by the only journal that it can stand in.
    fn end_of_append(&self, view: &View, commit: Oid) -> Option<Key> {
        view.journals.iter().find_map(|(_, origin)| {
            let event = last_event(self.reader(), commit, origin).ok()?;
            Some(key_of(&origin.writer, &event))
        })
    }

    /// The place of a point that is an event or an append; `None` where no journal holds it. What is behind the newest
    /// checkpoint is looked through first.
    pub(super) fn place_in(
        &self,
        program: &Program,
        view: &View,
        target: &Target,
        until: Option<&Heads>,
        watch: Watch<'_>,
    ) -> Result<Option<Key>, NodeError> {
        let look = |mut merge: Merge<'_>| {
            let mut met = None;
            let take = |origin: Arc<Origin>, loaded: Loaded| {
                met = Some(key_of(&origin.writer, &loaded.event));
                Ok(())
            };
            let found = walk_to(target, "looking for the event", &mut merge, watch, take)?;
            Ok::<_, NodeError>(met.filter(|_| found))
        };
        let (start, merge) = self.begin(program, view, &Reach::default(), until)?;
        match look(merge)? {
            None if !start.heads.is_empty() => look(self.merge(view, &Heads::default(), 0, Some(&start.heads))?),
            found => Ok(found),
        }
    }

    /// How far a start may reach so that walking on from it meets a target as walking from the first event does; `None`
    /// where the target is not there.
    pub(super) fn reach(
        &self,
        program: &Program,
        view: &View,
        target: &Target,
        until: Option<&Heads>,
        watch: Watch<'_>,
    ) -> Result<Option<Reach>, NodeError> {
        if self.known_checkpoints(view, program.root())?.next().is_none() {
            return Ok(Some(Reach::nothing()));
        }
        let up_to = |key: Option<Key>| key.map(|key| Reach { key: Some(key), ..Reach::default() });
        Ok(match target {
            Target::Append(key) => up_to(Some(key.clone())),
            Target::Time(time) => Some(Reach { time: Some(*time), ..Reach::default() }),
            Target::Window(_, heads) => up_to(self.last_key(view, heads)?).or(Some(Reach::nothing())),
            Target::Cid(_) => up_to(self.place_in(program, view, target, until, watch)?),
            Target::Ulid(ulid) => match self.first_with(view, *ulid) {
                Ok(key) => up_to(key),
                // A journal that is not good to its end has no index; the walk knows how far it counts.
                Err(NodeError::Ledger(LedgerError::Fault { .. })) => Some(Reach::nothing()),
                Err(other) => return Err(other),
            },
        })
    }

    /// The first place at which a ULID was used. Two writers may have used it.
    fn first_with(&self, view: &View, ulid: Ulid) -> Result<Option<Key>, NodeError> {
        let mut first: Option<Key> = None;
        for (journal, origin) in &view.journals {
            if let Some(entry) = index::load(self, origin, journal.tip)?.find(ulid) {
                let key = key_of(&origin.writer, &event_at(self.reader(), origin, entry)?);
                first = Some(first.map_or(key.clone(), |held| held.min(key)));
            }
        }
        Ok(first)
    }
}

/// Hands over the events of a merge up to a target; says whether it was met.
pub(super) fn walk_to(
    target: &Target,
    what: &str,
    merge: &mut Merge<'_>,
    watch: Watch<'_>,
    mut take: impl FnMut(Arc<Origin>, Loaded) -> Result<(), NodeError>,
) -> Result<bool, NodeError> {
    let mut drive = watch.over(what, None, merge);
    while !drive.ahead().is_some_and(|(origin, loaded)| target.side(origin, loaded) == Side::Behind) {
        let Some((origin, loaded)) = drive.next()? else { break };
        let side = target.side(&origin, &loaded);
        take(origin, loaded)?;
        if side == Side::Last {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The place of an event in the order.
pub(super) fn key_of(writer: &Writer, event: &Event) -> Key {
    Key { clock: event.header.clock, writer: writer.clone(), seq: event.header.seq }
}
