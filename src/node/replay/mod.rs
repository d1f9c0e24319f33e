mod pushes;
mod received;

use self::received::Received;
use super::error::NodeError;
use super::log::{LogEntry, LogFilter};
use super::open::Node;
use super::past::{Past, Place, histories, of_actor};
use crate::git::{Plane, Scope};
use crate::id::{Actor, Ns, PublicKey, Timestamp, Writer};
use crate::ledger::Draft;
use crate::policy::consent::Told;
use crate::policy::{Bundle, Candidate, Decision, Facts, FactsOf, Intent, Recorded, Replayed, Verb};
use crate::trust::Graph;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A verdict that a candidate would change.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The event, the receipt of a push of something else, or the record of the denial.
    pub id: String,
    /// When it came in; where no gate received it, when its writer says it was.
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

/// A candidate before the past.
struct Trial<'n> {
    node: &'n Node,
    bundle: Bundle,
    candidate: Candidate,
    past: Past<'n>,
    since: Option<Timestamp>,
    replay: Replay,
    /// The trust graph as it was at each of its commits.
    graphs: Vec<Graph>,
    known: Known,
    /// What was known of a writer at the push that was met last.
    told: HashMap<Writer, (Place, Told)>,
}

impl Node {
    /// Judges every event, every other accepted push and every recorded denial since a time by a candidate, and hands each
    /// verdict that would change to `show`.
    pub fn replay<E: From<NodeError>>(
        &self,
        candidate: Bundle,
        since: Option<Timestamp>,
        show: &mut dyn FnMut(Change) -> Result<(), E>,
    ) -> Result<Replay, E> {
        let lines = self.receipt_lines(&mut |_, _, _| Ok(()))?;
        let mut trial = Trial {
            node: self,
            bundle: candidate.clone(),
            candidate: Candidate::new(candidate),
            past: Past::new(self, histories(self, &lines)),
            since,
            replay: Replay::default(),
            graphs: self.graphs(),
            known: Known::new(),
            told: HashMap::new(),
        };
        let mut received = Received::of(&trial.past);
        for ns in self.all_namespaces()? {
            let mut one = |entry: LogEntry| {
                trial.event(&mut received, &entry)?.map_or(Ok(()), &mut *show)?;
                Ok::<bool, E>(true)
            };
            self.log(&ns, None, &LogFilter::default(), &mut one)?;
        }
        trial.not_met(&received);
        trial.pushes(show)?;
        for recorded in self.decisions()? {
            if trial.counts(recorded.at) {
                trial.denial(&recorded)?.map_or(Ok(()), &mut *show)?;
            }
        }
        Ok(trial.replay)
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

impl Trial<'_> {
    fn counts(&self, at: Timestamp) -> bool {
        self.since.is_none_or(|since| at >= since)
    }

    /// Judges an event: by the facts of its receipt, or by all that trust can have said of its writer.
    fn event(&mut self, received: &mut Received, entry: &LogEntry) -> Result<Option<Change>, NodeError> {
        let place = received.met(entry.commit);
        let at = place.map_or(entry.ts(), |place| self.past.receipt(place).received_at);
        if !self.counts(at) {
            return Ok(None);
        }
        let (event, actor) = (&entry.event, entry.writer.actor());
        let text = |name: &str| event.envelope.get(name).and_then(|v| v.as_str());
        let key: PublicKey = text("key").unwrap_or_default().parse()?;
        let replayed = match (Draft::of(event), place) {
            (None, _) => Replayed::Unknown("payloads of another form".into()),
            (Some(draft), Some(place)) => self.received(entry, place, &key, &draft)?,
            (Some(draft), None) => {
                let graphs = &self.graphs;
                let facts = self.known.entry((actor.clone(), key)).or_insert_with(|| facts_of(graphs, actor, &key));
                self.candidate.event(&Intent::emit(&entry.ns, actor, &key, &draft), facts)?
            }
        };
        Ok(self.replay.count(replayed).map(|now| Change {
            id: event.cid.to_string(),
            at,
            act: format!("{actor} {} {} {}", Verb::Emit, entry.ns, event.ty()),
            was: ("allow".into(), "-".into()),
            now,
        }))
    }

    /// What the candidate says to an event, knowing what the gate knew that received it.
    fn received(
        &mut self,
        entry: &LogEntry,
        place: Place,
        key: &PublicKey,
        draft: &Draft,
    ) -> Result<Replayed, NodeError> {
        let actor = entry.writer.actor();
        let trust = self.past.receipt(place).trust_root;
        let Some(graph) = trust.and_then(|trust| self.past.graphs.at(trust)) else {
            return Ok(Replayed::Unknown("trust graphs of another chain".into()));
        };
        if self.told.get(&entry.writer).is_none_or(|(of, _)| *of != place) {
            let told = self.past.told(place, &self.bundle, actor, key)?;
            self.told.insert(entry.writer.clone(), (place, told));
        }
        let (_, told) = &self.told[&entry.writer];
        let intent = Intent::emit(&entry.ns, actor, key, draft);
        let more = told.of(&intent)?;
        let facts = more.as_ref().unwrap_or(told.silent());
        let replayed = self.candidate.accepted(&intent, facts, graph.tip())?;
        self.certain(place, &intent, &of_actor(actor, key), replayed)
    }

    /// The same answer, where nothing that this clone cannot know for certain would turn it.
    fn certain(
        &mut self,
        place: Place,
        intent: &Intent<'_>,
        facts: &dyn Fn(&Graph, &Timestamp) -> FactsOf,
        replayed: Replayed,
    ) -> Result<Replayed, NodeError> {
        let allowed = replayed == Replayed::Same;
        if allowed && !self.candidate.is_timed(intent.verb(), intent.subject()) {
            return Ok(replayed);
        }
        let what = self.past.uncertain(place, intent, &self.bundle, facts, allowed)?;
        Ok(what.map_or(replayed, Replayed::Unknown))
    }

    /// Counts the pushes to journals of which no event was met.
    fn not_met(&mut self, received: &Received) {
        for place in received.not_met() {
            if self.counts(self.past.receipt(place).received_at) {
                let what = "the events of an accepted push, which are not here or void";
                self.replay.count(Replayed::Unknown(what.into()));
            }
        }
    }

    fn denial(&mut self, recorded: &Recorded) -> Result<Option<Change>, NodeError> {
        let replayed = self.candidate.denial(recorded)?;
        let actor = recorded.intent.get("actor").and_then(|v| v.as_str()).unwrap_or("-");
        let act = format!("{actor} {} {}", recorded.verb, recorded.subject().unwrap_or_default());
        let was = (recorded.verdict.as_str().to_owned(), recorded.rule.clone());
        Ok(self.replay.count(replayed).map(|now| Change {
            id: recorded.commit.to_string(),
            at: recorded.at,
            act: act.trim_end().to_owned(),
            was,
            now,
        }))
    }
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
