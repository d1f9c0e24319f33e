use crate::canon::shown::line;
use crate::cli::answer::Answer;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::work::Work;
use crate::id::Ns;
use crate::node::{Finding, Point, Shown, StateQuery};
use crate::state::select;
use crate::view::{RawState, Selected, ShownState};
use std::path::PathBuf;

/// Fold the events and show the state
///
/// The last member, `_provenance`, says what it was computed from: state root, head of the ledger,
/// number of events. An event whose step erred changes nothing and is a warning. Writes no ref and
/// no object.
///
/// Examples:
///   git gatos state show
///   git gatos state show '.inventory | length'
///   git gatos state show --at 2026-11-21T09:00:00Z
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Show {
    /// A jq expression over the state alone
    #[arg(value_name = "PATH")]
    path: Option<String>,
    /// The namespace
    #[arg(long, default_value = "main")]
    ns: Ns,
    /// The state as of an event (CID or ULID), a time, or a commit: an append or a checkpoint
    #[arg(long, value_name = "POINT")]
    at: Option<Point>,
    /// The canonical bytes alone: what the state root is the digest of
    #[arg(long, conflicts_with = "path")]
    raw: bool,
    /// Exit with 1 where the step of an event erred, or a journal is not good
    #[arg(long)]
    strict: bool,
    /// Fold with this file, Lua or ELC, instead of the namespace's own fold
    #[arg(long, value_name = "FILE")]
    fold: Option<PathBuf>,
}

impl Show {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        let node = context.node()?;
        let work = Work::new();
        let query = StateQuery { ns: &self.ns, fold: self.fold.as_deref(), at: self.at.as_ref() };
        let shown = node.state(&query, &work, work.cancel())?;
        context.tell(&node);
        explain(context, &shown);
        let clean = shown.reverted.is_empty() && !shown.findings.iter().any(Finding::is_failure);
        let yes = clean || !self.strict;
        Ok(match self.path {
            Some(path) => Answer::verdict(yes, Selected(select(&shown.state, &path)?)),
            None if self.raw => Answer::verdict(yes, RawState(shown.state)),
            None => Answer::verdict(yes, ShownState(shown)),
        })
    }
}

/// What a person should know beside the state.
fn explain(context: &Context, shown: &Shown) {
    context.note(format_args!("fold {} {}", shown.source, shown.fold_root));
    if let Some(event) = &shown.resolved {
        context.note(format_args!("up to event {event}"));
    }
    for finding in &shown.findings {
        context.warn(finding);
    }
    for reverted in &shown.reverted {
        context.warn(format_args!(
            "event {} changed nothing ({}): {}",
            reverted.cid,
            reverted.class,
            line(&reverted.message)
        ));
    }
}
