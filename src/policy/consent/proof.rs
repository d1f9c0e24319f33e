use super::document::{A_DIGEST, parsed, text};
use super::fault::ConsentFault;
use crate::canon::{Map, Value, digest, json};
use crate::id::{Blake3, PublicKey};

/// Most approvals that a proof names.
const APPROVALS_MAX: usize = 10_000;

/// The approvals by which a proposal is granted, sorted by signer.
///
/// ```text
/// {"approvals":[{"approval_id":"blake3:…","signer":"ed25519:…"}],"policy_rule":"governance.api.break","proposal_id":"blake3:…"}
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    pub proposal_id: Blake3,
    pub approvals: Vec<(Blake3, PublicKey)>,
    pub policy_rule: String,
}

impl Proof {
    /// The canonical bytes: exactly the published fields, so that they hash as published.
    pub fn encode(&self) -> Vec<u8> {
        json::document(&Value::Map(self.fields())).expect("texts are a document")
    }

    pub fn digest(&self) -> Blake3 {
        digest::blake3(&self.encode())
    }

    fn fields(&self) -> Map {
        let one = |(id, signer): &(Blake3, PublicKey)| {
            Value::map([("approval_id", Value::text(id)), ("signer", Value::text(signer))])
        };
        let mut map = Map::with_capacity(3);
        map.insert("proposal_id", Value::text(self.proposal_id));
        map.insert("approvals", Value::list(self.approvals.iter().map(one)));
        map.insert("policy_rule", self.policy_rule.as_str());
        map
    }

    /// Reads a proof, which must be exactly what `encode` writes, sorted, each signer once.
    pub fn parse(bytes: &[u8]) -> Result<Proof, ConsentFault> {
        let fault = |why: String| ConsentFault::form(format!("proof.json: {why}"));
        let value = json::parse_canonical(bytes).map_err(|e| fault(e.to_string()))?;
        let map = value.as_map().ok_or_else(|| fault("it is no object".into()))?;
        let bad = || fault("`approvals` is not a list of {approval_id, signer}".into());
        let list = map.get("approvals").and_then(Value::as_list).filter(|l| l.len() <= APPROVALS_MAX);
        let one = |v: &Value| {
            let map = v.as_map()?;
            Some((text(map, "approval_id")?.parse().ok()?, text(map, "signer")?.parse().ok()?))
        };
        let approvals = list.and_then(|l| l.iter().map(one).collect::<Option<Vec<_>>>()).ok_or_else(bad)?;
        if !approvals.is_sorted_by(|(_, a): &(Blake3, PublicKey), (_, b)| a < b) {
            return Err(fault("`approvals` is not sorted by signer, each once".into()));
        }
        let proof = Proof {
            proposal_id: parsed(map, "proposal_id", A_DIGEST)?,
            approvals,
            policy_rule: text(map, "policy_rule").ok_or_else(|| fault("there is no `policy_rule`".into()))?.to_owned(),
        };
        match proof.encode() == bytes {
            true => Ok(proof),
            false => Err(fault("a field has no place in it".into())),
        }
    }

    pub(super) fn trailers(&self) -> Vec<(&'static str, String)> {
        vec![("Proposal-Id", self.proposal_id.to_string()), ("Proof-Of-Consensus", self.digest().to_string())]
    }
}
