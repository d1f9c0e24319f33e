use super::document::{A_DIGEST, Document, parsed, text};
use super::fault::ConsentFault;
use crate::canon::{Map, Value};
use crate::id::{Actor, Blake3};
use crate::trust::is_reason;

/// The end of a grant, and of every other grant of its proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    pub repo: Blake3,
    pub grant_id: Blake3,
    pub reason: String,
    pub revoked_by: Actor,
}

impl Document for Revocation {
    /// Trust has a `revocation` of its own, of keys and capabilities.
    const KIND: &'static str = "grant-revocation";
    const ID: &'static str = "revocation_id";
    const FIELDS: &'static [&'static str] = &["grant_id", "reason", "repo", "revoked_by"];

    fn of(map: &Map) -> Result<Revocation, ConsentFault> {
        let reason = text(map, "reason").filter(|r| is_reason(r));
        let bad = || ConsentFault::form("`reason` is not 1 to 1,000 bytes without control characters");
        Ok(Revocation {
            repo: parsed(map, "repo", A_DIGEST)?,
            grant_id: parsed(map, "grant_id", A_DIGEST)?,
            reason: reason.ok_or_else(bad)?.to_owned(),
            revoked_by: parsed(map, "revoked_by", "an actor")?,
        })
    }

    fn fields(&self) -> Map {
        let mut map = Map::with_capacity(6);
        map.insert("repo", Value::text(self.repo));
        map.insert("grant_id", Value::text(self.grant_id));
        map.insert("reason", self.reason.as_str());
        map.insert("revoked_by", self.revoked_by.as_str());
        map
    }

    fn trailers(&self) -> Vec<(&'static str, String)> {
        vec![
            ("Grant-Id", self.grant_id.to_string()),
            ("Revocation-Id", self.id().to_string()),
            ("Reason", self.reason.clone()),
            ("Revoked-By", self.revoked_by.to_string()),
        ]
    }
}
