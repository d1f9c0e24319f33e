use super::receipts::PAST_THE_GATE;
use crate::git::Plane;
use crate::id::{Actor, Cid, Ns, Oid, Ulid, Writer};
use crate::ledger::{Draft, Event, Loaded, Origin};
use crate::node::error::NodeError;
use crate::node::open::Node;
use crate::node::past::{Again, Law, Past, Place, denied, of_actor};
use crate::node::report::Finding;
use crate::node::tally::{Kind, Tally};
use crate::node::window::journal_name;
use crate::policy::consent::Told;
use crate::policy::{Intent, Judgement, Moved, Receipt};
use crate::trust::Void;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Judges the events of a namespace again, each by the law that the receipt of its push names, as they are read.
pub(super) struct Events<'n> {
    past: Past<'n>,
    ns: Ns,
    /// How old each bundle is.
    age: HashMap<Oid, usize>,
    pushes: HashMap<Writer, Taken>,
    /// The commit of a journal that was met last.
    at: HashMap<Writer, Oid>,
    /// In which journal an act was done that a proposal names.
    granted: HashMap<(Actor, Ulid), Writer>,
    /// Events with which revocations let a key end, and those of them that were met.
    ends: HashSet<Cid>,
    ended: HashSet<Cid>,
    wrong: BTreeMap<(Writer, String), (Finding, u64)>,
    /// Receipts whose ends do not fit the journal or each other.
    misfits: Vec<Finding>,
    tally: Tally,
}

/// What gates took of one journal.
#[derive(Default)]
struct Taken {
    gates: Vec<Pushes>,
    /// The receipts of the pushes that ended last, whatever gates gave them, and what came behind them with none.
    last: Vec<Place>,
    gap: Option<Gap>,
}

impl Taken {
    /// Counts an event that no gate received. Before its first receipt a gate may not have been there.
    fn miss(&mut self, commit: Oid, seq: u64) {
        let fresh = Gap { commit, seq, events: 0 };
        let of_gates = self.gates.iter_mut().filter(|pushes| pushes.last.is_some()).map(|pushes| &mut pushes.gap);
        let of_all = (!self.last.is_empty()).then_some(&mut self.gap);
        of_gates.chain(of_all).for_each(|gap| gap.get_or_insert(fresh).events += 1);
    }
}

/// What one gate took of one journal.
struct Pushes {
    history: usize,
    by_old: HashMap<Option<Oid>, (usize, Oid)>,
    /// The ends of those that have not begun.
    by_new: HashMap<Oid, Vec<usize>>,
    now: Option<Push>,
    /// The receipt of the push that ended last, and what came behind it with none.
    last: Option<usize>,
    gap: Option<Gap>,
}

/// Events in a row that no gate received: the first of them, and how many they are.
#[derive(Clone, Copy)]
struct Gap {
    commit: Oid,
    seq: u64,
    events: u64,
}

impl Pushes {
    fn of(history: usize) -> Pushes {
        let (by_old, by_new) = Default::default();
        Pushes { history, by_old, by_new, now: None, last: None, gap: None }
    }

    /// Takes what a receipt says of the journal; gives the receipt that says another thing of the same beginning.
    fn take(&mut self, receipt: usize, old: Option<Oid>, new: Oid) -> Option<usize> {
        match self.by_old.entry(old) {
            Entry::Occupied(held) => Some(held.get().0).filter(|_| held.get().1 != new),
            Entry::Vacant(empty) => {
                empty.insert((receipt, new));
                self.by_new.entry(new).or_default().push(receipt);
                None
            }
        }
    }

    /// The push that begins behind a commit.
    fn begin(&mut self, before: &Option<Oid>) -> Option<(usize, Oid)> {
        let (receipt, end) = self.by_old.remove(before)?;
        if let Some(ends) = self.by_new.get_mut(&end) {
            ends.retain(|of| *of != receipt);
        }
        Some((receipt, end))
    }
}

/// One push to a journal, while its events are read.
struct Push {
    place: Place,
    end: Oid,
    /// Its law, and what was known of its writer, once an event of it has been met.
    law: Option<Result<Law, Again>>,
    told: Option<Told>,
    judged: Vec<Judged>,
}

