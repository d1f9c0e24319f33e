use super::yaml;
use crate::canon::{Map, Value, json};
use crate::id::{Seconds, Segment};
use crate::policy::consent::Required;
use crate::policy::decision::is_rule_id;
use std::collections::BTreeMap;

/// Most actions of a file.
const ACTIONS_MAX: usize = 500;
const FORM: &str = "governance/1";
/// How long a proposal stands where nothing is said.
const TTL: Seconds = Seconds(72 * 3600);

/// What a bundle says about proposals.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Governance {
    pub actions: BTreeMap<String, Governed>,
    /// Denials keep payloads in full.
    pub audit_full: bool,
}

/// Whose word an action wants, and for how long it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Governed {
    pub quorum: Quorum,
    pub ttl: Seconds,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Quorum {
    /// So many members of a group.
    AtLeast { n: u32, group: Segment },
    /// Every member of each of these groups.
    AllOf(Vec<Segment>),
}

impl Governance {
    /// Reads `gatos/governance.yaml`: line, column and sentence of what is wrong.
    pub fn from_yaml(text: &str) -> Result<Governance, (u32, u32, String)> {
        Governance::from_source(&yaml::parse(text)?).map_err(|why| (1, 1, why))
    }

    fn from_source(value: &Value) -> Result<Governance, String> {
        let map = match value {
            Value::Null => return Ok(Governance::default()),
            value => value.as_map().ok_or("the document is a map with governance: in it")?,
        };
        only(map, "the document", &["governance", "audit"])?;
        let audit_full = match map.get("audit").map(|v| v.as_str()) {
            None | Some(Some("digest")) => false,
            Some(Some("full")) => true,
            Some(_) => return Err("audit is full or digest".into()),
        };
        let none = Map::new();
        let actions = match map.get("governance") {
            None | Some(Value::Null) => &none,
            Some(v) => v.as_map().ok_or("governance is a map from action to its quorum")?,
        };
        if actions.len() > ACTIONS_MAX {
            return Err(format!("it governs at most {ACTIONS_MAX} actions"));
        }
        let read = |(name, v): (&str, &Value)| {
            if !is_rule_id(name) {
                return Err(format!("{name}: an action has 1 to 64 letters, digits and . _ -"));
            }
            Ok((name.to_owned(), governed(v).map_err(|why| format!("{name}: {why}"))?))
        };
        Ok(Governance { actions: actions.iter().map(read).collect::<Result<_, _>>()?, audit_full })
    }

    /// The bytes of `governance.json`.
    pub fn encode(&self) -> Vec<u8> {
        let entries = self.actions.iter().map(|(name, g)| (name.as_str().into(), g.to_value())).collect();
        let value = Value::map([
            ("gatos", FORM.into()),
            ("audit", if self.audit_full { "full" } else { "digest" }.into()),
            ("governance", Value::Map(Map::from_entries(entries).expect("a map has each name once"))),
        ]);
        json::document(&value).expect("names and small numbers have a form")
    }

    /// Reads `governance.json`.
    pub fn parse(bytes: &[u8]) -> Result<Governance, String> {
        let value = json::parse_canonical(bytes).map_err(|e| e.to_string())?;
        let mut map = value.as_map().cloned().ok_or("it is no object")?;
        match map.remove("gatos") {
            Some(Value::Text(form)) if form == FORM => Governance::from_source(&Value::Map(map)),
            _ => Err(format!("it is not a {FORM}")),
        }
    }
}

/// A group whose word an action wants, and where the file says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub line: u32,
    pub col: u32,
    pub action: String,
    pub group: String,
}

/// How deep the names of actions stand.
const ACTION_DEPTH: usize = 2;

