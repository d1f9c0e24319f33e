use super::error::PolicyError;
use super::facts::Facts;
use super::intent::Intent;
use crate::canon::{Map, Value, json};
use crate::id::{Blake3, Oid};

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

    pub fn parse(text: &str) -> Option<Verdict> {
        [Verdict::Allow, Verdict::Deny, Verdict::Error].into_iter().find(|v| v.as_str() == text)
    }
}

/// The rule id where nothing permits.
pub const NONE: &str = "none";

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

impl Decision {
    /// A denial that no rule of a bundle spoke, but a check around it: the rule is the name of the check.
    pub fn denied(rule: &str, reason: String, hint: Option<String>, facts: &Facts, roots: (Oid, Oid)) -> Decision {
        let (policy_root, trust_root) = roots;
        let facts = facts.value().clone();
        Decision { verdict: Verdict::Deny, rule: rule.to_owned(), reason, hint, facts, policy_root, trust_root }
    }

    /// Whether a grant could help: it lets in nobody whom trust does not know.
    pub fn may_be_granted(&self) -> bool {
        self.facts.get("grants").is_some() && self.facts.get("key_known") != Some(&Value::Bool(false))
    }

    /// The bytes of `decision.json`.
    pub fn document(&self, repo: &Blake3, intent: &Intent<'_>) -> Result<Vec<u8>, PolicyError> {
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
        if let Some(at) = self.facts.get("received_at") {
            map.insert("received_at", at.clone());
        }
        Ok(json::document(&Value::Map(map))?)
    }
}

/// Verdict, rule, reason and hint of the table that a policy returns; nothing where it has no rule for the intent.
pub(super) struct Answer {
    pub verdict: Verdict,
    pub rule: String,
    pub reason: String,
    pub hint: Option<String>,
}

impl Answer {
    pub(super) fn read(answer: &Value) -> Result<Option<Answer>, String> {
        if *answer == Value::Null {
            return Ok(None);
        }
        let text = |name: &str| answer.get(name).and_then(Value::as_str).map(str::to_owned);
        let verdict = match answer.get("verdict").and_then(Value::as_str) {
            Some("allow") => Verdict::Allow,
            Some("deny") => Verdict::Deny,
            _ => return Err("`verdict` is not \"allow\" or \"deny\"".into()),
        };
        let rule = text("rule").ok_or("`rule` is not a string")?;
        if !is_rule_id(&rule) {
            return Err("`rule` is not 1 to 64 letters, digits and . _ -".into());
        }
        let reason = text("reason").ok_or("`reason` is not a string")?;
        Ok(Some(Answer { verdict, rule, reason, hint: text("hint") }))
    }
}

/// The id of a rule stands in a trailer and in a line for people.
pub(super) fn is_rule_id(id: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    !id.is_empty() && id.len() <= 64 && id.chars().all(plain)
}
