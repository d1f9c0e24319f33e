//! Bringing a clone and a remote together: what was fetched lies in its own namespace, what is adopted was checked as reading
//! checks it, what is pushed is this clone's own.

mod adopt;
mod anew;
mod clone;
mod consents;
mod fetch;
mod push;
mod received;
mod refold;

use super::error::NodeError;
use super::open::Node;
use crate::ambient::{Ambient, Cancel, Progress};
use crate::git::{GitError, Place, Plane, RefName, Scope, Store};
use crate::id::{Ns, Oid, Segment, Writer};
pub use clone::{CloneEnd, CloneOrder, Cloned, clone};
use fetch::Seen;

/// Times that something is tried again because the remote moved meanwhile.
const ROUNDS: usize = 5;

/// A ref that moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovedRef {
    pub name: String,
    pub new: Oid,
}

/// A ref that the remote did not take, and what it said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedPush {
    pub name: String,
    /// The rule of the gate, where a gate refused.
    pub rule: Option<String>,
    pub reason: String,
    /// The lines of the remote.
    pub said: Vec<String>,
}

/// Events that came too late and were sealed anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedAnew {
    pub ns: Ns,
    /// The journals that held them, which now lie among the lost.
    pub from: Vec<Writer>,
    pub to: Writer,
    pub events: u64,
}

/// What a sync did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Synced {
    pub remote: Segment,
    /// Refs of the tracking namespace that are new or went on.
    pub fetched: Vec<MovedRef>,
    /// Own refs that followed the authority.
    pub adopted: Vec<MovedRef>,
    pub anew: Vec<SealedAnew>,
    /// Checkpoints that were folded again behind what others wrote.
    pub refolded: Vec<MovedRef>,
    pub pushed: Vec<MovedRef>,
    /// Refs of the tracking namespace that went on behind what was pushed: the receipts for it.
    pub received: Vec<MovedRef>,
    pub refused: Vec<RefusedPush>,
    /// What somebody has to look into.
    pub alarms: Vec<String>,
    pub notices: Vec<String>,
}

impl Synced {
    fn new(remote: Segment) -> Synced {
        Synced {
            remote,
            fetched: Vec::new(),
            adopted: Vec::new(),
            anew: Vec::new(),
            refolded: Vec::new(),
            pushed: Vec::new(),
            received: Vec::new(),
            refused: Vec::new(),
            alarms: Vec::new(),
            notices: Vec::new(),
        }
    }

    /// Whether nothing is left that somebody has to look into.
    pub fn is_clean(&self) -> bool {
        self.refused.is_empty() && self.alarms.is_empty()
    }
}

/// Fetches from a remote, follows its law where it is the authority, and pushes what this clone owns.
pub fn sync(
    ambient: &Ambient,
    remote: Option<&str>,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<Synced, NodeError> {
    let store = Store::discover(ambient)?;
    let remote = remote_of(&store, remote)?;
    let mut run = Run::new(ambient, store, remote, progress, cancel)?;
    match run.whole() {
        Ok(()) => Ok(run.done),
        Err(NodeError::Cancelled) if !run.done.pushed.is_empty() => Err(run.stopped()),
        Err(other) => Err(other),
    }
}

/// The remote that is meant: one that was named, else the authority.
fn remote_of(store: &Store, named: Option<&str>) -> Result<Segment, NodeError> {
    let name = named.map_or_else(|| store.authority_name(), |name| Ok(name.to_owned()))?;
    let Ok(remote) = name.parse::<Segment>() else { return Err(NodeError::RemoteName(name)) };
    match store.config_text(&format!("remote.{remote}.url"))? {
        Some(_) => Ok(remote),
        None => Err(NodeError::NoRemote(remote)),
    }
}

/// One sync on its way.
struct Run<'a> {
    ambient: &'a Ambient,
    store: Store,
    remote: Segment,
    /// What it says decides where branches differ.
    is_authority: bool,
    progress: &'a dyn Progress,
    cancel: &'a Cancel,
    /// The refs of the remote as they were fetched last.
    seen: Seen,
    done: Synced,
}

impl<'a> Run<'a> {
    fn new(
        ambient: &'a Ambient,
        store: Store,
        remote: Segment,
        progress: &'a dyn Progress,
        cancel: &'a Cancel,
    ) -> Result<Run<'a>, NodeError> {
        let is_authority = store.authority()?.as_ref() == Some(&remote);
        let done = Synced::new(remote.clone());
        Ok(Run { ambient, store, remote, is_authority, progress, cancel, seen: Seen::default(), done })
    }

    /// All of a sync, in its order.
    fn whole(&mut self) -> Result<(), NodeError> {
        self.fetch()?;
        let audits = self.audits();
        let asked = self.remote.clone();
        let node = self.open().map_err(|e| match e {
            // It was fetched from a moment ago: to say that helps nobody.
            NodeError::NotFetched { remote } if remote == asked => NodeError::NoGenesisAt { remote },
            other => other,
        })?;
        self.adopt(&node)?;
        self.push_law(&node)?;
        // A gate judges events by the grants that stood before their push.
        let node = self.push_consents(node)?;
        let node = self.push_journals(node)?;
        let node = self.push_states(node)?;
        self.push_others(&node)?;
        if !self.done.pushed.is_empty() {
            self.fetch_receipts(&node, &audits)?;
        }
        self.hear(&node);
        Ok(())
    }

    /// That it was stopped, and what the remote had taken by then.
    fn stopped(&self) -> NodeError {
        let pushed = self.done.pushed.iter().map(|moved| moved.name.clone()).collect();
        NodeError::SyncStopped { remote: self.remote.clone(), pushed }
    }

    /// The repository as it stands now.
    fn open(&mut self) -> Result<Node, NodeError> {
        Node::from_store(self.store.reopen()?, self.ambient, true)
    }

    /// Takes down what a node noticed.
    fn hear(&mut self, node: &Node) {
        for notice in node.take_notices() {
            // A fork of the trust graph is told as an alarm.
            let told = node.alarm().is_some_and(|alarm| alarm.to_string() == notice);
            if !told && !self.done.notices.contains(&notice) {
                self.done.notices.push(notice);
            }
        }
    }

    fn reopen(&mut self, node: Node) -> Result<Node, NodeError> {
        self.hear(&node);
        drop(node);
        self.open()
    }

    fn alarm(&mut self, sentence: impl Into<String>) {
        let sentence = sentence.into();
        if !self.done.alarms.contains(&sentence) {
            self.done.alarms.push(sentence);
        }
    }

    /// Ends the run where somebody asked for it.
    fn go_on(&self) -> Result<(), NodeError> {
        if self.cancel.asked() { Err(NodeError::Cancelled) } else { Ok(()) }
    }

    fn tracking(&self, plane: &Plane) -> Result<Option<Oid>, GitError> {
        self.store.resolve(&RefName::tracking(self.remote.clone(), plane.clone()))
    }

    /// What the remote holds of a ref, as far as is known.
    fn remote_value(&self, plane: &Plane) -> Option<Oid> {
        self.seen.values.get(plane).copied()
    }

    /// The refs of this clone itself.
    fn own(&self) -> Result<Vec<(Plane, Oid)>, GitError> {
        let refs = self.store.refs(&Scope::Own)?;
        Ok(refs.into_iter().filter(|(name, _)| name.place == Place::Own).map(|(name, tip)| (name.plane, tip)).collect())
    }
}
