use super::{Ink, Page, View, count};
use crate::canon::Value;
use crate::id::{Actor, Blake3, Oid, PublicKey};
use crate::trust::{Graph, TrustDoc};
use std::io::{self, Write as _};

/// The trust graph that counts here.
pub struct ShownTrust(pub Graph);

impl View for ShownTrust {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        let (graph, doc) = (&self.0, self.0.current());
        let roots = doc.roots.actors.len();
        writeln!(page, "repository {}", graph.repo())?;
        writeln!(page, "version    {} at {}", doc.version, page.ink(Ink::Name, graph.tip()))?;
        writeln!(page, "roots      {} of {roots} must sign a change", doc.roots.threshold)?;
        for (actor, keys) in &doc.actors {
            let root = if doc.is_root(actor) { " (root)" } else { "" };
            writeln!(page, "{actor}{root}")?;
            keys.iter().try_for_each(|key| writeln!(page, "  {key}"))?;
        }
        for (group, members) in &doc.groups {
            let members: Vec<&str> = members.iter().map(Actor::as_str).collect();
            writeln!(page, "group {group}: {}", members.join(", "))?;
        }
        Ok(())
    }

    fn json(&self) -> Value {
        let (graph, doc) = (&self.0, self.0.current());
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
    pub pinned: Option<Blake3>,
    pub found: Vec<Blake3>,
}

impl View for ShownPin {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        match self.pinned {
            Some(id) => writeln!(page, "pinned {id}")?,
            None => writeln!(page, "not pinned yet")?,
        }
        let others = self.found.iter().filter(|id| Some(**id) != self.pinned);
        others.into_iter().try_for_each(|id| writeln!(page, "found  {id}"))
    }

    fn json(&self) -> Value {
        let pinned = self.pinned.map_or(Value::Null, Value::text);
        Value::map([("pinned", pinned), ("found", Value::list(self.found.iter().map(Value::text)))])
    }
}

/// A key that was added to the trust graph.
pub struct AddedKey {
    pub actor: Actor,
    pub key: PublicKey,
    pub version: u32,
    pub commit: Oid,
}

impl View for AddedKey {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        let commit = page.ink(Ink::Name, self.commit);
        writeln!(page, "trust version {} at {commit}: {} may speak with {}", self.version, self.actor, self.key)
    }

    fn json(&self) -> Value {
        Value::map([
            ("actor", self.actor.as_str().into()),
            ("key", Value::text(self.key)),
            ("version", count(self.version.into())),
            ("commit", Value::text(self.commit)),
        ])
    }
}
