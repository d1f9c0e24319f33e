//! Recorded history judged by a candidate.

use super::bundle::Bundle;
use super::decide::{Judge, Judgement};
use super::decision::{Decision, Verdict};
use super::error::PolicyError;
use super::facts::Facts;
use super::intent::Intent;
use super::recorded::Recorded;
use super::rules::RuleInfo;
use super::verb::Verb;
use crate::canon::Value;
use crate::id::Oid;

/// What a candidate makes of one recorded decision.
#[derive(Debug, Clone, PartialEq)]
pub enum Replayed {
    Same,
    /// It would say something else now.
    Changed(Box<Decision>),
    /// What it would say depends on something that is not on record.
    Unknown(String),
}

/// Facts that an acceptance depended on and nobody wrote down.
const UNRECORDED: [&str; 3] = ["approvals", "grants", "received_at"];
/// Facts that may have changed a moment before.
const TIMED: [&str; 4] = ["approvals", "caps", "grants", "received_at"];
/// Fields of an intent that a denial does not keep.
const DROPPED: [&str; 4] = ["commits", "payload", "target", "ulid"];
/// Facts that are known of every act since they have names.
const ALWAYS: [&str; 6] = ["actor_known", "caps", "groups", "is_root", "key_known", "trust_version"];

fn asked<'b>(bundle: &'b Bundle, verb: Verb, subject: Option<&'b str>) -> impl Iterator<Item = &'b RuleInfo> {
    bundle.rules().iter().filter(move |rule| rule.covers(verb, subject))
}

/// A fact that rules read about an act and that nobody wrote down where no gate received it.
pub fn unrecorded<'b>(bundle: &'b Bundle, verb: Verb, subject: Option<&'b str>) -> Option<&'b str> {
    let mut reads = asked(bundle, verb, subject).flat_map(|rule| &rule.reads).map(String::as_str);
    reads.find(|name| UNRECORDED.contains(name))
}

/// A policy that is not active yet.
pub struct Candidate {
    judge: Judge,
}

impl Candidate {
    pub fn new(bundle: Bundle) -> Candidate {
        Candidate { judge: Judge::new(bundle, None) }
    }

    pub fn judge(&mut self) -> &mut Judge {
        &mut self.judge
    }

    /// Whether an answer can depend on when it is given.
    pub fn is_timed(&self, verb: Verb, subject: Option<&str>) -> bool {
        let mut reads = self.asked(verb, subject).flat_map(|rule| &rule.reads);
        self.judge.bundle().rules().is_empty() || reads.any(|name| TIMED.contains(&name.as_str()))
    }

    /// An accepted act of which everything is on record.
    pub fn accepted(&mut self, intent: &Intent<'_>, facts: &Facts, trust_root: Oid) -> Result<Replayed, PolicyError> {
        Ok(match self.judge.decide(intent, facts, trust_root)? {
            Judgement::Allowed(_) => Replayed::Same,
            Judgement::Refused(decision) => Replayed::Changed(decision),
        })
    }

    fn asked<'a>(&'a self, verb: Verb, subject: Option<&'a str>) -> impl Iterator<Item = &'a RuleInfo> {
        asked(self.judge.bundle(), verb, subject)
    }

    /// An event that no gate received, with everything that trust can have said of its writer when it was judged.
    pub fn event(&mut self, intent: &Intent<'_>, facts: &[Facts]) -> Result<Replayed, PolicyError> {
        if let Some(name) = unrecorded(self.judge.bundle(), intent.verb(), intent.subject()) {
            return Ok(Replayed::Unknown(format!("{name} of an event without a receipt")));
        }
        let mut changed: Option<Decision> = None;
        let mut same = false;
        for facts in facts {
            let decision = self.judge.weigh(intent, facts, Oid::ZERO)?;
            match decision.verdict {
                Verdict::Allow => same = true,
                _ => changed = Some(decision),
            }
        }
        Ok(match (changed, same) {
            (None, _) => Replayed::Same,
            (Some(decision), false) => Replayed::Changed(decision.into()),
            (Some(_), true) => {
                Replayed::Unknown("the trust version that an event without a receipt was judged by".into())
            }
        })
    }

    /// A denial of the audit.
    pub fn denial(&mut self, recorded: &Recorded) -> Result<Replayed, PolicyError> {
        let Some(trust_root) = recorded.trust_root else {
            return Ok(Replayed::Unknown("a law: the gate refused before there was one".into()));
        };
        if let Some(replayed) = self.no_rule(recorded) {
            return Ok(replayed);
        }
        if let Some(what) = self.missing(recorded) {
            return Ok(Replayed::Unknown(what));
        }
        let intent = Intent::act(recorded.verb, recorded.intent.clone());
        let facts = Facts::new(recorded.facts.as_map().cloned().unwrap_or_default())?;
        let decision = self.judge.weigh(&intent, &facts, trust_root)?;
        Ok(match decision.verdict {
            Verdict::Allow => Replayed::Changed(decision.into()),
            Verdict::Deny | Verdict::Error => Replayed::Same,
        })
    }

    /// What becomes of a denial that no rule spoke. By a profile it stands where the candidate demands the same; else nobody
    /// knows what rules would have said, as of every other check of a gate.
    fn no_rule(&self, recorded: &Recorded) -> Option<Replayed> {
        // A rule may have any name; of the profile, profiles alone speak.
        let by_profile = recorded.rule.strip_prefix("profile.").filter(|_| recorded.facts.get("profile").is_some());
        let what = match by_profile {
            Some(demand) if self.judge.bundle().profile().demands().iter().any(|d| d.as_str() == demand) => {
                return Some(Replayed::Same);
            }
            Some(_) => "what rules say to what a profile refused before they were asked",
            // Rules that are asked about a push are told whether its ref is made.
            None if recorded.verb == Verb::Push && !recorded.intent.contains("created") => {
                "what rules say to what a check of the gate refused before they were asked"
            }
            None => return None,
        };
        Some(Replayed::Unknown(what.into()))
    }

    /// What the candidate reads and a denial does not hold.
    fn missing(&self, recorded: &Recorded) -> Option<String> {
        let facts = &recorded.facts;
        let bundle = self.judge.bundle();
        let ty = recorded.intent.get("type").and_then(Value::as_str);
        if recorded.verb == Verb::Emit
            && ty.is_some_and(|ty| bundle.schema(ty).is_some())
            && !recorded.intent.contains("payload")
        {
            return Some("payload of a denied event".into());
        }
        if bundle.rules().is_empty() && facts.get("is_root").is_none() {
            return Some("is_root of a denial".into());
        }
        for rule in self.asked(recorded.verb, recorded.subject()) {
            for name in rule.reads.iter().map(String::as_str) {
                let dropped = DROPPED.contains(&name) && !recorded.intent.contains(name);
                if dropped || ALWAYS.contains(&name) && facts.get(name).is_none() {
                    return Some(format!("{name} of a denial"));
                }
            }
            let known = |glob: &str| facts.get("changed").and_then(|c| c.get(glob)).is_some();
            if let Some(glob) = rule.changed.iter().find(|glob| !known(glob.as_str())) {
                return Some(format!("changed({glob}) of a denial"));
            }
        }
        None
    }
}
