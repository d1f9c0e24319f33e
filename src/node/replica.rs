use super::error::NodeError;
use super::files;
use super::lock::Lock;
use crate::ambient::Ambient;
use crate::canon::{Value, json};
use crate::id::Replica;
use std::path::{Path, PathBuf};

/// Where the replica id of a clone lies.
pub fn replica_path(common_dir: &Path) -> PathBuf {
    common_dir.join("gatos").join("replica")
}

/// What tells a directory from a copy of it: device, inode and birth time.
fn place(common_dir: &Path) -> Result<Value, NodeError> {
    let fail = |source| NodeError::File { doing: "examining", path: common_dir.to_owned(), source };
    let meta = std::fs::metadata(common_dir).map_err(fail)?;
    #[cfg(unix)]
    let (device, inode) = {
        use std::os::unix::fs::MetadataExt as _;
        (meta.dev().to_string(), meta.ino().to_string())
    };
    #[cfg(not(unix))]
    let (device, inode) = (String::new(), common_dir.display().to_string());
    let born = meta.created().ok().and_then(|t| t.duration_since(std::time::UNIX_EPOCH).ok());
    let born = born.map_or(String::new(), |d| format!("{}.{:09}", d.as_secs(), d.subsec_nanos()));
    Ok(Value::map([("born", born.into()), ("device", device.into()), ("inode", inode.into())]))
}

/// What the file of the replica id says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplicaFile {
    /// This clone has not written yet.
    Absent,
    Unreadable,
    /// It came with a copy of another directory.
    Copied,
    Own(Replica),
}

/// Reads the file of the replica id.
pub fn replica_file(common_dir: &Path) -> Result<ReplicaFile, NodeError> {
    let Some(bytes) = files::read(&replica_path(common_dir))? else { return Ok(ReplicaFile::Absent) };
    let Ok(value) = json::parse_canonical(&bytes) else { return Ok(ReplicaFile::Unreadable) };
    if value.get("place") != Some(&place(common_dir)?) {
        return Ok(ReplicaFile::Copied);
    }
    let replica = value.get("replica").and_then(Value::as_str).and_then(|t| t.parse().ok());
    Ok(replica.map_or(ReplicaFile::Unreadable, ReplicaFile::Own))
}

/// The replica id of this clone where it has one that is its own: a copied directory does not.
pub(super) fn read(common_dir: &Path) -> Result<Option<Replica>, NodeError> {
    match replica_file(common_dir)? {
        ReplicaFile::Own(replica) => Ok(Some(replica)),
        _ => Ok(None),
    }
}

/// A replica id for this clone that is not `old`, drawn unless another process has just done so.
pub(super) fn renew(ambient: &Ambient, common_dir: &Path, old: Option<Replica>) -> Result<Replica, NodeError> {
    let _lock = Lock::of(ambient, common_dir, "replica")?;
    match read(common_dir)? {
        Some(held) if Some(held) != old => Ok(held),
        _ => draw(ambient, common_dir),
    }
}

/// Draws a new replica id for this clone.
pub fn draw(ambient: &Ambient, common_dir: &Path) -> Result<Replica, NodeError> {
    let replica = ambient.replica();
    let value = Value::map([("place", place(common_dir)?), ("replica", replica.as_str().into())]);
    let bytes = json::document(&value).expect("short fields have a form");
    files::replace_durably(ambient, &replica_path(common_dir), &bytes)?;
    Ok(replica)
}
