//! An opened repository from the inside: what the front door cannot reach.

mod bisect;
mod cache;
mod gather;
mod hostile;
mod life;
mod start;
mod union;

use super::*;
use crate::ambient::{Ambient, Cancel, Env, Silent};
use crate::canon::json;
use crate::id::Ns;
use crate::ledger::Draft;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

pub(super) fn git(dir: &Path, args: &[&str]) {
    let done = Command::new("git").arg("-C").arg(dir).args(args).output().unwrap();
    assert!(done.status.success(), "{args:?}: {done:?}");
}

pub(super) fn ambient(home: &Path, dir: &Path, seed: &str) -> Ambient {
    let vars = [("HOME", home.to_str().unwrap()), ("GIT_CONFIG_NOSYSTEM", "1"), ("USER", "alice")];
    Ambient::fixed("2026-11-21T09:00:00Z".parse().unwrap(), seed, Env::fixed(dir, vars))
}

/// A repository that `init` has made ready.
pub(super) fn ready() -> (TempDir, Ambient) {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("repo");
    std::fs::create_dir(&dir).unwrap();
    git(&dir, &["init", "-q"]);
    git(&dir, &["config", "gatos.fsync", "false"]);
    let ambient = ambient(home.path(), &dir, "node");
    init(&ambient, &Init { profile: None, actor: None, key: None, offline: false }).unwrap();
    (home, ambient)
}

pub(super) fn draft(ambient: &Ambient, ty: &str, payload: &str) -> Draft {
    let payload = json::parse(payload.as_bytes()).unwrap();
    Draft::new(ty.parse().unwrap(), payload, ambient.ulid(), None).unwrap()
}

pub(super) fn emit(node: &Node, ty: &str, payload: &str) -> Emitted {
    match node.emit(&Ns::main(), &draft(node.ambient(), ty, payload), false).unwrap() {
        Outcome::Stored(emitted) => emitted,
        Outcome::Denied { decision, .. } => panic!("denied: {decision:?}"),
    }
}

pub(super) fn checkpoint(node: &Node) -> Result<Checkpointed, NodeError> {
    match node.checkpoint(&Ns::main(), None, &Silent, &Cancel::default())? {
        CheckpointEnd::Written(written) => Ok(*written),
        CheckpointEnd::Denied { decision, .. } => panic!("denied: {decision:?}"),
    }
}

pub(super) fn state(node: &Node) -> Shown {
    let query = StateQuery { ns: &Ns::main(), fold: None, at: None };
    node.state(&query, &Silent, &Cancel::default()).unwrap()
}

/// So many events of one payload, given as they are asked for.
pub(super) struct Same<'a> {
    pub ambient: &'a Ambient,
    pub payload: &'a str,
    pub left: usize,
}

impl Feed for Same<'_> {
    type Error = NodeError;

    fn next(&mut self, _: Duration) -> Result<Given, NodeError> {
        let count = self.left.min(100);
        self.left -= count;
        let event = || BatchEvent { draft: draft(self.ambient, "add", self.payload), named: false };
        Ok(if count == 0 { Given::End } else { Given::Events((0..count).map(|_| event()).collect()) })
    }

    fn pauses(&self) -> bool {
        false
    }
}
