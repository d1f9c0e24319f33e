use super::audit::{DECISION, PAYLOAD, SIGNED};
use super::decision::Verdict;
use super::error::PolicyError;
use super::verb::Verb;
use crate::canon::{Map, Value, digest, json};
use crate::git::Reader;
use crate::id::{Blake3, Oid, PublicKey, Timestamp};
use crate::trust::dsse;

/// Longest decision that is read.
const DECISION_MAX: u64 = 1 << 20;

/// A decision as the audit has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    pub commit: Oid,
    /// When the record was made, by the clock of whoever made it.
    pub at: Timestamp,
    pub verdict: Verdict,
    pub rule: String,
    pub reason: String,
    pub hint: Option<String>,
    pub facts: Value,
    /// The bundle that stood; a gate records refusals before there is one.
    pub policy_root: Option<Oid>,
    /// The version of trust that stood; none before there was a trust graph.
    pub trust_root: Option<Oid>,
    pub verb: Verb,
    /// The intent as it was recorded: with a payload only where the bundle said so.
    pub intent: Map,
    /// Whose good signatures it has.
    pub signers: Vec<PublicKey>,
}

impl Recorded {
    /// Reads the decision of a commit of an audit chain; nothing where the commit holds something else.
    pub fn read(reader: &Reader, commit: Oid, repo: &Blake3) -> Result<Option<Recorded>, PolicyError> {
        let unread = |source| PolicyError::Read { commit, source };
        let invalid = |why: &str| PolicyError::Decision { commit, why: why.to_owned() };
        let Some(bytes) = reader.file(commit, DECISION, DECISION_MAX).map_err(unread)? else { return Ok(None) };
        let signatures = reader.file(commit, SIGNED, DECISION_MAX).map_err(unread)?;
        let signatures = signatures.as_deref().map(dsse::parse).transpose().map_err(|e| invalid(&e.to_string()))?;
        let signers = dsse::signers("decision", &bytes, signatures.as_deref().unwrap_or_default());
        let value = json::parse_canonical(&bytes).map_err(|e| invalid(&e.to_string()))?;
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        if text("gatos") != Some("decision/1") || text("repo") != Some(&repo.to_string()) {
            return Err(invalid("it is no decision of this repository"));
        }
        let at = reader.commit(commit).map_err(unread)?.committer.time;
        let at = Timestamp::from_unix(at).ok_or_else(|| invalid("its commit has no time that can be read"))?;
        let read = Recorded::of(&value, commit, at, signers);
        let mut recorded = read.ok_or_else(|| invalid("a field is missing or malformed"))?;
        if let Some(bytes) = reader.file(commit, PAYLOAD, DECISION_MAX).map_err(unread)? {
            let digest = Value::text(digest::blake3(&bytes));
            if recorded.intent.get("payload_blake3") != Some(&digest) {
                return Err(invalid("the payload beside it is not the one that was denied"));
            }
            let payload = json::parse_canonical(&bytes).map_err(|e| invalid(&e.to_string()))?;
            recorded.intent.insert("payload", payload);
        }
        Ok(Some(recorded))
    }

    /// What its document says; nothing where a field is missing or malformed.
    fn of(value: &Value, commit: Oid, at: Timestamp, signers: Vec<PublicKey>) -> Option<Recorded> {
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        let root = |name: &str| match value.get(name) {
            None => Some(None),
            Some(_) => text(name)?.parse::<Oid>().ok().map(Some),
        };
        let intent = value.get("intent")?.as_map()?.clone();
        // Before the verb had its name.
        let verb = intent.get("verb")?.as_str()?;
        let verb = if verb == "append" { Verb::Emit } else { verb.parse().ok()? };
        Some(Recorded {
            commit,
            at,
            verdict: Verdict::parse(text("verdict")?)?,
            rule: text("rule")?.to_owned(),
            reason: text("reason")?.to_owned(),
            hint: text("hint").map(str::to_owned),
            facts: value.get("facts").filter(|f| f.as_map().is_some())?.clone(),
            policy_root: root("policy_root")?,
            trust_root: root("trust_root")?,
            verb,
            intent,
            signers,
        })
    }

    /// What the act was about.
    pub fn subject(&self) -> Option<&str> {
        self.intent.get(self.verb.subject()?).and_then(Value::as_str)
    }
}
