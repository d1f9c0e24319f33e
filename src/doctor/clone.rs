//! Facts about this clone: history cut short, a pin, a replica id that is its own, tips it is known to have written.

use super::patient::Patient;
use super::{ExamError, Finding};
use crate::canon::shown;
use crate::git::{Lost, Plane, Reader, RefName, Scope};
use crate::id::{Blake3, Ns, Oid, Replica, Writer};
use crate::node::{Memory, NodeError, Pin, ReplicaFile, alarm, pinned, replica_file, replica_path};

pub(super) fn examine(patient: &Patient) -> Result<Vec<Finding>, ExamError> {
    let mut found = place(patient);
    let shallow = patient.reader.is_shallow();
    if shallow {
        found.push(Finding::fail(
            "clone.shallow",
            patient.reader.common_dir().display(),
            "history is cut short here, and its edge looks like a beginning: fold, verify and init refuse",
            "git fetch --unshallow",
        ));
    }
    let pin = match pinned(&patient.ambient) {
        Ok((pin, ids)) => {
            // What a shallow clone lacks says nothing about what there is.
            if !shallow {
                found.extend(genesis(pin.as_ref(), &ids));
                found.extend(rolled_back(patient, pin.filter(|pin| ids.contains(&pin.repo)))?);
            }
            pin
        }
        Err(error) => {
            found.extend((!shallow).then(|| broken_trust(&error)));
            None
        }
    };
    found.extend(fork(patient));
    let (replica, finding) = replica(patient)?;
    found.extend(finding);
    if let (Some(replica), Some(pin)) = (replica, pin) {
        found.extend(memory(patient, replica, &pin.repo)?);
    }
    Ok(found)
}

/// Where the repository lies.
fn place(patient: &Patient) -> Vec<Finding> {
    let reader = &patient.reader;
    let mut found = Vec::new();
    if reader.git_dir() != reader.common_dir() {
        let sentence =
            format!("a linked worktree: journals and keys are shared with {}", reader.common_dir().display());
        found.push(Finding::note("clone.worktree", reader.git_dir().display(), sentence));
    }
    let borrowed = reader.common_dir().join("objects/info/alternates");
    if let Ok(text) = std::fs::read_to_string(&borrowed) {
        for lender in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            found.push(Finding::warn(
                "clone.borrowed",
                borrowed.display(),
                format!("objects are borrowed from {lender}: when they go there, they are gone here"),
                format!("git repack -a -d, then rm {}", shown::path(&borrowed)),
            ));
        }
    }
    found
}

fn genesis(pin: Option<&Pin>, ids: &[Blake3]) -> Option<Finding> {
    match (pin, ids) {
        (None, []) => Some(
            Finding::note("trust.none", "trust", "there is no genesis here yet").with("git gatos init, or fetch one"),
        ),
        (None, [only]) => Some(
            Finding::note("pin.none", only, "this clone has pinned no genesis; the next command pins this one")
                .with(format!("compare it with the owner's, then: git gatos trust pin {only}")),
        ),
        (None, several) => Some(Finding::fail(
            "pin.many",
            several.iter().map(Blake3::to_string).collect::<Vec<_>>().join(" "),
            "there are several geneses here and none is pinned: every command stops",
            format!("ask the owner which is theirs, then: git gatos trust pin {}", several[0]),
        )),
        (Some(pin), ids) if ids.contains(&pin.repo) => None,
        (Some(pin), _) => Some(Finding::fail(
            "pin.missing",
            pin.repo,
            "this clone is pinned to a genesis that is not here",
            "fetch it from where it came, or pin another: git gatos trust pin ID",
        )),
    }
}

/// No trust graph here goes as far as this clone has seen it go.
fn rolled_back(patient: &Patient, pin: Option<Pin>) -> Result<Option<Finding>, ExamError> {
    let Some(Pin { tip: seen, .. }) = pin else { return Ok(None) };
    let reader = &patient.reader;
    let held = reader.contains(seen);
    for (name, tip) in reader.refs(&Scope::Trust)? {
        // What cannot be walked is told elsewhere, and holds nothing.
        if name.plane == Plane::TrustGraph && held && reader.is_ancestor(seen, tip).unwrap_or(false) {
            return Ok(None);
        }
    }
    let own = RefName::own(Plane::TrustGraph);
    let remedy = match held {
        true => format!("find out who moved it back, then: git update-ref {own} {seen}"),
        false => {
            "fetch the trust graph from where its newest version was pushed, and find out who moved it back".into()
        }
    };
    let sentence =
        format!("the trust graph was rolled back: this clone has seen {seen}, and no trust ref here holds it");
    Ok(Some(Finding::fail("trust.rollback", own, sentence, remedy)))
}

