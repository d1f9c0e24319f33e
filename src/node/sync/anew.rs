use super::push::Want;
use super::{RefusedPush, Run, SealedAnew};
use crate::git::{Expected, GitError, Lost, Move, Plane, RefName};
use crate::id::{Ns, Oid, Timestamp, Ulid, Writer};
use crate::ledger::{
    Draft, EVENTS_MAX, EventStream, Loaded, Origin, Pen, Sealed, StreamPlan, build, event_at, last_event,
};
use crate::node::admit::{Desk, Place};
use crate::node::lock::Lock;
use crate::node::{Node, NodeError, index};
use crate::policy::Judgement;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Bytes of commits that are held while a journal is read.
const KEEP: usize = 8 << 20;
/// Events that are signed and stored at once.
const BATCH: usize = 8192;

/// A journal whose events behind `accepted` came too late.
struct Late {
    writer: Writer,
    tip: Oid,
    accepted: Option<Oid>,
}

/// What came of sealing the late events of a namespace anew.
enum End {
    Done(SealedAnew),
    /// Nothing has moved, for this reason.
    Left(String),
}

impl Run<'_> {
    /// Seals late events anew behind everything that is known, in a journal that the remote has not refused. False where
    /// nothing was done, so that another push would be refused alike.
    pub(super) fn seal_anew(&mut self, node: &Node, late: Vec<(Want, RefusedPush)>) -> Result<bool, NodeError> {
        self.go_on()?;
        let mut namespaces: BTreeMap<Ns, Vec<(Writer, RefusedPush)>> = BTreeMap::new();
        for (want, refused) in late {
            if let Plane::Journal { ns, writer } = want.plane {
                namespaces.entry(ns).or_default().push((writer, refused));
            }
        }
        self.progress.begin("sealing late events anew", None);
        let mut some = false;
        for (ns, late) in namespaces {
            let writers: Vec<Writer> = late.iter().map(|(writer, _)| writer.clone()).collect();
            match self.seal_namespace(node, &ns, &writers)? {
                End::Done(anew) => {
                    some = true;
                    self.done.anew.push(anew);
                }
                End::Left(why) => self.done.refused.extend(late.into_iter().map(|(_, mut refused)| {
                    refused.said.push(format!("not sealed anew: {why}"));
                    refused
                })),
            }
        }
        self.progress.end();
        Ok(some)
    }

    fn seal_namespace(&mut self, node: &Node, ns: &Ns, writers: &[Writer]) -> Result<End, NodeError> {
        let mut desk = match Desk::open(node, ns) {
            Ok(desk) => desk,
            Err(NodeError::NoKey(why)) => return Ok(End::Left(why)),
            Err(other) => return Err(other),
        };
        if let Some(other) = writers.iter().find(|w| *w.actor() != desk.identity.actor) {
            let (theirs, ours) = (other.actor(), &desk.identity.actor);
            return Ok(End::Left(format!("they are of {theirs}, and this clone speaks for {ours}")));
        }
        // Of two syncs in one clone the second finds nothing left to do.
        let _one = Lock::of(node.ambient(), node.store().common_dir(), "anew")?;
        let _locks = writers.iter().map(|w| Lock::journal(node, ns, w)).collect::<Result<Vec<_>, _>>()?;
        let Some(late) = self.late_journals(ns, writers)? else {
            return Ok(End::Left("another process has moved them meanwhile; sync again".into()));
        };
        let current = node.writer(&desk.identity, ns)?;
        if writers.contains(&current) {
            node.fresh_writer(&desk.identity, ns, &current, "too late for the newest checkpoint")?;
        }
        let place = Place::take(node, &desk, None)?;
        let sealing = Sealing { node, place: &place, late: &late };
        sealing.run(&mut desk)
    }

    /// The journals as they stand; none where one is gone.
    fn late_journals(&self, ns: &Ns, writers: &[Writer]) -> Result<Option<Vec<Late>>, NodeError> {
        let mut late = Vec::with_capacity(writers.len());
        for writer in writers {
            let plane = Plane::Journal { ns: ns.clone(), writer: writer.clone() };
            let Some(tip) = self.store.resolve(&RefName::own(plane.clone()))? else { return Ok(None) };
            late.push(Late { writer: writer.clone(), tip, accepted: self.tracking(&plane)? });
        }
        Ok(Some(late))
    }
}

