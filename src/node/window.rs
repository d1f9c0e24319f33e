use super::cache;
use super::error::NodeError;
use super::open::Node;
use super::report::{Finding, Severity};
use super::union::stray_finding;
use crate::canon::digest;
use crate::git::{Plane, RefName};
use crate::id::{Blake3, Ns, Writer};
use crate::ledger::{Heads, Journal, Key, Merge, Origin, StreamPlan, WindowHead, last_event};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Bytes of commits that all streams of a window may hold together.
const KEEP: usize = 96 << 20;

/// Threads of all streams of a window together.
const THREADS_MAX: usize = 32;

/// The journals of a namespace that count, and what is to be said against the others.
pub(super) struct View {
    pub ns: Ns,
    pub journals: Vec<(Journal, Arc<Origin>)>,
    pub findings: Vec<Finding>,
    /// Events that a revocation of their key voided.
    pub void: u64,
}

impl View {
    /// A digest of everything that the set of events depends on.
    pub(super) fn digest(&self, node: &Node) -> Blake3 {
        let mut text = format!("{}\n{}\n", node.graph().tip(), self.ns);
        for (journal, origin) in &self.journals {
            let until = journal.until.unwrap_or_default();
            text.push_str(&format!("{} {} {until} {}\n", journal.writer, journal.tip, origin.key));
        }
        for finding in &self.findings {
            text.push_str(&format!("{finding}\n"));
        }
        digest::blake3(text.as_bytes())
    }
}

impl View {
    /// Whether every journal of a window counts here, up to its end at least.
    pub(super) fn covers(&self, heads: &Heads) -> bool {
        let here = |head: &WindowHead| self.journals.iter().any(|(j, _)| j.writer == head.writer && within(j, head));
        heads.iter().all(here)
    }
}

pub(super) fn journal_name(ns: &Ns, writer: &Writer) -> String {
    RefName::own(Plane::Journal { ns: ns.clone(), writer: writer.clone() }).to_string()
}

/// Whether the end of a window stands before what a revocation took.
pub(super) fn within(journal: &Journal, head: &WindowHead) -> bool {
    journal.until.is_none_or(|until| head.seq <= until)
}

impl Node {
    /// Which journals of a namespace count, and how far: those of a key that trust knows, joined over all places, up to
    /// where a revocation of the key cuts them.
    pub(super) fn view(&self, ns: &Ns) -> Result<View, NodeError> {
        self.view_without(ns, &BTreeSet::new())
    }

    /// The same, leaving out the journals of some writers.
    pub(super) fn view_without(&self, ns: &Ns, without: &BTreeSet<Writer>) -> Result<View, NodeError> {
        let mut view = View { ns: ns.clone(), journals: Vec::new(), findings: Vec::new(), void: 0 };
        let authority = self.authority()?;
        let union = self.union_without(ns, without)?;
        view.findings.extend(union.strays.into_iter().map(|stray| stray_finding(stray, authority.as_ref())));
        for (name, tip, why) in union.unreadable {
            view.findings.push(Finding::new(name, tip, "object.unreadable", why));
        }
        for journal in union.journals {
            let name = journal_name(ns, &journal.writer);
            if let Some(fork) = &journal.fork {
                let places: Vec<String> = fork.branches.iter().map(|(name, tip)| format!("{name} at {tip}")).collect();
                view.findings.push(Finding {
                    name: name.clone(),
                    commit: journal.tip,
                    seq: None,
                    code: "journal.fork".into(),
                    sentence: format!(
                        "equivocation: the branches do not descend from each other: {}",
                        places.join(", ")
                    ),
                    // The revocation of a key says which of its branches is good, and voids the others.
                    severity: if self.is_voided(&journal.writer) { Severity::Note } else { Severity::Fail },
                    count: None,
                });
            }
            let actor = journal.writer.actor();
            let Some(key) = self.graph().key_with_prefix(actor, journal.writer.key8()) else {
                view.findings.push(Finding {
                    name,
                    commit: journal.tip,
                    seq: None,
                    code: "trust.unknown".into(),
                    sentence: format!(
                        "trust knows no key {} of {actor}; its events are not folded (a root runs: git gatos trust add-key {actor} KEY)",
                        journal.writer.key8()
                    ),
                    severity: Severity::Fail,
                    count: None,
                });
                continue;
            };
            let origin = Origin::new(self.repo(), ns.clone(), key, journal.writer.clone());
            let origin = Arc::new(origin.expect("the key was found by its prefix"));
            let stood = self.standing(journal, &origin)?;
            view.findings.extend(stood.finding);
            view.void += stood.void;
            view.journals.extend(stood.journal.map(|journal| (journal, origin)));
        }
        Ok(view)
    }

