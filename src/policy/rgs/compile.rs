use super::code::Writer;
use super::names::{EVENT, PREDICATES, VALUES, predicate, value};
use super::parser::{Adr, parse};
use super::tree::{Clause, Expr, Rule, Text};
use super::{Fault, Named, Spot, Weight, What, lexer};
use crate::lua::{self, Declared, Program, Use};
use crate::policy::glob::Glob;
use crate::policy::rules::{On, RuleInfo};
use crate::policy::template;
use crate::policy::verb::Verb;
use std::collections::BTreeSet;

/// The functions of `.lua` files that rules may call.
#[derive(Debug, Clone, Default)]
pub struct Functions {
    /// Their text, one after another.
    pub source: String,
    pub declared: Vec<Declared>,
}

/// A file of rules in its compiled form.
#[derive(Debug, Clone)]
pub struct Compiled {
    pub policy: String,
    pub version: u32,
    pub program: Program,
    /// The EchoLua that it was compiled from.
    pub lua: String,
    pub rules: Vec<RuleInfo>,
    /// What they name that stands elsewhere.
    pub named: Vec<Named>,
}

/// What the expressions of a rule use.
#[derive(Debug, Clone, Default)]
pub(super) struct Uses {
    /// Names of values, predicates and library sections.
    pub names: BTreeSet<String>,
    /// Fields of the intent behind `event`.
    pub event: BTreeSet<String>,
    pub own: bool,
    /// `event` as a whole.
    pub whole_event: bool,
    reads: BTreeSet<String>,
    changed: BTreeSet<Glob>,
}

/// Compiles a file of rules. `Err` holds every fault that it has; `file` is its name in the bundle.
pub fn compile(source: &str, file: &str, adr: Option<&Adr>, functions: &Functions) -> Result<Compiled, Vec<Fault>> {
    let (tree, faults) = parse(source, adr);
    let Some(tree) = tree else { return Err(faults) };
    let mut check = Check { functions, faults, uses: Uses::default(), named: Vec::new() };
    let mut rules = Vec::with_capacity(tree.rules.len());
    for rule in &tree.rules {
        let uses = check.rule(rule);
        rules.push(info(rule, file, &uses));
    }
    if check.faults.iter().any(|f| f.weight == Weight::Error) {
        return Err(check.faults);
    }
    let lua = Writer::new(&check.uses, functions).file(&tree);
    let program = lua::compile(&lua).map_err(|found| {
        let fault = |f: &lua::Finding| {
            let sentence = format!("it compiles to nothing that runs: {}: {}", f.code, f.sentence);
            Fault::new(Spot { line: 1, col: 1 }, "", Weight::Error, sentence)
        };
        found.iter().map(fault).collect::<Vec<_>>()
    })?;
    Ok(Compiled { policy: tree.policy, version: tree.version, program, lua, rules, named: check.named })
}

/// `signed_by` looks at the commits of a push and at who does any other act, never at both.
fn reads_of_signed_by(rule: &Rule, read: &str) -> bool {
    rule.on.iter().any(|on| (on.verb == Verb::Push) == (read == "commits"))
}

fn info(rule: &Rule, file: &str, uses: &Uses) -> RuleInfo {
    let allow = |clause: &Clause| match clause {
        Clause::Allow(None) => Some("always".to_owned()),
        Clause::Allow(Some(e)) => Some(one_line(&e.text)),
        Clause::Require { least, group, action, .. } => Some(format!("{least} of @{group} grant {action}")),
        Clause::Deny(_) => None,
    };
    RuleInfo {
        id: rule.id.clone(),
        file: file.to_owned(),
        line: rule.at.line,
        on: rule.on.iter().map(|on| On { verb: on.verb, names: on.names.clone() }).collect(),
        text: rule.text.clone(),
        reads: uses.reads.iter().cloned().collect(),
        changed: uses.changed.iter().cloned().collect(),
        allows: rule.clauses.iter().filter_map(allow).collect(),
    }
}

/// The name that a rule of its acts has for a field of theirs, where it used the name of a function.
fn meant(name: &str, rule: &Rule) -> String {
    let asked = |verbs: &[Verb]| rule.on.iter().all(|on| verbs.contains(&on.verb));
    let member = EVENT.iter().find(|(member, _)| *member == name && asked(&[Verb::Emit]));
    let value = VALUES.iter().find(|v| v.intent == Some(name) && v.name != name && asked(v.verbs));
    match (member, value) {
        (Some((member, _)), _) => format!("; or is it event.{member}?"),
        (None, Some(value)) => format!("; or is it {}?", value.name),
        (None, None) => String::new(),
    }
}

