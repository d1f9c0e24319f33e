use super::error::NodeError;
use crate::ambient::Ambient;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

/// Reads a small file; `None` where there is none.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, NodeError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(source) => Err(NodeError::File { doing: "reading", path: path.to_owned(), source }),
    }
}

/// Replaces a file whole: a reader sees the old bytes or the new ones, never a part.
pub(super) fn replace(ambient: &Ambient, path: &Path, bytes: &[u8]) -> Result<(), NodeError> {
    let fail = |source| NodeError::File { doing: "writing", path: path.to_owned(), source };
    ambient.faults().step().map_err(|f| fail(std::io::Error::other(f)))?;
    let dir = path.parent().expect("every file of ours stands in a directory");
    std::fs::create_dir_all(dir).map_err(fail)?;
    let mut temp = tempfile::NamedTempFile::new_in(dir).map_err(fail)?;
    temp.write_all(bytes).map_err(fail)?;
    temp.persist(path).map_err(|e| fail(e.error))?;
    Ok(())
}

/// The same for what must survive a power cut: the bytes and the name are on the disk before this returns.
pub(super) fn replace_durably(ambient: &Ambient, path: &Path, bytes: &[u8]) -> Result<(), NodeError> {
    replace(ambient, path, bytes)?;
    let fail = |source| NodeError::File { doing: "writing", path: path.to_owned(), source };
    let dir = path.parent().expect("every file of ours stands in a directory");
    std::fs::File::open(path).and_then(|file| file.sync_all()).map_err(fail)?;
    #[cfg(unix)]
    std::fs::File::open(dir).and_then(|dir| dir.sync_all()).map_err(fail)?;
    Ok(())
}

/// Writes a file that must not exist yet; false where it does.
pub(super) fn create(ambient: &Ambient, path: &Path, bytes: &[u8]) -> Result<bool, NodeError> {
    let fail = |source| NodeError::File { doing: "writing", path: path.to_owned(), source };
    ambient.faults().step().map_err(|f| fail(std::io::Error::other(f)))?;
    let dir = path.parent().expect("every file of ours stands in a directory");
    std::fs::create_dir_all(dir).map_err(fail)?;
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o644));
    }
    let mut temp = builder.tempfile_in(dir).map_err(fail)?;
    temp.write_all(bytes).map_err(fail)?;
    match temp.persist_noclobber(path) {
        Ok(_) => Ok(true),
        Err(e) if e.error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(e) => Err(fail(e.error)),
    }
}
