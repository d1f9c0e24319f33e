use super::support::{Scratch, ambient};
use crate::git::{GitError, Reader, Store};

#[test]
fn found_from_below_and_by_name() {
    let scratch = Scratch::new();
    let below = scratch.path().join("a/b");
    std::fs::create_dir_all(&below).unwrap();
    let git_dir = scratch.path().canonicalize().unwrap().join(".git");

    let found = Reader::discover(&ambient(&below, &[])).unwrap();
    assert_eq!(found.git_dir(), git_dir);
    assert_eq!(found.work_dir(), git_dir.parent());

    let elsewhere = Scratch::bare();
    let named = ambient(elsewhere.path(), &[("GIT_DIR", git_dir.to_str().unwrap())]);
    assert_eq!(Reader::discover(&named).unwrap().git_dir(), git_dir);

    let tree = [("GIT_DIR", git_dir.to_str().unwrap()), ("GIT_WORK_TREE", below.to_str().unwrap())];
    let apart = Reader::discover(&ambient(elsewhere.path(), &tree)).unwrap();
    assert_eq!(apart.work_dir().unwrap(), below.canonicalize().unwrap());
    assert_eq!(apart.reopen().unwrap().work_dir().unwrap(), below.canonicalize().unwrap());

    let ceiling = [("GIT_CEILING_DIRECTORIES", scratch.path().to_str().unwrap())];
    let stopped = Reader::discover(&ambient(&below, &ceiling));
    assert!(matches!(stopped, Err(GitError::NotFound { .. })));
}

#[test]
fn bare_repositories_and_worktrees() {
    let bare = Scratch::bare();
    assert_eq!(Reader::discover(&bare.ambient).unwrap().work_dir(), None);

    let scratch = Scratch::new();
    scratch.git(&["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "one"]);
    scratch.git(&["worktree", "add", "--quiet", "linked"]);
    let linked = Reader::open(&scratch.path().join("linked"), &scratch.ambient).unwrap();
    assert_eq!(linked.common_dir(), scratch.reader().common_dir());
    assert!(linked.git_dir().ends_with("worktrees/linked"));
    assert_eq!(linked.reopen().unwrap().git_dir(), linked.git_dir());
    assert_eq!(linked.resolve_text("HEAD").unwrap(), scratch.reader().resolve_text("HEAD").unwrap());
}

#[test]
fn nothing_there() {
    let dir = tempfile::tempdir().unwrap();
    let stop = [("GIT_CEILING_DIRECTORIES", dir.path().parent().unwrap().to_str().unwrap())];
    let error = Reader::discover(&ambient(dir.path(), &stop)).err().unwrap();
    assert_eq!(error.code(), "REPO_NOT_FOUND");
    assert!(error.to_string().contains(dir.path().to_str().unwrap()), "{error}");
}

#[test]
fn unsupported_formats_are_named() {
    let sha256 = Scratch::with(&["init", "--quiet", "--object-format=sha256", "."]);
    let error = Store::open(sha256.path(), &sha256.ambient).err().unwrap();
    assert!(error.to_string().contains("git init --object-format=sha1"), "{error}");

    let reftable = Scratch::with(&["init", "--quiet", "--ref-format=reftable", "."]);
    let error = Reader::discover(&reftable.ambient).err().unwrap();
    assert!(error.to_string().contains("`git refs migrate --ref-format=files`"), "{error}");

    let scratch = Scratch::new();
    scratch.git(&["config", "core.repositoryFormatVersion", "1"]);
    scratch.git(&["config", "extensions.partialClone", "origin"]);
    let error = Reader::discover(&scratch.ambient).err().unwrap();
    assert!(matches!(&error, GitError::Extension { name, .. } if name == "partialclone"), "{error}");

    let worktree = Scratch::new();
    worktree.git(&["config", "core.repositoryFormatVersion", "1"]);
    worktree.git(&["config", "extensions.worktreeConfig", "true"]);
    assert!(Reader::discover(&worktree.ambient).is_ok());
}

/// Only root can give a directory away; elsewhere the test has nothing to look at.
#[cfg(unix)]
#[test]
fn a_foreign_owner_is_refused_with_the_remedy() {
    let scratch = Scratch::new();
    let top = scratch.path().canonicalize().unwrap();
    let given = [top.join(".git"), top.clone()].iter().all(|p| std::os::unix::fs::chown(p, Some(65534), None).is_ok());
    if !given {
        return;
    }
    let error = Reader::discover(&scratch.ambient).err().unwrap();
    assert_eq!(error.code(), "REPO_OWNER");
    let remedy = format!("git config --global --add safe.directory '{}'", top.display());
    assert!(error.to_string().contains(&remedy), "{error}");
}

#[test]
fn shallow_clones_are_known() {
    let scratch = Scratch::new();
    for n in ["1", "2", "3"] {
        scratch.git(&["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", n]);
    }
    let url = format!("file://{}", scratch.path().display());
    let clone = Scratch::with(&["clone", "--quiet", "--depth=1", &url, "."]);
    assert!(clone.reader().is_shallow());
    assert!(!scratch.reader().is_shallow());
}
