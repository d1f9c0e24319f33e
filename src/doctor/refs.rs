//! Names that the layout does not have, and tips that are not there.

use super::patient::Patient;
use super::{ExamError, Finding};
use crate::git::{GitError, Lost, Plane, RefName, Scope};
use crate::id::Oid;

/// Live refs beyond which every fetch and push becomes slow.
const REFS_MAX: usize = 10_000;

pub(super) fn examine(patient: &Patient) -> Result<Vec<Finding>, ExamError> {
    let mut found = strangers(patient)?;
    let mut live = 0;
    for scope in [Scope::Own, Scope::Tracking] {
        let refs = match patient.reader.refs(&scope) {
            Ok(refs) => refs,
            // Listing stops at the first; the next run shows the next.
            Err(GitError::SymbolicRef { name }) => {
                found.push(symbolic(&name));
                continue;
            }
            Err(other) => return Err(other.into()),
        };
        live += refs.len();
        found.extend(refs.iter().filter_map(|(name, tip)| broken(patient, name, *tip)));
    }
    if live > REFS_MAX {
        found.push(Finding::warn(
            "ref.many",
            live,
            format!("{live} refs of ours make every fetch and push slow; {REFS_MAX} are the most that is comfortable"),
            "pack them: git pack-refs --all; then drop tracking refs of remotes that are gone",
        ));
    }
    Ok(found)
}

fn strangers(patient: &Patient) -> Result<Vec<Finding>, ExamError> {
    let names = patient.reader.strangers()?;
    let finding = |name: String| {
        let remedy = format!("see what it holds (git log {name}), then remove it: git update-ref -d {name}");
        Finding::warn("ref.unknown", name, "this ref stands in our part of the names and in no plane of it", remedy)
    };
    Ok(names.into_iter().map(finding).collect())
}

fn symbolic(name: &str) -> Finding {
    Finding::fail(
        "ref.symbolic",
        name,
        "this ref names another ref; one of ours names a commit itself",
        format!("git symbolic-ref --delete {name}, then fetch the ref from another copy"),
    )
}

fn broken(patient: &Patient, name: &RefName, tip: Oid) -> Option<Finding> {
    let (code, what) = match patient.reader.raw_commit(tip) {
        Ok(_) => return None,
        Err(GitError::Missing { .. }) => ("ref.missing", format!("its tip {tip} is not in this repository")),
        Err(GitError::Kind { found, .. }) => ("ref.kind", format!("its tip {tip} is a {found}, not a commit")),
        Err(other) => ("ref.damaged", format!("its tip cannot be read: {other}")),
    };
    Some(Finding::fail(code, name, what, remedy(name)))
}

/// Where a lost tip may be found again.
fn remedy(name: &RefName) -> String {
    let again = match &name.plane {
        Plane::Journal { ns, writer } => {
            let lost = Lost { ns: ns.clone(), writer: writer.clone() };
            format!("; failing that, keep what is left for evidence (git update-ref {lost} <good commit>)")
        }
        _ => String::new(),
    };
    format!("see what is missing (git fsck --full), fetch it from another copy (git fetch <remote> {name}){again}")
}
