use super::consent;
use super::denial::{Denial, Judged};
use super::error::HookError;
use super::gate::{OTHER_KEY, introduction};
use super::journal::of_decision;
use super::memory::Memory;
use super::visit::Visit;
use crate::git::{FAMILY, GitError, Plane, Reader};
use crate::id::{Blake3, Oid};
use crate::policy::consent::Consents;
use crate::policy::{Bundle, Judge, Leave, PolicyError, SignedAct, Verb, bundle_signers, may_sign_now, trust_leave};
use crate::trust::{Graph, Revocation, Said, Target};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// By what a push is judged: the trust graph and the active policy as they stood before it.
pub(super) struct Law {
    pub graph: Graph,
    /// None before the first policy: then nothing but trust and policy may come.
    pub policy: Option<Policy>,
}

pub(super) struct Policy {
    pub judge: Judge,
    pub root: Oid,
    pub id: Blake3,
    pub version: u64,
    /// The bundles up to the active one, each with its place in their line.
    pub age: HashMap<Oid, usize>,
    /// What stands granted, once a rule that reads it was met.
    pub consents: Option<Arc<Consents>>,
}

impl Law {
    /// The law that stands in a repository; `None` where there is none yet.
    pub(super) fn standing(visit: &Visit) -> Result<Option<Law>, HookError> {
        let reader = visit.durable.reader();
        let Some(trust) = visit.resolve(Plane::TrustGraph)? else { return Ok(None) };
        let active = visit.resolve(Plane::PolicyActive)?;
        let memory = visit.memory();
        let known = memory.as_ref().and_then(Memory::law);
        if known
            .as_ref()
            .is_some_and(|known| (known.graph.tip(), known.policy.as_ref().map(|p| p.root)) == (trust, active))
        {
            return Ok(known);
        }
        let graph = match known.map(|known| known.graph.advance(reader, trust)) {
            Some(Ok(graph)) => graph,
            // Another graph, or one that went another way.
            _ => Graph::load(reader, trust)?,
        };
        let policy = active.map(|tip| Policy::load(reader, tip, &graph, memory.as_ref())).transpose()?;
        let law = Law { graph, policy };
        if let Some(memory) = &memory {
            memory.keep_law(&law);
        }
        Ok(Some(law))
    }

    /// The repository that is judged for: that of the law, else, also where that cannot be read, the one that was pinned.
    pub(super) fn repo(visit: &Visit) -> Option<Blake3> {
        let standing = Law::standing(visit).ok().flatten().map(|law| law.graph.repo());
        standing.or(visit.settings.as_ref().and_then(|s| s.root))
    }

    /// What was allowed by it is known again at the next push.
    pub(super) fn keep_answers(&mut self, visit: &Visit) {
        if let (Some(memory), Some(policy)) = (visit.memory(), &mut self.policy)
            && let Some(answers) = policy.judge.remember()
        {
            memory.keep_answers(policy.root, &answers);
        }
    }
}

impl Policy {
    pub(super) fn load(reader: &Reader, tip: Oid, graph: &Graph, memory: Option<&Memory>) -> Result<Policy, HookError> {
        let bundle = Bundle::read(reader, tip, graph)?;
        let mut age = HashMap::new();
        for (place, step) in reader.chain(tip, None, 0)?.enumerate() {
            age.insert(step?.0, place);
        }
        Ok(Policy::new(bundle, age, memory))
    }

    pub(super) fn new(bundle: Bundle, age: HashMap<Oid, usize>, memory: Option<&Memory>) -> Policy {
        let (root, id, version) = (bundle.commit(), bundle.id(), bundle.version());
        let answers = memory.and_then(|memory| memory.answers(root));
        Policy { judge: Judge::new(bundle, answers.as_deref()), root, id, version, age, consents: None }
    }
}

/// The refusal of what needs a policy where none is active.
pub(super) fn no_policy(name: &str) -> Box<Denial> {
    let why =
        format!("no policy is active here, and nothing below {FAMILY}/ but trust and policy may come before one is");
    Box::new(Denial::of(name, "gate.no-policy", why))
}

