use super::notation::{plain, some};
use super::{Difference, Ink, Page, View, count};
use crate::canon::{Map, Value};
use crate::state::Change;
use std::io::{self, Write as _};

/// What came of folding fixtures.
pub struct FoldTested {
    pub cases: Vec<FoldCase>,
}

/// One fold over one fixture.
pub struct FoldCase {
    /// The file of the fold.
    pub name: String,
    pub events: u64,
    /// Events whose step erred, in their words: `events.jsonl:3: 1:31: zero: division by zero`.
    pub reverted: Vec<String>,
    pub end: FoldEnd,
}

/// How a fixture ended.
pub enum FoldEnd {
    Same,
    /// From what was expected to what came.
    Differs(Vec<Change>),
    /// There is nothing to compare: the fold does not compile, a file cannot be read.
    Unable(String),
}

impl FoldTested {
    pub fn passed(&self) -> bool {
        self.cases.iter().all(|case| matches!(case.end, FoldEnd::Same))
    }
}

impl View for FoldTested {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        for case in &self.cases {
            let ok = matches!(case.end, FoldEnd::Same);
            let word = if ok { page.ink(Ink::Good, "ok  ") } else { page.ink(Ink::Bad, "FAIL") };
            writeln!(page, "{word} {} ({})", case.name, some(case.events, "event"))?;
            case.reverted.iter().try_for_each(|line| writeln!(page, "  reverted {}", plain(line)))?;
            match &case.end {
                FoldEnd::Same => {}
                FoldEnd::Unable(why) => writeln!(page, "{why}")?,
                FoldEnd::Differs(changes) => {
                    writeln!(page, "  - expected, + folded")?;
                    Difference(changes.clone()).text(page)?;
                }
            }
        }
        let failed = self.cases.iter().filter(|case| !matches!(case.end, FoldEnd::Same)).count();
        let all = self.cases.len() as u64;
        match failed {
            0 => writeln!(page, "{} ({})", page.ink(Ink::Good, "PASSED"), some(all, "fixture")),
            n => writeln!(page, "{} ({n} of {})", page.ink(Ink::Bad, "FAILED"), some(all, "fixture")),
        }
    }

    fn json(&self) -> Value {
        Value::map([("passed", self.passed().into()), ("cases", Value::list(self.cases.iter().map(case)))])
    }
}

fn case(case: &FoldCase) -> Value {
    let mut map = Map::new();
    map.insert("fold", case.name.as_str());
    map.insert("events", count(case.events));
    map.insert("reverted", Value::list(case.reverted.iter().map(String::as_str)));
    map.insert("passed", matches!(case.end, FoldEnd::Same));
    match &case.end {
        FoldEnd::Same => {}
        FoldEnd::Unable(why) => {
            map.insert("reason", why.as_str());
        }
        FoldEnd::Differs(changes) => {
            let changes = Difference(changes.clone()).json();
            map.insert("changes", changes.get("changes").cloned().unwrap_or(Value::Null));
        }
    }
    Value::Map(map)
}
