use super::cache;
use super::error::NodeError;
use super::memory::Memory;
use super::settle::{self, Alarm, Tips, settle, tips};
use crate::ambient::Ambient;
use crate::git::{Place, Plane, Reader, Scope, Store};
use crate::id::{Blake3, Oid, Segment};
use crate::policy::Bundle;
use crate::trust::Graph;
use std::cell::RefCell;
use std::path::PathBuf;

/// An opened repository with its trust graph settled.
pub struct Node {
    store: Store,
    ambient: Ambient,
    graph: Graph,
    memory: Memory,
    notices: RefCell<Vec<String>>,
    alarm: Option<Alarm>,
    /// The tips of the trust graph by which it was settled.
    trust_tips: Tips,
}

impl Node {
    /// Opens the repository around the working directory.
    pub fn open(ambient: &Ambient) -> Result<Node, NodeError> {
        Node::from_store(Store::discover(ambient)?, ambient, true)
    }

    /// The same, believing nothing that this clone has cached.
    pub(super) fn open_unbelieving(ambient: &Ambient) -> Result<Node, NodeError> {
        Node::from_store(Store::discover(ambient)?, ambient, false)
    }

    pub(super) fn from_store(store: Store, ambient: &Ambient, believe: bool) -> Result<Node, NodeError> {
        let found = settle(store.reader(), ambient, believe)?;
        let memory = Memory::of(ambient, &found.pin.repo);
        let node = Node {
            store,
            ambient: ambient.clone(),
            graph: found.graph,
            memory,
            notices: RefCell::new(Vec::new()),
            alarm: found.alarm,
            trust_tips: found.tips,
        };
        if let Some(alarm) = &node.alarm {
            node.notice(alarm.to_string());
        }
        if found.first_use {
            node.notice(format!(
                "pinned {} on first use; compare it with the owner's: git gatos trust pin",
                found.pin.repo
            ));
        }
        Ok(node)
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    pub fn reader(&self) -> &Reader {
        self.store.reader()
    }

    pub fn ambient(&self) -> &Ambient {
        &self.ambient
    }

    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The id of this repository: the content id of its genesis.
    pub fn repo(&self) -> Blake3 {
        self.graph.repo()
    }

    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Set where two branches of the trust graph were signed.
    pub fn alarm(&self) -> Option<&Alarm> {
        self.alarm.as_ref()
    }

    /// Something a person should know that changes no answer.
    pub fn notice(&self, text: String) {
        self.notices.borrow_mut().push(text);
    }

    /// The repository with the trust graph as it is now; `None` where it is the same still.
    pub(super) fn trust_moved(&self) -> Result<Option<Node>, NodeError> {
        if tips(self.reader())? == self.trust_tips {
            return Ok(None);
        }
        Node::from_store(self.store.reopen()?, &self.ambient, true).map(Some)
    }

    /// What was noticed so far.
    pub fn take_notices(&self) -> Vec<String> {
        self.notices.take()
    }

    /// The remote whose branch of a forked journal counts.
    pub fn authority(&self) -> Result<Option<Segment>, NodeError> {
        Ok(self.reader().authority()?)
    }

    /// Whether that remote is configured.
    pub(super) fn has_authority(&self) -> Result<bool, NodeError> {
        Ok(settle::remote(self.reader())?.is_some())
    }

    /// The tip of the active policy: the newest of what is held and what was fetched.
    pub fn policy_tip(&self) -> Result<Oid, NodeError> {
        let authority = self.authority()?;
        let mut active = self.store.refs(&Scope::Policies)?;
        active.retain(|(name, _)| name.plane == Plane::PolicyActive);
        // What this clone holds counts before what was fetched, and the authority before the others.
        active.sort_by_key(|(name, _)| match &name.place {
            Place::Own => 0,
            Place::Tracking(remote) if Some(remote) == authority.as_ref() => 1,
            Place::Tracking(_) => 2,
        });
        let alone = active.iter().all(|(_, tip)| *tip == active[0].1);
        let mut best: Option<Oid> = None;
        for (_, tip) in active {
            match best {
                // A remote may belong to another repository altogether.
                None if alone || self.is_ours(tip) => best = Some(tip),
                // What cannot be read is nobody's successor.
                Some(held)
                    if held != tip && self.store.is_ancestor(held, tip).unwrap_or(false) && self.is_ours(tip) =>
                {
                    best = Some(tip)
                }
                _ => {}
            }
        }
        best.ok_or(NodeError::NoPolicy)
    }

    /// Whether a bundle is a good one of this repository.
    fn is_ours(&self, bundle: Oid) -> bool {
        Bundle::read(self.reader(), bundle, &self.graph).is_ok()
    }

    /// The active policy bundle: what this clone checked before under this trust graph, else read and checked now.
    pub fn bundle(&self) -> Result<Bundle, NodeError> {
        let tip = self.policy_tip()?;
        let path = PathBuf::from("bundle").join(format!("{tip}.{}", self.graph.tip()));
        if let Some(bundle) = cache::read(self, &path).and_then(|bytes| Bundle::recall(&bytes))
            && bundle.commit() == tip
        {
            return Ok(bundle);
        }
        let bundle = Bundle::read(self.reader(), tip, &self.graph)?;
        cache::write_among(self, &path, &bundle.to_bytes()?, cache::KEPT);
        Ok(bundle)
    }

    /// Refuses work that needs all of history where a shallow clone has cut it.
    pub(super) fn need_whole_history(&self) -> Result<(), NodeError> {
        if self.store.is_shallow() { Err(NodeError::Shallow) } else { Ok(()) }
    }
}
