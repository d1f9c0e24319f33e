//! In which paths two trees differ. What is compared comes from strangers: a few nested trees that name one subtree many times
//! are a tree of millions of paths, so that the work is bounded while it is done, and not by what it found.

use super::objects::{TREE, tree_entries};
use super::reader::theirs;
use super::{GitError, Reader};
use crate::id::Oid;
use git2::ObjectType;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

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
    /// Whether a link or a submodule stands or stood there: what lies behind it is in no tree.
    pub leads: bool,
}

/// What a comparison came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changes {
    /// Every path that differs, sorted.
    All(Vec<Changed>),
    /// It was given up.
    TooMuch(TooMuch),
}

/// Why a comparison was given up, and how much had been looked at by then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TooMuch {
    pub what: &'static str,
    pub max: u64,
    /// Entries of trees that were looked at.
    pub entries: u64,
}

/// Most entries of trees that are looked at, most bytes of trees that are read, deepest nesting of directories, most bytes
/// of all paths that differ.
const ENTRIES_MAX: u64 = 1_000_000;
const TREES_MAX: u64 = 64 << 20;
const DEPTH_MAX: u64 = 256;
const PATHS_BYTES_MAX: u64 = 64 << 20;
/// Most trees that are kept in case they are named again.
const HELD_MAX: usize = 64;

/// The bits of a mode that say of what kind an entry is.
const TYPE: u32 = 0o170_000;
const LINK: u32 = 0o120_000;
const SUBMODULE: u32 = 0o160_000;

/// A tree by the names in it.
type Entries = BTreeMap<Vec<u8>, (u32, Oid)>;

fn leads(side: Option<(u32, Oid)>) -> bool {
    side.is_some_and(|(mode, _)| [LINK, SUBMODULE].contains(&(mode & TYPE)))
}

/// Git enters whatever has the type of a directory, with any permissions.
fn is_directory(mode: u32) -> bool {
    mode & TYPE == TREE
}

/// Two directories of one path that are still to be compared.
struct Pair {
    /// With the slash at its end.
    path: Vec<u8>,
    before: Option<Oid>,
    after: Option<Oid>,
    depth: u64,
}

struct Comparison<'r> {
    reader: &'r Reader,
    paths_max: u64,
    entries: u64,
    bytes: u64,
    path_bytes: u64,
    open: Vec<Pair>,
    /// Trees that were read lately.
    held: HashMap<Oid, Rc<[u8]>>,
    /// Path, how it differs, the object that stands there now, and whether it leads elsewhere.
    found: Vec<(Vec<u8>, ChangeKind, Oid, bool)>,
}

/// A step of a comparison: an error of the store, or the end by a limit.
enum Stop {
    Git(GitError),
    TooMuch(TooMuch),
}

impl From<GitError> for Stop {
    fn from(error: GitError) -> Stop {
        Stop::Git(error)
    }
}

impl Reader {
    /// The paths in which the tree of `new` differs from that of `old`, or from the empty one; given up where they are more
    /// than `max`, or finding them is too much work. Equal directories are not entered.
    pub fn changes(&self, old: Option<Oid>, new: Oid, max: u64) -> Result<Changes, GitError> {
        let tree = |commit: Oid| Ok::<Oid, GitError>(self.commit(commit)?.tree);
        let (before, after) = (old.map(tree).transpose()?, tree(new)?);
        let first = Pair { path: Vec::new(), before, after: Some(after), depth: 0 };
        let mut comparison = Comparison {
            reader: self,
            paths_max: max,
            entries: 0,
            bytes: 0,
            path_bytes: 0,
            held: HashMap::new(),
            open: if before == Some(after) { Vec::new() } else { vec![first] },
            found: Vec::new(),
        };
        match comparison.run() {
            Ok(()) => comparison.finish().map(Changes::All),
            Err(Stop::TooMuch(much)) => Ok(Changes::TooMuch(much)),
            Err(Stop::Git(error)) => Err(error),
        }
    }
}

