use super::error::HookError;
use super::install::check_policy;
use super::receive::take;
use super::settings::Settings;
use super::visit::Visit;
use crate::ambient::Ambient;
use crate::git::{Expected, Fetched, Git, Move, Named, Peer, Plane, RefName, Store, copy_args, fetched, named};
use crate::id::Oid;
use crate::policy::Bundle;
use crate::trust::Graph;

/// What was copied from another server.
#[derive(Debug, Default)]
pub struct Copied {
    /// Each ref that has moved, and to where.
    pub moved: Vec<(String, Oid)>,
    /// Refs that were left where they are, for neither end descends from the other.
    pub apart: Vec<Apart>,
}

/// A ref that two servers have in two ways.
#[derive(Debug)]
pub struct Apart {
    pub name: String,
    pub here: Option<Oid>,
    pub there: Oid,
}

/// Copies what another server holds, with the receipts of its gate: nothing is judged again, and nothing set back. All refs move
/// at once while no push is judged, or none. The chain of this gate stays its own, whatever the other has under its name.
pub fn copy(ambient: &Ambient, url: &str) -> Result<Copied, HookError> {
    let store = Store::discover(ambient)?;
    let mut visit = Visit::open(ambient, Vec::new())?;
    let ended = Git::new(&store).args(copy_args(url, &visit.gate()?.writer())).end()?;
    let lines = fetched(&ended.output.stdout);
    // A ref that git would reject makes the exit code too; without one the fetch itself failed.
    if !ended.status.success() && !lines.iter().any(|line| line.rejected) {
        let dir = store.work_dir().unwrap_or(store.git_dir());
        return Err(Peer::address_from(url, dir).fetch_failure(ambient.env(), &ended).into());
    }
    let mut copied = Copied::default();
    let mut moves = Vec::new();
    for line in lines {
        moves.extend(step(&store, line, &mut copied)?);
    }
    check_law(&store, visit.gate()?, &moves)?;
    // The store takes the gate itself for a move of law.
    let is_law = |step: &Move| matches!(named(&step.name), Named::Ours(plane) if plane.is_law());
    let lock = if moves.iter().any(is_law) { None } else { take(&mut visit, true)? };
    if !moves.is_empty() {
        store.transact(&moves)?;
    }
    drop(lock);
    copied.moved = moves.into_iter().filter_map(|step| Some((step.name, step.new?))).collect();
    Ok(copied)
}

/// How a ref moves here. git looks only whether a commit goes on from a commit; what is ours is never anything else.
fn step(store: &Store, line: Fetched, copied: &mut Copied) -> Result<Option<Move>, HookError> {
    let Fetched { name, new: there, .. } = line;
    let ours = match named(&name) {
        Named::Ours(_) => true,
        Named::Other => false,
        Named::Private | Named::Stranger => return Ok(None),
    };
    let goes_on = |from: Oid, to: Oid| store.is_ancestor(from, to).unwrap_or(false);
    let here = store.resolve_ref(&name)?;
    let apart = match here {
        Some(here) if here == there || goes_on(there, here) => return Ok(None),
        Some(here) => !goes_on(here, there),
        None => ours && store.raw_commit(there).is_err(),
    };
    if apart {
        copied.apart.push(Apart { name, here, there });
        return Ok(None);
    }
    Ok(Some(Move { name, expected: here.map_or(Expected::Absent, Expected::At), new: Some(there) }))
}

/// Whether the law is that of the repository and of the line of policies for which the gate was installed. A gate that was
/// told of no repository is for this one from then on.
fn check_law(store: &Store, gate: &Settings, moves: &[Move]) -> Result<(), HookError> {
    let moved = |plane: Plane| {
        let name = RefName::own(plane).to_string();
        moves.iter().find(|step| step.name == name).and_then(|step| step.new)
    };
    let trust = match moved(Plane::TrustGraph) {
        Some(there) => Some(there),
        None => store.resolve(&RefName::own(Plane::TrustGraph))?,
    };
    let graph = trust.map(|trust| Graph::load(store.reader(), trust)).transpose()?;
    match (gate.root, graph.as_ref().map(Graph::repo)) {
        (Some(pinned), Some(found)) if pinned != found => return Err(HookError::Pinned { pinned, found }),
        (None, Some(found)) => Settings { root: Some(found), ..gate.clone() }.write(store.common_dir())?,
        _ => {}
    }
    let Some(policy) = moved(Plane::PolicyActive) else { return Ok(()) };
    if let Some(graph) = &graph {
        Bundle::read(store.reader(), policy, graph)?;
    }
    gate.policy.map_or(Ok(()), |pinned| check_policy(store, graph.as_ref(), pinned, policy))
}
