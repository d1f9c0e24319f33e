//! What a push changes: the commits that are new, and the paths in which two trees differ.

use super::reader::{ours, theirs};
use super::{Commit, GitError, Reader};
use crate::id::Oid;
use git2::{Delta, DiffOptions, ObjectType, Sort};

/// How a path differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    Added,
    Modified,
    Deleted,
}

/// One path in which two trees differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    pub path: String,
    pub kind: ChangeKind,
    /// Bytes of the file that stands there now; 0 where none does.
    pub size: u64,
}

impl Reader {
    /// The commits that `new` has and none of `olds` has, the newest first; `None` where they are more than `max`.
    pub fn commits_between(&self, olds: &[Oid], new: Oid, max: usize) -> Result<Option<Vec<Commit>>, GitError> {
        let walked = |source| GitError::ReadObject { oid: new, source };
        let mut walk = self.repo.revwalk().map_err(walked)?;
        walk.set_sorting(Sort::TOPOLOGICAL | Sort::TIME).map_err(walked)?;
        walk.push(theirs(new)).map_err(walked)?;
        for old in olds {
            walk.hide(theirs(*old)).map_err(walked)?;
        }
        let mut commits = Vec::new();
        for id in walk {
            if commits.len() == max {
                return Ok(None);
            }
            commits.push(self.commit(ours(id.map_err(walked)?))?);
        }
        Ok(Some(commits))
    }

    /// The paths in which the tree of `new` differs from that of `old`, or from the empty one, sorted; `None` where they are
    /// more than `max`.
    pub fn changes(&self, old: Option<Oid>, new: Oid, max: usize) -> Result<Option<Vec<Changed>>, GitError> {
        let compared = |source| GitError::ReadObject { oid: new, source };
        let tree = |commit: Oid| -> Result<git2::Tree<'_>, GitError> {
            let oid = self.commit(commit)?.tree;
            self.repo.find_tree(theirs(oid)).map_err(|source| GitError::ReadObject { oid, source })
        };
        let (before, after) = (old.map(tree).transpose()?, tree(new)?);
        let mut options = DiffOptions::new();
        options.skip_binary_check(true).include_typechange(true);
        let diff = self.repo.diff_tree_to_tree(before.as_ref(), Some(&after), Some(&mut options)).map_err(compared)?;
        if diff.deltas().len() > max {
            return Ok(None);
        }
        let odb = self.odb()?;
        let mut changed = Vec::with_capacity(diff.deltas().len());
        for delta in diff.deltas() {
            let (kind, file) = match delta.status() {
                Delta::Added => (ChangeKind::Added, delta.new_file()),
                Delta::Deleted => (ChangeKind::Deleted, delta.old_file()),
                _ => (ChangeKind::Modified, delta.new_file()),
            };
            let size = match kind {
                ChangeKind::Deleted => 0,
                // A submodule names a commit of another repository.
                _ => odb
                    .read_header(file.id())
                    .map_or(0, |(size, of)| if of == ObjectType::Blob { size as u64 } else { 0 }),
            };
            let path = file.path_bytes().map(|p| String::from_utf8_lossy(p).into_owned()).unwrap_or_default();
            changed.push(Changed { path, kind, size });
        }
        changed.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Some(changed))
    }

    /// The commit that an object is, or that a tag stands for; `None` for anything else.
    pub fn commit_behind(&self, oid: Oid) -> Result<Option<Oid>, GitError> {
        let object = self.repo.find_object(theirs(oid), None).map_err(|source| GitError::ReadObject { oid, source })?;
        Ok(object.peel(ObjectType::Commit).ok().map(|commit| ours(commit.id())))
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
