use super::error::HookError;
use super::lock::Lock;
use super::process::Process;
use super::record::{Entry, Roots, Standing, append, signed};
use super::updates::Update;
use super::visit::Visit;
use super::waiting::{Place, Waiting};
use crate::canon::{Map, Value, json};
use crate::git::{Named, Store, named};
use crate::id::{Oid, Timestamp};
use crate::policy::ENTRY_MAX;
use std::collections::HashSet;
use std::time::{Duration, Instant};

/// A push that was accepted and whose refs may not have moved yet. It is signed when they have: a receipt that was written
/// before would vouch for what did not happen.
struct Accepted {
    receiver: Process,
    document: Map,
    /// Refs of which a later push showed that they had moved.
    happened: Vec<String>,
}

/// Puts the unsigned receipt of a push aside, on the disk. There is none as long as nobody has said of which repository it
/// would be.
pub(super) fn set_aside(visit: &Visit, roots: Roots, receiver: &Process) -> Result<(), HookError> {
    let Some(repo) = roots.repo else { return Ok(()) };
    let mut document = Map::new();
    document.insert("gatos", "receipt/1");
    document.insert("repo", Value::text(repo));
    document.insert("received_at", Value::text(visit.received_at));
    if let Some(pusher) = &visit.pusher {
        document.insert("identity", pusher.as_str());
    }
    for (name, root) in [("policy_root", roots.policy), ("trust_root", roots.trust)] {
        if let Some(root) = root {
            document.insert(name, Value::text(root));
        }
    }
    document.insert("updates", Value::list(visit.updates.iter().map(update)));
    let name = format!("{:010}-{}.json", receiver.id, visit.ambient.ulid());
    let accepted = Accepted { receiver: receiver.clone(), document, happened: Vec::new() };
    Waiting::of(visit.durable.common_dir()).add(&name, &accepted.encode()?)
}

fn update(update: &Update) -> Value {
    let id = |oid: Option<Oid>| Value::text(oid.unwrap_or(Oid::ZERO));
    Value::map([("ref", update.name.as_str().into()), ("old", id(update.old)), ("new", id(update.new))])
}

/// Signs and appends the receipts of pushes that have ended with refs moved, and drops those of pushes that ended without.
/// Of the pushes that still run only `own` has moved all that it will: its hook runs after that. Of the others is noted what
/// they have moved as far as this push shows it, for it may move the same refs on before their receipts are written.
pub(super) fn settle(visit: &Visit, own: Option<&Process>) -> Result<u64, HookError> {
    let mut written = 0;
    let mut names: Option<HashSet<&str>> = None;
    // One at a time, or two would write the same receipt.
    let _lock = Lock::named(visit.durable.common_dir(), "receipts.lock", &visit.ambient)?;
    let waiting = Waiting::of(visit.durable.common_dir());
    let mut found: Vec<(Place, Option<Accepted>)> =
        waiting.list()?.into_iter().map(|(place, bytes)| (place, Accepted::parse(&bytes))).collect();
    // In the order in which they came, as far as the clock tells it.
    found.sort_by_cached_key(|(_, accepted)| accepted.as_ref().and_then(Accepted::received_at));
    for (place, accepted) in found {
        let Some(mut accepted) = accepted else {
            waiting.remove(&place)?;
            continue;
        };
        if own != Some(&accepted.receiver) && accepted.receiver.runs() {
            let names = names.get_or_insert_with(|| visit.updates.iter().map(|u| u.name.as_str()).collect());
            if accepted.observe(visit, names)? {
                waiting.replace(&place, &accepted.encode()?)?;
            }
            continue;
        }
        let moved = accepted.moved(&visit.durable)?;
        if moved.is_empty() {
            waiting.remove(&place)?;
            continue;
        }
        if write(visit, &accepted, moved)?.is_some() {
            written += 1;
        }
        waiting.remove(&place)?;
    }
    Ok(written)
}

