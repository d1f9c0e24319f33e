//! Nothing of a journal, a bundle, a checkpoint or the trust graph can be changed unnoticed: fifty flips and more.

use super::forge::{Forge, head_len, spread};
use super::{emit, fails, forget, journal, names, passes, ready, resolve, sound, text};
use crate::harness::World;
use gatos::canon::{cbor, json};
use gatos::trust::Signer;
use serde_json::{Value, json};
use std::fs;

const TRUST: &str = "refs/gatos/trust/graph";
const POLICY: &str = "refs/gatos/policies/active";
const STATE: &str = "refs/gatos/state/main";

/// Single appends, one of several events, two checkpoints, two versions of the trust graph. Nobody remembers a tip, so
/// that each change has to be found by itself.
fn furnished(world: &World) -> Forge<'_> {
    let repo = ready(world, "furnished");
    for n in 0..4 {
        emit(&repo, &json!({"n": n, "text": "the same bytes twice: the same bytes twice"}).to_string());
    }
    repo.gatos(["state", "checkpoint"]).ok();
    let lines: String = (0..5).map(|n| json!({"type": "add", "payload": {"n": n}}).to_string() + "\n").collect();
    repo.command(["emit", "--jsonl", "-"]).stdin(lines).run().ok();
    emit(&repo, r#"{"n":1}"#);
    let other = Signer::from_seed(&[7; 32]).public().to_string();
    repo.gatos(["trust", "add-key", "user:bob", &other]).ok();
    repo.gatos(["state", "checkpoint"]).ok();
    forget(world, "alice");
    Forge { world, repo }
}

/// `verify` names a commit; which of the codes does not matter.
#[track_caller]
fn assert_named(failures: &[Value], commit: &str, what: &str) {
    assert!(failures.iter().any(|f| f["commit"] == commit), "{what}: {commit} is not named in {failures:#?}");
}

fn flip(bytes: &mut [u8], at: usize, n: usize) {
    bytes[at] ^= [0x01, 0x20, 0x80][n % 3];
}

fn raws(chain: &[(String, Vec<u8>)]) -> Vec<Vec<u8>> {
    chain.iter().map(|(_, raw)| raw.clone()).collect()
}

#[test]
fn must_find_every_flip_in_a_journal() {
    let world = World::new();
    let forge = furnished(&world);
    let (name, tip) = journal(&forge.repo, "main");
    let chain = forge.chain(&tip);
    let raws = raws(&chain);
    for n in 0..20 {
        let place = n % chain.len();
        let ids = forge.rechain(&raws, |at, raw| {
            if at == place {
                let (head, len) = (head_len(raw), raw.len());
                flip(raw, head + spread(n, len - head), n);
            }
        });
        let found = forge.meanwhile(&name, ids.last().expect("a chain"), || fails(&forge.repo));
        assert_named(&found, &ids[place], &format!("flip {n} in append {place}"));
    }
    passes(&forge.repo);
}

#[test]
fn must_find_swapped_bytes_foreign_signatures_and_lost_or_moved_appends() {
    let world = World::new();
    let forge = furnished(&world);
    let (name, tip) = journal(&forge.repo, "main");
    let chain = forge.chain(&tip);
    let raws = raws(&chain);
    let check = |ids: &[String], commit: &str, code: &str, what: &str| {
        let found = forge.meanwhile(&name, ids.last().expect("a chain"), || {
            sound(&forge.repo);
            fails(&forge.repo)
        });
        match code {
            "" => assert_named(&found, commit, what),
            code => assert!(names(&found, code, commit), "{what}: no {code} at {commit} in {found:#?}"),
        }
    };
    let as_they_are = forge.rechain(&raws, |_, _| ());
    assert_eq!(as_they_are.last(), Some(&tip), "the forge writes what it reads");

    for n in 0..6 {
        let place = n % chain.len();
        let ids = forge.rechain(&raws, |at, raw| {
            if at == place {
                // Behind the second blank line: what is signed, and the signature.
                let begin = raw.len() / 2 + n * 7;
                let other = (begin + 1..raw.len()).find(|i| raw[*i] != raw[begin]).expect("two bytes differ");
                raw.swap(begin, other);
            }
        });
        check(&ids, &ids[place], "", &format!("swap {n}"));
    }

    let ids = forge.rechain(&raws, |at, raw| {
        if at == 1 {
            *raw = signed_by_another(raw);
        }
    });
    check(&ids, &ids[1], "sig.bad", "a foreign signature");

    for lost in 0..raws.len() - 1 {
        let mut rest = raws.clone();
        rest.remove(lost);
        let ids = forge.rechain(&rest, |_, _| ());
        check(&ids, &ids[lost], "event.chain", &format!("append {lost} is left out"));
    }
    let mut moved = raws.clone();
    moved.swap(1, 2);
    let ids = forge.rechain(&moved, |_, _| ());
    check(&ids, &ids[1], "event.chain", "two appends changed places");
    let mut doubled = raws.clone();
    doubled.insert(2, raws[1].clone());
    let ids = forge.rechain(&doubled, |_, _| ());
    check(&ids, &ids[2], "event.chain", "an append stands there twice");

    // A journal shown as that of another namespace.
    let other = name.replace("/main/", "/other/");
    forge.repo.git(["update-ref", &other, &tip]).ok();
    let found = fails(&forge.repo);
    assert!(names(&found, "event.bound", &chain[0].0), "{found:#?}");
    forge.repo.git(["update-ref", "-d", &other]).ok();
    passes(&forge.repo);
}

