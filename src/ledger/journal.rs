use super::append::{Append, Check, decode};
use super::envelope::{Event, Origin};
use super::error::{Fault, LedgerError};
use crate::canon::{Value, json};
use crate::git::Reader;
use crate::id::{Cid, Oid};

/// How far a journal has been read: what its next append must continue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    /// Sequence number of the last event; 0 before the first.
    pub seq: u64,
    pub clock: u64,
    pub cid: Option<Cid>,
    pub commit: Option<Oid>,
}

/// The last event of a commit, as the next one must name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    pub seq: u64,
    pub clock: u64,
    pub cid: Cid,
}

impl Position {
    /// Takes the next append, or says which rule of the chain it breaks. A fault leaves the position as it was.
    pub fn accept(&mut self, append: &Append) -> Result<(), Fault> {
        let fault = |seq: u64, code, sentence: String| Fault { commit: append.commit, seq: Some(seq), code, sentence };
        let mut at = *self;
        if append.parent != at.commit {
            return Err(fault(at.seq + 1, "journal.linear", "its parent is not the append before it".into()));
        }
        for (i, event) in append.events.iter().enumerate() {
            let h = &event.header;
            if h.seq != at.seq + 1 {
                return Err(fault(h.seq, "event.chain", format!("`seq` is {}, after {}", h.seq, at.seq)));
            }
            if h.prev != at.cid {
                return Err(fault(h.seq, "event.chain", "`prev` is not the CID of the event before".into()));
            }
            let rises = if i == 0 { h.clock > at.clock } else { h.clock == at.clock + 1 };
            if !rises {
                return Err(fault(h.seq, "event.chain", format!("`clock` is {}, after {}", h.clock, at.clock)));
            }
            at = Position { seq: h.seq, clock: h.clock, cid: Some(event.cid), commit: at.commit };
        }
        at.commit = Some(append.commit);
        *self = at;
        Ok(())
    }
}

/// The events of an append that was verified before and whose id is remembered: without its signature being checked again.
pub fn append_at(reader: &Reader, origin: &Origin, commit: Oid) -> Result<Vec<Event>, LedgerError> {
    let read = |source| LedgerError::Read { ns: origin.ns.clone(), writer: origin.writer.clone(), source };
    remembered(&reader.raw_commit(commit).map_err(read)?, origin, commit)
}

/// The same from its bytes.
pub(super) fn remembered(raw: &[u8], origin: &Origin, commit: Oid) -> Result<Vec<Event>, LedgerError> {
    let append = decode(commit, raw, origin, Check::Remembered);
    append.map(|append| append.events).map_err(|fault| fault_of(origin, fault))
}

/// The last event of such an append.
pub fn last_event(reader: &Reader, commit: Oid, origin: &Origin) -> Result<Event, LedgerError> {
    Ok(append_at(reader, origin, commit)?.into_iter().next_back().expect("an append holds an event"))
}

/// The error of a journal that a fault ends.
pub(super) fn fault_of(origin: &Origin, fault: Fault) -> LedgerError {
    LedgerError::Fault { ns: origin.ns.clone(), writer: origin.writer.clone(), fault }
}

/// Sequence number and clock of the last event of an append that was accepted before, without reading the rest of it.
pub fn last_numbers(raw: &[u8]) -> Option<(u64, u64)> {
    let text = std::str::from_utf8(raw).ok()?;
    let (envelopes, _) = text.rsplit_once("\n\n")?;
    let envelope = json::parse(envelopes.rsplit('\n').next()?.as_bytes()).ok()?;
    let number = |name: &str| envelope.get(name).and_then(Value::as_int).and_then(|n| u64::try_from(n).ok());
    Some((number("seq")?, number("clock")?))
}
