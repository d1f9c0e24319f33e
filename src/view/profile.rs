use super::notation::some;
use super::{Ink, Page, View, count};
use crate::canon::{Map, Value};
use crate::node::{ProfileShown, Waiting};
use crate::policy::{Demand, PROFILE_YAML, Profile};
use std::io::{self, Write as _};

/// How strictly a repository governs itself.
pub struct ShownProfile(pub ProfileShown);

/// What makes a source the law.
const NEXT: &str = "git gatos policy publish, then git gatos policy activate ID";

impl View for ShownProfile {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        let ShownProfile(p) = self;
        writeln!(page, "profile  {} (policy version {})", page.ink(Ink::Name, p.profile), p.version)?;
        for demand in p.profile.demands() {
            writeln!(page, "demands  {}: {}", demand.as_str(), demand.sentence())?;
        }
        if let Some(file) = p.file.filter(|file| *file != p.profile) {
            writeln!(
                page,
                "file     {PROFILE_YAML} says {file}; to keep the law: git gatos profile set {}",
                p.profile
            )?;
            writeln!(page, "         to change it: {NEXT}")?;
        }
        for waiting in &p.waiting {
            let what = match waiting.own {
                true => "not received yet: git gatos sync",
                false => "no gate has received it: git gatos verify",
            };
            writeln!(page, "waiting  {} {what}", waiting.name)?;
        }
        match (p.profile.asks(Demand::Receipts), p.waiting.len() as u64) {
            (true, 0) => writeln!(page, "received everything"),
            (true, n) => writeln!(page, "received all but {}", some(n, "ref")),
            (false, _) => Ok(()),
        }
    }

    fn json(&self) -> Value {
        let ShownProfile(p) = self;
        let waiting = |w: &Waiting| {
            Value::map([("ref", Value::text(&w.name)), ("tip", Value::text(w.tip)), ("own", w.own.into())])
        };
        let mut map = Map::new();
        map.insert("profile", p.profile.as_str());
        map.insert("policy_version", count(p.version));
        map.insert("demands", Value::list(p.profile.demands().iter().map(|d| Value::from(d.as_str()))));
        if let Some(file) = p.file {
            map.insert("file", file.as_str());
        }
        map.insert("waiting", Value::list(p.waiting.iter().map(waiting)));
        Value::Map(map)
    }
}

/// A profile that was named in the work tree.
pub struct SetProfile {
    pub profile: Profile,
    pub written: bool,
    /// What holds until then.
    pub law: Profile,
}

impl View for SetProfile {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        let how = if self.written { "wrote" } else { "as it was" };
        writeln!(page, "{PROFILE_YAML}: {} ({how})", page.ink(Ink::Name, self.profile))?;
        match self.law == self.profile {
            true => writeln!(page, "it is the law already"),
            false => writeln!(page, "the law is {} until: {NEXT}", self.law),
        }
    }

    fn json(&self) -> Value {
        Value::map([
            ("profile", self.profile.as_str().into()),
            ("written", self.written.into()),
            ("law", self.law.as_str().into()),
        ])
    }
}
