use crate::cli::answer::Answer;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::work::Work;
use crate::id::{Actor, Cid, EventType, Ns};
use crate::ledger::Heads;
use crate::node::{Finding, LogEntry, LogFilter, Node, Point, StateQuery};
use crate::state::Reverted;
use crate::view::LoggedEvent;
use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::time::Duration;

/// How often `--follow` looks for what arrived.
const PAUSE: Duration = Duration::from_millis(200);

/// Show the events of a namespace in their one order
///
/// A line has time, CID, actor and sequence number, type and payload; --json gives whole envelopes.
///
/// Example: git gatos log --type add -n 5
#[derive(clap::Args)]
pub struct Log {
    /// The namespace
    #[arg(long, default_value = "main")]
    ns: Ns,
    /// Only what this actor said
    #[arg(long)]
    actor: Option<Actor>,
    /// Only events of this type
    #[arg(long = "type", value_name = "TYPE")]
    ty: Option<EventType>,
    /// Begin behind this event (CID or ULID), time (2026-11-21T09:00:00Z) or commit
    #[arg(long, value_name = "POINT")]
    since: Option<Point>,
    /// Only the last so many
    #[arg(short = 'n', value_name = "COUNT")]
    last: Option<usize>,
    /// Only events whose step in the fold erred, with class and message
    #[arg(long, conflicts_with = "follow")]
    reverted: bool,
    /// Find out which erred by this file, Lua or ELC, instead of the namespace's own fold
    #[arg(long, value_name = "FILE", requires = "reverted")]
    fold: Option<PathBuf>,
    /// Go on with what arrives, in order of arrival
    #[arg(long)]
    follow: bool,
}

impl Log {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        let node = context.node()?;
        if self.reverted {
            return self.reverted(&node, context);
        }
        // Taken first: what arrives while the log is printed comes behind it, and nothing twice.
        let seen = self.follow.then(|| node.heads_now(&self.ns)).transpose()?;
        let known = |entry: &LogEntry| {
            let held = seen.as_ref().map(|heads| heads.get(&entry.writer).map_or(0, |head| head.seq));
            held.is_none_or(|seq| entry.event.header.seq <= seq)
        };
        let filter = self.filter(self.last);
        let findings = node.log(&self.ns, self.since.as_ref(), &filter, &mut |entry| match known(&entry) {
            true => context.show(&LoggedEvent { entry, reverted: None }),
            false => Ok::<_, CliError>(true),
        })?;
        warn(context, &findings);
        match seen {
            Some(seen) => self.follow(node, context, seen),
            None => Ok(Answer::done()),
        }
    }

    fn filter(&self, last: Option<usize>) -> LogFilter {
        LogFilter { actor: self.actor.clone(), ty: self.ty.clone(), last }
    }

    /// Polls until nobody reads any more, or Ctrl-C. Whose events count is asked again when trust has moved.
    fn follow(&self, mut node: Node, context: &mut Context, mut seen: Heads) -> Result<Answer, CliError> {
        let filter = self.filter(None);
        let mut trust = node.trust_tips()?;
        while context.flush()? {
            std::thread::sleep(PAUSE);
            let now = node.trust_tips()?;
            if now != trust {
                node = context.node()?;
                trust = now;
            }
            let (arrived, heads) = node.arrivals(&self.ns, &seen)?;
            seen = heads;
            for entry in arrived.into_iter().filter(|entry| filter.takes(entry)) {
                context.show(&LoggedEvent { entry, reverted: None })?;
            }
        }
        Ok(Answer::done())
    }

    /// Which events erred is known by folding.
    fn reverted(&self, node: &Node, context: &mut Context) -> Result<Answer, CliError> {
        let work = Work::new();
        let query = StateQuery { ns: &self.ns, fold: self.fold.as_deref(), at: None };
        let shown = node.state(&query, &work, work.cancel())?;
        let mut erred: HashMap<Cid, Reverted> = shown.reverted.into_iter().map(|r| (r.cid, r)).collect();
        let mut tail = VecDeque::new();
        node.log(&self.ns, self.since.as_ref(), &self.filter(None), &mut |entry| {
            if let Some(reverted) = erred.remove(&entry.event.cid) {
                tail.push_back(LoggedEvent { entry, reverted: Some(reverted) });
                if self.last.is_some_and(|n| tail.len() > n) {
                    tail.pop_front();
                }
            }
            Ok::<_, CliError>(true)
        })?;
        warn(context, &shown.findings);
        for event in &tail {
            context.show(event)?;
        }
        Ok(Answer::done())
    }
}

fn warn(context: &Context, findings: &[Finding]) {
    findings.iter().for_each(|finding| context.warn(finding));
}
