use super::error::HookError;
use super::process::Process;
use crate::ambient::Ambient;
use crate::git::{FileLock, GitError, gate_dir};
use std::path::Path;
use std::process::{Command, Stdio};

/// The lock of the gate. Pushes that only append share it; what changes the law or what accepted facts are compared with
/// has it alone, until the refs have moved and the receipt of that is written.
pub(super) struct Lock(FileLock);

impl Lock {
    pub(super) fn take(common_dir: &Path, alone: bool, ambient: &Ambient) -> Result<Lock, HookError> {
        FileLock::gate(common_dir, alone, ambient).map(Lock).map_err(busy)
    }

    /// Held alone for short work on the files of the gate.
    pub(super) fn named(common_dir: &Path, name: &str, ambient: &Ambient) -> Result<Lock, HookError> {
        FileLock::take(&gate_dir(common_dir).join(name), true, ambient).map(Lock).map_err(busy)
    }

    /// Hands the lock to a process that keeps it until the receipt is written, which is after this hook has ended. The
    /// lock goes with the open file, which becomes the standard input of the holder.
    pub(super) fn hand_over(self, receiver: &Process) -> Result<(), HookError> {
        let program = std::env::current_exe().map_err(|source| HookError::Holder { source })?;
        let order = ["hook", "hold", &receiver.id.to_string(), &receiver.start].map(String::from);
        Command::new(program)
            .args(order)
            // Of the incoming objects: they are kept by then, or gone.
            .env_remove("GIT_QUARANTINE_PATH")
            .stdin(Stdio::from(self.0.into_file()))
            // git waits for the end of the hook's output.
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|source| HookError::Holder { source })?;
        Ok(())
    }
}

fn busy(error: GitError) -> HookError {
    match error {
        GitError::Busy { seconds, .. } => HookError::Busy { seconds },
        other => other.into(),
    }
}