fn broken_trust(error: &NodeError) -> Finding {
    Finding::fail(
        "trust.broken",
        "trust",
        format!("the trust graph does not hold: {error}"),
        "see all that is wrong: git gatos verify; then fetch the graph from another copy",
    )
}

/// Two branches of the trust graph, or refs moved back behind what was seen. What else is wrong is told above.
fn fork(patient: &Patient) -> Option<Finding> {
    let choose = "find out who signed both, then choose: git gatos trust pin COMMIT";
    match alarm(&patient.ambient) {
        Ok(alarm) => alarm.map(|alarm| Finding::fail("trust.equivocation", alarm.counted, alarm.sentence(), choose)),
        Err(error @ NodeError::TrustBranches { .. }) => {
            Some(Finding::fail("trust.equivocation", "trust", error.to_string(), choose))
        }
        Err(error @ NodeError::TrustRollback { .. }) => {
            let remedy = "fetch the missing history, or choose what to believe: git gatos trust pin COMMIT";
            Some(Finding::fail("trust.rollback", "trust", error.to_string(), remedy))
        }
        Err(_) => None,
    }
}

/// The replica id where it is this clone's own.
fn replica(patient: &Patient) -> Result<(Option<Replica>, Option<Finding>), ExamError> {
    let path = replica_path(patient.reader.common_dir());
    let fresh = "the next append draws a new one, so that no journal forks";
    let note = |code, what: &str| Finding::note(code, path.display(), format!("{what}; {fresh}"));
    Ok(match replica_file(patient.reader.common_dir())? {
        ReplicaFile::Absent => (None, None),
        ReplicaFile::Own(replica) => (Some(replica), None),
        ReplicaFile::Copied => {
            (None, Some(note("replica.copied", "the replica id belongs to the directory this is a copy of")))
        }
        ReplicaFile::Unreadable => (None, Some(note("replica.unreadable", "the replica id cannot be read"))),
    })
}

/// Journals of this clone that have gone back behind what this machine wrote last.
fn memory(patient: &Patient, replica: Replica, repo: &Blake3) -> Result<Vec<Finding>, ExamError> {
    let remembered = Memory::of(&patient.ambient, repo).all();
    let mut found = Vec::new();
    for (ns, writer, tip) in remembered.into_iter().filter(|(_, writer, _)| writer.replica() == replica) {
        if !holds(patient, &ns, &writer, tip)? {
            found.push(Finding::warn(
                "journal.behind",
                RefName::own(Plane::Journal { ns, writer }),
                format!("this machine wrote {tip} last, and the journal does not hold it: a restored backup, or a ref moved back"),
                "fetch the journal from where it was pushed; the next append goes on in a fresh replica",
            ));
        }
    }
    Ok(found)
}

fn holds(patient: &Patient, ns: &Ns, writer: &Writer, remembered: Oid) -> Result<bool, ExamError> {
    let reader = &patient.reader;
    let name = RefName::own(Plane::Journal { ns: ns.clone(), writer: writer.clone() });
    Ok(match reader.resolve(&name)? {
        // What a gate never took was put aside.
        None => aside(reader, ns, writer, remembered)?,
        Some(tip) if tip == remembered => true,
        // A tip that cannot be read is told elsewhere.
        Some(tip) => {
            reader.contains(remembered)
                && (reader.is_ancestor(remembered, tip).unwrap_or(true) || aside(reader, ns, writer, remembered)?)
        }
    })
}

/// Whether an append lies among the lost of its journal.
fn aside(reader: &Reader, ns: &Ns, writer: &Writer, append: Oid) -> Result<bool, ExamError> {
    let lost = Lost { ns: ns.clone(), writer: writer.clone() };
    let held = reader.resolve_ref(&lost.to_string())?;
    Ok(held.is_some_and(|held| held == append || reader.is_ancestor(append, held).unwrap_or(true)))
}