/// The push that a process receives, as its holder watches it.
pub(super) struct Awaited<'p> {
    receiver: &'p Process,
    found: Option<Found>,
}

/// A receipt that waits, and what its push has not moved yet.
struct Found {
    place: Place,
    left: Vec<(String, Oid)>,
    /// When the last of its refs was seen to have moved.
    moved: Option<Instant>,
}

/// How long git may take from one ref of a push to the next.
const MOVING_MAX: Duration = Duration::from_secs(60);

impl<'p> Awaited<'p> {
    pub(super) fn of(receiver: &'p Process) -> Awaited<'p> {
        Awaited { receiver, found: None }
    }

    /// Whether its refs have moved as far as they will: all of them, or some and for a while no more; or somebody else has
    /// written the receipt.
    pub(super) fn is_over(&mut self, visit: &Visit) -> Result<bool, HookError> {
        let waiting = Waiting::of(visit.durable.common_dir());
        let found = self.found.take().map_or_else(|| self.find(&waiting), |found| Ok(Some(found)))?;
        let Some(mut found) = found else { return Ok(false) };
        if waiting.read(&found.place)?.and_then(|bytes| self.own(&bytes)).is_none() {
            return Ok(true);
        }
        let before = found.left.len();
        found.left.retain(|(name, new)| {
            // What cannot be read now is looked at again.
            let stands = visit.durable.resolve_ref(name).map(|tip| tip.unwrap_or(Oid::ZERO));
            !stands.is_ok_and(|tip| tip == *new)
        });
        if found.left.len() < before {
            found.moved = Some(Instant::now());
        }
        let over = found.left.is_empty() || found.moved.is_some_and(|since| since.elapsed() > MOVING_MAX);
        self.found = Some(found);
        Ok(over)
    }

    fn find(&self, waiting: &Waiting) -> Result<Option<Found>, HookError> {
        for (place, bytes) in waiting.list()? {
            if let Some(accepted) = self.own(&bytes) {
                let left = accepted.updates().map(|(name, new, _)| (name.to_owned(), new)).collect();
                return Ok(Some(Found { place, left, moved: None }));
            }
        }
        Ok(None)
    }

    /// The receipt of this push, where these bytes are that.
    fn own(&self, bytes: &[u8]) -> Option<Accepted> {
        Accepted::parse(bytes).filter(|accepted| accepted.receiver == *self.receiver)
    }
}

fn write(visit: &Visit, accepted: &Accepted, moved: Vec<Value>) -> Result<Option<Oid>, HookError> {
    let document = &accepted.document;
    let signer = visit.gate()?.signer(visit.durable.common_dir(), &visit.ambient)?;
    append(visit, &|standing| {
        if is_told(visit, standing, document, &moved)? {
            return Ok(None);
        }
        let mut document = document.clone();
        // Time does not run backwards between receipts, whatever the clock does.
        let received = accepted.received_at().max(standing.received_at).unwrap_or_else(|| visit.ambient.now());
        let seq = standing.receipts + 1;
        document.insert("received_at", Value::text(received));
        document.insert("seq", seq as i64);
        document.insert("updates", Value::List(moved.clone()));
        let entry = Entry {
            subject: format!("receipt {seq}"),
            files: signed("receipt", &document, &signer)?,
            trailers: Vec::new(),
            time: received,
        };
        let after = Standing { tip: standing.tip, receipts: seq, received_at: Some(received) };
        Ok(Some((entry, after)))
    })
}

/// Whether the gate was stopped between writing a receipt and forgetting that it was to be written: the same then stands at the
/// end of its chain. Earlier than this push was received it cannot stand.
fn is_told(visit: &Visit, standing: &Standing, document: &Map, moved: &[Value]) -> Result<bool, HookError> {
    let same = |told: &Value, field: &str| told.get(field) == document.get(field);
    let received = document.get("received_at").and_then(Value::as_str).unwrap_or_default();
    let Some(mut tip) = standing.tip else { return Ok(false) };
    loop {
        if let Some(bytes) = visit.durable.file(tip, "receipt.json", ENTRY_MAX)? {
            let told = json::parse(&bytes).unwrap_or(Value::Null);
            if told.get("received_at").and_then(Value::as_str).is_none_or(|at| at < received) {
                return Ok(false);
            }
            let roots = ["identity", "policy_root", "trust_root"].iter().all(|field| same(&told, field));
            if roots && told.get("updates").and_then(Value::as_list) == Some(moved) {
                return Ok(true);
            }
        }
        match visit.durable.reader().commit(tip)?.parents.first() {
            Some(parent) => tip = *parent,
            None => return Ok(false),
        }
    }
}

fn names(list: Option<&Value>) -> Vec<String> {
    let names = list.and_then(Value::as_list).unwrap_or_default();
    names.iter().filter_map(|name| name.as_str().map(String::from)).collect()
}

impl Accepted {
    fn parse(bytes: &[u8]) -> Option<Accepted> {
        let value = json::parse_canonical(bytes).ok()?;
        let receiver = value.get("receiver")?;
        Some(Accepted {
            receiver: Process {
                id: u32::try_from(receiver.get("id")?.as_int()?).ok()?,
                start: receiver.get("start")?.as_str()?.to_owned(),
            },
            document: value.get("receipt")?.as_map()?.clone(),
            happened: names(value.get("happened")),
        })
    }

