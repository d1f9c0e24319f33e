//! Many commits by id, each read once or twice.

use super::objects::COMMIT_MAX;
use super::packs::Packs;
use super::{GitError, Reader};
use crate::id::Oid;
use git2::{ObjectType, Odb};
use std::path::PathBuf;

/// Reads commits without hashing them: by libgit2 the first ones, straight from the packs when it proves to be many.
pub(super) struct Commits<'r> {
    reader: &'r Reader,
    odb: Odb<'r>,
    dirs: Vec<PathBuf>,
    asked: usize,
    packs: Option<Packs>,
}

/// So many commits are read before the packs are loaded: the indexes of a million commits take longer than these.
const FEW: usize = 256;

impl Reader {
    pub(super) fn commits(&self) -> Result<Commits<'_>, GitError> {
        let mut dirs = vec![self.common_dir().join("objects").join("pack")];
        dirs.extend(self.incoming.iter().map(|objects| objects.join("pack")));
        Ok(Commits { reader: self, odb: self.odb()?, dirs, asked: 0, packs: None })
    }
}

impl Commits<'_> {
    /// Puts the bytes of the commit `oid` into `raw`.
    pub(super) fn fetch(&mut self, oid: Oid, raw: &mut Vec<u8>) -> Result<(), GitError> {
        self.asked += 1;
        if self.asked == FEW {
            self.packs = Some(Packs::load(&self.dirs));
        }
        if self.packs.as_mut().is_some_and(|packs| packs.read(oid, COMMIT_MAX, raw)) {
            return Ok(());
        }
        *raw = self.reader.read_within(&self.odb, oid, ObjectType::Commit, COMMIT_MAX)?;
        Ok(())
    }
}
