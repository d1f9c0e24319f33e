use super::lexer::{Raw, clauses, is_blank};
use super::tree::{Clause, Expr, File, On, Rule, Text};
use super::words::{Word, words};
use super::{CLAUSES_MAX, FILE_RULES_MAX, Fault, SOURCE_MAX, Spot, Weight};
use crate::policy::decision::is_rule_id;
use crate::policy::glob::Glob;
use crate::policy::verb::Verb;

/// How rules get their names where the file stands for a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adr {
    pub id: String,
    pub title: String,
}

/// Reads a file of rules. There is a tree where no fault is an error.
pub fn parse(source: &str, adr: Option<&Adr>) -> (Option<File>, Vec<Fault>) {
    let mut parser = Parser { adr, rule: String::new(), faults: Vec::new() };
    let origin = Spot { line: 1, col: 1 };
    if source.len() > SOURCE_MAX {
        parser.fault(origin, format!("a file of rules has at most {} KiB", SOURCE_MAX >> 10));
        return (None, parser.faults);
    }
    let file = parser.file(source);
    let sound = parser.faults.iter().all(|f| f.weight == Weight::Warning);
    (file.filter(|_| sound), parser.faults)
}

struct Parser<'a> {
    adr: Option<&'a Adr>,
    /// The rule at hand.
    rule: String,
    faults: Vec<Fault>,
}

/// A clause that could not be read; the fault is told.
struct Told;

