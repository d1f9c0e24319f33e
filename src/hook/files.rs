//! Small files of the gate: read, made, replaced whole, removed, listed.

use super::error::HookError;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

pub(super) fn failed(doing: &'static str, path: &Path) -> impl Fn(std::io::Error) -> HookError {
    let path = path.to_owned();
    move |source| HookError::File { doing, path: path.clone(), source }
}

/// The bytes of a file; `None` where there is none.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, HookError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(failed("reading", path)(e)),
    }
}

/// Replaces a file; its bytes and its name are on the disk before this returns.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), HookError> {
    keep(temp(path, bytes)?, path)
}

fn keep(temp: tempfile::NamedTempFile, path: &Path) -> Result<(), HookError> {
    let failed = failed("writing", path);
    // The bytes first: a name that came before them would have cost what it replaces.
    temp.as_file().sync_all().map_err(&failed)?;
    temp.persist(path).map_err(|e| failed(e.error))?;
    sync_dir(path)
}

/// Replaces a program that everybody may run; it is on the disk before this returns.
pub(super) fn program(path: &Path, text: &str) -> Result<(), HookError> {
    let failed = failed("writing", path);
    let temp = temp(path, text.as_bytes())?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        temp.as_file().set_permissions(std::fs::Permissions::from_mode(0o755)).map_err(&failed)?;
    }
    keep(temp, path)
}

/// Makes a file with a name that nothing has: bytes and name go to the disk at once. After a power cut they may be torn as long as
/// this has not returned.
pub(super) fn create(path: &Path, bytes: &[u8]) -> Result<(), HookError> {
    let failed = failed("writing", path);
    let file = temp(path, bytes)?.persist_noclobber(path).map_err(|e| failed(e.error))?;
    file.sync_all().map_err(&failed)?;
    sync_dir(path)
}

/// Makes a file where there is none; whole and on the disk it is before anybody can open it.
pub(super) fn create_unless_there(path: &Path, bytes: &[u8]) -> Result<(), HookError> {
    let failed = failed("writing", path);
    let temp = temp(path, bytes)?;
    temp.as_file().sync_all().map_err(&failed)?;
    match temp.persist_noclobber(path) {
        Err(e) if e.error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(e) => Err(failed(e.error)),
        Ok(_) => sync_dir(path),
    }
}

/// Replaces what can be made again: after a power cut it may be torn or gone.
pub(super) fn swap(path: &Path, bytes: &[u8]) -> Result<(), HookError> {
    temp(path, bytes)?.persist(path).map_err(|e| failed("writing", path)(e.error))?;
    Ok(())
}

fn temp(path: &Path, bytes: &[u8]) -> Result<tempfile::NamedTempFile, HookError> {
    let failed = failed("writing", path);
    let dir = path.parent().expect("every file of ours stands in a directory");
    std::fs::create_dir_all(dir).map_err(&failed)?;
    let mut temp = tempfile::NamedTempFile::new_in(dir).map_err(&failed)?;
    temp.write_all(bytes).map_err(&failed)?;
    Ok(temp)
}

#[cfg(unix)]
fn sync_dir(path: &Path) -> Result<(), HookError> {
    let dir = path.parent().expect("every file of ours stands in a directory");
    std::fs::File::open(dir).and_then(|dir| dir.sync_all()).map_err(failed("writing", path))
}

#[cfg(not(unix))]
fn sync_dir(_: &Path) -> Result<(), HookError> {
    Ok(())
}

/// Removes a file that may be gone already.
pub(super) fn remove(path: &Path) -> Result<(), HookError> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(failed("removing", path)(e)),
        _ => Ok(()),
    }
}

/// The files of a directory whose names end so, sorted; none where there is no directory.
pub(super) fn list(dir: &Path, ending: &str) -> Result<Vec<std::path::PathBuf>, HookError> {
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(failed("reading", dir)(e)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed("reading", dir))?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(ending)) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
