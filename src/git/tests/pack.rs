use super::support::{Scratch, journal, packed, plain};
use crate::git::{Expected, GitError, Store, commit_bytes, commit_id};
use crate::id::Oid;
use std::path::PathBuf;

/// A chain of commits that are not written yet.
pub(super) fn made(store: &Store, messages: impl IntoIterator<Item = String>) -> Vec<(Oid, Vec<u8>)> {
    let mut out: Vec<(Oid, Vec<u8>)> = Vec::new();
    for message in messages {
        let parents: Vec<Oid> = out.last().map(|(oid, _)| *oid).into_iter().collect();
        let raw = commit_bytes(&plain(store, &parents, &message));
        out.push((commit_id(&raw), raw));
    }
    out
}

/// A message that does not compress to nothing.
pub(super) fn noise(len: usize, seed: u64) -> String {
    let mut x = seed;
    let letter = |_| {
        x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'a' + (x >> 60) as u8)
    };
    (0..len).map(letter).collect::<String>() + "\n"
}

pub(super) fn pack_files(store: &Store) -> Vec<PathBuf> {
    let dir = store.common_dir().join("objects/pack");
    let mut files: Vec<_> = std::fs::read_dir(dir).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn git_accepts_a_pack() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let large = [1 << 20, 100, (3 << 20) + 1, 0, 15, 16, 2047, 2048].into_iter().enumerate();
    let messages: Vec<_> = large.map(|(n, len)| noise(len, n as u64)).collect();
    let commits = made(&store, messages.into_iter().chain((0..700).map(|n| noise(n, n as u64))));
    store.write_pack(&packed(&commits)).unwrap();
    let tip = commits.last().unwrap().0;
    store.update(&journal("alice"), Expected::Absent, tip).unwrap();

    let files = pack_files(&store);
    let endings: Vec<_> = files.iter().map(|file| file.extension().unwrap().to_str().unwrap()).collect();
    assert_eq!(endings, ["idx", "pack"]);
    assert!(files[0].file_stem() == files[1].file_stem());
    let shown = scratch.git(&["verify-pack", "-v", files[0].to_str().unwrap()]);
    assert_eq!(shown.lines().filter(|line| line.contains(" commit ")).count(), 708);
    assert_eq!(scratch.git(&["fsck", "--strict", "--full", "--no-dangling"]), "");
    scratch.git(&["index-pack", "--strict", "--verify", files[1].to_str().unwrap()]);
    let read: Vec<_> = store.chain(tip, None, 1 << 20).unwrap().map(Result::unwrap).collect();
    assert!(read == commits);
    // The pack's name is the hash it ends in.
    let pack = std::fs::read(&files[1]).unwrap();
    let name = format!("pack-{}", crate::canon::text::hex(&pack[pack.len() - 20..]));
    assert_eq!(files[1].file_stem().unwrap().to_str().unwrap(), name);
}

#[test]
fn a_pack_of_one_and_of_none() {
    let scratch = Scratch::new();
    let store = scratch.store();
    store.write_pack(&packed(&[])).unwrap();
    assert_eq!(pack_files(&store).len(), 0);
    let commits = made(&store, ["one\n".to_owned()]);
    store.write_pack(&packed(&commits)).unwrap();
    store.write_pack(&packed(&commits)).unwrap();
    assert_eq!(pack_files(&store).len(), 2);
    assert_eq!(store.raw_commit(commits[0].0).unwrap(), commits[0].1);
    scratch.git(&["fsck", "--strict"]);
}

#[test]
fn a_commit_that_stands_twice_is_refused() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let mut commits = made(&store, (0..5).map(|n| noise(n, 1)));
    commits.push(commits[2].clone());
    let error = store.write_pack(&packed(&commits)).unwrap_err();
    assert!(matches!(error, GitError::Damaged { oid, .. } if oid == commits[2].0));
    assert_eq!(pack_files(&store).len(), 0);
}

/// With the fault at every step in turn: either the whole pack is there or nothing of it, and git is content.
#[test]
fn a_fault_leaves_no_half_pack() {
    let scratch = Scratch::new();
    let sound = scratch.store();
    let commits = made(&sound, (0..300).map(|n| noise(600, n)));
    let tip = commits[299].0;
    let mut step = 0;
    loop {
        step += 1;
        let failing = Store::open(scratch.path(), &scratch.ambient.failing(&format!("store:{step}:error"))).unwrap();
        let written = failing.write_pack(&packed(&commits));
        let leftovers =
            pack_files(&sound).into_iter().filter(|f| f.file_name().unwrap().to_str().unwrap().starts_with("tmp_"));
        assert_eq!(leftovers.count(), 0);
        assert_eq!(scratch.git(&["fsck", "--strict", "--full", "--no-dangling"]), "");
        match written {
            Ok(()) => break,
            Err(error) => assert!(matches!(error, GitError::Fault(_)), "{error}"),
        }
        assert!(!scratch.reader().contains(tip), "step {step}");
    }
    assert_eq!(step, 5, "pack, index, two renames, then none is left");
    assert!(scratch.reader().contains(tip));
}

#[test]
fn every_write_can_be_made_to_fail() {
    let scratch = Scratch::new();
    let tip = super::support::chain(&scratch.store(), 1)[0];
    let store = || Store::open(scratch.path(), &scratch.ambient.failing("store:1:error")).unwrap();
    let raw = commit_bytes(&plain(&scratch.store(), &[], "x\n"));
    let failed = [
        store().write_blob(b"x").err(),
        store().write_tree(&[("a", "b")]).err(),
        store().write_commit_raw(&raw).err(),
        store().update(&journal("alice"), Expected::Absent, tip).err(),
        store().put_config("a.b", "c").err(),
        store().write_pack(&packed(&[(commit_id(&raw), raw.clone())])).err(),
    ];
    for error in failed {
        assert!(matches!(error, Some(GitError::Fault(_))), "{error:?}");
    }
    assert_eq!(scratch.reader().resolve(&journal("alice")).unwrap(), None);
}

#[test]
fn many_packs_become_few() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let commits = made(&store, (0..51).map(|n| noise(300, n)));
    for commit in &commits[..50] {
        store.write_pack(&packed(std::slice::from_ref(commit))).unwrap();
    }
    store.tidy_packs().unwrap();
    assert_eq!(pack_files(&store).len(), 100);
    store.write_pack(&packed(&commits[50..])).unwrap();
    let reader = scratch.reader();
    assert!(reader.contains(commits[0].0));
    store.tidy_packs().unwrap();
    assert!(pack_files(&store).len() <= 4, "{:?}", pack_files(&store));
    // No ref names them, and all are still there, for a repository that was opened before too.
    for reader in [&reader, &scratch.reader(), store.reader()] {
        for (oid, raw) in &commits {
            assert_eq!(&reader.raw_commit(*oid).unwrap(), raw);
        }
    }
}
