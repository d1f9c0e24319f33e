use super::error::NodeError;
use super::files;
use super::log::LogEntry;
use super::open::Node;
use super::point::{Point, Side, Target};
use crate::ambient::{Cancel, Progress};
use crate::canon::{Map, Value, json, text};
use crate::id::Ns;
use crate::ledger::{Heads, WindowHead};
use crate::lua::{Program, read_elc};
use crate::state::{Folded, Mark, Run, Search, Step};
use std::path::{Path, PathBuf};

const KIND: &str = "bisect/1";

/// A search under way: the window and the fold are pinned when it starts, so that new events do not move it.
#[derive(Debug, Clone, PartialEq)]
pub struct Bisection {
    pub ns: Ns,
    /// What people call the fold.
    pub source: String,
    pub heads: Heads,
    /// How many events the window holds.
    pub events: u64,
    elc: Vec<u8>,
    good: u64,
    bad: u64,
    skipped: Vec<u64>,
    /// Every mark in order: place and word.
    pub log: Vec<(u64, String)>,
}

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

impl Bisection {
    fn search(&self) -> Option<Search> {
        let mut search = Search::new(self.good, self.bad)?;
        for place in &self.skipped {
            search.mark(*place, Mark::Skip);
        }
        Some(search)
    }

    /// The place to look at next; `None` where nothing is left to test.
    pub fn next_place(&self) -> Option<u64> {
        match self.search()?.step() {
            Step::Test(place) => Some(place),
            _ => None,
        }
    }

    /// Tests still to come, roughly.
    pub fn tests_left(&self) -> u32 {
        self.search().map_or(0, |s| s.tests_left())
    }

    pub fn good(&self) -> u64 {
        self.good
    }

    pub fn bad(&self) -> u64 {
        self.bad
    }

    fn program(&self) -> Result<Program, NodeError> {
        read_elc(&self.elc).map_err(|e| NodeError::FoldBinary { name: self.source.clone(), why: e.to_string() })
    }

    /// Takes a mark at a place.
    pub fn mark(&mut self, place: u64, mark: Mark) -> Result<(), NodeError> {
        let contradiction = |why: String| Err(NodeError::Bisect(why));
        match mark {
            Mark::Good if place >= self.bad => {
                return contradiction(format!("place {place} cannot be good: place {} is bad", self.bad));
            }
            Mark::Bad if place <= self.good => {
                return contradiction(format!("place {place} cannot be bad: place {} is good", self.good));
            }
            Mark::Good => self.good = self.good.max(place),
            Mark::Bad => self.bad = self.bad.min(place),
            Mark::Skip => self.skipped.push(place),
        }
        let word = match mark {
            Mark::Good => "good",
            Mark::Bad => "bad",
            Mark::Skip => "skip",
        };
        self.log.push((place, word.to_owned()));
        Ok(())
    }

    fn to_bytes(&self) -> Vec<u8> {
        let int = |n: u64| Value::Int(n as i64);
        let mut map = Map::new();
        map.insert("kind", KIND);
        map.insert("ns", self.ns.as_str());
        map.insert("source", self.source.as_str());
        map.insert("heads", String::from_utf8_lossy(&self.heads.to_json()).into_owned());
        map.insert("events", int(self.events));
        map.insert("elc", text::hex(&self.elc));
        map.insert("good", int(self.good));
        map.insert("bad", int(self.bad));
        map.insert("skipped", Value::list(self.skipped.iter().map(|n| int(*n))));
        let log = self.log.iter().map(|(place, word)| Value::list([int(*place), word.as_str().into()]));
        map.insert("log", Value::list(log));
        json::document(&Value::Map(map)).expect("short fields have a form")
    }

