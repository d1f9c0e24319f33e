//! Temporary repositories that no configuration of this machine reaches.

use crate::ambient::{Ambient, Env};
use crate::git::{Compressed, NewCommit, Plane, Reader, RefName, Store};
use crate::id::{Actor, Ns, Oid, PublicKey, Replica, Timestamp, Writer};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

pub(super) struct Scratch {
    dir: TempDir,
    pub ambient: Ambient,
}

#[allow(clippy::disallowed_methods)] // the tests' own door: PATH, to find git
fn path_of_machine() -> std::ffi::OsString {
    std::env::var_os("PATH").unwrap_or_default()
}

pub(super) fn env(cwd: &Path, more: &[(&str, &str)]) -> Env {
    let mut vars = vec![
        ("PATH".into(), path_of_machine()),
        ("HOME".into(), cwd.as_os_str().to_owned()),
        ("GIT_CONFIG_GLOBAL".into(), "/dev/null".into()),
        ("GIT_CONFIG_NOSYSTEM".into(), "1".into()),
    ];
    vars.extend(more.iter().map(|(k, v)| ((*k).into(), (*v).into())));
    Env::fixed::<std::ffi::OsString, std::ffi::OsString>(cwd, vars)
}

pub(super) fn ambient(cwd: &Path, more: &[(&str, &str)]) -> Ambient {
    Ambient::fixed(time(), "git", env(cwd, more))
}

pub(super) fn time() -> Timestamp {
    Timestamp::from_unix(1_795_251_600).unwrap()
}

impl Scratch {
    pub(super) fn new() -> Scratch {
        Scratch::with(&["init", "--quiet", "--template=", "."])
    }

    pub(super) fn bare() -> Scratch {
        Scratch::with(&["init", "--quiet", "--template=", "--bare", "."])
    }

    /// A directory in which git ran once.
    pub(super) fn with(args: &[&str]) -> Scratch {
        let dir = TempDir::new().unwrap();
        let ambient = ambient(dir.path(), &[]);
        let scratch = Scratch { dir, ambient };
        scratch.git(args);
        scratch
    }

    pub(super) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(super) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("git");
        self.ambient.env().lend(&mut command);
        command.current_dir(self.path()).args(args);
        command
    }

    /// Runs git, which must succeed; its output without the last newline.
    pub(super) fn git(&self, args: &[&str]) -> String {
        let out = self.command(args).output().unwrap();
        assert!(out.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap().trim_end().to_owned()
    }

    pub(super) fn store(&self) -> Store {
        Store::open(self.path(), &self.ambient).unwrap()
    }

    pub(super) fn reader(&self) -> Reader {
        Reader::open(self.path(), &self.ambient).unwrap()
    }

    pub(super) fn object_path(&self, oid: Oid) -> PathBuf {
        let hex = oid.hex();
        self.reader().common_dir().join("objects").join(&hex[..2]).join(&hex[2..])
    }
}

pub(super) fn writer(name: &str) -> Writer {
    let actor: Actor = format!("user:{name}").parse().unwrap();
    Writer::new(&actor, &PublicKey([7; 32]), Replica::from_chance([1; 8]))
}

pub(super) fn journal(name: &str) -> RefName {
    RefName::own(Plane::Journal { ns: Ns::main(), writer: writer(name) })
}

/// A commit of the empty tree.
pub(super) fn plain<'a>(store: &Store, parents: &'a [Oid], message: &'a str) -> NewCommit<'a> {
    let tree = store.empty_tree().unwrap();
    NewCommit { tree, parents, name: "user:alice", email: "alice@gatos", time: time(), message }
}

/// A chain of `n` commits in loose objects, oldest first.
pub(super) fn chain(store: &Store, n: usize) -> Vec<Oid> {
    let mut out: Vec<Oid> = Vec::new();
    for i in 0..n {
        let parents: Vec<Oid> = out.last().copied().into_iter().collect();
        out.push(store.commit(&plain(store, &parents, &format!("commit {i}\n"))).unwrap());
    }
    out
}

/// Commits on their way into a pack.
pub fn packed(commits: &[(Oid, Vec<u8>)]) -> Compressed {
    let mut packed = Compressed::default();
    packed.add(commits);
    packed
}
