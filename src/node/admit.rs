use super::cache;
use super::error::NodeError;
use super::identity::Identity;
use super::index;
use super::lock::Lock;
use super::open::Node;
use crate::git::{Expected, GitError, Plane, RefName};
use crate::id::{Cid, Ns, Oid, Ulid, Writer};
use crate::ledger::{Draft, Event, Origin, Pen, Position, Union, build, event_at, last_event};
use crate::policy::consent::{Consents, tell};
use crate::policy::{Allowed, Bundle, Decision, Facts, FactsOf, Intent, Judge, Judgement, record};
use crate::trust::Signer;
use std::path::PathBuf;
use std::sync::Arc;

/// The receipt of a stored event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emitted {
    pub ns: Ns,
    pub writer: Writer,
    pub seq: u64,
    pub cid: Cid,
    pub ulid: Ulid,
    /// The append that holds it.
    pub commit: Oid,
    /// It had been stored before: same ULID, same intent.
    pub repeated: bool,
}

/// What came of an intent.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Stored(Emitted),
    /// Refused, and the refusal is on record in this commit.
    Denied {
        decision: Decision,
        audit: Oid,
    },
}

/// A journal that this clone may append to.
pub(super) struct Desk {
    pub identity: Identity,
    pub signer: Arc<Signer>,
    pub judge: Judge,
    pub policy_root: Oid,
    pub facts: Facts,
    /// What stands granted of which act, where rules read that.
    consents: Option<Consents>,
    pub ns: Ns,
}

/// Where it is kept what a bundle allowed.
fn allowed_path(policy_root: Oid) -> PathBuf {
    PathBuf::from("allowed").join(policy_root.hex())
}

/// What stands granted, as a bundle reads it, and what is known of every act of which nothing is granted or asked.
fn known(node: &Node, identity: &Identity, bundle: &Bundle) -> Result<(Option<Consents>, Facts), NodeError> {
    let consents = node.consents(bundle)?;
    let facts = FactsOf::actor(node.graph(), &identity.actor, &identity.key, None);
    let facts = tell(consents.as_ref(), facts, None)?;
    Ok((consents, facts))
}

/// The judge of the active policy, and what it is told.
fn law(node: &Node, identity: &Identity) -> Result<(Judge, Option<Consents>, Facts), NodeError> {
    let bundle = node.bundle()?;
    let (consents, facts) = known(node, identity, &bundle)?;
    let allowed = cache::read(node, &allowed_path(bundle.commit()));
    Ok((Judge::new(bundle, allowed.as_deref()), consents, facts))
}

impl Desk {
    pub(super) fn open(node: &Node, ns: &Ns) -> Result<Desk, NodeError> {
        let identity = node.identity()?;
        let signer = Arc::new(node.signer(&identity)?);
        let (judge, consents, facts) = law(node, &identity)?;
        let policy_root = judge.bundle().commit();
        Ok(Desk { judge, policy_root, facts, consents, identity, signer, ns: ns.clone() })
    }

    /// Judges by the policy that is active now, where another has become active since, and by what is granted now.
    pub(super) fn see_policy(&mut self, node: &Node) -> Result<(), NodeError> {
        if node.policy_tip()? != self.policy_root {
            return self.see_law(node);
        }
        if self.consents.is_some() {
            (self.consents, self.facts) = known(node, &self.identity, self.judge.bundle())?;
        }
        Ok(())
    }

    /// Judges by the law of a node, which may have been opened since, for the same actor with the same key.
    pub(super) fn see_law(&mut self, node: &Node) -> Result<(), NodeError> {
        (self.judge, self.consents, self.facts) = law(node, &self.identity)?;
        self.policy_root = self.judge.bundle().commit();
        Ok(())
    }

    pub(super) fn intent<'a>(&'a self, draft: &'a Draft) -> Intent<'a> {
        Intent::emit(&self.ns, &self.identity.actor, &self.identity.key, draft)
    }

