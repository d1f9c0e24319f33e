use super::bounds::{self, DENIALS_MAX};
use super::denial::{Denial, Judged, cut};
use super::error::HookError;
use super::flood::Counted;
use super::journal::{self, of_git};
use super::law::{Law, Policy, check_active, check_bundle, check_trust, check_trust_rules, no_receipt};
use super::lock::Lock;
use super::process::Process;
use super::receipt::Awaited;
use super::record::{Entry, RULE, Roots, Standing, append, decision, signed};
use super::settings::{PATIENCE, Settings};
use super::stood::Gone;
use super::updates::{Update, read};
use super::visit::Visit;
use super::{branch, consent, receipt, spool, state};
use crate::ambient::Ambient;
use crate::git::{FAMILY, GitError, Named, Plane, RefName, is_ref_name, named};
use crate::id::Oid;
use std::collections::HashSet;
use std::io::Read;
use std::time::Duration;

/// What the gate says to a push.
#[derive(Debug)]
pub struct Verdict {
    /// Empty where the push is accepted.
    pub denials: Vec<Denial>,
    /// Where the refusal is on record; none where it was only counted, or lies in the spool.
    pub audit: Option<Oid>,
}

/// How long the receipt of a push that has moved its refs waits for git to end.
const TIDYING_MAX: Duration = Duration::from_millis(100);

/// What may stand among ours on a server, for a pusher who named something else.
const PLANES: &str = "trust/graph, policies, journal, state, proposals, approvals, audit/proofs/governance, grants and \
                      revocations";

/// Judges a push before any ref moves: what git calls `pre-receive`.
pub fn pre_receive(ambient: &Ambient, input: impl Read) -> Result<Verdict, HookError> {
    let updates = match read(input) {
        Ok(updates) if updates.is_empty() => return Err(HookError::Nothing),
        Ok(updates) => updates,
        // A push it is all the same, and its refusal goes on record.
        Err(e @ HookError::InputSize { .. }) => {
            return Ok(Held::unable(Visit::open(ambient, Vec::new())?, &e).refused());
        }
        Err(e) => return Err(e),
    };
    let Some(receiver) = Process::receiver() else {
        return Ok(Held::unable(Visit::open(ambient, updates)?, &HookError::NoReceiver).refused());
    };
    let mut held = judged(ambient, updates.clone(), updates.iter().any(alone))?;
    // What may be done once must not be done in another push meanwhile. Few pushes bring that, and only judging tells.
    if held.visit.once.get() && !held.alone {
        drop(held);
        held = judged(ambient, updates, true)?;
    }
    if let Some(lock) = held.lock.take_if(|_| held.denials.is_empty()) {
        match let_in(&held.visit, lock, held.roots, &receiver) {
            Ok(contested) if contested.is_empty() => return Ok(Verdict { denials: contested, audit: None }),
            Ok(contested) => held.denials = contested,
            Err(e) => held = Held::unable(held.visit, &e),
        }
    }
    Ok(held.refused())
}

/// A push that was judged while the gate was held.
struct Held {
    visit: Visit,
    /// None where the gate could not be had; the push is refused then.
    lock: Option<Lock>,
    alone: bool,
    denials: Vec<Denial>,
    roots: Roots,
}

impl Held {
    /// A push that could not be judged is refused and recorded as every other.
    fn unable(visit: Visit, error: &HookError) -> Held {
        let (denials, roots) = unable(&visit, error);
        Held { visit, lock: None, alone: true, denials, roots }
    }

    /// Puts the refusal on record.
    fn refused(self) -> Verdict {
        let audit = spool::record(&self.visit, &self.denials, self.roots);
        Verdict { denials: self.denials, audit }
    }
}

