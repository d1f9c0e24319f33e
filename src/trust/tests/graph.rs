//! The chain in a repository.

use super::doc::{genesis as genesis_doc, next};
use super::judge::{Files, files};
use super::signer;
use crate::ambient::{Ambient, Env};
use crate::git::{GitError, NewCommit, Store};
use crate::id::{Actor, Oid, PublicKey};
use crate::trust::{Edit, Grant, Graph, GraphFault, Proposal, Said, Signer, TrustError, Version, genesis, judge_next};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

fn ambient(dir: &Path, fault: &str) -> Ambient {
    let vars = [("HOME", dir.to_str().unwrap()), ("GIT_CONFIG_NOSYSTEM", "1"), ("GATOS_FAULT", fault)];
    Ambient::fixed("2026-11-21T09:00:00Z".parse().unwrap(), "graph", Env::fixed(dir, vars))
}

pub(super) fn repository() -> (TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let done = Command::new("git").args(["init", "-q", "--bare"]).arg(dir.path()).output().unwrap();
    assert!(done.status.success());
    let done = Command::new("git").arg("-C").arg(dir.path()).args(["config", "gatos.fsync", "false"]).output().unwrap();
    assert!(done.status.success());
    let store = Store::open(dir.path(), &ambient(dir.path(), "")).unwrap();
    (dir, store)
}

pub(super) fn actor(name: &str) -> Actor {
    name.parse().unwrap()
}

/// Writes files as a commit, whatever they say.
pub(super) fn commit(store: &Store, files: &Files, parents: &[Oid]) -> Oid {
    let tree = store.write_tree(files).unwrap();
    let time = store.ambient().now();
    store.commit(&NewCommit { tree, parents, name: "gatos", email: "trust@gatos", time, message: "any\n" }).unwrap()
}

fn chain(store: &Store, versions: &[Files]) -> Vec<Oid> {
    let mut commits = Vec::new();
    for files in versions {
        let parent: Vec<Oid> = commits.last().copied().into_iter().collect();
        commits.push(commit(store, files, &parent));
    }
    commits
}

/// Writes the next version, in which a key stands for an actor too.
pub(super) fn propose_add_key(
    store: &Store,
    graph: &Graph,
    actor: &Actor,
    key: &PublicKey,
    signers: &[&Signer],
) -> Result<Oid, TrustError> {
    let mut edit = Edit::new(graph);
    edit.add_key(actor, key)?;
    let mut proposal = Proposal::version(edit.doc());
    signers.iter().try_for_each(|signer| proposal.sign(signer))?;
    proposal.write(store, Some(graph))
}

#[test]
fn a_genesis_is_accepted_and_makes_the_repository_id() {
    let (_dir, store) = repository();
    let (alice, bob) = (actor("user:alice"), actor("user:bob"));
    let (graph, tip) = genesis(&store, &alice, &signer(1)).unwrap();
    assert_eq!((graph.tip(), graph.versions().len()), (tip, 1));
    assert_eq!(graph.repo(), graph.current().content_id());
    assert!(graph.is_root(&alice) && !graph.is_root(&bob));
    assert_eq!(graph.keys_of(&alice), [*signer(1).public()]);
    assert!(graph.knows(&alice, signer(1).public()));
    assert!(!graph.knows(&alice, signer(2).public()) && !graph.knows(&bob, signer(1).public()));
    let again = Graph::load(&store, tip).unwrap();
    assert_eq!(again.versions(), graph.versions());
}

#[test]
fn a_commit_says_to_people_what_it_is() {
    let (_dir, store) = repository();
    let (graph, tip) = genesis(&store, &actor("user:alice"), &signer(1)).unwrap();
    let commit = store.reader().commit(tip).unwrap();
    let message = format!("trust version 1\n\nTrust-Version: 1\nTrust-Root-Id: {}\n", graph.repo());
    assert_eq!(commit.text(), Some(message.as_str()));
    assert_eq!((commit.author.name.as_str(), commit.author.email.as_str()), ("gatos", "trust@gatos"));
    assert_eq!((commit.author.time, commit.parents.len()), (store.ambient().now().unix(), 0));
}

