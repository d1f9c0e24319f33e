//! Recorded refusals: `verify` reads every entry of their chains.

use super::{fails, names, passes, ready, text};
use crate::harness::{Repo, World};
use serde_json::Value;

/// A repository in whose name mallory was refused so many times; the entries, oldest first, and the ref that holds them.
fn refused<'w>(world: &'w World, name: &str, person: &str, count: usize) -> (Repo<'w>, String, Vec<String>) {
    let repo = ready(world, name);
    let mallory = repo.as_person(person);
    let key = text(&mallory.gatos(["key", "new", "--json"]).ok().json(), "key");
    repo.git(["config", "gatos.key", &key]).ok();
    let deny = |_| text(&mallory.gatos(["emit", "add", "{\"n\":1}", "--json"]).code(1).json(), "audit");
    let entries = (0..count).map(deny).collect();
    let shown = repo.git(["for-each-ref", "--format=%(refname)", "refs/gatos/audit/policy"]).ok().stdout();
    assert_eq!(shown.lines().count(), 1, "{shown}");
    (repo, shown, entries)
}

/// Writes a commit like `commit` with other bytes.
fn rewrite(repo: &Repo<'_>, commit: &str, change: impl Fn(String) -> String) -> String {
    let raw = repo.git(["cat-file", "commit", commit]).ok().stdout() + "\n";
    let changed = change(raw.clone());
    assert_ne!(raw, changed, "nothing was changed");
    repo.write("raw", changed);
    repo.git(["hash-object", "-t", "commit", "-w", "raw"]).ok().stdout()
}

/// A commit like `commit` with another tree.
fn with_files(repo: &Repo<'_>, commit: &str, files: &[(&str, &str)]) -> String {
    repo.git(["read-tree", "--empty"]).ok();
    for (name, content) in files {
        repo.write(name, content);
        let blob = repo.git(["hash-object", "-w", name]).ok().stdout();
        repo.git(["update-index", "--add", "--cacheinfo", &format!("100644,{blob},{name}")]).ok();
    }
    let tree = repo.git(["write-tree"]).ok().stdout();
    let old = repo.git(["rev-parse", &format!("{commit}^{{tree}}")]).ok().stdout();
    rewrite(repo, commit, |raw| raw.replace(&old, &tree))
}

fn content(repo: &Repo<'_>, commit: &str, file: &str) -> String {
    String::from_utf8(repo.git(["cat-file", "blob", &format!("{commit}:{file}")]).ok().bytes()).expect("UTF-8")
}

/// Puts bytes that are no object where a loose one lies.
fn damage(repo: &Repo<'_>, object: &str) {
    let path = repo.path().join(".git/objects").join(&object[..2]).join(&object[2..]);
    std::fs::remove_file(&path).expect("it is loose");
    std::fs::write(&path, "damaged").expect("it can be written");
}

#[test]
fn must_pass_with_recorded_refusals_and_count_them() {
    let world = World::new();
    let (repo, _, entries) = refused(&world, "a", "mallory", 3);
    let report = passes(&repo);
    assert_eq!((&report["refusals"], entries.len()), (&Value::from(3), 3));
    repo.gatos(["verify"]).ok().says(" audit.unknown: ").says(", 3 recorded refusals; ");
}

#[test]
fn must_name_a_refusal_that_cannot_be_read() {
    let world = World::new();
    let (repo, _, entries) = refused(&world, "a", "mallory", 3);
    let blob = repo.git(["rev-parse", &format!("{}:decision.json", entries[1])]).ok().stdout();
    let copy = repo.copy("blob");
    damage(&copy, &blob);
    assert!(names(&fails(&copy), "audit.unreadable", &entries[1]));
    let copy = repo.copy("commit");
    damage(&copy, &entries[0]);
    assert!(names(&fails(&copy), "audit.unreadable", &entries[0]));
}

#[test]
fn must_name_a_refusal_whose_signature_or_words_were_changed() {
    let world = World::new();
    let (repo, name, entries) = refused(&world, "a", "mallory", 2);
    let (other, _, others) = refused(&world, "b", "bob", 1);
    let tip = &entries[1];
    let (decision, signatures) = (content(&repo, tip, "decision.json"), content(&repo, tip, "signatures.json"));
    let foreign = content(&other, &others[0], "signatures.json");
    let lie = decision.replace("deny", "error");
    let sig = signatures.find("\"sig\":\"").expect("a signature") + 7;
    let mut flipped = signatures.clone();
    flipped.replace_range(sig..=sig, if &signatures[sig..=sig] == "A" { "B" } else { "A" });
    for (code, files) in [
        ("audit.signature", vec![("decision.json", &decision[..]), ("signatures.json", &foreign)]),
        ("audit.signature", vec![("decision.json", &decision), ("signatures.json", &flipped)]),
        ("audit.signature", vec![("decision.json", &decision)]),
        ("audit.signature", vec![("decision.json", &decision), ("signatures.json", "[]")]),
        ("audit.signature", vec![("decision.json", &lie), ("signatures.json", &signatures)]),
        ("audit.form", vec![("signatures.json", &signatures)]),
        ("audit.form", vec![("decision.json", &decision), ("more", "x"), ("signatures.json", &signatures)]),
    ] {
        let forged = with_files(&repo, tip, &files);
        repo.git(["update-ref", &name, &forged]).ok();
        assert!(names(&fails(&repo), code, &forged), "{code}: {files:?}");
    }
    repo.git(["update-ref", &name, tip]).ok();
    passes(&repo);
}

#[test]
fn must_name_a_refusal_that_stands_in_a_wrong_place() {
    let world = World::new();
    let (repo, name, entries) = refused(&world, "a", "mallory", 2);
    let (other, theirs, others) = refused(&world, "b", "mallory2", 1);
    let tip = &entries[1];
    let parent = format!("parent {}\n", entries[0]);
    let forged = |repo: &Repo<'_>, name: &str, code: &str, commit: &str| {
        repo.git(["update-ref", name, commit]).ok();
        assert!(names(&fails(repo), code, commit), "{code}");
    };
    forged(&repo, &name, "audit.chain", &rewrite(&repo, tip, |raw| raw.replace(&parent, &parent.repeat(2))));
    forged(&repo, &name, "audit.bytes", &rewrite(&repo, tip, |raw| raw.replace("Rule: emit", "Rule: else")));
    repo.git(["update-ref", &name, tip]).ok();
    // The chain of another repository, under the name of the writer who signed it.
    repo.git(["fetch", "-q", other.path().to_str().expect("UTF-8"), &format!("{theirs}:{theirs}")]).ok();
    assert!(names(&fails(&repo), "audit.repo", &others[0]));
}
