use super::{Graph, GraphFault, Origin, Proposal, Roots, Signer, TrustDoc, TrustError, Verifier};
use crate::git::Store;
use crate::id::{Actor, Oid, PublicKey, Segment};
use std::collections::BTreeMap;

/// The next version of a trust graph in the making. What it becomes is for the roots of the version before to sign.
#[derive(Debug, Clone)]
pub struct Edit<'g> {
    graph: &'g Graph,
    doc: TrustDoc,
}

impl<'g> Edit<'g> {
    pub fn new(graph: &'g Graph) -> Edit<'g> {
        let before = graph.last();
        let mut doc = before.doc.clone();
        doc.version = doc.version.saturating_add(1); // at the end of the numbers the judge refuses it
        doc.origin = Origin::Next { repo: graph.repo(), prev: before.id };
        Edit { graph, doc }
    }

    pub fn doc(self) -> TrustDoc {
        self.doc
    }

    /// Lets an actor in that the version before does not have, with any number of keys.
    pub fn add_actor(&mut self, actor: &Actor, keys: &[PublicKey]) -> Result<(), TrustError> {
        if self.doc.actors.contains_key(actor) {
            return Err(TrustError::ActorThere { actor: actor.clone() });
        }
        self.doc.actors.insert(actor.clone(), Vec::new());
        keys.iter().try_for_each(|key| self.add_key(actor, key))
    }

    /// Lets a key speak for an actor, who is let in where he is new.
    pub fn add_key(&mut self, actor: &Actor, key: &PublicKey) -> Result<(), TrustError> {
        if Verifier::new(key).is_none() {
            return Err(TrustError::WeakKey { key: *key });
        }
        if let Some(holder) = self.doc.holder(key) {
            return Err(TrustError::KeyTaken { key: *key, holder: holder.clone() });
        }
        if self.graph.is_revoked(key) {
            return Err(TrustError::KeyRevoked { key: *key });
        }
        let key8 = key.key8();
        let mut known = self.graph.key_with_prefix(actor, &key8).into_iter().chain(self.doc.keys_of(actor).to_vec());
        if known.any(|other| other != *key && other.key8() == key8) {
            let source = GraphFault::Prefix { actor: actor.clone(), key8 };
            return Err(TrustError::Propose { version: self.doc.version, source });
        }
        self.doc.actors.entry(actor.clone()).or_default().push(*key);
        Ok(())
    }

    /// Takes a key from an actor. What it signed before stays good: that is for a revocation to say.
    pub fn remove_key(&mut self, actor: &Actor, key: &PublicKey) -> Result<(), TrustError> {
        let keys = self.doc.actors.get_mut(actor).filter(|keys| keys.contains(key));
        let keys = keys.ok_or_else(|| TrustError::KeyNotHis { key: *key, actor: actor.clone() })?;
        keys.retain(|held| held != key);
        if keys.is_empty() && self.doc.is_root(actor) {
            return Err(TrustError::LastKey { actor: actor.clone() });
        }
        Ok(())
    }

    /// Adds members to a group, which begins with its first one.
    pub fn join(&mut self, group: &Segment, actors: &[Actor]) -> Result<(), TrustError> {
        actors.iter().try_for_each(|actor| self.doc.expect_actor(actor))?;
        let members = self.doc.groups.entry(group.clone()).or_default();
        for actor in actors {
            if members.contains(actor) {
                return Err(TrustError::Member { actor: actor.clone(), group: group.clone() });
            }
            members.push(actor.clone());
        }
        Ok(())
    }

    /// Takes members from a group, which ends with its last one.
    pub fn leave(&mut self, group: &Segment, actors: &[Actor]) -> Result<(), TrustError> {
        for actor in actors {
            let members = self.doc.groups.get_mut(group).filter(|members| members.contains(actor));
            let no = || TrustError::NotMember { actor: actor.clone(), group: group.clone() };
            members.ok_or_else(no)?.retain(|member| member != actor);
        }
        self.doc.groups.retain(|name, members| name != group || !members.is_empty());
        Ok(())
    }

    /// Changes the roots: how many of them must sign, who becomes one, who is one no more.
    pub fn roots(&mut self, threshold: Option<u32>, add: &[Actor], remove: &[Actor]) -> Result<(), TrustError> {
        for actor in remove {
            if !self.doc.is_root(actor) {
                return Err(TrustError::NotRoot { actor: actor.clone() });
            }
            self.doc.roots.actors.retain(|root| root != actor);
        }
        for actor in add {
            if self.doc.keys_of(actor).is_empty() {
                return Err(TrustError::RootWithoutKey { actor: actor.clone() });
            }
            if self.doc.is_root(actor) {
                return Err(TrustError::RootAlready { actor: actor.clone() });
            }
            self.doc.roots.actors.push(actor.clone());
        }
        let roots = &mut self.doc.roots;
        if let (true, Some(last)) = (roots.actors.is_empty(), remove.last()) {
            return Err(TrustError::LastRoot { actor: last.clone() });
        }
        roots.threshold = threshold.unwrap_or(roots.threshold);
        if roots.threshold < 1 || roots.threshold as usize > roots.actors.len() {
            return Err(TrustError::ThresholdRange { threshold: roots.threshold, roots: roots.actors.len() });
        }
        Ok(())
    }
}

/// Writes the genesis of a new repository, whose one root is `actor` with the key of `signer`. Only objects are written: the
/// caller moves the ref to the commit.
pub fn genesis(store: &Store, actor: &Actor, signer: &Signer) -> Result<(Graph, Oid), TrustError> {
    let doc = TrustDoc {
        version: 1,
        origin: Origin::Genesis { nonce: store.ambient().chance() },
        roots: Roots { threshold: 1, actors: vec![actor.clone()] },
        actors: BTreeMap::from([(actor.clone(), vec![*signer.public()])]),
        groups: BTreeMap::new(),
    };
    let mut proposal = Proposal::version(doc);
    proposal.sign(signer)?;
    let commit = proposal.write(store, None)?;
    // Read back and judged as a stranger's would be.
    Ok((Graph::load(store, commit)?, commit))
}
