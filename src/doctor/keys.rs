//! The directory of keys: modes, names and forms of its files; and whose key is missing.

use super::patient::Patient;
use super::{ExamError, Finding};
use crate::canon::shown;
use crate::id::{Actor, PublicKey, Segment};
use crate::node::pinned;
use crate::trust::{Graph, KeyDir, TrustError};
use std::path::Path;

pub(super) fn examine(patient: &Patient) -> Result<Vec<Finding>, ExamError> {
    let keys = match KeyDir::of(&patient.ambient) {
        Ok(keys) => keys,
        Err(TrustError::NoKeyDir) => {
            let sentence = "there is no place for keys: neither XDG_CONFIG_HOME nor HOME is set";
            return Ok(vec![Finding::warn("key.nowhere", "keys", sentence, "set HOME")]);
        }
        Err(other) => return Err(other.into()),
    };
    let mut found: Vec<Finding> = keys.examine().iter().map(|error| finding(&keys, error)).collect();
    found.extend(lost(patient, &keys)?);
    found.extend(super::ended::examine(patient, &keys)?);
    found.extend(keyless(patient));
    Ok(found)
}

/// Members of groups who have no key, so that they count where a quorum is asked for and cannot speak.
fn keyless(patient: &Patient) -> Vec<Finding> {
    // A graph that cannot be read is told elsewhere.
    let Ok((Some(pin), _)) = pinned(&patient.ambient) else { return Vec::new() };
    let Ok(graph) = Graph::load(&patient.reader, pin.tip) else { return Vec::new() };
    let trust = graph.current();
    let mute = |members: &[Actor]| -> Vec<String> {
        members.iter().filter(|actor| trust.keys_of(actor).is_empty()).map(Actor::to_string).collect()
    };
    let groups = trust.groups.iter().map(|(group, members)| (group, mute(members)));
    let finding = |(group, mute): (&Segment, Vec<String>)| {
        let sentence = format!("members without a key, who cannot speak: {}", mute.join(", "));
        let remedy = format!("git gatos trust add-key ACTOR KEY, or git gatos trust group remove {group} ACTOR");
        Finding::note("trust.keyless", format!("group {group}"), sentence).with(remedy)
    };
    groups.filter(|(_, mute)| !mute.is_empty()).map(finding).collect()
}

/// The key with which this clone signs, where there is no file of it.
fn lost(patient: &Patient, keys: &KeyDir) -> Result<Option<Finding>, ExamError> {
    if let Some(file) = patient.reader.config_text("gatos.keyfile")? {
        let sentence = "this clone signs with the key in this file (gatos.keyfile), and it is not there";
        let remedy = "put it back, or name another: git gatos init --key FILE";
        return Ok((!Path::new(&file).exists()).then(|| Finding::fail("key.lost", file, sentence, remedy)));
    }
    // What is no key is told by whatever reads the setting.
    let named = patient.reader.config_text("gatos.key")?.and_then(|text| text.parse::<PublicKey>().ok());
    Ok(named.filter(|key| !keys.holds(key)).map(|key| {
        let sentence = format!("this clone signs with it (gatos.key), and there is no file of it in {}", keys.path().display());
        let remedy = "git gatos key import FILE; where it is lost: git gatos key new, then git gatos init, which says what a root runs";
        Finding::fail("key.lost", key, sentence, remedy)
    }))
}

fn finding(keys: &KeyDir, error: &TrustError) -> Finding {
    if let TrustError::Wide { path, mode, wanted } = error {
        let sentence = format!("others may reach it: its mode is {mode:04o}, and it is refused until that is mended");
        return Finding::fail("key.mode", path.display(), sentence, format!("chmod {wanted:o} {}", shown::path(path)));
    }
    let remedy = format!(
        "move the file out of {} and import the right one: git gatos key import FILE",
        shown::path(keys.path())
    );
    Finding::fail("key.file", keys.path().display(), error.to_string(), remedy)
}
