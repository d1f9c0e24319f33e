use super::denial::{Denial, Judged};
use super::error::HookError;
use super::journal::{of_decision, of_git};
use super::law::{Law, no_policy};
use super::profile;
use super::standing::Counted;
use super::visit::Visit;
use crate::canon::Value;
use crate::id::{Ns, Oid, Writer};
use crate::ledger::{Heads, Key, LedgerError, Merge, Origin, StreamPlan};
use crate::lua::read_elc;
use crate::policy::{Bundle, Intent, Judgement, Verb};
use crate::state::{Base, Checkpoint, Folded, LastEvent, Run, StateError};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Bytes of commits that are held while a window is read.
const KEEP: usize = 64 << 20;
/// Most checkpoints of one namespace in one push: each is folded while nobody else may push.
const CHECKPOINTS_MAX: usize = 64;

/// Judges the checkpoints that a push adds to a namespace: each is folded again, from the accepted one that it continues.
pub(super) fn check(
    visit: &Visit,
    law: &mut Law,
    name: &str,
    ns: &Ns,
    old: Option<Oid>,
    new: Oid,
) -> Result<Judged, HookError> {
    if let Err(denial) = permitted(visit, law, name, ns, new)? {
        return Ok(Err(denial));
    }
    let chain = match visit.pushed.chain(new, old, 0) {
        Ok(chain) => chain,
        Err(e) => return of_git(name, new, e).map(|d| Err(Box::new(d))),
    };
    if chain.len() > CHECKPOINTS_MAX {
        let why = format!("it brings {} checkpoints; {CHECKPOINTS_MAX} is the most in one push", chain.len());
        return Ok(Err(Box::new(
            Denial::of(name, "push.too-many", why).at(new).hint("push them in several pushes, the oldest first"),
        )));
    }
    if let Some(denial) = profile::fold(visit, law, name, ns, old, new)? {
        return Ok(Err(Box::new(denial)));
    }
    let held = Held { journals: visit.journals(ns)?, counted: visit.counted(&law.graph, ns)? };
    let mut accepted = Accepted { commits: standing(visit, old)?, last: visit.measure(&law.graph, ns)?.checkpoint };
    for step in chain {
        let commit = match step {
            Ok((commit, _)) => commit,
            Err(e) => return of_git(name, new, e).map(|d| Err(Box::new(d))),
        };
        match one(visit, law, name, ns, &held, &accepted, commit)? {
            Err(denial) => return Ok(Err(denial)),
            Ok(last) => accepted.last = accepted.last.max(last),
        }
        accepted.commits.push(commit);
    }
    Ok(Ok(()))
}

/// The checkpoints that a further one may continue.
struct Accepted {
    commits: Vec<Oid>,
    /// The last event of theirs that counts: behind it lies what may still come.
    last: Option<Key>,
}

/// The journals of a namespace as this push would leave them: what is here of them, and what counts.
struct Held {
    journals: BTreeMap<Writer, Oid>,
    counted: BTreeMap<Writer, Counted>,
}

impl Held {
    /// Why a window counts something that a revocation has voided.
    fn void(&self, visit: &Visit, heads: &Heads) -> Result<Option<String>, HookError> {
        for head in heads.iter() {
            let counts = match self.counted.get(&head.writer) {
                Some(counted @ Counted::To(tip, _)) => {
                    counted.takes(head) && visit.pushed.is_ancestor(head.head, *tip)?
                }
                _ => false,
            };
            if !counts {
                let writer = &head.writer;
                let rest = self.counted.get(writer).map_or("it is not here".to_owned(), Counted::sentence);
                return Ok(Some(format!("the events of {writer} up to {}, whose key was revoked: {rest}", head.seq)));
            }
        }
        Ok(None)
    }
}

/// The place of the last event of a window that this repository holds.
fn last_of(visit: &Visit, ns: &Ns, heads: &Heads) -> Result<Option<Key>, HookError> {
    let mut last: Option<Key> = None;
    for head in heads.iter() {
        last = last.max(Some(visit.key_of(ns, &head.writer, head.head, head.seq)?));
    }
    Ok(last)
}

