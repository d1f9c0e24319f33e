use super::append::{Check, decode};
use super::envelope::Origin;
use super::error::LedgerError;
use crate::git::Reader;
use crate::id::{Cid, Oid};
use crate::trust::{Graph, Void};

/// Bytes of commits kept while a journal is searched.
const KEEP: usize = 1 << 20;

/// Where an event stands in its journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    pub commit: Oid,
    pub seq: u64,
    pub cid: Cid,
    /// The last event of that commit.
    pub last: u64,
}

/// What counts of a journal, by what trust says of its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// All of it: the key is not revoked.
    Whole,
    /// What comes behind this event is void.
    Until(Spot),
    /// Nothing. Where its revocation names last events, the journal holds none of them.
    Nothing(Vec<Cid>),
}

impl Standing {
    /// What a revocation of its key leaves of a journal with these ends. `hint` is a commit where the last good event may
    /// stand, as an earlier search found.
    pub fn of(
        reader: &Reader,
        graph: &Graph,
        origin: &Origin,
        tips: &[Oid],
        hint: Option<Oid>,
    ) -> Result<Standing, LedgerError> {
        let named = match graph.void_from(&origin.writer, &origin.key) {
            None => return Ok(Standing::Whole),
            Some(Void::All) => return Ok(Standing::Nothing(Vec::new())),
            Some(Void::After(named)) => named,
        };
        for tip in tips {
            if let Some(spot) = Spot::find(reader, origin, *tip, &named, hint)? {
                return Ok(Standing::Until(spot));
            }
        }
        Ok(Standing::Nothing(named))
    }
}

impl Spot {
    /// Where the first of these events stands in a journal up to `tip`.
    pub fn find(
        reader: &Reader,
        origin: &Origin,
        tip: Oid,
        cids: &[Cid],
        hint: Option<Oid>,
    ) -> Result<Option<Spot>, LedgerError> {
        let read = |source| LedgerError::Read { ns: origin.ns.clone(), writer: origin.writer.clone(), source };
        if cids.is_empty() {
            return Ok(None);
        }
        // Most keys end where their journal does.
        let raw = reader.raw_commit(tip).map_err(read)?;
        if let Some(spot) = in_append(tip, &raw, origin, cids) {
            return Ok(Some(spot));
        }
        let held = |commit: &Oid| reader.contains(*commit) && reader.is_ancestor(*commit, tip).unwrap_or(false);
        if let Some(commit) = hint.filter(held)
            && let Some(spot) = in_append(commit, &reader.raw_commit(commit).map_err(read)?, origin, cids)
        {
            return Ok(Some(spot));
        }
        for step in reader.chain(tip, None, KEEP).map_err(read)? {
            let (commit, raw) = step.map_err(read)?;
            if let Some(spot) = in_append(commit, &raw, origin, cids) {
                return Ok(Some(spot));
            }
        }
        Ok(None)
    }
}

/// The first of these events in an append. What cannot be decoded ends the journal before it; whoever reads it says so.
fn in_append(commit: Oid, raw: &[u8], origin: &Origin, cids: &[Cid]) -> Option<Spot> {
    let append = decode(commit, raw, origin, Check::Remembered).ok()?;
    let last = append.events.last()?.header.seq;
    let event = append.events.iter().find(|event| cids.contains(&event.cid))?;
    Some(Spot { commit, seq: event.header.seq, cid: event.cid, last })
}
