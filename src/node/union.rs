use super::cache;
use super::error::NodeError;
use super::open::Node;
use super::report::{Finding, Severity};
use crate::git::Place;
use crate::id::{Ns, Oid, Segment, Writer};
use crate::ledger::{EventStream, LedgerError, Origin, Signed, Stray, StreamPlan, Union, common, last_event, union};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Bytes of commits that are held while a branch is verified.
const KEEP: usize = 8 << 20;

impl Node {
    /// The journals of a namespace, joined over all places.
    pub(super) fn union(&self, ns: &Ns) -> Result<Union, NodeError> {
        self.union_without(ns, &BTreeSet::new())
    }

    /// The same, leaving out the journals of some writers.
    pub(super) fn union_without(&self, ns: &Ns, without: &BTreeSet<Writer>) -> Result<Union, NodeError> {
        let verify = |ns: &Ns, writer: &Writer, tip: Oid| self.signed(ns, writer, tip);
        Ok(union(self.reader(), ns, self.authority()?.as_ref(), &verify, without)?)
    }

    /// How much of a branch its writer has signed. What this clone has verified before is not verified again.
    fn signed(&self, ns: &Ns, writer: &Writer, tip: Oid) -> Result<Signed, LedgerError> {
        let read = |source| LedgerError::Read { ns: ns.clone(), writer: writer.clone(), source };
        let key = self.graph().key_with_prefix(writer.actor(), writer.key8());
        let origin = key.and_then(|key| Origin::new(self.repo(), ns.clone(), key, writer.clone()));
        // Of a key that trust does not know nothing counts, on no branch.
        let Some(origin) = origin.map(Arc::new) else { return Ok(Signed::All) };
        let known = cache::verified(self, ns, writer, &origin.key).filter(|known| self.store().contains(*known));
        let shared = match known {
            Some(known) if known == tip || self.store().is_ancestor(tip, known).map_err(read)? => {
                return Ok(Signed::All);
            }
            Some(known) if self.store().is_ancestor(known, tip).map_err(read)? => Some(known),
            Some(known) => common(self.reader(), &[known, tip]).map_err(read)?,
            None => None,
        };
        let after = match shared {
            None => None,
            Some(commit) => Some((commit, last_event(self.reader(), commit, &origin)?.header.seq)),
        };
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let plan = StreamPlan { after, threads, keep: KEEP, ..StreamPlan::whole(Arc::clone(&origin), tip) };
        let mut stream = EventStream::open(self.reader(), plan)?;
        while stream.next_event()?.is_some() {}
        let good = stream.position().commit;
        if let Some(good) = good.filter(|_| shared == known) {
            cache::remember_verified(self, ns, writer, &origin.key, good);
        }
        Ok(match stream.fault() {
            None => Signed::All,
            Some(fault) => Signed::UpTo(good, fault.clone()),
        })
    }
}

/// What is to be said of a branch that goes on with what nobody signed. Another remote than the authority may hold what it
/// likes; nothing is missing for that.
pub(super) fn stray_finding(stray: Stray, authority: Option<&Segment>) -> Finding {
    let Stray { name, fault } = stray;
    let trusted = matches!(&name.place, Place::Tracking(remote) if Some(remote) == authority);
    Finding {
        name: name.to_string(),
        commit: fault.commit,
        seq: fault.seq,
        code: "journal.stray".into(),
        sentence: format!(
            "its writer has not signed it from here on, so none of that counts ({}): {}",
            fault.code, fault.sentence
        ),
        severity: if trusted { Severity::Fail } else { Severity::Note },
        count: None,
    }
}
