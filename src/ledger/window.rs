use super::envelope::Origin;
use super::error::{Fault, LedgerError};
use super::journal::Position;
use super::stream::{EventStream, Loaded, StreamPlan};
use crate::canon::{Value, digest, json};
use crate::git::Reader;
use crate::id::{Blake3, Cid, Oid, Writer};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

/// How far a clock may run ahead of the number of events that sort before its event.
pub const CLOCK_LEAD_MAX: u64 = 1_000_000;

/// The last event of one journal that a window holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowHead {
    pub writer: Writer,
    /// The commit that holds the event.
    pub head: Oid,
    /// Its sequence number, which may be below the last of that commit.
    pub seq: u64,
}

/// A window, named by its heads, sorted by writer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heads(Vec<WindowHead>);

impl Heads {
    pub fn new(mut heads: Vec<WindowHead>) -> Heads {
        heads.sort_by(|a, b| a.writer.cmp(&b.writer));
        Heads(heads)
    }

    pub fn iter(&self) -> impl Iterator<Item = &WindowHead> {
        self.0.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn get(&self, writer: &Writer) -> Option<&WindowHead> {
        self.0.iter().find(|h| h.writer == *writer)
    }

    /// How many events the journals hold up to here: those of the window, and what it left out of them.
    pub fn events(&self) -> u64 {
        self.0.iter().map(|h| h.seq).sum()
    }

    /// The bytes of `window.json`.
    pub fn to_json(&self) -> Vec<u8> {
        let heads = self.0.iter().map(|h| {
            Value::map([
                ("head", Value::text(h.head)),
                ("journal", Value::text(&h.writer)),
                ("seq", Value::Int(i64::try_from(h.seq).expect("sequence numbers stay below 2^53"))),
            ])
        });
        json::document(&Value::list(heads)).expect("a list of short fields has a form")
    }

    /// The content id of `window.json`.
    pub fn root(&self) -> Blake3 {
        digest::blake3(&self.to_json())
    }

    /// Reads `window.json` strictly.
    pub fn from_json(bytes: &[u8]) -> Result<Heads, LedgerError> {
        let bad = |why: String| LedgerError::Window(format!("window.json: {why}"));
        let value = json::parse_canonical(bytes).map_err(|e| bad(e.to_string()))?;
        let list = value.as_list().ok_or_else(|| bad("it is not a list".into()))?;
        let mut heads = Vec::with_capacity(list.len());
        for item in list {
            let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default();
            let seq = item.get("seq").and_then(Value::as_int).filter(|n| *n >= 1);
            let (Some(seq), Some(3)) = (seq, item.as_map().map(crate::canon::Map::len)) else {
                return Err(bad("an entry is not {head, journal, seq}".into()));
            };
            heads.push(WindowHead {
                writer: text("journal").parse().map_err(|e: crate::id::IdError| bad(e.to_string()))?,
                head: text("head").parse().map_err(|e: crate::id::IdError| bad(e.to_string()))?,
                seq: seq as u64,
            });
        }
        if !heads.is_sorted_by(|a, b| a.writer < b.writer) {
            return Err(bad("its entries are not sorted by journal, each once".into()));
        }
        Ok(Heads(heads))
    }
}

/// The place of an event in the order of its namespace.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    pub clock: u64,
    pub writer: Writer,
    pub seq: u64,
}

/// An event that is part of no window, with the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    pub writer: Writer,
    pub commit: Oid,
    pub seq: u64,
    pub cid: Cid,
    pub code: &'static str,
    pub sentence: String,
}

/// Several journals as one stream in window order: by `(clock, writer, seq)`.
pub struct Merge<'r> {
    streams: Vec<EventStream<'r>>,
    /// The event that each stream would give next.
    next: Vec<Option<Loaded>>,
    /// `(clock, index of the stream, seq)`: streams are sorted by writer, so the index stands for the writer.
    queue: BinaryHeap<Reverse<(u64, usize, u64)>>,
    heads: Vec<Option<WindowHead>>,
    /// Events that were given or stood before the beginning.
    count: u64,
    skipped: Vec<Skipped>,
}

