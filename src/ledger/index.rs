use super::envelope::{Event, Origin};
use super::error::LedgerError;
use super::journal::{append_at, remembered};
use crate::git::{GitError, Reader};
use crate::id::{Oid, Ulid};

/// Where an event with a given ULID stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    pub ulid: Ulid,
    pub seq: u64,
    pub commit: Oid,
}

/// Bytes of an entry on disk: ULID as time and chance, sequence number, commit.
const ENTRY: usize = 6 + 10 + 8 + 20;
/// The file is written again when more than this share of it is new.
const REWRITE_SHARE: usize = 256;
const REWRITE_MIN: usize = 64;

/// The ULIDs of one journal, sorted, so that a ULID given by a caller is found without reading the journal.
pub struct UlidIndex {
    entries: Vec<Entry>,
}

impl UlidIndex {
    /// The index of a journal up to `tip`: what was kept of it, brought up to date. With it the bytes to keep now, where it
    /// is worth writing them.
    pub fn load(
        reader: &Reader,
        origin: &Origin,
        tip: Oid,
        kept: Option<&[u8]>,
    ) -> Result<(UlidIndex, Option<Vec<u8>>), LedgerError> {
        let (mut entries, seen) = match kept.and_then(parse) {
            Some((seen, entries)) => (entries, Some(seen)),
            None => (Vec::new(), None),
        };
        let fresh = match newer(reader, origin, tip, seen) {
            Err(LedgerError::Read { source: GitError::NotAncestor { .. }, .. }) if seen.is_some() => {
                entries.clear();
                newer(reader, origin, tip, None)?
            }
            other => other?,
        };
        let (new, old) = (fresh.len(), entries.len());
        entries.extend(fresh);
        entries.sort_unstable();
        let keep = (new > REWRITE_MIN.max(old / REWRITE_SHARE)).then(|| print(tip, &entries));
        Ok((UlidIndex { entries }, keep))
    }

    /// The first event with this ULID.
    pub fn find(&self, ulid: Ulid) -> Option<Entry> {
        let at = self.entries.partition_point(|e| e.ulid < ulid);
        self.entries.get(at).filter(|e| e.ulid == ulid).copied()
    }
}

/// The entries of the appends behind `seen`.
fn newer(reader: &Reader, origin: &Origin, tip: Oid, seen: Option<Oid>) -> Result<Vec<Entry>, LedgerError> {
    let read = |source| LedgerError::Read { ns: origin.ns.clone(), writer: origin.writer.clone(), source };
    let mut out = Vec::new();
    if seen == Some(tip) {
        return Ok(out);
    }
    for step in reader.chain(tip, seen, 1 << 20).map_err(read)? {
        let (commit, raw) = step.map_err(read)?;
        let events = remembered(&raw, origin, commit)?;
        out.extend(events.iter().map(|e| Entry { ulid: e.header.ulid, seq: e.header.seq, commit }));
    }
    Ok(out)
}

/// The event that an entry names.
pub fn event_at(reader: &Reader, origin: &Origin, entry: Entry) -> Result<Event, LedgerError> {
    let event = append_at(reader, origin, entry.commit)?.into_iter().find(|e| e.header.seq == entry.seq);
    Ok(event.expect("the index was built from this commit"))
}

fn print(tip: Oid, entries: &[Entry]) -> Vec<u8> {
    let mut out = Vec::with_capacity(20 + entries.len() * ENTRY);
    out.extend_from_slice(tip.as_bytes());
    for e in entries {
        out.extend_from_slice(&e.ulid.ms().to_be_bytes()[2..]);
        out.extend_from_slice(&e.ulid.random());
        out.extend_from_slice(&e.seq.to_be_bytes());
        out.extend_from_slice(e.commit.as_bytes());
    }
    out
}

fn parse(bytes: &[u8]) -> Option<(Oid, Vec<Entry>)> {
    let (tip, rest) = bytes.split_first_chunk::<20>()?;
    let (records, []) = rest.as_chunks::<ENTRY>() else { return None };
    let entry = |r: &[u8; ENTRY]| {
        let ms = r[..6].iter().fold(0u64, |n, b| n << 8 | u64::from(*b));
        Some(Entry {
            ulid: Ulid::from_parts(ms, r[6..16].try_into().ok()?)?,
            seq: u64::from_be_bytes(r[16..24].try_into().ok()?),
            commit: Oid(r[24..].try_into().ok()?),
        })
    };
    Some((Oid(*tip), records.iter().map(entry).collect::<Option<_>>()?))
}