impl Node {
    /// Whether an append came too late and lies among the lost: its events are said again in another journal.
    pub(in crate::node) fn was_sealed_anew(&self, ns: &Ns, writer: &Writer, tip: Oid) -> Result<bool, NodeError> {
        let lost = Lost { ns: ns.clone(), writer: writer.clone() };
        let Some(held) = self.store().resolve_ref(&lost.to_string())? else { return Ok(false) };
        Ok(held == tip || self.store().is_ancestor(tip, held)?)
    }
}

/// One namespace on its way into another journal.
struct Sealing<'a> {
    node: &'a Node,
    place: &'a Place,
    late: &'a [Late],
}

impl Sealing<'_> {
    /// Objects first; then one transaction moves the old journals to the lost, their refs back to what was accepted of them,
    /// and the new one to its end, so that whoever
    /// reads meets each event once whenever he looks.
    fn run(&self, desk: &mut Desk) -> Result<End, NodeError> {
        let (node, place) = (self.node, self.place);
        node.store().empty_tree()?;
        let origin = &place.origin;
        let mut pen = Pen::new(origin, desk.policy_root, place.position, place.clock);
        let mut tip = place.position.commit;
        let mut events = 0;
        let mut batch: Vec<Sealed> = Vec::new();
        let mut said = Spoken::of(node, place)?;
        let mut queue = Queue::open(self)?;
        while let Some(loaded) = queue.next()? {
            let Some(draft) = Draft::of(&loaded.event) else {
                return Ok(End::Left(format!("{} is not one that may be said", loaded.event.cid)));
            };
            if let Judgement::Refused(decision) = desk.decide(node, &draft)? {
                let audit = desk.record(node, &decision, &draft)?;
                return Ok(End::Left(format!("{}: {} (log {audit})", decision.rule, decision.reason)));
            }
            match said.before(&draft)? {
                Before::Never => {}
                Before::Same => continue,
                Before::Other => {
                    return Ok(End::Left(format!("{} means something else in {}", draft.ulid, origin.writer)));
                }
            }
            batch.push(pen.seal(&draft, said_at(&loaded)));
            events += 1;
            if batch.len() == BATCH {
                tip = self.store(desk, tip, &mut batch)?;
            }
        }
        if let Some(why) = queue.fault() {
            return Ok(End::Left(why));
        }
        tip = self.store(desk, tip, &mut batch)?;
        match self.turn(tip) {
            Ok(()) => self.remember(tip),
            // The locks are advisory: another program may have moved a journal. What it wrote stays.
            Err(NodeError::Git(GitError::Moved { name, .. })) => {
                return Ok(End::Left(format!("another process has moved {name} meanwhile; sync again")));
            }
            Err(other) => return Err(other),
        }
        let from = self.late.iter().map(|late| late.writer.clone()).collect();
        Ok(End::Done(SealedAnew { ns: origin.ns.clone(), from, to: origin.writer.clone(), events }))
    }

    fn store(&self, desk: &Desk, parent: Option<Oid>, batch: &mut Vec<Sealed>) -> Result<Option<Oid>, NodeError> {
        if batch.is_empty() {
            return Ok(parent);
        }
        let built = build(&self.place.origin, &desk.signer, parent, batch, EVENTS_MAX)?;
        for (_, raw) in &built.commits {
            self.node.store().write_commit_raw(raw)?;
        }
        batch.clear();
        Ok(built.commits.last().map(|(commit, _)| *commit))
    }

    /// This machine's other clones have no lost journals to look into: the memory of all of them follows.
    fn remember(&self, tip: Option<Oid>) {
        let (node, ns) = (self.node, &self.place.origin.ns);
        if let Some(tip) = tip {
            node.remember(ns, &self.place.origin.writer, tip);
        }
        for late in self.late {
            match late.accepted {
                Some(accepted) => node.remember(ns, &late.writer, accepted),
                None => {
                    if let Err(e) = node.memory().forget(ns, &late.writer) {
                        node.notice(format!("sealed anew, but this machine still remembers the tip {}: {e}", late.tip));
                    }
                }
            }
        }
    }

    fn turn(&self, tip: Option<Oid>) -> Result<(), NodeError> {
        let (store, ns) = (self.node.store(), &self.place.origin.ns);
        let expected = |held: Option<Oid>| held.map_or(Expected::Absent, Expected::At);
        let mut moves = Vec::new();
        for late in self.late {
            let lost = Lost { ns: ns.clone(), writer: late.writer.clone() }.to_string();
            let before = store.resolve_ref(&lost)?;
            // What was lost before stays findable: it only grows.
            if let Some(before) = before
                && !store.is_ancestor(before, late.tip)?
            {
                return Err(GitError::Moved { name: lost, expected: Expected::Absent, found: Some(before) }.into());
            }
            moves.push(Move { name: lost, expected: expected(before), new: Some(late.tip) });
            let own = RefName::own(Plane::Journal { ns: ns.clone(), writer: late.writer.clone() });
            // What was accepted of it stays this clone's to give: another server may not have it yet.
            moves.push(Move { name: own.to_string(), expected: Expected::At(late.tip), new: late.accepted });
        }
        if tip != self.place.position.commit {
            let name = self.place.name.to_string();
            moves.push(Move { name, expected: expected(self.place.position.commit), new: tip });
        }
        Ok(store.transact(&moves)?)
    }
}

