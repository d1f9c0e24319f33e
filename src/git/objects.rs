//! Reading objects. Each is hashed after it was read, so that damage on the disk is found where it is met.

use super::commit::object_id;
use super::reader::theirs;
use super::{Commit, GitError, Reader};
use crate::id::Oid;
use git2::{ErrorCode, ObjectType, Odb};

/// One entry of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeEntry {
    pub name: String,
    pub mode: u32,
    pub oid: Oid,
}

pub(super) const TREE: u32 = 0o040_000;
const FILES: [u32; 2] = [0o100_644, 0o100_755];
/// Most entries that a whole tree may have where all of it is read.
const ENTRIES_MAX: usize = 65_536;
/// Deepest nesting of directories that is followed.
const DEPTH_MAX: usize = 64;
/// Most bytes of all its paths together: a name may be long, and each file below it repeats it.
const PATHS_MAX: usize = 4 << 20;
/// Most bytes of all its directories together.
const TREES_MAX: u64 = 16 << 20;
/// Largest tree object that is read.
const TREE_MAX: u64 = 64 << 20;
/// Largest commit that is read: an append holds at most 1 MiB, the rest is for the commits of others.
pub(super) const COMMIT_MAX: u64 = 16 << 20;

impl Reader {
    pub(super) fn odb(&self) -> Result<Odb<'_>, GitError> {
        let opened = |source| GitError::Open { path: self.git_dir().to_owned(), source };
        self.repo.odb().map_err(opened)
    }

    /// The bytes of a commit object.
    pub fn raw_commit(&self, oid: Oid) -> Result<Vec<u8>, GitError> {
        self.checked(oid, ObjectType::Commit, COMMIT_MAX)
    }

    /// A commit, read.
    pub fn commit(&self, oid: Oid) -> Result<Commit, GitError> {
        Commit::parse(oid, self.raw_commit(oid)?)
    }

    /// The entries of one tree, in git's order.
    pub fn tree(&self, oid: Oid) -> Result<Vec<TreeEntry>, GitError> {
        self.tree_within(oid, TREE_MAX).map(|(entries, _)| entries)
    }

    /// The same of a tree of at most `limit` bytes, and how many it has.
    fn tree_within(&self, oid: Oid, limit: u64) -> Result<(Vec<TreeEntry>, u64), GitError> {
        let bytes = self.checked(oid, ObjectType::Tree, limit)?;
        let entries = parse_tree(&bytes).ok_or(GitError::Damaged { oid, why: "it is not a tree of names in UTF-8" })?;
        Ok((entries, bytes.len() as u64))
    }

    /// The bytes of a blob of at most `limit` bytes; its size is asked before it is inflated.
    pub fn blob(&self, oid: Oid, limit: u64) -> Result<Vec<u8>, GitError> {
        self.checked(oid, ObjectType::Blob, limit)
    }

    /// The file at `path` in the tree of a commit; `None` where there is none.
    pub fn file(&self, commit: Oid, path: &str, limit: u64) -> Result<Option<Vec<u8>>, GitError> {
        let mut tree = self.commit(commit)?.tree;
        let mut parts = path.split('/').peekable();
        while let Some(part) = parts.next() {
            let Some(entry) = self.tree(tree)?.into_iter().find(|entry| entry.name == part) else { return Ok(None) };
            match (parts.peek(), entry.mode) {
                (Some(_), TREE) => tree = entry.oid,
                (Some(_), _) => return Ok(None),
                (None, mode) if FILES.contains(&mode) => return self.blob(entry.oid, limit).map(Some),
                (None, mode) => return Err(GitError::NotRegular { oid: commit, path: path.to_owned(), mode }),
            }
        }
        Ok(None)
    }

    /// The path and the blob of every file in the tree of a commit, sorted by path. Anything but directories and regular
    /// files is an error.
    pub fn listing(&self, commit: Oid) -> Result<Vec<(String, Oid)>, GitError> {
        let mut out = Vec::new();
        let (mut entries, mut held, mut left) = (0, 0, TREES_MAX);
        let mut open = vec![(String::new(), self.commit(commit)?.tree, 0)];
        let too_many = |limit, what| GitError::TooMany { oid: commit, limit, what };
        while let Some((prefix, tree, depth)) = open.pop() {
            let (listed, size) = self.tree_within(tree, left)?;
            left -= size;
            for entry in listed {
                entries += 1;
                held += prefix.len() + entry.name.len();
                if entries > ENTRIES_MAX || depth > DEPTH_MAX {
                    return Err(too_many(ENTRIES_MAX, "entries or is nested too deep"));
                }
                if held > PATHS_MAX {
                    return Err(too_many(PATHS_MAX, "bytes of paths"));
                }
                let path = format!("{prefix}{}", entry.name);
                match entry.mode {
                    TREE => open.push((path + "/", entry.oid, depth + 1)),
                    mode if FILES.contains(&mode) => out.push((path, entry.oid)),
                    mode => return Err(GitError::NotRegular { oid: commit, path, mode }),
                }
            }
        }
        out.sort();
        Ok(out)
    }

    /// Every file in the tree of a commit, sorted by path, at most `limit` bytes together.
    pub fn files(&self, commit: Oid, limit: u64) -> Result<Vec<(String, Vec<u8>)>, GitError> {
        let mut left = limit;
        let read = |(path, oid): (String, Oid)| {
            let bytes = self.blob(oid, left)?;
            left -= bytes.len() as u64;
            Ok((path, bytes))
        };
        self.listing(commit)?.into_iter().map(read).collect()
    }

    /// Is the object here?
    pub fn contains(&self, oid: Oid) -> bool {
        self.odb().is_ok_and(|odb| odb.exists(theirs(oid)))
    }

    pub(super) fn checked(&self, oid: Oid, kind: ObjectType, limit: u64) -> Result<Vec<u8>, GitError> {
        let odb = self.odb()?;
        let bytes = self.read_within(&odb, oid, kind, limit)?;
        if object_id(kind.str(), &bytes) != oid {
            return Err(GitError::Damaged { oid, why: "its bytes have another hash" });
        }
        Ok(bytes)
    }
}

