use super::notation::plain;
use super::{Ink, Page, View, count};
use crate::canon::{Map, Value};
use crate::id::Blake3;
use crate::node::{Cloned, MovedRef, RefusedPush, SealedAnew, Synced};
use std::io::{self, Write as _};

/// What a sync did.
pub struct ShownSync(pub Synced);

impl View for ShownSync {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        let synced = &self.0;
        fetched(page, synced, &synced.fetched)?;
        moved(page, "adopted", &synced.adopted)?;
        for anew in &synced.anew {
            let SealedAnew { ns, to, events, .. } = anew;
            writeln!(page, "sealed anew {events} late events of {ns} as {}", page.ink(Ink::Name, to))?;
        }
        moved(page, "refolded", &synced.refolded)?;
        moved(page, "pushed", &synced.pushed)?;
        fetched(page, synced, &synced.received)?;
        for refused in &synced.refused {
            let rule = refused.rule.as_deref().unwrap_or(&refused.reason);
            writeln!(page, "{} {}: {}", page.ink(Ink::Bad, "REFUSED"), refused.name, plain(rule))?;
            refused.said.iter().try_for_each(|line| writeln!(page, "  {}", plain(line)))?;
        }
        for alarm in &synced.alarms {
            writeln!(page, "{} {}", page.ink(Ink::Bad, "ALARM:"), plain(alarm))?;
        }
        let idle = [&synced.fetched, &synced.adopted, &synced.refolded, &synced.pushed].iter().all(|l| l.is_empty());
        match idle && synced.anew.is_empty() && synced.is_clean() {
            true => {
                writeln!(page, "nothing to do: {} has all of this clone's, and this clone all of it", synced.remote)
            }
            false => Ok(()),
        }
    }

    fn json(&self) -> Value {
        Value::Map(json(&self.0))
    }
}

/// A clone that is ready.
pub struct ShownClone(pub Cloned);

impl View for ShownClone {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        let cloned = &self.0;
        writeln!(page, "cloned into {}", cloned.dir.display())?;
        let how = if cloned.first_use { "pinned on first use" } else { "as asked" };
        writeln!(page, "repository {} ({how})", page.ink(Ink::Name, cloned.repo))?;
        for alarm in &cloned.synced.alarms {
            writeln!(page, "{} {}", page.ink(Ink::Bad, "ALARM:"), plain(alarm))?;
        }
        match cloned.known {
            true => writeln!(page, "next: git gatos emit TYPE PAYLOAD, and then git gatos sync"),
            false => {
                writeln!(page, "next: git gatos key new, if you have none; then a root of the repository runs")?;
                writeln!(page, "      git gatos trust add-key user:YOU KEY, and git gatos sync")
            }
        }
    }

    fn json(&self) -> Value {
        let cloned = &self.0;
        Value::map([
            ("dir", Value::text(cloned.dir.display())),
            ("repo", Value::text(cloned.repo)),
            ("first_use", cloned.first_use.into()),
            ("known", cloned.known.into()),
            ("adopted", names(&cloned.synced.adopted)),
            ("alarms", Value::list(cloned.synced.alarms.iter().map(String::as_str))),
        ])
    }
}

/// A clone of another repository than the one asked for.
pub struct RefusedClone {
    pub url: String,
    pub asked: Option<Blake3>,
    pub found: Option<Blake3>,
}

impl RefusedClone {
    fn reason(&self) -> String {
        match (self.found, self.asked) {
            (Some(found), Some(asked)) => format!("{} is {found}, not {asked}; nothing is left of it", self.url),
            (Some(found), None) => format!("{} is {found}; nothing is left of it", self.url),
            (None, _) => format!("{} has no trust graph; nothing is left of it", self.url),
        }
    }

    fn hint(&self) -> &'static str {
        match self.found {
            Some(_) => "ask the owner for the address and for what git gatos trust pin prints",
            None => "to found it: git clone, then git gatos init and git gatos sync",
        }
    }
}

impl View for RefusedClone {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        writeln!(page, "REFUSED: {}", self.reason())?;
        writeln!(page, "hint: {}", self.hint())
    }

    fn json(&self) -> Value {
        Value::map([
            ("ok", false.into()),
            ("code", "PIN_MISMATCH".into()),
            ("reason", self.reason().as_str().into()),
            ("hint", self.hint().into()),
        ])
    }

    fn is_complaint(&self) -> bool {
        true
    }
}

/// Refs of which one line each is shown; more are counted.
const SHOWN_MAX: usize = 20;

fn fetched(page: &mut Page<'_>, synced: &Synced, fetched: &[MovedRef]) -> io::Result<()> {
    // What comes back of what was just pushed is no news.
    let is_news = |moved: &&MovedRef| synced.pushed.iter().all(|pushed| pushed.new != moved.new);
    match fetched.iter().filter(is_news).count() {
        0 => Ok(()),
        n => writeln!(page, "fetched {} from {}", refs(n), synced.remote),
    }
}

fn moved(page: &mut Page<'_>, what: &str, moved: &[MovedRef]) -> io::Result<()> {
    for MovedRef { name, new } in moved.iter().take(SHOWN_MAX) {
        writeln!(page, "{what} {name} at {}", page.ink(Ink::Name, new))?;
    }
    match moved.len().saturating_sub(SHOWN_MAX) {
        0 => Ok(()),
        more => writeln!(page, "{what} {} more", refs(more)),
    }
}

fn refs(n: usize) -> String {
    if n == 1 { "1 ref".into() } else { format!("{n} refs") }
}

fn json(synced: &Synced) -> Map {
    let mut map = Map::new();
    map.insert("remote", synced.remote.as_str());
    let went_on = |moved: &&MovedRef| synced.received.iter().any(|later| later.name == moved.name);
    let fetched = synced.fetched.iter().filter(|moved| !went_on(moved)).chain(&synced.received);
    map.insert("fetched", names(fetched));
    map.insert("adopted", names(&synced.adopted));
    map.insert("anew", Value::list(synced.anew.iter().map(anew)));
    map.insert("refolded", names(&synced.refolded));
    map.insert("pushed", names(&synced.pushed));
    map.insert("refused", Value::list(synced.refused.iter().map(refused)));
    map.insert("alarms", Value::list(synced.alarms.iter().map(String::as_str)));
    map
}

fn names<'a>(moved: impl IntoIterator<Item = &'a MovedRef>) -> Value {
    let one = |moved: &MovedRef| Value::map([("ref", moved.name.as_str().into()), ("new", Value::text(moved.new))]);
    Value::list(moved.into_iter().map(one))
}

fn anew(anew: &SealedAnew) -> Value {
    Value::map([
        ("ns", anew.ns.as_str().into()),
        ("from", Value::list(anew.from.iter().map(Value::text))),
        ("to", Value::text(&anew.to)),
        ("events", count(anew.events)),
    ])
}

fn refused(refused: &RefusedPush) -> Value {
    let mut map = Map::new();
    map.insert("ref", refused.name.as_str());
    if let Some(rule) = &refused.rule {
        map.insert("rule", rule.as_str());
    }
    map.insert("reason", refused.reason.as_str());
    map.insert("said", Value::list(refused.said.iter().map(String::as_str)));
    Value::Map(map)
}
