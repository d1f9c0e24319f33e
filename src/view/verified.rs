use super::notation::{plain, some};
use super::{Ink, Page, View, count};
use crate::canon::{Map, Value};
use crate::node::{Anchors, Finding, Kind, Report};
use std::io::{self, Write as _};

/// What `verify` found, and how much it could have found.
pub struct Verified(pub Report);

impl View for Verified {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        let r = &self.0;
        for finding in &r.findings {
            let note = if finding.is_failure() { "" } else { " (note)" };
            writeln!(page, "{}{note}", plain(finding))?;
        }
        if r.receipts > 0 {
            again(page, r)?;
        }
        let seen = format!(
            "{}, {}, {}, {}, {}, {}",
            some(r.journals, "journal"),
            match r.void {
                0 => some(r.events, "event"),
                void => format!("{} (and {void} void)", some(r.events, "event")),
            },
            some(r.checkpoints, "checkpoint"),
            some(r.bundles, "policy bundle"),
            some(r.trust_versions, "trust version"),
            some(r.refusals, "recorded refusal"),
        );
        let verdict = match r.failures() {
            0 => page.ink(Ink::Good, "PASSED"),
            n => format!("{} ({})", page.ink(Ink::Bad, "FAILED"), some(n as u64, "finding")),
        };
        writeln!(page, "{verdict}: {seen}; {}", anchors(&r.anchors))
    }

    fn json(&self) -> Value {
        let r = &self.0;
        let mut map = Map::new();
        map.insert("passed", r.passed());
        if let Some(repo) = r.repo {
            map.insert("repo", Value::text(repo));
        }
        map.insert("findings", Value::list(r.findings.iter().map(Finding::to_value)));
        map.insert("journals", count(r.journals));
        map.insert("events", count(r.events));
        map.insert("void", count(r.void));
        map.insert("checkpoints", count(r.checkpoints));
        map.insert("bundles", count(r.bundles));
        map.insert("trust_versions", count(r.trust_versions));
        map.insert("refusals", count(r.refusals));
        map.insert("receipts", count(r.receipts));
        let mut judged = Map::new();
        r.again.judged.iter().for_each(|(kind, n)| drop(judged.insert(kind.as_str(), count(*n))));
        map.insert("judged", judged);
        let unknown = |((kind, what), n): (&(Kind, String), &u64)| {
            Value::map([("what", Value::text(format_args!("{}: {what}", kind.as_str()))), ("count", count(*n))])
        };
        map.insert("not_judged", Value::list(r.again.unknown.iter().map(unknown)));
        let a = &r.anchors;
        let anchors = [
            ("remembered", count(a.remembered)),
            ("tracking", count(a.tracking)),
            ("checkpoint_heads", count(a.checkpoint_heads)),
        ];
        map.insert("anchors", Value::map(anchors));
        Value::Map(map)
    }
}

/// How much of what gates accepted was judged by the law that stood then, and what was not.
fn again(page: &mut Page<'_>, r: &Report) -> io::Result<()> {
    let by_law = r.again.judged.iter().filter(|(kind, _)| **kind != Kind::Undated);
    let judged: Vec<String> = by_law.map(|(kind, n)| format!("{n} {}", kind.of(*n))).collect();
    let judged = if judged.is_empty() { "nothing".to_owned() } else { judged.join(", ") };
    writeln!(page, "judged again by the law that stood then, with {}: {judged}", some(r.receipts, "receipt"))?;
    if let Some(n) = r.again.judged.get(&Kind::Undated) {
        writeln!(page, "judged by some version of trust: {n} {}", Kind::Undated.of(*n))?;
    }
    for ((kind, what), n) in &r.again.unknown {
        writeln!(page, "not judged again: {n} {}: {}", kind.of(*n), plain(what))?;
    }
    Ok(())
}

/// What the verdict was held against. Without an anchor a journal whose newest appends were dropped looks whole.
fn anchors(a: &Anchors) -> String {
    let kinds =
        [(a.remembered, "remembered"), (a.tracking, "of fetched journals"), (a.checkpoint_heads, "of checkpoints")];
    let held: Vec<String> = kinds.into_iter().filter(|(n, _)| *n > 0).map(|(n, of)| format!("{n} {of}")).collect();
    match held.is_empty() {
        true => "anchors: none, so newest appends that were dropped would not be noticed".to_owned(),
        false => format!("anchors: heads {}", held.join(", ")),
    }
}
