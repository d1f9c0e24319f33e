use super::notation::{brief, plain};
use super::{Ink, Page, View, count, notation};
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
            Some(commit) => writeln!(page, "  log     git gatos sync; git gatos explain {}", &commit.hex()[..12]),
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
        writeln!(page, "gatos: DENY {}", brief(&self.name))?;
        writeln!(page, "  rule    {}  {}", plain(&self.rule), brief(&self.reason))?;
        let facts = notation::facts(&self.facts);
        if !facts.is_empty() {
            writeln!(page, "  facts   {facts}")?;
        }
        match &self.hint {
            Some(hint) => writeln!(page, "  next    {}", brief(hint)),
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

/// What a gate is set to, and what it meets in its repository.
pub struct GateSet {
    pub actor: Actor,
    pub key: PublicKey,
    /// The repository that the gate was told.
    pub root: Option<Blake3>,
    /// What the first policy must be or descend from.
    pub policy: Option<Blake3>,
    /// What tells who pushes, and the variable that it is read from.
    pub source: &'static str,
    pub variable: Option<&'static str>,
    pub await_receipt: bool,
    /// Seconds.
    pub patience: u64,
    /// The repository whose trust graph stands here.
    pub repo: Option<Blake3>,
    /// The trust graph here lets the gate give receipts.
    pub trusted: bool,
    /// What a root runs so that it does.
    pub introduction: Vec<String>,
    /// The policy that stands here.
    pub active: Option<Oid>,
}

impl GateSet {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        let name = "name it: git gatos hook install --server";
        match self.root.or(self.repo) {
            Some(root) => writeln!(page, "repository  {root}")?,
            None => writeln!(page, "repository  no --root: only code passes; {name} --root ID")?,
        }
        match (self.policy, self.active) {
            (Some(policy), Some(_)) => writeln!(page, "policy      {policy} or what descends from it")?,
            (Some(policy), None) => writeln!(page, "policy      {policy} or what descends from it; none stands yet")?,
            (None, Some(_)) => writeln!(page, "policy      the one that stands here; no --policy")?,
            (None, None) => {
                writeln!(page, "policy      no --policy: any may come first, also an older one; {name} --policy ID")?
            }
        }
        match self.variable {
            Some(variable) => writeln!(page, "pusher      whom {variable} names (--identity {})", self.source)?,
            None => writeln!(page, "pusher      not told apart (--identity {})", self.source)?,
        }
        match self.await_receipt {
            true => writeln!(page, "receipts    before a push returns (--await-receipt)")?,
            false => writeln!(page, "receipts    a moment after a push has returned")?,
        }
        writeln!(page, "patience    {} s, then an accepted push that moves no ref is ended", self.patience)?;
        writeln!(page, "{} signs with {}", self.actor, page.ink(Ink::Name, self.key))
    }

    /// What a root does so that its receipts count.
    fn introduce(&self, page: &mut Page<'_>) -> io::Result<()> {
        if self.introduction.is_empty() {
            return Ok(());
        }
        writeln!(page, "let a root of the repository run and push:")?;
        self.introduction.iter().try_for_each(|command| writeln!(page, "  {command}"))
    }

    fn map(&self) -> Map {
        let id = |id: Option<Blake3>| id.map_or(Value::Null, Value::text);
        let mut map = Map::new();
        map.insert("actor", self.actor.as_str());
        map.insert("key", Value::text(self.key));
        map.insert("root", id(self.root));
        map.insert("policy", id(self.policy));
        map.insert("identity", self.source);
        map.insert("await_receipt", self.await_receipt);
        map.insert("patience", count(self.patience));
        map.insert("repo", id(self.repo));
        map.insert("trusted", self.trusted);
        map.insert("active", self.active.map_or(Value::Null, Value::text));
        map
    }
}

/// A gate that stands.
pub struct GateInstalled {
    pub gate: GateSet,
    pub hooks: PathBuf,
    pub tested: GateTested,
}

impl View for GateInstalled {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        writeln!(page, "gate installed in {}", self.hooks.display())?;
        self.tested.faults(page)?;
        self.gate.text(page)?;
        self.gate.introduce(page)
    }

    fn json(&self) -> Value {
        let mut map = self.gate.map();
        map.insert("hooks", self.hooks.to_string_lossy().into_owned());
        map.insert("stands", self.tested.stands());
        map.insert("steps", self.tested.steps());
        Value::Map(map)
    }
}

/// A gate that was looked at.
pub struct GateExamined {
    pub gate: Option<GateSet>,
    pub tested: GateTested,
}

impl View for GateExamined {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        if let Some(gate) = &self.gate {
            gate.text(page)?;
            gate.introduce(page)?;
        }
        self.tested.text(page)
    }

    fn json(&self) -> Value {
        let gate = self.gate.as_ref().map_or(Value::Null, |gate| Value::Map(gate.map()));
        Value::map([("gate", gate), ("stands", self.tested.stands().into()), ("steps", self.tested.steps())])
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

/// What was copied from another server.
pub struct GateCopied {
    pub moved: Vec<(String, Oid)>,
    pub apart: Vec<RefApart>,
}

/// A ref that this server and the other have in two ways: it is left here as it was.
pub struct RefApart {
    pub name: String,
    pub here: Option<Oid>,
    pub there: Oid,
}

impl View for GateCopied {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        for (name, tip) in &self.moved {
            writeln!(page, "copied {} at {tip}", plain(name))?;
        }
        for RefApart { name, here, there } in &self.apart {
            let (apart, name) = (page.ink(Ink::Bad, "APART"), plain(name));
            match here {
                Some(here) => {
                    writeln!(page, "{apart} {name}: {here} here, {there} there, and neither goes on from the other")?
                }
                None => writeln!(page, "{apart} {name}: {there} there, which git did not take here")?,
            }
        }
        match self.moved.is_empty() && self.apart.is_empty() {
            true => writeln!(page, "nothing to copy: all of it is here"),
            false => writeln!(page, "next: git gatos verify"),
        }
    }

    fn json(&self) -> Value {
        let moved =
            |(name, tip): &(String, Oid)| Value::map([("ref", name.as_str().into()), ("new", Value::text(tip))]);
        let apart = |apart: &RefApart| {
            let here = apart.here.map_or(Value::Null, Value::text);
            Value::map([("ref", apart.name.as_str().into()), ("here", here), ("there", Value::text(apart.there))])
        };
        Value::map([
            ("copied", Value::list(self.moved.iter().map(moved))),
            ("apart", Value::list(self.apart.iter().map(apart))),
        ])
    }
}

/// What must be so for a gate to stand, and whether it is.
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
                writeln!(page, "{}   {what}: {}", page.ink(Ink::Bad, "BAD"), plain(fault))?;
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

    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        for (what, fault) in &self.steps {
            match fault {
                None => writeln!(page, "good  {what}")?,
                Some(fault) => writeln!(page, "BAD   {what}: {}", plain(fault))?,
            }
        }
        match self.stands() {
            true => writeln!(page, "the gate stands"),
            false => writeln!(page, "the gate does not stand"),
        }
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
