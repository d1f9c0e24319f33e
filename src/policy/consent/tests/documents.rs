use crate::canon::{Map, json};
use crate::policy::consent::*;

fn id(n: u8) -> crate::id::Blake3 {
    crate::id::Blake3([n; 32])
}

fn proposal() -> Proposal {
    Proposal {
        repo: id(1),
        action: "publish.artifact".into(),
        target: "gatos://assets/model.bin".into(),
        required: "2-of-3@leads".parse().unwrap(),
        expire_at: "2025-12-01T00:00:00Z".parse().unwrap(),
        created_by: "user:alice".parse().unwrap(),
        trust_root: crate::id::Oid([7; 20]),
    }
}

fn map(bytes: &[u8]) -> Map {
    json::parse(bytes).unwrap().as_map().unwrap().clone()
}

fn round<D: Document + PartialEq + std::fmt::Debug>(document: D) {
    let bytes = document.encode();
    assert_eq!(D::parse(&bytes).unwrap(), document);
    for field in map(&bytes).keys() {
        let mut less = map(&bytes);
        less.remove(field);
        assert!(D::parse(&json::document(&less.into()).unwrap()).is_err(), "without {field}");
        let mut other = map(&bytes);
        other.insert(field, "x");
        assert!(D::parse(&json::document(&other.into()).unwrap()).is_err(), "with another {field}");
    }
    let mut more = map(&bytes);
    more.insert("zz", 1);
    assert!(D::parse(&json::document(&more.into()).unwrap()).is_err());
    let spaced = [&bytes[..], b"\n"].concat();
    assert!(D::parse(&spaced).is_err());
}

#[test]
fn documents_read_back_and_nothing_else_does() {
    let key = crate::id::PublicKey([3; 32]);
    round(proposal());
    round(Approval { repo: id(1), proposal_id: id(2), signer: key, expires_at: proposal().expire_at });
    round(Grant { repo: id(1), proposal_id: id(2), proof: id(3) });
    round(Revocation {
        repo: id(1),
        grant_id: id(2),
        reason: "superseded".into(),
        revoked_by: "user:bob".parse().unwrap(),
    });
}

#[test]
fn a_proof_hashes_as_the_published_vector() {
    let vectors = include_bytes!("../../../../tests/vectors/governance_ids.json");
    let vectors: serde_json::Value = serde_json::from_slice(vectors).unwrap();
    let case = vectors["cases"].as_array().unwrap().iter().find(|c| c["id"] == "poc").unwrap();
    let proof = Proof::parse(case["canonical_json"].as_str().unwrap().as_bytes()).unwrap();
    assert_eq!(proof.digest().to_string(), case["result"].as_str().unwrap());
    assert_eq!(proof.approvals.len(), 2);
    let mut turned = proof.clone();
    turned.approvals.reverse();
    assert!(Proof::parse(&turned.encode()).is_err(), "not sorted");
    turned.approvals[0] = turned.approvals[1];
    assert!(Proof::parse(&turned.encode()).is_err(), "a signer twice");
}

#[test]
fn a_quorum_has_one_spelling() {
    assert_eq!("2-of-3@leads".parse::<Required>().unwrap().to_string(), "2-of-3@leads");
    for bad in
        ["0-of-3@leads", "4-of-3@leads", "02-of-3@leads", "2-of-3", "2of3@leads", "+1-of-3@leads", "2-of-3@A", ""]
    {
        assert!(bad.parse::<Required>().is_err(), "{bad}");
    }
}

#[test]
fn a_target_is_one_word() {
    assert!(is_target("refs/heads/main@1234") && is_target("intent:blake3:00"));
    assert!(!is_target("") && !is_target("a b") && !is_target("a\nProposal-Id: x") && !is_target(&"a".repeat(1001)));
}
