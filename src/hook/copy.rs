use super::error::HookError;
use super::receive::take;
use super::visit::Visit;
use crate::ambient::Ambient;
use crate::git::{Fetched, Git, Store, copy_args, fetched, listing_failure};
use crate::id::Oid;

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
/// judged meanwhile. The chain of this gate stays its own, whatever the other has under its name.
pub fn copy(ambient: &Ambient, url: &str) -> Result<Copied, HookError> {
    let store = Store::discover(ambient)?;
    let mut visit = Visit::open(ambient, Vec::new())?;
    let own = visit.gate()?.writer();
    // The objects may take a while, and pushes must not wait for that. What goes wrong is told by the run that counts.
    Git::new(&store).args(copy_args(url, &own, true)).end()?;
    let lock = take(&mut visit, true)?;
    let ended = Git::new(&store).args(copy_args(url, &own, false)).end()?;
    drop(lock);
    let lines = fetched(&ended.output.stdout);
    // A ref that was rejected makes the exit code too; without one the fetch itself failed.
    if !ended.status.success() && !lines.iter().any(|line| line.rejected) {
        return Err(listing_failure(ambient.env(), &ended).into());
    }
    let mut copied = Copied::default();
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