    fn encode(&self) -> Result<Vec<u8>, HookError> {
        let receiver = &self.receiver;
        let file = Value::map([
            (
                "receiver",
                Value::map([("id", Value::Int(receiver.id.into())), ("start", receiver.start.as_str().into())]),
            ),
            ("receipt", Value::Map(self.document.clone())),
            ("happened", Value::list(self.happened.iter().map(|name| Value::from(name.as_str())))),
        ]);
        json::document(&file).map_err(|e| HookError::Policy(e.into()))
    }

    fn received_at(&self) -> Option<Timestamp> {
        self.document.get("received_at")?.as_str()?.parse().ok()
    }

    /// Its updates: ref and new value, with all that is said of them.
    fn updates(&self) -> impl Iterator<Item = (&str, Oid, &Value)> {
        let updates = self.document.get("updates").and_then(Value::as_list).unwrap_or_default();
        updates.iter().filter_map(|update| {
            let text = |name: &str| update.get(name).and_then(Value::as_str);
            Some((text("ref")?, Oid::from_hex(text("new")?).ok()?, update))
        })
    }

    /// Notes which of its refs stand where it moves them, of those that the push at hand would move on. True where there is
    /// something new to note.
    fn observe(&mut self, visit: &Visit, names: &HashSet<&str>) -> Result<bool, HookError> {
        let mut seen = Vec::new();
        for (name, new, _) in self.updates() {
            if names.contains(name)
                && !self.happened.iter().any(|h| h == name)
                && visit.durable.resolve_ref(name)?.unwrap_or(Oid::ZERO) == new
            {
                seen.push(name.to_owned());
            }
        }
        let any = !seen.is_empty();
        self.happened.extend(seen);
        Ok(any)
    }

    /// The updates that have happened: the ref stands there, stood there when a later push came, or has grown from there.
    fn moved(&self, store: &Store) -> Result<Vec<Value>, HookError> {
        let mut happened = Vec::new();
        for (name, new, update) in self.updates() {
            let there = self.happened.iter().any(|h| h == name)
                || match store.resolve_ref(name)? {
                    None => new == Oid::ZERO,
                    Some(tip) => tip == new || named(name) != Named::Other && grown(store, new, tip),
                };
            if there {
                happened.push(update.clone());
            }
        }
        Ok(happened)
    }
}

/// Whether a ref of ours, which only grows, has gone on from there.
fn grown(store: &Store, new: Oid, tip: Oid) -> bool {
    new != Oid::ZERO && store.contains(new) && store.is_ancestor(new, tip).unwrap_or(false)
}