/// An expression on one line, without its comments.
fn one_line(text: &str) -> String {
    // A comment begins at two hyphens outside of strings.
    let outside = |line: &str, at: usize| line[..at].matches(['"', '\'']).count().is_multiple_of(2);
    let code = |line: &str| match line.match_indices("--").find(|(at, _)| outside(line, *at)) {
        Some((at, _)) => line[..at].to_owned(),
        None => line.to_owned(),
    };
    let words: Vec<String> = text.lines().map(code).collect();
    words.join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

struct Check<'a> {
    functions: &'a Functions,
    faults: Vec<Fault>,
    /// Of all rules together.
    uses: Uses,
    named: Vec<Named>,
}

impl Check<'_> {
    fn fault(&mut self, at: Spot, rule: &Rule, sentence: impl Into<String>) {
        self.faults.push(Fault::new(at, &rule.id, Weight::Error, sentence));
    }

    fn rule(&mut self, rule: &Rule) -> Uses {
        let mut uses = Uses::default();
        for clause in &rule.clauses {
            match clause {
                Clause::Allow(Some(e)) | Clause::Deny(Some(e)) => self.expr(e, rule, &mut uses),
                Clause::Require { at, least, group, action } => {
                    let quorum = What::Quorum(*least, group.clone(), action.clone());
                    for what in [What::Group(group.clone()), What::Required(action.clone()), quorum] {
                        self.named.push(Named::new(*at, &rule.id, what));
                    }
                    uses.names.insert("quorum".into());
                    uses.reads.extend(["grants".to_owned(), "approvals".to_owned()]);
                }
                Clause::Allow(None) | Clause::Deny(None) => {}
            }
        }
        rule.when.iter().for_each(|e| self.expr(e, rule, &mut uses));
        rule.because.iter().chain(&rule.hint).for_each(|text| self.template(text, rule));
        self.uses.names.extend(uses.names.iter().cloned());
        self.uses.event.extend(uses.event.iter().cloned());
        self.uses.own |= uses.own;
        self.uses.whole_event |= uses.whole_event;
        uses
    }

    fn expr(&mut self, e: &Expr, rule: &Rule, uses: &mut Uses) {
        let mut known: Vec<&str> = VALUES.iter().map(|v| v.name).collect();
        known.extend(PREDICATES.iter().map(|p| p.name));
        known.push("event");
        known.extend(self.functions.declared.iter().map(|d| d.name.as_str()));
        match lua::expression(&e.text, &known) {
            Err(found) => found.iter().for_each(|f| {
                let at = lexer::place(e.at, f.line, f.col);
                self.fault(at, rule, format!("{}: {}", f.code, f.sentence));
            }),
            Ok(found) => {
                let granting = found.iter().any(|u| matches!(u, Use::Call(name, _) if name == "granted"));
                found.into_iter().for_each(|u| self.one_use(u, e.at, rule, uses, granting));
            }
        }
    }

    fn one_use(&mut self, found: Use, at: Spot, rule: &Rule, uses: &mut Uses, granting: bool) {
        match found {
            Use::Field(name, member) if name == "event" => match EVENT.iter().find(|(m, _)| *m == member) {
                Some((_, field)) => {
                    self.needs_verb("event", &[Verb::Emit], at, rule);
                    uses.event.insert(member);
                    uses.reads.insert((*field).to_owned());
                }
                None => {
                    let members: Vec<&str> = EVENT.iter().map(|(m, _)| *m).collect();
                    self.fault(at, rule, format!("event has no member {member}; it has {}", members.join(" ")));
                }
            },
            Use::Value(name) | Use::Argument(name) if name == "event" => match granting {
                true => uses.whole_event = true,
                false => self.fault(at, rule, "name a member of event, such as event.type"),
            },
            Use::Value(name) if self.functions.declared.iter().any(|d| d.is_function && d.name == name) => {
                self.fault(at, rule, format!("{name} is a function; call it: {name}(…)"));
            }
            Use::Uncalled(name, pos) => {
                let sentence = format!("{name} is a function; call it: {name}(…){}", meant(&name, rule));
                self.fault(lexer::place(at, pos.line, pos.col), rule, sentence);
            }
            Use::Value(name) | Use::Argument(name) | Use::Field(name, _) => match (value(&name), predicate(&name)) {
                (Some(v), _) => {
                    self.needs_verb(&name, v.verbs, at, rule);
                    uses.reads.extend(v.intent.or(v.fact).map(str::to_owned));
                    uses.names.insert(name);
                }
                (None, Some(_)) => self.fault(at, rule, format!("{name} is a predicate; call it: {name}(…)")),
                (None, None) => uses.own = true,
            },
            Use::Call(name, args) => match (predicate(&name), value(&name)) {
                (Some(p), _) => self.call(p, &args, at, rule, uses),
                (None, Some(_)) => self.fault(at, rule, format!("{name} is a value, not a function")),
                (None, None) if name == "event" => self.fault(at, rule, "event is a value, not a function"),
                (None, None) => uses.own = true,
            },
        }
    }

    fn call(&mut self, p: &super::names::Predicate, args: &[Option<String>], at: Spot, rule: &Rule, uses: &mut Uses) {
        let name = p.name;
        self.needs_verb(name, p.verbs, at, rule);
        if args.len() < p.args.0 || args.len() > p.args.1 {
            let wanted = if p.args.1 == 0 { "no argument".to_owned() } else { format!("{} argument", p.args.0) };
            self.fault(at, rule, format!("{name} takes {wanted}, not {}", args.len()));
        }
        if name == "changed" {
            match args.first() {
                Some(Some(glob)) => match Glob::new(glob) {
                    Ok(glob) => drop(uses.changed.insert(glob)),
                    Err(why) => self.fault(at, rule, format!("changed({glob:?}): {why}")),
                },
                _ => {
                    self.fault(at, rule, "changed wants its glob as a text in place: the gate must know it beforehand")
                }
            }
        }
        let what = match (name, args.first()) {
            ("group", Some(Some(group))) => Some(What::Group(group.clone())),
            ("granted" | "approvals", Some(Some(action))) => Some(What::Action(action.clone())),
            _ => None,
        };
        self.named.extend(what.map(|what| Named::new(at, &rule.id, what)));
        uses.names.insert(name.to_owned());
        let read = p.reads.iter().filter(|r| name != "signed_by" || reads_of_signed_by(rule, r));
        uses.reads.extend(read.map(|r| (*r).to_owned()));
    }

    /// A name that the acts of some verbs alone have.
    fn needs_verb(&mut self, name: &str, verbs: &[Verb], at: Spot, rule: &Rule) {
        let other = rule.on.iter().find(|on| !verbs.is_empty() && !verbs.contains(&on.verb));
        if let Some(on) = other {
            let have: Vec<&str> = verbs.iter().map(|v| v.as_str()).collect();
            let sentence = format!("{name} is known of {} alone, and the rule is asked on {}", have.join(" "), on.verb);
            self.fault(at, rule, sentence);
        }
    }

    fn template(&mut self, text: &Text, rule: &Rule) {
        match template::places(&text.text) {
            Err(why) => self.fault(text.at, rule, why),
            Ok(places) => {
                for place in places {
                    let (first, second) = place.split_once('.').map_or((place, None), |(a, b)| (a, Some(b)));
                    let payload =
                        first == "payload" || first == "event" && second.is_some_and(|s| s.starts_with("payload"));
                    let is_event = first == "event" && second.is_some_and(|s| EVENT.iter().any(|(m, _)| *m == s));
                    if payload && place != "payload_size" && second != Some("payload_size") {
                        let why = "a text names no payload: the record of a denial would publish what it denies";
                        self.fault(text.at, rule, why);
                    } else if !is_event && value(first).is_none() {
                        self.fault(text.at, rule, format!("{{{place}}} is not known here"));
                    }
                }
            }
        }
    }
}

/// What these rules deny and none of them allows: it is closed to everybody, which is worth a word.
pub fn closed(rules: &[RuleInfo]) -> Vec<Fault> {
    let allowed = |verb: Verb| rules.iter().any(|r| !r.allows.is_empty() && r.on.iter().any(|on| on.verb == verb));
    let mut faults = Vec::new();
    for rule in rules.iter().filter(|r| r.allows.is_empty()) {
        for on in rule.on.iter().filter(|on| !allowed(on.verb)) {
            let sentence = format!("no rule allows {}: what none allows is denied", on.verb);
            faults.push(Fault::new(Spot { line: rule.line, col: 1 }, &rule.id, Weight::Warning, sentence));
        }
    }
    faults
}
