use super::support::{Scratch, chain, journal, plain, writer};
use crate::git::{Expected, GitError, Lost, NewCommit, Plane, RefName, Scope};
use crate::id::{Ns, Oid};

#[test]
fn files_of_a_commit() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let files: [(&str, &[u8]); 4] = [("b/c/d", b"3"), ("a", b"1"), ("b.x", b""), ("b/c/e.json", b"{}")];
    let tree = store.write_tree(&files).unwrap();
    let commit = store.commit(&NewCommit { tree, ..plain(&store, &[], "m\n") }).unwrap();
    let mut wanted: Vec<_> = files.iter().map(|(p, b)| ((*p).to_owned(), b.to_vec())).collect();
    wanted.sort();
    assert_eq!(store.files(commit, 4).unwrap(), wanted);
    assert!(matches!(store.files(commit, 3), Err(GitError::TooLarge { .. })));
    assert_eq!(store.file(commit, "b/c/d", 1).unwrap(), Some(b"3".to_vec()));
    for absent in ["b/c/x", "x", "a/b", "b/c/d/e", "", "/a"] {
        assert_eq!(store.file(commit, absent, 1).unwrap(), None, "{absent}");
    }
    assert!(matches!(store.file(commit, "b/c", 9), Err(GitError::NotRegular { mode: 0o40_000, .. })));
    assert_eq!(scratch.git(&["cat-file", "-p", &format!("{commit}:b/c/e.json")]), "{}");
    scratch.git(&["fsck", "--strict"]);
}

#[test]
fn paths_git_refuses_are_refused() {
    let scratch = Scratch::new();
    let store = scratch.store();
    for files in [&["a", "a"][..], &["a", "a/b"], &["a/b", "a"], &[""], &["a//b"], &["../a"], &[".GIT/x"], &["a\0b"]] {
        let files: Vec<_> = files.iter().map(|path| (*path, b"x")).collect();
        assert!(matches!(store.write_tree(&files), Err(GitError::Path { .. })), "{files:?}");
    }
}

#[test]
fn trees_with_links_are_not_files() {
    let scratch = Scratch::new();
    std::fs::write(scratch.path().join("a"), "x").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("a", scratch.path().join("link")).unwrap();
    scratch.git(&["add", "."]);
    scratch.git(&["-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "one"]);
    let reader = scratch.reader();
    let head = reader.resolve_text("HEAD").unwrap().unwrap();
    let refused = reader.files(head, 100);
    assert!(matches!(refused, Err(GitError::NotRegular { path, mode: 0o120_000, .. }) if path == "link"));
    let names: Vec<_> = reader.tree(reader.commit(head).unwrap().tree).unwrap().into_iter().map(|e| e.name).collect();
    assert_eq!(names, ["a", "link"]);
}

#[test]
fn kinds_and_absences_are_told_apart() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let blob = store.write_blob(b"12345").unwrap();
    assert!(matches!(store.raw_commit(blob), Err(GitError::Kind { found: "blob", .. })));
    assert!(matches!(store.raw_commit(Oid([9; 20])), Err(GitError::Missing { .. })));
    assert!(matches!(store.blob(blob, 4), Err(GitError::TooLarge { size: 5, limit: 4, .. })));
    assert_eq!(store.blob(blob, 5).unwrap(), b"12345");
    assert!(store.contains(blob));
    assert!(!store.contains(Oid([9; 20])));
}

#[test]
fn an_object_under_another_name_is_damage() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let (one, two) = (store.write_blob(b"one").unwrap(), store.write_blob(b"two").unwrap());
    std::fs::remove_file(scratch.object_path(one)).unwrap();
    std::fs::copy(scratch.object_path(two), scratch.object_path(one)).unwrap();
    assert!(matches!(scratch.reader().blob(one, 99), Err(GitError::Damaged { oid, .. }) if oid == one));
}

