//! Appends as bytes, journals as chains, windows as an order.

mod append;
mod heads;
mod order;

use super::{Built, Draft, Origin, Pen, Position, Sealed, build};
use crate::canon::{Value, json};
use crate::git::Store;
use crate::id::{Actor, Blake3, Ns, Oid, Timestamp, Ulid, Writer};
use crate::trust::Signer;

pub(super) fn signer(n: u8) -> Signer {
    Signer::from_seed(&[n; 32])
}

/// The journal of one key in one clone.
pub(super) fn origin(n: u8, replica: &str) -> Origin {
    let actor: Actor = "user:alice".parse().unwrap();
    let key = *signer(n).public();
    let writer = Writer::new(&actor, &key, replica.parse().unwrap());
    Origin::new(Blake3([7; 32]), Ns::main(), key, writer).unwrap()
}

pub(super) fn draft(n: u64, payload: &str) -> Draft {
    let payload = json::parse(payload.as_bytes()).unwrap();
    Draft::new("add".parse().unwrap(), payload, ulid(n), None).unwrap()
}

pub(super) fn ulid(n: u64) -> Ulid {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&n.to_be_bytes());
    Ulid::from_parts(1_700_000_000_000, random).unwrap()
}

pub(super) fn now() -> Timestamp {
    "2026-11-21T09:00:00Z".parse().unwrap()
}

pub(super) fn seal(origin: &Origin, at: Position, clock: u64, drafts: &[Draft]) -> Vec<Sealed> {
    let mut pen = Pen::new(origin, Oid([3; 20]), at, clock);
    drafts.iter().map(|d| pen.seal(d, now())).collect()
}

/// Seals and signs drafts as a journal's beginning.
pub(super) fn journal(n: u8, replica: &str, drafts: &[Draft], group: usize) -> (Origin, Built) {
    let origin = origin(n, replica);
    let sealed = seal(&origin, Position::default(), 0, drafts);
    let built = build(&origin, &signer(n), None, &sealed, group).unwrap();
    (origin, built)
}

pub(super) fn repository() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let git = |args: &[&str]| {
        let done = std::process::Command::new("git").arg("-C").arg(dir.path()).args(args).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    };
    git(&["init", "-q", "--bare"]);
    git(&["config", "gatos.fsync", "false"]);
    let vars = [("HOME", dir.path().to_str().unwrap()), ("GIT_CONFIG_NOSYSTEM", "1")];
    let env = crate::ambient::Env::fixed(dir.path(), vars);
    let ambient = crate::ambient::Ambient::fixed(now(), "ledger", env);
    let store = Store::open(dir.path(), &ambient).unwrap();
    store.empty_tree().unwrap();
    (dir, store)
}

pub(super) fn keep(store: &Store, built: &Built) -> Oid {
    for (id, raw) in &built.commits {
        assert_eq!(store.write_commit_raw(raw).unwrap(), *id);
    }
    built.commits.last().unwrap().0
}

pub(super) fn numbers(range: std::ops::Range<u64>) -> Vec<Draft> {
    range.map(|n| draft(n, &format!("{{\"n\":{n}}}"))).collect()
}

pub(super) fn n_of(payload: &Value) -> i64 {
    payload.get("n").and_then(Value::as_int).unwrap()
}
