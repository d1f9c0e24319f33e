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

/// What came of judging.
#[derive(Debug)]
pub enum Judgement {
    Allowed(Allowed),
    Refused(Box<Decision>),
}

impl Judgement {
    fn of(decision: &Decision) -> Judgement {
        match decision.verdict {
            Verdict::Allow => Judgement::Allowed(Allowed(())),
            Verdict::Deny | Verdict::Error => Judgement::Refused(Box::new(decision.clone())),
        }
    }
}

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
    /// Scratch: what the answer at hand can depend on.
    key: Vec<u8>,
}

/// More remembered answers than this are forgotten at once.
const ANSWERS_MAX: usize = 4096;

impl Judge {
    pub fn new(bundle: &Bundle) -> Result<Judge, PolicyError> {
        let (program, machine) = bundle.policy()?;
        let reads = program.fields_read(0);
        Ok(Judge { machine, policy_root: bundle.commit(), reads, answers: HashMap::new(), key: Vec::new() })
    }

    /// Judges an intent.
    pub fn decide(&mut self, intent: &Intent<'_>, facts: &Facts, trust_root: Oid) -> Judgement {
        let remembered = self.memory_key(intent, facts, trust_root);
        if remembered && let Some(decision) = self.answers.get(&self.key) {
            return Judgement::of(decision);
        }
        let decision = self.run(intent, facts, trust_root);
        let judgement = Judgement::of(&decision);
        if remembered {
            if self.answers.len() >= ANSWERS_MAX {
                self.answers.clear();
            }
            self.answers.insert(self.key.clone(), decision);
        }
        judgement
    }

    /// Writes down what the answer can depend on; false where nothing may be remembered.
    fn memory_key(&mut self, intent: &Intent<'_>, facts: &Facts, trust_root: Oid) -> bool {
        let Some(reads) = &self.reads else { return false };
        self.key.clear();
        for name in reads {
            // These differ in every event: an answer that can depend on them is never met again.
            if name == "payload" || name == "ulid" {
                return false;
            }
            if !intent.write_field(name, &mut self.key) {
                continue;
            }
            self.key.push(b'\n');
        }
        self.key.extend_from_slice(facts.canonical());
        self.key.extend_from_slice(trust_root.as_bytes());
        true
    }

    fn run(&mut self, intent: &Intent<'_>, facts: &Facts, trust_root: Oid) -> Decision {
        let mut decision = Decision {
            verdict: Verdict::Error,
            rule: "none".into(),
            reason: String::new(),
            hint: None,
            facts: facts.value().clone(),
            policy_root: self.policy_root,
            trust_root,
        };
        match self.machine.judge(&intent.whole(), facts.value()) {
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