fn judged(ambient: &Ambient, updates: Vec<Update>, alone: bool) -> Result<Held, HookError> {
    let mut visit = Visit::open(ambient, updates)?;
    let lock = match ambient.env().get("GIT_NAMESPACE") {
        Some(_) => Err(HookError::Namespace),
        None => take(&mut visit, alone),
    };
    Ok(match lock {
        Ok(Some(lock)) => {
            let (denials, roots) = judge(&visit).unwrap_or_else(|e| unable(&visit, &e));
            Held { visit, lock: Some(lock), alone, denials, roots }
        }
        Ok(None) => return judged(ambient, visit.updates, true),
        Err(e) => Held::unable(visit, &e),
    })
}

/// Takes the gate for a push, and writes the receipts of those before it. Nothing where it has to be had alone for that.
pub(super) fn take(visit: &mut Visit, alone: bool) -> Result<Option<Lock>, HookError> {
    let lock = Lock::take(visit.durable.common_dir(), alone, &visit.ambient)?;
    // The holder of the last push may have been killed.
    if receipt::settle(visit, None, alone)?.unseen {
        return Ok(None);
    }
    visit.received_at = visit.received_at.max(Standing::of(visit)?.received_at.unwrap_or(visit.received_at));
    Ok(Some(lock))
}

/// Lets a push in: its receipt is put aside, and somebody keeps the gate until its refs have moved. Refusals where another
/// push moves the same refs.
fn let_in(visit: &Visit, lock: Lock, roots: Roots, receiver: &Process) -> Result<Vec<Denial>, HookError> {
    let _waiting = receipt::lock(visit)?;
    let contested = receipt::contested(visit)?;
    if contested.is_empty() {
        // To start a process takes about as long as the disk does.
        std::thread::scope(|scope| {
            let holder = scope.spawn(|| lock.hand_over(receiver));
            let aside = receipt::set_aside(visit, roots, receiver);
            holder.join().expect("starting a process does not panic").and(aside)
        })?;
    }
    Ok(contested)
}

/// After the refs have moved: what git calls `post-receive`. Writes the receipt of the push, which waits for it.
pub fn post_receive(ambient: &Ambient) -> Result<u64, HookError> {
    Ok(receipt::settle(&Visit::open(ambient, Vec::new())?, Process::receiver().as_ref(), false)?.written)
}

/// Keeps the lock, which is this process' standard input: until all refs of the push have moved or the receiving process has
/// ended, which is ended where nothing moves any more, for a pusher who does not read can keep it for ever; and then until the
/// receipt of the push is written, and a law judged that it brought, so that the next push finds it judged.
pub fn hold(ambient: &Ambient, receiver: &Process) -> Result<(), HookError> {
    let (mut visit, mut awaited) = (None, Awaited::of(receiver));
    let moved = receiver.watch(|| {
        if visit.is_none() {
            visit = Visit::open(ambient, Vec::new()).ok();
        }
        // What cannot be read now has not happened yet: to let go early would let others in before the refs have moved.
        let over = visit.as_ref().is_some_and(|visit| awaited.is_over(visit).unwrap_or(false));
        let patience = visit.as_ref().and_then(|visit| visit.settings.as_ref()).map_or(PATIENCE, Settings::patience);
        if !over && awaited.still() > patience {
            receiver.end();
        }
        over
    });
    let visit = visit.map_or_else(|| Visit::open(ambient, Vec::new()), Ok)?;
    // The push returns when git has tidied up behind it: disk and processor are for that first.
    receiver.wait(TIDYING_MAX);
    receipt::settle(&visit, moved.then_some(receiver), false)?;
    Law::standing(&visit).map(drop)
}

/// Whether a push must have the gate for itself.
fn alone(update: &Update) -> bool {
    match &update.named {
        // How many journals and proposals there are is counted, and a key approves once.
        Named::Ours(Plane::Journal { .. } | Plane::Proposal(_) | Plane::Approval { .. }) => update.old.is_none(),
        Named::Ours(plane) => plane.is_law(),
        _ => false,
    }
}

