use super::error::NodeError;
use super::files;
use super::open::Node;
use crate::canon::{Map, Value, json, text};
use crate::id::Ns;
use crate::ledger::Heads;
use crate::lua::{Program, read_elc};
use crate::state::{Mark, Search, Step};
use std::path::PathBuf;

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
    pub(super) elc: Vec<u8>,
    pub(super) search: Search,
    /// Every mark in order: place and word.
    pub log: Vec<(u64, String)>,
}

impl Bisection {
    /// The place to look at next; `None` where nothing is left to test.
    pub fn next_place(&self) -> Option<u64> {
        match self.search.step() {
            Step::Test(place) => Some(place),
            _ => None,
        }
    }

    /// Tests still to come, roughly.
    pub fn tests_left(&self) -> u32 {
        self.search.tests_left()
    }

    pub fn good(&self) -> u64 {
        self.search.good()
    }

    pub fn bad(&self) -> u64 {
        self.search.bad()
    }

    pub(super) fn program(&self) -> Result<Program, NodeError> {
        read_elc(&self.elc).map_err(|e| NodeError::FoldBinary { name: self.source.clone(), why: e.to_string() })
    }

    /// Takes a mark at a place and keeps it in the log.
    fn mark(&mut self, place: u64, mark: Mark) -> Result<(), NodeError> {
        self.search.mark(place, mark)?;
        self.log.push((place, mark.as_str().to_owned()));
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
        map.insert("good", int(self.search.good()));
        map.insert("bad", int(self.search.bad()));
        map.insert("skipped", Value::list(self.search.skipped().map(int)));
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
        let mut search = Search::new(number("good")?, number("bad")?).ok()?;
        for place in value.get("skipped")?.as_list()? {
            // One that later marks have passed is in question no more.
            let _ = search.mark(int(place)?, Mark::Skip);
        }
        Some(Bisection {
            ns: text_of("ns")?.parse().ok()?,
            source: text_of("source")?.to_owned(),
            heads: Heads::from_json(text_of("heads")?.as_bytes()).ok()?,
            events: number("events")?,
            elc: text::from_hex(text_of("elc")?).ok()?,
            search,
            log: log.collect::<Option<_>>()?,
        })
    }
}

impl Node {
    fn bisect_path(&self) -> PathBuf {
        self.store().git_dir().join("gatos").join("bisect")
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

    pub(super) fn bisect_save(&self, search: &Bisection) -> Result<(), NodeError> {
        files::replace(self.ambient(), &self.bisect_path(), &search.to_bytes())
    }

    /// Takes a mark and keeps it.
    pub fn bisect_mark(&self, search: &mut Bisection, place: u64, mark: Mark) -> Result<(), NodeError> {
        search.mark(place, mark)?;
        self.bisect_save(search)
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
}