/// The groups that `gatos/governance.yaml` asks, in the order of the file, which was read without fault.
pub fn asked(text: &str) -> Vec<Asked> {
    let (mut action, mut names_groups, mut asked) = (String::new(), false, Vec::new());
    let mut see = |scalar: yaml::Scalar<'_>| match scalar {
        yaml::Scalar { is_key: true, depth: ACTION_DEPTH, text, .. } => text.clone_into(&mut action),
        yaml::Scalar { is_key: true, text, .. } => names_groups = ["group", "all_of"].contains(&text),
        yaml::Scalar { text, line, col, .. } if names_groups => {
            asked.push(Asked { line, col, action: action.clone(), group: bare(text).to_owned() });
        }
        _ => {}
    };
    drop(yaml::parse_seeing(text, &mut see));
    asked
}

/// The name of a group, which may be written with an @.
fn bare(group: &str) -> &str {
    group.strip_prefix('@').unwrap_or(group)
}

impl Governance {
    /// Whether a quorum is one that an action asks for. Of an action that is not named, none is.
    pub fn admits(&self, action: &str, required: &Required) -> bool {
        match self.actions.get(action).map(|governed| &governed.quorum) {
            Some(Quorum::AtLeast { n, group }) => required.group == *group && required.n >= *n,
            Some(Quorum::AllOf(groups)) => groups[..] == [required.group.clone()] && required.n == required.m,
            None => false,
        }
    }

    /// Whether it says whose word an action wants; where it does not, rules say so.
    pub fn names(&self, action: &str) -> bool {
        self.actions.contains_key(action)
    }
}

impl Governed {
    fn to_value(&self) -> Value {
        let quorum = match &self.quorum {
            Quorum::AtLeast { n, group } => {
                Value::map([("at_least", Value::from(*n)), ("group", group.as_str().into())])
            }
            Quorum::AllOf(groups) => {
                Value::map([("all_of", Value::list(groups.iter().map(|g| Value::from(g.as_str()))))])
            }
        };
        Value::map([("quorum", quorum), ("ttl", Value::Int(self.ttl.0 as i64))])
    }
}

fn only(map: &Map, what: &str, known: &[&str]) -> Result<(), String> {
    match map.keys().find(|k| !known.contains(k)) {
        Some(key) => Err(format!("{what} has no field {key:?}; it has {}", known.join(" "))),
        None => Ok(()),
    }
}

fn governed(value: &Value) -> Result<Governed, String> {
    let map = value.as_map().ok_or("it is a map with quorum: in it")?;
    only(map, "an action", &["quorum", "ttl"])?;
    let quorum = map.get("quorum").and_then(Value::as_map).ok_or("quorum is a map")?;
    let ttl = match map.get("ttl") {
        None => TTL,
        Some(Value::Int(n)) if *n > 0 => Seconds(*n as u64),
        Some(Value::Text(text)) => text.parse().map_err(|e: crate::id::IdError| e.to_string())?,
        Some(_) => return Err("ttl is a duration, such as PT72H, or seconds".into()),
    };
    if ttl.0 == 0 {
        return Err("ttl is longer than nothing".into());
    }
    Ok(Governed { quorum: quorum_of(quorum)?, ttl })
}

fn quorum_of(map: &Map) -> Result<Quorum, String> {
    let segment = |v: &Value| v.as_str().and_then(|t| bare(t).parse::<Segment>().ok());
    if let Some(groups) = map.get("all_of") {
        only(map, "such a quorum", &["all_of"])?;
        let groups = groups.as_list().filter(|l| !l.is_empty()).and_then(|l| l.iter().map(segment).collect());
        return groups.map(Quorum::AllOf).ok_or_else(|| "all_of is a list of groups".into());
    }
    only(map, "a quorum", &["at_least", "group"])?;
    let n = map.get("at_least").and_then(Value::as_int).and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0);
    match (n, map.get("group").and_then(segment)) {
        (Some(n), Some(group)) => Ok(Quorum::AtLeast { n, group }),
        _ => Err("a quorum is { at_least: N, group: NAME } or { all_of: [NAME] }".into()),
    }
}