    /// Judges a draft.
    pub(super) fn decide(&mut self, node: &Node, draft: &Draft) -> Result<Judgement, NodeError> {
        let intent = Intent::emit(&self.ns, &self.identity.actor, &self.identity.key, draft);
        let known = self.consents.as_ref().filter(|consents| consents.know_any());
        let told = match known.and_then(|consents| Some((consents, intent.target()?))) {
            Some((consents, target)) if consents.know(&target) => {
                let facts = FactsOf::actor(node.graph(), &self.identity.actor, &self.identity.key, None);
                Some(tell(Some(consents), facts, Some(&target))?)
            }
            _ => None,
        };
        let judgement = self.judge.decide(&intent, told.as_ref().unwrap_or(&self.facts), node.graph().tip())?;
        if let Some(learned) = self.judge.remember() {
            cache::write_among(node, &allowed_path(self.policy_root), &learned, cache::KEPT);
        }
        Ok(judgement)
    }

    /// Puts a denial on record.
    pub(super) fn record(&self, node: &Node, decision: &Decision, draft: &Draft) -> Result<Oid, NodeError> {
        let writer = node.writer(&self.identity, &self.ns)?;
        let intent = self.intent(draft);
        let full = self.judge.bundle().governance()?.audit_full;
        Ok(record(node.store(), node.ambient(), &node.repo(), &writer, &self.signer, decision, &intent, full)?)
    }
}

/// Where the next append of a journal goes: held for as long as the lock is.
pub(super) struct Place {
    _lock: Lock,
    pub origin: Origin,
    pub name: RefName,
    pub position: Position,
    /// The highest clock known in the namespace.
    pub clock: u64,
}

impl Place {
    /// Takes the lock and reads where the journal ends. `left` is where this process left it: while the ref still says so,
    /// its last append is not read again.
    pub(super) fn take(node: &Node, desk: &Desk, left: Option<&(Writer, Position)>) -> Result<Place, NodeError> {
        let ns = &desk.ns;
        let mut writer = node.writer(&desk.identity, ns)?;
        loop {
            let lock = Lock::journal(node, ns, &writer)?;
            // Whoever held the lock before may have drawn a new replica.
            let now = node.writer(&desk.identity, ns)?;
            if now != writer {
                writer = now;
                continue;
            }
            let name = RefName::own(Plane::Journal { ns: ns.clone(), writer: writer.clone() });
            let held = node.store().resolve(&name)?;
            let journals = node.union(ns)?;
            if goes_on_elsewhere(node, &journals, &writer, held)? {
                writer =
                    node.fresh_writer(&desk.identity, ns, &writer, "not all here: a fetched one goes on otherwise")?;
                continue;
            }
            let origin = Origin::new(node.repo(), ns.clone(), desk.identity.key, writer);
            let origin = origin.expect("the writer was named after this key");
            let position = match held {
                None => Position::default(),
                Some(tip) => match left.filter(|(writer, at)| *writer == origin.writer && at.commit == Some(tip)) {
                    Some((_, at)) => *at,
                    None => position_of(tip, &last_event(node.reader(), tip, &origin)?),
                },
            };
            let clock = node.highest_clock(&journals, &origin.writer, &position)?;
            return Ok(Place { _lock: lock, origin, name, position, clock });
        }
    }
}

/// Whether an append behind `held` would fork the journal: some other place has more of it, or something else.
fn goes_on_elsewhere(node: &Node, journals: &Union, writer: &Writer, held: Option<Oid>) -> Result<bool, NodeError> {
    let Some(journal) = journals.journals.iter().find(|j| j.writer == *writer) else { return Ok(false) };
    match held {
        _ if journal.fork.is_some() => Ok(true),
        None => Ok(true),
        Some(held) => Ok(held != journal.tip && !node.store().is_ancestor(journal.tip, held)?),
    }
}

