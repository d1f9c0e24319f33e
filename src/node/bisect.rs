use super::bisection::Bisection;
use super::drive::{Folding, Watch};
use super::error::NodeError;
use super::log::LogEntry;
use super::open::Node;
use super::point::{Point, walk_to};
use super::start::{Reach, Start};
use super::window::View;
use crate::ambient::{Cancel, Progress, Silent};
use crate::id::Ns;
use crate::ledger::{Heads, Merge, WindowHead};
use crate::lua::Program;
use crate::state::{Mark, Run, Search, Step};
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

/// The pinned window of a search with its fold, to walk about in.
struct Pinned<'n> {
    node: &'n Node,
    program: Program,
    view: View,
    heads: Heads,
}

impl<'n> Pinned<'n> {
    fn of(node: &'n Node, search: &Bisection) -> Result<Pinned<'n>, NodeError> {
        let pinned =
            Pinned { node, program: search.program()?, view: node.view(&search.ns)?, heads: search.heads.clone() };
        if !pinned.view.covers(&pinned.heads) {
            let gone = "events of its window do not count any more (git gatos verify says why)";
            return Err(NodeError::Bisect(format!("{gone}; begin again: git gatos bisect reset")));
        }
        Ok(pinned)
    }

    /// Behind so many events: the nearest known checkpoint at or before a place, with more events than `above`.
    fn nearest(&self, place: u64, above: u64) -> Result<Option<(Start, Merge<'n>)>, NodeError> {
        let reach = Reach { most: Some(place), above, ..Reach::default() };
        self.node.nearest(&self.program, &self.view, &reach, Some(&self.heads))
    }

    /// What lies behind a walker.
    fn rest(&self, from: &Start) -> Result<Merge<'n>, NodeError> {
        self.node.merge(&self.view, &from.heads, from.folded.events, Some(&self.heads))
    }

    /// The state at a place: from a walker before it, or from a checkpoint that is nearer.
    fn walk(&self, from: &Start, place: u64, what: &str, watch: Watch<'_>) -> Result<Start, NodeError> {
        match self.nearest(place, from.folded.events)? {
            Some((start, merge)) => self.walk_on(start, merge, place, what, watch),
            None => self.walk_on(from.clone(), self.rest(from)?, place, what, watch),
        }
    }

    fn walk_on(
        &self,
        from: Start,
        mut merge: Merge<'n>,
        place: u64,
        what: &str,
        watch: Watch<'_>,
    ) -> Result<Start, NodeError> {
        let left = place.saturating_sub(from.folded.events);
        let mut folding = Folding::from(&self.program, from)?;
        let mut drive = watch.over(what, Some(left), &mut merge);
        while folding.events() < place {
            let (origin, loaded) = drive.next()?.ok_or_else(|| lost(place))?;
            folding.step(origin, loaded)?;
        }
        drop(drive);
        Ok(Start::of(folding.finish()?, merge.heads()))
    }

    /// The event at a place, from 1; no state is computed.
    fn entry(&self, place: u64, watch: Watch<'_>) -> Result<LogEntry, NodeError> {
        let (start, mut merge) = match self.nearest(place - 1, 0)? {
            Some(found) => found,
            None => (Start::beginning(), self.rest(&Start::beginning())?),
        };
        let mut drive = watch.over("looking for the event", Some(place - start.folded.events), &mut merge);
        for _ in start.folded.events + 1..place {
            drive.next()?;
        }
        let (origin, loaded) = drive.next()?.ok_or_else(|| lost(place))?;
        let writer = origin.writer.clone();
        Ok(LogEntry { ns: self.view.ns.clone(), writer, commit: loaded.commit, event: loaded.event })
    }

    /// The event at a place with the states before and after it, and whether folding all in one go gives the same.
    fn culprit(&self, place: u64, watch: Watch<'_>) -> Result<Culprit, NodeError> {
        let before = self.walk(&Start::beginning(), place - 1, "folding to the event", watch)?;
        let (origin, loaded) = self.rest(&before)?.next_event()?.ok_or_else(|| lost(place))?;
        let entry = LogEntry {
            ns: self.view.ns.clone(),
            writer: origin.writer.clone(),
            commit: loaded.commit,
            event: loaded.event.clone(),
        };
        let state = before.folded.state.clone();
        let mut run = Run::from(&self.program, before.folded)?;
        run.step(loaded)?;
        let after = run.state()?;
        // From the first event once more, in one go: no checkpoint is believed.
        let start = Start::beginning();
        let all = self.rest(&start)?;
        let again = self.walk_on(start, all, place, "folding again from the first event", watch)?;
        let verified = again.folded.state == after;
        Ok(Culprit { place, entry, before: state, after, verified })
    }
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
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Bisection, NodeError> {
        let source = self.fold_source(ns, fold)?;
        let program = source.program()?;
        let (heads, events) = self.count(&program, &self.view(ns)?, None, Watch::new(progress, cancel))?;
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
        let place =
            |point: Option<&Point>| point.map(|point| self.place_of(&search, point, progress, cancel)).transpose();
        search.search = Search::new(place(good)?.unwrap_or(0), place(bad)?.unwrap_or(events))?;
        self.bisect_save(&search)?;
        Ok(search)
    }

