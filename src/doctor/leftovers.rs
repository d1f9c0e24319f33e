//! What a killed process leaves behind: locks of refs, unfinished files. None of it is read as anything, so none of it is
//! a failure; a lock makes writers wait until it is removed.

use super::patient::{Patient, entries};
use super::{ExamError, Finding};
use crate::canon::shown;
use crate::trust::KeyDir;
use std::path::{Path, PathBuf};

/// Most leftovers that are told one by one.
const SHOWN: usize = 20;
/// Deepest directory that is walked; the deepest ref of ours has 6 parts.
const DEPTH: usize = 12;

pub(super) fn examine(patient: &Patient) -> Result<Vec<Finding>, ExamError> {
    let mut found: Vec<Finding> = locks(patient)?.iter().map(|path| lock(path)).collect();
    found.extend(unfinished(patient)?.iter().map(|path| temporary(path)));
    let more = found.len().saturating_sub(SHOWN);
    if more > 0 {
        found.truncate(SHOWN);
        found.push(Finding::note("temp.more", more, format!("{more} more files of this kind are not shown")));
    }
    Ok(found)
}

fn lock(path: &Path) -> Finding {
    Finding::warn(
        "lock.left",
        path.display(),
        "a lock: a git process is at work, or one was killed and left it; writers wait for it",
        format!("when no git process works here: rm {}", shown::path(path)),
    )
}

fn temporary(path: &Path) -> Finding {
    let sentence = "a file that a process began and did not finish; nothing reads it";
    Finding::note("temp.left", path.display(), sentence)
        .with(format!("when no git process works here: rm {}", shown::path(path)))
}

fn locks(patient: &Patient) -> Result<Vec<PathBuf>, ExamError> {
    let (git, common) = (patient.reader.git_dir(), patient.reader.common_dir());
    let is_lock = |name: &str| name.ends_with(".lock");
    let mut found = Vec::new();
    found.extend(direct(common, is_lock)?);
    if git != common {
        found.extend(direct(git, is_lock)?);
    }
    below(&common.join("refs"), DEPTH, &is_lock, &mut found)?;
    Ok(found)
}

fn unfinished(patient: &Patient) -> Result<Vec<PathBuf>, ExamError> {
    let common = patient.reader.common_dir();
    let objects = common.join("objects");
    let mut found = Vec::new();
    // Loose objects lie in 256 directories of two digits; both git and libgit2 begin a file as tmp_….
    let begun = |name: &str| name.starts_with("tmp_");
    found.extend(direct(&objects, begun)?);
    for dir in entries(&objects)?.into_iter().filter(|path| path.is_dir()) {
        found.extend(direct(&dir, begun)?);
    }
    let ours = |name: &str| name.starts_with(".tmp") || name.starts_with(".gatos-");
    let work = patient.reader.work_dir().map(|dir| dir.join("gatos"));
    let state = patient.ambient.env().xdg("XDG_STATE_HOME", ".local/state").map(|dir| dir.join("gatos"));
    let keys = KeyDir::of(&patient.ambient).ok().map(|keys| keys.path().to_owned());
    for dir in [Some(common.join("gatos")), work, state, keys].into_iter().flatten() {
        below(&dir, DEPTH, &ours, &mut found)?;
    }
    Ok(found)
}

fn named(path: &Path, is: impl Fn(&str) -> bool) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(is)
}

/// Files of a name directly in a directory.
fn direct(dir: &Path, is: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>, ExamError> {
    Ok(entries(dir)?.into_iter().filter(|path| named(path, &is) && path.is_file()).collect())
}

/// Files of a name anywhere below a directory. Links are not followed.
fn below(dir: &Path, depth: usize, is: &dyn Fn(&str) -> bool, found: &mut Vec<PathBuf>) -> Result<(), ExamError> {
    for path in entries(dir)? {
        // A file may go while we look.
        let Ok(meta) = std::fs::symlink_metadata(&path) else { continue };
        if meta.is_dir() && depth > 0 {
            below(&path, depth - 1, is, found)?;
        } else if meta.is_file() && named(&path, is) {
            found.push(path);
        }
    }
    Ok(())
}
