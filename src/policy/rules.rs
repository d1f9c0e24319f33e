//! What a bundle says of its rules beside their compiled form: `policies/rules.json`.

use super::decision::is_rule_id;
use super::glob::Glob;
use super::rgs::clauses;
use super::verb::Verb;
use crate::canon::{Value, json};

/// Where a bundle lists its rules.
pub const RULES: &str = "policies/rules.json";
const FORM: &str = "rules/1";
/// Most rules of a bundle, and most compiled files.
pub const RULES_MAX: usize = 2000;
pub const COURTS_MAX: usize = 256;

/// One rule of a bundle, as people and the gate see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleInfo {
    pub id: String,
    /// Its source in the bundle, and the line where it begins.
    pub file: String,
    pub line: u32,
    pub on: Vec<On>,
    /// Its text as it was written.
    pub text: String,
    /// Names of facts and of fields of the intent that it reads.
    pub reads: Vec<String>,
    /// The globs that it asks of changed paths.
    pub changed: Vec<Glob>,
    /// Texts that say what would have allowed it: its conditions, as they were written.
    pub allows: Vec<String>,
}

/// What a rule is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct On {
    pub verb: Verb,
    /// Names of subjects; none stands for every one.
    pub names: Vec<Glob>,
}

impl On {
    pub fn covers(&self, verb: Verb, subject: Option<&str>) -> bool {
        let named = |subject: &str| self.names.iter().any(|glob| glob.matches(subject));
        self.verb == verb && (self.names.is_empty() || subject.is_some_and(named))
    }
}

impl RuleInfo {
    /// Whether it is asked about such an act.
    pub fn covers(&self, verb: Verb, subject: Option<&str>) -> bool {
        self.on.iter().any(|on| on.covers(verb, subject))
    }

    /// What it requires: so many of which group for which action. No condition of a rule can read like that.
    pub fn requires(&self) -> impl Iterator<Item = (u32, &str, &str)> {
        self.allows.iter().filter_map(|text| {
            let (least, rest) = text.split_once(" of @")?;
            let (group, action) = rest.split_once(" grant ")?;
            Some((least.parse().ok()?, group, action))
        })
    }

    /// The conditions under which it denies, each on one line; an empty one denies every act that it covers.
    pub fn denies(&self) -> Vec<String> {
        let denials = clauses(&self.text).into_iter().filter(|clause| clause.word == "deny");
        let condition = |body: &str| {
            let lines = body.lines().map(|line| line.split(" --").next().unwrap_or_default().trim());
            let text = lines.filter(|line| !line.is_empty() && !line.starts_with("--")).collect::<Vec<_>>().join(" ");
            text.trim().strip_prefix("if ").unwrap_or(text.trim()).to_owned()
        };
        denials.map(|clause| condition(clause.body)).collect()
    }

    fn to_value(&self) -> Value {
        let on = |on: &On| {
            let names = on.names.iter().map(|n| Value::from(n.as_str()));
            Value::map([("verb", on.verb.as_str().into()), ("names", Value::list(names))])
        };
        Value::map([
            ("id", self.id.as_str().into()),
            ("file", self.file.as_str().into()),
            ("line", self.line.into()),
            ("on", Value::list(self.on.iter().map(on))),
            ("text", self.text.as_str().into()),
            ("reads", Value::list(self.reads.iter().map(|s| Value::from(s.as_str())))),
            ("changed", Value::list(self.changed.iter().map(|g| Value::from(g.as_str())))),
            ("allows", Value::list(self.allows.iter().map(|s| Value::from(s.as_str())))),
        ])
    }

    fn read(value: &Value) -> Option<RuleInfo> {
        let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let list = |name: &str| value.get(name).and_then(Value::as_list);
        let texts = |name: &str| list(name)?.iter().map(|v| v.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>();
        let globs = |texts: Vec<String>| texts.iter().map(|t| Glob::new(t).ok()).collect::<Option<Vec<_>>>();
        let on = |v: &Value| {
            let names = v.get("names")?.as_list()?.iter().map(|n| n.as_str().map(str::to_owned));
            Some(On { verb: v.get("verb")?.as_str()?.parse().ok()?, names: globs(names.collect::<Option<_>>()?)? })
        };
        Some(RuleInfo {
            id: text("id").filter(|id| is_rule_id(id))?,
            file: text("file")?,
            line: u32::try_from(value.get("line")?.as_int()?).ok()?,
            on: list("on")?.iter().map(on).collect::<Option<_>>()?,
            text: text("text")?,
            reads: texts("reads")?,
            changed: globs(texts("changed")?)?,
            allows: texts("allows")?,
        })
    }
}

/// A compiled file with rules in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CourtInfo {
    pub source: String,
    pub elc: String,
    /// Name and version that its author gave it.
    pub policy: String,
    pub version: u32,
}

/// The whole list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rules {
    /// Compiled files in the order in which they speak.
    pub courts: Vec<CourtInfo>,
    pub rules: Vec<RuleInfo>,
}

impl Rules {
    pub fn encode(&self) -> Vec<u8> {
        let court = |c: &CourtInfo| {
            Value::map([
                ("source", c.source.as_str().into()),
                ("elc", c.elc.as_str().into()),
                ("policy", c.policy.as_str().into()),
                ("version", c.version.into()),
            ])
        };
        let value = Value::map([
            ("gatos", FORM.into()),
            ("files", Value::list(self.courts.iter().map(court))),
            ("rules", Value::list(self.rules.iter().map(RuleInfo::to_value))),
        ]);
        json::document(&value).expect("texts and small numbers have a form")
    }

    pub fn parse(bytes: &[u8]) -> Result<Rules, String> {
        let value = json::parse_canonical(bytes).map_err(|e| format!("{RULES}: {e}"))?;
        if value.get("gatos").and_then(Value::as_str) != Some(FORM) {
            return Err(format!("{RULES} is not a {FORM}"));
        }
        let list = |name: &str, most: usize| {
            let list = value.get(name).and_then(Value::as_list).filter(|l| l.len() <= most);
            list.ok_or_else(|| format!("{RULES} has no list `{name}` of at most {most}"))
        };
        let court = |v: &Value| {
            let text = |name: &str| v.get(name).and_then(Value::as_str).map(str::to_owned);
            Some(CourtInfo {
                source: text("source")?,
                elc: text("elc")?,
                policy: text("policy")?,
                version: u32::try_from(v.get("version")?.as_int()?).ok()?,
            })
        };
        let courts = list("files", COURTS_MAX)?.iter().map(court).collect::<Option<Vec<_>>>();
        let rules = list("rules", RULES_MAX)?.iter().map(RuleInfo::read).collect::<Option<Vec<_>>>();
        let bad = |what| format!("{RULES} holds a malformed {what}");
        Ok(Rules { courts: courts.ok_or_else(|| bad("file"))?, rules: rules.ok_or_else(|| bad("rule"))? })
    }
}
