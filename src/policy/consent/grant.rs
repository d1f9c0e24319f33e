use super::document::{A_DIGEST, Document, parsed};
use super::fault::ConsentFault;
use crate::canon::{Map, Value};
use crate::id::Blake3;

/// What a proposal came to. Nobody signs it: its proof does, and whoever has the proof makes the same commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    pub repo: Blake3,
    pub proposal_id: Blake3,
    /// BLAKE3 of the bytes of the proof.
    pub proof: Blake3,
}

impl Document for Grant {
    const KIND: &'static str = "grant";
    const ID: &'static str = "grant_id";
    const FIELDS: &'static [&'static str] = &["proof_of_consensus", "proposal_id", "repo"];

    fn of(map: &Map) -> Result<Grant, ConsentFault> {
        Ok(Grant {
            repo: parsed(map, "repo", A_DIGEST)?,
            proposal_id: parsed(map, "proposal_id", A_DIGEST)?,
            proof: parsed(map, "proof_of_consensus", A_DIGEST)?,
        })
    }

    fn fields(&self) -> Map {
        let mut map = Map::with_capacity(5);
        map.insert("repo", Value::text(self.repo));
        map.insert("proposal_id", Value::text(self.proposal_id));
        map.insert("proof_of_consensus", Value::text(self.proof));
        map
    }

    fn trailers(&self) -> Vec<(&'static str, String)> {
        vec![
            ("Proposal-Id", self.proposal_id.to_string()),
            ("Grant-Id", self.id().to_string()),
            ("Proof-Of-Consensus", self.proof.to_string()),
        ]
    }
}
