//! Files and directories that only their owner may open.

use super::TrustError;
use crate::ambient::Ambient;
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Longest key file that is read; an Ed25519 key has about 400 bytes.
const KEY_FILE_MAX: u64 = 64 * 1024;

/// Reads a key file whole, with what the system says of the opened file.
pub(super) fn read(path: &Path) -> Result<(Zeroizing<Vec<u8>>, Metadata), TrustError> {
    let failed = |source| TrustError::ReadKey { path: path.into(), source };
    let mut file = File::open(path).map_err(failed)?;
    let meta = file.metadata().map_err(failed)?;
    if !meta.is_file() || meta.len() > KEY_FILE_MAX {
        return Err(TrustError::NotAKeyFile { path: path.into() });
    }
    // The buffer never grows, so no copy of the secret stays behind in freed memory.
    let mut bytes = Zeroizing::new(vec![0; meta.len() as usize]);
    file.read_exact(&mut bytes).map_err(failed)?;
    Ok((bytes, meta))
}

/// Refuses a file or directory that others may read or write, with the command that closes it.
#[cfg(unix)]
pub(super) fn check_mode(path: &Path, meta: &Metadata) -> Result<(), TrustError> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = meta.permissions().mode() & 0o7777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let wanted = if meta.is_dir() { 0o700 } else { 0o600 };
    Err(TrustError::Wide { path: path.into(), mode, wanted })
}

#[cfg(not(unix))]
pub(super) fn check_mode(_: &Path, _: &Metadata) -> Result<(), TrustError> {
    Ok(()) // access lists of the profile directory guard the keys there
}

/// Makes a directory, and those above it that are missing, for the owner alone; checks one that is there.
pub(super) fn private_dir(path: &Path, ambient: &Ambient) -> Result<(), TrustError> {
    match fs::metadata(path) {
        Ok(meta) => return check_mode(path, &meta),
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(source) => return Err(TrustError::ReadKey { path: path.into(), source }),
    }
    ambient.faults().step()?;
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|source| TrustError::WriteKey { path: path.into(), source })
}

/// Writes a new file for the owner alone, whole or not at all: a temporary file beside it, flushed, then renamed. A file
/// that is there is left alone and refused.
pub(super) fn write_new(path: &Path, bytes: &[u8], ambient: &Ambient) -> Result<(), TrustError> {
    let failed = |source| TrustError::WriteKey { path: path.into(), source };
    let dir = match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir.to_path_buf(),
        _ => PathBuf::from("."),
    };
    ambient.faults().step()?;
    // Created with mode 0600 and O_EXCL, and removed when it is dropped before the rename.
    let mut temp = tempfile::Builder::new().prefix(".gatos-").tempfile_in(&dir).map_err(failed)?;
    temp.write_all(bytes).map_err(failed)?;
    temp.as_file().sync_all().map_err(failed)?;
    ambient.faults().step()?;
    temp.persist_noclobber(path).map_err(|e| failed(e.error))?;
    // The name must be durable before a journal names the key.
    #[cfg(unix)]
    File::open(&dir).and_then(|d| d.sync_all()).map_err(failed)?;
    Ok(())
}
