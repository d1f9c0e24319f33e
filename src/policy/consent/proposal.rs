use super::document::{A_DIGEST, A_TIME, Document, parsed, text};
use super::fault::ConsentFault;
use super::required::Required;
use crate::canon::{Map, Value};
use crate::id::{Actor, Blake3, Oid, Timestamp};
use crate::policy::decision::is_rule_id;

/// Longest target.
const TARGET_MAX: usize = 1_000;

/// A question to a group: may this one act be?
///
/// ```text
/// {"action":"api.break","created_by":"user:bob","expire_at":"2026-11-24T09:00:00Z","gatos":"proposal/1",
///  "policy_rule":"governance.api.break","proposal_id":"blake3:…","repo":"blake3:…","required_quorum":"2-of-3@leads",
///  "target":"refs/heads/main@<commit>","trust_root":"<commit>"}
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    pub repo: Blake3,
    pub action: String,
    /// The act: what it is, never by what name it goes.
    pub target: String,
    pub required: Required,
    /// From this second on it is too late to agree, and what was granted grants nothing.
    pub expire_at: Timestamp,
    pub created_by: Actor,
    /// The commit of the trust graph whose group is asked.
    pub trust_root: Oid,
}

/// Whether a text can name an act.
pub fn is_target(text: &str) -> bool {
    let strange = |c: char| c.is_control() || c.is_whitespace();
    !text.is_empty() && text.len() <= TARGET_MAX && !text.chars().any(strange)
}

impl Proposal {
    /// The rule that asks: that of the action in `governance.json`.
    pub fn policy_rule(&self) -> String {
        format!("governance.{}", self.action)
    }
}

impl Document for Proposal {
    const KIND: &'static str = "proposal";
    const ID: &'static str = "proposal_id";
    const FIELDS: &'static [&'static str] =
        &["action", "created_by", "expire_at", "policy_rule", "repo", "required_quorum", "target", "trust_root"];

    fn of(map: &Map) -> Result<Proposal, ConsentFault> {
        let action = text(map, "action").filter(|a| is_rule_id(a));
        let target = text(map, "target").filter(|t| is_target(t));
        let bad = |why: &str| ConsentFault::form(why);
        Ok(Proposal {
            repo: parsed(map, "repo", A_DIGEST)?,
            action: action.ok_or_else(|| bad("`action` has not 1 to 64 letters, digits and . _ -"))?.to_owned(),
            target: target.ok_or_else(|| bad("`target` is not 1 to 1,000 bytes without blanks"))?.to_owned(),
            required: parsed(map, "required_quorum", "a quorum N-of-M@GROUP")?,
            expire_at: parsed(map, "expire_at", A_TIME)?,
            created_by: parsed(map, "created_by", "an actor")?,
            trust_root: parsed(map, "trust_root", "a commit id")?,
        })
    }

    fn fields(&self) -> Map {
        let mut map = Map::with_capacity(10);
        map.insert("repo", Value::text(self.repo));
        map.insert("action", self.action.as_str());
        map.insert("target", self.target.as_str());
        map.insert("required_quorum", Value::text(&self.required));
        map.insert("expire_at", Value::text(self.expire_at));
        map.insert("policy_rule", self.policy_rule());
        map.insert("created_by", self.created_by.as_str());
        map.insert("trust_root", Value::text(self.trust_root));
        map
    }

    fn trailers(&self) -> Vec<(&'static str, String)> {
        vec![
            ("Action", self.action.clone()),
            ("Target", self.target.clone()),
            ("Proposal-Id", self.id().to_string()),
            ("Required-Quorum", self.required.to_string()),
            ("Expire-At", self.expire_at.to_string()),
            ("Policy-Rule", self.policy_rule()),
            ("Created-By", self.created_by.to_string()),
        ]
    }
}
