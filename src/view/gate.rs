use super::notation::plain;
use super::{Ink, Page, View, notation};
use crate::canon::{Map, Value};
use crate::id::{Actor, Blake3, Oid, PublicKey};
use std::io::{self, Write as _};
use std::path::PathBuf;

/// A push that was refused, as the pusher reads it behind `remote: `.
pub struct Refusal {
    pub denials: Vec<RefusedRef>,
    /// Where it is on record; none where the record waits in the spool.
    pub audit: Option<Oid>,
}

/// One ref that may not move.
pub struct RefusedRef {
    pub name: String,
    pub verdict: &'static str,
    pub rule: String,
    pub reason: String,
    pub hint: Option<String>,
    pub facts: Map,
}

impl View for Refusal {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        self.denials.iter().take(SHOWN_MAX).try_for_each(|denial| denial.text(page))?;
        if self.denials.len() > SHOWN_MAX {
            writeln!(page, "gatos: and {} more", self.denials.len() - SHOWN_MAX)?;
        }
        match self.audit {
            Some(commit) => writeln!(page, "  log     git gatos explain {}", &commit.hex()[..12]),
            None => writeln!(page, "  log     counted, or in the server's spool"),
        }
    }

    fn json(&self) -> Value {
        let denials = self.denials.iter().map(RefusedRef::json);
        let audit = self.audit.map_or(Value::Null, Value::text);
        Value::map([("ok", false.into()), ("denials", Value::list(denials)), ("audit", audit)])
    }

    fn is_complaint(&self) -> bool {
        true
    }
}

impl RefusedRef {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        writeln!(page, "gatos: DENY {}", plain(&self.name))?;
        writeln!(page, "  rule    {}  {}", self.rule, plain(&self.reason))?;
        let facts = notation::facts(&self.facts);
        if !facts.is_empty() {
            writeln!(page, "  facts   {facts}")?;
        }
        match &self.hint {
            Some(hint) => writeln!(page, "  next    {}", plain(hint)),
            None => Ok(()),
        }
    }

    fn json(&self) -> Value {
        let mut map = Map::new();
        map.insert("ref", self.name.as_str());
        map.insert("verdict", self.verdict);
        map.insert("rule", self.rule.as_str());
        map.insert("reason", self.reason.as_str());
        if let Some(hint) = &self.hint {
            map.insert("hint", hint.as_str());
        }
        map.insert("facts", self.facts.clone());
        Value::Map(map)
    }
}

/// Most refs of which a refusal speaks.
const SHOWN_MAX: usize = 20;

/// A gate that stands.
pub struct GateInstalled {
    pub actor: Actor,
    pub key: PublicKey,
    /// The repository that the gate was told.
    pub root: Option<Blake3>,
    /// The one whose trust graph stands here.
    pub repo: Option<Blake3>,
    pub hooks: PathBuf,
    /// The trust graph here knows the gate's key.
    pub trusted: bool,
    pub tested: GateTested,
}

impl View for GateInstalled {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        let gate = self;
        writeln!(page, "gate installed in {}", gate.hooks.display())?;
        gate.tested.faults(page)?;
        match (gate.root, gate.repo) {
            (Some(root), _) => writeln!(page, "repository {root}")?,
            (None, Some(repo)) => {
                writeln!(page, "repository {repo}, by the trust graph here; run again with --root to name it")?
            }
            (None, None) => writeln!(page, "no --root: only code passes; run again with --root ID")?,
        }
        writeln!(page, "{} signs with {}", gate.actor, page.ink(Ink::Name, gate.key))?;
        if !gate.trusted {
            writeln!(page, "let a root of the repository run and push:")?;
            writeln!(page, "  git gatos trust add-actor {} {}", gate.actor, gate.key)?;
            writeln!(page, "  git gatos trust grant {} gate:receipt", gate.actor)?;
        }
        Ok(())
    }

    fn json(&self) -> Value {
        let gate = self;
        let mut map = Map::new();
        map.insert("actor", gate.actor.as_str());
        map.insert("key", Value::text(gate.key));
        map.insert("hooks", gate.hooks.to_string_lossy().into_owned());
        map.insert("root", gate.root.map_or(Value::Null, Value::text));
        map.insert("repo", gate.repo.map_or(Value::Null, Value::text));
        map.insert("trusted", gate.trusted);
        map.insert("stands", gate.tested.stands());
        map.insert("steps", gate.tested.steps());
        Value::Map(map)
    }
}

/// A gate that was taken away.
pub struct GateRemoved {
    pub found: bool,
}

impl View for GateRemoved {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        match self.found {
            true => writeln!(page, "gate removed; its key, settings and records stay"),
            false => writeln!(page, "there was no gate here"),
        }
    }

    fn json(&self) -> Value {
        Value::map([("found", self.found.into())])
    }
}

/// What a gate was found to be.
pub struct GateTested {
    /// What must be so, and why it is not.
    pub steps: Vec<(String, Option<String>)>,
}

impl GateTested {
    pub fn stands(&self) -> bool {
        self.steps.iter().all(|(_, fault)| fault.is_none())
    }

    fn faults(&self, page: &mut Page<'_>) -> io::Result<()> {
        for (what, fault) in &self.steps {
            if let Some(fault) = fault {
                writeln!(page, "{}   {what}: {fault}", page.ink(Ink::Bad, "BAD"))?;
            }
        }
        if self.stands() { Ok(()) } else { writeln!(page, "the gate does not stand") }
    }

    fn steps(&self) -> Value {
        Value::list(self.steps.iter().map(|(what, fault)| {
            let fault = fault.as_deref().map_or(Value::Null, Value::from);
            Value::map([("what", what.as_str().into()), ("fault", fault)])
        }))
    }
}

impl View for GateTested {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        for (what, fault) in &self.steps {
            match fault {
                None => writeln!(page, "good  {what}")?,
                Some(fault) => writeln!(page, "BAD   {what}: {fault}")?,
            }
        }
        match self.stands() {
            true => writeln!(page, "the gate stands"),
            false => writeln!(page, "the gate does not stand"),
        }
    }

    fn json(&self) -> Value {
        Value::map([("stands", self.stands().into()), ("steps", self.steps())])
    }
}

/// What the gate would say to a push that nobody made.
pub struct Rehearsed {
    pub denials: Vec<RefusedRef>,
}

impl View for Rehearsed {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        if self.denials.is_empty() {
            return writeln!(page, "ALLOWED");
        }
        self.denials.iter().try_for_each(|denial| denial.text(page))
    }

    fn json(&self) -> Value {
        Value::map([
            ("allowed", self.denials.is_empty().into()),
            ("denials", Value::list(self.denials.iter().map(RefusedRef::json))),
        ])
    }
}
