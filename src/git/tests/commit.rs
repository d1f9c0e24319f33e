use super::support::{Scratch, time};
use crate::git::{GitError, NewCommit, commit_bytes, commit_id};
use crate::id::Oid;
use std::io::Write as _;
use std::process::Stdio;

fn sample<'a>(parents: &'a [Oid], message: &'a str) -> NewCommit<'a> {
    NewCommit { tree: Oid([0x4b; 20]), parents, name: "user:alice", email: "w@gatos", time: time(), message }
}

#[test]
fn bytes_are_written_out() {
    let parents = [Oid([0xaa; 20]), Oid([0xbb; 20])];
    let (a, b, t) = ("aa".repeat(20), "bb".repeat(20), "4b".repeat(20));
    let wanted = format!(
        "tree {t}\nparent {a}\nparent {b}\nauthor user:alice <w@gatos> 1795251600 +0000\n\
         committer user:alice <w@gatos> 1795251600 +0000\n\nadd {{}}\n"
    );
    let bytes = commit_bytes(&sample(&parents, "add {}\n"));
    assert_eq!(String::from_utf8(bytes).unwrap(), wanted);
}

#[test]
fn bytes_take_one_allocation() {
    for (parents, message) in [(vec![], ""), (vec![Oid([1; 20]); 3], "a message\n")] {
        let bytes = commit_bytes(&sample(&parents, message));
        let spare = bytes.capacity() - bytes.len();
        assert!(spare < 40, "the length was estimated, {spare} bytes are spare");
    }
}

#[test]
fn id_is_what_git_says() {
    let scratch = Scratch::new();
    for len in [0, 1, 63, 64, 65, 700, 9999, 1 << 20] {
        let bytes = commit_bytes(&sample(&[], &"x".repeat(len)));
        let mut child = scratch
            .command(&["hash-object", "-t", "commit", "--stdin", "--literally"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(&bytes).unwrap();
        let out = child.wait_with_output().unwrap();
        assert_eq!(commit_id(&bytes).to_string(), String::from_utf8(out.stdout).unwrap().trim_end());
    }
}

#[test]
fn commits_of_others_are_read() {
    let scratch = Scratch::new();
    scratch.git(&["config", "user.name", "Jo Née"]);
    scratch.git(&["config", "user.email", "jo@example.org"]);
    scratch.git(&["commit", "--quiet", "--allow-empty", "-m", "one", "--date", "2001-02-03T04:05:06+0100"]);
    let id = scratch.git(&["rev-parse", "HEAD"]).parse().unwrap();
    let commit = scratch.reader().commit(id).unwrap();
    assert_eq!((commit.id, commit.parents.len()), (id, 0));
    assert_eq!(commit.tree.to_string(), scratch.git(&["rev-parse", "HEAD^{tree}"]));
    assert_eq!((commit.author.name.as_str(), commit.author.email.as_str()), ("Jo Née", "jo@example.org"));
    assert_eq!((commit.author.time, commit.author.zone.as_str()), (981_169_506, "+0100"));
    assert_eq!(commit.text(), Some("one\n"));
}

#[test]
fn headers_before_the_message_are_passed_over() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let tree = store.empty_tree().unwrap();
    let raw = format!(
        "tree {tree}\nauthor A <a@b> 5 -0130\ncommitter C <c@d> 6 +0000\nencoding ISO-8859-1\ngpgsig one\n two\n \n \
         end\n\nbody\n\nmore\n"
    );
    let commit = store.reader().commit(store.write_commit_raw(raw.as_bytes()).unwrap()).unwrap();
    assert_eq!(commit.message(), b"body\n\nmore\n");
    assert_eq!(commit.author.zone, "-0130");
    assert_eq!(commit.raw(), raw.as_bytes());
}

#[test]
fn damaged_commits_are_named() {
    let scratch = Scratch::new();
    let store = scratch.store();
    for raw in
        ["", "tree 00\n", "author A <a@b> 5 +0000\n", "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor A\n"]
    {
        let id = store.write_commit_raw(raw.as_bytes()).unwrap();
        assert!(matches!(store.reader().commit(id), Err(GitError::Damaged { oid, .. }) if oid == id), "{raw:?}");
    }
}

#[test]
fn what_git_cannot_hold_is_refused() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let good = sample(&[], "m\n");
    for bad in [
        NewCommit { name: "a<b", ..good },
        NewCommit { name: "a\nb", ..good },
        NewCommit { email: "a>b", ..good },
        NewCommit { message: "a\0b", ..good },
    ] {
        assert!(matches!(store.commit(&bad), Err(GitError::Identity { .. })), "{bad:?}");
    }
}
