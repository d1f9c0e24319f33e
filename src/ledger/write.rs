use super::append::{BYTES_MAX, EVENTS_MAX, Parts, encode, signed_bytes};
use super::envelope::{self, Draft, Header, Origin};
use super::error::LedgerError;
use super::journal::Position;
use crate::canon::{Value, cbor, digest, json};
use crate::git::commit_id;
use crate::id::{Cid, Oid, SigBytes, Timestamp};
use crate::trust::Signer;

/// A sealed event: its place in the journal is fixed, it is not signed yet.
#[derive(Debug, Clone)]
pub struct Sealed {
    pub header: Header,
    pub cid: Cid,
    /// The canonical envelope with its newline.
    line: Vec<u8>,
    cbor: Vec<u8>,
    ty: String,
    payload: String,
}

/// Seals drafts one after the other behind a position.
pub struct Pen<'a> {
    origin: &'a Origin,
    policy_root: Oid,
    at: Position,
}

impl<'a> Pen<'a> {
    /// `clock` is the highest clock known in the namespace.
    pub fn new(origin: &'a Origin, policy_root: Oid, at: Position, clock: u64) -> Pen<'a> {
        Pen { origin, policy_root, at: Position { clock: clock.max(at.clock), ..at } }
    }

    /// Where the next event would stand.
    pub fn position(&self) -> &Position {
        &self.at
    }

    pub fn seal(&mut self, draft: &Draft, ts: Timestamp) -> Sealed {
        let header = Header {
            seq: self.at.seq + 1,
            clock: self.at.clock + 1,
            prev: self.at.cid,
            ts,
            ulid: draft.ulid,
            policy_root: self.policy_root,
        };
        let envelope = Value::Map(envelope::build(self.origin, &header, draft));
        let mut line = Vec::with_capacity(512 + draft.payload_json.len());
        json::write(&envelope, &mut line).expect("a checked draft has a canonical form");
        line.push(b'\n');
        let cbor = cbor::to_vec(&envelope).expect("a checked draft has a DAG-CBOR form");
        let cid = digest::cid(&cbor);
        self.at = Position { seq: header.seq, clock: header.clock, cid: Some(cid), commit: self.at.commit };
        Sealed { header, cid, line, cbor, ty: draft.ty.as_str().to_owned(), payload: draft.payload_json.clone() }
    }
}

/// Appends ready to be stored, oldest first.
#[derive(Debug, Default)]
pub struct Built {
    pub commits: Vec<(Oid, Vec<u8>)>,
}

/// Cuts sealed events into appends of `group` events, signs each on all cores and chains them behind `parent`.
pub fn build(
    origin: &Origin,
    signer: &Signer,
    parent: Option<Oid>,
    events: &[Sealed],
    group: usize,
) -> Result<Built, LedgerError> {
    let groups = cut(events, group.clamp(1, EVENTS_MAX));
    let sigs = sign_all(origin, signer, &groups)?;
    let mut built = Built { commits: Vec::with_capacity(groups.len()) };
    let mut parent = parent;
    for (events, sig) in groups.into_iter().zip(&sigs) {
        let raw = encode_group(origin, parent, events, sig);
        if raw.len() > BYTES_MAX {
            return Err(LedgerError::TooLarge { events: events.len(), bytes: raw.len() });
        }
        let commit = commit_id(&raw);
        built.commits.push((commit, raw));
        parent = Some(commit);
    }
    Ok(built)
}

/// Groups of at most `group` events, and of no more bytes than an append may have.
fn cut(events: &[Sealed], group: usize) -> Vec<&[Sealed]> {
    /// What subject, trailers and header take at most.
    const FRAME: usize = 4 << 10;
    let mut groups = Vec::with_capacity(events.len() / group + 1);
    let (mut start, mut bytes) = (0, 0);
    for (i, event) in events.iter().enumerate() {
        if i > start && (i - start == group || bytes + event.line.len() > BYTES_MAX - FRAME) {
            groups.push(&events[start..i]);
            (start, bytes) = (i, 0);
        }
        bytes += event.line.len();
    }
    if start < events.len() {
        groups.push(&events[start..]);
    }
    groups
}

fn cids(events: &[Sealed]) -> Vec<Cid> {
    events.iter().map(|e| e.cid).collect()
}

fn encode_group(origin: &Origin, parent: Option<Oid>, events: &[Sealed], sig: &SigBytes) -> Vec<u8> {
    let first = &events[0];
    let lines: Vec<u8> = events.iter().flat_map(|e| e.line.iter().copied()).collect();
    encode(&Parts {
        parent,
        origin,
        ty: &first.ty,
        payload: &first.payload,
        lines: &lines,
        cids: &cids(events),
        ts: events[events.len() - 1].header.ts,
        sig,
    })
}

/// Signing costs more than all else together, and no signature depends on another.
fn sign_all(origin: &Origin, signer: &Signer, groups: &[&[Sealed]]) -> Result<Vec<SigBytes>, LedgerError> {
    /// Fewer signatures than this are made faster than threads start.
    const WORTH_THREADS: usize = 16;
    let one = |events: &&[Sealed]| {
        signer.sign(&signed_bytes(origin, &cids(events), &events[0].cbor)).map_err(LedgerError::Sign)
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    if groups.len() < WORTH_THREADS || threads == 1 {
        return groups.iter().map(one).collect();
    }
    let share = groups.len().div_ceil(threads);
    let parts: Vec<Result<Vec<SigBytes>, LedgerError>> = std::thread::scope(|scope| {
        let workers: Vec<_> =
            groups.chunks(share).map(|part| scope.spawn(move || part.iter().map(one).collect())).collect();
        workers.into_iter().map(|w| w.join().expect("signing does not panic")).collect()
    });
    let mut sigs = Vec::with_capacity(groups.len());
    for part in parts {
        sigs.extend(part?);
    }
    Ok(sigs)
}
