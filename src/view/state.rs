use super::{Page, View, count, notation};
use crate::canon::{Map, Value, json, shown};
use crate::ledger::Heads;
use crate::node::{Finding, Shown, SourceKind};
use crate::state::Reverted;
use std::io::{self, Write as _};

/// A folded state with what it depends on.
pub struct ShownState(pub Shown);

impl ShownState {
    /// `<State-Root> @ <Ledger-Head> (n events)`
    fn provenance(&self) -> String {
        let s = &self.0;
        let head = s.ledger_head.map_or_else(|| "no append".to_owned(), |head| head.to_string());
        let events = if s.events == 1 { "event" } else { "events" };
        format!("{} @ {head} ({} {events})", s.state_root, s.events)
    }

    fn state(&self) -> Value {
        json::parse_state(&self.0.state).expect("a fold writes canonical JSON")
    }
}

impl View for ShownState {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        writeln!(page, "{}", notation::with_provenance(&self.state(), &self.provenance()))
    }

    fn json(&self) -> Value {
        let s = &self.0;
        let mut map = Map::new();
        map.insert("ns", s.ns.as_str());
        map.insert("state", self.state());
        map.insert("state_root", Value::text(s.state_root));
        if let Some(head) = s.ledger_head {
            map.insert("ledger_head", Value::text(head));
        }
        map.insert("events", count(s.events));
        map.insert("provenance", self.provenance());
        map.insert("window", window(&s.heads));
        map.insert("fold", fold(s));
        map.insert("reverted", Value::list(s.reverted.iter().map(reverted)));
        map.insert("findings", Value::list(s.findings.iter().map(Finding::to_value)));
        if let Some(resolved) = &s.resolved {
            map.insert("resolved", resolved.as_str());
        }
        Value::Map(map)
    }
}

fn window(heads: &Heads) -> Value {
    json::parse(&heads.to_json()).expect("a window writes canonical JSON")
}

fn fold(s: &Shown) -> Value {
    let mut map = Map::new();
    let (kind, commit) = match s.source_kind {
        SourceKind::File => ("file", None),
        SourceKind::WorkTree => ("work-tree", None),
        SourceKind::Head(commit) => ("head", Some(commit)),
        SourceKind::Bundle(commit) => ("bundle", Some(commit)),
    };
    map.insert("source", s.source.as_str());
    map.insert("kind", kind);
    if let Some(commit) = commit {
        map.insert("commit", Value::text(commit));
    }
    map.insert("fold_root", Value::text(s.fold_root));
    Value::Map(map)
}

fn reverted(r: &Reverted) -> Value {
    Value::map([
        ("cid", Value::text(r.cid)),
        ("class", r.class.as_str().into()),
        ("message", r.message.as_str().into()),
    ])
}

/// The bytes of a state and nothing else: what the state root is the digest of.
pub struct RawState(pub Vec<u8>);

impl View for RawState {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        page.raw(&self.0)?;
        // A prompt behind it would be taken for a part of it.
        if page.is_terminal() { writeln!(page) } else { Ok(()) }
    }

    fn json(&self) -> Value {
        json::parse_state(&self.0).expect("a fold writes canonical JSON")
    }
}

/// What a jq expression gave over a state, one JSON text an output.
pub struct Selected(pub Vec<String>);

impl View for Selected {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        self.0.iter().try_for_each(|output| writeln!(page, "{}", shown::json(output)))
    }

    fn json(&self) -> Value {
        // What jq computed may lie off the grid of states, or be no JSON at all (`nan`): then it stays a text.
        let read = |text: &String| {
            let bytes = text.as_bytes();
            json::parse_state(bytes).or_else(|_| json::parse(bytes)).unwrap_or_else(|_| text.as_str().into())
        };
        Value::map([("outputs", Value::list(self.0.iter().map(read)))])
    }
}
