//! The physician: read-only examinations of a repository, the machine it lies on and the keys beside it.
//!
//! Owns: the examinations, their findings with severity and remedy.
//! Imports: id ambient canon git lua trust ledger policy state node.
//! Invariant: nothing here writes, not even a cache or a pin, and nothing here judges what an event says: that is `verify`.

mod clock;
mod clone;
mod ended;
mod error;
mod finding;
mod hooks;
mod keys;
mod leftovers;
mod patient;
mod profile;
mod refs;
mod remotes;
mod settings;

pub use error::ExamError;
pub use finding::{Finding, Report, Severity};

use crate::ambient::Ambient;
use crate::git::GitError;
use patient::Patient;

type Examination = fn(&Patient) -> Result<Vec<Finding>, ExamError>;

/// Every examination with the name that a report gives it, in the order of the report.
const EXAMINATIONS: [(&str, Examination); 9] = [
    ("refs", refs::examine),
    ("clone", clone::examine),
    ("settings", settings::examine),
    ("profile", profile::examine),
    ("remotes", remotes::examine),
    ("hooks", hooks::examine),
    ("clock", clock::examine),
    ("keys", keys::examine),
    ("leftovers", leftovers::examine),
];

/// Examines the repository around the working directory. A part that cannot be examined is a finding, not an error: the
/// others are looked at all the same.
pub fn examine(ambient: &Ambient) -> Result<Report, GitError> {
    let patient = Patient::of(ambient)?;
    let mut report = Report { examined: Vec::new(), findings: Vec::new() };
    for (name, examination) in EXAMINATIONS {
        report.examined.push(name);
        match examination(&patient) {
            Ok(found) => report.findings.extend(found),
            Err(error) => report.findings.push(error.into_finding(name)),
        }
    }
    Ok(report)
}

#[cfg(test)]
mod tests;
