//! The directory of keys: modes, names and forms of its files.

use super::patient::{Patient, quoted};
use super::{ExamError, Finding};
use crate::trust::{KeyDir, TrustError};

pub(super) fn examine(patient: &Patient) -> Result<Vec<Finding>, ExamError> {
    let keys = match KeyDir::of(&patient.ambient) {
        Ok(keys) => keys,
        Err(TrustError::NoKeyDir) => {
            let sentence = "there is no place for keys: neither XDG_CONFIG_HOME nor HOME is set";
            return Ok(vec![Finding::warn("key.nowhere", "keys", sentence, "set HOME")]);
        }
        Err(other) => return Err(other.into()),
    };
    Ok(keys.examine().iter().map(|error| finding(&keys, error)).collect())
}

fn finding(keys: &KeyDir, error: &TrustError) -> Finding {
    if let TrustError::Wide { path, mode, wanted } = error {
        let sentence = format!("others may reach it: its mode is {mode:04o}, and it is refused until that is mended");
        return Finding::fail("key.mode", path.display(), sentence, format!("chmod {wanted:o} {}", quoted(path)));
    }
    let remedy =
        format!("move the file out of {} and import the right one: git gatos key import FILE", quoted(keys.path()));
    Finding::fail("key.file", keys.path().display(), error.to_string(), remedy)
}
