//! Git's configuration as git reads it: files, and what `git -c` and the environment put above them.

use super::GitError;
use crate::ambient::Env;
use git2::{Config, ConfigLevel, ErrorCode, Repository};
use std::path::{Path, PathBuf};

pub(super) struct Settings {
    files: Config,
    /// Keys and values of `git -c` and `GIT_CONFIG_COUNT`; the last of a key counts. `None` is a key without a value.
    above: Vec<(String, Option<String>)>,
}

/// Most pairs that `GIT_CONFIG_COUNT` may announce.
const COUNT_MAX: usize = 1000;

impl Settings {
    pub(super) fn load(repo: &Repository, env: &Env) -> Result<Settings, GitError> {
        let files =
            files(repo, env).map_err(|source| GitError::ReadConfig { key: "the configuration".to_owned(), source })?;
        let mut above = counted(env)?;
        if let Some(text) = env.text("GIT_CONFIG_PARAMETERS") {
            above.extend(parameters(&text).ok_or(GitError::ConfigEnvironment { variable: "GIT_CONFIG_PARAMETERS" })?);
        }
        Ok(Settings { files, above })
    }

    pub(super) fn text(&self, key: &str) -> Result<Option<String>, GitError> {
        if let Some(value) = self.above_all(key) {
            return Ok(Some(value.unwrap_or_default().to_owned()));
        }
        absent(self.files.get_string(key)).map_err(|source| GitError::ReadConfig { key: key.to_owned(), source })
    }

    pub(super) fn bool(&self, key: &str) -> Result<Option<bool>, GitError> {
        let value = match self.above_all(key) {
            // A key without a value is true, as git has it.
            Some(value) => Config::parse_bool(value.unwrap_or("true")).map(Some),
            None => absent(self.files.get_bool(key)),
        };
        value.map_err(|source| GitError::ReadConfig { key: key.to_owned(), source })
    }

    fn above_all(&self, key: &str) -> Option<Option<&str>> {
        let key = folded(key);
        self.above.iter().rev().find(|(k, _)| folded(k) == key).map(|(_, v)| v.as_deref())
    }
}

fn absent<T>(read: Result<T, git2::Error>) -> Result<Option<T>, git2::Error> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Section and variable do not care for case, the subsection between them does.
fn folded(key: &str) -> String {
    match (key.find('.'), key.rfind('.')) {
        (Some(first), Some(last)) if first < last => {
            key[..first].to_ascii_lowercase() + &key[first..last] + &key[last..].to_ascii_lowercase()
        }
        _ => key.to_ascii_lowercase(),
    }
}

/// libgit2's own stack of files, unless the environment names others.
fn files(repo: &Repository, env: &Env) -> Result<Config, git2::Error> {
    let named = ["GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"];
    if named.iter().all(|name| env.get(name).is_none()) {
        return repo.config();
    }
    let mut config = Config::new()?;
    let mut add = |path: Option<PathBuf>, level| match path {
        Some(path) if path.is_file() => config.add_file(&path, level, false),
        _ => Ok(()),
    };
    let system = match env.text("GIT_CONFIG_NOSYSTEM") {
        Some(text) if Config::parse_bool(text.as_str())? => None,
        _ => env.get("GIT_CONFIG_SYSTEM").map(PathBuf::from).or_else(|| Config::find_system().ok()),
    };
    add(system, ConfigLevel::System)?;
    match env.get("GIT_CONFIG_GLOBAL") {
        Some(path) => add(Some(path.into()), ConfigLevel::Global)?,
        None => {
            add(env.xdg("XDG_CONFIG_HOME", ".config").map(|d| d.join("git/config")), ConfigLevel::XDG)?;
            add(env.get("HOME").map(|d| Path::new(&d).join(".gitconfig")), ConfigLevel::Global)?;
        }
    }
    add(Some(repo.commondir().join("config")), ConfigLevel::Local)?;
    if config.get_bool("extensions.worktreeConfig").unwrap_or(false) {
        config.add_file(&repo.path().join("config.worktree"), ConfigLevel::Worktree, false)?;
    }
    Ok(config)
}

/// `GIT_CONFIG_COUNT`, `GIT_CONFIG_KEY_<n>`, `GIT_CONFIG_VALUE_<n>`.
fn counted(env: &Env) -> Result<Vec<(String, Option<String>)>, GitError> {
    let bad = GitError::ConfigEnvironment { variable: "GIT_CONFIG_COUNT" };
    let Some(count) = env.text("GIT_CONFIG_COUNT") else { return Ok(Vec::new()) };
    let Some(count) = count.parse().ok().filter(|n| *n <= COUNT_MAX) else { return Err(bad) };
    let pair = |n| {
        let key = env.text(&format!("GIT_CONFIG_KEY_{n}"))?;
        Some((key, Some(env.text(&format!("GIT_CONFIG_VALUE_{n}")).unwrap_or_default())))
    };
    (0..count).map(pair).collect::<Option<Vec<_>>>().ok_or(bad)
}

/// `GIT_CONFIG_PARAMETERS`, by which `git -c` reaches its children: `'key'='value'`, `'key'=` or the older `'key=value'`,
/// separated by spaces, quoted for a shell.
pub(super) fn parameters(text: &str) -> Option<Vec<(String, Option<String>)>> {
    let mut out = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (word, after) = unquote(rest)?;
        rest = match after.strip_prefix('=') {
            Some(value) if value.starts_with('\'') => {
                let (value, after) = unquote(value)?;
                out.push((word, Some(value)));
                after
            }
            Some(after) => {
                out.push((word, None));
                after
            }
            None => {
                out.push(match word.split_once('=') {
                    Some((key, value)) => (key.to_owned(), Some(value.to_owned())),
                    None => (word, None),
                });
                after
            }
        };
        if !rest.is_empty() && !rest.starts_with(' ') {
            return None;
        }
        rest = rest.trim_start();
    }
    Some(out)
}

/// One word in single quotes, in which `'\''` stands for a quote and `'\!'` for an exclamation mark.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut out = String::new();
    let mut rest = text.strip_prefix('\'')?;
    loop {
        let (part, after) = rest.split_once('\'')?;
        out.push_str(part);
        let escaped = ['\'', '!'].into_iter().find_map(|c| Some((c, after.strip_prefix('\\')?.strip_prefix(c)?)));
        let Some((c, after)) = escaped else { return Some((out, after)) };
        out.push(c);
        rest = after.strip_prefix('\'')?;
    }
}
