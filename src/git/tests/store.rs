use super::support::{Scratch, chain, journal, plain};
use crate::git::{Expected, Git, GitError, Store};
use crate::id::Oid;

#[test]
fn a_ref_moves_only_from_where_it_is_expected() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let ids = chain(&store, 3);
    let name = journal("alice");
    let refused = |expected, new, found: Option<Oid>| {
        let error = store.update(&name, expected, new).unwrap_err();
        assert!(matches!(&error, GitError::Moved { found: f, .. } if *f == found), "{error}");
        assert_eq!(store.resolve(&name).unwrap(), found);
    };
    refused(Expected::At(ids[0]), ids[1], None);
    store.update(&name, Expected::Absent, ids[0]).unwrap();
    refused(Expected::Absent, ids[1], Some(ids[0]));
    refused(Expected::Absent, ids[0], Some(ids[0]));
    refused(Expected::At(ids[1]), ids[2], Some(ids[0]));
    store.update(&name, Expected::At(ids[0]), ids[1]).unwrap();
    scratch.git(&["pack-refs", "--all"]);
    refused(Expected::Absent, ids[2], Some(ids[1]));
    refused(Expected::At(ids[0]), ids[2], Some(ids[1]));
    store.update(&name, Expected::At(ids[1]), ids[2]).unwrap();
    assert_eq!(scratch.git(&["rev-parse", &name.to_string()]), ids[2].to_string());
}

#[test]
fn a_ref_does_not_move_to_what_is_not_there() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let error = store.update(&journal("alice"), Expected::Absent, Oid([5; 20])).unwrap_err();
    assert_eq!(error.code(), "REF_WRITE");
    assert_eq!(store.resolve(&journal("alice")).unwrap(), None);
}

#[test]
fn the_empty_tree_is_written_once() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let tree = store.empty_tree().unwrap();
    assert!(scratch.object_path(tree).is_file());
    assert_eq!(store.empty_tree().unwrap(), tree);
    store.commit(&plain(&store, &[], "m\n")).unwrap();
    assert_eq!(scratch.git(&["fsck", "--strict", "--no-dangling"]), "");
}

#[test]
fn configuration_is_set_for_the_repository() {
    let scratch = Scratch::new();
    let store = scratch.store();
    store.put_config("gc.cruftPacks", "false").unwrap();
    assert_eq!(scratch.git(&["config", "--local", "gc.cruftPacks"]), "false");
    assert_eq!(store.config_bool("gc.cruftPacks").unwrap(), Some(false));
}

#[test]
fn a_child_works_on_the_repository_it_was_made_for() {
    let (scratch, other) = (Scratch::new(), Scratch::bare());
    let hook = [
        ("GIT_DIR", other.path().to_str().unwrap()),
        ("GIT_OBJECT_DIRECTORY", "/nowhere"),
        ("GIT_QUARANTINE_PATH", "/nowhere"),
    ];
    let store = Store::open(scratch.path(), &super::support::ambient(other.path(), &hook)).unwrap();
    let out = Git::new(&store).args(["rev-parse", "--absolute-git-dir"]).run().unwrap();
    let shown = String::from_utf8(out.stdout).unwrap();
    assert_eq!(std::path::Path::new(shown.trim_end()), store.git_dir().components().as_path());
    let big = vec![b'x'; 1 << 20];
    let out = Git::new(&store).args(["hash-object", "-w", "--stdin"]).stdin(big.clone()).run().unwrap();
    let id = String::from_utf8(out.stdout).unwrap().trim_end().parse().unwrap();
    assert_eq!(store.blob(id, 1 << 20).unwrap(), big);
}

#[test]
fn a_failing_child_says_what_git_said() {
    let scratch = Scratch::new();
    let error = Git::new(&scratch.reader()).args(["rev-parse", "--verify", "nothing"]).run().unwrap_err();
    assert!(error.to_string().contains("Needed a single revision"), "{error}");
    assert!(error.to_string().contains("rev-parse --verify nothing"), "{error}");
}