#[test]
fn two_repositories_have_two_ids() {
    let (_dir, store) = repository();
    let id = || genesis(&store, &actor("user:alice"), &signer(1)).unwrap().0.repo();
    assert_ne!(id(), id());
}

#[test]
fn keys_are_added_by_the_roots() {
    let (_dir, store) = repository();
    let (alice, bob) = (actor("user:alice"), actor("user:bob"));
    let (graph, first) = genesis(&store, &alice, &signer(1)).unwrap();
    let second = propose_add_key(&store, &graph, &alice, signer(2).public(), &[&signer(1)]).unwrap();
    let graph = Graph::load(&store, second).unwrap();
    assert_eq!(graph.keys_of(&alice), [*signer(1).public(), *signer(2).public()]);
    // The new key is the root's own, so it signs for her.
    let third = propose_add_key(&store, &graph, &bob, signer(3).public(), &[&signer(2), &signer(9)]).unwrap();
    let graph = Graph::load(&store, third).unwrap();
    assert_eq!(graph.versions().iter().map(|v| v.commit).collect::<Vec<_>>(), [first, second, third]);
    assert_eq!(graph.current().version, 3);
    assert_eq!(graph.repo(), graph.versions()[0].id);
    assert!(graph.knows(&bob, signer(3).public()) && !graph.is_root(&bob));
    let refused = propose_add_key(&store, &graph, &bob, signer(4).public(), &[&signer(3)]).unwrap_err();
    assert!(
        matches!(refused, TrustError::Propose { version: 4, source: GraphFault::Threshold { have: 0, need: 1 } }),
        "{refused}"
    );
    let refused = propose_add_key(&store, &graph, &alice, signer(3).public(), &[&signer(1)]).unwrap_err();
    assert!(matches!(refused, TrustError::KeyTaken { ref holder, .. } if *holder == bob), "{refused}");
    let weak = crate::id::PublicKey(std::array::from_fn(|i| u8::from(i == 0)));
    let refused = propose_add_key(&store, &graph, &alice, &weak, &[&signer(1)]).unwrap_err();
    assert!(matches!(refused, TrustError::WeakKey { .. }), "{refused}");
    let refused = propose_add_key(&store, &graph, &alice, signer(5).public(), &[]).unwrap_err();
    assert!(matches!(refused, TrustError::Propose { .. }), "{refused}");
}

#[test]
fn keys_are_never_forgotten() {
    let (_dir, store) = repository();
    let one = genesis_doc();
    let mut two = next(&one);
    two.actors.remove(&actor("service:gate"));
    let commits = chain(&store, &[files(&one, &[1, 3]), files(&two, &[1, 3])]);
    let graph = Graph::load(&store, commits[1]).unwrap();
    assert!(graph.keys_of(&actor("service:gate")).is_empty());
    assert!(graph.knows(&actor("service:gate"), signer(4).public()));
}

#[test]
fn must_name_the_commit_and_the_reason() {
    let (_dir, store) = repository();
    let (one, two) = (genesis_doc(), next(&genesis_doc()));
    let bad = chain(&store, &[files(&one, &[1, 3]), files(&two, &[1]), files(&next(&two), &[1, 3])]);
    let refused = Graph::load(&store, bad[2]).unwrap_err();
    let sentence = format!("the commit {} of the trust graph is refused: 1 of the roots signed, and 2 must", bad[1]);
    assert_eq!((refused.to_string(), refused.code()), (sentence, "TRUST_THRESHOLD"));
    let good = chain(&store, &[files(&one, &[1, 3]), files(&two, &[1, 3])]);
    // A merge, and the second version as if it were the first.
    let merge = commit(&store, &files(&next(&two), &[1, 3]), &[good[1], good[0]]);
    let refused = Graph::load(&store, merge).unwrap_err();
    assert!(
        matches!(refused, TrustError::Version { commit, source: GraphFault::Parents(2) } if commit == merge),
        "{refused}"
    );
    let orphan = commit(&store, &files(&two, &[1, 3]), &[]);
    let refused = Graph::load(&store, orphan).unwrap_err();
    assert!(
        matches!(refused, TrustError::Version { commit, source: GraphFault::Version { wanted: 1, found: 2 } } if commit == orphan),
        "{refused}"
    );
    // Something under grants/ that is no grant.
    let mut with_grant = files(&two, &[1, 3]);
    with_grant.push(("grants/01ARYZ6S41TSV4RRFFQ69G5FAV.json".into(), b"{}".to_vec()));
    let grant = commit(&store, &with_grant, &[good[1]]);
    let refused = Graph::load(&store, grant).unwrap_err();
    assert!(refused.to_string().contains("lacks its counterpart"), "{refused}");
    assert_eq!(refused.code(), "TRUST_INVALID");
}

