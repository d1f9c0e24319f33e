use super::cache;
use super::error::NodeError;
use super::open::Node;
use super::report::Finding;
use super::window::{View, journal_name, within};
use crate::id::{Cid, Ns, Oid, Writer};
use crate::ledger::{Heads, Journal, LedgerError, Origin, Spot, Standing, WindowHead, last_event, namespaces};
use std::path::PathBuf;

/// What the revocation of a key leaves of a journal.
pub(super) struct Stood {
    /// What counts of it.
    pub journal: Option<Journal>,
    /// What is to be said of the rest.
    pub finding: Option<Finding>,
    /// How many events are void.
    pub void: u64,
}

impl Node {
    /// What counts of a journal where its key was revoked. A journal whose named last event is not here does not count at all:
    /// whoever holds a stolen key could have written another beginning.
    pub(super) fn standing(&self, mut journal: Journal, origin: &Origin) -> Result<Stood, NodeError> {
        let spot = match self.standing_of(&journal, origin)? {
            Standing::Whole => return Ok(Stood { journal: Some(journal), finding: None, void: 0 }),
            Standing::Nothing(named) => return self.nothing(journal, origin, &named),
            Standing::Until(spot) => spot,
        };
        let mut stood = Stood { journal: None, finding: None, void: 0 };
        if spot.commit != journal.tip || spot.seq < spot.last {
            let end = self.end_of(&journal, origin).filter(|end| *end > spot.seq);
            stood.void = end.map_or(0, |end| end - spot.seq);
            let first = spot.seq + 1;
            let why = match end {
                Some(end) if end == first => format!("the event {first} is void"),
                Some(end) => format!("the events from {first} to {end} are void"),
                None => format!("the events from {first} to the last are void"),
            };
            stood.finding = Some(self.void_finding(&journal, origin, &why).note());
        }
        journal.tip = spot.commit;
        journal.until = Some(spot.seq);
        Ok(Stood { journal: Some(journal), ..stood })
    }

    /// Of a journal nothing counts: because nothing of it should, or because what should is not here.
    fn nothing(&self, journal: Journal, origin: &Origin, named: &[Cid]) -> Result<Stood, NodeError> {
        let void = self.end_of(&journal, origin).unwrap_or(0);
        if self.stand_elsewhere(&journal, origin, named)? {
            let finding = self.void_finding(&journal, origin, "all its events are void").note();
            return Ok(Stood { journal: None, finding: Some(finding), void });
        }
        let names: Vec<String> = named.iter().map(Cid::to_string).collect();
        let why = format!("its last good event is not in it (of {}), so none counts; fetch it", names.join(", "));
        Ok(Stood { journal: None, finding: Some(self.void_finding(&journal, origin, &why)), void })
    }

    /// Whether all of these events stand in journals that the same writer has in other namespaces.
    fn stand_elsewhere(&self, journal: &Journal, origin: &Origin, named: &[Cid]) -> Result<bool, NodeError> {
        let mut missing = named.to_vec();
        for ns in namespaces(self.reader())? {
            if missing.is_empty() || ns == journal.ns {
                continue;
            }
            let union = self.union(&ns)?;
            let Some(other) = union.journals.into_iter().find(|other| other.writer == journal.writer) else { continue };
            let Some(there) = Origin::new(origin.repo, ns, origin.key, origin.writer.clone()) else { continue };
            let mut left = Vec::with_capacity(missing.len());
            for cid in missing {
                if self.spot(&other, &there, &[cid])?.is_none() {
                    left.push(cid);
                }
            }
            missing = left;
        }
        Ok(missing.is_empty())
    }

    /// The sequence number at which a journal ends, where its end can be read.
    fn end_of(&self, journal: &Journal, origin: &Origin) -> Option<u64> {
        last_event(self.reader(), journal.tip, origin).ok().map(|event| event.header.seq)
    }

    fn void_finding(&self, journal: &Journal, origin: &Origin, why: &str) -> Finding {
        let by = match self.graph().revocation_of(&origin.key) {
            Some(revocation) => format!("{}; revocation {}", revocation.reason, revocation.ulid),
            None => String::new(),
        };
        let sentence = format!("{} was revoked ({by}): {why} and not folded", origin.key);
        Finding::new(journal_name(&journal.ns, &journal.writer), journal.tip, "key.revoked", sentence)
    }

