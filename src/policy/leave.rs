//! Acts that are known by who signed them: a bundle that becomes active, a change of the trust graph.

use super::bundle::{ACTIVATE, Bundle, SIGNATURES};
use super::consent::{Consents, tell};
use super::decide::{Judge, Judgement};
use super::decision::Decision;
use super::error::PolicyError;
use super::facts::FactsOf;
use super::intent::Intent;
use super::verb::Verb;
use crate::canon::{Map, Value};
use crate::git::Reader;
use crate::id::{Actor, Oid, PublicKey, Timestamp};
use crate::trust::{Change, Graph, dsse};

/// Most bytes of the signatures of a bundle.
const SIGNATURES_MAX: u64 = 64 << 10;

/// What the policy says to a signed act.
#[derive(Debug)]
pub enum Leave {
    /// One of those who signed may.
    Given,
    /// Nobody signed it whose key stands in trust.
    Nobody,
    /// The last of the refusals.
    Refused { decision: Box<Decision>, intent: Box<Intent<'static>>, actor: Actor, key: PublicKey },
}

/// An act, and what is known when it is judged.
#[derive(Clone, Copy)]
pub struct SignedAct<'a> {
    pub verb: Verb,
    /// Its content.
    pub target: &'a str,
    pub signers: &'a [PublicKey],
    pub graph: &'a Graph,
    pub received_at: Option<&'a Timestamp>,
    pub consents: Option<&'a Consents>,
}

impl SignedAct<'_> {
    /// Asks a policy for each of those who signed.
    pub fn judge(&self, judge: &mut Judge) -> Result<Leave, PolicyError> {
        let mut leave = Leave::Nobody;
        for key in self.signers {
            // A revoked key speaks for nobody, whoever else signed.
            let holder = self.graph.current().holder(key).filter(|actor| self.graph.stands(actor, key));
            let Some(actor) = holder else { continue };
            let mut fields = Map::new();
            fields.insert("actor", actor.as_str());
            fields.insert("key", Value::text(key));
            fields.insert("target", self.target);
            let intent = Intent::act(self.verb, fields);
            let facts = FactsOf::actor(self.graph, actor, key, self.received_at);
            let facts = tell(self.consents, facts, Some(self.target))?;
            match judge.decide(&intent, &facts, self.graph.tip())? {
                Judgement::Allowed(_) => return Ok(Leave::Given),
                Judgement::Refused(decision) => {
                    leave = Leave::Refused { decision, intent: Box::new(intent), actor: actor.clone(), key: *key };
                }
            }
        }
        Ok(leave)
    }
}

/// What a policy says to the changes by which one trust graph became another: nothing where no rule of it speaks of them or
/// it lets all of them be, else the first change that it does not. Each is judged by the graph before it. It is not asked of
/// what the roots signed to their threshold under a graph that is `locked`.
pub fn trust_leave(
    judge: &mut Judge,
    before: &Graph,
    after: &Graph,
    received_at: Option<&Timestamp>,
    consents: Option<&Consents>,
    locked: &dyn Fn(&Graph) -> bool,
) -> Result<Option<(Oid, Leave)>, PolicyError> {
    let verb = Verb::TrustUpdate;
    if !speaks_of(judge.bundle(), verb) {
        return Ok(None);
    }
    let mut graph = before.clone();
    for commit in after.commits().iter().filter(|commit| !before.commits().contains(commit)) {
        let spared = locked(&graph);
        for Change { target, signers } in after.brought_by(*commit) {
            if spared && graph.votes(&signers) >= graph.current().roots.threshold as usize {
                continue;
            }
            let target = &target.to_string();
            let act = SignedAct { verb, target, signers: &signers, graph: &graph, received_at, consents };
            match act.judge(judge)? {
                Leave::Given => {}
                leave => return Ok(Some((*commit, leave))),
            }
        }
        graph = after.at(*commit).unwrap_or(graph);
    }
    Ok(None)
}

/// Whether a rule of a bundle is about an act that a repository has one of.
pub fn speaks_of(bundle: &Bundle, verb: Verb) -> bool {
    bundle.rules().iter().any(|rule| rule.covers(verb, None))
}

/// Whether these may sign what becomes the policy at a time: a holder of `policy:activate`, as each root is, with a key that
/// stands. Where no time is told, what he holds has not ended.
pub fn may_sign_now(graph: &Graph, signers: &[PublicKey], at: Option<&Timestamp>) -> bool {
    let Ok(asked) = ACTIVATE.parse() else { return false };
    signers.iter().any(|key| {
        graph.current().holder(key).is_some_and(|actor| graph.stands(actor, key) && graph.holds(actor, &asked, at))
    })
}

/// Who signed the bundle of a commit that was read.
pub fn bundle_signers(reader: &Reader, commit: Oid) -> Result<Vec<PublicKey>, PolicyError> {
    let bytes = reader.file(commit, SIGNATURES, SIGNATURES_MAX);
    let bytes = bytes.map_err(|source| PolicyError::Read { commit, source })?.unwrap_or_default();
    Ok(dsse::parse(&bytes).unwrap_or_default().into_iter().map(|s| s.keyid).collect())
}
