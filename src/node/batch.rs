use super::admit::{Desk, Emitted, Place};
use super::error::NodeError;
use super::index;
use super::open::Node;
use crate::ambient::Cancel;
use crate::git::{Expected, GitError, Store};
use crate::id::{Blake3, Cid, Ns, Oid, Ulid};
use crate::ledger::{Draft, EVENTS_MAX, Event, Origin, Pen, Sealed, UlidIndex, append_at, build};
use crate::policy::{Decision, Judgement};
use crate::trust::Signer;
use std::collections::HashMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Events that are stored by one pack and one move of the ref.
pub const BATCH_EVENTS: usize = 8192;
/// Bytes of payloads after which a batch is full, so that memory is bounded by bytes too.
const BATCH_BYTES: usize = 16 << 20;

/// One event of a batch, where it came from decided by the caller.
#[derive(Debug, Clone)]
pub struct BatchEvent {
    pub draft: Draft,
    /// The ULID was given, not drawn.
    pub named: bool,
}

/// What a run of batches stored.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Batch {
    /// Lines that are stored, those stored before included: `--skip` resumes behind them.
    pub lines: u64,
    /// Of these, the ones that had been stored before.
    pub repeated: u64,
    /// The last event that was stored now.
    pub last: Option<Emitted>,
    /// The run ended at a denial, before the batch that holds it.
    pub denied: Option<(Decision, Oid)>,
    /// It was asked to stop.
    pub cancelled: bool,
}

/// How far a run has come, told after each batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progressed {
    pub lines: u64,
}

/// Sealed events on their way to the thread that stores them.
struct Parcel {
    events: Vec<Sealed>,
    /// Lines that are stored when these are.
    lines: u64,
}

/// A parcel that is stored.
struct Settled {
    lines: u64,
    /// Its last event and the commit that holds it; none where all of it had been stored before.
    last: Option<(Oid, u64, Cid, Ulid)>,
}

impl Node {
    /// Appends many events: judged and sealed here, signed, packed and stored by a second thread. `next` gives the events
    /// in order; its error ends the run before the batch in hand, and all earlier batches stay.
    pub fn emit_batch<E: From<NodeError>>(
        &self,
        ns: &Ns,
        group: usize,
        next: &mut dyn FnMut() -> Result<Option<BatchEvent>, E>,
        told: &mut dyn FnMut(Progressed),
        cancel: &Cancel,
    ) -> (Batch, Result<(), E>) {
        let mut batch = Batch::default();
        let ended = self.run_batch(ns, group, next, told, cancel, &mut batch);
        (batch, ended)
    }

    fn run_batch<E: From<NodeError>>(
        &self,
        ns: &Ns,
        group: usize,
        next: &mut dyn FnMut() -> Result<Option<BatchEvent>, E>,
        told: &mut dyn FnMut(Progressed),
        cancel: &Cancel,
        batch: &mut Batch,
    ) -> Result<(), E> {
        let mut desk = Desk::open(self, ns)?;
        self.store().empty_tree().map_err(NodeError::from)?;
        let place = Place::take(self, &desk)?;
        // A store belongs to one thread: the other opens the repository again.
        let (git_dir, ambient) = (self.store().git_dir().to_owned(), self.ambient().clone());
        let mut known = Known::new(self, &place);
        // One parcel may wait while another is being stored.
        let (parcels, inbox) = sync_channel::<Parcel>(1);
        let (done, stored) = sync_channel::<Result<Settled, NodeError>>(BATCH_EVENTS);
        let signer = self.signer(&desk.identity)?;
        let ended = std::thread::scope(|scope| {
            let origin = &place.origin;
            let name = &place.name;
            let first_parent = place.position.commit;
            scope.spawn(move || match Store::open(&git_dir, &ambient) {
                Ok(store) => keep(&store, origin, &signer, name, first_parent, group, inbox, &done),
                Err(e) => drop(done.send(Err(e.into()))),
            });
            let mut settle = |batch: &mut Batch, result: Result<Settled, NodeError>| {
                let Settled { lines, last } = result?;
                batch.lines = lines;
                if let Some((commit, seq, cid, ulid)) = last {
                    self.remember(ns, &origin.writer, commit);
                    let writer = origin.writer.clone();
                    batch.last = Some(Emitted { ns: ns.clone(), writer, seq, cid, ulid, commit, repeated: false });
                }
                told(Progressed { lines });
                Ok::<(), NodeError>(())
            };
            let mut pen = Pen::new(origin, desk.policy_root, place.position, place.clock);
            let ended = fill(self, &mut desk, &mut pen, &mut known, next, &parcels, cancel, batch, &mut |b| {
                stored.try_iter().try_for_each(|r| settle(b, r))
            });
            drop(parcels);
            let rest: Result<(), NodeError> = stored.iter().try_for_each(|r| settle(batch, r));
            match (ended, rest) {
                (_, Err(e)) => Err(E::from(e)),
                (ended, Ok(())) => ended,
            }
        });
        // Many small packs slow down every later write.
        if let Err(e) = self.store().tidy_packs() {
            self.notice(format!("the packs could not be joined: {e}"));
        }
        ended
    }
}

