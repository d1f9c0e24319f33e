use super::config::Settings;
use super::layout::is_stranger;
use super::{GitError, Lost, RefName, Scope, open};
use crate::ambient::Ambient;
use crate::id::{Ns, Oid, Segment};
use git2::{ErrorCode, ObjectType, Repository};
use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// An opened repository that can be read and not written. One thread uses it; `reopen` makes another.
pub struct Reader {
    pub(super) repo: Repository,
    pub(super) ambient: Ambient,
    settings: OnceCell<Settings>,
    /// Where objects lie that a push has brought and that are not accepted yet.
    pub(super) incoming: Option<PathBuf>,
}

/// How often a listing starts again because `git pack-refs` ran meanwhile.
const LISTINGS_MAX: usize = 100;

impl Reader {
    /// Opens the repository git would use here: `GIT_DIR`, else the first at or above the working directory.
    pub fn discover(ambient: &Ambient) -> Result<Reader, GitError> {
        Ok(Reader::of(open::discover(ambient.env())?, ambient))
    }

    /// Opens the repository at `path`, whatever the environment says: a git directory or the top of a working tree.
    pub fn open(path: &Path, ambient: &Ambient) -> Result<Reader, GitError> {
        Ok(Reader::of(open::at(path)?, ambient))
    }

    fn of(repo: Repository, ambient: &Ambient) -> Reader {
        Reader { repo, ambient: ambient.clone(), settings: OnceCell::new(), incoming: None }
    }

    /// The same repository once more, for another thread.
    pub fn reopen(&self) -> Result<Reader, GitError> {
        let repo = open::exactly(self.repo.path())?;
        if let Some(tree) = self.work_dir() {
            let opened = |source| GitError::Open { path: tree.to_owned(), source };
            repo.set_workdir(tree, false).map_err(opened)?;
        }
        Ok(Reader::of(repo, &self.ambient))
    }

    /// The same repository, which also sees the objects in a directory: the quarantine of a push.
    pub fn with_incoming(&self, objects: &Path) -> Result<Reader, GitError> {
        let mut reader = self.reopen()?;
        let text = objects.to_str().ok_or_else(|| GitError::ObjectDirectory { path: objects.to_owned() })?;
        let opened = |source| GitError::Open { path: objects.to_owned(), source };
        reader.repo.odb().and_then(|odb| odb.add_disk_alternate(text)).map_err(opened)?;
        reader.incoming = Some(objects.to_owned());
        Ok(reader)
    }

    pub fn ambient(&self) -> &Ambient {
        &self.ambient
    }

    /// The git directory: of a linked worktree its own.
    pub fn git_dir(&self) -> &Path {
        self.repo.path()
    }

    /// The directory that all worktrees share.
    pub fn common_dir(&self) -> &Path {
        self.repo.commondir()
    }

    /// The top of the working tree; `None` in a bare repository.
    pub fn work_dir(&self) -> Option<&Path> {
        self.repo.workdir()
    }

    /// Does the history end before its beginning here? Fold, verify and genesis refuse such a clone.
    pub fn is_shallow(&self) -> bool {
        self.repo.is_shallow()
    }

    /// What a ref names; `None` where it does not exist.
    pub fn resolve(&self, name: &RefName) -> Result<Option<Oid>, GitError> {
        self.resolve_ref(&name.to_string())
    }

    /// What any ref names, of ours or not; `None` where it does not exist. A symbolic one is an error.
    pub fn resolve_ref(&self, name: &str) -> Result<Option<Oid>, GitError> {
        match self.repo.find_reference(name) {
            Ok(found) => direct(&found, name).map(Some),
            Err(error) if matches!(error.code(), ErrorCode::NotFound | ErrorCode::InvalidSpec) => Ok(None),
            Err(source) => Err(GitError::ReadRef { name: name.to_owned(), source }),
        }
    }

    /// The object a person names: a branch, a tag, `HEAD`, an id or its beginning. A tag of a commit is that commit.
    pub fn resolve_text(&self, text: &str) -> Result<Option<Oid>, GitError> {
        let object = match self.repo.revparse_single(text) {
            Ok(object) => object,
            Err(error) if matches!(error.code(), ErrorCode::NotFound | ErrorCode::InvalidSpec) => return Ok(None),
            Err(source) => return Err(GitError::Resolve { text: text.to_owned(), source }),
        };
        let id = object.peel(ObjectType::Commit).map_or_else(|_| object.id(), |commit| commit.id());
        Ok(Some(ours(id)))
    }

    /// The refs of `scope`, sorted by name. Names outside the layout are left out; see `strangers`.
    pub fn refs(&self, scope: &Scope) -> Result<Vec<(RefName, Oid)>, GitError> {
        let mut found = self.steadily(|| {
            let mut found = Vec::new();
            for glob in scope.globs() {
                self.list(&glob, scope, &mut found)?;
            }
            Ok(found)
        })?;
        found.sort_by_cached_key(|(name, _)| name.to_string());
        Ok(found)
    }