impl<'r> Merge<'r> {
    /// `plans` in any order; `before` = the window behind which they begin, and how many events it holds.
    pub fn open(
        reader: &'r Reader,
        mut plans: Vec<StreamPlan>,
        before: &Heads,
        count: u64,
    ) -> Result<Merge<'r>, LedgerError> {
        plans.sort_by(|a, b| a.origin.writer.cmp(&b.origin.writer));
        let mut merge = Merge {
            streams: Vec::with_capacity(plans.len()),
            next: Vec::with_capacity(plans.len()),
            queue: BinaryHeap::with_capacity(plans.len()),
            heads: plans.iter().map(|p| before.get(&p.origin.writer).cloned()).collect(),
            count,
            skipped: Vec::new(),
        };
        for (index, plan) in plans.into_iter().enumerate() {
            merge.streams.push(EventStream::open(reader, plan)?);
            merge.next.push(None);
            merge.pull(index)?;
        }
        Ok(merge)
    }

    fn pull(&mut self, index: usize) -> Result<(), LedgerError> {
        self.next[index] = self.streams[index].next_event()?;
        if let Some(loaded) = &self.next[index] {
            self.queue.push(Reverse((loaded.event.header.clock, index, loaded.event.header.seq)));
        }
        Ok(())
    }

    /// The next event in window order. One whose clock runs too far ahead is left out and listed.
    pub fn next_event(&mut self) -> Result<Option<(Arc<Origin>, Loaded)>, LedgerError> {
        while let Some(Reverse((clock, index, seq))) = self.queue.pop() {
            let loaded = self.next[index].take().expect("a queued stream has an event");
            self.pull(index)?;
            let origin = Arc::clone(self.streams[index].origin());
            if clock > self.count + CLOCK_LEAD_MAX {
                self.skipped.push(Skipped {
                    writer: origin.writer.clone(),
                    commit: loaded.commit,
                    seq,
                    cid: loaded.event.cid,
                    code: "event.clock",
                    sentence: format!(
                        "its clock {clock} is more than {CLOCK_LEAD_MAX} above the {} events that sort before it",
                        self.count
                    ),
                });
                continue;
            }
            self.count += 1;
            self.heads[index] = Some(WindowHead { writer: origin.writer.clone(), head: loaded.commit, seq });
            return Ok(Some((origin, loaded)));
        }
        Ok(None)
    }

    /// The place of the event that `next` would give.
    pub fn peek(&self) -> Option<Key> {
        let Reverse((clock, index, seq)) = self.queue.peek()?;
        Some(Key { clock: *clock, writer: self.streams[*index].origin().writer.clone(), seq: *seq })
    }

    /// The event that `next` would give, unless it is left out.
    pub fn ahead(&self) -> Option<(&Origin, &Loaded)> {
        let Reverse((_, index, _)) = self.queue.peek()?;
        Some((self.streams[*index].origin(), self.next[*index].as_ref()?))
    }

    /// The window that has been given so far.
    pub fn heads(&self) -> Heads {
        Heads(self.heads.iter().flatten().cloned().collect())
    }

    /// How many events that window holds.
    pub fn count(&self) -> u64 {
        self.count
    }

    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// How far each journal has been accepted.
    pub fn positions(&self) -> impl Iterator<Item = (&Arc<Origin>, &Position)> {
        self.streams.iter().map(|s| (s.origin(), s.position()))
    }

    /// The faults at which journals ended, with the origin of each.
    pub fn faults(&self) -> impl Iterator<Item = (&Arc<Origin>, &Fault)> {
        self.streams.iter().filter_map(|s| Some((s.origin(), s.fault()?)))
    }
}