    /// A window as it stands, or up to `until`: its heads, and how many events it holds.
    fn count(
        &self,
        program: &Program,
        view: &View,
        until: Option<&Heads>,
        watch: Watch<'_>,
    ) -> Result<(Heads, u64), NodeError> {
        let key = until.map(|heads| self.last_key(view, heads)).transpose()?.flatten();
        let (_, mut merge) = self.begin(program, view, &Reach { key, ..Reach::default() }, until)?;
        let mut drive = watch.over(&format!("counting {}", view.ns), None, &mut merge);
        while drive.next()?.is_some() {}
        drop(drive);
        Ok((merge.heads(), merge.count()))
    }

    /// How many events of the pinned window a point takes in.
    pub fn place_of(
        &self,
        search: &Bisection,
        point: &Point,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<u64, NodeError> {
        let watch = Watch::new(progress, cancel);
        let pinned = Pinned::of(self, search)?;
        let (program, view) = (&pinned.program, &pinned.view);
        let target = self.target(view, point)?;
        let missing = || NodeError::NoSuchPoint { what: point.to_string(), ns: search.ns.clone() };
        if let Some(heads) = target.window() {
            let within = |h: &WindowHead| search.heads.get(&h.writer).is_some_and(|pinned| h.seq <= pinned.seq);
            if !heads.iter().all(within) || !self.lies_in(view, heads)? {
                return Err(missing());
            }
            return Ok(self.count(program, view, Some(heads), watch)?.1);
        }
        let until = Some(&search.heads);
        let reach = self.reach(program, view, &target, until, watch)?.ok_or_else(missing)?;
        let (start, mut merge) = self.begin(program, view, &reach, until)?;
        let at_once = start.last.is_some() && start.last == reach.key;
        let met = at_once || walk_to(&target, "looking for the place", &mut merge, watch, |_, _| Ok(()))?;
        if target.must_be_met() && !met { Err(missing()) } else { Ok(merge.count()) }
    }

    /// The event at a place of the pinned window, from 1.
    pub fn bisect_entry(
        &self,
        search: &Bisection,
        place: u64,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<LogEntry, NodeError> {
        Pinned::of(self, search)?.entry(place, Watch::new(progress, cancel))
    }

    /// Runs a whole search: both ends are tested first. Each mark is kept, so that a search that was stopped goes on.
    pub fn bisect_run<E: From<NodeError>>(
        &self,
        search: &mut Bisection,
        progress: &dyn Progress,
        cancel: &Cancel,
        judge: &mut dyn FnMut(Probe<'_>) -> Result<Mark, E>,
    ) -> Result<BisectEnd, E> {
        let watch = Watch::new(progress, cancel);
        let pinned = Pinned::of(self, search)?;
        let to_end = |from: &Start, place: u64| pinned.walk(from, place, "folding to the ends", watch);
        let mut good = to_end(&Start::beginning(), search.good())?;
        let end = to_end(&good, search.bad())?;
        let mut ask = |w: &Start, left: u32| judge(Probe { place: w.folded.events, state: &w.folded.state, left });
        match ask(&end, search.tests_left())? {
            Mark::Bad => {}
            Mark::Good => return Ok(BisectEnd::NeverBad),
            Mark::Skip => return Err(NodeError::Bisect("the state at the bad end cannot be tested".into()).into()),
        }
        if ask(&good, search.tests_left())? != Mark::Good {
            // `{}` is no state of anybody's making: the first event may be what makes a condition meaningful.
            let first = to_end(&good, search.good() + 1)?;
            if search.good() != 0 || search.bad() < 2 || ask(&first, search.tests_left())? != Mark::Good {
                return Ok(BisectEnd::AlwaysBad);
            }
            self.bisect_mark(search, 1, Mark::Good)?;
            good = first;
        }
        progress.begin("bisecting", None);
        while let Some(place) = search.next_place() {
            let here = pinned.walk(&good, place, "bisecting", Watch::new(&Silent, cancel))?;
            let mark = ask(&here, search.tests_left())?;
            self.bisect_mark(search, place, mark)?;
            progress.advance(1);
            if mark == Mark::Good {
                good = here;
            }
        }
        progress.end();
        Ok(self.bisect_end(search, progress, cancel)?)
    }

    /// What a search with nothing left to test has found.
    pub fn bisect_end(
        &self,
        search: &Bisection,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<BisectEnd, NodeError> {
        let place = match search.search.step() {
            Step::Found(place) => place,
            Step::OneOf(places) => return Ok(BisectEnd::OneOf(places)),
            Step::Test(place) => return Err(NodeError::Bisect(format!("place {place} is still to be tested"))),
        };
        let culprit = Pinned::of(self, search)?.culprit(place, Watch::new(progress, cancel))?;
        Ok(BisectEnd::Found(Box::new(culprit)))
    }
}

fn lost(place: u64) -> NodeError {
    NodeError::Bisect(format!("the pinned window has no event {place} any more; run: git gatos bisect reset"))
}
