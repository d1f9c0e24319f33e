//! Temporary repositories to examine, each with a home of its own.

use crate::ambient::{Ambient, Env};
use crate::doctor::{Report, Severity, examine};
use crate::git::{Expected, NewCommit, Plane, RefName, Store};
use crate::id::{Actor, Ns, Oid, PublicKey, Replica, Timestamp, Writer};
use crate::trust::{Signer, genesis};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

pub const NOW: &str = "2026-11-21T09:00:00Z";

pub struct Ward {
    dir: TempDir,
    pub ambient: Ambient,
}

#[allow(clippy::disallowed_methods)] // the tests' own door: PATH, to find git
fn env(root: &Path, cwd: &Path) -> Env {
    let vars = [
        ("PATH", std::env::var_os("PATH").unwrap_or_default()),
        ("HOME", root.join("home").into_os_string()),
        ("GIT_CONFIG_GLOBAL", "/dev/null".into()),
        ("GIT_CONFIG_NOSYSTEM", "1".into()),
    ];
    Env::fixed(cwd, vars)
}

impl Ward {
    pub fn new() -> Ward {
        let dir = TempDir::new().unwrap();
        std::fs::create_dir(dir.path().join("repo")).unwrap();
        let ambient = Ambient::fixed(NOW.parse().unwrap(), "doctor", env(dir.path(), &dir.path().join("repo")));
        let ward = Ward { dir, ambient };
        ward.git(&["init", "--quiet", "--template=", "."]);
        ward
    }

    pub fn path(&self) -> PathBuf {
        self.dir.path().join("repo")
    }

    pub fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    /// The same repository at another time.
    pub fn at(&self, now: &str) -> Ambient {
        Ambient::fixed(now.parse().unwrap(), "doctor", env(self.dir.path(), &self.path()))
    }

    /// The surroundings of another directory of this ward.
    pub fn within(&self, name: &str) -> Ambient {
        Ambient::fixed(NOW.parse().unwrap(), "doctor", env(self.dir.path(), &self.dir.path().join(name)))
    }

    #[track_caller]
    pub fn git(&self, args: &[&str]) -> String {
        let mut command = Command::new("git");
        self.ambient.env().lend(&mut command);
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "a").env(format!("GIT_{who}_EMAIL"), "a@example.org");
        }
        let out = command.current_dir(self.path()).args(args).output().unwrap();
        assert!(out.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap().trim_end().to_owned()
    }

    pub fn store(&self) -> Store {
        Store::discover(&self.ambient).unwrap()
    }

    /// A commit with the empty tree, written at a time.
    pub fn commit(&self, time: &str) -> Oid {
        let store = self.store();
        let tree = store.empty_tree().unwrap();
        let time: Timestamp = time.parse().unwrap();
        store.commit(&NewCommit { tree, parents: &[], name: "a", email: "a@gatos", time, message: "a\n" }).unwrap()
    }

    pub fn set(&self, name: &RefName, tip: Oid) {
        self.store().update(name, Expected::Absent, tip).unwrap();
    }

    /// A trust genesis, in its place.
    pub fn found(&self, seed: u8) -> Oid {
        let actor: Actor = "user:alice".parse().unwrap();
        let (_, tip) = genesis(&self.store(), &actor, &Signer::from_seed(&[seed; 32])).unwrap();
        self.set(&RefName::own(Plane::TrustGraph), tip);
        tip
    }

    pub fn report(&self) -> Report {
        examine(&self.ambient).unwrap()
    }
}

pub fn journal(replica: &str) -> RefName {
    RefName::own(Plane::Journal { ns: Ns::main(), writer: writer(replica) })
}

pub fn writer(replica: &str) -> Writer {
    let replica: Replica = replica.parse().unwrap();
    Writer::new(&"user:alice".parse().unwrap(), &PublicKey([7; 32]), replica)
}

/// The severity of the finding with a code, which must stand once.
#[track_caller]
pub fn severity(report: &Report, code: &str) -> Option<Severity> {
    let found: Vec<_> = report.findings.iter().filter(|f| f.code == code).collect();
    assert!(found.len() < 2, "{code} stands {} times: {found:?}", found.len());
    found.first().map(|f| f.severity)
}

/// Everything but what a bare git repository always has to say.
pub fn codes(report: &Report) -> Vec<&'static str> {
    report.findings.iter().map(|f| f.code).filter(|code| *code != "trust.none").collect()
}