    /// How to read the journals of a view behind one window and up to another.
    pub(super) fn plans(&self, view: &View, after: &Heads, until: Option<&Heads>, believe: bool) -> Vec<StreamPlan> {
        let journals = view.journals.len().max(1);
        let share = KEEP / journals;
        // All streams of a window are open together: many journals share the cores instead of starting threads each.
        let cores = std::thread::available_parallelism().map_or(2, usize::from).min(THREADS_MAX);
        let threads = if journals > THREADS_MAX { 0 } else { (THREADS_MAX / journals).clamp(1, cores) };
        let plan = |(journal, origin): &(Journal, Arc<Origin>)| {
            let end = match until {
                None => None,
                Some(heads) => Some(heads.get(&journal.writer)?),
            };
            let remembered = if believe { cache::verified(self, &view.ns, &journal.writer, &origin.key) } else { None };
            Some(StreamPlan {
                origin: Arc::clone(origin),
                // A window may name events that are void by now: what is cut off is not read.
                tip: end.filter(|e| within(journal, e)).map_or(journal.tip, |e| e.head),
                after: after.get(&journal.writer).map(|h| (h.head, h.seq)),
                until: end.map(|e| e.seq).into_iter().chain(journal.until).min(),
                remembered,
                hashed: !believe,
                threads,
                keep: share,
            })
        };
        view.journals.iter().filter_map(plan).collect()
    }

    /// Opens the journals of a view as one stream. What this clone verified before is believed.
    pub(super) fn merge<'n>(
        &'n self,
        view: &View,
        after: &Heads,
        count: u64,
        until: Option<&Heads>,
    ) -> Result<Merge<'n>, NodeError> {
        self.need_whole_history()?;
        Ok(Merge::open(self.reader(), self.plans(view, after, until, true), after, count)?)
    }

    /// Whether every head of a window is part of the journals as they stand.
    pub(super) fn lies_in(&self, view: &View, heads: &Heads) -> Result<bool, NodeError> {
        for head in heads.iter() {
            let Some((journal, _)) = view.journals.iter().find(|(j, _)| j.writer == head.writer) else {
                return Ok(false);
            };
            if !within(journal, head)
                || !self.store().contains(head.head)
                || !self.store().is_ancestor(head.head, journal.tip)?
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The place of the last event of a window that lies in these journals; `None` where one of its heads does not.
    pub(super) fn last_key(&self, view: &View, heads: &Heads) -> Result<Option<Key>, NodeError> {
        let mut last: Option<Key> = None;
        for head in heads.iter() {
            let held = view.journals.iter().find(|(j, _)| j.writer == head.writer);
            let Some((_, origin)) = held.filter(|_| self.store().contains(head.head)) else { return Ok(None) };
            let end = last_event(self.reader(), head.head, origin)?;
            // Within an append the clock rises by one an event.
            let Some(clock) = (end.header.seq.checked_sub(head.seq)).and_then(|d| end.header.clock.checked_sub(d))
            else {
                return Ok(None);
            };
            let key = Key { clock, writer: head.writer.clone(), seq: head.seq };
            last = last.max(Some(key));
        }
        Ok(last)
    }

    /// Turns what a merge met into findings, and remembers what it verified.
    pub(super) fn close(&self, view: &View, merge: &Merge<'_>) -> Vec<Finding> {
        let mut findings = view.findings.clone();
        for (origin, fault) in merge.faults() {
            findings.push(Finding {
                name: journal_name(&view.ns, &origin.writer),
                commit: fault.commit,
                seq: fault.seq,
                code: fault.code.into(),
                sentence: fault.sentence.clone(),
                severity: Severity::Fail,
                count: None,
            });
        }
        for skipped in merge.skipped() {
            findings.push(Finding {
                name: journal_name(&view.ns, &skipped.writer),
                commit: skipped.commit,
                seq: Some(skipped.seq),
                code: skipped.code.into(),
                sentence: skipped.sentence.clone(),
                severity: Severity::Fail,
                count: None,
            });
        }
        for (origin, position) in merge.positions() {
            if let Some(commit) = position.commit {
                cache::remember_verified(self, &view.ns, &origin.writer, &origin.key, commit);
            }
        }
        findings
    }
}
