use super::notation::some;
use super::{Difference, Ink, LoggedEvent, Page, View, count};
use crate::canon::{Map, Value};
use crate::node::{BisectEnd, Bisection, Culprit, LogEntry};
use crate::state::Change;
use std::io::{self, Write as _};

/// A search that goes on: where to look next.
pub struct BisectStep {
    pub search: Bisection,
    pub place: u64,
    /// The event at that place.
    pub entry: LogEntry,
}

impl View for BisectStep {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        let (s, cid) = (&self.search, self.entry.event.cid);
        writeln!(
            page,
            "bisecting {}: events {} to {} of {}, some {} tests to go",
            s.ns,
            s.good() + 1,
            s.bad(),
            s.events,
            s.tests_left()
        )?;
        write!(page, "test {}: ", page.ink(Ink::Name, format_args!("place {}", self.place)))?;
        LoggedEvent { entry: self.entry.clone(), reverted: None }.text(page)?;
        writeln!(page, "  its state: git gatos state show --ns {} --at {cid}", s.ns)?;
        writeln!(page, "  then one of: git gatos bisect good|bad|skip; or all of it: git gatos bisect run 'CMD'")
    }

    fn json(&self) -> Value {
        let mut map = head(&self.search);
        map.insert("done", false);
        map.insert("place", count(self.place));
        map.insert("tests_left", Value::from(self.search.tests_left()));
        map.insert("event", event(&self.entry));
        Value::Map(map)
    }
}

/// What every answer about a search says.
fn head(search: &Bisection) -> Map {
    let mut map = Map::new();
    map.insert("ns", search.ns.as_str());
    map.insert("fold", search.source.as_str());
    map.insert("events", count(search.events));
    map.insert("good", count(search.good()));
    map.insert("bad", count(search.bad()));
    map
}

fn event(entry: &LogEntry) -> Value {
    LoggedEvent { entry: entry.clone(), reverted: None }.json()
}

/// What a search came to.
pub struct Bisected {
    pub search: Bisection,
    pub end: BisectEnd,
    /// What the event that was found did to the state.
    pub changes: Vec<Change>,
}

impl Bisected {
    /// Whether one event was found and its fold verified.
    pub fn found(&self) -> bool {
        matches!(&self.end, BisectEnd::Found(culprit) if culprit.verified)
    }
}

const NEVER: &str = "the condition does not hold at the bad end: there is nothing to find";
const ALWAYS: &str = "the condition holds at the good end already: no event between is to blame";

impl View for Bisected {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        match &self.end {
            BisectEnd::Found(culprit) => {
                culprit_text(page, &self.search, culprit)?;
                writeln!(page, "what it did to the state:")?;
                match self.changes.is_empty() {
                    true => writeln!(page, "  nothing")?,
                    false => Difference(self.changes.clone()).text(page)?,
                }
                match culprit.verified {
                    true => writeln!(page, "fold verified {}", page.ink(Ink::Good, "PASSED")),
                    false => writeln!(
                        page,
                        "fold verified {}: folding in one go gives another state",
                        page.ink(Ink::Bad, "FAILED")
                    ),
                }
            }
            BisectEnd::OneOf(places) => {
                let places: Vec<String> = places.iter().map(u64::to_string).collect();
                writeln!(page, "it is one of the events at these places; the states between could not be tested:")?;
                writeln!(page, "  {}", places.join(" "))
            }
            BisectEnd::NeverBad => writeln!(page, "{NEVER}"),
            BisectEnd::AlwaysBad => writeln!(page, "{ALWAYS}"),
        }
    }

    fn json(&self) -> Value {
        let mut map = head(&self.search);
        map.insert("done", true);
        map.insert("found", matches!(self.end, BisectEnd::Found(_)));
        match &self.end {
            BisectEnd::Found(culprit) => {
                let h = &culprit.entry.event.header;
                map.insert("place", count(culprit.place));
                map.insert("event", event(&culprit.entry));
                map.insert("actor", culprit.entry.writer.actor().as_str());
                map.insert("policy_root", Value::text(h.policy_root));
                let changes = Difference(self.changes.clone()).json();
                map.insert("changes", changes.get("changes").cloned().unwrap_or(Value::Null));
                map.insert("fold_verified", culprit.verified);
            }
            BisectEnd::OneOf(places) => {
                map.insert("one_of", Value::list(places.iter().map(|place| count(*place))));
            }
            BisectEnd::NeverBad => {
                map.insert("reason", NEVER);
            }
            BisectEnd::AlwaysBad => {
                map.insert("reason", ALWAYS);
            }
        }
        Value::Map(map)
    }
}

fn culprit_text(page: &mut Page<'_>, search: &Bisection, culprit: &Culprit) -> io::Result<()> {
    let LogEntry { writer, commit, event, .. } = &culprit.entry;
    let h = &event.header;
    let cid = page.ink(Ink::Name, event.cid);
    writeln!(page, "{cid} is the first event after which the condition holds")?;
    writeln!(page, "  place   {} of {} in {}", culprit.place, search.events, search.ns)?;
    writeln!(page, "  event   {} {}", event.ty(), super::notation::line(event.payload()))?;
    writeln!(page, "  actor   {} (writer {writer}, seq {})", writer.actor(), h.seq)?;
    writeln!(page, "  time    {}", h.ts)?;
    writeln!(page, "  ulid    {}", h.ulid)?;
    writeln!(page, "  commit  {commit}")?;
    writeln!(page, "  policy  {}", h.policy_root)
}

/// The marks of a search, in order.
pub struct BisectLog(pub Bisection);

impl View for BisectLog {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        let s = &self.0;
        writeln!(page, "{}: {}, fold {}", s.ns, some(s.events, "event"), s.source)?;
        s.log.iter().try_for_each(|(place, word)| writeln!(page, "{word:4} place {place}"))?;
        writeln!(page, "left: events {} to {}", s.good() + 1, s.bad())
    }

    fn json(&self) -> Value {
        let mut map = head(&self.0);
        let mark =
            |(place, word): &(u64, String)| Value::map([("place", count(*place)), ("mark", word.as_str().into())]);
        map.insert("marks", Value::list(self.0.log.iter().map(mark)));
        Value::Map(map)
    }
}

/// The end of a search.
pub struct BisectReset {
    /// Whether there was one.
    pub ended: bool,
}

impl View for BisectReset {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        writeln!(page, "{}", if self.ended { "the search is ended" } else { "there was no search" })
    }

    fn json(&self) -> Value {
        Value::map([("ended", self.ended.into())])
    }
}
