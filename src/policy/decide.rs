use super::bundle::{Bundle, Court};
use super::decision::{Answer, Decision, NONE, Verdict};
use super::error::PolicyError;
use super::facts::{Facts, Stranger};
use super::intent::{Intent, SINGULAR};
use super::remembered::Memory;
use super::schema::Schema;
use super::template;
use super::verb::Verb;
use crate::canon::Value;
use crate::id::Oid;
use crate::lua::{Machine, StepError};
use std::collections::{BTreeMap, BTreeSet};

/// Proof that an intent was judged and allowed. Only `Judge::decide` makes one.
#[derive(Debug)]
pub struct Allowed {
    rule: String,
}

impl Allowed {
    /// The id of the rule that allowed it.
    pub fn rule(&self) -> &str {
        &self.rule
    }
}

/// What came of judging.
#[derive(Debug)]
pub enum Judgement {
    Allowed(Allowed),
    Refused(Box<Decision>),
}

/// The policy of one bundle. It remembers what it allowed: a policy is a pure function, so an append that agrees with an
/// allowed one in every field and every fact that the policy can read is allowed too. The virtual machines start when a new question comes.
pub struct Judge {
    bundle: Bundle,
    /// The programs in the order in which they speak.
    bench: Option<Vec<Seat>>,
    memory: Option<Memory>,
    /// The schema of payloads of each event type that has one, or why it cannot be read.
    schemas: BTreeMap<String, Result<Schema, String>>,
    learned: bool,
    /// Scratch: what the answer at hand can depend on.
    key: Vec<u8>,
}

/// A program that is ready to judge.
struct Seat {
    court: Court,
    machine: Machine,
}

impl Judge {
    /// `remembered` are bytes of `remember` of a judge of the same bundle.
    pub fn new(bundle: Bundle, remembered: Option<&[u8]>) -> Judge {
        let memory = remembered.and_then(Memory::read);
        let schemas = bundle.schemas().map(|(ty, bytes)| (ty.to_owned(), Schema::parse(bytes))).collect();
        Judge { bundle, bench: None, memory, schemas, learned: false, key: Vec::new() }
    }

    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// Judges an intent.
    pub fn decide(&mut self, intent: &Intent<'_>, facts: &Facts, trust_root: Oid) -> Result<Judgement, PolicyError> {
        if let Some(decision) = self.misshapen(intent, facts, trust_root) {
            return Ok(Judgement::Refused(Box::new(decision)));
        }
        let remembered = self.memory_key(intent, facts, trust_root)?;
        if remembered && let Some(rule) = self.memory.as_ref().and_then(|m| m.rule(&self.key)) {
            return Ok(Judgement::Allowed(Allowed { rule: rule.to_owned() }));
        }
        let decision = self.hear(intent, facts, trust_root)?;
        if decision.verdict != Verdict::Allow {
            return Ok(Judgement::Refused(Box::new(decision)));
        }
        if remembered {
            let key = self.key.clone();
            self.memory()?.learn(key, &decision.rule);
            self.learned = true;
        }
        Ok(Judgement::Allowed(Allowed { rule: decision.rule }))
    }

    /// Judges an intent without remembering, and says all there is to say of an allowed one too.
    pub fn weigh(&mut self, intent: &Intent<'_>, facts: &Facts, trust_root: Oid) -> Result<Decision, PolicyError> {
        match self.misshapen(intent, facts, trust_root) {
            Some(decision) => Ok(decision),
            None => self.hear(intent, facts, trust_root),
        }
    }

    /// The denial of an append whose payload breaks the schema of its type. No program is asked.
    fn misshapen(&self, intent: &Intent<'_>, facts: &Facts, trust_root: Oid) -> Option<Decision> {
        if self.schemas.is_empty() || intent.verb() != Verb::Emit {
            return None;
        }
        let (ty, payload) = intent.said()?;
        let roots = (self.bundle.commit(), trust_root);
        let (verdict, reason) = match self.schemas.get(ty)? {
            Ok(schema) => (Verdict::Deny, schema.fault(payload)?),
            Err(why) => (Verdict::Error, format!("the schema cannot be read: {why}")),
        };
        let hint = format!("the schema of {ty}: git gatos policy show --file schema/{ty}.json");
        let decision = Decision::denied(&format!("schema.{ty}"), reason, Some(hint), facts, roots);
        Some(Decision { verdict, ..decision })
    }

