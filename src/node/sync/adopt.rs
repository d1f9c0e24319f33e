use super::{MovedRef, Run};
use crate::git::{Expected, Place, Plane, RefName, Scope};
use crate::id::Oid;
use crate::node::{Node, NodeError};
use crate::policy::Bundle;

impl Run<'_> {
    /// Lets the refs that all clones share follow the authority, never backwards and only to what reading accepts.
    pub(super) fn adopt(&mut self, node: &Node) -> Result<(), NodeError> {
        if !self.is_authority {
            return Ok(());
        }
        self.adopt_trust(node)?;
        self.adopt_bundles(node)?;
        self.adopt_policy(node)?;
        self.adopt_grants(node)?;
        self.follow_states()
    }

    fn adopt_trust(&mut self, node: &Node) -> Result<(), NodeError> {
        if let Some(alarm) = node.alarm() {
            self.alarm(alarm.to_string().trim_start_matches("ALARM: "));
            return Ok(());
        }
        let Some(theirs) = self.tracking(&Plane::TrustGraph)? else { return Ok(()) };
        let place = |commit: Oid| node.graph().commits().iter().position(|c| *c == commit);
        let Some(at) = place(theirs) else {
            let sentence = format!(
                "the trust graph at {} is no part of the one that counts here ({}): {theirs} is another repository's, or \
                 cannot be read; look at it: git gatos trust log",
                self.remote,
                node.repo()
            );
            self.alarm(sentence);
            return Ok(());
        };
        let own = self.store.resolve(&RefName::own(Plane::TrustGraph))?;
        match own.map(|own| (own, place(own))) {
            None => self.follow(Plane::TrustGraph, None, theirs),
            Some((own, Some(held))) if held < at => self.follow(Plane::TrustGraph, Some(own), theirs),
            Some((_, Some(_))) => Ok(()),
            Some((own, None)) => {
                let name = RefName::own(Plane::TrustGraph);
                self.alarm(format!("{name} stands on another branch: {own}; choose: git gatos trust pin COMMIT"));
                Ok(())
            }
        }
    }

    /// Keeps the fetched bundles, which are named by their content.
    fn adopt_bundles(&mut self, node: &Node) -> Result<(), NodeError> {
        for (name, tip) in self.store.refs(&Scope::Policies)? {
            let (Place::Tracking(remote), Plane::PolicyBundle(id)) = (&name.place, &name.plane) else { continue };
            if *remote != self.remote || self.store.resolve(&RefName::own(name.plane.clone()))?.is_some() {
                continue;
            }
            match Bundle::read(node.reader(), tip, node.graph()) {
                Ok(bundle) if bundle.id() == *id => self.follow(name.plane.clone(), None, tip)?,
                Ok(bundle) => node.notice(format!("{name} holds the bundle {}; it is left where it is", bundle.id())),
                Err(e) => node.notice(format!("{name} is left where it is: {e}")),
            }
        }
        Ok(())
    }

    fn adopt_policy(&mut self, node: &Node) -> Result<(), NodeError> {
        let Some(theirs) = self.tracking(&Plane::PolicyActive)? else { return Ok(()) };
        let own = self.store.resolve(&RefName::own(Plane::PolicyActive))?;
        if let Some(own) = own {
            if own == theirs || self.store.is_ancestor(theirs, own)? {
                return Ok(());
            }
            if !self.store.is_ancestor(own, theirs)? {
                let name = RefName::own(Plane::PolicyActive);
                self.alarm(format!(
                    "two policies were made active: {own} here and {theirs} at {}; to take the remote's: git update-ref \
                     {name} {theirs} {own}",
                    self.remote
                ));
                return Ok(());
            }
        }
        match Bundle::read(node.reader(), theirs, node.graph()) {
            Ok(_) => self.follow(Plane::PolicyActive, own, theirs),
            Err(e) => {
                self.alarm(format!("the active policy at {} is not taken: {e}", self.remote));
                Ok(())
            }
        }
    }

    /// An own ref of checkpoints that is merely behind goes on, so that the next one is written behind the newest.
    fn follow_states(&mut self) -> Result<(), NodeError> {
        for (plane, own) in self.own()? {
            let (Plane::State { .. }, Some(theirs)) = (&plane, self.tracking(&plane)?) else { continue };
            if own != theirs && self.store.is_ancestor(own, theirs)? {
                self.follow(plane, Some(own), theirs)?;
            }
        }
        Ok(())
    }

    /// Moves an own ref.
    fn follow(&mut self, plane: Plane, from: Option<Oid>, to: Oid) -> Result<(), NodeError> {
        let name = RefName::own(plane);
        self.store.update(&name, from.map_or(Expected::Absent, Expected::At), to)?;
        self.done.adopted.push(MovedRef { name: name.to_string(), new: to });
        Ok(())
    }
}