/// Only receipts of a key that holds `gate:receipt` count: before the gate's does, nothing of ours but trust may come.
pub(super) fn no_receipt(visit: &Visit, law: &Law, name: &str) -> Option<Denial> {
    if may_give_receipts(visit, &law.graph) {
        return None;
    }
    let gate = visit.settings.as_ref()?;
    let (actor, key) = (&gate.actor, &gate.key);
    let why = format!("the trust graph does not let {actor} with {key} give receipts");
    let commands = introduction(Some(&law.graph), actor, key, &visit.received_at);
    let hint = match commands.is_empty() {
        true => OTHER_KEY.to_owned(),
        false => format!("a root runs: {}", commands.join("; ")),
    };
    Some(Denial::of(name, "gate.no-receipt", why).hint(hint))
}

/// Whether a trust graph lets this gate give receipts; a clone that only rehearses gives none.
fn may_give_receipts(visit: &Visit, graph: &Graph) -> bool {
    let gate = visit.settings.as_ref();
    gate.is_none_or(|gate| graph.gives_receipts(&gate.actor, &gate.key, &visit.received_at))
}

/// Judges a trust graph that is pushed: every version by the one before it.
pub(super) fn check_trust(
    visit: &Visit,
    standing: Option<&Graph>,
    name: &str,
    new: Oid,
) -> Result<Result<Graph, Box<Denial>>, HookError> {
    let (pushed, root) = (&visit.pushed, visit.settings.as_ref().and_then(|s| s.root));
    let refuse = |rule: &str, why: String| Ok(Err(Box::new(Denial::of(name, rule, why).at(new))));
    let judged = match standing {
        Some(standing) => standing.clone().advance(pushed, new),
        None => Graph::load(pushed, new),
    };
    let graph = match judged {
        Ok(graph) => graph,
        Err(e) if passing(&e) => return Err(e.into()),
        Err(e) => {
            let commit = e.commit().unwrap_or(new);
            return Ok(Err(Box::new(Denial::of(name, "trust.invalid", e.to_string()).at(commit))));
        }
    };
    if let Some(standing) = standing {
        return match takes_accepted(visit, standing, &graph)? {
            None => Ok(Ok(graph)),
            Some((commit, why)) => {
                let hint = "the roots may say otherwise: git gatos trust revoke KEY -o FILE, and trust sign";
                Ok(Err(Box::new(Denial::of(name, "trust.revocation", why).at(commit).hint(hint))))
            }
        };
    }
    match root {
        Some(root) if root == graph.repo() => Ok(Ok(graph)),
        Some(root) => {
            refuse("trust.root", format!("this repository is for {root}, and the graph is of {}", graph.repo()))
        }
        None => {
            let why = "this gate was installed without --root, so that nobody's genesis is taken".to_owned();
            let hint = format!("on the server: git gatos hook install --server --root {}", graph.repo());
            Ok(Err(Box::new(Denial::of(name, "gate.unpinned", why).at(new).hint(hint))))
        }
    }
}

/// The owner of a key may end it as its journals stand here; to take back what was accepted is for the roots. The commit of
/// a new revocation that does so without them, and a sentence.
fn takes_accepted(visit: &Visit, standing: &Graph, pushed: &Graph) -> Result<Option<(Oid, String)>, HookError> {
    let known: HashSet<Oid> = standing.statements().iter().map(|s| s.commit).collect();
    for statement in pushed.statements().iter().filter(|s| !s.by_roots && !known.contains(&s.commit)) {
        let Said::Revocation(Revocation { target: Target::Key(key), from, .. }) = &statement.said else { continue };
        let held = visit.last_events(pushed, key)?;
        if from.clone().unwrap_or_default() != held {
            let why = format!(
                "the revocation of {key} does not name the last events that stand here, and no roots signed it"
            );
            return Ok(Some((statement.commit, why)));
        }
    }
    Ok(None)
}

/// Whether a graph could not be judged, for no fault of its own.
fn passing(e: &crate::trust::TrustError) -> bool {
    matches!(e, crate::trust::TrustError::Git(GitError::Open { .. } | GitError::ReadObject { .. }))
}

