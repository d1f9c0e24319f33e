use super::reader::{ours, theirs};
use super::retry::retry;
use super::{GitError, NewCommit, Reader, RefName, commit_bytes, switches};
use crate::ambient::Ambient;
use crate::id::Oid;
use git2::{ConfigLevel, ErrorCode, ObjectType};
use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::ops::Deref;
use std::path::Path;

/// An opened repository that can be written: the only thing that writes. It reads like a `Reader`.
pub struct Store {
    reader: Reader,
    /// Must a write have reached the disk before it counts as done?
    pub(super) durable: bool,
}

/// What a ref must be for a move to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    Absent,
    At(Oid),
}

impl Display for Expected {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Expected::Absent => f.write_str("absent"),
            Expected::At(oid) => write!(f, "at {oid}"),
        }
    }
}

/// The tree without entries.
pub const EMPTY_TREE: Oid = Oid([
    0x4b, 0x82, 0x5d, 0xc6, 0x42, 0xcb, 0x6e, 0xb9, 0xa0, 0x60, 0xe5, 0x4b, 0xf8, 0xd6, 0x92, 0x88, 0xfb, 0xee, 0x49,
    0x04,
]);
/// Our own word on durability in git's configuration; on where it is not set.
const FSYNC: &str = "gatos.fsync";

impl Deref for Store {
    type Target = Reader;
    fn deref(&self) -> &Reader {
        &self.reader
    }
}

impl Store {
    /// Opens the repository git would use here; see `Reader::discover`.
    pub fn discover(ambient: &Ambient) -> Result<Store, GitError> {
        Store::of(Reader::discover(ambient)?)
    }

    /// Opens the repository at `path`; see `Reader::open`.
    pub fn open(path: &Path, ambient: &Ambient) -> Result<Store, GitError> {
        Store::of(Reader::open(path, ambient)?)
    }

    /// The same repository once more, for another thread.
    pub fn reopen(&self) -> Result<Store, GitError> {
        Store::of(self.reader.reopen()?)
    }

    fn of(reader: Reader) -> Result<Store, GitError> {
        let durable = reader.config_bool(FSYNC)?.unwrap_or(true);
        if durable {
            switches::durable();
        }
        Ok(Store { reader, durable })
    }

    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Called before every write.
    pub(super) fn step(&self) -> Result<(), GitError> {
        Ok(self.ambient.faults().step()?)
    }

    pub fn write_blob(&self, bytes: &[u8]) -> Result<Oid, GitError> {
        self.write_object("blob", ObjectType::Blob, bytes)
    }

    /// Writes the bytes of a commit object, as `commit_bytes` makes them.
    pub fn write_commit_raw(&self, raw: &[u8]) -> Result<Oid, GitError> {
        self.write_object("commit", ObjectType::Commit, raw)
    }

    /// Writes a commit; equal fields make an equal commit.
    pub fn commit(&self, new: &NewCommit<'_>) -> Result<Oid, GitError> {
        new.check()?;
        self.write_commit_raw(&commit_bytes(new))
    }

    /// The id of the tree without entries, after making sure that the object is here: git takes it for granted, and its
    /// `fsck` then complains of every commit that names it.
    pub fn empty_tree(&self) -> Result<Oid, GitError> {
        if !self.contains(EMPTY_TREE) {
            self.write_object("tree", ObjectType::Tree, &[])?;
        }
        Ok(EMPTY_TREE)
    }

    /// Writes files and the directories that their paths name.
    pub fn write_tree<P: AsRef<str>, B: AsRef<[u8]>>(&self, files: &[(P, B)]) -> Result<Oid, GitError> {
        let mut root = Directory::default();
        for (path, bytes) in files {
            root.put(path.as_ref(), bytes.as_ref())?;
        }
        self.write_directory(&root)
    }

    fn write_directory(&self, directory: &Directory<'_>) -> Result<Oid, GitError> {
        let mut entries = Vec::new();
        for (name, node) in &directory.0 {
            let (mode, oid, sort) = match node {
                Node::File(bytes) => ("100644", self.write_blob(bytes)?, (*name).to_owned()),
                // Git compares the name of a directory as if it ended in a slash.
                Node::Directory(inner) => ("40000", self.write_directory(inner)?, format!("{name}/")),
            };
            entries.push((sort, mode, *name, oid));
        }
        entries.sort_unstable();
        let mut tree = Vec::new();
        for (_, mode, name, oid) in entries {
            tree.extend_from_slice(format!("{mode} {name}\0").as_bytes());
            tree.extend_from_slice(oid.as_bytes());
        }
        self.write_object("tree", ObjectType::Tree, &tree)
    }

