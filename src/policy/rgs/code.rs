//! Rules as EchoLua: one function that returns its first denial, else its first permission, else nothing.

use super::compile::{Functions, Uses};
use super::library::sections_of;
use super::names::{EVENT, VALUES};
use super::tree::{Clause, Expr, File, On, Rule};
use crate::policy::glob::{Glob, Piece};
use std::fmt::Write as _;

/// How many statements of the function stand behind those of the rules.
pub const BEHIND_RULES: usize = 2;

pub struct Writer<'a> {
    uses: &'a Uses,
    functions: &'a Functions,
    out: String,
}

impl<'a> Writer<'a> {
    pub fn new(uses: &'a Uses, functions: &'a Functions) -> Writer<'a> {
        Writer { uses, functions, out: String::new() }
    }

    pub fn file(mut self, file: &File) -> String {
        let mut used = self.uses.names.clone();
        let globs = file.rules.iter().flat_map(|r| &r.on).flat_map(|on| &on.names);
        if globs.clone().any(|g| !simple(g)) {
            used.insert("named".into());
        }
        let (outside, inside) = sections_of(&used);
        self.out.push_str(&outside);
        if self.uses.own {
            self.out.push_str(&self.functions.source);
            self.out.push('\n');
        }
        self.out.push_str("return function(intent, facts)\n");
        self.out.push_str(&inside);
        self.values();
        self.out.push_str("local permitted\n");
        file.rules.iter().for_each(|rule| self.rule(rule));
        let allow = "if permitted then return { verdict = \"allow\", rule = permitted, \
                     reason = \"rule \" .. permitted .. \" allows it\" } end\nreturn json.null\nend\n";
        self.out.push_str(allow);
        self.out
    }

    /// The names that expressions use, bound to what they are.
    fn values(&mut self) {
        for v in VALUES.iter().filter(|v| self.uses.names.contains(v.name)) {
            let from = match (v.intent, v.fact) {
                (Some(field), _) => format!("intent.{field}"),
                (None, fact) => format!("facts.{}", fact.unwrap_or(v.name)),
            };
            self.line(format_args!("local {} = {from}", v.name));
        }
        if self.uses.whole_event || !self.uses.event.is_empty() {
            let members = EVENT.iter().filter(|(member, _)| self.uses.event.contains(*member));
            let members: Vec<String> = members.map(|(member, field)| format!("{member} = intent.{field}")).collect();
            self.line(format_args!("local event = {{ {} }}", members.join(", ")));
        }
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        self.out.write_fmt(line).expect("a String takes all text");
        self.out.push('\n');
    }

    fn rule(&mut self, rule: &Rule) {
        let on: Vec<String> = rule.on.iter().map(asked).collect();
        self.line(format_args!("if {} then", on.join(" or ")));
        for when in &rule.when {
            self.line(format_args!("if {} then", condition(Some(when))));
        }
        let quoted = quote(&rule.id);
        let mut allows = false;
        let mut required = false;
        for clause in &rule.clauses {
            match clause {
                Clause::Deny(e) => {
                    let denial = denial(rule, &format!("rule {} denies it", rule.id), None);
                    self.line(format_args!("if {} then {denial} end", condition(e.as_ref())));
                }
                Clause::Require { least, group, action, .. } => {
                    required = true;
                    let reason = format!("{action} needs {least} of @{group}");
                    let hint = format!("git gatos propose {action} --target {{target}}");
                    let denial = denial(rule, &reason, Some(&hint));
                    let (group, action) = (quote(group), quote(action));
                    self.line(format_args!("if not quorum({least}, {group}, {action}) then {denial} end"));
                }
                Clause::Allow(_) => allows = true,
            }
        }
        for clause in &rule.clauses {
            if let Clause::Allow(e) = clause {
                self.line(format_args!("if not permitted and {} then permitted = {quoted} end", condition(e.as_ref())));
            }
        }
        if required && !allows {
            self.line(format_args!("if not permitted then permitted = {quoted} end"));
        }
        rule.when.iter().for_each(|_| self.out.push_str("end\n"));
        self.out.push_str("end\n");
    }
}

/// The text stands in parentheses and on lines of its own, so that a comment at its end stays one.
fn condition(e: Option<&Expr>) -> String {
    e.map_or_else(|| "true".to_owned(), |e| format!("(\n{}\n)", e.text))
}

fn denial(rule: &Rule, reason: &str, hint: Option<&str>) -> String {
    let reason = rule.because.as_ref().map_or(reason, |t| &t.text);
    let hint = rule.hint.as_ref().map(|t| t.text.as_str()).or(hint);
    let hint = hint.map_or_else(String::new, |hint| format!(", hint = {}", quote(hint)));
    format!("return {{ verdict = \"deny\", rule = {}, reason = {}{hint} }}", quote(&rule.id), quote(reason))
}

/// Whether a rule is asked.
fn asked(on: &On) -> String {
    let verb = format!("intent.verb == {}", quote(on.verb.as_str()));
    let Some(field) = on.verb.subject().filter(|_| !on.names.is_empty()) else { return verb };
    let subject = format!("intent.{field}");
    let names: Vec<String> = on.names.iter().map(|glob| names(&subject, glob)).collect();
    match names.as_slice() {
        [one] => format!("({verb} and {one})"),
        many => format!("({verb} and ({}))", many.join(" or ")),
    }
}

/// Whether a glob is a comparison or a prefix, and needs no search.
fn simple(glob: &Glob) -> bool {
    matches!(glob.pieces().as_slice(), [Piece::Text(_)] | [Piece::Any] | [Piece::Text(_), Piece::Any])
}

fn names(subject: &str, glob: &Glob) -> String {
    let pieces = glob.pieces();
    match pieces.as_slice() {
        [Piece::Text(text)] => return format!("{subject} == {}", quote(text)),
        [Piece::Any] => return "true".into(),
        [Piece::Text(text), Piece::Any] => return format!("string.starts_with({subject}, {})", quote(text)),
        _ => {}
    }
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => quote(text),
        Piece::Segment => "1".into(),
        Piece::Any => "2".into(),
        Piece::Directories => "3".into(),
    };
    let list: Vec<String> = pieces.iter().map(piece).collect();
    let search = format!("named({subject}, {{ {} }}, 1, 1)", list.join(", "));
    match pieces.first() {
        Some(Piece::Text(text)) => format!("(string.starts_with({subject}, {}) and {search})", quote(text)),
        _ => search,
    }
}

/// A text as EchoLua writes it.
fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => write!(out, "\\u{{{:x}}}", c as u32).expect("a String takes all text"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