/// The time that the event claims: it was said then, whatever the order became.
fn said_at(loaded: &Loaded) -> Timestamp {
    loaded.event.header.ts
}

/// The late events of several journals in the order of the window.
struct Queue<'r> {
    streams: Vec<(Writer, EventStream<'r>, Option<Loaded>)>,
}

impl<'r> Queue<'r> {
    fn open(sealing: &Sealing<'r>) -> Result<Queue<'r>, NodeError> {
        let reader = sealing.node.reader();
        let mut streams = Vec::with_capacity(sealing.late.len());
        for late in sealing.late {
            let (ns, writer) = (sealing.place.origin.ns.clone(), late.writer.clone());
            let key = sealing.node.graph().key_with_prefix(writer.actor(), writer.key8());
            let origin = key.and_then(|key| Origin::new(sealing.node.repo(), ns, key, writer.clone()));
            let origin = Arc::new(origin.ok_or_else(|| NodeError::NoKey(format!("trust knows no key of {writer}")))?);
            let after = match late.accepted {
                None => None,
                Some(commit) => Some((commit, last_event(reader, commit, &origin)?.header.seq)),
            };
            let plan = StreamPlan { after, keep: KEEP, ..StreamPlan::whole(origin, late.tip) };
            let mut stream = EventStream::open(reader, plan)?;
            let head = stream.next_event()?;
            streams.push((writer, stream, head));
        }
        Ok(Queue { streams })
    }

    fn next(&mut self) -> Result<Option<Loaded>, NodeError> {
        let first = self.streams.iter_mut().filter(|(_, _, head)| head.is_some()).min_by(|a, b| {
            let clock = |head: &Option<Loaded>| head.as_ref().map(|loaded| loaded.event.header.clock);
            (clock(&a.2), &a.0).cmp(&(clock(&b.2), &b.0))
        });
        let Some((_, stream, head)) = first else { return Ok(None) };
        let next = stream.next_event()?;
        Ok(std::mem::replace(head, next))
    }

    /// Why a journal ended before its tip.
    fn fault(&self) -> Option<String> {
        self.streams.iter().find_map(|(writer, stream, _)| {
            let fault = stream.fault()?;
            Some(format!("{writer} is damaged at {}: {}", fault.commit, fault.sentence))
        })
    }
}

/// The ULIDs that the new journal holds.
struct Spoken<'n> {
    node: &'n Node,
    place: &'n Place,
    index: Option<crate::ledger::UlidIndex>,
    now: HashMap<Ulid, crate::id::Blake3>,
}

enum Before {
    Never,
    Same,
    Other,
}

impl<'n> Spoken<'n> {
    fn of(node: &'n Node, place: &'n Place) -> Result<Spoken<'n>, NodeError> {
        let index = place.position.commit.map(|tip| index::load(node, &place.origin, tip)).transpose()?;
        Ok(Spoken { node, place, index, now: HashMap::new() })
    }

    fn before(&mut self, draft: &Draft) -> Result<Before, NodeError> {
        let judged = |same: bool| if same { Before::Same } else { Before::Other };
        if let Some(held) = self.now.get(&draft.ulid) {
            return Ok(judged(*held == draft.intent()));
        }
        if let Some(entry) = self.index.as_ref().and_then(|index| index.find(draft.ulid)) {
            let event = event_at(self.node.reader(), &self.place.origin, entry)?;
            return Ok(judged(draft.same_intent(&event)));
        }
        self.now.insert(draft.ulid, draft.intent());
        Ok(Before::Never)
    }
}
