//! Whoever is refused a million times must not fill the disk with records of it.

use super::error::HookError;
use super::files;
use super::lock::Lock;
use crate::ambient::Ambient;
use crate::canon::{Map, Value, digest, json, text};
use crate::git::gate_dir;
use crate::id::Timestamp;
use std::collections::BTreeMap;
use std::path::Path;

/// So many refusals of one kind are written in an hour, each.
const WRITTEN_MAX: u64 = 1_000;
/// So many refusals of one pusher are written in an hour, of whatever kinds: he chooses the names.
const ALL_MAX: u64 = 10_000;
/// So many bytes of evidence are kept in an hour.
const EVIDENCE_MAX: u64 = 16 << 20;
/// Kinds, and pushers, told apart in an hour; the rest are one.
pub(super) const KINDS_MAX: usize = 4_096;

/// What a refusal is counted as: who pushed, by which rule, at which ref.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind<'a> {
    pub identity: Option<&'a str>,
    pub rule: &'a str,
    pub name: &'a str,
}

/// How one refusal is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Record {
    /// As an entry of its own, with evidence or without; and with it what was only counted before.
    Written { evidence: bool, counted: Vec<Counted> },
    /// By a counter alone.
    Counted,
}

/// Refusals of a kind that no entry of their own records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Counted {
    pub count: u64,
    /// BLAKE3 over the chain before and time, ref and new value of each, in order.
    pub chain: String,
}

/// The counters of one hour.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Hour {
    hour: i64,
    evidence: u64,
    /// By the digest of the kind: how many were met, and those that wait for an entry.
    pub(super) kinds: BTreeMap<String, (u64, Option<Counted>)>,
    /// By the digest of who pushed: how many were met.
    pushers: BTreeMap<String, u64>,
    /// Of hours before.
    left: Vec<Counted>,
}

impl Hour {
    /// Takes one more refusal.
    pub(super) fn take(&mut self, now: Timestamp, kind: Kind<'_>, new: &str, evidence: u64) -> Record {
        let hour = now.unix().div_euclid(3600);
        if hour != self.hour {
            let left = std::mem::take(&mut self.kinds).into_values().filter_map(|(_, waiting)| waiting);
            let mut left: Vec<Counted> = left.collect();
            left.splice(..0, std::mem::take(&mut self.left));
            *self = Hour { hour, left, ..Hour::default() };
        }
        let pusher = kind.identity.unwrap_or_default();
        let name = format!("{pusher}\n{}\n{}", kind.rule, kind.name);
        let mut key = digest::blake3(name.as_bytes()).hex();
        if self.kinds.len() >= KINDS_MAX && !self.kinds.contains_key(&key) {
            key = "others".to_owned();
        }
        let mut who = digest::blake3(pusher.as_bytes()).hex();
        if self.pushers.len() >= KINDS_MAX && !self.pushers.contains_key(&who) {
            who = "others".to_owned();
        }
        let all = self.pushers.entry(who).or_default();
        *all += 1;
        let beyond = all.saturating_sub(ALL_MAX);
        let (met, waiting) = self.kinds.entry(key).or_default();
        *met += 1;
        let over = met.saturating_sub(WRITTEN_MAX).max(beyond);
        if over > 0 {
            let before = waiting.take().unwrap_or(Counted { count: 0, chain: text::hex(&[0; 32]) });
            let link = format!("{}\n{now}\n{}\n{new}", before.chain, kind.name);
            *waiting = Some(Counted { count: before.count + 1, chain: digest::blake3(link.as_bytes()).hex() });
        }
        if over > 0 && !over.is_power_of_two() {
            return Record::Counted;
        }
        let mut counted = std::mem::take(&mut self.left);
        counted.extend(self.kinds.values_mut().filter_map(|(_, waiting)| waiting.take()));
        let room = self.evidence + evidence <= EVIDENCE_MAX;
        if room {
            self.evidence += evidence;
        }
        Record::Written { evidence: room, counted }
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let counted = |c: &Counted| Value::list([Value::Int(c.count as i64), c.chain.as_str().into()]);
        let kinds = self.kinds.iter().map(|(key, (met, waiting))| {
            let waiting = waiting.as_ref().map_or(Value::Null, counted);
            Value::list([key.as_str().into(), Value::Int(*met as i64), waiting])
        });
        let mut map = Map::new();
        map.insert("hour", self.hour);
        map.insert("evidence", self.evidence as i64);
        map.insert("kinds", Value::list(kinds));
        let pushers = self.pushers.iter().map(|(key, met)| Value::list([key.as_str().into(), Value::Int(*met as i64)]));
        map.insert("pushers", Value::list(pushers));
        map.insert("left", Value::list(self.left.iter().map(counted)));
        json::document(&Value::Map(map)).unwrap_or_default()
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Hour> {
        let value = json::parse_canonical(bytes).ok()?;
        let whole = |v: &Value| v.as_int().and_then(|n| u64::try_from(n).ok());
        let counted = |v: &Value| match v.as_list()? {
            [count, chain] => Some(Counted { count: whole(count)?, chain: chain.as_str()?.to_owned() }),
            _ => None,
        };
        let kind = |v: &Value| match v.as_list()? {
            [key, met, waiting] => {
                let waiting = if *waiting == Value::Null { None } else { Some(counted(waiting)?) };
                Some((key.as_str()?.to_owned(), (whole(met)?, waiting)))
            }
            _ => None,
        };
        let pusher = |v: &Value| match v.as_list()? {
            [key, met] => Some((key.as_str()?.to_owned(), whole(met)?)),
            _ => None,
        };
        Some(Hour {
            hour: value.get("hour")?.as_int()?,
            evidence: whole(value.get("evidence")?)?,
            kinds: value.get("kinds")?.as_list()?.iter().map(kind).collect::<Option<_>>()?,
            pushers: value
                .get("pushers")
                .and_then(Value::as_list)
                .unwrap_or_default()
                .iter()
                .map(pusher)
                .collect::<Option<_>>()?,
            left: value.get("left")?.as_list()?.iter().map(counted).collect::<Option<_>>()?,
        })
    }
}

/// How a refusal is to be recorded, by the counters beside the gate's settings.
pub(super) fn count(
    common_dir: &Path,
    ambient: &Ambient,
    kind: Kind<'_>,
    new: &str,
    evidence: u64,
) -> Result<Record, HookError> {
    let _lock = Lock::named(common_dir, "flood.lock", ambient)?;
    let path = gate_dir(common_dir).join("flood.json");
    // Counters that cannot be read begin again: that writes more, never less.
    let mut hour = files::read(&path)?.and_then(|bytes| Hour::from_bytes(&bytes)).unwrap_or_default();
    let record = hour.take(ambient.now(), kind, new, evidence);
    files::replace(&path, &hour.to_bytes())?;
    Ok(record)
}

/// Puts back what was to be told by an entry that could not be written.
pub(super) fn keep(common_dir: &Path, ambient: &Ambient, counted: Vec<Counted>) -> Result<(), HookError> {
    if counted.is_empty() {
        return Ok(());
    }
    let _lock = Lock::named(common_dir, "flood.lock", ambient)?;
    let path = gate_dir(common_dir).join("flood.json");
    let mut hour = files::read(&path)?.and_then(|bytes| Hour::from_bytes(&bytes)).unwrap_or_default();
    hour.left.splice(..0, counted);
    files::replace(&path, &hour.to_bytes())
}

impl Counted {
    pub(super) fn to_value(&self) -> Value {
        Value::map([("count", Value::Int(self.count as i64)), ("chain", format!("blake3:{}", self.chain).into())])
    }
}