/// The refusal of a push that could not be judged.
fn unable(visit: &Visit, error: &HookError) -> (Vec<Denial>, Roots) {
    let name = visit.updates.first().map_or("", |u| u.name.as_str());
    let mut denial = Denial::of(name, "gate.error", error.to_string());
    denial.verdict = crate::policy::Verdict::Error;
    (vec![denial], Roots { repo: Law::repo(visit), ..Roots::default() })
}

/// Every refusal of a push, and by what law it was judged.
fn judge(visit: &Visit) -> Result<(Vec<Denial>, Roots), HookError> {
    if let Some(denial) = bounds::whole(&visit.updates) {
        return Ok((vec![denial], Roots { repo: Law::repo(visit), ..Roots::default() }));
    }
    let mut denials: Vec<Denial> = Vec::new();
    for update in &visit.updates {
        if let Err(denial) = shape(visit, update)? {
            denials.push(*denial);
        }
        if denials.len() == DENIALS_MAX {
            break;
        }
    }
    let mut law = law(visit, &mut denials)?;
    let pinned = visit.settings.as_ref().and_then(|s| s.root);
    let roots = law.as_ref().map_or(Roots { repo: pinned, ..Roots::default() }, |law| Roots {
        repo: Some(law.graph.repo()),
        trust: Some(law.graph.tip()),
        policy: law.policy.as_ref().map(|p| p.root),
    });
    if let Some(denial) = law.as_ref().and_then(|law| bounds::judged(law, &visit.updates)) {
        denials.push(denial);
        return Ok((denials, roots));
    }
    let refused: HashSet<String> = denials.iter().map(|d| d.name.clone()).collect();
    let mut left: Vec<&Update> = visit.updates.iter().filter(|u| !refused.contains(&u.name)).collect();
    left.sort_by_key(|update| effort(update));
    for same in left.chunk_by(|one, next| effort(one) == effort(next)) {
        // It is refused as a whole: nobody buys much work with what fails at once.
        if !denials.is_empty() {
            break;
        }
        for update in same {
            if denials.len() >= DENIALS_MAX {
                break;
            }
            if let Err(denial) = one(visit, law.as_mut(), update)? {
                denials.push(*denial);
            }
        }
    }
    if let Some(law) = &mut law {
        law.keep_answers(visit);
    }
    Ok((denials, roots))
}

/// How much work it may be to judge an update: of law little, of a branch much.
fn effort(update: &Update) -> u8 {
    match &update.named {
        Named::Ours(Plane::TrustGraph | Plane::PolicyActive | Plane::PolicyBundle(_)) => 0,
        Named::Ours(Plane::State { .. }) => 2,
        Named::Ours(_) => 1,
        _ => 3,
    }
}

/// What the gate would say to a push of `new` over `old`, in a clone that holds the law: the same judgement, and nothing is
/// recorded.
pub fn rehearse(
    ambient: &Ambient,
    name: &str,
    old: Option<Oid>,
    new: Oid,
    pusher: Option<String>,
) -> Result<Vec<Denial>, HookError> {
    let update = Update { named: named(name), name: name.to_owned(), utf8: true, old, new: Some(new) };
    let visit = Visit::rehearse(ambient, update, pusher)?;
    if Law::standing(&visit)?.is_none() {
        return Err(HookError::NoLaw);
    }
    Ok(judge(&visit)?.0)
}

