use super::Verification;
use crate::git::Plane;
use crate::id::Oid;
use crate::node::receipts::{Doubt, Graphs, Line, put_back};
use crate::node::report::Finding;
use crate::policy::{Bundle, Demand, Receipt};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// What to do about what no gate received and a later push stands upon.
pub(super) const PAST_THE_GATE: &str = "look at who can write to the server past the gate; the gate of an empty repository \
     receives anew what may stand";

/// What stood at a gate after its last receipt, as far as its receipts tell: places in the chains of the law.
#[derive(Default)]
struct Stands {
    seq: u64,
    received_at: Option<crate::id::Timestamp>,
    trust: Stood,
    policy: Stood,
}

/// How far a chain of the law had come at a gate, and where it was when the gate first told of it.
#[derive(Clone, Copy, Default)]
struct Stood {
    now: Option<usize>,
    first: Option<usize>,
    /// Where the gate itself let it come to last.
    let_in: Option<usize>,
}

/// One of the two chains of the law.
struct LawChain {
    what: &'static str,
    plane: Plane,
    /// How far each commit is along the chain.
    places: HashMap<Oid, usize>,
    /// The places that came in with a receipt, whatever gate gave it.
    brought: HashSet<usize>,
    /// The receipts that put back what had stood. They bring nothing.
    back: HashSet<Oid>,
}

impl LawChain {
    fn new(
        what: &'static str,
        plane: Plane,
        places: HashMap<Oid, usize>,
        lines: &[Line],
        received: &[Arc<Receipt>],
    ) -> LawChain {
        let back = put_back(lines, &plane);
        let span = |receipt: &Arc<Receipt>| {
            let moved = receipt.moved(&plane)?;
            let from = moved.old.map_or(Some(0), |old| Some(places.get(&old)? + 1))?;
            Some(from..=*places.get(&moved.new?)?)
        };
        let brings = |receipt: &&Arc<Receipt>| !back.contains(&receipt.commit);
        let brought = received.iter().filter(brings).filter_map(span).flatten().collect();
        LawChain { what, plane, places, brought, back }
    }

    /// Whether a receipt puts back what gates had let in up to a place, or what is older than its gate.
    fn is_back(&self, receipt: &Receipt, now: usize, held: Stood) -> bool {
        let Some(before) = held.now.filter(|before| *before <= now) else { return false };
        let brought = |place: usize| self.brought.contains(&place);
        self.back.contains(&receipt.commit)
            && (brought(now) || [held.first, held.let_in].contains(&Some(now)))
            && (before + 1..=now).all(brought)
    }

    /// How a gate may name a place beyond what stood there by its own receipts, and whether that came past all gates.
    fn unseen(&self, stood: Option<usize>, now: usize) -> Option<(&'static str, bool)> {
        match stood {
            Some(before) if now > before => Some(match (before + 1..=now).all(|place| self.brought.contains(&place)) {
                true => ("another gate has received, and this one has not", false),
                false => ("no gate has received", true),
            }),
            // Where a gate has told of nothing before, it may be a copy. What no gate brought is none, or older than they all.
            None if self.brought_upto(now).is_some_and(|last| last < now) => {
                Some(("no gate has received, and gates have what stands before it", true))
            }
            _ => None,
        }
    }

    /// The last place up to one that came in with a receipt. None where all of that is older than the gates.
    fn brought_upto(&self, place: usize) -> Option<usize> {
        self.brought.iter().copied().filter(|brought| *brought <= place).max()
    }
}

