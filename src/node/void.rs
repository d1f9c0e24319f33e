use super::cache;
use super::error::NodeError;
use super::open::Node;
use super::report::Finding;
use super::window::journal_name;
use crate::git::Reader;
use crate::id::{Cid, Ns, Oid, Writer};
use crate::ledger::{Check, Journal, LedgerError, Origin, decode, last_event};
use crate::trust::Void;
use std::path::PathBuf;

/// Bytes of commits kept while a journal is searched.
const KEEP: usize = 1 << 20;

/// Where an event stands in its journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spot {
    pub commit: Oid,
    pub seq: u64,
    pub cid: Cid,
    /// The last event of that commit.
    pub last: u64,
}

impl Node {
    /// What counts of a journal where its key was revoked, and what is to be said of the rest. A journal whose named last
    /// event is not here does not count at all: whoever holds a stolen key could have written another beginning.
    pub(super) fn standing(
        &self,
        mut journal: Journal,
        origin: &Origin,
    ) -> Result<(Option<Journal>, Option<Finding>), NodeError> {
        let named = match self.graph().void_from(&journal.writer, &origin.key) {
            None => return Ok((Some(journal), None)),
            Some(Void::All) => Vec::new(),
            Some(Void::After(named)) => named,
        };
        let Some(spot) = self.spot(&journal, origin, &named)? else {
            let why = match &named[..] {
                [] => "all its events are void".to_owned(),
                several => {
                    let names: Vec<String> = several.iter().map(Cid::to_string).collect();
                    format!("its last good event is not in it (of {}), so none counts; fetch it", names.join(", "))
                }
            };
            return Ok((None, Some(self.void_finding(&journal, origin, &why))));
        };
        let mut finding = None;
        if spot.commit != journal.tip || spot.seq < spot.last {
            let end = last_event(self.reader(), journal.tip, origin).map(|e| e.header.seq);
            let upto = end.ok().filter(|end| *end > spot.seq).map_or("the last".to_owned(), |end| end.to_string());
            let why = format!("the events from {} to {upto} are void", spot.seq + 1);
            finding = Some(self.void_finding(&journal, origin, &why));
        }
        journal.tip = spot.commit;
        journal.until = Some(spot.seq);
        Ok((Some(journal), finding))
    }

    fn void_finding(&self, journal: &Journal, origin: &Origin, why: &str) -> Finding {
        let reason = self.graph().revocation_of(&origin.key).map_or("", |r| r.reason.as_str());
        let sentence = format!("{} was revoked ({reason}): {why} and not folded", origin.key);
        Finding::new(journal_name(&journal.ns, &journal.writer), journal.tip, "key.revoked", sentence)
    }

    /// Where the first of these events stands in a journal, on whichever of its branches.
    pub(super) fn spot(&self, journal: &Journal, origin: &Origin, cids: &[Cid]) -> Result<Option<Spot>, NodeError> {
        if cids.is_empty() {
            return Ok(None);
        }
        let branches = journal.fork.iter().flat_map(|fork| fork.branches.iter().map(|(_, tip)| *tip));
        for tip in std::iter::once(journal.tip).chain(branches) {
            if let Some(spot) = self.remembered_spot(origin, tip, cids) {
                return Ok(Some(spot));
            }
            if let Some(spot) = search(self.reader(), origin, tip, cids)? {
                remember_spot(self, origin, &spot);
                return Ok(Some(spot));
            }
        }
        Ok(None)
    }

    /// What an earlier search found, where it is still so.
    fn remembered_spot(&self, origin: &Origin, tip: Oid, cids: &[Cid]) -> Option<Spot> {
        let bytes = cache::read(self, &spot_path(&origin.ns, &origin.writer))?;
        let commit = Oid(bytes.try_into().ok()?);
        let lies_here =
            commit == tip || (self.store().contains(commit) && self.store().is_ancestor(commit, tip).ok()?);
        let raw = lies_here.then(|| self.reader().raw_commit(commit).ok())??;
        in_append(commit, &raw, origin, cids)
    }

    /// Whether the key of a writer was revoked, so that his journals do not count to their end.
    pub(super) fn is_voided(&self, writer: &Writer) -> bool {
        let key = self.graph().key_with_prefix(writer.actor(), writer.key8());
        key.is_some_and(|key| self.graph().is_revoked(&key))
    }

    /// Why an append that a checkpoint names is not part of what counts.
    pub(super) fn why_lost(&self, writer: &Writer) -> (&'static str, &'static str) {
        match self.is_voided(writer) {
            true => ("key.revoked", "a revocation voids it or what it stands on"),
            false => ("journal.dropped", "the journal does not hold it"),
        }
    }
}

fn search(reader: &Reader, origin: &Origin, tip: Oid, cids: &[Cid]) -> Result<Option<Spot>, NodeError> {
    let read = |source| LedgerError::Read { ns: origin.ns.clone(), writer: origin.writer.clone(), source };
    for step in reader.chain(tip, None, KEEP).map_err(read)? {
        let (commit, raw) = step.map_err(read)?;
        if let Some(spot) = in_append(commit, &raw, origin, cids) {
            return Ok(Some(spot));
        }
    }
    Ok(None)
}

/// The first of these events in an append. What cannot be decoded ends the journal before it; whoever reads it says so.
fn in_append(commit: Oid, raw: &[u8], origin: &Origin, cids: &[Cid]) -> Option<Spot> {
    let append = decode(commit, raw, origin, Check::Remembered).ok()?;
    let last = append.events.last()?.header.seq;
    let event = append.events.iter().find(|event| cids.contains(&event.cid))?;
    Some(Spot { commit, seq: event.header.seq, cid: event.cid, last })
}

fn spot_path(ns: &Ns, writer: &Writer) -> PathBuf {
    PathBuf::from("void").join(ns.as_str()).join(writer.as_str())
}

fn remember_spot(node: &Node, origin: &Origin, spot: &Spot) {
    cache::write(node, &spot_path(&origin.ns, &origin.writer), spot.commit.as_bytes());
}
