use super::bisection::Bisection;
use super::error::NodeError;
use super::log::LogEntry;
use super::open::Node;
use super::point::{Point, Side, Target};
use crate::ambient::{Cancel, Progress};
use crate::id::Ns;
use crate::ledger::{Heads, WindowHead};
use crate::lua::Program;
use crate::state::{Folded, Mark, Run, Search, Step};
use std::path::Path;

/// What a search came to.
#[derive(Debug, Clone, PartialEq)]
pub enum BisectEnd {
    /// The first event after which the condition holds.
    Found(Box<Culprit>),
    /// One of these places, for the states between them could not be tested.
    OneOf(Vec<u64>),
    /// The condition does not hold at the end of the window.
    NeverBad,
    /// The condition holds before there is anything to blame.
    AlwaysBad,
}

/// The event that a search named, with what it did.
#[derive(Debug, Clone, PartialEq)]
pub struct Culprit {
    pub place: u64,
    pub entry: LogEntry,
    pub before: Vec<u8>,
    pub after: Vec<u8>,
    /// Folding from the first event gives the same state there.
    pub verified: bool,
}

/// A state to be judged.
#[derive(Debug, Clone, Copy)]
pub struct Probe<'a> {
    /// The state after so many events.
    pub place: u64,
    pub state: &'a [u8],
    /// Tests still to come, roughly.
    pub left: u32,
}

/// A fold that stands at some place and can go on.
struct Walker {
    folded: Folded,
    heads: Heads,
}

impl Node {
    /// Pins the window and the fold of a namespace and begins a search: good before the first event, bad at the head,
    /// where nothing else is named.
    pub fn bisect_start(
        &self,
        ns: &Ns,
        fold: Option<&Path>,
        good: Option<&Point>,
        bad: Option<&Point>,
    ) -> Result<Bisection, NodeError> {
        let source = self.fold_source(ns, fold)?;
        let program = source.program()?;
        let heads = self.heads_now(ns)?;
        let events = self.count(ns, &heads)?;
        if events == 0 {
            return Err(NodeError::NoNamespace(ns.clone()));
        }
        let mut search = Bisection {
            ns: ns.clone(),
            source: source.name,
            heads,
            events,
            elc: program.elc().to_vec(),
            search: Search::new(0, events)?,
            log: Vec::new(),
        };
        let place = |point: Option<&Point>| point.map(|point| self.place_of(&search, point)).transpose();
        search.search = Search::new(place(good)?.unwrap_or(0), place(bad)?.unwrap_or(events))?;
        self.bisect_save(&search)?;
        Ok(search)
    }

    fn count(&self, ns: &Ns, heads: &Heads) -> Result<u64, NodeError> {
        let view = self.view(ns)?;
        let mut merge = self.merge(&view, &Heads::default(), 0, Some(heads))?;
        while merge.next_event()?.is_some() {}
        Ok(merge.count())
    }

    /// How many events of the pinned window a point takes in.
    pub fn place_of(&self, search: &Bisection, point: &Point) -> Result<u64, NodeError> {
        let target = self.target(&search.ns, point)?;
        let view = self.view(&search.ns)?;
        if let Target::Window(_, heads) = &target {
            let within = |h: &WindowHead| search.heads.get(&h.writer).is_some_and(|pinned| h.seq <= pinned.seq);
            if !heads.iter().all(within) || !self.lies_in(&view, heads)? {
                return Err(NodeError::NoSuchPoint { what: point.to_string(), ns: search.ns.clone() });
            }
            return self.count(&search.ns, heads);
        }
        let mut merge = self.merge(&view, &Heads::default(), 0, Some(&search.heads))?;
        let mut place = 0;
        let mut held = merge.next_event()?;
        while let Some((_, loaded)) = held {
            held = merge.next_event()?;
            match target.side(&loaded, held.as_ref().map(|(_, l)| l)) {
                Side::Behind => return Ok(place),
                Side::Last => return Ok(place + 1),
                Side::Before => place += 1,
            }
        }
        if target.must_be_met() {
            return Err(NodeError::NoSuchPoint { what: point.to_string(), ns: search.ns.clone() });
        }
        Ok(place)
    }

