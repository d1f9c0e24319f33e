use super::error::HookError;
use super::install::check_policy;
use super::receive::take;
use super::settings::Settings;
use super::visit::Visit;
use crate::ambient::Ambient;
use crate::git::{Expected, Fetched, Git, Peer, Plane, RefName, Store, copy_args, fetched};
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

/// Copies what another server holds, with the receipts of its gate: nothing is judged again, and nothing set back. No push is
/// judged while a ref moves. The chain of this gate stays its own, whatever the other has under its name.
pub fn copy(ambient: &Ambient, url: &str) -> Result<Copied, HookError> {
    let store = Store::discover(ambient)?;
    let mut visit = Visit::open(ambient, Vec::new())?;
    let own = visit.gate()?.writer();
    let fetch = |rehearsal: bool| -> Result<Vec<Fetched>, HookError> {
        let ended = Git::new(&store).args(copy_args(url, &own, rehearsal)).end()?;
        let lines = fetched(&ended.output.stdout);
        // A ref that was rejected makes the exit code too; without one the fetch itself failed.
        match !ended.status.success() && !lines.iter().any(|line| line.rejected) {
            true => {
                let dir = store.work_dir().unwrap_or(store.git_dir());
                Err(Peer::address_from(url, dir).fetch_failure(ambient.env(), &ended).into())
            }
            false => Ok(lines),
        }
    };
    // The objects may take a while, and pushes must not wait for that.
    let there = fetch(true)?;
    let mut copied = Copied::default();
    let law = Law::there(&store, &there, &mut copied)?;
    law.check(&store, visit.gate()?)?;
    // The store takes the gate for each of these moves.
    for Step { name, here, there } in [law.trust, law.policy].into_iter().flatten() {
        store.update(&name, here.map_or(Expected::Absent, Expected::At), there)?;
        copied.moved.push((name.to_string(), there));
    }
    let lock = take(&mut visit, true)?;
    let lines = fetch(false)?;
    drop(lock);
    for Fetched { name, old, new, rejected } in lines {
        match (rejected, old) {
            (false, _) if old != Some(new) => copied.moved.push((name, new)),
            (false, _) => {}
            // What is further here than there is no fault.
            (true, Some(here)) if store.is_ancestor(new, here).unwrap_or(false) => {}
            (true, here) => copied.apart.push(Apart { name, here, there: new }),
        }
    }
    Ok(copied)
}

/// How far the law moves here by a copy.
struct Law {
    trust: Option<Step>,
    policy: Option<Step>,
}

struct Step {
    name: RefName,
    here: Option<Oid>,
    there: Oid,
}

impl Law {
    fn there(store: &Store, there: &[Fetched], copied: &mut Copied) -> Result<Law, HookError> {
        let mut step = |plane: Plane| -> Result<Option<Step>, HookError> {
            let name = RefName::own(plane);
            let Some(there) = there.iter().find(|line| line.name == name.to_string()).map(|line| line.new) else {
                return Ok(None);
            };
            let here = store.resolve(&name)?;
            let goes_on = |from: Oid, to: Oid| store.is_ancestor(from, to).unwrap_or(false);
            match here {
                Some(here) if goes_on(there, here) => Ok(None),
                Some(from) if !goes_on(from, there) => {
                    copied.apart.push(Apart { name: name.to_string(), here, there });
                    Ok(None)
                }
                _ => Ok(Some(Step { name, here, there })),
            }
        };
        Ok(Law { trust: step(Plane::TrustGraph)?, policy: step(Plane::PolicyActive)? })
    }

    /// Whether it is that of the repository and of the line of policies for which the gate was installed.
    fn check(&self, store: &Store, gate: &Settings) -> Result<(), HookError> {
        let stands = || store.resolve(&RefName::own(Plane::TrustGraph));
        let trust = self.trust.as_ref().map_or_else(stands, |step| Ok(Some(step.there)))?;
        let graph = trust.map(|trust| Graph::load(store.reader(), trust)).transpose()?;
        if let (Some(pinned), Some(found)) = (gate.root, graph.as_ref().map(Graph::repo))
            && pinned != found
        {
            return Err(HookError::Pinned { pinned, found });
        }
        let Some(policy) = &self.policy else { return Ok(()) };
        if let Some(graph) = &graph {
            Bundle::read(store.reader(), policy.there, graph)?;
        }
        gate.policy.map_or(Ok(()), |pinned| check_policy(store, graph.as_ref(), pinned, policy.there))
    }
}
