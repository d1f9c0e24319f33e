use super::Spot;
use crate::policy::glob::Glob;
use crate::policy::verb::Verb;

/// A file of rules.
#[derive(Debug, Clone, PartialEq)]
pub struct File {
    pub policy: String,
    pub version: u32,
    pub rules: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    pub id: String,
    pub at: Spot,
    /// Its text as it stands in the file.
    pub text: String,
    pub on: Vec<On>,
    pub when: Vec<Expr>,
    pub clauses: Vec<Clause>,
    pub because: Option<Text>,
    pub hint: Option<Text>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct On {
    pub at: Spot,
    pub verb: Verb,
    pub names: Vec<Glob>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Clause {
    /// Without a condition: always.
    Allow(Option<Expr>),
    Deny(Option<Expr>),
    Require {
        at: Spot,
        least: u32,
        group: String,
        action: String,
    },
}

/// An expression as it was written, and where.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    pub at: Spot,
    pub text: String,
}

/// A text for people.
#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    pub at: Spot,
    pub text: String,
}