    /// The event at a place of the pinned window (from 1) with the states before and after it.
    pub fn bisect_entry(
        &self,
        search: &Bisection,
        place: u64,
        cancel: &Cancel,
    ) -> Result<(LogEntry, Vec<u8>, Vec<u8>), NodeError> {
        let program = search.program()?;
        let start = Walker { folded: Folded::empty(), heads: Heads::default() };
        let before = self.walk(search, &program, &start, place - 1, cancel)?;
        let view = self.view(&search.ns)?;
        let mut merge = self.merge(&view, &before.heads, before.folded.events, Some(&search.heads))?;
        let (origin, loaded) = merge.next_event()?.ok_or_else(|| lost(place))?;
        let entry = LogEntry {
            ns: search.ns.clone(),
            writer: origin.writer.clone(),
            commit: loaded.commit,
            event: loaded.event.clone(),
        };
        let state = before.folded.state.clone();
        let mut run = Run::from(&program, before.folded)?;
        run.step(loaded)?;
        Ok((entry, state, run.state()?))
    }

    /// Goes on from a walker to a later place.
    fn walk(
        &self,
        search: &Bisection,
        program: &Program,
        from: &Walker,
        place: u64,
        cancel: &Cancel,
    ) -> Result<Walker, NodeError> {
        let view = self.view(&search.ns)?;
        let mut merge = self.merge(&view, &from.heads, from.folded.events, Some(&search.heads))?;
        let mut run = Run::from(program, from.folded.clone())?;
        while run.events() < place {
            let (_, loaded) = merge.next_event()?.ok_or_else(|| lost(place))?;
            run.step(loaded)?;
            if run.events().is_multiple_of(256) && cancel.asked() {
                return Err(NodeError::Cancelled);
            }
        }
        Ok(Walker { heads: merge.heads(), folded: run.finish()? })
    }

    /// Runs a whole search: both ends are tested first. Each mark is kept, so that a search that was stopped goes on.
    pub fn bisect_run<E: From<NodeError>>(
        &self,
        search: &mut Bisection,
        progress: &dyn Progress,
        cancel: &Cancel,
        judge: &mut dyn FnMut(Probe<'_>) -> Result<Mark, E>,
    ) -> Result<BisectEnd, E> {
        let program = search.program()?;
        let start = Walker { folded: Folded::empty(), heads: Heads::default() };
        let mut good = self.walk(search, &program, &start, search.good(), cancel)?;
        let end = self.walk(search, &program, &good, search.bad(), cancel)?;
        let mut ask = |w: &Walker, left: u32| judge(Probe { place: w.folded.events, state: &w.folded.state, left });
        match ask(&end, search.tests_left())? {
            Mark::Bad => {}
            Mark::Good => return Ok(BisectEnd::NeverBad),
            Mark::Skip => return Err(NodeError::Bisect("the state at the bad end cannot be tested".into()).into()),
        }
        if ask(&good, search.tests_left())? != Mark::Good {
            // `{}` is no state of anybody's making: the first event may be what makes a condition meaningful.
            let first = self.walk(search, &program, &good, search.good() + 1, cancel)?;
            if search.good() != 0 || search.bad() < 2 || ask(&first, search.tests_left())? != Mark::Good {
                return Ok(BisectEnd::AlwaysBad);
            }
            search.mark(1, Mark::Good)?;
            self.bisect_save(search)?;
            good = first;
        }
        progress.begin("bisecting", None);
        while let Some(place) = search.next_place() {
            if cancel.asked() {
                return Err(NodeError::Cancelled.into());
            }
            let here = self.walk(search, &program, &good, place, cancel)?;
            let mark = ask(&here, search.tests_left())?;
            search.mark(place, mark)?;
            self.bisect_save(search)?;
            progress.advance(1);
            if mark == Mark::Good {
                good = here;
            }
        }
        progress.end();
        Ok(self.bisect_end(search, cancel)?)
    }

    /// What a search with nothing left to test has found.
    pub fn bisect_end(&self, search: &Bisection, cancel: &Cancel) -> Result<BisectEnd, NodeError> {
        let place = match search.search.step() {
            Step::Found(place) => place,
            Step::OneOf(places) => return Ok(BisectEnd::OneOf(places)),
            Step::Test(place) => return Err(NodeError::Bisect(format!("place {place} is still to be tested"))),
        };
        let (entry, before, after) = self.bisect_entry(search, place, cancel)?;
        // From the first event once more, in one go.
        let program = search.program()?;
        let start = Walker { folded: Folded::empty(), heads: Heads::default() };
        let again = self.walk(search, &program, &start, place, cancel)?;
        let verified = again.folded.state == after;
        Ok(BisectEnd::Found(Box::new(Culprit { place, entry, before, after, verified })))
    }
}

fn lost(place: u64) -> NodeError {
    NodeError::Bisect(format!("the pinned window has no event {place} any more; run: git gatos bisect reset"))
}