/// A chain of a genesis and a grant that alice gave, and the files of the second commit.
fn granted(store: &Store) -> (Graph, Files) {
    let (graph, _) = genesis(store, &actor("user:alice"), &signer(1)).unwrap();
    let grant = Grant {
        repo: graph.repo(),
        ulid: store.ambient().ulid(),
        issuer: actor("user:alice"),
        subject: actor("user:bob"),
        caps: vec!["job:work".parse().unwrap()],
        exp: None,
    };
    let mut proposal = Proposal::statement(Said::Grant(grant));
    proposal.sign(&signer(1)).unwrap();
    let tip = proposal.write(store, Some(&graph)).unwrap();
    (Graph::load(store, tip).unwrap(), store.files(tip, 1 << 20).unwrap())
}

#[test]
fn grants_lie_in_the_tree_for_good() {
    let (_dir, store) = repository();
    let (graph, files) = granted(&store);
    let asked = "job:work".parse().unwrap();
    assert!(graph.holds(&actor("user:bob"), &asked, None));
    assert_eq!((files.len(), graph.commits().len(), graph.versions().len()), (4, 2, 1));
    // The next version takes them along.
    let third = propose_add_key(&store, &graph, &actor("user:bob"), signer(2).public(), &[&signer(1)]).unwrap();
    let later = judge_next(&store, &graph, third).unwrap();
    assert!(later.holds(&actor("user:bob"), &asked, None) && later.current().version == 2);
    assert_eq!(Graph::load(&store, third).unwrap().commits(), later.commits());
    assert_eq!(store.files(third, 1 << 20).unwrap().len(), 4);
    let refused = judge_next(&store, &later, third).unwrap_err();
    assert!(matches!(refused, TrustError::Version { source: GraphFault::NotNext { .. }, .. }), "{refused}");
    let refused = |change: &dyn Fn(&mut Files)| {
        let mut files = files.clone();
        change(&mut files);
        let next = commit(&store, &files, &[graph.tip()]);
        let loaded = Graph::load(&store, next).map(|_| ()).map_err(|e| e.to_string());
        assert_eq!(judge_next(&store, &graph, next).map(|_| ()).map_err(|e| e.to_string()), loaded);
        loaded.unwrap_err()
    };
    let said = refused(&|files| files.retain(|(path, _)| !path.starts_with("grants/")));
    assert!(said.contains("is gone: grants and revocations only grow"), "{said}");
    for end in [".sig.json", ".json"] {
        let said = refused(&|files| {
            let file = files.iter_mut().find(|(path, _)| path.starts_with("grants/") && path.ends_with(end));
            file.unwrap().1.push(b'\n');
        });
        assert!(said.contains("is not what it was in the commit before"), "{said}");
    }
    let said = refused(&|_| ());
    assert!(said.contains("it changes nothing"), "{said}");
    // A second grant with other signatures of the same version.
    let said = refused(&|files| {
        let more = granted(&store).1;
        files.extend(more.into_iter().filter(|(path, _)| path.starts_with("grants/")));
        let signatures = files.iter_mut().find(|(path, _)| path == "signatures.json").unwrap();
        signatures.1.push(b'\n');
    });
    assert!(said.contains("each goes in a commit of its own"), "{said}");
}

