use super::consent;
use super::denial::{Denial, Judged};
use super::error::HookError;
use super::files;
use super::law::{Law, Policy, no_policy};
use super::standing::Counted;
use super::visit::Visit;
use crate::canon::Value;
use crate::git::{GitError, gate_dir};
use crate::id::{Cid, Ns, Oid, PublicKey, Ulid, Writer};
use crate::ledger::{
    CLOCK_LEAD_MAX, Draft, Event, EventStream, Fault, Key, LedgerError, Loaded, Origin, StreamPlan, UlidIndex,
    last_event,
};
use crate::policy::consent::Told;
use crate::policy::{Decision, FactsOf, Intent, Judgement};
use crate::trust::{Graph, Void};
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

/// Bytes of pushed commits that are held instead of being read twice.
const KEEP: usize = 64 << 20;
/// Most live journals of one actor in one namespace, and in all of them.
const JOURNALS_MAX: usize = 32;
const JOURNALS_OF_ALL_MAX: usize = 1_024;

/// Judges what a push adds to a journal.
pub(super) struct JournalCheck<'a> {
    visit: &'a Visit,
    graph: &'a Graph,
    name: &'a str,
    origin: Arc<Origin>,
    /// Clock and ULIDs of what stood before.
    total: u64,
    late: Option<Key>,
    held: Option<UlidIndex>,
    met: HashSet<Ulid>,
    /// The place, in the line of policies, of the bundle that the last event named.
    age: usize,
    revoked: Option<Revoked>,
}

/// What a revocation of the journal's key leaves of it.
struct Revoked {
    /// The last event that counts is one of these.
    last: Vec<Cid>,
    /// It has been met: what follows is void.
    met: bool,
}

pub(super) fn check(
    visit: &Visit,
    law: &mut Law,
    name: &str,
    (ns, writer): (&Ns, &Writer),
    old: Option<Oid>,
    new: Oid,
) -> Result<Judged, HookError> {
    let Some(key) = law.graph.key_with_prefix(writer.actor(), writer.key8()) else {
        let why = format!("the trust graph knows no key {} of {}", writer.key8(), writer.actor());
        let hint = format!("a root runs: git gatos trust add-key {} KEY, and pushes the trust graph", writer.actor());
        return Ok(Err(Box::new(Denial::of(name, "key.unknown", why).hint(hint).at(new))));
    };
    let consents = consent::standing(visit, law)?;
    let Some(policy) = &mut law.policy else {
        return Ok(Err(no_policy(name)));
    };
    if old.is_none()
        && let Some(denial) = too_many(visit, &law.graph, name, ns, writer)?
    {
        return Ok(Err(Box::new(denial.at(new).by(writer.actor(), &key))));
    }
    let origin = Origin::new(law.graph.repo(), ns.clone(), key, writer.clone());
    let origin = Arc::new(origin.expect("the key was found by its digits"));
    let before = match old {
        None => None,
        Some(commit) => Some((commit, last_event(&visit.durable, commit, &origin)?)),
    };
    let plan = StreamPlan {
        after: before.as_ref().map(|(commit, event)| (*commit, event.header.seq)),
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        keep: KEEP,
        ..StreamPlan::whole(Arc::clone(&origin), new)
    };
    let mut stream = match EventStream::open(&visit.pushed, plan) {
        Ok(stream) => stream,
        Err(e) => return unread(name, new, e).map(|d| Err(Box::new(d.by(writer.actor(), &key)))),
    };
    let before = before.map(|(_, event)| event);
    // The last good event may stand anywhere in what was accepted before.
    let met = match old {
        Some(tip) => matches!(visit.count(&law.graph, ns, writer, tip)?, Counted::To(..)),
        None => false,
    };
    let measure = visit.measure(&law.graph, ns)?;
    let mut check = JournalCheck {
        visit,
        graph: &law.graph,
        name,
        total: measure.events,
        late: measure.checkpoint,
        held: match old {
            None => None,
            Some(tip) => Some(held_ulids(visit, &origin, tip)?),
        },
        met: HashSet::new(),
        age: before.as_ref().and_then(|e| policy.age.get(&e.header.policy_root)).copied().unwrap_or(0),
        revoked: law.graph.void_from(writer, &key).map(|void| {
            let last = match void {
                Void::All => Vec::new(),
                Void::After(last) => last,
            };
            Revoked { met, last }
        }),
        origin: Arc::clone(&origin),
    };
    let told = Told::new(FactsOf::actor(&law.graph, writer.actor(), &key, Some(&visit.received_at)), consents)?;
    let trust_root = law.graph.tip();
    let mut good = before.is_some();
    loop {
        match stream.next_event() {
            Ok(Some(loaded)) => {
                if let Err(denial) = check.event(policy, &loaded, &told, trust_root)? {
                    return Ok(Err(Box::new(denial.by(writer.actor(), &key))));
                }
                good = true;
            }
            Ok(None) => break,
            Err(e) => return unread(name, new, e).map(|d| Err(Box::new(d.by(writer.actor(), &key)))),
        }
    }
    let void = check.revoked.as_ref().is_some_and(|revoked| !revoked.met);
    Ok(match stream.fault() {
        // It holds none of the events up to which the revocation leaves it anything.
        None if void => {
            let why = "the key of this journal is revoked, and none of these events is one that the revocation names";
            Err(Box::new(Denial::of(name, "key.revoked", why).at(new).by(writer.actor(), &key)))
        }
        None => Ok(()),
        Some(fault) => Err(Box::new(of_fault(name, fault, good, &key, writer))),
    })
}

