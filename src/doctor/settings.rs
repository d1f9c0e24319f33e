//! Settings of git under which something of ours is lost or slow.

use super::patient::Patient;
use super::{ExamError, Finding};
use crate::git::{Plane, Reader, Scope};
use std::path::Path;

pub(super) fn examine(patient: &Patient) -> Result<Vec<Finding>, ExamError> {
    let reader = &patient.reader;
    let mut found = Vec::new();
    found.extend(gc(reader)?);
    if reader.config_bool("gatos.fsync")? == Some(false) {
        found.push(
            Finding::note(
                "fsync.off",
                "gatos.fsync",
                "appends do not wait for the disk: a power cut may take the last ones",
            )
            .with("git config --unset gatos.fsync"),
        );
    }
    found.extend(case(reader)?);
    Ok(found)
}

/// Objects that libgit2 writes again are not protected in cruft packs: a `git gc` may remove them under a writer.
fn gc(reader: &Reader) -> Result<Option<Finding>, ExamError> {
    let writes = reader.refs(&Scope::Own)?.iter().any(|(name, _)| matches!(name.plane, Plane::Journal { .. }));
    let cruft = reader.config_bool("gc.cruftPacks")?.unwrap_or(true);
    let never = reader.config_text("gc.pruneExpire")?.is_some_and(|value| value == "never");
    let safe = !writes || !cruft || never;
    Ok((!safe).then(|| {
        Finding::warn(
            "gc.cruft",
            "gc.cruftPacks",
            "git gc may remove objects that are being written again, and this clone writes",
            "git config gc.cruftPacks false",
        )
    }))
}

/// Whether names that differ in case alone are one file here, and whether git knows.
fn case(reader: &Reader) -> Result<Option<Finding>, ExamError> {
    let folds = folds_case(reader.common_dir());
    let told = reader.config_bool("core.ignorecase")?.unwrap_or(false);
    Ok(match (folds, told) {
        (false, false) => None,
        (true, true) => Some(Finding::note(
            "fs.case",
            reader.common_dir().display(),
            "this file system folds case: all names of ours are lower case, but branches that differ in case alone are one",
        )),
        (folds, _) => Some(Finding::warn(
            "fs.ignorecase",
            "core.ignorecase",
            format!(
                "git believes that this file system {} case, and it does not",
                if folds { "keeps" } else { "folds" }
            ),
            format!("git config core.ignorecase {folds}"),
        )),
    })
}

/// `HEAD` stands in every git directory; where `head` finds it too, case is folded.
fn folds_case(dir: &Path) -> bool {
    dir.join("HEAD").exists() && dir.join("head").exists() && !listed(dir, "head")
}

/// Whether a directory holds exactly this name, and not only one that the file system takes for it.
fn listed(dir: &Path, name: &str) -> bool {
    std::fs::read_dir(dir).into_iter().flatten().flatten().any(|entry| entry.file_name() == name)
}
