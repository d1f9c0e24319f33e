use super::fold_test::FoldTest;
use super::state::Checkpoint;
use crate::cli::answer::Answer;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::work::Work;
use crate::id::Ns;
use crate::view::FoldJudgement;

/// Fold the events and write the state with its proof, or verify such a proof
///
/// `git gatos fold` is `git gatos state checkpoint`.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Fold {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    checkpoint: Checkpoint,
}

#[derive(clap::Subcommand)]
enum Verb {
    Verify(Verify),
    Test(FoldTest),
}

impl Fold {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        match self.verb {
            None => self.checkpoint.run(context),
            Some(Verb::Verify(verb)) => verb.run(context),
            Some(Verb::Test(verb)) => verb.run(context),
        }
    }
}

/// Recompute a checkpoint and compare: exit 0 where it holds, 1 with the first difference
///
/// Example: git gatos fold verify refs/gatos/state/main
#[derive(clap::Args)]
pub struct Verify {
    /// A ref or a commit; else the newest checkpoint of the namespace
    #[arg(value_name = "REF")]
    name: Option<String>,
    /// The namespace whose newest checkpoint is meant
    #[arg(long, default_value = "main", conflicts_with = "name")]
    ns: Ns,
    /// Fold from the first event, not from a checkpoint that this clone computed before
    #[arg(long)]
    deep: bool,
}

impl Verify {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        let node = context.node()?;
        let commit = match &self.name {
            None => node.newest_checkpoint(&self.ns)?,
            Some(name) => node.reader().resolve_text(name)?.ok_or_else(|| {
                CliError::failed("NO_SUCH_POINT", format!("{name} is no ref and no commit of this repository"))
                    .hint("git gatos state history lists the checkpoints")
            })?,
        };
        let work = Work::new();
        let verdict = node.verify_fold(commit, self.deep, &work, work.cancel())?;
        Ok(Answer::verdict(verdict.difference.is_none(), FoldJudgement(verdict)))
    }
}
