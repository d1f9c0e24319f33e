use super::{Ink, Page, View, count, notation};
use crate::canon::{Map, Value};
use crate::git::audits;
use crate::id::Oid;
use crate::node::Emitted;
use crate::policy::Decision;
use std::io::{self, Write as _};

/// The receipt of an event.
pub struct Receipt(pub Emitted);

impl View for Receipt {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        let Receipt(e) = self;
        let commit = page.ink(Ink::Name, e.commit);
        writeln!(page, "{} {} {commit}", e.seq, e.cid)
    }

    fn json(&self) -> Value {
        let Receipt(e) = self;
        Value::map([
            ("ns", e.ns.as_str().into()),
            ("writer", e.writer.as_str().into()),
            ("seq", count(e.seq)),
            ("cid", Value::text(e.cid)),
            ("ulid", Value::text(e.ulid)),
            ("commit", Value::text(e.commit)),
            ("repeated", e.repeated.into()),
        ])
    }
}

/// The wire code of a denial.
const DENIED: &str = "POLICY_DENY";

/// A refusal by the policy, and where it is on record.
pub struct Denial {
    pub decision: Decision,
    pub audit: Oid,
}

impl View for Denial {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        let d = &self.decision;
        let verdict = page.ink(Ink::Bad, "policy violation");
        writeln!(page, "{verdict}: {}", notation::plain(&d.reason))?;
        writeln!(page, "  rule    {} ({})", d.rule, d.verdict.as_str())?;
        if let Some(facts) = d.facts.as_map().map(notation::facts).filter(|facts| !facts.is_empty()) {
            writeln!(page, "  facts   {facts}")?;
        }
        if let Some(hint) = &d.hint {
            writeln!(page, "  remedy  {}", notation::plain(hint))?;
        }
        writeln!(page, "  logged  {} under {}", self.audit, audits())
    }

    fn json(&self) -> Value {
        let d = &self.decision;
        let mut map = Map::new();
        map.insert("ok", false);
        map.insert("code", DENIED);
        map.insert("reason", d.reason.as_str());
        map.insert("verdict", d.verdict.as_str());
        map.insert("rule", d.rule.as_str());
        map.insert("facts", d.facts.clone());
        if let Some(hint) = &d.hint {
            map.insert("hint", hint.as_str());
        }
        map.insert("policy_root", Value::text(d.policy_root));
        map.insert("audit", Value::text(self.audit));
        Value::Map(map)
    }

    fn is_complaint(&self) -> bool {
        true
    }
}