/// Whether the policy lets whoever pushes write checkpoints.
fn permitted(visit: &Visit, law: &mut Law, name: &str, ns: &Ns, new: Oid) -> Result<Judged, HookError> {
    let (mut fields, facts) = visit.act(&law.graph);
    let Some(policy) = &mut law.policy else {
        return Ok(Err(no_policy(name)));
    };
    fields.insert("ns", ns.as_str());
    fields.insert("ref", name);
    fields.insert("new", Value::text(new));
    let intent = Intent::act(Verb::StateCheckpoint, fields);
    match policy.judge.decide(&intent, &facts.facts()?, law.graph.tip())? {
        Judgement::Allowed(_) => Ok(Ok(())),
        Judgement::Refused(decision) => Ok(Err(Box::new(of_decision(name, *decision, &intent).at(new)))),
    }
}

/// The checkpoints that stand accepted.
fn standing(visit: &Visit, old: Option<Oid>) -> Result<Vec<Oid>, HookError> {
    let Some(old) = old else { return Ok(Vec::new()) };
    visit.durable.chain(old, None, 0)?.map(|step| Ok(step?.0)).collect()
}

fn one(
    visit: &Visit,
    law: &Law,
    name: &str,
    ns: &Ns,
    held: &Held,
    accepted: &Accepted,
    commit: Oid,
) -> Result<Result<Option<Key>, Box<Denial>>, HookError> {
    let refuse = |rule: &str, why: String| Ok(Err(Box::new(Denial::of(name, rule, why).at(commit))));
    let claim = match Checkpoint::read(&visit.pushed, commit) {
        Ok(claim) => claim,
        Err(StateError::Read { source, .. }) => return of_git(name, commit, source).map(|d| Err(Box::new(d))),
        Err(e) => return refuse("checkpoint.form", e.to_string()),
    };
    if claim.proof.repo != law.graph.repo() || claim.proof.ns != *ns {
        let why = format!("it is of {} in {}", claim.proof.ns, claim.proof.repo);
        return refuse("checkpoint.bound", why);
    }
    for head in claim.heads.iter() {
        let within = match held.journals.get(&head.writer) {
            Some(tip) => visit.pushed.contains(head.head) && visit.pushed.is_ancestor(head.head, *tip)?,
            None => false,
        };
        if !within {
            let why = format!("its window names {} of {}, which this repository does not hold", head.head, head.writer);
            return Ok(Err(Box::new(
                Denial::of(name, "checkpoint.window", why).at(commit).hint("push the journals first, or with it"),
            )));
        }
    }
    if let Some(why) = held.void(visit, &claim.heads)? {
        return refuse("pof.mismatch", format!("it counts {why}"));
    }
    let last_event = last_of(visit, ns, &claim.heads)?;
    // A window is closed downward, so that one which ends no earlier holds all that was accepted before.
    if let Some(before) = accepted.last.as_ref().filter(|before| last_event.as_ref() < Some(before)) {
        let why = format!("its window ends before the last event of an accepted checkpoint (clock {})", before.clock);
        return refuse("checkpoint.window", why);
    }
    let base = match &claim.proof.base {
        Some(base) if accepted.commits.contains(&base.checkpoint) => Some(base.clone()),
        Some(base) => {
            let why = format!("it continues {}, which is no accepted checkpoint", base.checkpoint);
            return refuse("checkpoint.base", why);
        }
        None => None,
    };
    let Ok(program) = read_elc(&claim.elc) else { return refuse("pof.mismatch", "fold.elc is no program".into()) };
    let start = match &base {
        None => Start { folded: Folded::empty(), heads: Heads::default(), last: None },
        Some(base) => match begin(visit, ns, &claim, base, held)? {
            Ok(start) => start,
            Err(why) => return refuse("checkpoint.base", format!("{} {why}", base.checkpoint)),
        },
    };
    let (folded, read) = match fold(visit, law, ns, &program, start, &claim.heads) {
        Ok(Ok(done)) => done,
        Ok(Err(why)) => return refuse("checkpoint.base", format!("it does not go on from its base: {why}")),
        Err(HookError::Ledger(LedgerError::Read { source, .. })) => {
            return of_git(name, commit, source).map(|d| Err(Box::new(d)));
        }
        Err(HookError::State(e)) => return refuse("pof.mismatch", format!("its fold cannot be run: {e}")),
        Err(other) => return Err(other),
    };
    let Some(last) = folded.last else { return refuse("pof.mismatch", "its window is empty".into()) };
    let code_root = match Bundle::read(&visit.pushed, last.policy_root, &law.graph) {
        Ok(bundle) => bundle.code_root(),
        Err(e) => return refuse("pof.mismatch", format!("the policy of its last event: {e}")),
    };
    if let Some(difference) = claim.contradiction(law.graph.repo(), &read, &folded, code_root) {
        return refuse("pof.mismatch", difference);
    }
    match left_out(visit, law, ns, held, &claim, last_event.as_ref())? {
        None => Ok(Ok(last_event)),
        Some(why) => Ok(Err(Box::new(
            Denial::of(name, "checkpoint.open", why).at(commit).hint("git gatos sync, then git gatos state checkpoint"),
        ))),
    }
}