    /// What the programs say.
    fn hear(&mut self, intent: &Intent<'_>, facts: &Facts, trust_root: Oid) -> Result<Decision, PolicyError> {
        self.start()?;
        let reads = self.memory()?.reads.clone();
        let whole = intent.whole(reads.as_ref());
        let roots = (self.bundle.commit(), trust_root);
        let ended = |verdict, answer: Answer| {
            let fill = |text: &str| template::fill(text, intent, facts);
            let hint = answer.hint.map(|hint| remedy(fill(&hint), intent, facts));
            let decision = Decision::denied(&answer.rule, fill(&answer.reason), hint, facts, roots);
            Decision { verdict, ..decision }
        };
        let mut permission: Option<Answer> = None;
        for seat in self.bench.as_mut().expect("it was started") {
            let said = match seat.machine.judge(&whole, facts.value()) {
                Ok((answer, _fuel)) => {
                    Answer::read(&answer).map_err(|why| (None, format!("did not answer with a decision: {why}")))
                }
                // The compiled form has no lines.
                Err(StepError::Verdict(v)) => Err((v.behind, format!("failed: {}: {}", v.class, v.message))),
                Err(StepError::Halt(h)) => Err((None, format!("could not be run: {h}"))),
            };
            match said {
                Err((behind, what)) => {
                    let decision = match seat.court.failing(intent, behind) {
                        Some(rule) => Decision::denied(rule, format!("rule {rule} {what}"), None, facts, roots),
                        None => Decision::denied(NONE, seat.court.complain(intent, &what), None, facts, roots),
                    };
                    return Ok(Decision { verdict: Verdict::Error, ..decision });
                }
                Ok(Some(answer)) if answer.verdict == Verdict::Deny => {
                    return Ok(match seat.court.rules {
                        true => ended(Verdict::Deny, answer),
                        false => {
                            let ended = facts.stranger().filter(|stranger| stranger.ended);
                            let hint = match ended {
                                Some(stranger) => Some(stranger.hint.clone()),
                                None => answer.hint.map(|hint| remedy(hint, intent, facts)),
                            };
                            Decision::denied(&answer.rule, answer.reason, hint, facts, roots)
                        }
                    });
                }
                Ok(Some(answer)) => drop(permission.get_or_insert(answer)),
                Ok(None) => {}
            }
        }
        Ok(match permission {
            Some(answer) => ended(Verdict::Allow, answer),
            None => self.nothing_permits(intent, facts, roots),
        })
    }

    fn nothing_permits(&self, intent: &Intent<'_>, facts: &Facts, roots: (Oid, Oid)) -> Decision {
        let act = match intent.subject() {
            Some(subject) => format!("{} {}", intent.verb(), template::plain(subject)),
            None => intent.verb().to_string(),
        };
        let asked = self.bundle.rules().iter().filter(|r| r.covers(intent.verb(), intent.subject()));
        let ways: Vec<String> =
            asked.flat_map(|r| r.allows.iter().map(|a| format!("{} allows it if {a}", r.id))).take(4).collect();
        let hint = match (ways.is_empty(), facts.stranger()) {
            (true, _) => "activate a policy that has a rule for it: git gatos policy show".to_owned(),
            (false, None) => ways.join("; "),
            (false, Some(Stranger { hint, ended: true })) => hint.clone(),
            (false, Some(Stranger { hint, .. })) => format!("{hint}; {}", ways.join("; ")),
        };
        Decision::denied(NONE, format!("nothing permits {act}"), Some(hint), facts, roots)
    }

    /// What this judge learned since it was made, for the next one.
    pub fn remember(&mut self) -> Option<Vec<u8>> {
        let learned = std::mem::take(&mut self.learned);
        self.memory.as_ref().filter(|_| learned).and_then(Memory::write)
    }

    fn start(&mut self) -> Result<(), PolicyError> {
        if self.bench.is_some() {
            return Ok(());
        }
        let mut bench = Vec::new();
        let (mut reads, mut known) = (Some(BTreeSet::new()), Some(BTreeSet::new()));
        for court in self.bundle.courts() {
            let (program, machine) = self.bundle.program(&court)?;
            let with = |all: Option<BTreeSet<String>>, param| {
                all.zip(program.fields_read(param)).map(|(all, some)| all.into_iter().chain(some).collect())
            };
            (reads, known) = (with(reads, 0), with(known, 1));
            bench.push(Seat { court, machine });
        }
        self.bench = Some(bench);
        self.memory.get_or_insert_with(|| Memory::new(reads, known));
        Ok(())
    }

    fn memory(&mut self) -> Result<&mut Memory, PolicyError> {
        if self.memory.is_none() {
            self.start()?;
        }
        Ok(self.memory.as_mut().expect("a started judge has a memory"))
    }

    /// Writes down what the answer can depend on; false where nothing may be remembered.
    fn memory_key(&mut self, intent: &Intent<'_>, facts: &Facts, trust_root: Oid) -> Result<bool, PolicyError> {
        if !intent.is_append() {
            return Ok(false);
        }
        let mut key = std::mem::take(&mut self.key);
        key.clear();
        let memory = self.memory()?;
        facts.write(memory.facts.as_ref(), &mut key);
        let facts_end = key.len() as u64;
        let known = match &memory.reads {
            // These differ in every event: an answer that can depend on them is never met again.
            Some(reads) if !SINGULAR.iter().any(|name| reads.contains(*name)) => {
                for name in reads {
                    if intent.write_field(name, &mut key) {
                        key.push(b'\n');
                    }
                }
                true
            }
            _ => false,
        };
        key.extend_from_slice(trust_root.as_bytes());
        key.extend_from_slice(&facts_end.to_le_bytes());
        self.key = key;
        Ok(known)
    }
}

/// To propose what is proposed already helps nobody, nor to agree twice: the open proposal is named in its place, and whose
/// word it wants still.
fn remedy(hint: String, intent: &Intent<'_>, facts: &Facts) -> String {
    let asked = || {
        let (action, target) = hint.strip_prefix("git gatos propose ")?.split_once(" --target ")?;
        (target == template::plain(&intent.target()?)).then(|| facts.asked(action))?
    };
    match asked() {
        Some(open) => {
            let actor = intent.field("actor");
            let agreed = open.agreed.iter().any(|who| Some(who.as_str()) == actor.as_ref().and_then(Value::as_str));
            match (agreed, open.missing) {
                (false, _) | (_, 0) => format!("git gatos approve {}", open.proposal),
                (true, n) => format!("{n} more of @{}: git gatos approve {}", open.group, open.proposal),
            }
        }
        None => hint,
    }
}
