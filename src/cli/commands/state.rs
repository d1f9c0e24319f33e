use super::state_show::Show;
use crate::canon::{Value, json};
use crate::cli::answer::Answer;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::work::Work;
use crate::id::Ns;
use crate::node::{CheckpointEnd, Node, Point, StateQuery};
use crate::state::difference;
use crate::view::{Denial, Difference, ListedCheckpoint, WrittenCheckpoint};
use std::path::{Path, PathBuf};

/// Look at the state that the events fold to, write checkpoints of it, compare
#[derive(clap::Args)]
pub struct State {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    Show(Show),
    Checkpoint(Checkpoint),
    History(History),
    Diff(Diff),
}

impl State {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        match self.verb {
            Verb::Show(verb) => verb.run(context),
            Verb::Checkpoint(verb) => verb.run(context),
            Verb::History(verb) => verb.run(context),
            Verb::Diff(verb) => verb.run(context),
        }
    }
}

/// Fold the events and write the state with its proof; also spelled `git gatos fold`
///
/// A checkpoint is what `git gatos fold verify` recomputes, and where later folds begin. Where nothing is new, none is written.
///
/// Example: git gatos state checkpoint
#[derive(clap::Args)]
pub struct Checkpoint {
    /// The namespace
    #[arg(long, default_value = "main")]
    ns: Ns,
    /// Fold with this file, Lua or ELC, instead of the namespace's own fold
    #[arg(long, value_name = "FILE")]
    fold: Option<PathBuf>,
}

impl Checkpoint {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        let node = context.node()?;
        let work = Work::new();
        let written = match node.checkpoint(&self.ns, self.fold.as_deref(), &work, work.cancel())? {
            CheckpointEnd::Written(written) => *written,
            CheckpointEnd::Denied { decision, audit } => return Ok(Answer::no(Denial { decision, audit })),
        };
        context.tell(&node);
        for (cid, class) in &written.proof.reverted {
            context.warn(format_args!("event {cid} changed nothing ({class})"));
        }
        Ok(Answer::yes(WrittenCheckpoint(written)))
    }
}

/// List the checkpoints of a namespace, newest first
#[derive(clap::Args)]
pub struct History {
    /// The namespace
    #[arg(long, default_value = "main")]
    ns: Ns,
}

impl History {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        for entry in context.node()?.history(&self.ns)? {
            if !context.show(&ListedCheckpoint { ns: self.ns.clone(), entry })? {
                break;
            }
        }
        Ok(Answer::done())
    }
}

/// Show where two states differ, path by path
///
/// Both are folded with the same fold. A point is an event (CID or ULID), a time, or a commit: an append or a checkpoint.
///
/// Example: git gatos state diff 2026-11-21T09:00:00Z
#[derive(clap::Args)]
pub struct Diff {
    /// The one state
    #[arg(value_name = "A")]
    a: Point,
    /// The other; else the state now
    #[arg(value_name = "B")]
    b: Option<Point>,
    /// The namespace
    #[arg(long, default_value = "main")]
    ns: Ns,
    /// Fold with this file, Lua or ELC, instead of the namespace's own fold
    #[arg(long, value_name = "FILE")]
    fold: Option<PathBuf>,
    /// Exit with 1 where they differ
    #[arg(long)]
    exit_code: bool,
}

impl Diff {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        let node = context.node()?;
        let fold = self.fold.as_deref();
        let before = state_at(&node, &self.ns, fold, Some(&self.a))?;
        let after = state_at(&node, &self.ns, fold, self.b.as_ref())?;
        let changes = difference(&before, &after);
        let same = changes.is_empty();
        Ok(Answer::verdict(same || !self.exit_code, Difference(changes)))
    }
}

fn state_at(node: &Node, ns: &Ns, fold: Option<&Path>, at: Option<&Point>) -> Result<Value, CliError> {
    let work = Work::new();
    let shown = node.state(&StateQuery { ns, fold, at }, &work, work.cancel())?;
    Ok(json::parse_state(&shown.state)?)
}
