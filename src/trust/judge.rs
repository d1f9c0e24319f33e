use super::doc::{Origin, TrustDoc};
use super::{GraphFault, dsse};
use crate::id::{Blake3, Oid, PublicKey};

/// The kind of document that versions are, as it stands in their signed bytes.
pub(super) const KIND: &str = "trust";
pub(super) const DOC: &str = "trust.json";
pub(super) const SIGNATURES: &str = "signatures.json";

/// An accepted version of the trust graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    pub commit: Oid,
    /// The content id of the document.
    pub id: Blake3,
    pub doc: TrustDoc,
}

/// Judges the files of a commit by the version before it alone; the genesis is judged by itself. Every signature must be
/// good, whoever's it is; those of roots count, each root once.
pub(super) fn judge(
    commit: Oid,
    files: &[(String, Vec<u8>)],
    previous: Option<&Version>,
) -> Result<Version, GraphFault> {
    let (doc_bytes, signatures) = the_two(files)?;
    let doc = TrustDoc::parse(doc_bytes).map_err(|source| GraphFault::Doc { file: DOC, source })?;
    let version = Version { commit, id: doc.content_id(), doc };
    follows(&version, previous)?;
    let signatures = dsse::parse(signatures).map_err(|source| GraphFault::Doc { file: SIGNATURES, source })?;
    let signers = dsse::signers(KIND, doc_bytes, &signatures);
    if let Some(bad) = signatures.iter().find(|s| !signers.contains(&s.keyid)) {
        return Err(GraphFault::BadSignature { key: bad.keyid });
    }
    enough(previous.map_or(&version.doc, |p| &p.doc), &signers)?;
    Ok(version)
}

/// `trust.json` and `signatures.json`; nothing else may lie in the tree.
fn the_two(files: &[(String, Vec<u8>)]) -> Result<(&[u8], &[u8]), GraphFault> {
    for (path, _) in files {
        match path.split_once('/') {
            Some(("grants" | "revocations", _)) => return Err(GraphFault::NotJudged { path: path.clone() }),
            None if path == DOC || path == SIGNATURES => {}
            _ => return Err(GraphFault::Stranger { path: path.clone() }),
        }
    }
    let file = |name: &'static str| {
        let found = files.iter().find(|(path, _)| path == name);
        found.map(|(_, bytes)| bytes.as_slice()).ok_or(GraphFault::Missing { file: name })
    };
    Ok((file(DOC)?, file(SIGNATURES)?))
}

/// Whether a version stands where it says: one more than the one before, which it names, in the same repository.
fn follows(version: &Version, previous: Option<&Version>) -> Result<(), GraphFault> {
    let found = version.doc.version;
    match (previous, version.doc.origin) {
        (None, Origin::Genesis { .. }) => Ok(()),
        (None, Origin::Next { .. }) => Err(GraphFault::Version { wanted: 1, found }),
        (Some(before), _) if before.id == version.id => Err(GraphFault::Unchanged),
        (Some(before), Origin::Next { repo, prev }) if found.checked_sub(1) == Some(before.doc.version) => {
            let wanted = repo_of(before);
            if prev != before.id {
                return Err(GraphFault::Prev { wanted: before.id, found: prev });
            }
            if repo != wanted {
                return Err(GraphFault::Repo { wanted, found: repo });
            }
            Ok(())
        }
        (Some(before), _) => Err(GraphFault::Version { wanted: before.doc.version.saturating_add(1), found }),
    }
}

/// The repository that a version belongs to.
pub(super) fn repo_of(version: &Version) -> Blake3 {
    match version.doc.origin {
        Origin::Genesis { .. } => version.id,
        Origin::Next { repo, .. } => repo,
    }
}

/// Whether the roots of a version signed to their threshold.
pub(super) fn enough(law: &TrustDoc, signers: &[PublicKey]) -> Result<(), GraphFault> {
    let (have, need) = (law.votes(signers), law.roots.threshold);
    if have < need as usize {
        return Err(GraphFault::Threshold { have, need });
    }
    Ok(())
}
