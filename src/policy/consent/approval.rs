use super::document::{A_DIGEST, A_TIME, Document, parsed};
use super::fault::ConsentFault;
use crate::canon::{Map, Value};
use crate::id::{Blake3, PublicKey, Timestamp};

/// One key's yes to a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    pub repo: Blake3,
    pub proposal_id: Blake3,
    pub signer: PublicKey,
    /// When the proposal ends.
    pub expires_at: Timestamp,
}

impl Document for Approval {
    const KIND: &'static str = "approval";
    const ID: &'static str = "approval_id";
    const FIELDS: &'static [&'static str] = &["expires_at", "proposal_id", "repo", "signer"];

    fn of(map: &Map) -> Result<Approval, ConsentFault> {
        Ok(Approval {
            repo: parsed(map, "repo", A_DIGEST)?,
            proposal_id: parsed(map, "proposal_id", A_DIGEST)?,
            signer: parsed(map, "signer", "a key")?,
            expires_at: parsed(map, "expires_at", A_TIME)?,
        })
    }

    fn fields(&self) -> Map {
        let mut map = Map::with_capacity(6);
        map.insert("repo", Value::text(self.repo));
        map.insert("proposal_id", Value::text(self.proposal_id));
        map.insert("signer", Value::text(self.signer));
        map.insert("expires_at", Value::text(self.expires_at));
        map
    }

    fn trailers(&self) -> Vec<(&'static str, String)> {
        vec![
            ("Proposal-Id", self.proposal_id.to_string()),
            ("Approval-Id", self.id().to_string()),
            ("Signer", self.signer.to_string()),
            ("Expires-At", self.expires_at.to_string()),
        ]
    }
}
