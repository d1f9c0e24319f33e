use crate::cli::answer::Answer;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::work::Work;
use crate::node;
use crate::view::ShownSync;

/// Bring this clone and a remote together: fetch, follow its trust and policy, push what is yours
///
/// Nothing is forced, here or there. A remote that rewrote its history is an alarm, and what this clone has is kept. Events
/// that a gate finds too late for its newest checkpoint are sealed anew behind it; a checkpoint that lost a race is folded
/// again. Each ref that the remote refused is named with its rule. Exit 1 where something was refused or an alarm stands.
///
/// Example: git gatos sync
#[derive(clap::Args)]
pub struct Sync {
    /// The remote; else gatos.authority of git's configuration, else `origin`
    remote: Option<String>,
}

impl Sync {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        let work = Work::new();
        let mut synced = node::sync(context.ambient(), self.remote.as_deref(), &work, work.cancel())?;
        drop(work);
        synced.notices.drain(..).for_each(|notice| context.note(notice));
        Ok(Answer::verdict(synced.is_clean(), ShownSync(synced)))
    }
}
