use super::error::HookError;
use super::settings::Settings;
use crate::ambient::Ambient;
use crate::git::{Plane, RefName, Store};
use crate::id::{Actor, Blake3, Oid, PublicKey, Timestamp};
use crate::trust::{GIVE_RECEIPTS, Graph};

/// A gate as its operator sees it: what it is set to, and what law stands in its repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    pub settings: Settings,
    /// Of which repository the trust graph here is, where one stands.
    pub repo: Option<Blake3>,
    /// That graph lets the gate give receipts.
    pub trusted: bool,
    /// What a root runs so that it does.
    pub introduction: Vec<String>,
    /// The policy that stands here.
    pub active: Option<Oid>,
}

impl Gate {
    pub(super) fn of(store: &Store, ambient: &Ambient, settings: Settings) -> Result<Gate, HookError> {
        let tip = |plane: Plane| store.resolve(&RefName::own(plane));
        let graph = tip(Plane::TrustGraph)?.map(|tip| Graph::load(store.reader(), tip)).transpose()?;
        let (actor, key, now) = (&settings.actor, &settings.key, ambient.now());
        Ok(Gate {
            repo: graph.as_ref().map(Graph::repo),
            introduction: introduction(graph.as_ref(), actor, key, &now),
            trusted: graph.is_some_and(|graph| graph.gives_receipts(actor, key, &now)),
            active: tip(Plane::PolicyActive)?,
            settings,
        })
    }
}

/// What ends the want of receipts where no root can: a revoked key stays so.
pub(super) const OTHER_KEY: &str = "its key was revoked; for another one move gatos/gate/settings.json of the server away and run there: git \
                                    gatos hook install --server";

/// What a root runs so that the receipts of a gate count. What the trust graph has already is not asked for again; nothing is
/// where it has all of it, or where the key was revoked.
pub(super) fn introduction(graph: Option<&Graph>, actor: &Actor, key: &PublicKey, at: &Timestamp) -> Vec<String> {
    if graph.is_some_and(|graph| graph.is_revoked(key)) {
        return Vec::new();
    }
    let mut commands = Vec::new();
    if !graph.is_some_and(|graph| graph.keys_of(actor).contains(key)) {
        let known = graph.is_some_and(|graph| graph.current().actors.contains_key(actor));
        commands.push(format!("git gatos trust {} {actor} {key}", if known { "add-key" } else { "add-actor" }));
    }
    if !graph.is_some_and(|graph| graph.is_gate(actor, at)) {
        commands.push(format!("git gatos trust grant {actor} {GIVE_RECEIPTS}"));
    }
    commands
}
