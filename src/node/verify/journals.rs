use super::Verification;
use super::events::Events;
use crate::git::GitError;
use crate::id::{Ns, Oid, Ulid, Writer};
use crate::ledger::{Heads, LedgerError, Loaded, Merge};
use crate::node::drive::Watch;
use crate::node::error::NodeError;
use crate::node::receipts::Cover;
use crate::node::report::Finding;
use crate::node::window::{View, journal_name};
use crate::state::Checkpoint;
use std::collections::{BTreeSet, HashMap};

/// What one reading of a namespace met.
struct Reading<'n> {
    events: u64,
    findings: Vec<Finding>,
    seen: Seen,
    again: Events<'n>,
}

/// How a reading ended.
enum Read<'n> {
    Whole(Merge<'n>),
    /// A journal holds what cannot be read.
    Broken(Writer, GitError),
}

impl<'n> Verification<'n> {
    /// Every journal of a namespace, from its first byte, with every signature. A journal that cannot be read is named, and
    /// the others are read again without it: what is damaged must not hide what was tampered with.
    pub(super) fn journals(&mut self, ns: &Ns, watch: Watch<'_>) -> Result<(), NodeError> {
        let mut broken = BTreeSet::new();
        let (view, merge, reading) = loop {
            let view = match self.node.view_without(ns, &broken) {
                Ok(view) => view,
                Err(NodeError::Ledger(LedgerError::Read { writer, source, .. })) => {
                    self.name_broken(ns, None, &writer, &source);
                    self.leave_out(&mut broken, writer, source)?;
                    continue;
                }
                Err(other) => return Err(other),
            };
            let again = Events::new(self.node, self.past(), ns, self.policy_age.clone());
            let mut reading = Reading { events: 0, findings: Vec::new(), seen: Seen::default(), again };
            match self.read(&view, &mut reading, watch)? {
                Read::Whole(merge) => break (view, merge, reading),
                Read::Broken(writer, source) => {
                    self.name_broken(ns, Some(&view), &writer, &source);
                    self.leave_out(&mut broken, writer, source)?;
                }
            }
        };
        self.report.journals += (view.journals.len() + broken.len()) as u64;
        self.report.events += reading.events;
        self.report.void += view.void;
        self.report.findings.extend(view.findings.iter().cloned());
        self.report.findings.extend(reading.findings);
        let (forbidden, tally) = reading.again.end()?;
        self.report.findings.extend(forbidden);
        self.report.again.add(tally);
        self.self_judged(ns, &merge)?;
        let closed = self.node.close(&view, &merge);
        self.report.findings.extend(closed.into_iter().skip(view.findings.len()));
        for (origin, position) in merge.positions() {
            if let Some(commit) = position.commit {
                self.good.insert((ns.clone(), origin.writer.clone()), commit);
            }
        }
        Ok(())
    }

    /// Names the commit that cannot be read, or else the tip behind which it lies.
    fn name_broken(&mut self, ns: &Ns, view: Option<&View>, writer: &Writer, source: &GitError) {
        let held = view.and_then(|view| view.journals.iter().find(|(j, _)| j.writer == *writer));
        let tip = held.map_or(Oid::ZERO, |(journal, _)| journal.tip);
        self.broken(&journal_name(ns, writer), tip, source);
    }

    /// A journal that was left out and fails again would be left out for ever.
    fn leave_out(&self, broken: &mut BTreeSet<Writer>, writer: Writer, source: GitError) -> Result<(), NodeError> {
        if broken.insert(writer) { Ok(()) } else { Err(source.into()) }
    }

