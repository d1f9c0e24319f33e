use super::error::NodeError;
use super::files;
use super::open::Node;
use super::pin::{self, Pin};
use crate::ambient::Ambient;
use crate::canon::digest;
use crate::git::{Expected, GitError, Plane, RefName, Store};
use crate::id::{Actor, Blake3, Cid, Oid, PublicKey, Timestamp, Writer};
use crate::ledger::{EventStream, Journal, Origin, StreamPlan, namespaces};
use crate::policy::Decision;
use crate::trust::{Cap, Edit, Grant, Graph, GraphFault, Proposal, Proposed, Revocation, Said, Target, TrustError};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What came of a change of the trust graph.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    /// What it changes, one line each.
    pub changes: Vec<String>,
    /// The version that counts when it is made.
    pub version: u32,
    /// The commit that makes it; none where more roots must sign.
    pub commit: Option<Oid>,
    /// The file that waits for more signatures.
    pub file: Option<PathBuf>,
    /// How many roots have signed, and how many must.
    pub votes: (usize, u32),
    /// The policy refused, and the refusal is on record in this commit.
    pub denied: Option<(Decision, Oid)>,
}

/// Which events of a key stay good when it is revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeepEvents {
    /// All that this clone holds.
    AllHere,
    /// In each journal the events up to the one of these that it holds.
    UpTo(Vec<Cid>),
    Nothing,
}

impl Node {
    /// The trust graphs as they stand now, held and fetched: where these have changed, opening again may find another law.
    pub fn trust_tips(&self) -> Result<Vec<Oid>, NodeError> {
        pin::tips(self.reader())
    }