impl Verification<'_> {
    /// Whether every receipt could be given: by a key that had the right, in its order, under the law that stood.
    pub(super) fn receipts_hold(&mut self) {
        let mut graphs = Graphs::new(self.node.graph());
        let received = self.received(&mut graphs);
        let commits = self.node.graph().commits().iter();
        let trust = commits.enumerate().map(|(place, commit)| (*commit, place)).collect();
        let trust = LawChain::new("trust graph", Plane::TrustGraph, trust, &self.lines, &received);
        let policy = LawChain::new("policy", Plane::PolicyActive, self.policy_age.clone(), &self.lines, &received);
        let mut findings = Vec::new();
        let mut seen: HashSet<Oid> = HashSet::new();
        for line in &self.lines {
            let mut stands = Stands::default();
            for receipt in &line.receipts {
                let (mut said, stood) = (Vec::new(), stands.policy.now);
                stands.order(receipt, &mut said);
                stands.trust = stands.law(&trust, receipt, receipt.trust_root, stands.trust, &mut said);
                stands.policy = stands.law(&policy, receipt, receipt.policy_root, stands.policy, &mut said);
                self.weigh_unseen(&policy, stood.or_else(|| stood_elsewhere(&policy, receipt)), &mut said);
                said.extend(right(graphs.doubt(receipt), receipt));
                if seen.insert(receipt.commit) {
                    let name = line.name.to_string();
                    findings.extend(said.into_iter().map(|(code, sentence, fails)| {
                        let sentence = format!("receipt {}: {sentence}", receipt.seq);
                        let finding = Finding::new(name.as_str(), receipt.commit, code, sentence);
                        if fails { finding } else { finding.note() }
                    }));
                }
            }
        }
        findings.extend(forks(&self.lines));
        self.report.findings.extend(findings);
    }

    /// The receipts that tell of law that came in. What lets its gate in is among them.
    fn received(&self, graphs: &mut Graphs<'_>) -> Vec<Arc<Receipt>> {
        let all = self.lines.iter().flat_map(|line| &line.receipts);
        let tells = |receipt: &&Arc<Receipt>| !matches!(graphs.doubt(receipt), Some(Doubt::NoTrust | Doubt::NoRight));
        all.filter(tells).cloned().collect()
    }

    /// Law that came past every gate makes the verdict where the policy that stood asked for receipts.
    fn weigh_unseen(&self, policy: &LawChain, stood: Option<usize>, said: &mut [Said]) {
        for unseen in said.iter_mut().filter(|(code, _, fails)| *code == "receipt.unseen" && *fails) {
            let stood = policy.places.iter().find(|(_, place)| Some(**place) == stood).map(|(commit, _)| *commit);
            let bundle = stood.map(|commit| Bundle::read(self.node.reader(), commit, self.node.graph()));
            unseen.2 = bundle.is_some_and(|read| read.is_ok_and(|bundle| bundle.profile().asks(Demand::Receipts)));
            if unseen.2 {
                unseen.1 = format!("{}: {PAST_THE_GATE}", unseen.1);
            }
        }
    }
}

