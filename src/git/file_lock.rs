//! Locks between processes: an open file that one holds alone, or several together.

use super::layout::{Place, RefName};
use super::{GitError, Store};
use crate::ambient::Ambient;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long one process waits for another.
const PATIENCE: Duration = Duration::from_secs(120);

/// Held until it is dropped, or the process has ended.
#[derive(Debug)]
pub struct FileLock {
    file: File,
}

impl FileLock {
    /// Takes the lock of a file, which is made where it is missing. Fails with `Busy` after two minutes.
    pub fn take(path: &Path, alone: bool, ambient: &Ambient) -> Result<FileLock, GitError> {
        let failed = |source| GitError::LockFile { path: path.to_owned(), source };
        if let Some(dir) = path.parent() {
            std::fs::create_dir_all(dir).map_err(failed)?;
        }
        let file = File::options().create(true).truncate(false).write(true).open(path).map_err(failed)?;
        let since = Instant::now();
        loop {
            let taken = if alone { file.try_lock() } else { file.try_lock_shared() };
            match taken {
                Ok(()) => return Ok(FileLock { file }),
                Err(TryLockError::WouldBlock) if since.elapsed() > PATIENCE => {
                    return Err(GitError::Busy { path: path.to_owned(), seconds: PATIENCE.as_secs() });
                }
                Err(TryLockError::WouldBlock) => {
                    let jitter = u64::from(ambient.chance::<1>()[0]) / 16;
                    std::thread::sleep(Duration::from_millis(1 + jitter));
                }
                Err(TryLockError::Error(source)) => return Err(failed(source)),
            }
        }
    }

    /// Takes the lock of the gate of a repository. Who wants it alone has the turn while he waits, so that those who share it
    /// do not keep him out in a row.
    pub fn gate(common_dir: &Path, alone: bool, ambient: &Ambient) -> Result<FileLock, GitError> {
        let path = gate_lock(common_dir);
        let _turn = FileLock::take(&path.with_extension("turn"), alone, ambient)?;
        FileLock::take(&path, alone, ambient)
    }

    /// The open file, with which the lock goes on.
    pub fn into_file(self) -> File {
        self.file
    }
}

/// The directory of everything that the push gate of a repository keeps.
pub fn gate_dir(common_dir: &Path) -> PathBuf {
    common_dir.join("gatos").join("gate")
}

/// Whether a gate was installed in a repository: its settings stand there.
pub fn has_gate(common_dir: &Path) -> bool {
    gate_settings(common_dir).exists()
}

/// The file of a gate's settings.
pub fn gate_settings(common_dir: &Path) -> PathBuf {
    gate_dir(common_dir).join("settings.json")
}

/// Shared by pushes that only append, held alone where the law changes.
fn gate_lock(common_dir: &Path) -> PathBuf {
    gate_dir(common_dir).join("lock")
}

impl Store {
    /// The lock of the gate that judges pushes here, for a move of what it judges by. Nothing where no gate stands: then nobody
    /// judges meanwhile.
    pub(super) fn lock_law<'n>(&self, mut names: impl Iterator<Item = &'n str>) -> Result<Option<FileLock>, GitError> {
        let path = gate_lock(self.common_dir());
        let is_law =
            |name: &str| RefName::parse(name).is_some_and(|name| name.place == Place::Own && name.plane.is_law());
        match path.exists() && names.any(is_law) {
            true => FileLock::gate(self.common_dir(), true, &self.ambient).map(Some),
            false => Ok(None),
        }
    }
}
