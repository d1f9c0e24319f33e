use super::error::NodeError;
use super::log::LogFilter;
use super::open::Node;
use crate::git::{Plane, Scope};
use crate::id::{Actor, Ns, PublicKey, Timestamp};
use crate::ledger::Draft;
use crate::policy::{Bundle, Candidate, Decision, Facts, Intent, Replayed, Verb};
use crate::trust::Graph;
use std::collections::{BTreeMap, BTreeSet};

/// A verdict that a candidate would change.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The event, or the record of the denial.
    pub id: String,
    pub at: Timestamp,
    /// Who did what: `user:alice emit main add`.
    pub act: String,
    pub was: (String, String),
    pub now: Decision,
}

/// What a candidate makes of history.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Replay {
    /// Decisions that were judged again.
    pub judged: u64,
    pub changes: u64,
    /// Those that could not be, by what is not on record.
    pub unknown: BTreeMap<String, u64>,
}

/// What trust can have said of a writer.
type Known = BTreeMap<(Actor, PublicKey), Vec<Facts>>;

impl Node {
    /// Judges every event and every recorded denial since a time by a candidate, and hands each verdict that would change
    /// to `show`.
    pub fn replay<E: From<NodeError>>(
        &self,
        candidate: Bundle,
        since: Option<Timestamp>,
        show: &mut dyn FnMut(Change) -> Result<(), E>,
    ) -> Result<Replay, E> {
        let mut candidate = Candidate::new(candidate);
        let mut replay = Replay::default();
        let graphs = self.graphs();
        let mut known = Known::new();
        for ns in self.all_namespaces()? {
            let mut one = |entry: super::log::LogEntry| {
                if since.is_some_and(|since| entry.ts() < since) {
                    return Ok(true);
                }
                let change = replay_event(&mut candidate, &entry, &graphs, &mut known, &mut replay)?;
                change.map_or(Ok(()), &mut *show)?;
                Ok::<bool, E>(true)
            };
            self.log(&ns, None, &LogFilter::default(), &mut one)?;
        }
        for recorded in self.decisions()?.iter().filter(|r| since.is_none_or(|since| r.at >= since)) {
            let replayed = candidate.denial(recorded).map_err(NodeError::from)?;
            if let Some(now) = replay.count(replayed) {
                let actor = recorded.intent.get("actor").and_then(|v| v.as_str()).unwrap_or("-");
                let act = format!("{actor} {} {}", recorded.verb, recorded.subject().unwrap_or_default());
                let was = (recorded.decision.verdict.as_str().to_owned(), recorded.decision.rule.clone());
                show(Change {
                    id: recorded.commit.to_string(),
                    at: recorded.at,
                    act: act.trim_end().to_owned(),
                    was,
                    now,
                })?;
            }
        }
        Ok(replay)
    }

    /// The trust graph as it was at each of its commits.
    fn graphs(&self) -> Vec<Graph> {
        self.graph().commits().iter().filter_map(|commit| self.graph().at(*commit)).collect()
    }

    fn all_namespaces(&self) -> Result<BTreeSet<Ns>, NodeError> {
        let named = |plane| match plane {
            Plane::Journal { ns, .. } => Some(ns),
            _ => None,
        };
        Ok(self.store().refs(&Scope::Journals(None))?.into_iter().filter_map(|(name, _)| named(name.plane)).collect())
    }
}

impl Replay {
    fn count(&mut self, replayed: Replayed) -> Option<Decision> {
        match replayed {
            Replayed::Unknown(what) => {
                *self.unknown.entry(what).or_default() += 1;
                return None;
            }
            Replayed::Same => self.judged += 1,
            Replayed::Changed(decision) => {
                self.judged += 1;
                self.changes += 1;
                return Some(*decision);
            }
        }
        None
    }
}

fn replay_event(
    candidate: &mut Candidate,
    entry: &super::log::LogEntry,
    graphs: &[Graph],
    known: &mut Known,
    replay: &mut Replay,
) -> Result<Option<Change>, NodeError> {
    let (event, actor) = (&entry.event, entry.writer.actor());
    let text = |name: &str| event.envelope.get(name).and_then(|v| v.as_str());
    let key: PublicKey = text("key").unwrap_or_default().parse()?;
    let draft = Draft::new(event.ty().parse()?, event.payload().clone(), event.header.ulid, None)?;
    let facts = known.entry((actor.clone(), key)).or_insert_with(|| facts_of(graphs, actor, &key));
    let replayed = candidate.event(&Intent::emit(&entry.ns, actor, &key, &draft), facts)?;
    Ok(replay.count(replayed).map(|now| Change {
        id: event.cid.to_string(),
        at: entry.ts(),
        act: format!("{actor} {} {} {}", Verb::Emit, entry.ns, event.ty()),
        was: ("allow".into(), "-".into()),
        now,
    }))
}

/// What each version of trust says of a writer from when it knew the key; equal words once.
fn facts_of(graphs: &[Graph], actor: &Actor, key: &PublicKey) -> Vec<Facts> {
    let mut all: Vec<Facts> = Vec::new();
    for graph in graphs.iter().filter(|graph| graph.stands(actor, key)) {
        let facts = Facts::of_append(graph, actor, key);
        if !all.contains(&facts) {
            all.push(facts);
        }
    }
    all
}
