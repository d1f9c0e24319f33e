//! A table of cases: who × what → verdict and rule, held against a policy.

use super::bundle::Bundle;
use super::decide::Judge;
use super::decision::Verdict;
use super::error::PolicyError;
use super::facts::Facts;
use super::governance::yaml;
use super::intent::Intent;
use super::verb::Verb;
use crate::canon::{Map, Value};
use crate::id::Oid;

/// Most cases of one file.
const CASES_MAX: usize = 1000;

/// One case as it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// `who` and `what` in words.
    pub name: String,
    pub verb: Verb,
    fields: Map,
    facts: Map,
    pub verdict: Verdict,
    pub rule: Option<String>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    pub name: String,
    pub wanted: (Verdict, Option<String>),
    pub got: (Verdict, String),
    pub reason: String,
}

impl Judged {
    pub fn holds(&self) -> bool {
        self.wanted.0 == self.got.0 && self.wanted.1.as_ref().is_none_or(|rule| *rule == self.got.1)
    }
}

/// Reads a table of cases in YAML; line, column and sentence of what is wrong.
pub fn read(text: &str) -> Result<Vec<Case>, (u32, u32, String)> {
    let value = yaml::parse(text)?;
    let bad = |why: String| (1, 1, why);
    let map = value.as_map().ok_or_else(|| bad("the document is a map of actors: and cases:".into()))?;
    let none = Map::new();
    let actors = map.get("actors").and_then(Value::as_map).unwrap_or(&none);
    let cases = map.get("cases").and_then(Value::as_list).ok_or_else(|| bad("there is no list cases:".into()))?;
    if cases.len() > CASES_MAX {
        return Err(bad(format!("a file holds at most {CASES_MAX} cases")));
    }
    let one = |(i, case): (usize, &Value)| read_case(case, actors).map_err(|why| bad(format!("case {}: {why}", i + 1)));
    cases.iter().enumerate().map(one).collect()
}

fn read_case(case: &Value, actors: &Map) -> Result<Case, String> {
    let map = case.as_map().ok_or("it is a map")?;
    let fields = ["who", "what", "facts", "verdict", "rule"];
    if let Some(name) = map.keys().find(|k| !fields.contains(k)) {
        return Err(format!("there is no field {name:?}; the fields are {}", fields.join(" ")));
    }
    let text = |name: &str| map.get(name).and_then(Value::as_str);
    let who = text("who").ok_or("who names an actor of actors:, or nobody")?;
    let what = map.get("what").and_then(Value::as_map).ok_or("what is a map with a verb in it")?;
    let verb: Verb = match what.get("verb").and_then(Value::as_str).map(str::parse) {
        Some(Ok(verb)) => verb,
        _ => return Err("what has a verb".into()),
    };
    let (mut intent, mut facts) = (what.clone(), Map::new());
    let known = who != "nobody";
    facts.insert("actor_known", known);
    facts.insert("key_known", known);
    facts.insert("is_root", false);
    facts.insert("trust_version", 1);
    for list in ["caps", "groups"] {
        facts.insert(list, Value::List(Vec::new()));
    }
    if known {
        let actor = actors.get(who).and_then(Value::as_map).ok_or_else(|| format!("actors: has no {who}"))?;
        let name = actor.get("actor").and_then(Value::as_str).ok_or_else(|| format!("{who} has no actor:"))?;
        intent.insert("actor", name);
        for (field, value) in actor.iter().filter(|(field, _)| *field != "actor") {
            match field {
                "caps" | "groups" => drop(facts.insert(field, value.clone())),
                "root" => drop(facts.insert("is_root", value.clone())),
                "key" => drop(intent.insert(field, value.clone())),
                other => return Err(format!("{who} has a field {other:?}; the fields are actor caps groups key root")),
            }
        }
    }
    let further = map.get("facts").and_then(Value::as_map).cloned().unwrap_or_default();
    further.into_iter().for_each(|(name, value)| drop(facts.insert(name, value)));
    let verdict = text("verdict").and_then(Verdict::parse).ok_or("verdict is allow, deny or error")?;
    let subject = verb.subject().and_then(|field| what.get(field)).and_then(Value::as_str).unwrap_or_default();
    let name = format!("{who} {verb} {subject}").trim_end().to_owned();
    Ok(Case { name, verb, fields: intent, facts, verdict, rule: text("rule").map(str::to_owned) })
}

/// Judges every case.
pub fn run(bundle: &Bundle, cases: &[Case]) -> Result<Vec<Judged>, PolicyError> {
    let mut judge = Judge::new(bundle.clone(), None);
    let judged = |case: &Case| {
        let intent = Intent::act(case.verb, case.fields.clone());
        let decision = judge.weigh(&intent, &Facts::new(case.facts.clone())?, Oid::ZERO)?;
        Ok(Judged {
            name: case.name.clone(),
            wanted: (case.verdict, case.rule.clone()),
            got: (decision.verdict, decision.rule),
            reason: decision.reason,
        })
    };
    cases.iter().map(judged).collect()
}