/// Where a fold begins: a state, the window that it covers and the place of its last event.
struct Start {
    folded: Folded,
    heads: Heads,
    last: Option<Key>,
}

/// The fold as far as an accepted checkpoint, or why nothing can be folded behind it.
fn begin(
    visit: &Visit,
    ns: &Ns,
    claim: &Checkpoint,
    base: &Base,
    held: &Held,
) -> Result<Result<Start, String>, HookError> {
    let before = Checkpoint::read(&visit.pushed, base.checkpoint)?;
    if before.proof.fold_root != claim.proof.fold_root || before.proof.state_root != base.state_root {
        return Ok(Err("has another fold".into()));
    }
    if let Some(why) = held.void(visit, &before.heads)? {
        return Ok(Err(format!("counts {why}")));
    }
    let end = LastEvent {
        cid: before.proof.ledger_end,
        commit: before.ledger_head,
        ts: before.time,
        policy_root: before.proof.policy_root,
    };
    let last = last_of(visit, ns, &before.heads)?;
    Ok(Ok(Start { folded: before.folded(end), heads: before.heads, last }))
}

fn plans(law: &Law, ns: &Ns, tips: impl Iterator<Item = (Writer, Oid, Option<u64>)>, after: &Heads) -> Vec<StreamPlan> {
    tips.filter_map(|(writer, tip, until)| {
        let key = law.graph.key_with_prefix(writer.actor(), writer.key8())?;
        let after = after.get(&writer).map(|h| (h.head, h.seq));
        let origin = Origin::new(law.graph.repo(), ns.clone(), key, writer)?;
        // What this repository holds was verified when it was accepted, and what this push brings is judged beside this.
        let remembered = Some(tip);
        Some(StreamPlan {
            after,
            until,
            remembered,
            threads: 0,
            keep: KEEP,
            ..StreamPlan::whole(Arc::new(origin), tip)
        })
    })
    .collect()
}

/// Folds a window behind a start, or says why its events are not in the order of the namespace then.
fn fold(
    visit: &Visit,
    law: &Law,
    ns: &Ns,
    program: &crate::lua::Program,
    start: Start,
    heads: &Heads,
) -> Result<Result<(Folded, Heads), String>, HookError> {
    let tips = heads.iter().map(|h| (h.writer.clone(), h.head, Some(h.seq)));
    let plans = plans(law, ns, tips, &start.heads);
    let mut merge = Merge::open(&visit.pushed, plans, &start.heads, start.folded.events)?;
    if let Some(next) = merge.peek().filter(|next| Some(next) <= start.last.as_ref()) {
        return Ok(Err(format!("event {} of {} sorts before its last", next.seq, next.writer)));
    }
    let mut run = Run::from(program, start.folded)?;
    while let Some((_, loaded)) = merge.next_event()? {
        run.step(loaded)?;
    }
    Ok(Ok((run.finish()?, merge.heads())))
}

/// A window is closed downward: an event here that it leaves out and that sorts at or before its last makes it a lie about
/// what was known.
fn left_out(
    visit: &Visit,
    law: &Law,
    ns: &Ns,
    held: &Held,
    claim: &Checkpoint,
    last: Option<&Key>,
) -> Result<Option<String>, HookError> {
    let tips = held.counted.iter().filter_map(|(writer, counted)| match counted {
        Counted::To(tip, until) => Some((writer.clone(), *tip, *until)),
        Counted::Nothing => None,
    });
    let merge = Merge::open(&visit.pushed, plans(law, ns, tips, &claim.heads), &claim.heads, claim.proof.events)?;
    Ok(merge.peek().filter(|next| Some(next) <= last).map(|next| {
        format!("its window leaves out event {} of {}, which sorts before its last", next.seq, next.writer)
    }))
}
