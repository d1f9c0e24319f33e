use super::*;
use crate::git::{Expected, Plane, RefName};
use crate::id::{Oid, Writer};
use crate::ledger::{Origin, Pen, Position, build};
use crate::trust::Signer;

/// A journal in a tracking namespace, named after alice's key in another clone, signed by somebody else.
fn forged(node: &Node, at: Position) -> Oid {
    let identity = node.identity().unwrap();
    let writer = Writer::new(&identity.actor, &identity.key, "zzzzzz".parse().unwrap());
    let origin = Origin::new(node.repo(), Ns::main(), identity.key, writer.clone()).unwrap();
    let mut pen = Pen::new(&origin, node.policy_tip().unwrap(), at, 0);
    let sealed = pen.seal(&draft(node.ambient(), "add", r#"{"n":1}"#), node.ambient().now());
    let built = build(&origin, &Signer::from_seed(&[9; 32]), None, &[sealed], 1).unwrap();
    let (commit, raw) = &built.commits[0];
    node.store().write_commit_raw(raw).unwrap();
    let name = RefName::tracking("evil".parse().unwrap(), Plane::Journal { ns: Ns::main(), writer });
    node.store().update(&name, Expected::Absent, *commit).unwrap();
    *commit
}

#[test]
fn must_not_let_a_forged_clock_push_ours() {
    let (_home, ambient) = ready();
    let node = Node::open(&ambient).unwrap();
    let first = emit(&node, "add", r#"{"n":1}"#);
    let far = (1 << 53) - 3;
    forged(&node, Position { seq: far, clock: far, cid: Some(first.cid), commit: None });
    emit(&node, "add", r#"{"n":2}"#);
    let mut clocks = Vec::new();
    let filter = LogFilter::default();
    let findings = node
        .log::<NodeError>(&Ns::main(), None, &filter, &mut |entry| {
            clocks.push(entry.event.header.clock);
            Ok(true)
        })
        .unwrap();
    assert_eq!(clocks, [1, 2]);
    assert_eq!(findings.len(), 1, "the forged journal is named: {findings:?}");
}

#[test]
fn must_go_on_beside_what_a_remote_broke() {
    let (home, ambient) = ready();
    let dir = home.path().join("repo");
    let node = Node::open(&ambient).unwrap();
    let first = emit(&node, "add", r#"{"n":1}"#);
    let blob = node.store().write_blob(b"nothing").unwrap();
    let empty = node.store().empty_tree().unwrap();
    let commit = std::process::Command::new("git")
        .arg("-C")
        .arg(&dir)
        .args(["-c", "user.name=e", "-c", "user.email=e", "commit-tree", &empty.to_string(), "-m", "x"])
        .output()
        .unwrap();
    let commit = String::from_utf8(commit.stdout).unwrap();
    let journal = first.writer.as_str().replace(first.writer.replica().as_str(), "zzzzzz");
    let (blob, journal) = (blob.to_string(), format!("journal/main/{journal}"));
    let refs = [("trust/graph", commit.trim()), ("state/main", &blob), ("policies/active", &blob), (&journal, &blob)];
    for (name, target) in refs {
        let path = dir.join(".git/refs/gatos-remotes/evil").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, format!("{target}\n")).unwrap();
    }
    std::fs::remove_dir_all(dir.join(".git/gatos/cache")).unwrap();
    let node = Node::open(&ambient).unwrap();
    emit(&node, "add", r#"{"n":2}"#);
    let shown = state(&node);
    assert_eq!(shown.state, br#"{"count":3}"#);
    assert_eq!(shown.findings.iter().map(|f| f.code.as_str()).collect::<Vec<_>>(), ["object.unreadable"]);
}

#[test]
fn must_not_sign_with_a_key_that_is_not_the_journals() {
    let (home, ambient) = ready();
    let dir = home.path().join("repo");
    let node = Node::open(&ambient).unwrap();
    emit(&node, "add", r#"{"n":1}"#);
    let other = home.path().join("other");
    let made =
        std::process::Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&other).status();
    assert!(made.unwrap().success());
    git(&dir, &["config", "gatos.keyfile", other.to_str().unwrap()]);
    let node = Node::open(&ambient).unwrap();
    let refused = node.emit(&Ns::main(), &draft(&ambient, "add", r#"{"n":2}"#), false).unwrap_err();
    assert!(matches!(refused, NodeError::NoKey(_)), "{refused}");
    git(&dir, &["config", "--unset", "gatos.keyfile"]);
    assert_eq!(state(&Node::open(&ambient).unwrap()).events, 1);
}

#[test]
fn large_payloads_make_smaller_groups() {
    let (_home, ambient) = ready();
    let node = Node::open(&ambient).unwrap();
    let payload = format!("{{\"n\":1,\"text\":\"{}\"}}", "x".repeat(60 << 10));
    let mut feed = Same { ambient: &ambient, payload: &payload, left: 40 };
    let (batch, ended) = node.emit_batch(&Ns::main(), 256, &mut feed, &mut |_| (), &Cancel::default());
    ended.unwrap();
    assert_eq!(batch.lines, 40);
    assert_eq!(state(&node).state, br#"{"count":40}"#);
}

#[test]
fn a_checkpoint_is_a_point_of_its_own_window() {
    let (_home, ambient) = ready();
    let node = Node::open(&ambient).unwrap();
    for _ in 0..3 {
        emit(&node, "add", r#"{"n":1}"#);
    }
    let written = checkpoint(&node).unwrap();
    for _ in 0..3 {
        emit(&node, "add", r#"{"n":1}"#);
    }
    let point = Point::Commit(written.commit.to_string());
    let search = node.bisect_start(&Ns::main(), None, Some(&point), None, &Silent, &Cancel::default()).unwrap();
    assert_eq!((search.good(), search.bad()), (3, 6));
    let query = StateQuery { ns: &Ns::main(), fold: None, at: Some(&point) };
    assert_eq!(node.state(&query, &Silent, &Cancel::default()).unwrap().state, br#"{"count":3}"#);
}

#[test]
fn a_namespace_that_is_not_there_is_not_verified() {
    let (_home, ambient) = ready();
    let typo: Ns = "mian".parse().unwrap();
    let refused = verify(&ambient, Some(&typo), false, &Silent, &Cancel::default()).unwrap_err();
    assert!(matches!(refused, NodeError::NoNamespace(ns) if ns == typo));
}
