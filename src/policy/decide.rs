use super::bundle::Bundle;
use super::error::PolicyError;
use super::intent::{Facts, Intent};
use crate::canon::{Map, Value, cbor, json};
use crate::id::{Blake3, Oid};
use crate::lua::{ENGINE, Machine, StepError};
use std::collections::BTreeSet;

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

/// The policy of one bundle. It remembers what it allowed: a policy is a pure function, so an intent that agrees with an
/// allowed one in every field that the policy can read is allowed too. The virtual machine starts when a new question comes.
pub struct Judge {
    bundle: Bundle,
    machine: Option<Machine>,
    memory: Option<Memory>,
    learned: bool,
    /// Scratch: what the answer at hand can depend on.
    key: Vec<u8>,
}

/// More allowed questions than this are forgotten at once.
const ALLOWED_MAX: usize = 1024;

impl Judge {
    /// `remembered` are bytes of `remember` of a judge of the same bundle.
    pub fn new(bundle: Bundle, remembered: Option<&[u8]>) -> Judge {
        let memory = remembered.and_then(Memory::read);
        Judge { bundle, machine: None, memory, learned: false, key: Vec::new() }
    }

    /// Judges an intent.
    pub fn decide(&mut self, intent: &Intent<'_>, facts: &Facts, trust_root: Oid) -> Result<Judgement, PolicyError> {
        let remembered = self.memory_key(intent, facts, trust_root)?;
        if remembered && self.memory.as_ref().is_some_and(|m| m.allowed.contains(&self.key)) {
            return Ok(Judgement::Allowed(Allowed(())));
        }
        let decision = self.run(intent, facts, trust_root)?;
        if decision.verdict != Verdict::Allow {
            return Ok(Judgement::Refused(Box::new(decision)));
        }
        if remembered {
            let key = self.key.clone();
            let allowed = &mut self.memory()?.allowed;
            if allowed.len() >= ALLOWED_MAX {
                allowed.clear();
            }
            allowed.insert(key);
            self.learned = true;
        }
        Ok(Judgement::Allowed(Allowed(())))
    }

    /// What this judge learned since it was made, for the next one.
    pub fn remember(&mut self) -> Option<Vec<u8>> {
        let learned = std::mem::take(&mut self.learned);
        self.memory.as_ref().filter(|_| learned).and_then(Memory::write)
    }

    fn start(&mut self) -> Result<(), PolicyError> {
        if self.machine.is_none() {
            let (program, machine) = self.bundle.policy()?;
            self.machine = Some(machine);
            self.memory.get_or_insert_with(|| Memory { reads: program.fields_read(0), allowed: BTreeSet::new() });
        }
        Ok(())
    }

    fn memory(&mut self) -> Result<&mut Memory, PolicyError> {
        if self.memory.is_none() {
            self.start()?;
        }
        Ok(self.memory.as_mut().expect("a started judge has a memory"))
    }

    /// Writes down what the answer can depend on; false where nothing may be remembered.
    fn memory_key(&mut self, intent: &Intent<'_>, facts: &Facts, trust_root: Oid) -> Result<bool, PolicyError> {
        let mut key = std::mem::take(&mut self.key);
        key.clear();
        let known = match &self.memory()?.reads {
            // These differ in every event: an answer that can depend on them is never met again.
            Some(reads) if !reads.contains("payload") && !reads.contains("ulid") => {
                for name in reads {
                    if intent.write_field(name, &mut key) {
                        key.push(b'\n');
                    }
                }
                true
            }
            _ => false,
        };
        key.extend_from_slice(facts.canonical());
        key.extend_from_slice(trust_root.as_bytes());
        self.key = key;
        Ok(known)
    }

    fn run(&mut self, intent: &Intent<'_>, facts: &Facts, trust_root: Oid) -> Result<Decision, PolicyError> {
        self.start()?;
        let mut decision = Decision {
            verdict: Verdict::Error,
            rule: "none".into(),
            reason: String::new(),
            hint: None,
            facts: facts.value().clone(),
            policy_root: self.bundle.commit(),
            trust_root,
        };
        let machine = self.machine.as_mut().expect("it was started");
        match machine.judge(&intent.whole(), facts.value()) {
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
        Ok(decision)
    }
}

/// What a judge knows without its machine.
#[derive(Debug, PartialEq)]
struct Memory {
    /// Fields of the intent that the program can read; `None` where that cannot be told.
    reads: Option<BTreeSet<String>>,
    /// Questions that were answered by `allow`.
    allowed: BTreeSet<Vec<u8>>,
}

impl Memory {
    fn read(bytes: &[u8]) -> Option<Memory> {
        let value = cbor::decode(bytes).ok()?;
        // Another engine is another policy.
        if value.get("engine")?.as_str()? != ENGINE {
            return None;
        }
        let name = |v: &Value| v.as_str().map(str::to_owned);
        let question = |v: &Value| match v {
            Value::Bytes(key) => Some(key.clone()),
            _ => None,
        };
        Some(Memory {
            reads: Some(value.get("reads")?.as_list()?.iter().map(name).collect::<Option<_>>()?),
            allowed: value.get("allowed")?.as_list()?.iter().map(question).collect::<Option<_>>()?,
        })
    }

    /// Nothing where no answer can be told from another.
    fn write(&self) -> Option<Vec<u8>> {
        let reads = self.reads.as_ref()?.iter().map(|name| Value::from(name.as_str()));
        let allowed = self.allowed.iter().map(|key| Value::Bytes(key.clone()));
        let value =
            Value::map([("engine", ENGINE.into()), ("reads", Value::list(reads)), ("allowed", Value::list(allowed))]);
        cbor::to_vec(&value).ok()
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
    // It stands in a trailer and in a line for people.
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if rule.is_empty() || rule.len() > 64 || !rule.chars().all(plain) {
        return Err("`rule` is not 1 to 64 letters, digits and . _ -".into());
    }
    let reason = text("reason").ok_or("`reason` is not a string")?;
    Ok((verdict, rule, reason, text("hint")))
}
