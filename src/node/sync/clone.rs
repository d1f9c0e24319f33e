use super::{Run, Synced};
use crate::ambient::{Ambient, Cancel, Progress};
use crate::git::{Git, Peer, Place, Plane, Scope, Store};
use crate::id::{Blake3, Segment};
use crate::node::NodeError;
use crate::node::pin::{self, Pin};
use std::path::{Path, PathBuf};

/// The remote that a clone has.
const REMOTE: &str = "origin";

/// What is to be cloned.
#[derive(Debug, Clone)]
pub struct CloneOrder {
    pub url: String,
    /// Where to; else the last part of the address.
    pub dir: Option<PathBuf>,
    /// The repository that it must be.
    pub root: Option<Blake3>,
}

/// A clone that is ready.
#[derive(Debug, Clone, PartialEq)]
pub struct Cloned {
    pub dir: PathBuf,
    pub repo: Blake3,
    /// Nobody said which repository it must be.
    pub first_use: bool,
    /// Whether one of this machine's keys may speak there.
    pub known: bool,
    pub synced: Synced,
}

/// What came of a clone.
#[derive(Debug, Clone, PartialEq)]
pub enum CloneEnd {
    Done(Box<Cloned>),
    /// It is another repository than the one asked for, or has no genesis: nothing is left of it.
    Refused {
        asked: Option<Blake3>,
        found: Option<Blake3>,
    },
}

/// Clones a repository with its law, pinned to one genesis. It is made beside its place and moved there when it is whole.
pub fn clone(
    ambient: &Ambient,
    order: &CloneOrder,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<CloneEnd, NodeError> {
    let dir = match &order.dir {
        Some(dir) => dir.clone(),
        None => PathBuf::from(guess(&order.url).ok_or_else(|| NodeError::CloneName(order.url.clone()))?),
    };
    let dir = ambient.env().cwd().join(dir);
    let fail = |doing| move |source| NodeError::File { doing, path: dir_of(&order.dir, &order.url), source };
    if dir.read_dir().is_ok_and(|mut entries| entries.next().is_some()) || dir.is_file() {
        return Err(NodeError::CloneTaken(dir));
    }
    let (Some(parent), Some(name)) = (dir.parent(), dir.file_name()) else { return Err(NodeError::CloneTaken(dir)) };
    std::fs::create_dir_all(parent).map_err(fail("making a directory for"))?;
    let part = parent.join(format!(".{}.{}.part", name.to_string_lossy(), ambient.replica()));
    let ended = fill(ambient, order, &part, progress, cancel);
    match ended {
        Ok(CloneEnd::Done(mut cloned)) => {
            if let Err(e) = std::fs::rename(&part, &dir) {
                drop(std::fs::remove_dir_all(&part));
                return Err(fail("moving the clone to")(e));
            }
            // Without the dots of the name that was typed.
            cloned.dir = dir.canonicalize().unwrap_or(dir);
            Ok(CloneEnd::Done(cloned))
        }
        other => {
            // What stays where this fails is named as a part.
            drop(std::fs::remove_dir_all(&part));
            other
        }
    }
}

fn dir_of(dir: &Option<PathBuf>, url: &str) -> PathBuf {
    dir.clone().unwrap_or_else(|| PathBuf::from(url))
}

fn fill(
    ambient: &Ambient,
    order: &CloneOrder,
    dir: &Path,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<CloneEnd, NodeError> {
    progress.begin(&format!("cloning {}", order.url), None);
    let git = Git::outside(ambient.env()).args(["clone", "--quiet", "--origin", REMOTE, "--", &order.url]).args([dir]);
    let cloned = git.reach(&Peer::address(&order.url), "clone from");
    progress.end();
    cloned?;
    let store = Store::open(dir, ambient)?;
    // Objects that libgit2 writes again are not protected in cruft packs.
    store.put_config("gc.cruftPacks", "false")?;
    let remote: Segment = REMOTE.parse()?;
    let mut run = Run::new(ambient, store, remote, progress, cancel)?;
    // A clone has one remote, whatever the user's configuration calls the authority.
    run.is_authority = true;
    run.fetch()?;
    let trust = run.store.refs(&Scope::Trust)?;
    let tip =
        trust.into_iter().find(|(name, _)| matches!(name.place, Place::Tracking(_)) && name.plane == Plane::TrustGraph);
    let Some((_, tip)) = tip else { return Ok(CloneEnd::Refused { asked: order.root, found: None }) };
    let graph = pin::look(run.store.reader(), tip)?;
    let found = graph.repo();
    if order.root.is_some_and(|asked| asked != found) {
        return Ok(CloneEnd::Refused { asked: order.root, found: Some(found) });
    }
    Pin { repo: found, tip: graph.tip() }.write(ambient, run.store.common_dir())?;
    let node = run.open()?;
    run.adopt(&node)?;
    run.go_on()?;
    run.hear(&node);
    let known = node.identity().is_ok();
    let first_use = order.root.is_none();
    Ok(CloneEnd::Done(Box::new(Cloned { dir: dir.to_owned(), repo: found, first_use, known, synced: run.done })))
}

/// The directory that git would make of an address.
fn guess(url: &str) -> Option<String> {
    let url = url.trim_end_matches('/');
    let url = url.strip_suffix("/.git").unwrap_or(url).trim_end_matches('/');
    let url = url.strip_suffix(".git").unwrap_or(url);
    let name = url.rsplit(['/', ':']).next()?;
    (!matches!(name, "" | "." | "..")).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::guess;

    #[test]
    fn an_address_ends_in_the_name_of_the_directory() {
        for (url, name) in [
            ("https://example.org/shop.git", Some("shop")),
            ("https://example.org/shop.git/", Some("shop")),
            ("git@example.org:shop.git", Some("shop")),
            ("../a/shop/.git", Some("shop")),
            ("/srv/shop", Some("shop")),
            ("..", None),
            ("/", None),
        ] {
            assert_eq!(guess(url).as_deref(), name, "{url}");
        }
    }
}