/// The rules of a name and its two ends, which need no law.
fn shape(visit: &Visit, update: &Update) -> Result<Judged, HookError> {
    let refuse = |rule: &str, why: &str, hint: Option<&str>| {
        let denial = Denial::of(&update.name, rule, why);
        Ok(Err(Box::new(match hint {
            Some(hint) => denial.hint(hint),
            None => denial,
        })))
    };
    if !update.utf8 {
        return refuse("ref.name", "it is not UTF-8, and rules could not tell it from another", None);
    }
    if !is_ref_name(&update.name) {
        return refuse("ref.name", "git has no refs of such a name", None);
    }
    match &update.named {
        Named::Other => {
            return match stands(visit, update)? {
                None if update.old == update.new && !visit.rehearsal => {
                    refuse("ref.unchanged", "it would stay as it is", None)
                }
                None => Ok(Ok(())),
                Some(elsewhere) => Ok(Err(elsewhere)),
            };
        }
        Named::Stranger => {
            let hint = format!("below {FAMILY}/ a gate takes {PLANES}; code goes to a branch");
            return refuse("ref.unknown", "no plane has refs of such a name", Some(&hint));
        }
        Named::Private => return refuse("ref.server-only", "a repository keeps such refs for itself", None),
        Named::Ours(Plane::AuditPolicy { .. } | Plane::AuditResolve { .. }) => {
            return refuse("ref.server-only", "what the gate records, the gate alone writes", None);
        }
        Named::Ours(_) => {}
    }
    let Some(new) = update.new else {
        let hint = "what was said stays; a ref of ours is never deleted";
        return refuse("ref.delete", "it would be deleted", Some(hint));
    };
    if let Some(elsewhere) = stands(visit, update)? {
        return Ok(Err(elsewhere));
    }
    if update.old == update.new && !visit.rehearsal {
        return refuse("ref.unchanged", "it would stay as it is", None);
    }
    match visit.pushed.raw_commit(new) {
        Ok(_) => Ok(Ok(())),
        Err(e) => of_git(&update.name, new, e).map(|d| Err(Box::new(d))),
    }
}

/// Why a ref does not stand where the pusher says. git looks at that only when it moves the ref, and what is judged must be
/// what moves.
fn stands(visit: &Visit, update: &Update) -> Result<Option<Box<Denial>>, HookError> {
    let elsewhere = match visit.durable.resolve_ref(&update.name) {
        Ok(stands) if stands == update.old || visit.rehearsal => return Ok(None),
        Ok(_) => Denial::moved(&update.name),
        // git follows it, and would move a ref that this push does not name.
        Err(GitError::SymbolicRef { .. }) => Denial::of(&update.name, "ref.symbolic", "it is symbolic on the server")
            .hint("push to the ref that it stands for"),
        Err(other) => return Err(other.into()),
    };
    Ok(Some(Box::new(elsewhere)))
}

/// By what a push is judged: the law that stands. Where there is none, the one push that brings it is judged by what it brings,
/// and so is the one that brings a policy where trust alone stands. What was taken away past the gate only comes back as it was.
fn law(visit: &Visit, denials: &mut Vec<Denial>) -> Result<Option<Law>, HookError> {
    let tip = |plane: Plane| visit.updates.iter().find(|u| u.named == Named::Ours(plane.clone())).and_then(|u| u.new);
    let standing = Law::standing(visit)?;
    let gone = Gone::of(visit, standing.as_ref())?;
    if let Some(denial) = Gone::refusal(&gone, visit) {
        denials.push(denial);
        return Ok(standing);
    }
    let law = match standing {
        Some(law) => law,
        None => {
            let Some(trust) = tip(Plane::TrustGraph) else { return Ok(None) };
            let graph = match check_trust(visit, None, &RefName::own(Plane::TrustGraph).to_string(), trust)? {
                Ok(graph) => graph,
                Err(denial) => {
                    denials.push(*denial);
                    return Ok(None);
                }
            };
            // A policy may stand where trust is gone.
            let active = visit.resolve(Plane::PolicyActive)?;
            let policy = active.map(|tip| Policy::load(&visit.pushed, tip, &graph, None)).transpose()?;
            Law { graph, policy }
        }
    };
    let Some(active) = tip(Plane::PolicyActive).filter(|_| law.policy.is_none()) else { return Ok(Some(law)) };
    let name = RefName::own(Plane::PolicyActive).to_string();
    let judged = if Gone::puts_back(&gone, &Plane::PolicyActive, active) {
        Ok(())
    } else {
        check_active(visit, &law.graph, None, &name, active)?
    };
    Ok(Some(match judged {
        Ok(()) => Law { policy: Some(Policy::load(&visit.pushed, active, &law.graph, None)?), ..law },
        Err(denial) => {
            denials.push(*denial);
            law
        }
    }))
}

