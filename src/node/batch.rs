use super::admit::{Desk, Emitted, Place};
use super::error::NodeError;
use super::gather::{BatchEvent, Closed, Feed, Gather};
use super::known::Known;
use super::open::Node;
use crate::ambient::Cancel;
use crate::git::{Compressed, Expected, GitError};
use crate::id::{Cid, Ns, Oid, Writer};
use crate::ledger::{EVENTS_MAX, Header, Pen, Position, Sealed, build};
use crate::policy::{Decision, Judgement};
use crate::trust::Signer;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// So many events, or the next multiple of a group below, are signed while the following ones are sealed.
const SLICE_EVENTS: usize = 512;
/// Slices that may wait to be signed.
const SLICES_AHEAD: usize = 8;

/// What a run of batches stored.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Batch {
    /// Lines that are stored, those stored before included: `--skip` resumes behind them.
    pub lines: u64,
    /// Of these, the ones that had been stored before.
    pub repeated: u64,
    /// The line that was judged last, from 1.
    pub judged: u64,
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

/// A run of batches.
struct Run<'n> {
    node: &'n Node,
    desk: Desk,
    known: Known<'n>,
    group: usize,
    /// Where the journal ended behind the last batch.
    left: Option<(Writer, Position)>,
    batch: Batch,
}

/// The appends of a batch, as they are stored.
#[derive(Default)]
struct Commits {
    pack: Compressed,
    /// The bytes of the one append where there is no other.
    alone: Option<Vec<u8>>,
}

/// A batch that is signed and not stored yet.
#[derive(Default)]
struct Signed {
    commits: Commits,
    /// Header and CID of its last event.
    last: Option<(Header, Cid)>,
    /// So many of its lines had been stored before.
    repeated: u64,
}

impl Node {
    /// Appends many events, batch by batch. The lock of the journal is held while a batch is judged, sealed and stored, and
    /// not while the next is waited for. An error of the source ends the run before the batch in hand; a request to stop
    /// ends it behind that batch. All earlier batches stay.
    pub fn emit_batch<F: Feed>(
        &self,
        ns: &Ns,
        group: usize,
        feed: &mut F,
        told: &mut dyn FnMut(Progressed),
        cancel: &Cancel,
    ) -> (Batch, Result<(), F::Error>) {
        let mut run = match Run::open(self, ns, group) {
            Ok(run) => run,
            Err(e) => return (Batch::default(), Err(e.into())),
        };
        let ended = run.all(&mut Gather::new(feed), told, cancel);
        self.tidy();
        (run.batch, ended)
    }

    /// Many small packs slow down every later write.
    fn tidy(&self) {
        if let Err(e) = self.store().tidy_packs() {
            self.notice(format!("the packs could not be joined: {e}"));
        }
    }
}