    fn from_bytes(bytes: &[u8]) -> Option<Bisection> {
        let value = json::parse(bytes).ok()?;
        let text_of = |name: &str| value.get(name).and_then(Value::as_str);
        let int = |v: &Value| v.as_int().and_then(|n| u64::try_from(n).ok());
        let number = |name: &str| value.get(name).and_then(int);
        if text_of("kind")? != KIND {
            return None;
        }
        let log = value.get("log")?.as_list()?.iter().map(|entry| match entry.as_list()? {
            [place, word] => Some((int(place)?, word.as_str()?.to_owned())),
            _ => None,
        });
        Some(Bisection {
            ns: text_of("ns")?.parse().ok()?,
            source: text_of("source")?.to_owned(),
            heads: Heads::from_json(text_of("heads")?.as_bytes()).ok()?,
            events: number("events")?,
            elc: text::from_hex(text_of("elc")?).ok()?,
            good: number("good")?,
            bad: number("bad")?,
            skipped: value.get("skipped")?.as_list()?.iter().map(int).collect::<Option<_>>()?,
            log: log.collect::<Option<_>>()?,
        })
    }
}

/// A fold that stands at some place and can go on.
struct Walker {
    folded: Folded,
    heads: Heads,
}

impl Node {
    fn bisect_path(&self) -> PathBuf {
        self.store().git_dir().join("gatos").join("bisect")
    }

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
            good: 0,
            bad: events,
            skipped: Vec::new(),
            log: Vec::new(),
        };
        if let Some(point) = bad {
            search.bad = self.place_of(&search, point)?;
        }
        if let Some(point) = good {
            search.good = self.place_of(&search, point)?;
        }
        if search.good >= search.bad {
            return Err(NodeError::Bisect("the good end must come before the bad one".into()));
        }
        self.bisect_save(&search)?;
        Ok(search)
    }

    pub fn bisect_load(&self) -> Result<Option<Bisection>, NodeError> {
        let path = self.bisect_path();
        match files::read(&path)? {
            None => Ok(None),
            Some(bytes) => match Bisection::from_bytes(&bytes) {
                Some(search) => Ok(Some(search)),
                None => {
                    Err(NodeError::Bisect(format!("{} cannot be read; run: git gatos bisect reset", path.display())))
                }
            },
        }
    }

    pub fn bisect_save(&self, search: &Bisection) -> Result<(), NodeError> {
        files::replace(self.ambient(), &self.bisect_path(), &search.to_bytes())
    }

    /// Ends the search; false where there was none.
    pub fn bisect_reset(&self) -> Result<bool, NodeError> {
        let path = self.bisect_path();
        match std::fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(source) => Err(NodeError::File { doing: "removing", path, source }),
        }
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
        if !view.covers(&search.heads) {
            let gone = "events of its window do not count any more (git gatos verify says why); begin again: git gatos bisect reset";
            return Err(NodeError::Bisect(gone.into()));
        }
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
        let mut good = self.walk(search, &program, &start, search.good, cancel)?;
        let end = self.walk(search, &program, &good, search.bad, cancel)?;
        let mut ask = |w: &Walker, left: u32| judge(Probe { place: w.folded.events, state: &w.folded.state, left });
        match ask(&end, search.tests_left())? {
            Mark::Bad => {}
            Mark::Good => return Ok(BisectEnd::NeverBad),
            Mark::Skip => return Err(NodeError::Bisect("the state at the bad end cannot be tested".into()).into()),
        }
        if ask(&good, search.tests_left())? != Mark::Good {
            // `{}` is no state of anybody's making: the first event may be what makes a condition meaningful.
            let first = self.walk(search, &program, &good, search.good + 1, cancel)?;
            if search.good != 0 || search.bad < 2 || ask(&first, search.tests_left())? != Mark::Good {
                return Ok(BisectEnd::AlwaysBad);
            }
            search.good = 1;
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
        let step = search.search().map(|s| s.step());
        let place = match step {
            Some(Step::Found(place)) => place,
            Some(Step::OneOf(places)) => return Ok(BisectEnd::OneOf(places)),
            Some(Step::Test(place)) => return Err(NodeError::Bisect(format!("place {place} is still to be tested"))),
            None => return Err(NodeError::Bisect("the good end does not come before the bad one".into())),
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
