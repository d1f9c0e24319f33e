//! The clock of this machine against the times that stand in the repository.

use super::patient::Patient;
use super::{ExamError, Finding};
use crate::git::Scope;
use crate::id::Timestamp;

/// 2020-01-01T00:00:00Z: no clock that is set says less.
const SET: i64 = 1_577_836_800;
/// How far two clocks may differ before a person should know, in seconds.
const SKEW: i64 = 300;

pub(super) fn examine(patient: &Patient) -> Result<Vec<Finding>, ExamError> {
    let now = patient.ambient.now();
    if now.unix() < SET {
        let sentence = format!("this machine believes that it is {now}: its clock was never set");
        return Ok(vec![Finding::fail(
            "clock.unset",
            "clock",
            sentence,
            "set it: timedatectl set-ntp true, or date -s",
        )]);
    }
    let mut found = Vec::new();
    for (name, tip) in patient.reader.refs(&Scope::Journals(None))? {
        // A tip that cannot be read is the business of another examination.
        let Some(ts) = patient.reader.commit(tip).ok().and_then(|commit| commit.time()) else { continue };
        if ts.unix() > now.unix() + SKEW {
            found.push(ahead(&name, ts, now));
        }
    }
    Ok(found)
}

fn ahead(name: &impl std::fmt::Display, ts: Timestamp, now: Timestamp) -> Finding {
    Finding::warn(
        "clock.ahead",
        name,
        format!("its newest event says {ts}, and here it is {now}: the clock of its writer or this one is wrong"),
        "compare both clocks with a third; the order of events does not depend on them, `--at TIME` does",
    )
}
