//! What rules name and what stands elsewhere: groups of the trust graph, actions of the governance, refs.

use super::{Fault, Spot, Weight};
use crate::policy::governance::Governance;
use crate::policy::rules::RuleInfo;
use crate::policy::verb::Verb;
use std::collections::{BTreeMap, BTreeSet};

/// The groups of a trust graph, each with how many of its members have a key that stands.
pub type Groups<'g> = BTreeMap<&'g str, usize>;

/// A name that a rule gives to something outside the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub line: u32,
    pub col: u32,
    pub rule: String,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    Group(String),
    /// An action that somebody must have agreed to.
    Action(String),
    /// The same, where the rule itself says whose word it wants.
    Required(String),
    /// So many of a group, for an action.
    Quorum(u32, String, String),
}

impl Named {
    pub(super) fn new(at: Spot, rule: &str, what: What) -> Named {
        Named { line: at.line, col: at.col, rule: rule.to_owned(), what }
    }

    fn doubt(&self, sentence: String) -> Fault {
        Fault::new(Spot { line: self.line, col: self.col }, &self.rule, Weight::Warning, sentence)
    }

    /// What to say where a group is not among those that trust has, or has too few members who can sign.
    pub fn stranger(&self, groups: &Groups<'_>) -> Option<Fault> {
        match &self.what {
            What::Group(group) => no_group(group, groups),
            What::Quorum(n, group, action) => too_few(*n, group, action, groups),
            What::Action(_) | What::Required(_) => None,
        }
        .map(|why| self.doubt(why))
    }

    /// What to say where an action is governed by nothing, though other actions are.
    pub fn ungoverned(&self, governance: &Governance, required: &BTreeSet<&str>) -> Option<Fault> {
        let What::Action(action) = &self.what else { return None };
        let known = governance.actions.is_empty() || governance.names(action) || required.contains(action.as_str());
        let why = || format!("gatos/governance.yaml has no action {action}, and no rule requires it of anybody");
        (!known).then(|| self.doubt(why()))
    }
}

/// What to say of a group that is not among those that trust has.
pub fn no_group(group: &str, groups: &Groups<'_>) -> Option<String> {
    if groups.contains_key(group) {
        return None;
    }
    let known = Vec::from_iter(groups.keys().copied()).join(", ");
    let known = if known.is_empty() { "none".to_owned() } else { known };
    Some(format!("trust has no group {group} here (it has: {known}), and nobody is in it"))
}

/// What to say of a quorum for which a group has too few members who can sign. Of a group that trust lacks `no_group` speaks.
pub fn too_few(n: u32, group: &str, action: &str, groups: &Groups<'_>) -> Option<String> {
    let able = *groups.get(group)?;
    let why = || {
        let (wants, has) = (format!("{action} wants {n} of @{group}"), format!("{able} of its members"));
        format!("{wants}, and {has} can sign: nothing meets it; git gatos trust group add {group} ACTOR")
    };
    (able < n as usize).then(why)
}

/// Rules that are asked on pushes to what is never the name of a ref.
pub fn no_refs(rules: &[RuleInfo]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for rule in rules {
        for on in rule.on.iter().filter(|on| on.verb == Verb::Push) {
            for glob in &on.names {
                let start = glob.as_str().split('*').next().unwrap_or_default();
                let star = start != glob.as_str();
                if !(start.starts_with("refs/") || star && "refs/".starts_with(start)) {
                    let sentence =
                        format!("no ref is called {0}: a push names whole refs, such as refs/heads/{0}", glob.as_str());
                    faults.push(Fault::new(Spot { line: rule.line, col: 1 }, &rule.id, Weight::Warning, sentence));
                }
            }
        }
    }
    faults
}
