use super::{MovedRef, Run};
use crate::git::{Fetched, Git, Peer, Place, Plane, RefName, Scope, fetched, listing_fetch_args};
use crate::id::Oid;
use crate::node::NodeError;
use std::collections::{HashMap, HashSet};

/// The refs of a remote.
#[derive(Default)]
pub(super) struct Seen {
    pub values: HashMap<Plane, Oid>,
    /// Those that do not go on from what was fetched before.
    pub rewritten: HashSet<Plane>,
}

impl Run<'_> {
    /// Fetches into the tracking namespace. What the remote rewrote is not taken: ours stays, and it is an alarm.
    pub(super) fn fetch(&mut self) -> Result<(), NodeError> {
        self.go_on()?;
        self.progress.begin(&format!("fetching from {}", self.remote), None);
        let ended = Git::new(&self.store).args(listing_fetch_args(&self.remote)).end();
        self.progress.end();
        let ended = ended?;
        let lines = fetched(&ended.output.stdout);
        // A rejected ref makes the exit code too; without one the fetch itself failed.
        if !ended.status.success() && !lines.iter().any(|line| line.rejected) {
            // Ctrl-C reaches the child git too: that it ended is then no fault of the remote.
            self.go_on()?;
            let peer = Peer::remote(self.store.reader(), &self.remote.to_string())?;
            return Err(peer.fetch_failure(self.ambient.env(), &ended).into());
        }
        self.seen = Seen::default();
        for line in lines {
            self.take(line);
        }
        self.missing()
    }

    fn take(&mut self, line: Fetched) {
        let Some(RefName { place: Place::Tracking(remote), plane }) = RefName::parse(&line.name) else { return };
        if remote != self.remote {
            return;
        }
        self.seen.values.insert(plane.clone(), line.new);
        match (line.rejected, line.old) {
            (false, old) if old == Some(line.new) => {}
            (false, _) => self.fetched(MovedRef { name: line.name, new: line.new }),
            (true, Some(old)) => {
                let own = RefName::own(plane.clone());
                self.seen.rewritten.insert(plane);
                self.alarm(format!(
                    "{} rewrote {own}: it had {old}, and {} does not descend from it; ours is kept. Find out who moved it \
                     back; to believe the remote: git update-ref {} {}",
                    self.remote, line.new, line.name, line.new
                ));
            }
            (true, None) => {
                self.seen.rewritten.insert(plane);
                self.alarm(format!("{} cannot be stored here: git did not take it", line.name));
            }
        }
    }

    fn fetched(&mut self, moved: MovedRef) {
        self.done.fetched.retain(|before| before.name != moved.name);
        self.done.fetched.push(moved);
    }

    /// What was fetched before and is not at the remote any more: nothing of these planes is ever deleted.
    fn missing(&mut self) -> Result<(), NodeError> {
        for (name, tip) in self.store.refs(&Scope::Tracking)? {
            let lasting = matches!(
                name.plane,
                Plane::TrustGraph
                    | Plane::PolicyActive
                    | Plane::PolicyBundle(_)
                    | Plane::Journal { .. }
                    | Plane::State { .. }
                    | Plane::AuditPolicy { .. }
            ) || name.plane.is_consent();
            let of_remote = name.place == Place::Tracking(self.remote.clone());
            if of_remote && lasting && !self.seen.values.contains_key(&name.plane) {
                let own = RefName::own(name.plane.clone());
                self.alarm(format!(
                    "{} lost {own}, which had {tip}; ours is kept. Find out who deleted it; to agree: git update-ref -d {name}",
                    self.remote
                ));
            }
        }
        Ok(())
    }
}
