use super::bounds::DENIALS_MAX;
use super::denial::Denial;
use super::error::HookError;
use super::lock::Lock;
use super::process::Process;
use super::record::{Entry, Roots, Standing, append, signed};
use super::updates::Update;
use super::visit::Visit;
use super::waiting::{Place, Waiting};
use crate::canon::{Map, Value, digest, json, trailers};
use crate::git::{Named, Plane, Store, named};
use crate::id::{Blake3, Oid, Timestamp};
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
    let accepted = Accepted { receiver: receiver.clone(), document, happened: Vec::new() };
    Waiting::of(visit.durable.common_dir()).add(&format!("{}.json", accepted.push()?.hex()), &accepted.encode()?)
}

/// Held alone while receipts are put aside or written: two at once would write the same one, or accept the same change twice.
pub(super) fn lock(visit: &Visit) -> Result<Lock, HookError> {
    Lock::named(visit.durable.common_dir(), "receipts.lock", &visit.ambient)
}

/// What this push would move though another has since it was judged, or was accepted with it and will: git lets one of them.
pub(super) fn contested(visit: &Visit) -> Result<Vec<Denial>, HookError> {
    let mut awaited: HashSet<String> = HashSet::new();
    for (_, bytes) in Waiting::of(visit.durable.common_dir()).list()? {
        let Some(accepted) = Accepted::parse(&bytes).filter(|accepted| accepted.receiver.may_run()) else { continue };
        for (name, new, _) in accepted.updates() {
            if !accepted.has_happened(name) && visit.tip(name)? != new {
                awaited.insert(name.to_owned());
            }
        }
    }
    let mut denials = Vec::new();
    for update in &visit.updates {
        if awaited.contains(&update.name) || visit.tip(&update.name)? != update.old.unwrap_or(Oid::ZERO) {
            denials.push(Denial::moved(&update.name));
        }
    }
    denials.truncate(DENIALS_MAX);
    Ok(denials)
}

fn update(update: &Update) -> Value {
    let id = |oid: Option<Oid>| Value::text(oid.unwrap_or(Oid::ZERO));
    Value::map([("ref", update.name.as_str().into()), ("old", id(update.old)), ("new", id(update.new))])
}

/// Signs and appends the receipts of pushes that have ended with refs moved, and drops those of pushes that ended without.
/// Of the pushes that still run only `own` has moved all that it will: its hook runs after that. Of the others is noted what
/// they have moved as far as this push shows it, for it may move the same refs on before their receipts are written.
///
/// Whether a push runs that cannot be seen from here is known to who has the gate `alone`: its holder shared the gate
/// until it had ended.
pub(super) fn settle(visit: &Visit, own: Option<&Process>, alone: bool) -> Result<Settled, HookError> {
    let mut settled = Settled::default();
    let mut names: Option<HashSet<&str>> = None;
    let _lock = lock(visit)?;
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
        let unseen = !accepted.receiver.is_seen() && !alone;
        settled.unseen |= unseen;
        if unseen || own != Some(&accepted.receiver) && accepted.receiver.runs() {
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
            settled.written += 1;
        }
        waiting.remove(&place)?;
    }
    Ok(settled)
}

/// What came of the receipts that waited.
#[derive(Default)]
pub(super) struct Settled {
    pub written: u64,
    /// Some are of pushes of which nobody here can tell whether they still run.
    pub unseen: bool,
}

/// The push that a process receives, as its holder watches it.
pub(super) struct Awaited<'p> {
    receiver: &'p Process,
    found: Option<Found>,
    /// When it was accepted, or the last of its refs was seen to have moved.
    since: Instant,
}

/// A receipt that waits, and what its push has not moved yet.
struct Found {
    place: Place,
    left: Vec<(String, Oid)>,
}

