use super::admit::Place;
use super::error::NodeError;
use super::index;
use super::open::Node;
use crate::id::{Blake3, Cid, Oid, Ulid, Writer};
use crate::ledger::{Draft, Event, Sealed, UlidIndex, append_at};
use std::collections::HashMap;

/// Where an event of this run stands, and what it says.
type Said = (u64, Cid, Blake3);

/// ULIDs that callers chose: those of the journal, and those of this run.
pub(super) struct Known<'n> {
    node: &'n Node,
    index: Option<UlidIndex>,
    /// The end of the journal up to which index and run together know everything.
    covers: Option<(Writer, Oid)>,
    /// The append looked into last: lines that were stored before come in the order of the journal.
    page: Option<(Oid, Vec<Event>)>,
    now: HashMap<Ulid, Said>,
    /// Sealed and not stored yet.
    pending: HashMap<Ulid, Said>,
}

impl<'n> Known<'n> {
    pub(super) fn new(node: &'n Node) -> Known<'n> {
        let (now, pending) = (HashMap::new(), HashMap::new());
        Known { node, index: None, covers: None, page: None, now, pending }
    }

    /// Notes a named event that was sealed.
    pub(super) fn note(&mut self, draft: &Draft, sealed: &Sealed) {
        self.pending.insert(draft.ulid, (sealed.header.seq, sealed.cid, draft.intent()));
    }

    /// What was noted since is stored, with this tip.
    pub(super) fn stored(&mut self, place: &Place, tip: Oid) {
        self.now.extend(self.pending.drain());
        if self.knows_all_of(place) {
            self.covers = Some((place.origin.writer.clone(), tip));
        }
    }

    /// What was noted since is not stored.
    pub(super) fn forget(&mut self) {
        self.pending.clear();
    }

    fn knows_all_of(&self, place: &Place) -> bool {
        let end = self.covers.as_ref().map(|(writer, tip)| (writer, *tip));
        end.is_some() && end == place.position.commit.map(|tip| (&place.origin.writer, tip))
    }

    /// Whether the same was said before under this ULID; an error where it was something else.
    pub(super) fn said_before(&mut self, place: &Place, draft: &Draft) -> Result<bool, NodeError> {
        if let Some((seq, cid, before)) = self.now.get(&draft.ulid).or_else(|| self.pending.get(&draft.ulid)) {
            return if *before == draft.intent() {
                Ok(true)
            } else {
                Err(NodeError::DuplicateUlid { ulid: draft.ulid, cid: *cid, seq: *seq })
            };
        }
        let Some(tip) = place.position.commit else { return Ok(false) };
        // Another process may have appended while the lock was free.
        if self.index.is_none() || !self.knows_all_of(place) {
            self.index = Some(index::load(self.node, &place.origin, tip)?);
            self.covers = Some((place.origin.writer.clone(), tip));
        }
        let index = self.index.as_ref().expect("loaded just now");
        let Some(entry) = index.find(draft.ulid) else { return Ok(false) };
        if self.page.as_ref().is_none_or(|(commit, _)| *commit != entry.commit) {
            self.page = Some((entry.commit, append_at(self.node.reader(), &place.origin, entry.commit)?));
        }
        let (_, events) = self.page.as_ref().expect("turned to just now");
        let event = events.iter().find(|e| e.header.seq == entry.seq).expect("the index was built from this commit");
        if draft.same_intent(event) {
            return Ok(true);
        }
        Err(NodeError::DuplicateUlid { ulid: draft.ulid, cid: event.cid, seq: entry.seq })
    }
}