/// The append of one event, signed with a key that is not its writer's.
fn signed_by_another(raw: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(raw).expect("an append is UTF-8");
    let envelope = text.lines().find(|line| line.starts_with("{\"actor\"")).expect("an envelope");
    let envelope = json::parse(envelope.as_bytes()).expect("canonical JSON");
    let covered = cbor::to_vec(&envelope).expect("an event has bytes");
    let sig = Signer::from_seed(&[7; 32]).sign(&covered).expect("a key in memory signs");
    let (before, _) = text.rsplit_once("Sig: ").expect("a signature");
    format!("{before}Sig: {sig}\n").into_bytes()
}

/// Flips a byte of every file in every commit of a chain, `rounds` times at other places, with right ids all around.
fn files_of(forge: &Forge<'_>, name: &str, rounds: usize) -> usize {
    let chain = forge.chain(&resolve(&forge.repo, name));
    let raws = raws(&chain);
    let mut count = 0;
    for (place, (commit, _)) in chain.iter().enumerate() {
        for (path, blob) in forge.files(commit) {
            let content = forge.blob(&blob);
            for _ in 0..rounds {
                let mut bytes = content.clone();
                flip(&mut bytes, spread(count + 1, content.len()), count);
                count += 1;
                let mut forged = raws.clone();
                forged[place] = forge.with_file(commit, &path, &bytes);
                let ids = forge.rechain(&forged, |_, _| ());
                let found = forge.meanwhile(name, ids.last().expect("a chain"), || fails(&forge.repo));
                assert_named(&found, &ids[place], &format!("flip {count} in {path} of commit {place} of {name}"));
            }
        }
    }
    count
}

#[test]
fn must_find_every_flip_in_bundle_checkpoint_and_trust() {
    let world = World::new();
    let forge = furnished(&world);
    assert_eq!(files_of(&forge, POLICY, 2), 8);
    assert_eq!(files_of(&forge, STATE, 1), 8);
    assert_eq!(files_of(&forge, TRUST, 2), 8);

    // What the commit of a checkpoint says of itself.
    let chain = forge.chain(&resolve(&forge.repo, STATE));
    for n in 0..4 {
        let ids = forge.rechain(&raws(&chain), |at, raw| {
            if at == 1 {
                let (head, len) = (head_len(raw), raw.len());
                flip(raw, head + spread(n + 1, len - head), n);
            }
        });
        let found = forge.meanwhile(STATE, ids.last().expect("a chain"), || fails(&forge.repo));
        assert_named(&found, &ids[1], &format!("flip {n} in the commit of a checkpoint"));
    }
    // A bundle under another commit is not the one that the events name.
    let active = resolve(&forge.repo, POLICY);
    let mut raw = forge.raw(&active);
    let last = raw.len() - 2;
    flip(&mut raw, last, 0);
    let id = forge.write("commit", &raw);
    let found = forge.meanwhile(POLICY, &id, || fails(&forge.repo));
    assert_named(&found, &id, "a flip in the commit of the bundle");
    // The trust graph's commits are for people, but this clone remembers which it has seen.
    let mut raw = forge.raw(TRUST);
    let at = head_len(&raw) + 7;
    flip(&mut raw, at, 0);
    let id = forge.write("commit", &raw);
    let found = forge.meanwhile(TRUST, &id, || fails(&forge.repo));
    assert!(names(&found, "TRUST_ROLLBACK", &id), "{found:#?}");
    passes(&forge.repo);
}

