//! How strictly a repository governs itself: `gatos/config/profile.yaml` and its signed form `profile.json`.

use super::governance::yaml;
use crate::canon::{Value, json};
use crate::git::FAMILY;
use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

/// Where a bundle keeps it. A bundle without it has the profile `local`.
pub const PROFILE: &str = "profile.json";
const FORM: &str = "profile/1";
/// The one key of `gatos/config/profile.yaml`.
const KEY: &str = "profile";

/// A name for what is demanded of everybody, whatever the rules say. Each demands what the one before it does, and more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Profile {
    /// Each clone judges for itself; a gate, where one stands, judges by the rules alone.
    #[default]
    Local,
    /// Nothing counts that no gate has received.
    PushGate,
    /// And what was published stays, and states are computed by the fold of the law.
    Research,
}

/// One thing that a profile demands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    /// A gate has given a receipt for it.
    Receipts,
    /// A ref that is not ours never loses what it held.
    FastForward,
    /// A checkpoint is folded by the fold that the policy bundle carries.
    Fold,
}

impl Demand {
    pub fn as_str(self) -> &'static str {
        match self {
            Demand::Receipts => "receipts",
            Demand::FastForward => "fast-forward",
            Demand::Fold => "fold",
        }
    }

    /// What it asks, for people.
    pub fn sentence(self) -> String {
        match self {
            Demand::Receipts => "events, law and states count where a gate has given a receipt for them".to_owned(),
            Demand::FastForward => {
                format!("branches, tags and other refs outside {FAMILY} are never rewritten nor deleted")
            }
            Demand::Fold => "a checkpoint is folded by the fold that the policy bundle carries".to_owned(),
        }
    }
}

impl Profile {
    pub const ALL: [Profile; 3] = [Profile::Local, Profile::PushGate, Profile::Research];

    pub fn as_str(self) -> &'static str {
        match self {
            Profile::Local => "local",
            Profile::PushGate => "push-gate",
            Profile::Research => "research",
        }
    }

    /// What it demands, in the order of its bytes.
    pub fn demands(self) -> &'static [Demand] {
        match self {
            Profile::Local => &[],
            Profile::PushGate => &[Demand::Receipts],
            Profile::Research => &[Demand::FastForward, Demand::Fold, Demand::Receipts],
        }
    }

    pub fn asks(self, demand: Demand) -> bool {
        self.demands().contains(&demand)
    }

    /// The bytes of `profile.json`. The demands stand beside the name: what the signers read is what is judged by.
    pub fn encode(self) -> Vec<u8> {
        let demands = self.demands().iter().map(|d| Value::from(d.as_str()));
        let value =
            Value::map([("gatos", FORM.into()), ("profile", self.as_str().into()), ("demands", Value::list(demands))]);
        json::document(&value).expect("a few names have a form")
    }

    /// Reads `profile.json`. A name that means something else here than to its signers is refused.
    pub fn parse(bytes: &[u8]) -> Result<Profile, String> {
        let value = json::parse_canonical(bytes).map_err(|e| format!("{PROFILE}: {e}"))?;
        let name = value.get("profile").and_then(Value::as_str).unwrap_or_default();
        let profile: Profile = name.parse().map_err(|e| format!("{PROFILE}: {e}"))?;
        match profile.encode() == bytes {
            true => Ok(profile),
            false => Err(format!("{PROFILE} is not the {FORM} of the profile {profile}")),
        }
    }

    /// Reads the bytes of `gatos/config/profile.yaml`, and gives them as text; else line, column and sentence of what is wrong.
    pub fn from_source(bytes: &[u8]) -> Result<(&str, Profile), (u32, u32, String)> {
        let text = std::str::from_utf8(bytes).map_err(|_| (1, 1, "the file is not UTF-8".to_owned()))?;
        Ok((text, Profile::from_yaml(text)?))
    }

    pub(super) fn from_yaml(text: &str) -> Result<Profile, (u32, u32, String)> {
        let value = yaml::parse(text)?;
        let Some(map) = value.as_map() else { return Err((1, 1, "it is a map with profile: in it".into())) };
        if let Some(key) = map.keys().find(|key| *key != KEY) {
            return Err((line_of(text, key), 1, format!("it has no key {key:?}; it has {KEY} alone")));
        }
        let name = map.get(KEY).ok_or((1, 1, "it names no profile".to_owned()))?;
        let named = name.as_str().ok_or("a profile is named by a word".to_owned());
        let read = named.and_then(|name| name.parse::<Profile>().map_err(|e| e.to_string()));
        read.map_err(|why| (line_of(text, KEY), 1, why))
    }

    /// The text of a `gatos/config/profile.yaml` that names it.
    pub fn yaml(self) -> String {
        format!(
            "# How strictly this repository governs itself: local, push-gate or research. What stands here is a source, as rules\n\
             # are: it is the law once it is published and activated. What holds now: git gatos profile\n{KEY}: {self}\n"
        )
    }
}

/// The line on which a key of the outermost map stands.
fn line_of(text: &str, key: &str) -> u32 {
    let is_key = |line: &str| {
        let rest = line.trim_start_matches(['"', '\'']).strip_prefix(key);
        rest.is_some_and(|rest| rest.trim_start_matches(['"', '\'']).trim_start().starts_with(':'))
    };
    text.lines().position(is_key).map_or(1, |at| at as u32 + 1)
}

impl Display for Profile {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoProfile(String);

impl Display for NoProfile {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let names = Profile::ALL.map(Profile::as_str).join(", ");
        write!(f, "there is no profile {:?}; there are {names}", self.0)
    }
}

impl std::error::Error for NoProfile {}

impl FromStr for Profile {
    type Err = NoProfile;
    fn from_str(text: &str) -> Result<Profile, NoProfile> {
        Profile::ALL.into_iter().find(|p| p.as_str() == text).ok_or_else(|| NoProfile(text.to_owned()))
    }
}