#[test]
fn must_refuse_what_is_not_a_commit_or_too_large() {
    let (_dir, store) = repository();
    let blob = store.write_blob(b"x").unwrap();
    assert!(matches!(Graph::load(&store, blob), Err(TrustError::Git(_))));
    assert!(matches!(Graph::load(&store, Oid([7; 20])), Err(TrustError::Git(_))));
    let mut large = files(&genesis_doc(), &[1, 3]);
    large.push(("grants/x".into(), vec![b'x'; 3 << 20]));
    let large = commit(&store, &large, &[]);
    let refused = Graph::load(&store, large).unwrap_err();
    assert!(
        matches!(&refused, TrustError::ReadVersion { commit, source } if *commit == large && matches!(**source, GitError::TooLarge { .. })),
        "{refused}"
    );
}

#[test]
fn must_refuse_every_flipped_byte_in_a_repository() {
    let (_dir, store) = repository();
    let (one, two) = (genesis_doc(), next(&genesis_doc()));
    let good = [files(&one, &[1, 3]), files(&two, &[2, 3]), files(&next(&two), &[1, 3])];
    let commits = chain(&store, &good);
    assert_eq!(Graph::load(&store, commits[2]).unwrap().versions().len(), 3);
    // Every byte is flipped in memory (`judge`); here every 41st goes the whole way through git.
    for n in 0..good.len() {
        for file in 0..2 {
            for at in (n..good[n][file].1.len()).step_by(41) {
                let mut wrong = good.clone();
                wrong[n][file].1[at] ^= 1;
                let commits = chain(&store, &wrong);
                let refused = Graph::load(&store, commits[2]).expect_err("a flipped byte is found");
                assert!(matches!(&refused, TrustError::Version { commit, .. } if *commit == commits[n]), "{refused}");
            }
        }
    }
    // A byte of a commit itself: refused, or another commit, which is not the tip that others remember.
    let raw = store.raw_commit(commits[2]).unwrap();
    for at in 0..raw.len() {
        let mut wrong = raw.clone();
        wrong[at] ^= 1;
        let Ok(tip) = store.write_commit_raw(&wrong) else { continue };
        match Graph::load(&store, tip) {
            Ok(graph) => assert_ne!(graph.tip(), commits[2], "byte {at}"),
            Err(refused) => assert!(!refused.to_string().is_empty()),
        }
    }
}

#[test]
fn must_leave_the_old_graph_whole_when_a_write_fails() {
    let (dir, store) = repository();
    let (graph, first) = genesis(&store, &actor("user:alice"), &signer(1)).unwrap();
    let mut failed = 0;
    for n in 1.. {
        let faulty = Store::open(dir.path(), &ambient(dir.path(), &format!("store:{n}:error"))).unwrap();
        let proposed = propose_add_key(&faulty, &graph, &actor("user:bob"), signer(2).public(), &[&signer(1)]);
        let Err(refused) = proposed else { break };
        failed = n;
        assert!(matches!(refused, TrustError::Git(_)), "{refused}");
        let versions: Vec<Version> = Graph::load(&store, first).unwrap().versions().to_vec();
        assert_eq!(versions, graph.versions());
    }
    assert_eq!(failed, 4, "two files, a tree, a commit");
}

#[test]
fn two_keys_of_an_actor_that_share_eight_digits_are_refused() {
    let (_dir, store) = repository();
    let (alice, bob) = (actor("user:alice"), actor("user:bob"));
    let (graph, _) = genesis(&store, &alice, &signer(1)).unwrap();
    let mut twin = *signer(1).public();
    // About every second string of 32 bytes is a point.
    while crate::trust::Verifier::new(&twin).is_none() || twin == *signer(1).public() {
        twin.0[20] = twin.0[20].wrapping_add(1);
    }
    let refused = propose_add_key(&store, &graph, &alice, &twin, &[&signer(1)]).unwrap_err();
    assert!(matches!(refused, TrustError::Propose { source: GraphFault::Prefix { .. }, .. }), "{refused}");
    // Another actor's journals have other names.
    propose_add_key(&store, &graph, &bob, &twin, &[&signer(1)]).unwrap();
}
