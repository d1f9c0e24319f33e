use super::error::HookError;
use super::process::Process;
use super::settings::directory;
use crate::ambient::Ambient;
use std::fs::{File, TryLockError};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long a push waits for another.
const PATIENCE: Duration = Duration::from_secs(120);

/// The lock of the gate. Pushes that only append share it; what changes the law or what accepted facts are compared with
/// has it alone, until the refs have moved.
pub(super) struct Lock {
    file: File,
}

impl Lock {
    pub(super) fn take(git_dir: &Path, alone: bool, ambient: &Ambient) -> Result<Lock, HookError> {
        Lock::named(git_dir, "lock", alone, ambient)
    }

    /// Held for short work on the files of the gate.
    pub(super) fn named(git_dir: &Path, name: &str, alone: bool, ambient: &Ambient) -> Result<Lock, HookError> {
        let dir = directory(git_dir);
        let path = dir.join(name);
        let failed = |source| HookError::File { doing: "locking", path: path.clone(), source };
        std::fs::create_dir_all(&dir).map_err(failed)?;
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
        let since = Instant::now();
        loop {
            let taken = if alone { file.try_lock() } else { file.try_lock_shared() };
            match taken {
                Ok(()) => return Ok(Lock { file }),
                Err(TryLockError::WouldBlock) if since.elapsed() > PATIENCE => {
                    return Err(HookError::Busy { seconds: PATIENCE.as_secs() });
                }
                Err(TryLockError::WouldBlock) => {
                    let jitter = u64::from(ambient.chance::<1>()[0]) / 16;
                    std::thread::sleep(Duration::from_millis(1 + jitter));
                }
                Err(TryLockError::Error(source)) => return Err(failed(source)),
            }
        }
    }

    /// Hands the lock to a process that keeps it until the receiving one has ended: the refs move after this hook has. The
    /// lock goes with the open file, which becomes the standard input of the holder.
    pub(super) fn hand_over(self, receiver: &Process) -> Result<(), HookError> {
        let program = std::env::current_exe().map_err(|source| HookError::Holder { source })?;
        let order = ["hook", "hold", &receiver.id.to_string(), &receiver.start].map(String::from);
        Command::new(program)
            .args(order)
            // Of the incoming objects: they are kept by then, or gone.
            .env_remove("GIT_QUARANTINE_PATH")
            .stdin(Stdio::from(self.file))
            // git waits for the end of the hook's output.
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|source| HookError::Holder { source })?;
        Ok(())
    }
}
