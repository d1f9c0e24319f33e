//! Whether the profile that the work tree names is the one that holds.

use super::patient::Patient;
use super::{ExamError, Finding};
use crate::git::{Place, Plane, Reader, Scope};
use crate::node::read_source;
use crate::policy::{PROFILE, PROFILE_YAML, Profile};
use std::io::ErrorKind;

/// Largest file of a bundle that says a profile.
const PROFILE_MAX: u64 = 4 << 10;

pub(super) fn examine(patient: &Patient) -> Result<Vec<Finding>, ExamError> {
    let (Some(dir), Some(law)) = (patient.reader.work_dir(), law(&patient.reader)?) else { return Ok(Vec::new()) };
    let path = dir.join(PROFILE_YAML);
    let bytes = match read_source(&path) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Ok(missing(law).into_iter().collect()),
        Err(e) if e.kind() == ErrorKind::InvalidData => return Ok(vec![unread(&e.to_string())]),
        Err(source) => return Err(ExamError::Look { path, source }),
    };
    Ok(match Profile::from_source(&bytes) {
        Ok((_, named)) if named == law => Vec::new(),
        Ok((_, named)) => {
            let sentence = format!("it says {named}, and the active policy says {law}, which is what holds");
            let remedy = format!(
                "to keep the law: git gatos profile set {law}; to change it: git gatos policy publish, then activate"
            );
            vec![Finding::warn("profile.differs", PROFILE_YAML, sentence, remedy)]
        }
        Err((line, _, why)) => vec![unread(&format!("line {line}: {why}"))],
    })
}

fn unread(why: &str) -> Finding {
    let sentence = format!("{why}; no policy can be published with it");
    Finding::warn("profile.unread", PROFILE_YAML, sentence, "write it anew: `profile: NAME` alone")
}

/// A law that demands something is published again only where its sources say so.
fn missing(law: Profile) -> Option<Finding> {
    let sentence =
        format!("the active policy says {law}, and this file is missing, so that no policy can be published");
    let write = format!("git gatos profile set {law}");
    (law != Profile::Local).then(|| Finding::note("profile.missing", PROFILE_YAML, sentence).with(write))
}

/// The profile of the active policy as this clone holds it, else as it fetched it. Whether that policy counts is for
/// `verify` to say.
fn law(reader: &Reader) -> Result<Option<Profile>, ExamError> {
    let mut active = reader.refs(&Scope::Policies)?;
    active.retain(|(name, _)| name.plane == Plane::PolicyActive);
    active.sort_by_key(|(name, _)| name.place != Place::Own);
    let Some((_, tip)) = active.first() else { return Ok(None) };
    let bytes = reader.file(*tip, PROFILE, PROFILE_MAX)?;
    Ok(bytes.map_or(Some(Profile::Local), |bytes| Profile::parse(&bytes).ok()))
}
