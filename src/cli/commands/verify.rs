use crate::cli::answer::Answer;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::work::Work;
use crate::id::Ns;
use crate::node;
use crate::view::Verified;

/// Check everything from its bytes: trust, policy, journals, checkpoints, and what gates accepted
///
/// Believes nothing that was cached. What has a receipt is judged again by the law that stood when it came in, and what cannot
/// be is counted. A finding is a line: ref, commit, event, code, sentence; notes do not count. The last line is PASSED, or
/// FAILED and exit 1, with the anchors: what the newest appends could be held against.
///
/// Example: git gatos verify --deep
#[derive(clap::Args)]
pub struct Verify {
    /// Only the journals and checkpoints of this namespace
    #[arg(long)]
    ns: Option<Ns>,
    /// Fold every checkpoint from the first event
    #[arg(long)]
    deep: bool,
}

impl Verify {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        let work = Work::new();
        let (report, notices) = node::verify(context.ambient(), self.ns.as_ref(), self.deep, &work, work.cancel())?;
        notices.into_iter().for_each(|notice| context.note(notice));
        Ok(Answer::verdict(report.passed(), Verified(report)))
    }
}