    /// What trust leaves of a journal, on whichever of its branches.
    pub(super) fn standing_of(&self, journal: &Journal, origin: &Origin) -> Result<Standing, NodeError> {
        let hint = self.remembered_spot(origin);
        let standing = Standing::of(self.reader(), self.graph(), origin, &tips(journal), hint)?;
        if let Standing::Until(spot) = &standing
            && spot.commit != journal.tip
            && hint != Some(spot.commit)
        {
            cache::write(self, &spot_path(&origin.ns, &origin.writer), spot.commit.as_bytes());
        }
        Ok(standing)
    }

    /// Where the first of these events stands in a journal, on whichever of its branches.
    pub(super) fn spot(&self, journal: &Journal, origin: &Origin, cids: &[Cid]) -> Result<Option<Spot>, LedgerError> {
        for tip in tips(journal) {
            if let Some(spot) = Spot::find(self.reader(), origin, tip, cids, None)? {
                return Ok(Some(spot));
            }
        }
        Ok(None)
    }

    /// What an earlier search found.
    fn remembered_spot(&self, origin: &Origin) -> Option<Oid> {
        let bytes = cache::read(self, &spot_path(&origin.ns, &origin.writer))?;
        Some(Oid(bytes.try_into().ok()?))
    }

    /// The last append of a journal of which every event counts, and the last event that does.
    pub(super) fn good_part(
        &self,
        ns: &Ns,
        writer: &Writer,
        tip: Oid,
    ) -> Result<(Option<Oid>, Option<u64>), NodeError> {
        let key = self.graph().key_with_prefix(writer.actor(), writer.key8());
        let origin = key.and_then(|key| Origin::new(self.repo(), ns.clone(), key, writer.clone()));
        let Some(origin) = origin else { return Ok((Some(tip), None)) };
        let journal = Journal { ns: ns.clone(), writer: writer.clone(), tip, until: None, fork: None };
        Ok(match self.standing_of(&journal, &origin)? {
            Standing::Whole => (Some(tip), None),
            Standing::Nothing(_) => (None, None),
            Standing::Until(spot) if spot.seq == spot.last => (Some(spot.commit), Some(spot.seq)),
            Standing::Until(spot) => (self.reader().commit(spot.commit)?.parents.first().copied(), Some(spot.seq)),
        })
    }

    /// Whether the key of a writer was revoked, so that his journals do not count to their end.
    pub(super) fn is_voided(&self, writer: &Writer) -> bool {
        let key = self.graph().key_with_prefix(writer.actor(), writer.key8());
        key.is_some_and(|key| self.graph().is_revoked(&key))
    }

    /// The first event of a window that was there when it was folded and that a revocation has voided since.
    pub(super) fn voided_in<'h>(
        &self,
        view: &View,
        heads: &'h Heads,
    ) -> Result<Option<(&'h WindowHead, String)>, NodeError> {
        for head in heads.iter().filter(|head| self.is_voided(&head.writer)) {
            let held = view.journals.iter().find(|(journal, _)| journal.writer == head.writer);
            let counts = match held {
                None => false,
                Some((journal, _)) => {
                    within(journal, head)
                        && self.store().contains(head.head)
                        && self.store().is_ancestor(head.head, journal.tip)?
                }
            };
            if !counts {
                let why = match held {
                    None => "none of its events counts".to_owned(),
                    Some((journal, _)) => format!("its events count up to {}", journal.until.unwrap_or_default()),
                };
                let writer = &head.writer;
                return Ok(Some((
                    head,
                    format!(
                        "it counts the events of {writer} up to {}, whose key was revoked since: {why}; fold again: git \
                         gatos state checkpoint --ns {}",
                        head.seq, view.ns
                    ),
                )));
            }
        }
        Ok(None)
    }
}

/// The end of a journal that counts, and those of its other branches.
fn tips(journal: &Journal) -> Vec<Oid> {
    let branches = journal.fork.iter().flat_map(|fork| fork.branches.iter().map(|(_, tip)| *tip));
    std::iter::once(journal.tip).chain(branches).collect()
}

fn spot_path(ns: &Ns, writer: &Writer) -> PathBuf {
    PathBuf::from("void").join(ns.as_str()).join(writer.as_str())
}