    fn read(&self, view: &View, reading: &mut Reading<'n>, watch: Watch<'_>) -> Result<Read<'n>, NodeError> {
        let plans = self.node.plans(view, &Heads::default(), None, false);
        let node = self.node;
        let mut merge = match Merge::open(node.reader(), plans, &Heads::default(), 0) {
            Ok(merge) => merge,
            Err(LedgerError::Read { writer, source, .. }) => return Ok(Read::Broken(writer, source)),
            Err(other) => return Err(other.into()),
        };
        let mut drive = watch.over(&format!("verifying {}", view.ns), None, &mut merge);
        loop {
            match drive.next() {
                Ok(None) => break,
                Ok(Some((origin, loaded))) => {
                    reading.event(&view.ns, &origin.writer, &loaded, &self.policy_age);
                    reading.again.event(&origin, &loaded)?;
                }
                Err(NodeError::Ledger(LedgerError::Read { writer, source, .. })) => {
                    return Ok(Read::Broken(writer, source));
                }
                Err(other) => return Err(other),
            }
        }
        drop(drive);
        Ok(Read::Whole(merge))
    }

    /// Whether a checkpoint counts events that a revocation has voided since: it was true, and is nothing to begin at now.
    pub(super) fn counts_void(&mut self, name: &str, ns: &Ns, claim: &Checkpoint) -> Result<bool, NodeError> {
        if !claim.heads.iter().any(|head| self.node.is_voided(&head.writer)) {
            return Ok(false);
        }
        let view = match self.node.view(ns) {
            Ok(view) => view,
            // The journal at fault was named, and no checkpoint over it can be vouched for.
            Err(NodeError::Ledger(LedgerError::Read { source, .. })) => {
                self.unreadable(name, claim.commit, &source);
                return Ok(true);
            }
            Err(other) => return Err(other),
        };
        let Some((_, why)) = self.node.voided_in(&view, &claim.heads)? else { return Ok(false) };
        self.report.findings.push(Finding::new(name, claim.commit, "key.revoked", why).note());
        Ok(true)
    }

    /// Without a gate's receipt nobody but the writer has judged his events.
    fn self_judged(&mut self, ns: &Ns, merge: &Merge<'_>) -> Result<(), NodeError> {
        for (origin, position) in merge.positions() {
            let Some(commit) = position.commit else { continue };
            let (seq, name) = (position.seq, journal_name(ns, &origin.writer));
            // Where a revocation cuts a journal, the receipt may be for more than what is left of it.
            let sentence = match self.receipts.cover(self.node.reader(), &name, commit) {
                Cover::Whole => continue,
                Cover::Part => format!("no gate has given a receipt for the last of its events, up to {seq}"),
                Cover::Nothing => format!("no gate has given a receipt for its events up to {seq}"),
            };
            let finding = Finding::new(name, commit, "event.self-judged", sentence);
            let finding = self.weigh_unreceived(finding, &origin.writer)?;
            self.report.findings.push(finding);
        }
        Ok(())
    }
}

impl Reading<'_> {
    fn event(&mut self, ns: &Ns, writer: &Writer, loaded: &Loaded, policy_age: &HashMap<Oid, usize>) {
        let h = &loaded.event.header;
        let finding = |code, sentence| {
            let finding = Finding::new(journal_name(ns, writer), loaded.commit, code, sentence);
            Finding { seq: Some(h.seq), ..finding }
        };
        if let Some(other) = self.seen.ulid(h.ulid, writer) {
            let finding = finding("event.ulid", format!("its ULID {} was used before by {other}", h.ulid));
            self.findings.push(if other == *writer { finding } else { finding.note() });
        }
        if let Some(why) = self.seen.policy(policy_age, h.policy_root, writer) {
            self.findings.push(finding("event.policy", why));
        }
        self.events += 1;
    }
}

/// What has been met in a namespace.
#[derive(Default)]
struct Seen {
    ulids: HashMap<Ulid, u32>,
    writers: Vec<Writer>,
    ages: HashMap<Writer, usize>,
}

impl Seen {
    /// The writer that used a ULID before.
    fn ulid(&mut self, ulid: Ulid, writer: &Writer) -> Option<Writer> {
        let index = match self.writers.iter().position(|w| w == writer) {
            Some(index) => index,
            None => {
                self.writers.push(writer.clone());
                self.writers.len() - 1
            }
        };
        let before = self.ulids.insert(ulid, index as u32)?;
        Some(self.writers[before as usize].clone())
    }

    /// An event names an active policy, and none older than the event before it.
    fn policy(&mut self, ages: &HashMap<Oid, usize>, root: Oid, writer: &Writer) -> Option<String> {
        let Some(age) = ages.get(&root) else {
            return Some(format!("its policy_root {root} was never an active policy here"));
        };
        let last = match self.ages.get_mut(writer) {
            Some(last) => last,
            None => self.ages.entry(writer.clone()).or_default(),
        };
        if age < last {
            return Some(format!("its policy_root {root} is older than that of the event before it"));
        }
        *last = *age;
        None
    }
}