/// Judges bundles that are pushed to become active: each continues the one before it, and the one before it permits that.
pub(super) fn check_active(
    visit: &Visit,
    graph: &Graph,
    mut standing: Option<&mut Policy>,
    name: &str,
    new: Oid,
) -> Result<Judged, HookError> {
    let root = standing.as_ref().map(|policy| policy.root);
    let pinned = visit.settings.as_ref().and_then(|s| s.policy).filter(|_| root.is_none());
    let mut before = standing.as_ref().map(|p| (p.id, p.version));
    let mut replaced: Option<Judge> = None;
    // Where none stands, none is replaced: the root that was named and the signatures are enough. What the bundles of then
    // asked for, a grant, cannot have come in before them. From one that was named on it is as if that stood.
    let mut asked = root.is_some();
    for step in visit.pushed.chain(new, root, 0)? {
        let (commit, _) = step?;
        let bundle = match read_bundle(&visit.pushed, graph, name, commit)? {
            Ok(bundle) => bundle,
            Err(denial) => return Ok(Err(denial)),
        };
        let wanted = (before.map(|(id, _)| id), before.map_or(1, |(_, version)| version + 1));
        if (bundle.prev(), bundle.version()) != wanted {
            let why = format!("it is version {} and does not continue the active bundle", bundle.version());
            return Ok(Err(Box::new(Denial::of(name, "policy.chain", why).at(commit))));
        }
        // What comes onto a law that stands is signed by who may sign now. The first push of law brings all there ever was,
        // and what becomes active by it is the last of that.
        if (root.is_some() || commit == new) && !may_sign(visit, graph, commit)? {
            return Ok(Err(Box::new(unsigned(name).at(commit).hint(signed_elsewhere(name, root)))));
        }
        let judge = replaced.as_mut().or(standing.as_deref_mut().map(|policy| &mut policy.judge));
        if let Some(judge) = judge.filter(|_| asked)
            && let Err(denial) = permitted(visit, graph, judge, name, &bundle)?
        {
            return Ok(Err(match root {
                Some(_) => denial,
                None => Box::new(denial.hint(BRING_FIRST)),
            }));
        }
        asked |= pinned == Some(bundle.id());
        before = Some((bundle.id(), bundle.version()));
        replaced = Some(Judge::new(bundle, None));
    }
    Ok(match (pinned, before) {
        (Some(pinned), Some((found, _))) if !asked => Err(Box::new(not_named(name, &pinned, &found).at(new))),
        _ => Ok(()),
    })
}

/// How a policy comes about behind the one that was named.
const BRING_FIRST: &str = "bring the policy that was named at install first, and this one when its rules allow it; or the operator \
     names this one: git gatos hook install --server --policy ID";

/// The refusal of a first policy that is not the one that was named at install and does not descend from it: who may push
/// could bring an older law, signed by a key that still stands.
fn not_named(name: &str, pinned: &Blake3, found: &Blake3) -> Denial {
    let why = format!("the first policy here must be {pinned} or descend from it, and {found} does not");
    let hint = "push a policy of that line (git gatos policy log shows it); if it was named by mistake, the operator names \
                another: git gatos hook install --server --policy ID";
    Denial::of(name, "policy.root", why).hint(hint)
}

/// Whether a bundle is signed by somebody whom trust lets sign when this push is received.
fn may_sign(visit: &Visit, graph: &Graph, commit: Oid) -> Result<bool, HookError> {
    Ok(may_sign_now(graph, &bundle_signers(&visit.pushed, commit)?, Some(&visit.received_at)))
}

fn unsigned(name: &str) -> Denial {
    Denial::of(name, "policy.signer", "nobody signed it whom trust lets sign now")
}

/// What to do about a policy of a key that signs no more. Another gate may have received it under other trust; else it is the
/// pusher's own active policy too, and what he publishes onto it would be refused with it.
fn signed_elsewhere(name: &str, root: Option<Oid>) -> String {
    let own = match root {
        Some(root) => {
            format!("take the server's again: git update-ref {name} {root}; then publish and activate yours anew")
        }
        None => "publish and activate it anew: git gatos policy publish".to_owned(),
    };
    format!("if another gate has received it, this server's operator copies it: git gatos hook copy URL; if not, {own}")
}