impl<'n> Run<'n> {
    fn open(node: &'n Node, ns: &Ns, group: usize) -> Result<Run<'n>, NodeError> {
        let desk = Desk::open(node, ns)?;
        node.store().empty_tree()?;
        // A replica is drawn before any ULID is.
        node.writer(&desk.identity, ns)?;
        let (known, group) = (Known::new(node), group.min(EVENTS_MAX));
        Ok(Run { node, desk, known, group, left: None, batch: Batch::default() })
    }

    fn all<F: Feed>(
        &mut self,
        gather: &mut Gather<'_, F>,
        told: &mut dyn FnMut(Progressed),
        cancel: &Cancel,
    ) -> Result<(), F::Error> {
        loop {
            let (events, closed) = gather.batch(cancel)?;
            if !events.is_empty() {
                self.keep(&events)?;
                if self.batch.denied.is_some() {
                    return Ok(());
                }
                told(Progressed { lines: self.batch.lines });
            }
            match closed {
                Closed::Full => {}
                Closed::Paused => self.node.tidy(),
                Closed::End => return Ok(()),
                Closed::Cancelled => {
                    self.batch.cancelled = true;
                    return Ok(());
                }
            }
        }
    }

    /// Judges, seals and stores one batch, holding the lock of the journal.
    fn keep(&mut self, events: &[BatchEvent]) -> Result<(), NodeError> {
        loop {
            // Where the journal ends is asked anew each time: others append while the lock is free.
            let place = Place::take(self.node, &self.desk, self.left.as_ref())?;
            self.desk.see_policy(self.node)?;
            let Some(signed) = self.sign(&place, events)? else { return Ok(()) };
            match self.store(&place, &signed) {
                Ok(()) => {}
                // The lock is advisory: another program may have moved the ref. Seal again behind it.
                Err(NodeError::Git(GitError::Moved { .. })) => {
                    self.known.forget();
                    continue;
                }
                Err(other) => return Err(other),
            }
            self.batch.lines += events.len() as u64;
            self.batch.repeated += signed.repeated;
            return Ok(());
        }
    }

    /// Judges and seals here, while a second thread signs what is sealed. Nothing where a line was denied.
    fn sign(&mut self, place: &Place, events: &[BatchEvent]) -> Result<Option<Signed>, NodeError> {
        let (signer, group) = (Arc::clone(&self.desk.signer), self.group);
        std::thread::scope(|scope| {
            let (slices, inbox) = sync_channel(SLICES_AHEAD);
            let signing = scope.spawn(move || build_all(place, &signer, group, &inbox));
            let sealed = self.seal(place, events, &slices);
            drop(slices);
            let commits = signing.join().expect("signing does not panic");
            let Some(signed) = sealed? else { return Ok(None) };
            Ok(Some(Signed { commits: commits?, ..signed }))
        })
    }

    /// Judges and seals, and hands over what is sealed, slice by slice.
    fn seal(
        &mut self,
        place: &Place,
        events: &[BatchEvent],
        slices: &SyncSender<Vec<Sealed>>,
    ) -> Result<Option<Signed>, NodeError> {
        let slice = self.group * (SLICE_EVENTS / self.group).max(1);
        let mut pen = Pen::new(&place.origin, self.desk.policy_root, place.position, place.clock);
        let mut signed = Signed::default();
        let mut sealed = Vec::with_capacity(slice.min(events.len()));
        self.batch.judged = self.batch.lines;
        for BatchEvent { draft, named } in events {
            self.batch.judged += 1;
            if let Judgement::Refused(decision) = self.desk.decide(self.node, draft)? {
                let audit = self.desk.record(self.node, &decision, draft)?;
                self.batch.denied = Some((*decision, audit));
                return Ok(None);
            }
            if *named && self.known.said_before(place, draft)? {
                signed.repeated += 1;
                continue;
            }
            let event = pen.seal(draft, self.node.ambient().now());
            if *named {
                self.known.note(draft, &event);
            }
            signed.last = Some((event.header, event.cid));
            sealed.push(event);
            if sealed.len() == slice && slices.send(std::mem::take(&mut sealed)).is_err() {
                // Whoever signs ended with an error, which is waiting to be read.
                return Ok(Some(signed));
            }
        }
        if !sealed.is_empty() {
            let _ = slices.send(sealed);
        }
        Ok(Some(signed))
    }

    /// Packs and stores a signed batch and moves the ref once.
    fn store(&mut self, place: &Place, signed: &Signed) -> Result<(), NodeError> {
        let Some((Header { seq, clock, ulid, .. }, cid)) = signed.last else { return Ok(()) };
        let node = self.node;
        match &signed.commits.alone {
            // A pipe that pauses often would leave a pack for each pause.
            Some(raw) => {
                node.store().write_commit_raw(raw)?;
            }
            None => node.store().write_pack(&signed.commits.pack)?,
        }
        let commit = *signed.commits.pack.ids().last().expect("there is an event to hold");
        let expected = place.position.commit.map_or(Expected::Absent, Expected::At);
        node.store().update(&place.name, expected, commit)?;
        self.known.stored(place, commit);
        let (ns, writer) = (self.desk.ns.clone(), place.origin.writer.clone());
        node.remember(&ns, &writer, commit);
        self.left = Some((writer.clone(), Position { seq, clock, cid: Some(cid), commit: Some(commit) }));
        self.batch.last = Some(Emitted { ns, writer, seq, cid, ulid, commit, repeated: false });
        Ok(())
    }
}

/// Signs slices, chains them behind the place and compresses them, until there are no more.
fn build_all(
    place: &Place,
    signer: &Signer,
    group: usize,
    slices: &Receiver<Vec<Sealed>>,
) -> Result<Commits, NodeError> {
    let mut commits = Commits::default();
    for events in slices {
        let parent = commits.pack.ids().last().copied().or(place.position.commit);
        let mut built = build(&place.origin, signer, parent, &events, group)?.commits;
        commits.pack.add(&built);
        commits.alone = built.pop().map(|(_, raw)| raw).filter(|_| commits.pack.ids().len() == 1);
    }
    Ok(commits)
}
