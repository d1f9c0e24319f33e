use super::error::NodeError;
use super::open::Node;
use super::point::{Point, Side, Target};
use super::report::Finding;
use crate::id::{Actor, EventType, Ns, Oid, Timestamp, Writer};
use crate::ledger::{Event, Heads, Key};
use std::collections::VecDeque;

/// Which events somebody wants to see.
#[derive(Debug, Clone, Default)]
pub struct LogFilter {
    pub actor: Option<Actor>,
    pub ty: Option<EventType>,
    /// Only the last so many.
    pub last: Option<usize>,
}

impl LogFilter {
    pub fn takes(&self, entry: &LogEntry) -> bool {
        self.actor.as_ref().is_none_or(|a| a == entry.writer.actor())
            && self.ty.as_ref().is_none_or(|t| t.as_str() == entry.event.ty())
    }
}

/// One event of a namespace in its place.
#[derive(Debug, Clone, PartialEq)]
pub struct LogEntry {
    pub ns: Ns,
    pub writer: Writer,
    pub commit: Oid,
    pub event: Event,
}

impl LogEntry {
    pub fn key(&self) -> Key {
        Key { clock: self.event.header.clock, writer: self.writer.clone(), seq: self.event.header.seq }
    }

    pub fn ts(&self) -> Timestamp {
        self.event.header.ts
    }
}

impl Node {
    /// The events of a namespace in window order, handed to `show` one by one; `show` says whether to go on. What stands
    /// against the journals is returned.
    pub fn log<E: From<NodeError>>(
        &self,
        ns: &Ns,
        since: Option<&Point>,
        filter: &LogFilter,
        show: &mut dyn FnMut(LogEntry) -> Result<bool, E>,
    ) -> Result<Vec<Finding>, E> {
        let view = self.view(ns)?;
        if view.journals.is_empty() && view.findings.is_empty() {
            return Err(NodeError::NoNamespace(ns.clone()).into());
        }
        let target = since.map(|point| self.target(&view, point)).transpose()?;
        let after = match &target {
            Some(Target::Window(_, heads)) => heads.clone(),
            _ => Heads::default(),
        };
        let mut merge = self.merge(&view, &after, after.events(), None)?;
        let mut open = matches!(target, None | Some(Target::Window(..)));
        let mut tail: VecDeque<LogEntry> = VecDeque::new();
        while let Some((origin, loaded)) = merge.next_event().map_err(NodeError::from)? {
            if !open {
                let side = target.as_ref().map_or(Side::Before, |t| t.side(&origin, &loaded));
                open = side != Side::Before;
                // The event named is the last before the log; one behind a time is its first.
                if side != Side::Behind {
                    continue;
                }
            }
            let entry =
                LogEntry { ns: ns.clone(), writer: origin.writer.clone(), commit: loaded.commit, event: loaded.event };
            if !filter.takes(&entry) {
                continue;
            }
            match filter.last {
                None => {
                    if !show(entry)? {
                        return Ok(Vec::new());
                    }
                }
                Some(n) => {
                    tail.push_back(entry);
                    if tail.len() > n {
                        tail.pop_front();
                    }
                }
            }
        }
        if !open && target.is_some_and(|t| t.must_be_met()) {
            let what = since.map(Point::to_string).unwrap_or_default();
            return Err(NodeError::NoSuchPoint { what, ns: ns.clone() }.into());
        }
        for entry in tail {
            if !show(entry)? {
                break;
            }
        }
        Ok(self.close(&view, &merge))
    }

    /// The events that arrived since `seen` was taken, journal by journal, and the new mark.
    pub fn arrivals(&self, ns: &Ns, seen: &Heads) -> Result<(Vec<LogEntry>, Heads), NodeError> {
        let view = self.view(ns)?;
        let mut merge = self.merge(&view, seen, seen.events(), None)?;
        let mut out = Vec::new();
        while let Some((origin, loaded)) = merge.next_event()? {
            out.push(LogEntry {
                ns: ns.clone(),
                writer: origin.writer.clone(),
                commit: loaded.commit,
                event: loaded.event,
            });
        }
        Ok((out, merge.heads()))
    }

    /// The window as it stands.
    pub fn heads_now(&self, ns: &Ns) -> Result<Heads, NodeError> {
        let view = self.view(ns)?;
        let mut merge = self.merge(&view, &Heads::default(), 0, None)?;
        while merge.next_event()?.is_some() {}
        Ok(merge.heads())
    }
}
