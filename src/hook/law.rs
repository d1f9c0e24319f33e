use super::denial::Denial;
use super::error::HookError;
use crate::git::{GitError, Plane, Reader, RefName};
use crate::id::{Blake3, Oid};
use crate::policy::consent::Consents;
use crate::policy::{Bundle, Judge, PolicyError};
use crate::trust::Graph;
use std::collections::HashMap;
use std::sync::Arc;

/// By what a push is judged: the trust graph and the active policy as they stood before it.
pub(super) struct Law {
    pub graph: Graph,
    /// None before the first policy: then nothing but trust and policy may come.
    pub policy: Option<Policy>,
}

pub(super) struct Policy {
    pub judge: Judge,
    pub root: Oid,
    pub id: Blake3,
    pub version: u64,
    /// The bundles up to the active one, each with its place in their line.
    pub age: HashMap<Oid, usize>,
    /// What stands granted, once a rule that reads it was met.
    pub consents: Option<Arc<Consents>>,
}

impl Law {
    /// The law that stands in a repository; `None` where there is none yet.
    pub(super) fn standing(reader: &Reader) -> Result<Option<Law>, HookError> {
        let Some(trust) = reader.resolve(&RefName::own(Plane::TrustGraph))? else { return Ok(None) };
        let active = reader.resolve(&RefName::own(Plane::PolicyActive))?;
        let graph = Graph::load(reader, trust)?;
        let policy = active.map(|tip| Policy::load(reader, tip, &graph)).transpose()?;
        Ok(Some(Law { graph, policy }))
    }
}

impl Policy {
    pub(super) fn load(reader: &Reader, tip: Oid, graph: &Graph) -> Result<Policy, HookError> {
        let bundle = Bundle::read(reader, tip, graph)?;
        let mut age = HashMap::new();
        for (place, step) in reader.chain(tip, None, 0)?.enumerate() {
            age.insert(step?.0, place);
        }
        let (id, version) = (bundle.id(), bundle.version());
        Ok(Policy { judge: Judge::new(bundle, None), root: tip, id, version, age, consents: None })
    }
}

/// Judges a trust graph that is pushed: every version by the one before it.
pub(super) fn check_trust(
    pushed: &Reader,
    standing: Option<&Graph>,
    root: Option<Blake3>,
    name: &str,
    new: Oid,
) -> Result<Result<Graph, Box<Denial>>, HookError> {
    let refuse = |rule: &str, why: String| Ok(Err(Box::new(Denial::of(name, rule, why).at(new))));
    let graph = match Graph::load(pushed, new) {
        Ok(graph) => graph,
        Err(e) if passing(&e) => return Err(e.into()),
        Err(e) => {
            let commit = e.commit().unwrap_or(new);
            return Ok(Err(Box::new(Denial::of(name, "trust.invalid", e.to_string()).at(commit))));
        }
    };
    if let Some(standing) = standing {
        if graph.repo() != standing.repo() {
            return refuse("trust.root", format!("it is the graph of {}", graph.repo()));
        }
        return Ok(Ok(graph));
    }
    match root {
        Some(root) if root == graph.repo() => Ok(Ok(graph)),
        Some(root) => {
            refuse("trust.root", format!("this repository is for {root}, and the graph is of {}", graph.repo()))
        }
        None => {
            let why = "this gate was installed without --root, so that nobody's genesis is taken".to_owned();
            let hint = format!("on the server: git gatos hook install --server --root {}", graph.repo());
            Ok(Err(Box::new(Denial::of(name, "gate.unpinned", why).at(new).hint(hint))))
        }
    }
}

/// Whether a graph could not be judged, for no fault of its own.
fn passing(e: &crate::trust::TrustError) -> bool {
    matches!(e, crate::trust::TrustError::Git(GitError::Open { .. } | GitError::ReadObject { .. }))
}

/// Judges bundles that are pushed to become active: each continues the one before it.
pub(super) fn check_active(
    pushed: &Reader,
    graph: &Graph,
    standing: Option<&Policy>,
    name: &str,
    new: Oid,
) -> Result<Result<(), Box<Denial>>, HookError> {
    let mut before = standing.map(|p| (p.id, p.version));
    for step in pushed.chain(new, standing.map(|p| p.root), 0)? {
        let (commit, _) = step?;
        let bundle = match read_bundle(pushed, graph, name, commit)? {
            Ok(bundle) => bundle,
            Err(denial) => return Ok(Err(denial)),
        };
        let wanted = (before.map(|(id, _)| id), before.map_or(1, |(_, version)| version + 1));
        if (bundle.prev(), bundle.version()) != wanted {
            let why = format!("it is version {} and does not continue the active bundle", bundle.version());
            return Ok(Err(Box::new(Denial::of(name, "policy.chain", why).at(commit))));
        }
        before = Some((bundle.id(), bundle.version()));
    }
    Ok(Ok(()))
}

/// Reads a pushed bundle, or says what is wrong with it.
pub(super) fn read_bundle(
    pushed: &Reader,
    graph: &Graph,
    name: &str,
    commit: Oid,
) -> Result<Result<Bundle, Box<Denial>>, HookError> {
    match Bundle::read(pushed, commit, graph) {
        Ok(bundle) => match bundle.check_programs() {
            Ok(()) => Ok(Ok(bundle)),
            Err(e) => Ok(Err(Box::new(Denial::of(name, "policy.invalid", e.to_string()).at(commit)))),
        },
        Err(e @ (PolicyError::Invalid { .. } | PolicyError::Read { .. })) => {
            Ok(Err(Box::new(Denial::of(name, "policy.invalid", e.to_string()).at(commit))))
        }
        Err(other) => Err(other.into()),
    }
}