    /// Makes the next version of the trust graph, signed by this clone's key; where that is not enough, or `out` names a
    /// file, it becomes a proposal that others sign.
    pub fn change_trust(
        &self,
        edit: impl FnOnce(&mut Edit<'_>) -> Result<(), TrustError>,
        out: Option<&Path>,
    ) -> Result<Changed, NodeError> {
        let mut draft = Edit::new(self.graph());
        edit(&mut draft)?;
        self.sign_and_settle(Proposal::version(draft.doc()), out, None)
    }

    /// Gives capabilities, signed by this clone's key for its actor.
    pub fn grant(&self, subject: &Actor, caps: Vec<Cap>, exp: Option<Timestamp>) -> Result<Changed, NodeError> {
        self.graph().current().expect_actor(subject)?;
        let issuer = self.identity()?.actor;
        let ulid = self.ambient().ulid();
        let grant = Grant { repo: self.repo(), ulid, issuer, subject: subject.clone(), caps, exp };
        // Read back: what a reader would refuse is not written.
        let grant = Grant::parse(&grant.encode())
            .map_err(|source| self.refused(GraphFault::Statement { path: "the grant".into(), source }))?;
        self.sign_and_settle(Proposal::statement(Said::Grant(grant)), None, None)
    }

    /// Ends a grant, or a key with all but the events that are to stay good.
    pub fn revoke(
        &self,
        target: Target,
        reason: &str,
        keep: &KeepEvents,
        out: Option<&Path>,
    ) -> Result<Changed, NodeError> {
        let from = match (&target, keep) {
            (Target::Grant(_), _) | (_, KeepEvents::Nothing) => None,
            (Target::Key(key), KeepEvents::AllHere) => Some(self.last_events(key)?),
            (Target::Key(key), KeepEvents::UpTo(cids)) => Some(self.named_events(key, cids)?),
        };
        if self.voids_nothing_more(&target, keep, from.as_ref()) {
            return Err(NodeError::RevokedAlready { target });
        }
        let revocation =
            Revocation { repo: self.repo(), ulid: self.ambient().ulid(), target, reason: reason.to_owned(), from };
        let path = "the revocation".to_owned();
        let revocation = Revocation::parse(&revocation.encode())
            .map_err(|source| self.refused(GraphFault::Statement { path, source }))?;
        self.sign_and_settle(Proposal::statement(Said::Revocation(revocation)), out, None)
    }

    /// Whether what stands voids all that another revocation would.
    fn voids_nothing_more(
        &self,
        target: &Target,
        keep: &KeepEvents,
        from: Option<&BTreeMap<Writer, Vec<Cid>>>,
    ) -> bool {
        let mut same =
            self.graph().revocations().filter(|(_, held)| held.target == *target).map(|(_, held)| held).peekable();
        // To keep all that is here voids nothing of it, and what is not here is void by the first revocation.
        let kept = same.peek().is_some() && (matches!(target, Target::Grant(_)) || *keep == KeepEvents::AllHere);
        kept || same.any(|held| held.from.is_none() || held.from.as_ref() == from)
    }

    /// Adds this clone's signature to a proposal, and makes the change when that is enough.
    pub fn sign_proposal(&self, file: &Path) -> Result<Changed, NodeError> {
        let reading = |source| NodeError::File { doing: "reading", path: file.to_owned(), source };
        let proposal = Proposal::parse(&std::fs::read(file).map_err(reading)?)?;
        if !proposal.is_current(self.graph()) {
            return Err(NodeError::StaleProposal { version: self.graph().current().version });
        }
        self.sign_and_settle(proposal, None, Some(file))
    }

    fn refused(&self, source: GraphFault) -> NodeError {
        TrustError::Propose { version: self.graph().current().version, source }.into()
    }

    /// Signs a proposal. `out` = write the file and leave it at that; `from` = the file that it came from.
    fn sign_and_settle(
        &self,
        mut proposal: Proposal,
        out: Option<&Path>,
        from: Option<&Path>,
    ) -> Result<Changed, NodeError> {
        let identity = self.identity()?;
        let signer = self.signer(&identity)?;
        proposal.sign(&signer)?;
        let votes = (self.graph().votes(&proposal.signers()), self.graph().current().roots.threshold);
        let mut changed = Changed {
            changes: proposal.changes(self.graph()),
            version: self.graph().current().version + u32::from(matches!(proposal.what(), Proposed::Version(_))),
            commit: None,
            file: None,
            votes,
            denied: None,
        };
        let missing = self.missing(&proposal, votes)?;
        if out.is_none() && missing.is_none() {
            changed.denied = self.trust_denied(&proposal, &identity, &signer)?;
            if changed.denied.is_none() {
                changed.commit = Some(self.make(&proposal)?);
                return Ok(changed);
            }
        }
        // Whose signature counts for nothing is told so, unless he asked for the file.
        if let (None, Some(why)) = (out.filter(|_| from.is_none()), missing)
            && !self.graph().is_root_key(signer.public())
        {
            let of_roots = matches!(why, GraphFault::Threshold { .. });
            return Err(match self.refused(why) {
                // Whoever signs a file that came to him has it already.
                NodeError::Trust(source) if of_roots && from.is_none() => NodeError::NoRoot { source },
                other => other,
            });
        }
        let bytes = proposal.to_bytes();
        let file = out.or(from).map_or_else(|| self.proposal_path(&proposal, &bytes), Path::to_owned);
        files::replace(self.ambient(), &file, &bytes)?;
        changed.file = Some(file);
        Ok(changed)
    }

    /// What a proposal still lacks; an error where no signature can help it.
    fn missing(&self, proposal: &Proposal, votes: (usize, u32)) -> Result<Option<GraphFault>, NodeError> {
        match proposal.judge(Some(self.graph())) {
            Err(why @ (GraphFault::Threshold { .. } | GraphFault::Unsigned { .. })) => Ok(Some(why)),
            Err(why) => Err(TrustError::Propose { version: self.graph().current().version, source: why }.into()),
            Ok(_) if votes.0 < votes.1 as usize && self.needs_roots(proposal)? => {
                Ok(Some(GraphFault::Threshold { have: votes.0, need: votes.1 }))
            }
            Ok(_) => Ok(None),
        }
    }

    /// The owner of a key may end it as the journals stand; to void events that were accepted takes the roots.
    fn needs_roots(&self, proposal: &Proposal) -> Result<bool, NodeError> {
        match proposal.what() {
            Proposed::Statement(Said::Revocation(Revocation { target: Target::Key(key), from, .. })) => {
                Ok(*from != Some(self.last_events(key)?))
            }
            _ => Ok(false),
        }
    }

    fn proposal_path(&self, proposal: &Proposal, bytes: &[u8]) -> PathBuf {
        let kind = match proposal.what() {
            Proposed::Version(doc) => format!("version-{}", doc.version),
            Proposed::Statement(said) => said.ulid().to_string().to_lowercase(),
        };
        let name = format!("{kind}-{}.json", &digest::blake3(bytes).hex()[..8]);
        self.store().common_dir().join("gatos").join("proposals").join(name)
    }

    /// Writes the commit of a proposal and moves the ref to it.
    fn make(&self, proposal: &Proposal) -> Result<Oid, NodeError> {
        let name = RefName::own(Plane::TrustGraph);
        let held = self.store().resolve(&name)?;
        if let Some(commit) = held.filter(|tip| !self.graph().commits().contains(tip)) {
            return Err(match self.alarm() {
                Some(alarm) => NodeError::TrustBranches { branches: vec![alarm.sentence()] },
                None => {
                    let found = pin::look(self.reader(), commit)?.repo();
                    NodeError::OtherGenesis { commit, found, pinned: self.repo() }
                }
            });
        }
        let commit = proposal.write(self.store(), Some(self.graph()))?;
        match self.store().update(&name, held.map_or(Expected::Absent, Expected::At), commit) {
            Err(GitError::Moved { .. }) => return Err(NodeError::TrustMoved),
            other => other?,
        }
        if self.alarm().is_none() {
            Pin { repo: self.repo(), tip: commit }.write(self.ambient(), self.store().common_dir())?;
        }
        Ok(commit)
    }

    /// Every journal that a key wrote, in any namespace.
    fn journals_of(&self, key: &PublicKey) -> Result<Vec<(Journal, Arc<Origin>)>, NodeError> {
        let mut out = Vec::new();
        for ns in namespaces(self.reader())? {
            for journal in self.union(&ns)?.journals {
                if self.graph().is_writer(&journal.writer, key) {
                    let origin = Origin::new(self.repo(), ns.clone(), *key, journal.writer.clone());
                    let origin = origin.expect("the key begins as the writer says");
                    out.push((journal, Arc::new(origin)));
                }
            }
        }
        Ok(out)
    }

    /// The last good event of each journal of a key, by writer.
    fn last_events(&self, key: &PublicKey) -> Result<BTreeMap<Writer, Vec<Cid>>, NodeError> {
        let mut last: BTreeMap<Writer, Vec<Cid>> = BTreeMap::new();
        // Of two beginnings none is known to be the good one.
        for (journal, origin) in self.journals_of(key)?.into_iter().filter(|(journal, _)| journal.until.is_none()) {
            let mut stream = EventStream::open(self.reader(), StreamPlan::whole(origin, journal.tip))?;
            while stream.next_event()?.is_some() {}
            if let Some(cid) = stream.position().cid {
                last.entry(journal.writer).or_default().push(cid);
            }
        }
        last.values_mut().for_each(|cids| cids.sort_by_key(Cid::to_string));
        Ok(last)
    }

    /// These events by the writers whose journals hold them.
    fn named_events(&self, key: &PublicKey, cids: &[Cid]) -> Result<BTreeMap<Writer, Vec<Cid>>, NodeError> {
        let journals = self.journals_of(key)?;
        let mut named: BTreeMap<Writer, Vec<Cid>> = BTreeMap::new();
        for cid in cids {
            let mut writer = None;
            for (journal, origin) in &journals {
                if self.spot(journal, origin, &[*cid])?.is_some() {
                    writer = Some(journal.writer.clone());
                }
            }
            let writer = writer.ok_or_else(|| NodeError::NotOfKey { cid: *cid, key: *key })?;
            named.entry(writer).or_default().push(*cid);
        }
        named.values_mut().for_each(|cids| cids.sort_by_key(Cid::to_string));
        Ok(named)
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
        if graph.repo() == id && best.as_ref().is_none_or(|b| b.commits().len() < graph.commits().len()) {
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

/// Chooses a branch of the trust graph: the one that holds this commit. Where this clone's own ref stands on another branch,
/// or nothing holds the commit any more, the ref is moved to it; the tip that it had is given back.
pub fn pin_branch(ambient: &Ambient, commit: Oid) -> Result<(Pin, Option<Oid>), NodeError> {
    let store = Store::discover(ambient)?;
    let chosen = Graph::load(store.reader(), commit)?;
    let repo = chosen.repo();
    if let Some(pin) = Pin::read(store.common_dir())?.filter(|pin| pin.repo != repo) {
        return Err(NodeError::OtherGenesis { commit, found: repo, pinned: pin.repo });
    }
    let mut holders = Vec::new();
    for tip in pin::tips(store.reader())? {
        holders.extend(pin::look(store.reader(), tip).ok().filter(|graph| graph.commits().contains(&commit)));
    }
    let name = RefName::own(Plane::TrustGraph);
    let own = store.resolve(&name)?;
    let beside = |tip: Oid| !chosen.commits().contains(&tip) && !holders.iter().any(|graph| graph.tip() == tip);
    let moved = match own {
        Some(tip) if beside(tip) => Some(tip),
        _ => None,
    };
    if moved.is_some() || holders.is_empty() {
        store.update(&name, own.map_or(Expected::Absent, Expected::At), commit)?;
    }
    pin::choose(ambient, store.common_dir(), commit)?;
    let pin = Pin { repo, tip: commit };
    pin.write(ambient, store.common_dir())?;
    Ok((pin, moved))
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
