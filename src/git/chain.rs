//! Histories of first parents: a journal, a chain of checkpoints, a trust graph.

use super::commit::first_parent;
use super::commits::Commits;
use super::{GitError, Reader};
use crate::id::Oid;
use std::collections::VecDeque;

/// The commits of a chain, oldest first, each with the bytes of its object.
///
/// The bytes are not hashed: whoever reads a chain judges every commit anyway, by signature and digest or by `commit_id`.
pub struct Chain<'r> {
    commits: Commits<'r>,
    /// What is still to come, the oldest last.
    ids: Vec<Oid>,
    /// The bytes of the oldest of these, in the same order.
    kept: VecDeque<Vec<u8>>,
}

/// What a kept commit costs besides its bytes.
const KEPT_COST: usize = size_of::<Vec<u8>>() + 16;

impl Reader {
    /// The commits behind `after`, or from the beginning, up to and with `tip`.
    ///
    /// The way is walked back once. At most `keep` bytes of the commits met last, which come first, stay in memory; the
    /// others are read again when their turn comes, so that 20 bytes a commit are all that grows with the chain.
    pub fn chain(&self, tip: Oid, after: Option<Oid>, keep: usize) -> Result<Chain<'_>, GitError> {
        self.chain_shown(tip, after, keep, |_, _| ())
    }

    /// The same, and on the way back `seen` is shown each commit, the newest first.
    pub fn chain_shown(
        &self,
        tip: Oid,
        after: Option<Oid>,
        keep: usize,
        mut seen: impl FnMut(Oid, &[u8]),
    ) -> Result<Chain<'_>, GitError> {
        let mut commits = self.commits()?;
        let mut ids = Vec::new();
        let mut kept = VecDeque::new();
        let mut held = 0;
        let met = self.walk_back(&mut commits, tip, after, |oid, raw| {
            seen(oid, raw);
            ids.push(oid);
            held += raw.len() + KEPT_COST;
            kept.push_back(std::mem::take(raw));
            while held > keep {
                let Some(newest) = kept.pop_front() else { break };
                held -= Vec::len(&newest) + KEPT_COST;
            }
        })?;
        match after {
            Some(old) if !met => Err(GitError::NotAncestor { old, new: tip }),
            _ => Ok(Chain { commits, ids, kept }),
        }
    }

    /// Is `old` the commit `new` or one of its first parents?
    pub fn is_ancestor(&self, old: Oid, new: Oid) -> Result<bool, GitError> {
        self.walk_back(&mut self.commits()?, new, Some(old), |_, _| ())
    }

    /// Shows `visit` every commit from `tip` back to `stop`, which is not shown. False where it was not met.
    fn walk_back(
        &self,
        commits: &mut Commits<'_>,
        tip: Oid,
        stop: Option<Oid>,
        mut visit: impl FnMut(Oid, &mut Vec<u8>),
    ) -> Result<bool, GitError> {
        let mut next = Some(tip);
        let mut raw = Vec::new();
        // Ids that are not hashed can run in a circle. One id of the way is remembered, and exchanged for a later one at
        // every power of two (Brent, "An improved Monte Carlo factorization algorithm").
        let (mut mark, mut steps) = (None, 0u64);
        while let Some(oid) = next {
            if stop == Some(oid) {
                return Ok(true);
            }
            if mark == Some(oid) {
                return Err(GitError::Damaged { oid, why: "its history runs in a circle" });
            }
            steps += 1;
            if steps.is_power_of_two() {
                mark = Some(oid);
            }
            commits.fetch(oid, &mut raw).map_err(|error| self.or_shallow(error))?;
            next = first_parent(&raw).ok_or(GitError::Damaged { oid, why: "it does not begin as a commit" })?;
            visit(oid, &mut raw);
        }
        Ok(false)
    }

    /// In a shallow clone a missing commit lies behind the boundary.
    fn or_shallow(&self, error: GitError) -> GitError {
        match error {
            GitError::Missing { .. } if self.is_shallow() => GitError::Shallow,
            other => other,
        }
    }
}

impl Chain<'_> {
    /// How many commits from the front a commit stands; `None` where it is not among those still to come.
    pub fn place_of(&self, oid: Oid) -> Option<usize> {
        self.ids.iter().rev().position(|id| *id == oid)
    }
}

impl Iterator for Chain<'_> {
    type Item = Result<(Oid, Vec<u8>), GitError>;

    fn next(&mut self) -> Option<Self::Item> {
        let oid = self.ids.pop()?;
        if let Some(raw) = self.kept.pop_back() {
            return Some(Ok((oid, raw)));
        }
        let mut raw = Vec::new();
        Some(self.commits.fetch(oid, &mut raw).map(|()| (oid, raw)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.ids.len(), Some(self.ids.len()))
    }
}

impl ExactSizeIterator for Chain<'_> {}
