use super::doc::{Origin, TrustDoc};
use super::graph::Graph;
use super::revocation::{Revocation, Target};
use super::statement::{ADDED_MAX, OF_ACTOR_MAX, OF_ROOTS, STATEMENTS_MAX, Said, Signed, Statement, signed, unsigned};
use super::{Grant, GraphFault, dsse};
use crate::id::{Actor, Blake3, Oid, PublicKey};
use std::collections::BTreeMap;

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
    /// The keys that signed it.
    pub signers: Vec<PublicKey>,
}

/// Judges what a commit brings by the graph before it alone; the genesis is judged by itself. `files` are `trust.json`,
/// `signatures.json` and the files that the graph before did not hold: a new version adds none, and a commit that adds some
/// leaves `trust.json` as it was.
pub(super) fn judge(commit: Oid, files: &[(String, Vec<u8>)], before: Option<Graph>) -> Result<Graph, GraphFault> {
    let (doc, signatures, fresh) = sorted(files)?;
    if fresh.is_empty() {
        return version(commit, doc, signatures, before);
    }
    match before {
        Some(before) if before.current().encode() == doc => add(commit, &fresh, before),
        _ => Err(GraphFault::Mixed),
    }
}

type Sorted<'f> = (&'f [u8], &'f [u8], BTreeMap<&'f str, &'f [u8]>);

/// `trust.json`, `signatures.json`, and what lies under `grants/` and `revocations/`; nothing else may lie in the tree.
fn sorted(files: &[(String, Vec<u8>)]) -> Result<Sorted<'_>, GraphFault> {
    let (mut doc, mut signatures, mut fresh) = (None, None, BTreeMap::new());
    for (path, bytes) in files {
        match path.split_once('/') {
            Some(("grants" | "revocations", _)) => drop(fresh.insert(path.as_str(), bytes.as_slice())),
            None if path == DOC => doc = Some(bytes.as_slice()),
            None if path == SIGNATURES => signatures = Some(bytes.as_slice()),
            _ => return Err(GraphFault::Stranger { path: path.clone() }),
        }
    }
    let doc = doc.ok_or(GraphFault::Missing { file: DOC })?;
    Ok((doc, signatures.ok_or(GraphFault::Missing { file: SIGNATURES })?, fresh))
}

/// Every signature must be good, whoever's it is; those of roots count, each root once, with keys that are not revoked.
fn version(commit: Oid, bytes: &[u8], signatures: &[u8], before: Option<Graph>) -> Result<Graph, GraphFault> {
    let doc = TrustDoc::parse(bytes).map_err(|source| GraphFault::Doc { file: DOC, source })?;
    let mut version = Version { commit, id: doc.content_id(), doc, signers: Vec::new() };
    follows(&version, before.as_ref())?;
    let signatures = dsse::parse(signatures).map_err(|source| GraphFault::Doc { file: SIGNATURES, source })?;
    version.signers = dsse::signers(KIND, bytes, &signatures);
    if let Some(bad) = signatures.iter().find(|s| !version.signers.contains(&s.keyid)) {
        return Err(GraphFault::BadSignature { key: bad.keyid });
    }
    match before {
        None => {
            enough(version.doc.votes(&version.signers), version.doc.roots.threshold)?;
            Graph::first(version)
        }
        Some(mut graph) => {
            enough(graph.votes(&version.signers), graph.current().roots.threshold)?;
            graph.push_version(version)?;
            still_governed(&graph)?;
            Ok(graph)
        }
    }
}

