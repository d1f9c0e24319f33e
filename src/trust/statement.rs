use super::grant::{self, Grant};
use super::revocation::{self, Revocation};
use super::{DocError, GraphFault, dsse};
use crate::id::{Actor, Oid, PublicKey, Ulid};
use std::collections::BTreeMap;

pub(super) const GRANTS: &str = "grants/";
pub(super) const REVOCATIONS: &str = "revocations/";
/// Most grants and revocations that one commit adds.
pub const ADDED_MAX: usize = 64;
/// Most grants and revocations of one graph.
pub const STATEMENTS_MAX: usize = 4096;
/// So many of them are kept for what the roots sign to their threshold: whoever fills the rest must not keep them from ending
/// what he said.
pub const OF_ROOTS: usize = 1024;
/// Most of them by one actor without the roots.
pub const OF_ACTOR_MAX: usize = 256;

/// A grant or a revocation that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The commit that added it.
    pub commit: Oid,
    pub said: Said,
    /// The keys that signed it.
    pub signers: Vec<PublicKey>,
    /// Whether the roots signed it to their threshold.
    pub by_roots: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    Grant(Grant),
    Revocation(Revocation),
}

impl Said {
    pub fn ulid(&self) -> Ulid {
        match self {
            Said::Grant(grant) => grant.ulid,
            Said::Revocation(revocation) => revocation.ulid,
        }
    }

    pub fn encode(&self) -> Vec<u8> {
        match self {
            Said::Grant(grant) => grant.encode(),
            Said::Revocation(revocation) => revocation.encode(),
        }
    }

    /// The kind of the document, as it stands in its signed bytes.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Said::Grant(_) => grant::KIND,
            Said::Revocation(_) => revocation::KIND,
        }
    }

    /// Where the document lies and where its signatures.
    pub(super) fn paths(&self) -> (String, String) {
        let stem = match self {
            Said::Grant(grant) => format!("{GRANTS}{}", grant.ulid),
            Said::Revocation(revocation) => format!("{REVOCATIONS}{}", revocation.ulid),
        };
        (format!("{stem}.json"), format!("{stem}.sig.json"))
    }

    fn parse(path: &str, bytes: &[u8]) -> Result<Said, DocError> {
        match path.starts_with(GRANTS) {
            true => Grant::parse(bytes).map(Said::Grant),
            false => Revocation::parse(bytes).map(Said::Revocation),
        }
    }
}

/// A document that lies in a tree with its signatures, all of them good.
pub(super) struct Signed {
    pub path: String,
    pub said: Said,
    pub signers: Vec<PublicKey>,
}

/// The grants, then the revocations among the files of a tree, by ULID.
pub(super) fn signed(files: &BTreeMap<&str, &[u8]>) -> Result<Vec<Signed>, GraphFault> {
    let mut out = Vec::new();
    for (path, bytes) in files {
        let stem = stem_of(path).ok_or_else(|| GraphFault::Stranger { path: (*path).to_owned() })?;
        if path.ends_with(".sig.json") {
            if !files.contains_key(format!("{stem}.json").as_str()) {
                return Err(GraphFault::Alone { path: (*path).to_owned() });
            }
            continue;
        }
        let signatures = files.get(format!("{stem}.sig.json").as_str());
        let signatures = signatures.ok_or_else(|| GraphFault::Alone { path: (*path).to_owned() })?;
        out.push(read(path, bytes, signatures)?);
    }
    Ok(out)
}

/// `grants/<ulid>` and `revocations/<ulid>`; nothing else may lie there.
fn stem_of(path: &str) -> Option<&str> {
    let stem = path.strip_suffix(".sig.json").or_else(|| path.strip_suffix(".json"))?;
    let ulid = stem.strip_prefix(GRANTS).or_else(|| stem.strip_prefix(REVOCATIONS))?;
    ulid.parse::<Ulid>().is_ok().then_some(stem)
}

fn read(path: &str, bytes: &[u8], signatures: &[u8]) -> Result<Signed, GraphFault> {
    let fault = |source| GraphFault::Statement { path: path.to_owned(), source };
    let said = Said::parse(path, bytes).map_err(fault)?;
    if said.paths().0 != path {
        return Err(fault(DocError::rule("ulid", "it is not the one in the name of the file")));
    }
    let signatures = dsse::parse(signatures).map_err(fault)?;
    let signers = dsse::signers(said.kind(), bytes, &signatures);
    match signatures.iter().find(|s| !signers.contains(&s.keyid)) {
        Some(bad) => Err(GraphFault::BadSignature { key: bad.keyid }),
        None => Ok(Signed { path: path.to_owned(), said, signers }),
    }
}

/// Why a statement by these signers does not stand: whoever must have signed it did not.
pub(super) fn unsigned(path: &str, by: &Actor) -> GraphFault {
    GraphFault::Unsigned { path: path.to_owned(), by: by.to_string() }
}
