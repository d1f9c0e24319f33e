use super::ExamError;
use crate::ambient::Ambient;
use crate::git::{Git, GitError, Reader};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What is examined: a repository, opened for reading, and its surroundings.
pub(super) struct Patient {
    pub ambient: Ambient,
    pub reader: Reader,
}

impl Patient {
    pub fn of(ambient: &Ambient) -> Result<Patient, GitError> {
        Ok(Patient { ambient: ambient.clone(), reader: Reader::discover(ambient)? })
    }

    /// Every setting as git reads it, those of many values once for each, section and variable in lower case.
    pub fn settings(&self) -> Result<Vec<(String, String)>, ExamError> {
        let listed = Git::new(&self.reader).args(["config", "--list", "-z"]).run()?;
        let text = String::from_utf8_lossy(&listed.stdout);
        let pairs = text.split_terminator('\0');
        // A key without a value is true, as git has it.
        Ok(pairs.map(|pair| pair.split_once('\n').unwrap_or((pair, "true"))).map(owned).collect())
    }
}

fn owned((key, value): (&str, &str)) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

/// The entries of a directory, sorted; none where there is no such directory.
pub(super) fn entries(dir: &Path) -> Result<Vec<PathBuf>, ExamError> {
    let unread = |source| ExamError::Look { path: dir.to_owned(), source };
    let listed = match std::fs::read_dir(dir) {
        Ok(listed) => listed,
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(Vec::new()),
        Err(source) => return Err(unread(source)),
    };
    let mut paths = Vec::new();
    for entry in listed {
        paths.push(entry.map_err(unread)?.path());
    }
    paths.sort();
    Ok(paths)
}