#[test]
fn refs_are_listed_by_scope_in_order() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let tip = chain(&store, 1)[0];
    let ns: Ns = "shop".parse().unwrap();
    let own = [
        RefName::own(Plane::PolicyActive),
        RefName::own(Plane::TrustGraph),
        RefName::own(Plane::State { ns: ns.clone() }),
        RefName::own(Plane::Journal { ns: ns.clone(), writer: writer("bob") }),
        journal("bob"),
        journal("alice"),
    ];
    let fetched = RefName::tracking("origin".parse().unwrap(), journal("carol").plane);
    for name in own.iter().chain([&fetched]) {
        store.update(name, Expected::Absent, tip).unwrap();
    }
    let names = |scope: &Scope| store.refs(scope).unwrap().into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    let check = || {
        assert_eq!(names(&Scope::Journals(Some(Ns::main()))), [fetched.clone(), journal("alice"), journal("bob")]);
        assert_eq!(names(&Scope::Journals(None)).len(), 4);
        assert_eq!(names(&Scope::Tracking), std::slice::from_ref(&fetched));
        assert_eq!(names(&Scope::Trust), [RefName::own(Plane::TrustGraph)]);
        assert_eq!(names(&Scope::Policies), [RefName::own(Plane::PolicyActive)]);
        assert_eq!(names(&Scope::States), [RefName::own(Plane::State { ns: ns.clone() })]);
        assert_eq!(names(&Scope::Audits), []);
        let mut all: Vec<_> = own.iter().map(RefName::to_string).collect();
        all.sort();
        assert_eq!(names(&Scope::Own).iter().map(RefName::to_string).collect::<Vec<_>>(), all);
    };
    check();
    scratch.git(&["pack-refs", "--all"]);
    check();
}

#[test]
fn strangers_are_named_and_not_listed() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let tip = chain(&store, 1)[0].to_string();
    store.update(&journal("alice"), Expected::Absent, tip.parse().unwrap()).unwrap();
    let good = journal("alice").to_string();
    let lost = Lost { ns: Ns::main(), writer: writer("alice") }.to_string();
    let strange = [
        good.replace("/user.", "/User."),
        good.replace("journal", "journals"),
        good.to_uppercase().replace("REFS", "refs"),
    ];
    for name in strange.iter().chain([&lost]) {
        scratch.git(&["update-ref", name, &tip]);
    }
    let mut wanted = strange.to_vec();
    wanted.sort();
    assert_eq!(store.strangers().unwrap(), wanted);
    assert_eq!(store.refs(&Scope::Own).unwrap().len(), 1);
}

#[test]
fn a_symbolic_ref_of_ours_is_an_error() {
    let scratch = Scratch::new();
    let name = journal("alice").to_string();
    scratch.git(&["symbolic-ref", &name, "refs/heads/main"]);
    let reader = scratch.reader();
    assert!(matches!(reader.resolve(&journal("alice")), Err(GitError::SymbolicRef { name: n }) if n == name));
}

#[test]
fn what_people_type_is_resolved() {
    let scratch = Scratch::new();
    let store = scratch.store();
    assert_eq!(store.resolve_text("HEAD").unwrap(), None);
    let ids = chain(&store, 2);
    scratch.git(&["update-ref", "HEAD", &ids[1].to_string()]);
    scratch.git(&["-c", "user.name=a", "-c", "user.email=a@b", "tag", "-a", "-m", "t", "v1", &ids[0].to_string()]);
    for (text, wanted) in [
        ("HEAD", Some(ids[1])),
        ("HEAD~1", Some(ids[0])),
        ("v1", Some(ids[0])),
        (&ids[0].hex()[..10], Some(ids[0])),
        (&ids[0].hex(), Some(ids[0])),
        ("nothing", None),
        ("a..b", None),
        ("", None),
    ] {
        assert_eq!(store.resolve_text(text).unwrap(), wanted, "{text:?}");
    }
}

#[test]
fn a_listing_starts_again_when_refs_were_packed_under_it() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let tip = chain(&store, 1)[0];
    store.update(&journal("alice"), Expected::Absent, tip).unwrap();
    let mut rounds = 0;
    let listed = store.steadily(|| {
        rounds += 1;
        if rounds == 1 {
            scratch.git(&["pack-refs", "--all"]);
        }
        Ok(rounds)
    });
    assert_eq!(listed.unwrap(), 2);
}

/// libgit2 would inflate such a file for ever.
#[test]
fn a_loose_object_that_was_cut_short_is_damaged() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let blob = scratch.git(&["hash-object", "-w", "--stdin"]);
    let oid: Oid = blob.parse().unwrap();
    assert_eq!(store.blob(oid, 0).unwrap(), b"");
    let commit = store.commit(&plain(&store, &[], "a message that is not short: not short\n")).unwrap();
    let hex = commit.to_string();
    let path = store.common_dir().join("objects").join(&hex[..2]).join(&hex[2..]);
    let whole = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    for len in 0..whole.len() {
        std::fs::write(&path, &whole[..len]).unwrap();
        assert!(matches!(store.raw_commit(commit), Err(GitError::Damaged { .. })), "{len} of {} bytes", whole.len());
    }
    std::fs::write(&path, &whole).unwrap();
    store.raw_commit(commit).unwrap();
}