impl Reader {
    /// Reads an object of one kind and at most `limit` bytes, without hashing it. Its size is asked before it is inflated.
    pub(super) fn read_within(
        &self,
        odb: &Odb<'_>,
        oid: Oid,
        kind: ObjectType,
        limit: u64,
    ) -> Result<Vec<u8>, GitError> {
        let check = |found: ObjectType, size: u64| match (found == kind, size > limit) {
            (false, _) => Err(GitError::Kind { oid, wanted: kind.str(), found: found.str() }),
            (true, true) => Err(GitError::TooLarge { oid, size, limit }),
            (true, false) => Ok(()),
        };
        if let Some((found, bytes)) = self.loose(oid, limit)? {
            return check(found, bytes.len() as u64).map(|()| bytes);
        }
        let (size, found) = again(odb, || odb.read_header(theirs(oid))).map_err(|source| unread(oid, source))?;
        check(found, size as u64)?;
        let object = again(odb, || odb.read(theirs(oid))).map_err(|source| unread(oid, source))?;
        Ok(object.data().to_vec())
    }
}

/// Reads once more after looking at the packs anew: the one that held the object may just have been put into another.
fn again<T>(odb: &Odb<'_>, read: impl Fn() -> Result<T, git2::Error>) -> Result<T, git2::Error> {
    match read() {
        Err(error) if error.code() != ErrorCode::NotFound => {
            odb.refresh()?;
            read()
        }
        done => done,
    }
}

fn unread(oid: Oid, source: git2::Error) -> GitError {
    match source.code() {
        ErrorCode::NotFound => GitError::Missing { oid },
        _ => GitError::ReadObject { oid, source },
    }
}

fn parse_tree(bytes: &[u8]) -> Option<Vec<TreeEntry>> {
    let entry = |(mode, name, oid): (u32, &[u8], Oid)| {
        Some(TreeEntry { name: std::str::from_utf8(name).ok()?.to_owned(), mode, oid })
    };
    tree_entries(bytes)?.into_iter().map(entry).collect()
}

/// Mode, name and object of each entry of a tree: `<octal mode> <name> NUL <20 bytes>`.
pub(super) fn tree_entries(mut rest: &[u8]) -> Option<Vec<(u32, &[u8], Oid)>> {
    let mut out = Vec::new();
    while !rest.is_empty() {
        let space = rest.iter().position(|b| *b == b' ')?;
        let mode = u32::from_str_radix(std::str::from_utf8(&rest[..space]).ok()?, 8).ok()?;
        rest = &rest[space + 1..];
        let end = rest.iter().position(|b| *b == 0)?;
        let name = &rest[..end];
        let (id, after) = rest[end + 1..].split_first_chunk::<20>()?;
        out.push((mode, name, Oid(*id)));
        rest = after;
    }
    Some(out)
}