/// Objects that lie loose, with the commit that `verify` must name when they cannot be read.
fn loose_objects(forge: &Forge<'_>) -> Vec<(String, String)> {
    let (_, tip) = journal(&forge.repo, "main");
    let tips = [tip, resolve(&forge.repo, POLICY), resolve(&forge.repo, STATE), resolve(&forge.repo, TRUST)];
    let mut objects = Vec::new();
    for tip in &tips {
        for (commit, _) in forge.chain(tip) {
            objects.push((commit.clone(), commit.clone()));
            let tree = resolve(&forge.repo, &format!("{commit}^{{tree}}"));
            let mut below: Vec<String> = forge.files(&commit).into_iter().map(|(_, blob)| blob).collect();
            if !below.is_empty() {
                below.push(tree);
            }
            objects.extend(below.into_iter().map(|object| (object, commit.clone())));
        }
    }
    // What two commits share is named with one of them.
    let shared = |object: &str| objects.iter().filter(|(o, _)| o == object).count() > 1;
    objects.iter().filter(|(o, _)| !shared(o) && forge.loose(o).exists()).cloned().collect()
}

#[test]
fn must_find_damage_on_the_disk() {
    let world = World::new();
    let forge = furnished(&world);
    let objects = loose_objects(&forge);
    assert!(objects.len() >= 20, "{} objects lie loose", objects.len());
    for (n, (object, commit)) in objects.iter().enumerate() {
        let path = forge.loose(object);
        let bytes = fs::read(&path).expect("a loose object");
        let mut damaged = bytes.clone();
        flip(&mut damaged, spread(n, bytes.len()), n);
        replace(&path, &damaged);
        let found = fails(&forge.repo);
        assert_named(&found, commit, &format!("damage {n} in {object}"));
        replace(&path, &bytes);
    }
    // An object that is gone.
    let (_, tip) = journal(&forge.repo, "main");
    let gone = forge.chain(&tip)[1].0.clone();
    let bytes = fs::read(forge.loose(&gone)).expect("a loose object");
    fs::remove_file(forge.loose(&gone)).expect("it can go");
    assert_named(&fails(&forge.repo), &gone, "a missing append");
    replace(&forge.loose(&gone), &bytes);
    passes(&forge.repo);
}

#[test]
fn must_find_damage_in_a_pack() {
    let world = World::new();
    let forge = furnished(&world);
    // Without deltas, so that damage to one commit is damage to no other.
    forge.repo.git(["repack", "-q", "-a", "-d", "-f", "--depth=0"]).ok();
    let dir = forge.repo.path().join(".git/objects/pack");
    let pack = fs::read_dir(&dir).expect("packs").map(|e| e.expect("an entry").path());
    let pack = pack.into_iter().find(|path| path.extension().is_some_and(|e| e == "pack")).expect("a pack");
    let bytes = fs::read(&pack).expect("a pack can be read");
    let listed = forge.repo.git(["verify-pack", "-v", pack.to_str().expect("UTF-8")]).ok().stdout();
    let (_, tip) = journal(&forge.repo, "main");
    for (n, (commit, _)) in forge.chain(&tip).into_iter().enumerate() {
        let line = listed.lines().find(|line| line.starts_with(&commit)).expect("it lies in the pack");
        let numbers: Vec<usize> = line.split(' ').filter_map(|word| word.parse().ok()).collect();
        let [_, packed, offset, ..] = numbers[..] else { panic!("{line}") };
        let mut damaged = bytes.clone();
        flip(&mut damaged, offset + 2 + spread(n + 1, packed - 2), n);
        replace(&pack, &damaged);
        assert_named(&fails(&forge.repo), &commit, &format!("damage in append {n}"));
    }
    replace(&pack, &bytes);
    assert_eq!(text(&passes(&forge.repo), "repo").len(), "blake3:".len() + 64);
}

/// Git's files are read-only, so the new one takes the place of the old.
fn replace(path: &std::path::Path, bytes: &[u8]) {
    if path.exists() {
        fs::remove_file(path).expect("it can go");
    }
    fs::write(path, bytes).expect("it can be written");
}
