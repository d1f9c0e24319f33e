use super::append::{Append, Check, decode};
use super::envelope::{Event, Origin};
use super::error::{Fault, LedgerError};
use super::journal::{Position, fault_of};
use crate::git::{Chain, Reader};
use crate::id::Oid;
use crate::trust::Verifier;
use std::collections::{HashSet, VecDeque};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex};

/// Commits handed to a worker at once.
const JOB_COMMITS: usize = 64;
/// Bytes after which a job is full.
const JOB_BYTES: usize = 128 << 10;
/// A journal this short is read without threads.
const WORTH_THREADS: usize = 24;
/// Bytes of commits that a reader holds who asks for no more.
const KEEP: usize = 1 << 20;

/// Which part of a journal to read, and how much to believe.
#[derive(Clone)]
pub struct StreamPlan {
    pub origin: Arc<Origin>,
    pub tip: Oid,
    /// Begin behind this event: its commit and sequence number.
    pub after: Option<(Oid, u64)>,
    /// End with this event.
    pub until: Option<u64>,
    /// Up to this commit everything was verified before by this clone.
    pub remembered: Option<Oid>,
    /// The ids of the commits are computed too.
    pub hashed: bool,
    /// Threads that may decode and verify; 0 = none but the reader's own.
    pub threads: usize,
    /// Bytes of commits that may be held instead of being read twice.
    pub keep: usize,
}

impl StreamPlan {
    /// All of a journal, verified by the reader alone and held as little as that takes.
    pub fn whole(origin: Arc<Origin>, tip: Oid) -> StreamPlan {
        StreamPlan { origin, tip, after: None, until: None, remembered: None, hashed: false, threads: 1, keep: KEEP }
    }
}

/// One event with the commit that holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    pub commit: Oid,
    pub event: Event,
}

/// The events of a journal, oldest first, decoded and verified by a few threads ahead of the reader. At the first bad
/// append the stream ends and `fault` says why: a journal counts up to its last good append.
pub struct EventStream<'r> {
    plan: StreamPlan,
    chain: Chain<'r>,
    /// Commits of the chain still to come that need no verification.
    trusted_left: usize,
    /// Commits that were verified out of order.
    verified: HashSet<Oid>,
    workers: Option<Workers>,
    pending: VecDeque<Receiver<Vec<Result<Append, Fault>>>>,
    decoded: VecDeque<Result<Append, Fault>>,
    ready: VecDeque<Loaded>,
    position: Position,
    fault: Option<Fault>,
    finished: bool,
}

