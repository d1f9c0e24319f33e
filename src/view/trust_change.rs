use super::notation::plain;
use super::{Denial, Ink, Page, View, count};
use crate::canon::{Map, Value};
use crate::id::{Oid, PublicKey};
use crate::node::Changed;
use crate::trust::{Grant, GrantState, Graph, Proposal, Said};
use std::io::{self, Write as _};

/// A change of the trust graph that was made, or waits for signatures.
pub struct ChangedTrust(pub Changed);

impl View for ChangedTrust {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        let changed = &self.0;
        if let Some(denial) = self.denial() {
            denial.text(page)?;
            let file = changed.file.as_ref().map_or(String::new(), |file| file.display().to_string());
            return writeln!(page, "  kept    {file}; when it is granted: git gatos trust sign FILE");
        }
        let (have, need) = changed.votes;
        match (&changed.commit, &changed.file) {
            (Some(commit), _) => {
                let commit = page.ink(Ink::Name, commit);
                write!(page, "trust version {} at {commit}: ", changed.version)?;
            }
            (None, file) => {
                let file = file.as_ref().map_or(String::new(), |file| file.display().to_string());
                let next = "the others run: git gatos trust sign FILE";
                writeln!(page, "proposed in {file}, signed by {have} of {need} roots; {next}")?;
                write!(page, "  ")?;
            }
        }
        writeln!(page, "{}", changed.changes.iter().map(plain).collect::<Vec<_>>().join("\n  "))
    }

    fn json(&self) -> Value {
        let changed = &self.0;
        if let Some(denial) = self.denial() {
            let mut json = denial.json();
            if let (Value::Map(map), Some(file)) = (&mut json, &changed.file) {
                map.insert("file", Value::text(file.display()));
            }
            return json;
        }
        let mut map = Map::new();
        map.insert("made", changed.commit.is_some());
        map.insert("version", changed.version);
        map.insert("changes", Value::list(changed.changes.iter().map(String::as_str)));
        map.insert("signed", count(changed.votes.0 as u64));
        map.insert("needed", changed.votes.1);
        if let Some(commit) = changed.commit {
            map.insert("commit", Value::text(commit));
        }
        if let Some(file) = &changed.file {
            map.insert("file", Value::text(file.display()));
        }
        Value::Map(map)
    }

    fn is_complaint(&self) -> bool {
        self.0.denied.is_some()
    }
}

impl ChangedTrust {
    fn denial(&self) -> Option<Denial> {
        self.0.denied.as_ref().map(|(decision, audit)| Denial { decision: decision.clone(), audit: *audit })
    }
}

/// A grant of the trust graph.
pub struct ListedGrant {
    pub grant: Grant,
    pub state: GrantState,
}

impl View for ListedGrant {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        let grant = &self.grant;
        let caps: Vec<String> = grant.caps.iter().map(ToString::to_string).collect();
        let until = grant.exp.map_or(String::new(), |exp| format!(" until {exp}"));
        let state = match self.state {
            GrantState::Counts => String::new(),
            other => format!(" ({})", page.ink(Ink::Bad, other.as_str())),
        };
        let ulid = page.ink(Ink::Name, grant.ulid);
        writeln!(page, "grant {ulid} {} to {}: {}{until}{state}", grant.issuer, grant.subject, caps.join(" "))
    }

    fn json(&self) -> Value {
        let grant = &self.grant;
        let mut map = Map::new();
        map.insert("ulid", Value::text(grant.ulid));
        map.insert("issuer", grant.issuer.as_str());
        map.insert("subject", grant.subject.as_str());
        map.insert("caps", Value::list(grant.caps.iter().map(Value::text)));
        if let Some(exp) = grant.exp {
            map.insert("exp", Value::text(exp));
        }
        map.insert("state", self.state.as_str());
        Value::Map(map)
    }
}

/// One commit of the trust graph: what it changed, and who signed.
pub struct ListedTrust {
    commit: Oid,
    version: u32,
    changes: Vec<String>,
    /// Each key with its actor, where it has one.
    signers: Vec<(PublicKey, Option<String>)>,
}

impl ListedTrust {
    /// A commit of a graph, seen from the graph before it.
    pub fn of(graph: &Graph, commit: Oid) -> ListedTrust {
        let at = graph.commits().iter().position(|c| *c == commit).unwrap_or_default();
        let before = at.checked_sub(1).and_then(|at| graph.at(graph.commits()[at]));
        let mut keys: Vec<PublicKey> = Vec::new();
        let mut changes = Vec::new();
        let after = graph.at(commit);
        let version = after.as_ref().map_or(1, |graph| graph.current().version);
        if let Some(made) = graph.versions().iter().find(|v| v.commit == commit) {
            keys.extend(&made.signers);
            changes = match &before {
                Some(before) => Proposal::version(made.doc.clone()).changes(before),
                None => vec![format!("genesis of {}", graph.repo())],
            };
        }
        for statement in graph.statements().iter().filter(|s| s.commit == commit) {
            keys.extend(&statement.signers);
            changes.extend(said(&statement.said, before.as_ref().unwrap_or(graph)));
        }
        keys.sort();
        keys.dedup();
        let named = |key: PublicKey| (key, after.as_ref().and_then(|g| g.owner(&key)).map(ToString::to_string));
        ListedTrust { commit, version, changes, signers: keys.into_iter().map(named).collect() }
    }
}

fn said(said: &Said, before: &Graph) -> Vec<String> {
    Proposal::statement(said.clone()).changes(before)
}

impl View for ListedTrust {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        let commit = page.ink(Ink::Name, self.commit);
        writeln!(page, "{commit} version {}", self.version)?;
        self.changes.iter().try_for_each(|line| writeln!(page, "  {}", plain(line)))?;
        for (key, actor) in &self.signers {
            let actor = actor.as_deref().unwrap_or("a stranger");
            writeln!(page, "  {}", page.ink(Ink::Faint, format_args!("signed by {actor} with {key}")))?;
        }
        Ok(())
    }

    fn json(&self) -> Value {
        let signer = |(key, actor): &(PublicKey, Option<String>)| {
            let actor = actor.as_deref().map_or(Value::Null, Value::from);
            Value::map([("key", Value::text(key)), ("actor", actor)])
        };
        Value::map([
            ("commit", Value::text(self.commit)),
            ("version", self.version.into()),
            ("changes", Value::list(self.changes.iter().map(String::as_str))),
            ("signers", Value::list(self.signers.iter().map(signer))),
        ])
    }
}