    fn write_object(&self, what: &'static str, kind: ObjectType, bytes: &[u8]) -> Result<Oid, GitError> {
        self.step()?;
        let odb = self.odb()?;
        let written = retry(&self.ambient, || odb.write(kind, bytes));
        written.map(ours).map_err(|source| GitError::WriteObject { what, source })
    }

    /// Moves a ref from `expected` to `new`, or creates it where it is expected absent. The comparison is made under the
    /// ref's lock: of two that expect the same, one wins and the other gets `Moved`.
    pub fn update(&self, name: &RefName, expected: Expected, new: Oid) -> Result<(), GitError> {
        self.step()?;
        let text = name.to_string();
        let _law = self.lock_law([text.as_str()].into_iter())?;
        let old = match expected {
            Expected::Absent => Oid::ZERO,
            Expected::At(oid) => oid,
        };
        // A try may move the ref and fail behind that, when git packs refs and removes the directory meanwhile; and others may
        // have gone on from there since.
        let mut failed = false;
        retry(&self.ambient, || {
            let moved = self.repo.reference_matching(&text, theirs(new), true, theirs(old), "gatos");
            match moved.map_err(|source| self.refusal(name, expected, source)) {
                Ok(_) => Ok(()),
                Err(Refusal::Moved(Some(found))) if failed && self.went_on(new, found) => Ok(()),
                Err(refusal) => {
                    failed |= matches!(refusal, Refusal::Git(_));
                    Err(refusal)
                }
            }
        })
        .map_err(|refusal| match refusal {
            Refusal::Moved(found) => GitError::Moved { name: text.clone(), expected, found },
            Refusal::Git(source) => GitError::UpdateRef { name: text.clone(), source },
        })
    }

    /// Whether a ref that is found there has been where it was to be moved to: what moves here goes forward.
    fn went_on(&self, new: Oid, found: Oid) -> bool {
        found == new || self.is_ancestor(new, found).unwrap_or(false)
    }

    /// Why a move failed: the ref is elsewhere, or something was in the way.
    fn refusal(&self, name: &RefName, expected: Expected, source: git2::Error) -> Refusal {
        let compared = matches!(source.code(), ErrorCode::Modified | ErrorCode::NotFound | ErrorCode::Exists);
        let found = match self.resolve(name) {
            Ok(found) if compared => found,
            _ => return Refusal::Git(source),
        };
        let met = match expected {
            Expected::Absent => found.is_none(),
            Expected::At(oid) => found == Some(oid),
        };
        if met { Refusal::Git(source) } else { Refusal::Moved(found) }
    }

    /// Sets a value in the repository's own configuration.
    pub fn put_config(&self, key: &str, value: &str) -> Result<(), GitError> {
        self.step()?;
        let set = retry(&self.ambient, || self.repo.config()?.open_level(ConfigLevel::Local)?.set_str(key, value));
        set.map_err(|source| GitError::WriteConfig { key: key.to_owned(), source })
    }
}

enum Refusal {
    Moved(Option<Oid>),
    Git(git2::Error),
}

impl super::retry::Passing for Refusal {
    fn passes(&self) -> bool {
        match self {
            Refusal::Moved(_) => false,
            Refusal::Git(error) => error.passes(),
        }
    }
}

/// A directory that is about to be written.
#[derive(Default)]
struct Directory<'a>(BTreeMap<&'a str, Node<'a>>);

enum Node<'a> {
    File(&'a [u8]),
    Directory(Directory<'a>),
}

impl<'a> Directory<'a> {
    fn put(&mut self, path: &'a str, bytes: &'a [u8]) -> Result<(), GitError> {
        let refuse = |why| GitError::Path { path: path.to_owned(), why };
        let mut here = self;
        let (parents, name) = path.rsplit_once('/').map_or((None, path), |(parents, name)| (Some(parents), name));
        for part in parents.into_iter().flat_map(|parents| parents.split('/')) {
            legal(part).map_err(refuse)?;
            here = match here.0.entry(part).or_insert_with(|| Node::Directory(Directory::default())) {
                Node::Directory(inner) => inner,
                Node::File(_) => return Err(refuse("a file stands where it needs a directory")),
            };
        }
        legal(name).map_err(refuse)?;
        match here.0.insert(name, Node::File(bytes)) {
            None => Ok(()),
            Some(_) => Err(refuse("it stands there twice")),
        }
    }
}

/// Names that git refuses in a tree.
fn legal(name: &str) -> Result<(), &'static str> {
    match name {
        "" => Err("a name in it is empty"),
        "." | ".." => Err("\".\" and \"..\" are no names"),
        _ if name.eq_ignore_ascii_case(".git") => Err("\".git\" is git's own"),
        _ if name.contains('\0') => Err("it holds a NUL"),
        _ => Ok(()),
    }
}