impl Parser<'_> {
    fn fault(&mut self, at: Spot, sentence: impl Into<String>) -> Told {
        self.faults.push(Fault::new(at, &self.rule, Weight::Error, sentence));
        Told
    }

    fn file(&mut self, source: &str) -> Option<File> {
        let raws = clauses(source);
        let mut file = File { policy: String::new(), version: 1, rules: Vec::new() };
        let mut raws = raws.iter().peekable();
        match raws.peek() {
            Some(raw) if raw.word == "policy" => {
                let raw = raws.next()?;
                let _ = self.header(raw, &mut file);
            }
            _ if self.adr.is_some() => {}
            _ => drop(self.fault(Spot { line: 1, col: 1 }, "a file begins with: policy \"NAME\" version N")),
        }
        if let Some(adr) = self.adr.filter(|_| file.policy.is_empty()) {
            file.policy.clone_from(&adr.id);
        }
        while let Some(raw) = raws.next() {
            if raw.word != "rule" {
                let what = if raw.word.is_empty() { "text" } else { raw.word };
                self.fault(raw.at, format!("{what} stands outside a rule; a rule begins with: rule \"ID\""));
                continue;
            }
            let mut body = Vec::new();
            while let Some(next) = raws.next_if(|next| next.word != "rule") {
                body.push(next);
            }
            let end = raws.peek().map_or(source.len(), |next| next.offset);
            if file.rules.len() == FILE_RULES_MAX {
                self.fault(raw.at, format!("a file holds at most {FILE_RULES_MAX} rules"));
                break;
            }
            let text = own_text(&source[raw.offset..end]);
            if let Ok(rule) = self.rule(raw, &body, text) {
                if file.rules.iter().any(|r| r.id == rule.id) {
                    self.fault(raw.at, "another rule of this file has this name");
                }
                file.rules.push(rule);
            }
            self.rule.clear();
        }
        if file.rules.is_empty() && self.faults.is_empty() {
            self.fault(Spot { line: 1, col: 1 }, "a file holds at least one rule");
        }
        Some(file)
    }

    /// The words of a clause.
    fn words(&mut self, raw: &Raw<'_>) -> Result<Vec<(Word, Spot)>, Told> {
        words(raw).map_err(|(at, why)| self.fault(at, why))
    }

    fn header(&mut self, raw: &Raw<'_>, file: &mut File) -> Result<(), Told> {
        let words = self.words(raw)?;
        let (name, version) = match words.as_slice() {
            [(Word::Text(name), _), (Word::Plain(word), _), (Word::Plain(n), _)] if word == "version" => (name, n),
            _ => return Err(self.fault(raw.at, "the header is: policy \"NAME\" version N")),
        };
        if !is_rule_id(name) {
            return Err(self.fault(raw.body_at, "a name has 1 to 64 letters, digits and . _ -"));
        }
        let version = version.parse::<u32>().ok().filter(|v| *v > 0);
        let Some(version) = version else {
            return Err(self.fault(raw.body_at, "a version is a whole number from 1"));
        };
        (file.policy, file.version) = (name.clone(), version);
        Ok(())
    }

    fn rule_id(&mut self, raw: &Raw<'_>) -> Result<String, Told> {
        let words = self.words(raw)?;
        let id = match (words.as_slice(), self.adr) {
            ([(Word::Text(id), _)], _) => id.clone(),
            ([], Some(adr)) => adr.id.clone(),
            _ => return Err(self.fault(raw.at, "a rule begins with: rule \"ID\"")),
        };
        if !is_rule_id(&id) || id == "none" || id.starts_with("schema.") {
            let why = "an id has 1 to 64 letters, digits and . _ -, and is not none nor schema.…";
            return Err(self.fault(raw.body_at, why));
        }
        if let Some(adr) = self.adr
            && id != adr.id
            && !id.strip_prefix(adr.id.as_str()).is_some_and(|rest| rest.starts_with('.'))
        {
            let why = format!("a rule of {0} is named \"{0}\", or \"{0}.…\"", adr.id);
            return Err(self.fault(raw.body_at, why));
        }
        Ok(id)
    }

    fn rule(&mut self, raw: &Raw<'_>, body: &[&Raw<'_>], text: String) -> Result<Rule, Told> {
        let id = self.rule_id(raw)?;
        self.rule.clone_from(&id);
        let mut rule = Rule {
            id,
            at: raw.at,
            text,
            on: Vec::new(),
            when: Vec::new(),
            clauses: Vec::new(),
            because: None,
            hint: None,
        };
        if body.len() > CLAUSES_MAX {
            return Err(self.fault(raw.at, format!("a rule has at most {CLAUSES_MAX} clauses")));
        }
        for raw in body {
            // The next clauses are read all the same: one run names every fault.
            let _ = self.clause(raw, &mut rule);
        }
        // Of an `on` that cannot be read it was said what is wrong.
        if rule.on.is_empty() && body.iter().all(|raw| raw.word != "on") {
            self.fault(raw.at, "it says nothing it is asked about; add: on VERB \"NAME\"");
        }
        if rule.clauses.is_empty() {
            self.fault(raw.at, "it neither allows nor denies; add allow, deny or require");
        }
        if let (None, Some(adr)) = (&rule.because, self.adr) {
            rule.because = Some(Text { at: raw.at, text: adr.title.replace(['{', '}'], "") });
        }
        Ok(rule)
    }

    fn clause(&mut self, raw: &Raw<'_>, rule: &mut Rule) -> Result<(), Told> {
        match raw.word {
            "on" => {
                let on = self.on(raw)?;
                rule.on.push(on);
            }
            "when" => {
                let expr = self.expr(raw, raw.body, raw.body_at)?;
                rule.when.push(expr);
            }
            "allow" => {
                let condition = self.condition(raw)?;
                rule.clauses.push(Clause::Allow(condition));
            }
            "deny" => {
                let condition = self.condition(raw)?;
                rule.clauses.push(Clause::Deny(condition));
            }
            "require" => {
                let require = self.require(raw)?;
                rule.clauses.push(require);
            }
            "because" | "hint" => {
                let text = self.text(raw)?;
                let place = if raw.word == "hint" { &mut rule.hint } else { &mut rule.because };
                if place.replace(text).is_some() {
                    return Err(self.fault(raw.at, format!("a rule has one {}", raw.word)));
                }
            }
            _ => return Err(self.fault(raw.at, format!("{} has no place in a rule", raw.word))),
        }
        Ok(())
    }

    fn on(&mut self, raw: &Raw<'_>) -> Result<On, Told> {
        let words = self.words(raw)?;
        let Some(((Word::Plain(verb), at), rest)) = words.split_first() else {
            return Err(self.fault(raw.at, "it is: on VERB \"NAME\""));
        };
        let verb: Verb = match verb.parse() {
            Ok(verb) => verb,
            Err(e) => return Err(self.fault(*at, format!("{verb} is no verb; {e}"))),
        };
        let mut names = Vec::new();
        for (i, (word, at)) in rest.iter().enumerate() {
            match word {
                Word::Text(name) if i % 2 == 0 => match Glob::new(name) {
                    Ok(glob) => names.push(glob),
                    Err(why) => return Err(self.fault(*at, why)),
                },
                Word::Comma if i % 2 == 1 && i + 1 < rest.len() => {}
                Word::Comma if i == 0 => return Err(self.fault(*at, ONE_VERB)),
                Word::Plain(word) if word.parse::<Verb>().is_ok() => return Err(self.fault(*at, ONE_VERB)),
                _ => return Err(self.fault(*at, "names stand in \"…\" with commas between them")),
            }
        }
        if verb.subject().is_none() && !names.is_empty() {
            return Err(self.fault(*at, format!("{verb} has no name behind it: there is one in a repository")));
        }
        Ok(On { at: raw.at, verb, names })
    }

    /// What stands behind `allow` or `deny`.
    fn condition(&mut self, raw: &Raw<'_>) -> Result<Option<Expr>, Told> {
        if is_blank(raw.body) {
            return Ok(None);
        }
        let text = raw.body.trim_start_matches([' ', '\t']);
        let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        match text.strip_prefix("if").filter(|rest| ends(rest)) {
            Some(rest) => {
                let skipped = (raw.body.len() - rest.len()) as u32;
                let at = Spot { col: raw.body_at.col + skipped, ..raw.body_at };
                self.expr(raw, rest, at).map(Some)
            }
            None => Err(self.fault(raw.at, format!("it is: {0}, or: {0} if CONDITION", raw.word))),
        }
    }

    fn expr(&mut self, raw: &Raw<'_>, text: &str, at: Spot) -> Result<Expr, Told> {
        if is_blank(text) {
            return Err(self.fault(raw.at, format!("{} wants an expression", raw.word)));
        }
        Ok(Expr { at, text: own_text(text) })
    }

    fn require(&mut self, raw: &Raw<'_>) -> Result<Clause, Told> {
        let words = self.words(raw)?;
        let plain = |i: usize| match words.get(i) {
            Some((Word::Plain(word), _)) => Some(word.as_str()),
            _ => None,
        };
        let form = "it is: require N of @GROUP for \"ACTION\"";
        let action = match words.as_slice() {
            [_, _, _, _, (Word::Text(action), _)] if plain(1) == Some("of") && plain(3) == Some("for") => action,
            _ => return Err(self.fault(raw.at, form)),
        };
        let least = plain(0).and_then(|n| n.parse().ok()).filter(|n| (1..=1000).contains(n));
        let group = plain(2).and_then(|g| g.strip_prefix('@')).filter(|g| is_rule_id(g));
        match (least, group) {
            (Some(least), Some(group)) if is_rule_id(action) => {
                Ok(Clause::Require { at: raw.at, least, group: group.to_owned(), action: action.clone() })
            }
            _ => Err(self.fault(raw.at, form)),
        }
    }

    fn text(&mut self, raw: &Raw<'_>) -> Result<Text, Told> {
        let words = self.words(raw)?;
        match words.as_slice() {
            [(Word::Text(text), at)] => Ok(Text { at: *at, text: text.clone() }),
            _ => Err(self.fault(raw.at, format!("it is: {} \"TEXT\"", raw.word))),
        }
    }
}

const ONE_VERB: &str = "an on names one verb; write a line for each: on VERB \"NAME\"";

/// The text of a rule without the comments that lead to the next one.
fn own_text(text: &str) -> String {
    let mut text = text.trim_end();
    while let Some((before, last)) = text.rsplit_once('\n')
        && is_blank(last)
    {
        text = before.trim_end();
    }
    text.to_owned()
}
