//! Opening a repository, and saying what is the matter when that fails.

use super::{GitError, switches};
use crate::ambient::Env;
use git2::{Config, ErrorCode, Repository, RepositoryOpenFlags as Flags};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Extensions that libgit2 understands besides the object format.
const KNOWN: [&str; 4] = ["noop", "worktreeconfig", "preciousobjects", "relativeworktrees"];

/// Opens the repository git would use here: `GIT_DIR`, else the first at or above the working directory. Where objects
/// lie is never taken from the environment: inside a hook that names the quarantine of a push.
pub(super) fn discover(env: &Env) -> Result<Repository, GitError> {
    switches::once();
    if let Some(dir) = env.get("GIT_DIR") {
        let repo = exactly(&env.cwd().join(dir))?;
        return with_work_tree(repo, env);
    }
    let ceilings: Vec<PathBuf> =
        env.get("GIT_CEILING_DIRECTORIES").map(|list| std::env::split_paths(&list).collect()).unwrap_or_default();
    let across = env.text("GIT_DISCOVERY_ACROSS_FILESYSTEM").is_some_and(|v| Config::parse_bool(v).unwrap_or(false));
    let flags = if across { Flags::CROSS_FS } else { Flags::empty() };
    Repository::open_ext(env.cwd(), flags, ceilings).map_err(|source| explain(env.cwd(), source))
}

/// Opens the repository at `path`: a git directory, or a working tree's top.
pub(super) fn at(path: &Path) -> Result<Repository, GitError> {
    switches::once();
    let none: [OsString; 0] = [];
    Repository::open_ext(path, Flags::NO_SEARCH, none).map_err(|source| explain(path, source))
}

/// Opens the git directory at `path`.
pub(super) fn exactly(path: &Path) -> Result<Repository, GitError> {
    switches::once();
    let none: [OsString; 0] = [];
    let flags = Flags::NO_SEARCH | Flags::NO_DOTGIT;
    Repository::open_ext(path, flags, none).map_err(|source| explain(path, source))
}

fn with_work_tree(repo: Repository, env: &Env) -> Result<Repository, GitError> {
    if let Some(tree) = env.get("GIT_WORK_TREE") {
        let tree = env.cwd().join(tree);
        repo.set_workdir(&tree, false).map_err(|source| GitError::Open { path: tree, source })?;
    }
    Ok(repo)
}

/// Turns libgit2's refusal into what the user can do about it.
fn explain(path: &Path, source: git2::Error) -> GitError {
    match source.code() {
        ErrorCode::NotFound => return GitError::NotFound { path: path.to_owned() },
        ErrorCode::Owner => return GitError::ForeignOwner { path: owned_path(path, source.message()) },
        _ => {}
    }
    unsupported(path).unwrap_or_else(|| GitError::Open { path: path.to_owned(), source })
}

/// The path that git wants to see in `safe.directory`; libgit2 names it in its message.
fn owned_path(path: &Path, message: &str) -> PathBuf {
    let named = message.split_once('\'').and_then(|(_, rest)| rest.rsplit_once('\'')).map(|(named, _)| named);
    named.map_or_else(|| path.to_owned(), |named| PathBuf::from(named.trim_end_matches('/')))
}

/// Looks into the configuration of a repository that did not open for something we do not support.
fn unsupported(path: &Path) -> Option<GitError> {
    let git_dir = Repository::discover_path(path, [] as [OsString; 0]).ok()?;
    let common = match std::fs::read_to_string(git_dir.join("commondir")) {
        Ok(text) => git_dir.join(text.trim_end()),
        Err(_) => git_dir.clone(),
    };
    let config = Config::open(&common.join("config")).ok()?;
    if config.get_string("extensions.objectformat").is_ok_and(|format| format != "sha1") {
        return Some(GitError::Sha256 { path: git_dir });
    }
    if let Ok(format) = config.get_string("extensions.refstorage")
        && format != "files"
    {
        return Some(GitError::RefFormat { path: git_dir, format });
    }
    let mut entries = config.entries(Some("extensions\\..*")).ok()?;
    while let Some(Ok(entry)) = entries.next() {
        let name = entry.name().ok()?.strip_prefix("extensions.")?.to_owned();
        if name != "objectformat" && !KNOWN.contains(&name.as_str()) {
            return Some(GitError::Extension { path: git_dir, name });
        }
    }
    None
}
