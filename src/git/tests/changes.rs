use super::support::Scratch;
use crate::git::{ChangeKind, Changes, GitError};
use crate::id::Oid;
use std::io::Write as _;
use std::process::Stdio;

const MANY: u64 = 1_000;

/// Writes an object as it is, well formed or not.
fn write(scratch: &Scratch, kind: &str, bytes: &[u8]) -> Oid {
    let mut command = scratch.command(&["hash-object", "-t", kind, "-w", "--literally", "--stdin"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(bytes).unwrap();
    let out = child.wait_with_output().unwrap();
    Oid::from_hex(std::str::from_utf8(&out.stdout).unwrap().trim_end()).unwrap()
}

fn tree(scratch: &Scratch, entries: &[(&str, &str, Oid)]) -> Oid {
    let mut bytes = Vec::new();
    for (mode, name, oid) in entries {
        bytes.extend_from_slice(format!("{mode} {name}\0").as_bytes());
        bytes.extend_from_slice(oid.as_bytes());
    }
    write(scratch, "tree", &bytes)
}

fn commit(scratch: &Scratch, tree: Oid) -> Oid {
    let who = "a <a@example.org> 1795251600 +0000";
    write(scratch, "commit", format!("tree {tree}\nauthor {who}\ncommitter {who}\n\nx\n").as_bytes())
}

/// A tree of `width` names in each of `levels` directories above `leaf`, all of them one object a level.
fn bomb(scratch: &Scratch, leaf: Oid, width: usize, levels: usize) -> Oid {
    let names: Vec<String> = (0..width).map(|n| format!("d{n:03}")).collect();
    (0..levels).fold(leaf, |below, _| {
        tree(scratch, &names.iter().map(|name| ("40000", name.as_str(), below)).collect::<Vec<_>>())
    })
}

#[test]
fn must_stop_at_a_tree_of_trees_while_it_is_walked() {
    let scratch = Scratch::new();
    let blob = write(&scratch, "blob", b"x");
    let empty = tree(&scratch, &[]);
    let file = tree(&scratch, &[("100644", "f", blob)]);
    let changes = |old: Option<Oid>, new: Oid| {
        let reader = scratch.reader();
        reader.changes(old.map(|old| commit(&scratch, old)), commit(&scratch, new), MANY).unwrap()
    };
    let given_up = |old: Option<Oid>, new: Oid| match changes(old, new) {
        Changes::TooMuch(much) => (much.what, much.entries),
        Changes::All(all) => panic!("it walked over {} paths", all.len()),
    };
    // A million million files behind a few hundred bytes: given up at the limit of paths, with about as many entries seen.
    let (what, entries) = given_up(None, bomb(&scratch, file, 100, 6));
    assert_eq!(what, "changed paths");
    assert!(entries < 3 * MANY, "{entries}");
    // And where there is no file at all.
    let hollow = bomb(&scratch, empty, 100, 6);
    let (what, entries) = given_up(None, hollow);
    assert_eq!(what, "entries of directories");
    assert!(entries <= 1_000_001, "{entries}");
    // Removing one, and turning one into another, is as much work.
    assert_eq!(given_up(Some(bomb(&scratch, file, 100, 6)), empty).0, "changed paths");
    // Names that grow with their depth.
    let long = "n".repeat(200);
    let deep = |levels| (0..levels).fold(file, |below, _| tree(&scratch, &[("40000", &long, below)]));
    assert_eq!(given_up(None, deep(300)).0, "nested directories");
    // What two trees share is not entered, however much it is.
    let with = |content: &[u8]| {
        let blob = write(&scratch, "blob", content);
        tree(&scratch, &[("100644", "a", blob), ("40000", "b", hollow)])
    };
    let Changes::All(all) = changes(Some(with(b"1")), with(b"22")) else { panic!("the bomb was entered") };
    assert_eq!((all.len(), all[0].path.as_str(), all[0].size), (1, "a", 2));
}

#[test]
fn must_see_what_a_checkout_would_see() {
    let scratch = Scratch::new();
    let blob = write(&scratch, "blob", b"x");
    let api = tree(&scratch, &[("100644", "f", blob)]);
    // Git takes whatever has the type of a directory for one.
    let odd = commit(&scratch, tree(&scratch, &[("40755", "api", api)]));
    let Changes::All(all) = scratch.reader().changes(None, odd, MANY).unwrap() else { panic!("too much") };
    assert_eq!((all[0].path.as_str(), all[0].kind), ("api/f", ChangeKind::Added));
    // One name twice: rules would see the one and a checkout the other.
    let twice = tree(&scratch, &[("100644", "api", blob), ("40000", "api", api)]);
    let refused = scratch.reader().changes(None, commit(&scratch, twice), MANY);
    assert!(matches!(refused, Err(GitError::TwoEntries { oid, .. }) if oid == twice));
    // Where it stood before, somebody must be able to mend it.
    let mended = scratch.reader().changes(Some(commit(&scratch, twice)), commit(&scratch, api), MANY).unwrap();
    assert!(matches!(mended, Changes::All(_)));
    let names = scratch.reader().changes(None, commit(&scratch, write(&scratch, "tree", b"100644 x")), MANY);
    assert!(matches!(names, Err(GitError::Damaged { .. })));
}

#[test]
fn the_paths_that_differ_are_those_of_git() {
    let scratch = Scratch::new();
    let shapes: [&[(&str, &str)]; 6] = [
        &[],
        &[("a", "1"), ("dir/b", "2"), ("dir/deep/c", "3"), ("x.y", "4"), ("x/z", "5")],
        &[("a", "1"), ("dir/b", "two"), ("dir/deep/c", "3"), ("x", "a file now"), ("x.y", "4")],
        &[("a/b", "a directory now"), ("dir", "and a file"), ("x.y", "4"), ("ä/ö", "6")],
        &[("LINK", "a"), ("dir/b", "2"), ("SUB", ""), ("RUN", "1")],
        &[("dir/b", "2"), ("LINK", "b"), ("RUN", "1"), ("a", "1")],
    ];
    let commits: Vec<Oid> = shapes
        .iter()
        .map(|files| {
            scratch.git(&["read-tree", "--empty"]);
            for (path, content) in *files {
                let blob = write(&scratch, "blob", content.as_bytes()).hex();
                let sub = "1".repeat(40);
                let (mode, oid) = match *path {
                    "LINK" => ("120000", &blob),
                    "SUB" => ("160000", &sub),
                    "RUN" if files.len() == 4 && files[0].0 == "LINK" => ("100755", &blob),
                    _ => ("100644", &blob),
                };
                scratch.git(&["update-index", "--add", "--cacheinfo", &format!("{mode},{oid},{path}")]);
            }
            let tree = scratch.git(&["write-tree"]);
            commit(&scratch, Oid::from_hex(&tree).unwrap())
        })
        .collect();
    for old in &commits {
        for new in &commits {
            let (from, to) = (old.hex(), new.hex());
            let said = scratch.git(&["-c", "core.quotePath=false", "diff-tree", "-r", "--no-renames", &from, &to]);
            let mut git: Vec<(String, ChangeKind)> = said.lines().map(told).collect();
            git.sort_by(|a, b| a.0.cmp(&b.0));
            let Changes::All(all) = scratch.reader().changes(Some(*old), *new, MANY).unwrap() else { panic!("much") };
            let ours: Vec<(String, ChangeKind)> = all.iter().map(|c| (c.path.clone(), c.kind)).collect();
            assert_eq!(ours, git, "{from} {to}");
        }
    }
}

/// A line of `git diff-tree`: `:<mode> <mode> <id> <id> <status>\t<path>`.
fn told(line: &str) -> (String, ChangeKind) {
    let (head, path) = line.split_once('\t').unwrap();
    let kind = match head.rsplit(' ').next().unwrap() {
        "A" => ChangeKind::Added,
        "D" => ChangeKind::Deleted,
        _ => ChangeKind::Modified,
    };
    (path.to_owned(), kind)
}