/// One update by the law of its plane.
fn one(visit: &Visit, law: Option<&mut Law>, update: &Update) -> Result<Judged, HookError> {
    let name = update.name.as_str();
    let Named::Ours(plane) = &update.named else {
        return law.map_or(Ok(Ok(())), |law| branch::check(visit, law, update));
    };
    let Some(new) = update.new else { return Ok(Ok(())) };
    let Some(law) = law else {
        let why = "this repository has no trust graph yet, so that nobody's word can be judged";
        let law = [Plane::TrustGraph, Plane::PolicyActive].map(|plane| RefName::own(plane).to_string());
        let hint = format!("push the law first, alone or with it: git push REMOTE {}", law.join(" "));
        return Ok(Err(Box::new(Denial::of(name, "gate.no-law", why).hint(hint))));
    };
    if *plane != Plane::TrustGraph
        && let Some(denial) = no_receipt(visit, law, name)
    {
        return Ok(Err(Box::new(denial)));
    }
    match plane {
        Plane::TrustGraph => match forward(visit, name, update.old, new)? {
            Err(denial) => Ok(Err(denial)),
            Ok(()) => match check_trust(visit, Some(&law.graph), name, new)? {
                Err(denial) => Ok(Err(denial)),
                Ok(pushed) => check_trust_rules(visit, law, name, &pushed),
            },
        },
        Plane::PolicyActive => match forward(visit, name, update.old, new)? {
            Err(denial) => Ok(Err(denial)),
            // The first policy was judged when it became the law of this push.
            Ok(()) if update.old.is_none() && law.policy.as_ref().is_some_and(|p| p.root == new) => Ok(Ok(())),
            Ok(()) => check_active(visit, &law.graph, law.policy.as_mut(), name, new),
        },
        Plane::PolicyBundle(_) if update.old.is_some() => {
            Ok(Err(Box::new(Denial::of(name, "ref.exists", "it is there already"))))
        }
        Plane::PolicyBundle(id) => check_bundle(visit, law, name, id, new),
        Plane::Journal { ns, writer } => journal::check(visit, law, name, (ns, writer), update.old, new),
        Plane::State { ns } => state::check(visit, law, name, ns, update.old, new),
        plane if plane.is_consent() => consent::check(visit, law, update, plane, new),
        // A plane without a judge has no refs here.
        _ => Ok(Err(Box::new(Denial::of(name, "ref.unknown", "this build judges no such plane")))),
    }
}

fn forward(visit: &Visit, name: &str, old: Option<Oid>, new: Oid) -> Result<Judged, HookError> {
    let Some(old) = old else { return Ok(Ok(())) };
    match visit.pushed.is_ancestor(old, new) {
        Ok(true) => Ok(Ok(())),
        Ok(false) => Ok(Err(Box::new(
            Denial::of(name, "ref.non-ff", format!("{new} does not descend from {old}"))
                .at(new)
                .hint("git gatos sync, then change what stands there now"),
        ))),
        Err(e) => of_git(name, new, e).map(|d| Err(Box::new(d))),
    }
}

/// The entry of a refused push.
pub(super) fn entry_of(
    visit: &Visit,
    denials: &[Denial],
    roots: Roots,
    evidence: Vec<(String, Vec<u8>)>,
    counted: &[Counted],
) -> Result<Option<Oid>, HookError> {
    let signer = visit.gate()?.signer(visit.durable.common_dir(), &visit.ambient)?;
    let document = decision(visit, denials, roots, counted);
    let first = &denials[0];
    let mut files = signed("decision", &document, &signer)?;
    files.extend(evidence);
    append(visit, &|standing: &Standing| {
        let entry = Entry {
            subject: format!("{} {}", first.verdict.as_str(), cut(&first.name)),
            files: files.clone(),
            trailers: vec![(RULE, first.rule.clone())],
            time: visit.received_at,
        };
        Ok(Some((entry, *standing)))
    })
}