struct Judged {
    commit: Oid,
    seq: u64,
    again: Again,
}

impl<'n> Events<'n> {
    pub(super) fn new(node: &'n Node, past: Past<'n>, ns: &Ns, age: HashMap<Oid, usize>) -> Events<'n> {
        let mut pushes: HashMap<Writer, Taken> = HashMap::new();
        let mut misfits = Vec::new();
        for (at, history) in past.histories.iter().enumerate() {
            for (receipt, moved) in
                history.receipts.iter().enumerate().flat_map(|(n, r)| r.updates.iter().map(move |m| (n, m)))
            {
                let (Some(Plane::Journal { ns: of, writer }), Some(new)) = (moved.plane(), moved.new) else { continue };
                if of != ns {
                    continue;
                }
                let of_writer = &mut pushes.entry(writer.clone()).or_default().gates;
                if of_writer.last().is_none_or(|last| last.history != at) {
                    of_writer.push(Pushes::of(at));
                }
                if let Some(other) = of_writer.last_mut().and_then(|last| last.take(receipt, moved.old, new)) {
                    let why = format!("and so does receipt {}, with another end", history.receipts[other].seq);
                    misfits.push(misfit(&history.receipts[receipt], journal_name(ns, writer), new, moved.old, &why));
                }
            }
        }
        let froms = node.graph().revocations().filter_map(|(_, revocation)| revocation.from.as_ref());
        let ends = froms.flat_map(|from| from.values().flatten().copied()).collect();
        let (ns, tally) = (ns.clone(), Tally::default());
        let (at, granted, ended, wrong) = Default::default();
        Events { past, ns, age, pushes, at, granted, ends, ended, wrong, misfits, tally }
    }

    /// Takes the next event of the window.
    pub(super) fn event(&mut self, origin: &Origin, loaded: &Loaded) -> Result<(), NodeError> {
        let before = self.at.get(&origin.writer).copied();
        if before != Some(loaded.commit) {
            self.at.insert(origin.writer.clone(), loaded.commit);
            self.turn(&origin.writer, before)?;
            self.meet(&origin.writer, loaded.commit);
        }
        let mut taken = self.pushes.remove(&origin.writer).unwrap_or_default();
        let mut covered = false;
        for push in taken.gates.iter_mut().filter_map(|pushes| pushes.now.as_mut()) {
            covered = true;
            let again = self.again(push, origin, &loaded.event)?;
            push.judged.push(Judged { commit: loaded.commit, seq: loaded.event.header.seq, again });
        }
        if !covered {
            self.tally.unknown(Kind::Events, "no receipt", 1);
            taken.miss(loaded.commit, loaded.event.header.seq);
        }
        self.pushes.insert(origin.writer.clone(), taken);
        if self.ends.contains(&loaded.event.cid) {
            self.ended.insert(loaded.event.cid);
        }
        Ok(())
    }

    /// Ends the pushes that end with a commit, and begins those that begin behind it.
    fn turn(&mut self, writer: &Writer, before: Option<Oid>) -> Result<(), NodeError> {
        let Some(mut taken) = self.pushes.remove(writer) else { return Ok(()) };
        let mut ended = Vec::new();
        for pushes in &mut taken.gates {
            if let Some(push) = pushes.now.take_if(|push| Some(push.end) == before) {
                pushes.last = Some(push.place.receipt);
                ended.push(push.place);
                self.keep(writer, push);
            }
        }
        if !ended.is_empty() {
            taken.last = ended;
        }
        let mut begun = false;
        for pushes in taken.gates.iter_mut().filter(|pushes| pushes.now.is_none()) {
            let Some((receipt, end)) = pushes.begin(&before) else { continue };
            let place = Place { history: pushes.history, receipt };
            pushes.now = Some(Push { place, end, law: None, told: None, judged: Vec::new() });
            if let (Some(last), Some(gap)) = (pushes.last, pushes.gap.take()) {
                self.unreceived(writer, Place { receipt: last, ..place }, place, gap)?;
            }
            // Of its own receipts it was said, though others may stand between them.
            for last in taken.last.iter().filter(|last| last.history != place.history) {
                if let Some(gap) = taken.gap {
                    self.unreceived(writer, *last, place, gap)?;
                }
            }
            begun = true;
        }
        if begun {
            taken.gap = None;
        }
        self.pushes.insert(writer.clone(), taken);
        Ok(())
    }

    /// Names what no gate received and a later push stands upon, where the law of all that time asked for receipts.
    fn unreceived(&mut self, writer: &Writer, last: Place, next: Place, gap: Gap) -> Result<(), NodeError> {
        let (before, behind) = (self.past.receipt(last), self.past.receipt(next));
        let asked = match last.history == next.history {
            true => self.past.asked_for_receipts(next.history, last.receipt, next.receipt)?,
            false => self.past.asked_between(&self.age, &before, &behind),
        };
        if !asked {
            return Ok(());
        }
        let sentence = format!("no gate has given a receipt for it, and {}: {PAST_THE_GATE}", around(&before, &behind));
        let finding = Finding::new(journal_name(&self.ns, writer), gap.commit, "event.no-receipt", sentence);
        let finding = Finding { seq: Some(gap.seq), ..finding };
        // Where several gates received what stands around it, it is named once.
        let of = format!("event.no-receipt {}", gap.commit);
        self.wrong.entry((writer.clone(), of)).or_insert((finding, gap.events));
        Ok(())
    }

    /// Names the receipts that end with a commit and began nowhere before it: what they let in is judged by nobody.
    fn meet(&mut self, writer: &Writer, commit: Oid) {
        for pushes in self.pushes.get_mut(writer).into_iter().flat_map(|taken| &mut taken.gates) {
            for receipt in pushes.by_new.remove(&commit).unwrap_or_default() {
                let receipt = self.past.receipt(Place { history: pushes.history, receipt });
                let name = journal_name(&self.ns, writer);
                let ends = |moved: &&Moved| moved.new == Some(commit) && moved.name == name;
                let moved = receipt.updates.iter().find(ends);
                let why = "where no push before it ended";
                self.misfits.push(misfit(&receipt, name, commit, moved.and_then(|moved| moved.old), why));
            }
        }
    }

    /// The push is here whole: what was found of it counts.
    fn keep(&mut self, writer: &Writer, push: Push) {
        let receipt = self.past.receipt(push.place);
        for Judged { commit, seq, again } in push.judged {
            match again {
                Again::Right => self.tally.judged(Kind::Events),
                Again::Unknown(what) => self.tally.unknown(Kind::Events, &what, 1),
                Again::Wrong { rule, why } => {
                    self.tally.judged(Kind::Events);
                    let finding = || {
                        let (name, sentence) = (journal_name(&self.ns, writer), denied(Some(&receipt), &rule, &why));
                        Finding { seq: Some(seq), ..Finding::new(name, commit, "event.forbidden", sentence) }
                    };
                    let held = self.wrong.entry((writer.clone(), rule.clone())).or_insert_with(|| (finding(), 0));
                    held.1 += 1;
                }
            }
        }
    }

    fn again(&mut self, push: &mut Push, origin: &Origin, event: &Event) -> Result<Again, NodeError> {
        let receipt = self.past.receipt(push.place);
        let law = match &push.law {
            Some(law) => law,
            None => push.law.insert(self.past.law(&receipt)?),
        };
        let law = match law {
            Ok(law) => law.clone(),
            Err(again) => return Ok(again.clone()),
        };
        if law.graph.key_with_prefix(origin.writer.actor(), origin.writer.key8()) != Some(origin.key) {
            return Ok(Again::wrong("key.unknown", format!("{} was no key of {} then", origin.key, origin.actor())));
        }
        if is_void(&law, origin, &self.ended) {
            return Ok(Again::wrong("key.revoked", format!("{} was revoked then", origin.key)));
        }
        let age = |root: &Oid| self.age.get(root);
        let root = event.header.policy_root;
        if age(&root) > receipt.policy_root.as_ref().and_then(age) {
            return Ok(Again::wrong("event.policy", format!("its policy_root {root} was not active then")));
        }
        let Some(draft) = Draft::of(event) else {
            return Ok(Again::wrong("event.form", "its payload is not one that may be said"));
        };
        self.weigh(push, origin, &law, &draft)
    }

    /// What the policy says to it.
    fn weigh(&mut self, push: &mut Push, origin: &Origin, law: &Law, draft: &Draft) -> Result<Again, NodeError> {
        let (actor, key) = (origin.actor(), &origin.key);
        let told = match &mut push.told {
            Some(told) => told,
            empty => empty.insert(self.past.told(push.place, &law.bundle, actor, key)?),
        };
        let intent = Intent::emit(&self.ns, actor, key, draft);
        let more = told.of(&intent)?;
        if more.is_some() {
            let before = self.granted.entry((actor.clone(), draft.ulid)).or_insert_with(|| origin.writer.clone());
            if *before != origin.writer {
                let why = format!("its ULID {} stands in the journal {before} too", draft.ulid);
                return Ok(Again::wrong("event.ulid", format!("{why}, and what was granted may be done once")));
            }
        }
        let known = more.as_ref().unwrap_or(told.silent());
        let judgement = law.judge.borrow_mut().decide(&intent, known, law.graph.tip())?;
        let decision = match judgement {
            Judgement::Allowed(_) => return Ok(Again::Right),
            Judgement::Refused(decision) => decision,
        };
        self.past.refused(push.place, &intent, &law.bundle, &of_actor(actor, key), &decision)
    }

    /// What was found: events that no law of their time allowed, and how many could be judged.
    pub(super) fn end(mut self) -> Result<(Vec<Finding>, Tally), NodeError> {
        let writers: Vec<Writer> = self.pushes.keys().cloned().collect();
        for writer in writers {
            let last = self.at.get(&writer).copied();
            self.turn(&writer, last)?;
            for pushes in self.pushes.remove(&writer).unwrap_or_default().gates {
                let begun = pushes.now.as_ref().is_some_and(|push| push.judged.is_empty());
                let cut = pushes.now.into_iter().map(|push| push.judged.len() as u64).sum::<u64>();
                if cut > 0 {
                    self.tally.unknown(Kind::Events, "their push is not here whole", cut);
                }
                let never = (pushes.by_old.len() + usize::from(begun)) as u64;
                if never > 0 {
                    self.tally.unknown(Kind::Journals, "their events are not here, or void", never);
                }
            }
        }
        let told = |(finding, count): (Finding, u64)| match count {
            0 | 1 => finding,
            _ => {
                let sentence = format!("{}; and so {} further events of this journal", finding.sentence, count - 1);
                Finding { sentence, ..finding }
            }
        };
        Ok((self.wrong.into_values().map(told).chain(self.misfits).collect(), self.tally))
    }
}

