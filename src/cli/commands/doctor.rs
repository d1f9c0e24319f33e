use crate::cli::answer::Answer;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::doctor::{self, Finding, Severity};
use crate::view::{Complaint, Health, Ink};

/// Examine this clone, its settings and the keys beside it, and change nothing
///
/// Each finding has a remedy. `fail` does not work or is lost: exit 1; `warn` should be mended; `note` is good to know.
///
/// Example: git gatos doctor
#[derive(clap::Args)]
pub struct Doctor {}

impl Doctor {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        let report = doctor::examine(context.ambient())?;
        let yes = report.is_content();
        let complaints = report.findings.into_iter().map(complaint).collect();
        Ok(Answer::verdict(yes, Health { examined: report.examined, complaints }))
    }
}

fn complaint(finding: Finding) -> Complaint {
    let ink = match finding.severity {
        Severity::Fail => Ink::Bad,
        Severity::Warn => Ink::Name,
        Severity::Note => Ink::Faint,
    };
    let Finding { code, severity, subject, sentence, remedy } = finding;
    Complaint { code, severity: severity.as_str(), ink, subject, sentence, remedy }
}
