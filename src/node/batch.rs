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

/// What a run of batches keeps when the trust graph moves under it.
struct Carried {
    desk: Desk,
    group: usize,
    /// Where the journal ended behind the last batch.
    left: Option<(Writer, Position)>,
    batch: Batch,
    /// Events in hand that wait for the new trust graph, and how their batch was closed.
    waiting: Option<(Vec<BatchEvent>, Closed)>,
}

/// A run of batches under one trust graph.
struct Run<'n> {
    node: &'n Node,
    known: Known<'n>,
    now: Carried,
}

/// How a run ended.
enum Turn {
    End,
    /// The trust graph has moved: what is in hand is judged by the one that this repository was opened with.
    Trust(Box<Node>),
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
        let mut gather = Gather::new(feed);
        let mut now = match Carried::open(self, ns, group) {
            Ok(carried) => carried,
            Err(e) => return (Batch::default(), Err(e.into())),
        };
        let mut newer: Option<Node> = None;
        let ended = loop {
            let node = newer.as_ref().unwrap_or(self);
            let mut run = Run { node, known: Known::new(node), now };
            let turn = run.all(&mut gather, told, cancel);
            now = run.now;
            match turn {
                Ok(Turn::End) => break Ok(()),
                Ok(Turn::Trust(fresh)) => {
                    self.hear(&fresh);
                    if let Err(e) = now.desk.see_law(&fresh) {
                        break Err(e.into());
                    }
                    newer = Some(*fresh);
                }
                Err(e) => break Err(e),
            }
        };
        self.tidy();
        (now.batch, ended)
    }

    /// Takes over what another opening of the same repository noticed. That a fork of trust stands was said before.
    fn hear(&self, other: &Node) {
        let said = |notice: &String| self.alarm().is_some_and(|alarm| alarm.to_string() == *notice);
        other.take_notices().into_iter().filter(|notice| !said(notice)).for_each(|notice| self.notice(notice));
    }

    /// Many small packs slow down every later write.
    fn tidy(&self) {
        if let Err(e) = self.store().tidy_packs() {
            self.notice(format!("the packs could not be joined: {e}"));
        }
    }
}

impl Carried {
    fn open(node: &Node, ns: &Ns, group: usize) -> Result<Carried, NodeError> {
        let desk = Desk::open(node, ns)?;
        node.store().empty_tree()?;
        // A replica is drawn before any ULID is.
        node.writer(&desk.identity, ns)?;
        let group = group.min(EVENTS_MAX);
        Ok(Carried { desk, group, left: None, batch: Batch::default(), waiting: None })
    }
}

impl Run<'_> {
    fn all<F: Feed>(
        &mut self,
        gather: &mut Gather<'_, F>,
        told: &mut dyn FnMut(Progressed),
        cancel: &Cancel,
    ) -> Result<Turn, F::Error> {
        loop {
            let (events, closed) = match self.now.waiting.take() {
                Some(waiting) => waiting,
                None => gather.batch(cancel)?,
            };
            if !events.is_empty() {
                // A pipe may stay open for days: whoever lost his key meanwhile writes no more.
                if let Some(fresh) = self.node.trust_moved()? {
                    self.now.waiting = Some((events, closed));
                    return Ok(Turn::Trust(Box::new(fresh)));
                }
                self.keep(&events)?;
                if self.now.batch.denied.is_some() {
                    return Ok(Turn::End);
                }
                told(Progressed { lines: self.now.batch.lines });
            }
            match closed {
                Closed::Full => {}
                Closed::Paused => self.node.tidy(),
                Closed::End => return Ok(Turn::End),
                Closed::Cancelled => {
                    self.now.batch.cancelled = true;
                    return Ok(Turn::End);
                }
            }
        }
    }

    /// Judges, seals and stores one batch, holding the lock of the journal.
    fn keep(&mut self, events: &[BatchEvent]) -> Result<(), NodeError> {
        loop {
            // Where the journal ends is asked anew each time: others append while the lock is free.
            let place = Place::take(self.node, &self.now.desk, self.now.left.as_ref())?;
            self.now.desk.see_policy(self.node)?;
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
            self.now.batch.lines += events.len() as u64;
            self.now.batch.repeated += signed.repeated;
            return Ok(());
        }
    }

    /// Judges and seals here, while a second thread signs what is sealed. Nothing where a line was denied.
    fn sign(&mut self, place: &Place, events: &[BatchEvent]) -> Result<Option<Signed>, NodeError> {
        let (signer, group) = (Arc::clone(&self.now.desk.signer), self.now.group);
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
        let slice = self.now.group * (SLICE_EVENTS / self.now.group).max(1);
        let mut pen = Pen::new(&place.origin, self.now.desk.policy_root, place.position, place.clock);
        let mut signed = Signed::default();
        let mut sealed = Vec::with_capacity(slice.min(events.len()));
        self.now.batch.judged = self.now.batch.lines;
        for BatchEvent { draft, named } in events {
            self.now.batch.judged += 1;
            if let Judgement::Refused(decision) = self.now.desk.decide(self.node, draft)? {
                let audit = self.now.desk.record(self.node, &decision, draft)?;
                self.now.batch.denied = Some((*decision, audit));
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
        let (ns, writer) = (self.now.desk.ns.clone(), place.origin.writer.clone());
        node.remember(&ns, &writer, commit);
        self.now.left = Some((writer.clone(), Position { seq, clock, cid: Some(cid), commit: Some(commit) }));
        self.now.batch.last = Some(Emitted { ns, writer, seq, cid, ulid, commit, repeated: false });
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
