//! The search for the event after which a condition holds.

mod judge;

use crate::cli::answer::Answer;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::work::Work;
use crate::id::Ns;
use crate::node::{BisectEnd, Bisection, Node, NodeError, Point};
use crate::state::{Mark, difference};
use crate::view::{BisectLog, BisectReset, BisectStep, Bisected};
use judge::Judge;
use std::path::PathBuf;

/// Find the event that broke the state: binary search over events
///
/// The window is pinned when the search starts. Without ends of your own, good is before the first event and bad is the head.
///
/// Examples:
///   git gatos bisect start --state=prod
///   git gatos bisect run 'jq -e ".inventory.widgets < 0"'
///   git gatos bisect run --jq '.inventory.widgets < 0' --state prod
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Bisect {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    Start(Start),
    /// The condition does not hold yet at POINT, or at the place in hand
    Good(Place),
    /// The condition holds at POINT, or at the place in hand
    Bad(Place),
    /// It cannot be told at POINT, or at the place in hand
    Skip(Place),
    Run(Run),
    /// Show the marks so far
    Log,
    /// End the search
    Reset,
}

/// Begin a search: pin the window and the fold of a namespace
#[derive(clap::Args)]
struct Start {
    /// The namespace
    #[arg(long, visible_alias = "ns", value_name = "NS", default_value = "main")]
    state: Ns,
    /// An event (CID or ULID), a time or a commit where the condition does not hold yet
    #[arg(long, value_name = "POINT")]
    good: Option<Point>,
    /// One where it holds
    #[arg(long, value_name = "POINT")]
    bad: Option<Point>,
    /// Fold with this file, Lua or ELC
    #[arg(long, value_name = "FILE")]
    fold: Option<PathBuf>,
}

#[derive(clap::Args)]
struct Place {
    /// An event (CID or ULID), a time or a commit
    point: Option<Point>,
}

/// Search to the end: a command, a jq expression or a Lua predicate judges each state
///
/// The command gets the state on standard input and the path of a file with it in $GATOS_STATE. Exit 0 = bad (the condition
/// holds), 1 = good, 125 = cannot be told; anything else stops with exit 3. Without `start` a search is begun and ended.
#[derive(clap::Args)]
struct Run {
    #[command(flatten)]
    condition: judge::Condition,
    /// The namespace, where no search was started
    #[arg(long, visible_alias = "ns", value_name = "NS")]
    state: Option<Ns>,
}

impl Bisect {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        let node = context.node()?;
        match self.verb {
            Verb::Start(start) => {
                let ends = (start.good.as_ref(), start.bad.as_ref());
                let (work, fold) = (Work::new(), start.fold.as_deref());
                let search = node.bisect_start(&start.state, fold, ends.0, ends.1, &work, work.cancel())?;
                next(&node, search, &work)
            }
            Verb::Good(place) => mark(&node, place, Mark::Good),
            Verb::Bad(place) => mark(&node, place, Mark::Bad),
            Verb::Skip(place) => mark(&node, place, Mark::Skip),
            Verb::Run(run) => run.run(context, &node),
            Verb::Log => Ok(Answer::yes(BisectLog(under_way(&node)?))),
            Verb::Reset => Ok(Answer::yes(BisectReset { ended: node.bisect_reset()? })),
        }
    }
}

fn under_way(node: &Node) -> Result<Bisection, CliError> {
    node.bisect_load()?.ok_or_else(|| {
        CliError::failed("BISECT", "no search is under way").hint("begin one: git gatos bisect start --state NS")
    })
}

fn mark(node: &Node, place: Place, mark: Mark) -> Result<Answer, CliError> {
    let mut search = under_way(node)?;
    let work = Work::new();
    let place = match &place.point {
        Some(point) => Some(node.place_of(&search, point, &work, work.cancel())?),
        None => search.next_place(),
    };
    if let Some(place) = place {
        node.bisect_mark(&mut search, place, mark)?;
    }
    next(node, search, &work)
}

/// Where to look next, or what the search came to.
fn next(node: &Node, search: Bisection, work: &Work) -> Result<Answer, CliError> {
    match search.next_place() {
        Some(place) => {
            let entry = node.bisect_entry(&search, place, work, work.cancel())?;
            Ok(Answer::yes(BisectStep { search, place, entry }))
        }
        None => {
            let end = node.bisect_end(&search, work, work.cancel())?;
            answer(search, end)
        }
    }
}

fn answer(search: Bisection, end: BisectEnd) -> Result<Answer, CliError> {
    let changes = match &end {
        BisectEnd::Found(culprit) => {
            let read = |bytes: &[u8]| crate::canon::json::parse_state(bytes);
            difference(&read(&culprit.before)?, &read(&culprit.after)?)
        }
        _ => Vec::new(),
    };
    let bisected = Bisected { search, end, changes };
    Ok(Answer::verdict(bisected.found(), bisected))
}

impl Run {
    fn run(self, context: &mut Context, node: &Node) -> Result<Answer, CliError> {
        let mut judge = Judge::new(context, &self.condition)?;
        let work = Work::new();
        let (mut search, ours) = self.search(node, &work)?;
        let ended = node.bisect_run(&mut search, &work, work.cancel(), &mut |probe| judge.judge(&probe));
        let cancelled = matches!(&ended, Err(e) if e.code == NodeError::Cancelled.code());
        if cancelled {
            context.note("the marks are kept; the same command goes on from there, git gatos bisect reset drops them");
        } else if ours {
            node.bisect_reset()?;
        }
        answer(search, ended?)
    }

    /// The search under way, or one begun now, which is ours to end.
    fn search(&self, node: &Node, work: &Work) -> Result<(Bisection, bool), CliError> {
        match (node.bisect_load()?, &self.state) {
            (Some(search), Some(ns)) if search.ns != *ns => {
                let reason = format!("a search in {} is under way, not one in {ns}", search.ns);
                Err(CliError::usage(reason).hint("end it first: git gatos bisect reset"))
            }
            (Some(search), _) => Ok((search, false)),
            (None, ns) => {
                let ns = ns.clone().unwrap_or_else(Ns::main);
                Ok((node.bisect_start(&ns, None, None, None, work, work.cancel())?, true))
            }
        }
    }
}
