//! Hooks that git would pass over in silence.

use super::patient::{Patient, entries};
use super::{ExamError, Finding};
use crate::canon::shown;
use crate::git::Git;
use std::path::{Path, PathBuf};

/// The hooks that run on a push or a move of refs.
const NAMES: [&str; 6] = ["pre-receive", "update", "post-receive", "post-update", "reference-transaction", "pre-push"];

pub(super) fn examine(patient: &Patient) -> Result<Vec<Finding>, ExamError> {
    let dir = directory(patient)?;
    let hooks = entries(&dir)?.into_iter().filter(|path| {
        path.is_file() && path.file_name().and_then(|n| n.to_str()).is_some_and(|name| NAMES.contains(&name))
    });
    Ok(hooks.filter_map(|path| judge(&path)).collect())
}

/// Where git looks for hooks, `core.hooksPath` considered.
fn directory(patient: &Patient) -> Result<PathBuf, ExamError> {
    let said = Git::new(&patient.reader).args(["rev-parse", "--git-path", "hooks"]).run()?;
    let text = String::from_utf8_lossy(&said.stdout);
    let base = patient.reader.work_dir().unwrap_or(patient.reader.git_dir());
    Ok(base.join(text.trim_end_matches('\n')))
}

#[cfg(unix)]
fn judge(path: &Path) -> Option<Finding> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(path).ok()?.permissions().mode();
    (mode & 0o111 == 0).then(|| {
        let sentence = "git passes over this hook, because it is not executable";
        Finding::warn("hook.idle", path.display(), sentence, format!("chmod +x {}, or remove it", shown::path(path)))
    })
}

#[cfg(not(unix))]
fn judge(_: &Path) -> Option<Finding> {
    None // there is no such bit
}
