use super::error::NodeError;
use super::open::Node;
use super::pin::{self, Pin};
use crate::ambient::Ambient;
use crate::git::{Expected, Plane, RefName, Store};
use crate::id::{Actor, Blake3, Oid, PublicKey};
use crate::trust::{Graph, propose_add_key};

impl Node {
    /// The trust graphs as they stand now, held and fetched: where these have changed, opening again may find another law.
    pub fn trust_tips(&self) -> Result<Vec<Oid>, NodeError> {
        pin::tips(self.reader())
    }

    /// Adds a key to an actor of the trust graph, signed by this clone's root key.
    pub fn add_key(&self, actor: &Actor, key: &PublicKey) -> Result<(Graph, Oid), NodeError> {
        let identity = self.identity()?;
        let signer = self.signer(&identity)?;
        let commit = propose_add_key(self.store(), self.graph(), actor, key, &[&signer])?;
        let name = RefName::own(Plane::TrustGraph);
        let held = self.store().resolve(&name)?;
        self.store().update(&name, held.map_or(Expected::Absent, Expected::At), commit)?;
        let graph = Graph::load(self.reader(), commit)?;
        Pin { repo: graph.repo(), tip: commit }.write(self.ambient(), self.store().common_dir())?;
        Ok((graph, commit))
    }
}

/// The genesis that this clone is pinned to, and all that stand in it. Nothing is written.
pub fn pinned(ambient: &Ambient) -> Result<(Option<Pin>, Vec<Blake3>), NodeError> {
    let store = Store::discover(ambient)?;
    Ok((Pin::read(store.common_dir())?, geneses(&store)?))
}

/// Pins a genesis that stands in this clone.
pub fn pin_to(ambient: &Ambient, id: Blake3) -> Result<Pin, NodeError> {
    let store = Store::discover(ambient)?;
    let mut found = Vec::new();
    let mut best: Option<Graph> = None;
    for tip in pin::tips(store.reader())? {
        let graph = Graph::load(store.reader(), tip)?;
        found.push(graph.repo());
        if graph.repo() == id && best.as_ref().is_none_or(|b| b.versions().len() < graph.versions().len()) {
            best = Some(graph);
        }
    }
    found.sort();
    found.dedup();
    let graph = best.ok_or(NodeError::NoSuchGenesis { id, found })?;
    let pin = Pin { repo: id, tip: graph.tip() };
    pin.write(ambient, store.common_dir())?;
    Ok(pin)
}

fn geneses(store: &Store) -> Result<Vec<Blake3>, NodeError> {
    let mut ids = Vec::new();
    for tip in pin::tips(store.reader())? {
        ids.push(pin::look(store.reader(), tip)?.repo());
    }
    ids.sort();
    ids.dedup();
    Ok(ids)
}
