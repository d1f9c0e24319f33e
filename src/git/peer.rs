//! The other side of a fetch, a push or a clone, as an error names it.

use super::{Ended, Git, GitError, Output, Reader, listing_failure};
use crate::ambient::Env;
use crate::canon::shown;
use std::path::{Path, PathBuf};

/// Most lines of what git said last that an error carries.
const LINES_MAX: usize = 6;
/// Most characters of them.
const SAID_MAX: usize = 2000;
/// What git adds to whatever went wrong; the error says more.
const ADDED: [&str; 2] = ["Please make sure you have the correct access rights", "and the repository exists."];

/// Whom the git program speaks with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// As it is named to git: a remote or an address.
    name: String,
    /// The address of a remote.
    url: Option<String>,
    /// From where a relative path is meant, where that is not where the person stands.
    from: Option<PathBuf>,
}

impl Peer {
    /// A remote of the configuration.
    pub fn remote(reader: &Reader, name: &str) -> Result<Peer, GitError> {
        let url = reader.config_text(&format!("remote.{name}.url"))?;
        Ok(Peer { name: name.to_owned(), url: url.as_deref().map(bare), from: None })
    }

    /// The same for a push, which may go elsewhere: then the address is what can be looked at.
    pub fn pushed(reader: &Reader, name: &str) -> Result<Peer, GitError> {
        match reader.config_text(&format!("remote.{name}.pushurl"))? {
            Some(url) => Ok(Peer::address(&url)),
            None => Peer::remote(reader, name),
        }
    }

    pub fn address(url: &str) -> Peer {
        Peer { name: bare(url), url: None, from: None }
    }

    /// An address that the git program takes from this directory.
    pub fn address_from(url: &str, dir: &Path) -> Peer {
        // Behind its first slash a colon is one of a path.
        let relative = !Path::new(url).is_absolute() && !url.split('/').next().unwrap_or_default().contains(':');
        // libgit2 ends directories in a slash.
        Peer { from: relative.then(|| dir.components().collect()), ..Peer::address(url) }
    }

    /// The error that a run of git with this peer ended with; `doing` as in `fetch from`.
    pub fn failure(&self, doing: &'static str, ended: &Ended) -> GitError {
        let url = self.url.as_ref().map_or(String::new(), |url| format!(" ({url})"));
        let from = self
            .from
            .as_ref()
            .map_or(String::new(), |dir| format!("; a relative path is meant from {}", dir.display()));
        let at = self.from.as_ref().map_or(String::new(), |dir| format!("-C {} ", shown::path(dir)));
        GitError::Remote {
            doing,
            peer: format!("{}{url}", self.name),
            said: format!("{}{from}", said(ended)),
            look: format!("git {at}ls-remote {}", shown::word(&self.name)),
        }
    }

    /// The error of a fetch that lists its refs.
    pub fn fetch_failure(&self, env: &Env, ended: &Ended) -> GitError {
        match listing_failure(env, ended) {
            old @ GitError::TooOld { .. } => old,
            _ => self.failure("fetch from", ended),
        }
    }
}

impl Git<'_> {
    /// Runs to the end as `run` does; the error names the peer.
    pub fn reach(self, peer: &Peer, doing: &'static str) -> Result<Output, GitError> {
        let ended = self.end()?;
        if ended.status.success() { Ok(ended.output) } else { Err(peer.failure(doing, &ended)) }
    }
}

/// What git said last, in one line.
fn said(ended: &Ended) -> String {
    let stderr = String::from_utf8_lossy(&ended.output.stderr);
    let lines = stderr.lines().map(str::trim).filter(|line| !ADDED.contains(line));
    let lines: Vec<&str> = lines.map(|line| line.trim_end_matches('.')).filter(|line| !line.is_empty()).collect();
    let last = &lines[lines.len().saturating_sub(LINES_MAX)..];
    match last {
        [] => format!("git said nothing ({})", ended.status),
        last => last.join("; ").chars().take(SAID_MAX).collect(),
    }
}

/// An address without the password in it, and without the name where that may be one: ssh asks as who is named.
fn bare(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = match host.rsplit_once('@') {
        Some((who, host)) if scheme.ends_with("ssh") => {
            format!("{}@{host}", who.split_once(':').map_or(who, |(name, _)| name))
        }
        Some((_, host)) => host.to_owned(),
        None => host.to_owned(),
    };
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::bare;

    #[test]
    fn no_password_is_shown() {
        for (url, shown) in [
            ("https://me:secret@example.org/a@b.git", "https://example.org/a@b.git"),
            ("https://to@ken@example.org", "https://example.org"),
            ("https://example.org/a@b", "https://example.org/a@b"),
            ("ssh://git:secret@example.org/x", "ssh://git@example.org/x"),
            ("git@example.org:shop.git", "git@example.org:shop.git"),
            ("/srv/a@b", "/srv/a@b"),
        ] {
            assert_eq!(bare(url), shown);
        }
    }
}