    fn list(&self, glob: &str, scope: &Scope, found: &mut Vec<(RefName, Oid)>) -> Result<(), GitError> {
        let listed = |source| GitError::ListRefs { source };
        for reference in self.repo.references_glob(glob).map_err(listed)? {
            let reference = reference.map_err(listed)?;
            let Ok(text) = reference.name() else { continue };
            if let Some(name) = RefName::parse(text).filter(|name| scope.holds(name)) {
                let target = direct(&reference, text)?;
                found.push((name, target));
            }
        }
        Ok(())
    }

    /// The journals of a namespace that were sealed anew, as they were.
    pub fn lost(&self, ns: &Ns) -> Result<Vec<(Lost, Oid)>, GitError> {
        let listed = |source| GitError::ListRefs { source };
        self.steadily(|| {
            let mut found = Vec::new();
            for reference in self.repo.references_glob(&Lost::glob(ns)).map_err(listed)? {
                let reference = reference.map_err(listed)?;
                let Ok(text) = reference.name() else { continue };
                if let Some(name) = Lost::parse(text) {
                    found.push((name, direct(&reference, text)?));
                }
            }
            Ok(found)
        })
    }

    /// Refs that look like ours, in any spelling, and that the layout does not have.
    pub fn strangers(&self) -> Result<Vec<String>, GitError> {
        let listed = |source| GitError::ListRefs { source };
        let mut found = self.steadily(|| {
            let mut found = Vec::new();
            for reference in self.repo.references().map_err(listed)? {
                let name = String::from_utf8_lossy(reference.map_err(listed)?.name_bytes()).into_owned();
                if is_stranger(&name) {
                    found.push(name);
                }
            }
            Ok(found)
        })?;
        found.sort();
        Ok(found)
    }

    /// Lists again while `packed-refs` changes under the listing. libgit2 notes the loose names, then the packed ones,
    /// then reads the loose ones and passes over those that are gone: a ref that `git pack-refs` moves in between is
    /// missed, or seen with the value it was last packed with.
    pub(super) fn steadily<T>(&self, mut list: impl FnMut() -> Result<T, GitError>) -> Result<T, GitError> {
        let mut before = self.packed_stamp();
        let mut rounds = 0;
        loop {
            let found = list()?;
            let after = self.packed_stamp();
            rounds += 1;
            if before == after || rounds == LISTINGS_MAX {
                return Ok(found);
            }
            before = after;
        }
    }

    fn packed_stamp(&self) -> Option<(SystemTime, u64, u64)> {
        let meta = std::fs::metadata(self.common_dir().join("packed-refs")).ok()?;
        Some((meta.modified().ok()?, meta.len(), inode(&meta)))
    }

    /// A value of git's configuration.
    pub fn config_text(&self, key: &str) -> Result<Option<String>, GitError> {
        self.settings()?.text(key)
    }

    /// A value of git's configuration, read as git reads a boolean.
    pub fn config_bool(&self, key: &str) -> Result<Option<bool>, GitError> {
        self.settings()?.bool(key)
    }

    /// The name of the remote whose word counts where two places say different things: `gatos.authority`, else `origin`.
    pub fn authority_name(&self) -> Result<String, GitError> {
        Ok(self.config_text("gatos.authority")?.unwrap_or_else(|| "origin".to_owned()))
    }

    /// That remote; `None` where its name cannot stand in the name of a tracking ref, so that nothing was fetched from it.
    pub fn authority(&self) -> Result<Option<Segment>, GitError> {
        Ok(self.authority_name()?.parse().ok())
    }

    fn settings(&self) -> Result<&Settings, GitError> {
        if let Some(settings) = self.settings.get() {
            return Ok(settings);
        }
        let loaded = Settings::load(&self.repo, self.ambient.env())?;
        Ok(self.settings.get_or_init(|| loaded))
    }
}

/// Whether git takes this as the name of a ref.
pub fn is_ref_name(name: &str) -> bool {
    git2::Reference::is_valid_name(name)
}

#[cfg(unix)]
fn inode(meta: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(meta)
}

#[cfg(not(unix))]
fn inode(_: &std::fs::Metadata) -> u64 {
    0
}

fn direct(reference: &git2::Reference<'_>, name: &str) -> Result<Oid, GitError> {
    reference.target().map(ours).ok_or_else(|| GitError::SymbolicRef { name: name.to_owned() })
}

pub(super) fn ours(id: git2::Oid) -> Oid {
    Oid(id.as_bytes().try_into().expect("a SHA-1 id has 20 bytes"))
}

pub(super) fn theirs(id: Oid) -> git2::Oid {
    git2::Oid::from_bytes(id.as_bytes()).expect("a SHA-1 id has 20 bytes")
}
