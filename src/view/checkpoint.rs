use super::notation::{plain, some};
use super::{Ink, Page, View, count};
use crate::canon::{Map, Value};
use crate::id::{Ns, Oid};
use crate::node::{Checkpointed, FoldVerdict, HistoryEntry};
use crate::state::Proof;
use std::io::{self, Write as _};

/// A checkpoint as it was written.
pub struct WrittenCheckpoint(pub Checkpointed);

impl View for WrittenCheckpoint {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        let c = &self.0;
        let commit = page.ink(Ink::Name, c.commit);
        let how = if c.unchanged { " (nothing new)" } else { "" };
        writeln!(page, "{commit} {} @ {}{how}", c.proof.state_root, some(c.proof.events, "event"))
    }

    fn json(&self) -> Value {
        let mut map = of_proof(self.0.commit, &self.0.ns, &self.0.proof);
        map.insert("unchanged", self.0.unchanged);
        Value::Map(map)
    }
}

/// One checkpoint of a list.
pub struct ListedCheckpoint {
    pub ns: Ns,
    pub entry: HistoryEntry,
}

impl View for ListedCheckpoint {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        let e = &self.entry;
        let commit = page.ink(Ink::Name, e.commit);
        writeln!(page, "{commit} {} {} @ {}", e.time, e.proof.state_root, some(e.proof.events, "event"))
    }

    fn json(&self) -> Value {
        let e = &self.entry;
        let mut map = of_proof(e.commit, &self.ns, &e.proof);
        map.insert("ref", e.name.as_str());
        map.insert("time", Value::text(e.time));
        map.insert("ledger_head", Value::text(e.ledger_head));
        Value::Map(map)
    }
}

fn of_proof(commit: Oid, ns: &Ns, proof: &Proof) -> Map {
    let mut map = Map::new();
    map.insert("ns", ns.as_str());
    map.insert("commit", Value::text(commit));
    map.insert("events", count(proof.events));
    map.insert("state_root", Value::text(proof.state_root));
    map.insert("window_root", Value::text(proof.window_root));
    map.insert("fold_root", Value::text(proof.fold_root));
    map.insert("policy_root", Value::text(proof.policy_root));
    map.insert("ledger_start", Value::text(proof.ledger_start));
    map.insert("ledger_end", Value::text(proof.ledger_end));
    let reverted = proof.reverted.iter();
    let reverted =
        reverted.map(|(cid, class)| Value::map([("cid", Value::text(cid)), ("class", class.as_str().into())]));
    map.insert("reverted", Value::list(reverted));
    if let Some(base) = &proof.base {
        map.insert("base", Value::text(base.checkpoint));
    }
    map
}

/// What recomputing a checkpoint gave.
pub struct FoldJudgement(pub FoldVerdict);

impl View for FoldJudgement {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        let v = &self.0;
        let from = match v.from {
            Some(base) => format!("from checkpoint {base}, which this clone computed"),
            None => "from the first event".to_owned(),
        };
        match &v.difference {
            None => {
                let passed = page.ink(Ink::Good, "PASSED");
                writeln!(page, "{passed} {} {}: {} folded again {from}", v.ns, v.commit, some(v.events, "event"))
            }
            Some(difference) => {
                let failed = page.ink(Ink::Bad, "FAILED");
                writeln!(page, "{failed} {} {}: {}", v.ns, v.commit, plain(difference))
            }
        }
    }

    fn json(&self) -> Value {
        let v = &self.0;
        let mut map = Map::new();
        map.insert("passed", v.difference.is_none());
        map.insert("ns", v.ns.as_str());
        map.insert("commit", Value::text(v.commit));
        map.insert("events", count(v.events));
        if let Some(from) = v.from {
            map.insert("from", Value::text(from));
        }
        if let Some(difference) = &v.difference {
            map.insert("difference", difference.as_str());
        }
        Value::Map(map)
    }
}
