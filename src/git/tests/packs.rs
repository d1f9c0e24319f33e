use super::pack::{made, noise, pack_files};
use super::support::{Scratch, packed};
use crate::git::packs::Packs;
use crate::git::{Reader, Store};
use crate::id::Oid;

const LIMIT: u64 = 1 << 20;

/// A chain long enough that the packs are read directly: three packs and a loose end.
fn long(store: &Store) -> Vec<(Oid, Vec<u8>)> {
    let commits = made(store, (0..1200).map(|n| format!("the same words in every message, {n}\n{}", noise(n % 90, 3))));
    for part in commits[..1150].chunks(400) {
        store.write_pack(&packed(part)).unwrap();
    }
    for (_, raw) in &commits[1150..] {
        store.write_commit_raw(raw).unwrap();
    }
    commits
}

fn check(reader: &Reader, commits: &[(Oid, Vec<u8>)]) {
    let tip = commits.last().unwrap().0;
    for keep in [0, 50_000, usize::MAX] {
        let read: Vec<_> = reader.chain(tip, None, keep).unwrap().map(Result::unwrap).collect();
        assert!(read == commits, "keep {keep}");
    }
    let after = commits[500].0;
    let read: Vec<_> = reader.chain(tip, Some(after), 0).unwrap().map(Result::unwrap).collect();
    assert!(read == commits[501..]);
}

#[test]
fn a_long_chain_over_several_packs() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let commits = long(&store);
    check(&store, &commits);
    let listed = scratch.git(&["rev-list", "--first-parent", "--reverse", &commits.last().unwrap().0.to_string()]);
    let listed: Vec<Oid> = listed.lines().map(|line| line.parse().unwrap()).collect();
    assert!(listed.iter().eq(commits.iter().map(|(oid, _)| oid)));
}

#[test]
fn deltas_are_left_to_libgit2() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let commits = long(&store);
    scratch.git(&["update-ref", "refs/heads/main", &commits.last().unwrap().0.to_string()]);
    scratch.git(&["repack", "-a", "-d", "-f", "-q", "--window=20", "--depth=20"]);
    let index = pack_files(&store).into_iter().find(|file| file.extension().is_some_and(|e| e == "idx")).unwrap();
    let shown = scratch.git(&["verify-pack", "-v", index.to_str().unwrap()]);
    assert!(shown.contains("chain length = 2"), "the test needs deltas");
    check(&scratch.reader(), &commits);
    check(&store, &commits);
}

#[test]
fn only_whole_commits_are_served() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let commits = made(&store, [noise(10, 1), noise(5000, 2)]);
    store.write_pack(&packed(&commits)).unwrap();
    let dir = store.common_dir().join("objects/pack");
    std::fs::write(dir.join("pack-1.idx"), "no index").unwrap();
    std::fs::write(dir.join("pack-1.pack"), "no pack").unwrap();
    let mut packs = Packs::load(&[&dir]);
    let mut raw = vec![1, 2, 3];
    for (oid, wanted) in &commits {
        assert!(packs.read(*oid, LIMIT, &mut raw));
        assert_eq!(&raw, wanted);
    }
    assert!(!packs.read(commits[1].0, 4000, &mut raw));
    assert!(!packs.read(Oid([0; 20]), LIMIT, &mut raw));
    assert!(!packs.read(Oid([0xff; 20]), LIMIT, &mut raw));

    let blob = store.write_blob(b"x").unwrap();
    scratch.git(&["tag", "x", &blob.to_string()]);
    scratch.git(&["repack", "-a", "-d", "-q"]);
    let mut packs = Packs::load(&[&dir]);
    assert!(!packs.read(blob, LIMIT, &mut raw));
    assert!(!Packs::load(&[dir.join("nothing")]).read(blob, LIMIT, &mut raw));
}

/// Wherever a byte of a pack is flipped: the chain is read as it was, or an error names a commit.
#[test]
fn a_flipped_byte_is_an_error() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let commits = made(&store, (0..400).map(|n| noise(60, n)));
    store.write_pack(&packed(&commits)).unwrap();
    let pack = pack_files(&store).into_iter().find(|file| file.extension().is_some_and(|e| e == "pack")).unwrap();
    let sound = std::fs::read(&pack).unwrap();
    let mut refused = 0;
    for at in (12..sound.len() - 20).step_by(sound.len() / 40) {
        let mut bytes = sound.clone();
        bytes[at] ^= 0x20;
        std::fs::remove_file(&pack).unwrap();
        std::fs::write(&pack, bytes).unwrap();
        let reader = scratch.reader();
        let read: Result<Vec<_>, _> = reader.chain(commits[399].0, None, usize::MAX).and_then(Iterator::collect);
        match read {
            Ok(read) => assert!(read == commits, "byte {at}"),
            Err(error) => {
                assert!(
                    matches!(error.code(), "OBJECT_READ" | "OBJECT_TYPE" | "OBJECT_DAMAGED" | "OBJECT_MISSING"),
                    "{error}"
                );
                refused += 1;
            }
        }
    }
    assert!(refused > 30, "{refused}");
}
