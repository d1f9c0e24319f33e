use super::error::HookError;
use super::settings::Settings;
use crate::ambient::Ambient;
use crate::git::{Plane, RefName, Store};
use crate::id::{Blake3, Oid};
use crate::trust::Graph;

/// A gate as its operator sees it: what it is set to, and what law stands in its repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    pub settings: Settings,
    /// Of which repository the trust graph here is, where one stands.
    pub repo: Option<Blake3>,
    /// That graph lets the gate give receipts.
    pub trusted: bool,
    /// The policy that stands here.
    pub active: Option<Oid>,
}

impl Gate {
    pub(super) fn of(store: &Store, ambient: &Ambient, settings: Settings) -> Result<Gate, HookError> {
        let tip = |plane: Plane| store.resolve(&RefName::own(plane));
        let graph = tip(Plane::TrustGraph)?.map(|tip| Graph::load(store.reader(), tip)).transpose()?;
        let (actor, key) = (&settings.actor, &settings.key);
        Ok(Gate {
            repo: graph.as_ref().map(Graph::repo),
            trusted: graph.is_some_and(|graph| graph.gives_receipts(actor, key, &ambient.now())),
            active: tip(Plane::PolicyActive)?,
            settings,
        })
    }
}
