//! Keeping the number of packs small: every one of them costs each later lookup and each loose write.

use super::{Git, GitError, Store};

/// Past this many packs they are put together.
const PACKS_MAX: usize = 50;

impl Store {
    /// Puts small packs together when there are more than 50. Nothing is lost where git fails at it: the packs stay as
    /// they are, and the next call tries again.
    pub fn tidy_packs(&self) -> Result<(), GitError> {
        if self.packs() <= PACKS_MAX {
            return Ok(());
        }
        self.step()?;
        // Objects keep the form they have: no search for deltas, which a journal's commits are not worth.
        let args = ["repack", "-d", "-q", "-n", "--geometric=2", "--window=0"];
        match Git::new(self).args(args).run() {
            Ok(_) | Err(GitError::Child { .. } | GitError::Spawn { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn packs(&self) -> usize {
        let Ok(files) = std::fs::read_dir(self.common_dir().join("objects").join("pack")) else { return 0 };
        files.flatten().filter(|file| file.path().extension().is_some_and(|ending| ending == "pack")).count()
    }
}