impl Comparison<'_> {
    fn run(&mut self) -> Result<(), Stop> {
        while let Some(pair) = self.open.pop() {
            if pair.depth > DEPTH_MAX {
                return Err(self.too_much("nested directories", DEPTH_MAX));
            }
            let before = pair.before.map(|oid| self.read(oid, false)).transpose()?.unwrap_or_default();
            let after = pair.after.map(|oid| self.read(oid, true)).transpose()?.unwrap_or_default();
            for (name, held) in &before {
                self.entry(&pair, name, Some(*held), after.get(name).copied())?;
            }
            for (name, new) in after.iter().filter(|(name, _)| !before.contains_key(*name)) {
                self.entry(&pair, name, None, Some(*new))?;
            }
        }
        Ok(())
    }

    /// The entries of a tree. One name that stands twice would let rules see the one and a checkout the other.
    fn read(&mut self, oid: Oid, pushed: bool) -> Result<Entries, Stop> {
        let bytes = self.bytes_of(oid)?;
        self.bytes += bytes.len() as u64;
        let damaged = |why| GitError::Damaged { oid, why };
        let mut entries = Entries::new();
        for (mode, name, id) in tree_entries(&bytes).ok_or_else(|| damaged("it is not a tree"))? {
            self.entries += 1;
            if self.entries > ENTRIES_MAX {
                return Err(self.too_much("entries of directories", ENTRIES_MAX));
            }
            if entries.insert(name.to_vec(), (mode, id)).is_some() && pushed {
                return Err(GitError::TwoEntries { oid, name: String::from_utf8_lossy(name).into_owned() }.into());
            }
        }
        Ok(entries)
    }

    /// The bytes of a tree. One that is named again and again is not read again and again.
    fn bytes_of(&mut self, oid: Oid) -> Result<Rc<[u8]>, Stop> {
        let left = TREES_MAX.saturating_sub(self.bytes);
        if let Some(held) = self.held.get(&oid).filter(|held| held.len() as u64 <= left) {
            return Ok(Rc::clone(held));
        }
        let bytes: Rc<[u8]> = match self.reader.checked(oid, ObjectType::Tree, left) {
            Err(GitError::TooLarge { .. }) => return Err(self.too_much("bytes of directories", TREES_MAX)),
            read => read?.into(),
        };
        if self.held.len() == HELD_MAX {
            self.held.clear();
        }
        self.held.insert(oid, Rc::clone(&bytes));
        Ok(bytes)
    }

    /// One name in both directories.
    fn entry(
        &mut self,
        pair: &Pair,
        name: &[u8],
        before: Option<(u32, Oid)>,
        after: Option<(u32, Oid)>,
    ) -> Result<(), Stop> {
        if before == after {
            return Ok(());
        }
        let tree = |side: Option<(u32, Oid)>| side.filter(|(mode, _)| is_directory(*mode)).map(|(_, oid)| oid);
        let file = |side: Option<(u32, Oid)>| side.filter(|(mode, _)| !is_directory(*mode)).map(|(_, oid)| oid);
        let path = [&pair.path, name].concat();
        let differs = match (file(before), file(after)) {
            (Some(_), Some(new)) => Some((ChangeKind::Modified, new)),
            (Some(old), None) => Some((ChangeKind::Deleted, old)),
            (None, Some(new)) => Some((ChangeKind::Added, new)),
            (None, None) => None,
        };
        if let Some((kind, oid)) = differs {
            self.differs((path.clone(), kind, oid, leads(before) || leads(after)))?;
        }
        let (before, after) = (tree(before), tree(after));
        if before != after {
            let path = [&path[..], b"/"].concat();
            self.count(&path)?;
            self.open.push(Pair { path, before, after, depth: pair.depth + 1 });
        }
        Ok(())
    }

    fn differs(&mut self, found: (Vec<u8>, ChangeKind, Oid, bool)) -> Result<(), Stop> {
        self.count(&found.0)?;
        if self.found.len() as u64 == self.paths_max {
            return Err(self.too_much("changed paths", self.paths_max));
        }
        self.found.push(found);
        Ok(())
    }

    fn count(&mut self, path: &[u8]) -> Result<(), Stop> {
        self.path_bytes += path.len() as u64;
        match self.path_bytes > PATHS_BYTES_MAX {
            true => Err(self.too_much("bytes of changed paths", PATHS_BYTES_MAX)),
            false => Ok(()),
        }
    }

    fn too_much(&self, what: &'static str, max: u64) -> Stop {
        Stop::TooMuch(TooMuch { what, max, entries: self.entries })
    }

    /// Looks up how large the files are. A submodule names a commit of another repository and has no size.
    fn finish(self) -> Result<Vec<Changed>, GitError> {
        let odb = self.reader.odb()?;
        let mut sizes: HashMap<Oid, u64> = HashMap::new();
        let size_of = |oid: Oid| match odb.read_header(theirs(oid)) {
            Ok((size, ObjectType::Blob)) => size as u64,
            _ => 0,
        };
        let mut changed: Vec<Changed> = self
            .found
            .into_iter()
            .map(|(path, kind, oid, leads)| {
                let size =
                    if kind == ChangeKind::Deleted { 0 } else { *sizes.entry(oid).or_insert_with(|| size_of(oid)) };
                Changed { path: String::from_utf8_lossy(&path).into_owned(), kind, size, leads }
            })
            .collect();
        changed.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(changed)
    }
}