impl<'r> EventStream<'r> {
    pub fn open(reader: &'r Reader, plan: StreamPlan) -> Result<EventStream<'r>, LedgerError> {
        let read =
            |source| LedgerError::Read { ns: plan.origin.ns.clone(), writer: plan.origin.writer.clone(), source };
        let mut ready = VecDeque::new();
        let mut position = Position::default();
        if let Some((commit, seq)) = plan.after {
            let raw = reader.raw_commit(commit).map_err(read)?;
            let append =
                decode(commit, &raw, &plan.origin, Check::Remembered).map_err(|fault| fault_of(&plan.origin, fault))?;
            for event in append.events {
                let h = event.header;
                position = Position { seq: h.seq, clock: h.clock, cid: Some(event.cid), commit: Some(commit) };
                if h.seq > seq {
                    ready.push_back(Loaded { commit, event });
                }
            }
        }
        // While the way is walked back, the other cores verify what is seen: no signature depends on another.
        let mut ahead = Ahead::new(&plan);
        let after = plan.after.map(|(commit, _)| commit);
        let chain = reader.chain_shown(plan.tip, after, plan.keep, |oid, raw| ahead.see(oid, raw)).map_err(read)?;
        let trusted_left = plan.remembered.and_then(|head| chain.place_of(head)).map_or(0, |at| at + 1);
        let (workers, verified) = ahead.end();
        let workers =
            workers.or_else(|| (plan.threads > 0 && chain.len() >= WORTH_THREADS).then(|| Workers::start(&plan)));
        Ok(EventStream {
            plan,
            chain,
            trusted_left,
            verified,
            workers,
            pending: VecDeque::new(),
            decoded: VecDeque::new(),
            ready,
            position,
            fault: None,
            finished: false,
        })
    }

    /// What is wrong with the append behind the last good one.
    pub fn fault(&self) -> Option<&Fault> {
        self.fault.as_ref()
    }

    /// How far the journal has been accepted.
    pub fn position(&self) -> &Position {
        &self.position
    }

    pub fn origin(&self) -> &Arc<Origin> {
        &self.plan.origin
    }

    /// The next event; `None` at the end or behind the last good append.
    pub fn next_event(&mut self) -> Result<Option<Loaded>, LedgerError> {
        loop {
            if let Some(loaded) = self.ready.pop_front() {
                if self.plan.until.is_some_and(|last| loaded.event.header.seq > last) {
                    self.ready.clear();
                    self.finished = true;
                    return Ok(None);
                }
                return Ok(Some(loaded));
            }
            if self.finished {
                return Ok(None);
            }
            match self.next_append()? {
                None => self.finished = true,
                Some(Ok(append)) => match self.position.accept(&append) {
                    Ok(()) => {
                        let commit = append.commit;
                        self.ready.extend(append.events.into_iter().map(|event| Loaded { commit, event }));
                    }
                    Err(fault) => self.stop(fault),
                },
                Some(Err(fault)) => self.stop(fault),
            }
        }
    }

    fn stop(&mut self, fault: Fault) {
        self.fault = Some(fault);
        self.finished = true;
    }

    fn next_append(&mut self) -> Result<Option<Result<Append, Fault>>, LedgerError> {
        if let Some(append) = self.decoded.pop_front() {
            return Ok(Some(append));
        }
        let Some(ahead) = self.workers.as_ref().map(Workers::ahead) else {
            return self.decode_here();
        };
        while self.pending.len() < ahead {
            match self.job()? {
                Some(job) => {
                    let (answer, receiver) = sync_channel(1);
                    self.workers.as_ref().expect("checked above").give(Work { job, answer });
                    self.pending.push_back(receiver);
                }
                None => break,
            }
        }
        match self.pending.pop_front() {
            None => Ok(None),
            Some(receiver) => {
                self.decoded.extend(receiver.recv().expect("a worker answers each job"));
                Ok(self.decoded.pop_front())
            }
        }
    }

    fn decode_here(&mut self) -> Result<Option<Result<Append, Fault>>, LedgerError> {
        let Some((commit, raw, trusted)) = self.next_raw()? else { return Ok(None) };
        let verifier = if trusted { None } else { Verifier::new(&self.plan.origin.key) };
        Ok(Some(decode_one(commit, &raw, &self.plan, trusted, verifier.as_ref())))
    }

    fn job(&mut self) -> Result<Option<Vec<Raw>>, LedgerError> {
        let mut job = Vec::with_capacity(JOB_COMMITS);
        let mut bytes = 0;
        while job.len() < JOB_COMMITS && bytes < JOB_BYTES {
            match self.next_raw()? {
                Some(item) => {
                    bytes += item.1.len();
                    job.push(item);
                }
                None => break,
            }
        }
        Ok(if job.is_empty() { None } else { Some(job) })
    }

    fn next_raw(&mut self) -> Result<Option<Raw>, LedgerError> {
        let Some(step) = self.chain.next() else { return Ok(None) };
        let (commit, raw) = step.map_err(|source| LedgerError::Read {
            ns: self.plan.origin.ns.clone(),
            writer: self.plan.origin.writer.clone(),
            source,
        })?;
        let trusted = self.trusted_left > 0 || self.verified.remove(&commit);
        self.trusted_left = self.trusted_left.saturating_sub(1);
        Ok(Some((commit, raw, trusted)))
    }
}

fn decode_one(
    commit: Oid,
    raw: &[u8],
    plan: &StreamPlan,
    trusted: bool,
    verifier: Option<&Verifier>,
) -> Result<Append, Fault> {
    let origin = &plan.origin;
    match (trusted, verifier) {
        (true, _) => decode(commit, raw, origin, Check::Remembered),
        (false, Some(verifier)) if plan.hashed => decode(commit, raw, origin, Check::Hashed(verifier)),
        (false, Some(verifier)) => decode(commit, raw, origin, Check::Signed(verifier)),
        (false, None) => Err(Fault {
            commit,
            seq: None,
            code: "sig.bad",
            sentence: format!("{} is not a key that can sign", origin.key),
        }),
    }
}

/// A commit as it was read, and whether it was verified before.
type Raw = (Oid, Vec<u8>, bool);

struct Work {
    job: Vec<Raw>,
    answer: SyncSender<Vec<Result<Append, Fault>>>,
}

/// Larger commits hold many events under one signature: reading them twice would cost more than verifying them once.
const WORTH_AHEAD: usize = 4 << 10;

/// Verification that runs ahead while a journal is walked back: of as many commits as the cores manage meanwhile.
struct Ahead<'p> {
    plan: &'p StreamPlan,
    workers: Option<Workers>,
    job: Vec<Raw>,
    waiting: VecDeque<Receiver<Vec<Result<Append, Fault>>>>,
    verified: HashSet<Oid>,
    seen: usize,
    /// What was verified before has been met.
    over: bool,
}

