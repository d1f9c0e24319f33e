use super::bundle::Bundle;
use super::error::PolicyError;
use super::intent::{Facts, Intent};
use crate::canon::{Map, Value, json};
use crate::id::{Blake3, Oid};
use crate::lua::{Machine, StepError};
use std::collections::{BTreeSet, HashMap};

/// How a judgement ended. `Error` is a denial too: the rule could not be run to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Allow,
    Deny,
    Error,
}

impl Verdict {
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Allow => "allow",
            Verdict::Deny => "deny",
            Verdict::Error => "error",
        }
    }
}

/// The answer to one intent.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    pub verdict: Verdict,
    /// The id of the rule that spoke; `none` where nothing permits.
    pub rule: String,
    pub reason: String,
    pub hint: Option<String>,
    pub facts: Value,
    pub policy_root: Oid,
    pub trust_root: Oid,
}

/// Proof that an intent was judged and allowed. Only `Judge::decide` makes one.
#[derive(Debug)]
pub struct Allowed(());

impl Decision {
    /// The bytes of `decision.json`.
    pub(super) fn document(&self, repo: &Blake3, intent: &Intent<'_>) -> Result<Vec<u8>, PolicyError> {
        let mut map = Map::new();
        map.insert("gatos", "decision/1");
        map.insert("repo", Value::text(repo));
        map.insert("verdict", self.verdict.as_str());
        map.insert("rule", self.rule.as_str());
        map.insert("reason", self.reason.as_str());
        if let Some(hint) = &self.hint {
            map.insert("hint", hint.as_str());
        }
        map.insert("facts", self.facts.clone());
        map.insert("intent", intent.recorded());
        map.insert("policy_root", Value::text(self.policy_root));
        map.insert("trust_root", Value::text(self.trust_root));
        Ok(json::document(&Value::Map(map))?)
    }
}

/// The policy of one bundle, ready to judge. It remembers its answers: a policy is a pure function, so an intent that
/// agrees with an earlier one in every field the policy can read has the same answer.
pub struct Judge {
    machine: Machine,
    policy_root: Oid,
    /// Fields of the intent that the program can read; `None` where that cannot be told.
    reads: Option<BTreeSet<String>>,
    answers: HashMap<Vec<u8>, Decision>,
}

/// More remembered answers than this are forgotten at once.
const ANSWERS_MAX: usize = 4096;

impl Judge {
    pub fn new(bundle: &Bundle) -> Result<Judge, PolicyError> {
        let start = |why: String| PolicyError::Start { commit: bundle.commit(), why };
        let program = bundle.policy()?;
        let reads = program.fields_read(0);
        let machine = Machine::new(&program).map_err(|e| start(e.to_string()))?;
        Ok(Judge { machine, policy_root: bundle.commit(), reads, answers: HashMap::new() })
    }

    /// Judges an intent. The second value is there exactly when the verdict is `Allow`.
    pub fn decide(&mut self, intent: &Intent<'_>, facts: &Facts, trust_root: Oid) -> (Decision, Option<Allowed>) {
        let key = self.memory_key(intent, facts);
        let known = key.as_ref().and_then(|k| self.answers.get(k)).filter(|d| d.trust_root == trust_root);
        let decision = match known {
            Some(decision) => decision.clone(),
            None => {
                let decision = self.run(intent, facts, trust_root);
                if let Some(key) = key {
                    if self.answers.len() >= ANSWERS_MAX {
                        self.answers.clear();
                    }
                    self.answers.insert(key, decision.clone());
                }
                decision
            }
        };
        let allowed = (decision.verdict == Verdict::Allow).then_some(Allowed(()));
        (decision, allowed)
    }

    /// What the answer can depend on; `None` where nothing may be remembered.
    fn memory_key(&self, intent: &Intent<'_>, facts: &Facts) -> Option<Vec<u8>> {
        let mut read = Map::new();
        for name in self.reads.as_ref()? {
            if name == "payload" || name == "ulid" {
                return None;
            }
            if let Some(value) = intent.field(name) {
                read.insert(name.as_str(), value);
            }
        }
        let mut key = Vec::with_capacity(128);
        json::write(&Value::Map(read), &mut key).ok()?;
        json::write(&facts.0, &mut key).ok()?;
        Some(key)
    }

    fn run(&mut self, intent: &Intent<'_>, facts: &Facts, trust_root: Oid) -> Decision {
        let mut decision = Decision {
            verdict: Verdict::Error,
            rule: "none".into(),
            reason: String::new(),
            hint: None,
            facts: facts.0.clone(),
            policy_root: self.policy_root,
            trust_root,
        };
        match self.machine.judge(&intent.whole(), &facts.0) {
            Ok((answer, _fuel)) => match read_answer(&answer) {
                Ok((verdict, rule, reason, hint)) => {
                    decision.verdict = verdict;
                    decision.rule = rule;
                    decision.reason = reason;
                    decision.hint = hint;
                }
                Err(why) => decision.reason = format!("the policy did not answer with a decision: {why}"),
            },
            Err(StepError::Verdict(v)) => decision.reason = format!("the policy failed: {v}"),
            Err(StepError::Halt(h)) => decision.reason = format!("the policy could not be run: {h}"),
        }
        decision
    }
}

/// Verdict, rule, reason and hint of the table that a policy returns.
fn read_answer(answer: &Value) -> Result<(Verdict, String, String, Option<String>), String> {
    let text = |name: &str| answer.get(name).and_then(Value::as_str).map(str::to_owned);
    let verdict = match answer.get("verdict").and_then(Value::as_str) {
        Some("allow") => Verdict::Allow,
        Some("deny") => Verdict::Deny,
        _ => return Err("`verdict` is not \"allow\" or \"deny\"".into()),
    };
    let rule = text("rule").ok_or("`rule` is not a string")?;
    let reason = text("reason").ok_or("`reason` is not a string")?;
    Ok((verdict, rule, reason, text("hint")))
}