impl JournalCheck<'_> {
    /// The rules of one event that need more than its journal, then the policy.
    fn event(
        &mut self,
        policy: &mut Policy,
        loaded: &Loaded,
        told: &Told,
        trust_root: Oid,
    ) -> Result<Result<(), Denial>, HookError> {
        let refuse = |denial: Denial| Ok(Err(denial.at(loaded.commit)));
        let h = &loaded.event.header;
        if let Some(revoked) = &mut self.revoked {
            if revoked.met || revoked.last.is_empty() {
                return refuse(self.denial("key.revoked", "the key of this journal is revoked".into(), &loaded.event));
            }
            revoked.met = revoked.last.contains(&loaded.event.cid);
        }
        if h.clock > self.total + CLOCK_LEAD_MAX {
            let why =
                format!("its clock {} is more than {CLOCK_LEAD_MAX} above the {} events here", h.clock, self.total);
            return refuse(self.denial("event.clock", why, &loaded.event));
        }
        self.total += 1;
        let key = Key { clock: h.clock, writer: self.origin.writer.clone(), seq: h.seq };
        if let Some(last) = self.late.as_ref().filter(|last| key <= **last) {
            let why = format!(
                "its clock {} sorts at or before the last event of the newest checkpoint (clock {})",
                h.clock, last.clock
            );
            let denial = self.denial("event.late", why, &loaded.event);
            return refuse(denial.hint("git gatos sync seals it anew behind the checkpoint"));
        }
        let said = self.held.as_ref().is_some_and(|held| held.find(h.ulid).is_some());
        if said || !self.met.insert(h.ulid) {
            let why = format!("its ULID {} was used before in this journal", h.ulid);
            return refuse(self.denial("event.ulid", why, &loaded.event));
        }
        match policy.age.get(&h.policy_root) {
            None => {
                let why = format!("its policy_root {} was never an active policy here", h.policy_root);
                let denial = self.denial("event.policy", why, &loaded.event);
                return refuse(denial.hint("git gatos sync, then emit again"));
            }
            Some(age) if *age < self.age => {
                let why = format!("its policy_root {} is older than that of the event before it", h.policy_root);
                return refuse(self.denial("event.policy", why, &loaded.event));
            }
            Some(age) => self.age = *age,
        }
        let Some(draft) = Draft::of(&loaded.event) else {
            return refuse(self.denial("event.form", "its payload is not one that may be said".into(), &loaded.event));
        };
        let origin = &self.origin;
        let intent = Intent::emit(&origin.ns, origin.actor(), &origin.key, &draft);
        let more = told.of(&intent)?;
        self.visit.once.set(self.visit.once.get() || more.is_some());
        if more.is_some()
            && let Some(writer) = self.said_elsewhere(h.ulid)?
        {
            let why =
                format!("its ULID {} stands in the journal {writer}, and what was granted may be done once", h.ulid);
            return refuse(self.denial("event.ulid", why, &loaded.event));
        }
        match policy.judge.decide(&intent, more.as_ref().unwrap_or(told.silent()), trust_root)? {
            Judgement::Allowed(_) => Ok(Ok(())),
            Judgement::Refused(decision) => {
                let denial = of_decision(self.name, *decision, &intent).at(loaded.commit);
                Ok(Err(denial.fact("type", loaded.event.ty()).fact("seq", h.seq as i64)))
            }
        }
    }

    /// The other journal of the same actor in which a ULID stands, as the push would leave it. Two journals may hold one ULID,
    /// but a grant names an act by actor and ULID: it must not serve once a journal.
    fn said_elsewhere(&self, ulid: Ulid) -> Result<Option<Writer>, HookError> {
        let origin = &self.origin;
        for (writer, tip) in self.visit.journals(&origin.ns)? {
            if writer == origin.writer || writer.actor() != origin.actor() {
                continue;
            }
            // An actor has a journal a key. Of a key that trust does not know nothing is accepted.
            let key = self.graph.key_with_prefix(writer.actor(), writer.key8());
            let other = key.and_then(|key| Origin::new(origin.repo, origin.ns.clone(), key, writer.clone()));
            let Some(other) = other else { continue };
            let kept = files::read(&ulid_path(self.visit, &other))?;
            let (index, _) = UlidIndex::load(&self.visit.pushed, &other, tip, kept.as_deref())?;
            if index.find(ulid).is_some() {
                return Ok(Some(writer));
            }
        }
        Ok(None)
    }

    fn denial(&self, rule: &str, why: String, event: &Event) -> Denial {
        Denial::of(self.name, rule, format!("event {} of {}: {why}", event.header.seq, self.name))
            .fact("seq", event.header.seq as i64)
            .fact("type", event.ty())
    }
}

