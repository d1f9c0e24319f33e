use super::cache;
use super::error::NodeError;
use super::open::Node;
use crate::id::{Oid, Writer};
use crate::ledger::{
    CLOCK_LEAD_MAX, EventStream, Journal, LedgerError, Origin, Position, StreamPlan, Union, last_event,
};
use std::sync::Arc;

impl Node {
    /// The highest clock that an event sealed now must pass: of the verified end of every known journal, leaving out those
    /// that run further ahead than a window takes. What was fetched and does not verify has no say: a forged clock would push
    /// ours beyond what anybody reads.
    pub(super) fn highest_clock(&self, union: &Union, own: &Writer, at: &Position) -> Result<u64, NodeError> {
        let mut ends = vec![(at.seq, at.clock)];
        for journal in union.journals.iter().filter(|j| j.writer != *own) {
            let Some(key) = self.graph().key_with_prefix(journal.writer.actor(), journal.writer.key8()) else {
                continue;
            };
            let origin = Origin::new(self.repo(), journal.ns.clone(), key, journal.writer.clone());
            let origin = Arc::new(origin.expect("the key was found by its prefix"));
            let end = self.standing(journal.clone(), &origin).and_then(|stood| match stood.journal {
                Some(journal) => self.verified_end(&journal, &origin),
                None => Ok(None),
            });
            match end {
                Ok(end) => ends.extend(end),
                // A bad journal is named by every read and by `verify`; it must not stop others from writing.
                Err(NodeError::Ledger(LedgerError::Fault { .. } | LedgerError::Read { .. })) => {}
                Err(other) => return Err(other),
            }
        }
        let events: u64 = ends.iter().map(|(seq, _)| seq).sum();
        Ok(ends.iter().map(|(_, clock)| *clock).filter(|c| *c <= events + CLOCK_LEAD_MAX).max().unwrap_or(0))
    }

    /// Sequence number and clock of the last good event of a journal; what is new since the last look is verified.
    fn verified_end(&self, journal: &Journal, origin: &Arc<Origin>) -> Result<Option<(u64, u64)>, NodeError> {
        let end = |commit: Oid| -> Result<(u64, u64), NodeError> {
            let last = last_event(self.reader(), commit, origin)?.header;
            // Within an append the clock rises by one an event.
            let void =
                journal.until.filter(|_| commit == journal.tip).map_or(0, |until| last.seq.saturating_sub(until));
            Ok((last.seq - void, last.clock.saturating_sub(void)))
        };
        let held = cache::verified(self, &journal.ns, &journal.writer, &origin.key);
        if held == Some(journal.tip) {
            return Ok(Some(end(journal.tip)?));
        }
        let from = match held {
            Some(head) if self.store().contains(head) && self.store().is_ancestor(head, journal.tip)? => {
                Some((head, end(head)?.0))
            }
            _ => None,
        };
        let whole = StreamPlan::whole(Arc::clone(origin), journal.tip);
        let plan = StreamPlan { after: from, until: journal.until, ..whole };
        let mut stream = EventStream::open(self.reader(), plan)?;
        while stream.next_event()?.is_some() {}
        let Some(commit) = stream.position().commit else { return Ok(None) };
        cache::remember_verified(self, &journal.ns, &journal.writer, &origin.key, commit);
        Ok(Some(end(commit)?))
    }
}