/// Which receipts stand before and behind something.
fn around(before: &Receipt, behind: &Receipt) -> String {
    let (one, other) = (before.gate.actor(), behind.gate.actor());
    let (seq, next) = (before.seq, behind.seq);
    if before.key == behind.key {
        return format!("{one} has for what stands before and behind it ({seq} and {next})");
    }
    let (key, of) = (before.key, behind.key);
    format!(
        "{one} has for what stands before it ({seq}, by {key}), and {other} for what stands behind it ({next}, by {of})"
    )
}

fn misfit(receipt: &Receipt, name: String, new: Oid, old: Option<Oid>, why: &str) -> Finding {
    let from = old.map_or("with the first event".to_owned(), |old| format!("behind {old}"));
    let (gate, seq) = (receipt.gate.actor(), receipt.seq);
    let sentence = format!("receipt {seq} of {gate} says that a push began {from}, {why}");
    Finding::new(name, new, "receipt.ends", sentence)
}

/// Whether the law that stood then had ended a key before the next event of a journal.
fn is_void(law: &Law, origin: &Origin, ended: &HashSet<Cid>) -> bool {
    match law.graph.void_from(&origin.writer, &origin.key) {
        None => false,
        Some(Void::All) => true,
        Some(Void::After(last)) => last.iter().any(|cid| ended.contains(cid)),
    }
}