/// Reads, judges and seals, parcel by parcel.
#[allow(clippy::too_many_arguments)]
fn fill<E: From<NodeError>>(
    node: &Node,
    desk: &mut Desk,
    pen: &mut Pen<'_>,
    known: &mut Known<'_>,
    next: &mut dyn FnMut() -> Result<Option<BatchEvent>, E>,
    parcels: &SyncSender<Parcel>,
    cancel: &Cancel,
    batch: &mut Batch,
    settle: &mut dyn FnMut(&mut Batch) -> Result<(), NodeError>,
) -> Result<(), E> {
    let mut lines = 0;
    loop {
        if cancel.asked() {
            batch.cancelled = true;
            return Ok(());
        }
        let mut events = Vec::with_capacity(BATCH_EVENTS);
        let mut end = false;
        let mut bytes = 0;
        while events.len() < BATCH_EVENTS && bytes < BATCH_BYTES {
            let Some(BatchEvent { draft, named }) = next()? else {
                end = true;
                break;
            };
            lines += 1;
            if let Judgement::Refused(decision) = desk.decide(node, &draft)? {
                let audit = desk.record(node, &decision, &draft)?;
                batch.denied = Some((*decision, audit));
                return Ok(());
            }
            if named && known.said_before(&draft)? {
                batch.repeated += 1;
                continue;
            }
            bytes += draft.payload_json.len();
            let sealed = pen.seal(&draft, node.ambient().now());
            if named {
                known.note(&draft, &sealed);
            }
            events.push(sealed);
        }
        if parcels.send(Parcel { events, lines }).is_err() {
            // The other thread ended with an error, which is waiting to be read.
            return Ok(());
        }
        settle(batch)?;
        if end {
            return Ok(());
        }
    }
}

/// Signs, packs and stores parcels until there are no more.
#[allow(clippy::too_many_arguments)]
fn keep(
    store: &Store,
    origin: &Origin,
    signer: &Signer,
    name: &crate::git::RefName,
    parent: Option<Oid>,
    group: usize,
    inbox: Receiver<Parcel>,
    done: &SyncSender<Result<Settled, NodeError>>,
) {
    let mut parent = parent;
    let mut stored = 0;
    for Parcel { events, lines } in inbox {
        let mut settled = Settled { lines, last: None };
        if let Some(last) = events.last() {
            match keep_one(store, origin, signer, name, parent, group, &events) {
                Ok(tip) => {
                    parent = Some(tip);
                    settled.last = Some((tip, last.header.seq, last.cid, last.header.ulid));
                }
                Err(e) => {
                    let lost = matches!(e, NodeError::Git(GitError::Moved { .. }));
                    let e = if lost { NodeError::BatchLost { stored } } else { e };
                    // Whoever waits for the answer has gone only where an error is known already.
                    let _ = done.send(Err(e));
                    return;
                }
            }
        }
        stored = lines;
        if done.send(Ok(settled)).is_err() {
            return;
        }
    }
}

fn keep_one(
    store: &Store,
    origin: &Origin,
    signer: &Signer,
    name: &crate::git::RefName,
    parent: Option<Oid>,
    group: usize,
    events: &[Sealed],
) -> Result<Oid, NodeError> {
    let built = build(origin, signer, parent, events, group.min(EVENTS_MAX))?;
    let tip = built.commits.last().map(|(id, _)| *id).expect("a parcel holds an event");
    store.write_pack(&built.commits)?;
    store.update(name, parent.map_or(Expected::Absent, Expected::At), tip)?;
    Ok(tip)
}

/// ULIDs that callers chose: those of the journal, and those of this run.
struct Known<'n> {
    node: &'n Node,
    place: &'n Place,
    index: Option<UlidIndex>,
    /// The append looked into last: lines that were stored before come in the order of the journal.
    page: Option<(Oid, Vec<Event>)>,
    now: HashMap<Ulid, (u64, Cid, Blake3)>,
}

impl<'n> Known<'n> {
    fn new(node: &'n Node, place: &'n Place) -> Known<'n> {
        Known { node, place, index: None, page: None, now: HashMap::new() }
    }

    fn note(&mut self, draft: &Draft, sealed: &Sealed) {
        self.now.insert(draft.ulid, (sealed.header.seq, sealed.cid, draft.intent()));
    }

    /// Whether the same was said before under this ULID; an error where it was something else.
    fn said_before(&mut self, draft: &Draft) -> Result<bool, NodeError> {
        if let Some((seq, cid, before)) = self.now.get(&draft.ulid) {
            return if *before == draft.intent() {
                Ok(true)
            } else {
                Err(NodeError::DuplicateUlid { ulid: draft.ulid, cid: *cid, seq: *seq })
            };
        }
        let Some(tip) = self.place.position.commit else { return Ok(false) };
        if self.index.is_none() {
            self.index = Some(index::load(self.node, &self.place.origin, tip)?);
        }
        let index = self.index.as_ref().expect("loaded just now");
        let Some(entry) = index.find(draft.ulid) else { return Ok(false) };
        if self.page.as_ref().is_none_or(|(commit, _)| *commit != entry.commit) {
            let events = append_at(self.node.reader(), &self.place.origin, entry.commit)?;
            self.page = Some((entry.commit, events));
        }
        let (_, events) = self.page.as_ref().expect("turned to just now");
        let event = events.iter().find(|e| e.header.seq == entry.seq).expect("the index was built from this commit");
        if draft.same_intent(event) {
            return Ok(true);
        }
        Err(NodeError::DuplicateUlid { ulid: draft.ulid, cid: event.cid, seq: entry.seq })
    }
}