/// Whether a version stands where it says: one more than the one before, which it names, in the same repository.
fn follows(version: &Version, before: Option<&Graph>) -> Result<(), GraphFault> {
    let found = version.doc.version;
    let before = before.map(Graph::last);
    match (before, version.doc.origin) {
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

fn enough(have: usize, need: u32) -> Result<(), GraphFault> {
    if have < need as usize {
        return Err(GraphFault::Threshold { have, need });
    }
    Ok(())
}

/// Whether enough roots have a key left that is not revoked: where they have not, nobody could change anything any more.
fn still_governed(graph: &Graph) -> Result<(), GraphFault> {
    let keys: Vec<PublicKey> = graph.current().actors.values().flatten().copied().collect();
    let (have, need) = (graph.votes(&keys), graph.current().roots.threshold);
    if have < need as usize { Err(GraphFault::LockedOut { have, need }) } else { Ok(()) }
}

/// Takes grants and revocations, one after the other: each is judged with those before it.
fn add(commit: Oid, fresh: &BTreeMap<&str, &[u8]>, mut graph: Graph) -> Result<Graph, GraphFault> {
    if fresh.len() > 2 * ADDED_MAX || graph.statements().len() + fresh.len() / 2 > STATEMENTS_MAX {
        return Err(GraphFault::TooMany);
    }
    let mut added = signed(fresh)?;
    // Grants first, then revocations, each by ULID.
    added.sort_by(|a, b| a.path.cmp(&b.path));
    graph.push_commit(commit);
    for Signed { path, said, signers } in added {
        if graph.statements().iter().any(|s| s.said.paths().0 == path) {
            return Err(GraphFault::Changed { path });
        }
        let (repo, wanted) = (said_repo(&said), graph.repo());
        if repo != wanted {
            return Err(GraphFault::Repo { wanted, found: repo });
        }
        let by_roots = graph.votes(&signers) >= graph.current().roots.threshold as usize;
        match &said {
            Said::Grant(grant) => check_grant(&graph, &path, grant, &signers)?,
            Said::Revocation(revocation) => check_revocation(&graph, &path, revocation, &signers, by_roots)?,
        }
        if !by_roots {
            leaves_room(&graph, &path, &said)?;
        }
        graph.push_statement(Statement { commit, said, signers, by_roots });
        still_governed(&graph)?;
    }
    Ok(graph)
}

fn said_repo(said: &Said) -> Blake3 {
    match said {
        Said::Grant(grant) => grant.repo,
        Said::Revocation(revocation) => revocation.repo,
    }
}

/// Nobody but the roots may fill a graph, or their share of it, so that no revocation finds a place any more. To end once more
/// what has ended changes nothing, unless it is the last word of the roots.
fn leaves_room(graph: &Graph, path: &str, said: &Said) -> Result<(), GraphFault> {
    if let Said::Revocation(Revocation { target, .. }) = said
        && graph.has_ended(target)
    {
        return Err(GraphFault::Ended { path: path.to_owned(), target: target.to_string() });
    }
    let most = STATEMENTS_MAX - OF_ROOTS;
    if graph.others() >= most {
        return Err(GraphFault::Reserved { most });
    }
    let Some(actor) = graph.speaker(said) else { return Ok(()) };
    let own = graph.spoken_by(actor);
    if own >= OF_ACTOR_MAX {
        return Err(GraphFault::Talkative { actor: actor.clone(), said: own, most: OF_ACTOR_MAX });
    }
    Ok(())
}

/// A grant is signed by its issuer, who holds what he gives, and `trust:grant`, for as long as he gives it.
fn check_grant(graph: &Graph, path: &str, grant: &Grant, signers: &[PublicKey]) -> Result<(), GraphFault> {
    let issuer = &grant.issuer;
    if !signers.iter().any(|key| graph.stands(issuer, key)) {
        return Err(unsigned(path, issuer));
    }
    for cap in &grant.caps {
        if !graph.may_give(issuer, cap, None) {
            return Err(GraphFault::Overreach { issuer: issuer.clone(), cap: cap.clone() });
        }
        if !graph.may_give_until(issuer, cap, grant.exp) {
            return Err(GraphFault::Outlives { issuer: issuer.clone(), cap: cap.clone() });
        }
    }
    Ok(())
}

/// A revocation is signed by the issuer of the grant, by an actor of the key, or by the roots.
fn check_revocation(
    graph: &Graph,
    path: &str,
    revocation: &Revocation,
    signers: &[PublicKey],
    by_roots: bool,
) -> Result<(), GraphFault> {
    let owner: Actor = graph
        .owner_of(&revocation.target)
        .cloned()
        .ok_or_else(|| GraphFault::NoTarget { path: path.to_owned(), target: revocation.target.to_string() })?;
    if !by_roots && !signers.iter().any(|key| graph.stands(&owner, key)) {
        return Err(unsigned(path, &owner));
    }
    let (Target::Key(key), Some(from)) = (&revocation.target, &revocation.from) else { return Ok(()) };
    let strange = from.keys().find(|writer| !graph.is_writer(writer, key));
    match strange {
        Some(writer) => Err(GraphFault::NotItsWriter { path: path.to_owned(), writer: writer.to_string() }),
        None => Ok(()),
    }
}