impl<'p> Ahead<'p> {
    fn new(plan: &'p StreamPlan) -> Ahead<'p> {
        let (job, waiting, verified) = (Vec::new(), VecDeque::new(), HashSet::new());
        Ahead { plan, workers: None, job, waiting, verified, seen: 0, over: false }
    }

    fn see(&mut self, oid: Oid, raw: &[u8]) {
        self.over |= self.plan.remembered == Some(oid);
        self.seen += 1;
        if self.over || self.plan.threads == 0 || self.seen < WORTH_THREADS || raw.len() > WORTH_AHEAD {
            return;
        }
        let workers = self.workers.get_or_insert_with(|| Workers::start(self.plan));
        if self.job.is_empty() && self.waiting.len() >= workers.ahead() {
            match self.waiting.front().map(Receiver::try_recv) {
                Some(Ok(done)) => self.take(done),
                _ => return,
            }
        }
        self.job.push((oid, raw.to_vec(), false));
        if self.job.len() == JOB_COMMITS {
            self.give();
        }
    }

    fn give(&mut self) {
        let (answer, receiver) = sync_channel(1);
        let job = std::mem::take(&mut self.job);
        if let Some(workers) = &self.workers {
            workers.give(Work { job, answer });
            self.waiting.push_back(receiver);
        }
    }

    /// Only what is good counts: a fault is found again, and named, in its place.
    fn take(&mut self, done: Vec<Result<Append, Fault>>) {
        self.waiting.pop_front();
        self.verified.extend(done.into_iter().flatten().map(|append| append.commit));
    }

    fn end(mut self) -> (Option<Workers>, HashSet<Oid>) {
        while let Some(receiver) = self.waiting.front() {
            let done = receiver.recv().expect("a worker answers each job");
            self.take(done);
        }
        (self.workers, self.verified)
    }
}

/// Threads that decode and verify. They end when their stream is dropped.
struct Workers {
    queue: Sender<Work>,
    count: usize,
}

impl Workers {
    fn start(plan: &StreamPlan) -> Workers {
        let (queue, jobs) = channel::<Work>();
        let jobs = Arc::new(Mutex::new(jobs));
        let count = plan.threads;
        for _ in 0..count {
            let (jobs, plan) = (Arc::clone(&jobs), plan.clone());
            std::thread::spawn(move || {
                let verifier = Verifier::new(&plan.origin.key);
                loop {
                    let next = jobs.lock().expect("no worker panics while it waits").recv();
                    let Ok(Work { job, answer }) = next else { return };
                    let decoded = job
                        .into_iter()
                        .map(|(commit, raw, trusted)| decode_one(commit, &raw, &plan, trusted, verifier.as_ref()))
                        .collect();
                    // Nobody waits any more where the stream was dropped early.
                    let _ = answer.send(decoded);
                }
            });
        }
        Workers { queue, count }
    }

    /// How many jobs are kept in flight.
    fn ahead(&self) -> usize {
        self.count * 3
    }

    fn give(&self, work: Work) {
        self.queue.send(work).expect("the workers wait for as long as the stream lives");
    }
}
