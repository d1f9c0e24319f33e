use super::notation::plain;
use super::{Ink, ListedGrant, Page, View};
use crate::canon::Value;
use crate::id::{Actor, Blake3, Oid, PublicKey, Timestamp};
use crate::trust::{Grant, GrantState, Graph, Statement, TrustDoc};
use std::io::{self, Write as _};

/// The trust graph that counts here.
pub struct ShownTrust {
    pub graph: Graph,
    /// By which grants are judged.
    pub now: Timestamp,
}

impl ShownTrust {
    fn grants(&self) -> Vec<ListedGrant> {
        let state = |(statement, grant): (&Statement, &Grant)| ListedGrant {
            grant: grant.clone(),
            state: self.graph.grant_state(statement, grant, Some(&self.now)),
        };
        self.graph.grants().map(state).filter(|listed| listed.state == GrantState::Counts).collect()
    }
}

/// How a key is shown: a revoked one says so.
fn key_line(graph: &Graph, key: &PublicKey) -> String {
    match graph.revocation_of(key) {
        Some(revocation) => format!("  {key} (revoked: {})", plain(&revocation.reason)),
        None => format!("  {key}"),
    }
}

impl View for ShownTrust {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        let (graph, doc) = (&self.graph, self.graph.current());
        let roots = doc.roots.actors.len();
        writeln!(page, "repository {}", graph.repo())?;
        writeln!(page, "version    {} at {}", doc.version, page.ink(Ink::Name, graph.tip()))?;
        writeln!(page, "roots      {} of {roots} must sign a change", doc.roots.threshold)?;
        for (actor, keys) in &doc.actors {
            let root = if doc.is_root(actor) { " (root)" } else { "" };
            writeln!(page, "{actor}{root}")?;
            keys.iter().try_for_each(|key| writeln!(page, "{}", key_line(graph, key)))?;
        }
        for (group, members) in &doc.groups {
            let members: Vec<&str> = members.iter().map(Actor::as_str).collect();
            writeln!(page, "group {group}: {}", members.join(", "))?;
        }
        self.grants().iter().try_for_each(|grant| grant.text(page))
    }

    fn json(&self) -> Value {
        let (graph, doc) = (&self.graph, self.graph.current());
        Value::map([
            ("repo", Value::text(graph.repo())),
            ("tip", Value::text(graph.tip())),
            ("version", doc.version.into()),
            ("threshold", doc.roots.threshold.into()),
            ("actors", Value::list(doc.actors.iter().map(|(actor, keys)| of_actor(doc, actor, keys)))),
            (
                "groups",
                Value::list(doc.groups.iter().map(|(group, members)| {
                    let members = Value::list(members.iter().map(Actor::as_str));
                    Value::map([("group", group.as_str().into()), ("members", members)])
                })),
            ),
            ("grants", Value::list(self.grants().iter().map(View::json))),
            ("revoked", Value::list(doc.actors.values().flatten().filter(|k| graph.is_revoked(k)).map(Value::text))),
        ])
    }
}

fn of_actor(doc: &TrustDoc, actor: &Actor, keys: &[PublicKey]) -> Value {
    Value::map([
        ("actor", actor.as_str().into()),
        ("root", doc.is_root(actor).into()),
        ("keys", Value::list(keys.iter().map(Value::text))),
    ])
}

/// Which genesis this clone is pinned to, of those that stand in it.
pub struct ShownPin {
    /// The id, and the newest commit of its graph that was seen.
    pub pinned: Option<(Blake3, Oid)>,
    pub found: Vec<Blake3>,
}

impl View for ShownPin {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        match self.pinned {
            Some((id, tip)) => writeln!(page, "pinned {id}\nseen   {tip}")?,
            None => writeln!(page, "not pinned yet")?,
        }
        let others = self.found.iter().filter(|id| Some(**id) != self.pinned.map(|(id, _)| id));
        others.into_iter().try_for_each(|id| writeln!(page, "found  {id}"))
    }

    fn json(&self) -> Value {
        let pinned = self.pinned.map_or(Value::Null, |(id, _)| Value::text(id));
        let seen = self.pinned.map_or(Value::Null, |(_, tip)| Value::text(tip));
        Value::map([("pinned", pinned), ("seen", seen), ("found", Value::list(self.found.iter().map(Value::text)))])
    }
}