fn position_of(commit: Oid, last: &Event) -> Position {
    Position { seq: last.header.seq, clock: last.header.clock, cid: Some(last.cid), commit: Some(commit) }
}

impl Node {
    /// Judges an event and appends it, or records why not. A ULID that the caller chose (`named`) makes the call
    /// idempotent: the same intent again answers with the event that is there.
    pub fn emit(&self, ns: &Ns, draft: &Draft, named: bool) -> Result<Outcome, NodeError> {
        let mut desk = Desk::open(self, ns)?;
        self.admit(&mut desk, draft, |desk, allowed| self.append(desk, draft, named, allowed))
    }

    /// The only local way an intent becomes a commit: `write` needs the `Allowed` that only judging makes.
    fn admit(
        &self,
        desk: &mut Desk,
        draft: &Draft,
        write: impl FnOnce(&Desk, &Allowed) -> Result<Emitted, NodeError>,
    ) -> Result<Outcome, NodeError> {
        match desk.decide(self, draft)? {
            Judgement::Allowed(allowed) => Ok(Outcome::Stored(write(desk, &allowed)?)),
            Judgement::Refused(decision) => {
                let audit = desk.record(self, &decision, draft)?;
                Ok(Outcome::Denied { decision: *decision, audit })
            }
        }
    }

    fn append(&self, desk: &Desk, draft: &Draft, named: bool, _: &Allowed) -> Result<Emitted, NodeError> {
        self.store().empty_tree()?;
        loop {
            let place = Place::take(self, desk, None)?;
            if named && let Some(found) = self.said_before(&place, draft)? {
                return Ok(found);
            }
            let mut pen = Pen::new(&place.origin, desk.policy_root, place.position, place.clock);
            let sealed = pen.seal(draft, self.ambient().now());
            let (seq, cid) = (sealed.header.seq, sealed.cid);
            let built = build(&place.origin, &desk.signer, place.position.commit, &[sealed], 1)?;
            let (commit, raw) = &built.commits[0];
            self.store().write_commit_raw(raw)?;
            let expected = place.position.commit.map_or(Expected::Absent, Expected::At);
            match self.store().update(&place.name, expected, *commit) {
                Ok(()) => {}
                // The lock is advisory: another program may have moved the ref. Seal again behind it.
                Err(GitError::Moved { .. }) => continue,
                Err(other) => return Err(other.into()),
            }
            let writer = place.origin.writer.clone();
            self.remember(&desk.ns, &writer, *commit);
            let ns = desk.ns.clone();
            return Ok(Emitted { ns, writer, seq, cid, ulid: draft.ulid, commit: *commit, repeated: false });
        }
    }

    /// Remembers a tip that was just written. The events are stored: whoever were told that they are not would say them
    /// again, so that a memory that cannot be written is worth a word and no more.
    pub(super) fn remember(&self, ns: &Ns, writer: &Writer, tip: Oid) {
        if let Err(e) = self.memory().remember(self.ambient(), ns, writer, tip) {
            self.notice(format!("stored, but this machine will not remember the tip {tip}: {e}"));
        }
    }

    /// The event with this ULID, where it says the same.
    pub(super) fn said_before(&self, place: &Place, draft: &Draft) -> Result<Option<Emitted>, NodeError> {
        let Some(tip) = place.position.commit else { return Ok(None) };
        let index = index::load(self, &place.origin, tip)?;
        let Some(entry) = index.find(draft.ulid) else { return Ok(None) };
        let event = event_at(self.reader(), &place.origin, entry)?;
        let cid = event.cid;
        if !draft.same_intent(&event) {
            return Err(NodeError::DuplicateUlid { ulid: draft.ulid, cid, seq: entry.seq });
        }
        Ok(Some(Emitted {
            ns: place.origin.ns.clone(),
            writer: place.origin.writer.clone(),
            seq: entry.seq,
            cid,
            ulid: draft.ulid,
            commit: entry.commit,
            repeated: true,
        }))
    }
}