/// Code, sentence, and whether it makes the verdict.
type Said = (&'static str, String, bool);

impl Stands {
    fn order(&mut self, receipt: &Receipt, said: &mut Vec<Said>) {
        if receipt.seq != self.seq + 1 {
            said.push(("receipt.order", format!("it stands behind receipt {}", self.seq), true));
        }
        if self.received_at.is_some_and(|before| receipt.received_at < before) {
            let why = format!("it is of {}, before the receipt before it", receipt.received_at);
            said.push(("receipt.time", why, true));
        }
        self.seq = receipt.seq;
        self.received_at = self.received_at.max(Some(receipt.received_at));
    }

    /// Holds the law that a receipt names against what stood, and gives what stands behind it.
    fn law(&self, chain: &LawChain, receipt: &Receipt, named: Option<Oid>, held: Stood, said: &mut Vec<Said>) -> Stood {
        let (what, stood) = (chain.what, held.now);
        let moved = receipt.moved(&chain.plane);
        let mut fail = |why: String| said.push(("receipt.law", why, true));
        let place = named.and_then(|root| chain.places.get(&root).copied());
        match (named, place, stood) {
            // What was taken away past the gate and comes back as it was changes nothing.
            (Some(_), Some(now), Some(_))
                if moved.is_some_and(|m| m.new == named) && chain.is_back(receipt, now, held) => {}
            // Nothing but what comes first is judged by no law before it, and whoever takes the law away makes nothing first again.
            (_, _, Some(_)) if moved.is_some_and(|m| m.old.is_none()) => {
                fail(format!("it says that it brought the first {what}, and one stood: no law judged what it let in"));
            }
            (None, _, Some(_)) => fail(format!("it names no {what}, and one stood")),
            (Some(root), None, _) => {
                fail(format!("it names the {what} {root}, which is none of those that count here"))
            }
            (Some(root), Some(now), Some(before)) if now < before => {
                fail(format!("it names the {what} {root}, which had been replaced"));
            }
            // A push of law is judged by what it replaces; the first one by itself.
            (Some(root), ..) if moved.is_some_and(|m| m.old.or(m.new) != named) => {
                fail(format!("it names the {what} {root} and moves another"));
            }
            (Some(root), Some(now), stood) => {
                let unseen = chain.unseen(stood, now);
                said.extend(
                    unseen.map(|(how, fails)| {
                        ("receipt.unseen", format!("it names the {what} {root}, which {how}"), fails)
                    }),
                );
            }
            _ => {}
        }
        let brought = moved.and_then(|m| m.new).and_then(|new| chain.places.get(&new).copied());
        if let (Some(moved), None) = (moved, brought) {
            let new = moved.new.unwrap_or(Oid::ZERO);
            said.push(("receipt.law", format!("it lets in the {what} {new}, which is none that counts here"), true));
        }
        let let_in = brought.filter(|_| !chain.back.contains(&receipt.commit)).or(held.let_in);
        Stood { now: stood.max(place).max(brought), first: held.first.or(place), let_in }
    }
}

/// The policy that stood where a gate had not told of any: the last that gates brought up to the one that its receipt names.
fn stood_elsewhere(policy: &LawChain, receipt: &Receipt) -> Option<usize> {
    let named = *policy.places.get(&receipt.policy_root?)?;
    policy.brought_upto(named).or(Some(named))
}

/// What the right of its key lets a receipt say.
fn right(doubt: Option<Doubt>, receipt: &Receipt) -> Option<Said> {
    let only_trust = receipt.moves_only_trust();
    let (gate, key) = (receipt.gate.actor(), &receipt.key);
    Some(match doubt? {
        // Of one that is not here it was said with the law.
        Doubt::NoTrust if receipt.trust_root.is_some() || only_trust => return None,
        Doubt::NoTrust => ("receipt.law", "it names no trust graph that counts here".into(), true),
        Doubt::NoRight if only_trust => {
            ("receipt.early", format!("{gate} had no right to give it yet; it counts for nothing"), false)
        }
        Doubt::Early => {
            let why = format!("it lets in the trust that gives {gate} the right; no law is asked about it again");
            ("receipt.early", why, false)
        }
        Doubt::NoRight => {
            ("receipt.key", format!("by the trust graph that it names {key} of {gate} gives no receipts"), true)
        }
        Doubt::Revoked => {
            ("receipt.revoked", format!("{key} was revoked since; by it nothing counts as received"), false)
        }
    })
}

/// Two chains of one gate of which none is the beginning of the other: it told two stories.
fn forks(lines: &[Line]) -> Vec<Finding> {
    let mut by_gate: BTreeMap<&Plane, Vec<&Line>> = BTreeMap::new();
    lines.iter().for_each(|line| by_gate.entry(&line.name.plane).or_default().push(line));
    let told = |lines: &Vec<&Line>| {
        let [first, second, ..] = lines[..] else { return None };
        let commit = second.receipts.last().map_or(Oid::ZERO, |receipt| receipt.commit);
        let why = format!("its receipts and those of {} go apart: the gate told two stories", first.name);
        Some(Finding::new(second.name.to_string(), commit, "receipt.fork", why))
    };
    by_gate.values().filter_map(told).collect()
}
