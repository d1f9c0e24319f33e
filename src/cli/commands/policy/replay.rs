use super::{compiled, sources};
use crate::cli::answer::Answer;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::id::Timestamp;
use crate::node::Change;
use crate::policy::Bundle;
use crate::view::{ChangedVerdict, Replayed};
use std::path::PathBuf;

/// Judge the recorded history by a candidate, and print every verdict that would change
///
/// Every event of every namespace, every other push that a gate accepted, and every recorded denial. What has a receipt is
/// judged by the trust, the time and the grants that stood then. What depends on something that nobody wrote down is counted and
/// named. Nothing is written. Exit 1 where a verdict would change.
#[derive(clap::Args)]
pub struct Replay {
    /// A directory with gatos/ in it, or laid out as gatos/ itself; the work tree where none is named
    #[arg(long, value_name = "DIR")]
    candidate: Option<PathBuf>,
    /// Only what a gate received since, or else what happened since: YYYY-MM-DDTHH:MM:SSZ
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
}

impl Replay {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        let built = match compiled(context, &sources(context, self.candidate.as_ref())?) {
            Ok(built) => built,
            Err(answer) => return Ok(answer),
        };
        let node = context.node()?;
        let mut show = |change: Change| context.show(&ChangedVerdict(change)).map(drop);
        let replay = node.replay::<CliError>(Bundle::candidate(built.files)?, self.since, &mut show)?;
        Ok(Answer::verdict(replay.changes == 0, Replayed(replay)))
    }
}
