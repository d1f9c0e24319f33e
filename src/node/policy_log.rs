use super::error::NodeError;
use super::open::Node;
use crate::git::{Place, Plane, Scope};
use crate::id::{Blake3, Oid, PublicKey, Timestamp};
use crate::policy::{Bundle, bundle_signers};
use std::collections::BTreeSet;

/// A bundle and what its commit says about it.
#[derive(Debug, Clone)]
pub struct LoggedBundle {
    pub bundle: Bundle,
    /// When it was published, by the clock of who did.
    pub published: Option<Timestamp>,
    /// Who signed it: an actor, or a key that stands for nobody any more.
    pub signers: Vec<String>,
    /// It is the law, or was.
    pub stood: bool,
}

impl Node {
    /// The bundles that were active so far, the newest first; with `all`, before them those that were published and never active.
    pub fn policy_log(&self, all: bool) -> Result<Vec<LoggedBundle>, NodeError> {
        let chain = self.policy_chain()?;
        let stood: BTreeSet<Blake3> = chain.iter().map(Bundle::id).collect();
        let mut log = Vec::new();
        if all {
            for bundle in self.published()?.into_iter().filter(|bundle| !stood.contains(&bundle.id())) {
                log.push(self.logged(bundle, false)?);
            }
            log.sort_by_key(|one| std::cmp::Reverse((one.bundle.version(), one.published)));
        }
        for bundle in chain {
            log.push(self.logged(bundle, true)?);
        }
        Ok(log)
    }

    fn logged(&self, bundle: Bundle, stood: bool) -> Result<LoggedBundle, NodeError> {
        let commit = bundle.commit();
        let published = Timestamp::from_unix(self.reader().commit(commit)?.committer.time);
        let name = |key: &PublicKey| match self.graph().current().holder(key) {
            Some(actor) => actor.to_string(),
            None => key.to_string(),
        };
        let signers = bundle_signers(self.reader(), commit)?.iter().map(name).collect();
        Ok(LoggedBundle { bundle, published, signers, stood })
    }

    /// Every bundle that is named here, each content once: this clone's own commit of it goes before a fetched one.
    fn published(&self) -> Result<Vec<Bundle>, NodeError> {
        let mut refs = self.store().refs(&Scope::Policies)?;
        refs.sort_by_key(|(name, _)| name.place != Place::Own);
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        for (name, tip) in refs {
            let Plane::PolicyBundle(id) = name.plane else { continue };
            // One that does not hold is for `verify` to tell; nobody can make it law.
            let bundle = Bundle::read(self.reader(), tip, self.graph()).ok().filter(|bundle| bundle.id() == id);
            found.extend(bundle.filter(|bundle| seen.insert(bundle.id())));
        }
        Ok(found)
    }

    /// Whether a bundle stands behind the active one.
    pub(super) fn is_next(&self, bundle: &Bundle, active: &Bundle) -> Result<bool, NodeError> {
        let parents: Vec<Oid> = self.reader().commit(bundle.commit())?.parents;
        Ok(bundle.prev() == Some(active.id()) && parents == [active.commit()])
    }

    /// The one bundle that was published behind the active one.
    pub fn next_bundle(&self) -> Result<Bundle, NodeError> {
        let active = self.bundle()?;
        let mut next = Vec::new();
        for bundle in self.published()? {
            if self.is_next(&bundle, &active)? {
                next.push(bundle);
            }
        }
        match next.len() {
            1 => Ok(next.remove(0)),
            0 => Err(NodeError::NoneNext { version: active.version() }),
            _ => Err(NodeError::SeveralNext { ids: next.iter().map(Bundle::id).collect() }),
        }
    }
}