impl<'p> Awaited<'p> {
    pub(super) fn of(receiver: &'p Process) -> Awaited<'p> {
        Awaited { receiver, found: None, since: Instant::now() }
    }

    /// How long nothing of it has moved: no time at all where no receipt of it was met, for then nobody knows what it moves.
    pub(super) fn still(&self) -> Duration {
        self.found.as_ref().map_or(Duration::ZERO, |_| self.since.elapsed())
    }

    /// Whether all its refs have moved, or somebody else has written the receipt.
    pub(super) fn is_over(&mut self, visit: &Visit) -> Result<bool, HookError> {
        let waiting = Waiting::of(visit.durable.common_dir());
        let met = self.found.is_some();
        let own = match &self.found {
            Some(found) => waiting.read(&found.place)?.and_then(|bytes| self.own(&bytes)),
            None => None,
        };
        // It may have moved from its slot to a file.
        if own.is_none() {
            self.found = self.find(&waiting)?;
        }
        let Some(found) = &mut self.found else { return Ok(met) };
        let before = found.left.len();
        found.left.retain(|(name, new)| {
            // Another push has shown that it moved, and moved it on.
            if own.as_ref().is_some_and(|accepted| accepted.has_happened(name)) {
                return false;
            }
            // What cannot be read now is looked at again.
            !visit.tip(name).is_ok_and(|tip| tip == *new)
        });
        if found.left.len() < before {
            self.since = Instant::now();
        }
        Ok(found.left.is_empty())
    }

    fn find(&self, waiting: &Waiting) -> Result<Option<Found>, HookError> {
        for (place, bytes) in waiting.list()? {
            if let Some(accepted) = self.own(&bytes) {
                let left = accepted.updates().map(|(name, new, _)| (name.to_owned(), new)).collect();
                return Ok(Some(Found { place, left }));
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
        if is_told(visit, standing, accepted)? {
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
            trailers: vec![(PUSH, accepted.push()?.hex())],
            time: received,
        };
        let after = Standing { tip: standing.tip, receipts: seq, received_at: Some(received) };
        Ok(Some((entry, after)))
    })
}

/// The trailer of a receipt's entry that says of which accepted push it is.
const PUSH: &str = "Push";
/// So many entries of the chain may have been written since a gate was stopped behind a receipt.
const STOPPED_MAX: usize = 1_000;

/// Whether the gate was stopped between writing a receipt and forgetting that it was to be written. Earlier than this push was
/// received it cannot stand.
fn is_told(visit: &Visit, standing: &Standing, accepted: &Accepted) -> Result<bool, HookError> {
    let (push, received_at) = (accepted.push()?.hex(), accepted.received_at());
    let mut next = standing.tip;
    for _ in 0..STOPPED_MAX {
        let Some(tip) = next else { return Ok(false) };
        let commit = visit.durable.reader().commit(tip)?;
        let found = trailers::read(commit.text().unwrap_or_default());
        if trailers::once(&found, PUSH) == Some(push.as_str()) {
            return Ok(true);
        }
        let at: Option<Timestamp> = trailers::once(&found, "Received-At").and_then(|at| at.parse().ok());
        if at < received_at {
            return Ok(false);
        }
        next = commit.parents.first().copied();
    }
    Ok(false)
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
                // Older ones do not tell: where the system does, nobody sees it from here then.
                space: receiver.get("space").and_then(Value::as_str).unwrap_or_default().to_owned(),
            },
            document: value.get("receipt")?.as_map()?.clone(),
            happened: names(value.get("happened")),
        })
    }

    /// What tells the push from every other: a process receives one.
    fn push(&self) -> Result<Blake3, HookError> {
        let first = Accepted { receiver: self.receiver.clone(), document: self.document.clone(), happened: Vec::new() };
        Ok(digest::blake3(&first.encode()?))
    }

    fn encode(&self) -> Result<Vec<u8>, HookError> {
        let receiver = &self.receiver;
        let file = Value::map([
            (
                "receiver",
                Value::map([
                    ("id", Value::Int(receiver.id.into())),
                    ("start", receiver.start.as_str().into()),
                    ("space", receiver.space.as_str().into()),
                ]),
            ),
            ("receipt", Value::Map(self.document.clone())),
            ("happened", Value::list(self.happened.iter().map(|name| Value::from(name.as_str())))),
        ]);
        json::document(&file).map_err(|e| HookError::Policy(e.into()))
    }

    fn has_happened(&self, name: &str) -> bool {
        self.happened.iter().any(|happened| happened == name)
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

    /// Whether a ref stood when the push was accepted.
    fn replaces(&self, name: &str) -> bool {
        let old = |update: &Value| update.get("old").and_then(Value::as_str).and_then(|old| Oid::from_hex(old).ok());
        self.updates().any(|(of, _, update)| of == name && old(update).is_some_and(|old| old != Oid::ZERO))
    }

    /// Notes which of its refs stand where it moves them, of those that the push at hand would move on. True where there is
    /// something new to note.
    fn observe(&mut self, visit: &Visit, names: &HashSet<&str>) -> Result<bool, HookError> {
        let mut seen = Vec::new();
        for (name, new, _) in self.updates() {
            if names.contains(name) && !self.has_happened(name) && visit.tip(name)? == new {
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
            let there = self.has_happened(name)
                || match store.resolve_ref(name)? {
                    // Law is not deleted by a push: it was taken away since, and what it would have become is known here alone.
                    None => new == Oid::ZERO || is_law(name) && self.replaces(name) && store.contains(new),
                    Some(tip) => tip == new || named(name) != Named::Other && grown(store, new, tip),
                };
            if there {
                happened.push(update.clone());
            }
        }
        Ok(happened)
    }
}

fn is_law(name: &str) -> bool {
    matches!(named(name), Named::Ours(Plane::TrustGraph | Plane::PolicyActive))
}

/// Whether a ref of ours, which only grows, has gone on from there.
fn grown(store: &Store, new: Oid, tip: Oid) -> bool {
    new != Oid::ZERO && store.contains(new) && store.is_ancestor(new, tip).unwrap_or(false)
}