/// Judges a bundle that is published and becomes nothing yet.
pub(super) fn check_bundle(visit: &Visit, law: &Law, name: &str, id: &Blake3, new: Oid) -> Result<Judged, HookError> {
    let bundle = match read_bundle(&visit.pushed, &law.graph, name, new)? {
        Ok(bundle) => bundle,
        Err(denial) => return Ok(Err(denial)),
    };
    if bundle.id() != *id {
        let why = format!("the bundle there is {}", bundle.id().hex());
        return Ok(Err(Box::new(Denial::of(name, "policy.id", why).at(new))));
    }
    // What was active once may have been signed by whom trust lets sign no more.
    let active = law.policy.as_ref().is_none_or(|policy| policy.age.contains_key(&new));
    if !active && !may_sign(visit, &law.graph, new)? {
        return Ok(Err(Box::new(
            unsigned(name).at(new).hint(format!("publish it anew, or drop it: git update-ref -d {name}")),
        )));
    }
    Ok(Ok(()))
}

/// Whether a bundle permits that another takes its place, asked for each of those who signed it.
fn permitted(
    visit: &Visit,
    graph: &Graph,
    judge: &mut Judge,
    name: &str,
    bundle: &Bundle,
) -> Result<Judged, HookError> {
    let consents = consent::granted(visit, graph, judge.bundle())?;
    let act = SignedAct {
        verb: Verb::PolicyActivate,
        target: &bundle.id().to_string(),
        signers: &bundle_signers(&visit.pushed, bundle.commit())?,
        graph,
        received_at: Some(&visit.received_at),
        consents: consents.as_deref(),
    };
    let leave = act.judge(judge)?;
    Ok(of_leave(name, leave, "policy.signer").map_err(|denial| Box::new(denial.at(bundle.commit()))))
}

fn of_leave(name: &str, leave: Leave, unsigned: &str) -> Result<(), Denial> {
    match leave {
        Leave::Given => Ok(()),
        Leave::Nobody => Err(Denial::of(name, unsigned, "nobody signed it whose key stands in trust")),
        Leave::Refused { decision, intent, actor, key } => Err(of_decision(name, *decision, &intent).by(&actor, &key)),
    }
}

/// What the policy says to changes of the trust graph, where a rule of it speaks of them.
pub(super) fn check_trust_rules(visit: &Visit, law: &mut Law, name: &str, pushed: &Graph) -> Result<Judged, HookError> {
    let Some(policy) = &mut law.policy else { return Ok(Ok(())) };
    let consents = consent::granted(visit, &law.graph, policy.judge.bundle())?;
    let at = Some(&visit.received_at);
    // What a rule may ask for, a grant, cannot come in before the roots let this gate give receipts.
    let locked = |graph: &Graph| !may_give_receipts(visit, graph);
    Ok(match trust_leave(&mut policy.judge, &law.graph, pushed, at, consents.as_deref(), &locked)? {
        None => Ok(()),
        Some((commit, leave)) => of_leave(name, leave, "trust.signer").map_err(|denial| Box::new(denial.at(commit))),
    })
}

/// Reads a pushed bundle, or says what is wrong with it.
pub(super) fn read_bundle(
    pushed: &Reader,
    graph: &Graph,
    name: &str,
    commit: Oid,
) -> Result<Result<Bundle, Box<Denial>>, HookError> {
    match Bundle::read(pushed, commit, graph) {
        Ok(bundle) => match bundle.check_programs() {
            Ok(()) => Ok(Ok(bundle)),
            Err(e) => Ok(Err(Box::new(Denial::of(name, "policy.invalid", e.to_string()).at(commit)))),
        },
        Err(e @ (PolicyError::Invalid { .. } | PolicyError::Read { .. })) => {
            Ok(Err(Box::new(Denial::of(name, "policy.invalid", e.to_string()).at(commit))))
        }
        Err(other) => Err(other.into()),
    }
}
