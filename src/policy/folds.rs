//! The folds by which a profile lets checkpoints be made.

use super::bundle::Bundle;
use super::error::PolicyError;
use super::profile::Demand;
use crate::canon::digest;
use crate::git::Reader;
use crate::id::{Ns, Oid, Sha256};
use crate::trust::Graph;
use std::collections::HashSet;
use thiserror::Error;

/// The fold that a bundle has for a namespace, where its profile asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AskedFold(Sha256);

/// Why a profile refuses a checkpoint for the fold by which it was made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum UnlawfulFold {
    #[error("the policy bundle carries no fold of {ns}")]
    Missing { ns: Ns },
    #[error("the fold is {found}, and the policy bundle has {asked}")]
    Newest { found: Sha256, asked: Sha256 },
    #[error("the fold of a checkpoint before the newest is {found}, which no policy bundle had")]
    Earlier { found: Sha256 },
}

impl UnlawfulFold {
    /// The rule by which it is refused.
    pub const RULE: &'static str = "profile.fold";
}

/// The folds of a namespace that these bundles carried.
pub fn folds_of(
    reader: &Reader,
    graph: &Graph,
    bundles: impl IntoIterator<Item = Oid>,
    ns: &Ns,
) -> Result<HashSet<Sha256>, PolicyError> {
    let mut folds = HashSet::new();
    for commit in bundles {
        folds.extend(Bundle::read(reader, commit, graph)?.fold(ns).map(digest::sha256));
    }
    Ok(folds)
}

impl AskedFold {
    /// What a bundle asks for; nothing where its profile leaves folds alone.
    pub fn of(bundle: &Bundle, ns: &Ns) -> Result<Option<AskedFold>, UnlawfulFold> {
        if !bundle.profile().asks(Demand::Fold) {
            return Ok(None);
        }
        let asked = bundle.fold(ns).map(digest::sha256);
        asked.map(|asked| Some(AskedFold(asked))).ok_or_else(|| UnlawfulFold::Missing { ns: ns.clone() })
    }

    /// The newest checkpoint of a push is by the fold of the law that stands.
    pub fn newest(self, found: Sha256) -> Result<(), UnlawfulFold> {
        let AskedFold(asked) = self;
        if found == asked { Ok(()) } else { Err(UnlawfulFold::Newest { found, asked }) }
    }

    /// Those before it are by the fold of any law up to that one. `so_far` tells these folds, and is asked where the answer hangs
    /// on them.
    pub fn earlier<E>(
        self,
        found: &[Sha256],
        so_far: impl FnOnce() -> Result<HashSet<Sha256>, E>,
    ) -> Result<Result<(), UnlawfulFold>, E> {
        let mut others = found.iter().filter(|fold| **fold != self.0).peekable();
        if others.peek().is_none() {
            return Ok(Ok(()));
        }
        let so_far = so_far()?;
        let none = others.find(|fold| !so_far.contains(fold));
        Ok(none.map_or(Ok(()), |found| Err(UnlawfulFold::Earlier { found: *found })))
    }
}
