//! Commits changed by hand and written again with right ids, so that git itself finds nothing to complain about.

use super::{move_ref, resolve};
use crate::harness::{Repo, World};
use std::path::PathBuf;

/// Bytes of the line that names a tree, and of one that names a parent.
const TREE_LINE: usize = "tree ".len() + 41;
const PARENT_LINE: usize = "parent ".len() + 41;

/// A repository with somebody in it who rewrites objects.
pub struct Forge<'w> {
    pub world: &'w World,
    pub repo: Repo<'w>,
}

impl Forge<'_> {
    /// The commits of a chain, oldest first, each with its bytes.
    pub fn chain(&self, tip: &str) -> Vec<(String, Vec<u8>)> {
        let ids = self.repo.git(["rev-list", "--first-parent", "--reverse", tip]).ok().stdout();
        ids.lines().map(|id| (id.to_owned(), self.raw(id))).collect()
    }

    pub fn raw(&self, commit: &str) -> Vec<u8> {
        self.repo.git(["cat-file", "commit", commit]).ok().bytes()
    }

    /// Writes an object as it is, well formed or not.
    pub fn write(&self, kind: &str, bytes: &[u8]) -> String {
        let args = ["hash-object", "-t", kind, "-w", "--literally", "--stdin"];
        let command = self.world.command("git", "alice", self.repo.path()).args(args);
        command.stdin(bytes).run().ok().stdout()
    }

    /// Writes commits behind each other, whatever parent they named before; gives their ids. `spoil` changes the bytes
    /// of each, told its place, once the parent is right.
    pub fn rechain(&self, raws: &[Vec<u8>], spoil: impl Fn(usize, &mut Vec<u8>)) -> Vec<String> {
        let mut ids: Vec<String> = Vec::new();
        for (place, raw) in raws.iter().enumerate() {
            let mut raw = with_parent(raw, ids.last().map(String::as_str));
            spoil(place, &mut raw);
            ids.push(self.write("commit", &raw));
        }
        ids
    }

    /// The files of a commit with the ids of their blobs.
    pub fn files(&self, commit: &str) -> Vec<(String, String)> {
        let listed = self.repo.git(["ls-tree", "-r", commit]).ok().stdout();
        let entry = |line: &str| {
            let (entry, path) = line.split_once('\t').expect("a line of ls-tree");
            (path.to_owned(), entry.rsplit_once(' ').expect("mode, type, id").1.to_owned())
        };
        listed.lines().map(entry).collect()
    }

    pub fn blob(&self, id: &str) -> Vec<u8> {
        self.repo.git(["cat-file", "blob", id]).ok().bytes()
    }

    /// The bytes of a commit whose tree holds other content in one file.
    pub fn with_file(&self, commit: &str, path: &str, content: &[u8]) -> Vec<u8> {
        let blob = self.write("blob", content);
        let git = |args: &[&str]| {
            let index = self.repo.path().join(".git/forged-index");
            let command = self.world.command("git", "alice", self.repo.path()).args(args);
            command.env("GIT_INDEX_FILE", index).run().ok()
        };
        git(&["read-tree", commit]);
        git(&["update-index", "--cacheinfo", &format!("100644,{blob},{path}")]);
        let tree = git(&["write-tree"]).stdout();
        let mut raw = self.raw(commit);
        raw.splice(..TREE_LINE, format!("tree {tree}\n").into_bytes());
        raw
    }

    /// Lets a ref name something else while `look` looks.
    pub fn meanwhile<T>(&self, name: &str, to: &str, look: impl FnOnce() -> T) -> T {
        let before = resolve(&self.repo, name);
        move_ref(&self.repo, name, to);
        let seen = look();
        move_ref(&self.repo, name, &before);
        seen
    }

    /// The file of a loose object.
    pub fn loose(&self, id: &str) -> PathBuf {
        self.repo.path().join(".git/objects").join(&id[..2]).join(&id[2..])
    }
}

/// Where the lines that name tree and parent end: a byte before here belongs to git, not to us.
pub fn head_len(raw: &[u8]) -> usize {
    let has_parent = raw[TREE_LINE..].starts_with(b"parent ");
    TREE_LINE + if has_parent { PARENT_LINE } else { 0 }
}

fn with_parent(raw: &[u8], parent: Option<&str>) -> Vec<u8> {
    let mut out = raw[..TREE_LINE].to_vec();
    if let Some(parent) = parent {
        out.extend_from_slice(format!("parent {parent}\n").as_bytes());
    }
    out.extend_from_slice(&raw[head_len(raw)..]);
    out
}

/// The n-th of some places that are spread over a length.
pub fn spread(n: usize, len: usize) -> usize {
    // A step by the golden section visits every part of the range early.
    (n * 10_007 + n * n * 613) % len
}
