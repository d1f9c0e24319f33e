use super::notation::plain;
use super::{Ink, Page, View, notation};
use crate::canon::{Map, Value};
use crate::id::Actor;
use crate::policy::{Bundle, NONE, Recorded, RuleInfo, Verdict};
use std::io::{self, Write as _};

/// A decision and everything that led to it.
pub struct Explained {
    pub recorded: Recorded,
    /// The bundle that it was made by, where it is here.
    pub bundle: Option<Bundle>,
    /// For whom a key that signed it stands in trust.
    pub signer: Option<Actor>,
}

impl Explained {
    fn rule(&self) -> Option<&RuleInfo> {
        self.bundle.as_ref()?.rules().iter().find(|r| r.id == self.recorded.rule)
    }

    /// What the rules that were asked would have wanted.
    fn ways(&self) -> Vec<(String, String)> {
        let rules = self.bundle.as_ref().map(Bundle::rules).unwrap_or_default();
        let asked = rules.iter().filter(|r| r.covers(self.recorded.verb, self.recorded.subject()));
        asked.flat_map(|r| r.allows.iter().map(|a| (r.id.clone(), a.clone()))).collect()
    }

    /// What would have allowed it. Where a rule denied, what others allow did not matter.
    fn helps(&self) -> Vec<String> {
        let r = &self.recorded;
        match self.rule() {
            Some(rule) if r.verdict == Verdict::Deny => {
                let grant = |(n, group, action)| format!("{} if {n} of @{group} grant {action}", rule.id);
                let mut helps: Vec<String> = rule.requires().map(grant).collect();
                let denied = rule.denies();
                match denied.iter().any(String::is_empty) {
                    true => helps.push(format!("nothing: {} denies every such act", rule.id)),
                    false => {
                        helps.extend(denied.iter().map(|c| format!("what {} does not deny: {}", rule.id, opposite(c))))
                    }
                }
                helps
            }
            None if r.rule == NONE => self.ways().iter().map(|(id, way)| format!("{id} if {way}")).collect(),
            _ => Vec::new(),
        }
    }

    /// The facts that the rule read; all of them where no rule is known.
    fn facts(&self) -> Map {
        let facts = self.recorded.facts.as_map().cloned().unwrap_or_default();
        let Some(rule) = self.rule() else { return facts };
        let mut read = Map::new();
        for (name, value) in facts.iter().filter(|(name, _)| rule.reads.iter().any(|r| r == name)) {
            read.insert(name, value.clone());
        }
        read
    }
}

/// What holds where a condition does not.
fn opposite(condition: &str) -> String {
    match condition.strip_prefix("not ") {
        // One call and nothing beside it.
        Some(call) if call.ends_with(')') && call.matches('(').count() == 1 => call.to_owned(),
        _ => format!("not ({condition})"),
    }
}

impl View for Explained {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        let r = &self.recorded;
        writeln!(page, "decision {} at {}", page.ink(Ink::Name, r.commit), r.at)?;
        writeln!(page, "verdict  {}: {}", page.ink(Ink::Bad, r.verdict.as_str()), plain(&r.reason))?;
        writeln!(page, "intent   {}", notation::facts(&r.intent))?;
        let facts = match self.rule() {
            Some(_) => notation::answers(&self.facts()),
            None => notation::facts(&self.facts()),
        };
        if !facts.is_empty() {
            writeln!(page, "facts    {facts}")?;
        }
        match self.rule() {
            Some(rule) => {
                writeln!(page, "rule     {}  {}:{}", rule.id, plain(&rule.file), rule.line)?;
                rule.text.lines().try_for_each(|line| writeln!(page, "  | {line}"))?;
            }
            None => writeln!(page, "rule     {}", plain(&r.rule))?,
        }
        for way in self.helps() {
            writeln!(page, "allows   {}", plain(way))?;
        }
        if let Some(hint) = &r.hint {
            writeln!(page, "remedy   {}", plain(hint))?;
        }
        for (what, root) in [("policy", r.policy_root), ("trust ", r.trust_root)] {
            match root {
                Some(root) => writeln!(page, "{what}   {root}")?,
                None => writeln!(page, "{what}   none stood yet")?,
            }
        }
        match &self.signer {
            Some(signer) => writeln!(page, "record   signed by {signer}, with a key that trust knows"),
            None => writeln!(page, "record   signed by no key that trust knows"),
        }
    }

    fn json(&self) -> Value {
        let r = &self.recorded;
        let way = |(id, way): (String, String)| Value::map([("rule", id.into()), ("if", way.into())]);
        let mut map = Map::new();
        map.insert("decision", Value::text(r.commit));
        map.insert("at", Value::text(r.at));
        map.insert("verdict", r.verdict.as_str());
        map.insert("rule", r.rule.as_str());
        map.insert("reason", r.reason.as_str());
        map.insert("intent", r.intent.clone());
        map.insert("facts", self.facts());
        map.insert("allows", Value::list(self.ways().into_iter().map(way)));
        for (name, root) in [("policy_root", r.policy_root), ("trust_root", r.trust_root)] {
            if let Some(root) = root {
                map.insert(name, Value::text(root));
            }
        }
        map.insert("known_signer", self.signer.is_some());
        if let Some(hint) = &r.hint {
            map.insert("hint", hint.as_str());
        }
        if let Some(rule) = self.rule() {
            map.insert("rule_text", rule.text.as_str());
            map.insert("rule_at", format!("{}:{}", rule.file, rule.line));
        }
        Value::Map(map)
    }
}