/// A refusal by the policy.
pub(super) fn of_decision(name: &str, decision: Decision, intent: &Intent<'_>) -> Denial {
    let mut denial = Denial::of(name, &decision.rule, decision.reason);
    denial.verdict = decision.verdict;
    denial.hint = decision.hint;
    denial.intent = match intent.recorded() {
        Value::Map(intent) => Some(intent),
        _ => None,
    };
    if let Value::Map(facts) = decision.facts {
        denial.facts = facts;
    }
    denial
}

/// An actor has a journal a clone; whoever makes more than so many makes work for everybody.
fn too_many(visit: &Visit, graph: &Graph, name: &str, ns: &Ns, writer: &Writer) -> Result<Option<Denial>, HookError> {
    // Whoever held a key that is revoked now must not have used up what its owner has.
    let live = |w: &Writer| graph.key_with_prefix(w.actor(), w.key8()).is_some_and(|key| !graph.is_revoked(&key));
    let journals = visit.journals(ns)?;
    let own = journals.keys().filter(|w| w.actor() == writer.actor() && *w != writer && live(w)).count();
    let denial = |own: usize, place: &str, most: usize| {
        let why = format!("{} has {own} journals in {place} already; {most} is the most", writer.actor());
        Some(Denial::of(name, "quota.journals", why).hint("go on in a clone that has one"))
    };
    if own >= JOURNALS_MAX {
        return Ok(denial(own, ns.as_str(), JOURNALS_MAX));
    }
    // The one that begins is among them.
    let all = visit.journals_of(writer.actor(), &live)?.saturating_sub(1);
    Ok(if all >= JOURNALS_OF_ALL_MAX { denial(all, "all namespaces", JOURNALS_OF_ALL_MAX) } else { None })
}

fn ulid_path(visit: &Visit, origin: &Origin) -> PathBuf {
    gate_dir(visit.durable.common_dir()).join("ulid").join(origin.ns.as_str()).join(origin.writer.as_str())
}

/// The ULIDs of a journal as far as it is accepted, kept beside the gate's settings.
fn held_ulids(visit: &Visit, origin: &Origin, tip: Oid) -> Result<UlidIndex, HookError> {
    let path = ulid_path(visit, origin);
    let kept = files::read(&path)?;
    let (index, keep) = UlidIndex::load(&visit.durable, origin, tip, kept.as_deref())?;
    if let Some(bytes) = keep.filter(|_| !visit.rehearsal) {
        files::replace(&path, &bytes)?;
    }
    Ok(index)
}

/// What cannot be read of a journal, as a refusal; an error where it is not the push's fault.
fn unread(name: &str, new: Oid, error: LedgerError) -> Result<Denial, HookError> {
    match error {
        LedgerError::Read { source, .. } => of_git(name, new, source),
        LedgerError::Fault { fault, .. } => Ok(Denial::of(name, fault.code, fault.sentence).at(fault.commit)),
        other => Err(other.into()),
    }
}

/// What git says of a pushed object, as a refusal.
pub(super) fn of_git(name: &str, new: Oid, error: GitError) -> Result<Denial, HookError> {
    let (rule, commit) = match &error {
        GitError::NotAncestor { .. } => ("ref.non-ff", new),
        GitError::Kind { oid, .. } => ("object.type", *oid),
        GitError::TooLarge { oid, .. } => ("object.size", *oid),
        GitError::Missing { oid } | GitError::Damaged { oid, .. } => ("object.damaged", *oid),
        GitError::NotRegular { oid, .. } | GitError::TooMany { oid, .. } | GitError::TwoEntries { oid, .. } => {
            ("tree.shape", *oid)
        }
        _ => return Err(error.into()),
    };
    let denial = Denial::of(name, rule, error.to_string()).at(commit);
    Ok(match rule {
        "ref.non-ff" => denial.hint("a journal only grows; git gatos doctor tells how a clone got there"),
        _ => denial,
    })
}

fn of_fault(name: &str, fault: &Fault, good: bool, key: &PublicKey, writer: &Writer) -> Denial {
    // Behind good events of this journal it is somebody else's; alone, another journal's.
    let owner =
        good && fault.code == "event.bound" && ["`actor`", "`key`"].iter().any(|f| fault.sentence.starts_with(f));
    let rule = if owner { "ref.owner" } else { fault.code };
    let mut denial = Denial::of(name, rule, fault.sentence.clone()).at(fault.commit).by(writer.actor(), key);
    if let Some(seq) = fault.seq {
        denial = denial.fact("seq", seq as i64);
    }
    denial
}
