//! What a push changes: the commits that are new.

use super::reader::{ours, theirs};
use super::{Commit, GitError, Reader};
use crate::id::Oid;
use git2::{ObjectType, Sort};

/// Most bytes of commits that are held together.
const BYTES_MAX: usize = 64 << 20;
/// Most tags that stand for each other, and most bytes of one.
const TAGS_MAX: usize = 8;
const TAG_BYTES: u64 = 1 << 20;

impl Reader {
    /// The commits that `new` has and none of `olds` has, the newest first; `None` where they are more than `max`, or hold
    /// more than 64 MiB.
    pub fn commits_between(&self, olds: &[Oid], new: Oid, max: usize) -> Result<Option<Vec<Commit>>, GitError> {
        let walked = |source| GitError::ReadObject { oid: new, source };
        let mut walk = self.repo.revwalk().map_err(walked)?;
        walk.set_sorting(Sort::TOPOLOGICAL | Sort::TIME).map_err(walked)?;
        walk.push(theirs(new)).map_err(walked)?;
        for old in olds {
            walk.hide(theirs(*old)).map_err(walked)?;
        }
        let (mut commits, mut bytes): (Vec<Commit>, usize) = (Vec::new(), 0);
        for id in walk {
            if commits.len() == max || bytes > BYTES_MAX {
                return Ok(None);
            }
            let commit = self.commit(ours(id.map_err(walked)?))?;
            bytes += commit.raw().len();
            commits.push(commit);
        }
        Ok(Some(commits))
    }

    /// Whether `new` is `old` or descends from it by whatever parent.
    pub fn descends(&self, new: Oid, old: Oid) -> Result<bool, GitError> {
        let walked = |source| GitError::ReadObject { oid: new, source };
        Ok(new == old || self.repo.graph_descendant_of(theirs(new), theirs(old)).map_err(walked)?)
    }

    /// Whether all that a commit descends from is here too.
    pub fn is_whole(&self, commit: Oid) -> bool {
        let walk = || -> Result<(), git2::Error> {
            let mut walk = self.repo.revwalk()?;
            walk.push(theirs(commit))?;
            walk.try_for_each(|id| id.map(drop))
        };
        // In a shallow clone a commit seems to be the first one where its parents were cut off.
        !self.is_shallow() && walk().is_ok()
    }

    /// The commit that an object is, or that a tag stands for; `None` for anything else.
    pub fn commit_behind(&self, oid: Oid) -> Result<Option<Oid>, GitError> {
        let odb = self.odb()?;
        let mut here = oid;
        for _ in 0..TAGS_MAX {
            let failed = |source| GitError::ReadObject { oid: here, source };
            // What it is before it is read: a blob may be of any size.
            match odb.read_header(theirs(here)).map_err(failed)? {
                (_, ObjectType::Commit) => return Ok(Some(here)),
                (size, ObjectType::Tag) if size as u64 <= TAG_BYTES => {
                    here = ours(self.repo.find_tag(theirs(here)).map_err(failed)?.target_id());
                }
                _ => return Ok(None),
            }
        }
        Ok(None)
    }

    /// The commits of every branch and tag here, by name.
    pub fn heads(&self) -> Result<Vec<(String, Oid)>, GitError> {
        let listed = |source| GitError::ListRefs { source };
        let mut found = Vec::new();
        for glob in ["refs/heads/*", "refs/tags/*"] {
            for reference in self.repo.references_glob(glob).map_err(listed)? {
                let reference = reference.map_err(listed)?;
                let name = String::from_utf8_lossy(reference.name_bytes()).into_owned();
                found.extend(reference.peel_to_commit().ok().map(|commit| (name, ours(commit.id()))));
            }
        }
        Ok(found)
    }
}
