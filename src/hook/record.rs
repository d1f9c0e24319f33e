use super::denial::{Denial, cut};
use super::error::HookError;
use super::flood::Counted;
use super::visit::Visit;
use crate::canon::{Map, Value, digest, json, trailers};
use crate::git::{Expected, GitError, NewCommit, Plane, RefName, Store};
use crate::id::{Oid, Timestamp};
use crate::policy::Verb;
use crate::trust::{Signer, dsse};

/// Most commits of a refused push that are kept as evidence, and most bytes of each.
const EVIDENCE_MAX: usize = 8;
const EVIDENCE_BYTES: usize = 16 << 10;

/// The trailer of a refusal's entry that says by which rule.
pub(super) const RULE: &str = "Rule";

/// Something that is to be said on the gate's chain: the files of one entry.
pub(super) struct Entry {
    pub subject: String,
    pub files: Vec<(String, Vec<u8>)>,
    pub trailers: Vec<(&'static str, String)>,
    pub time: Timestamp,
}

/// What stands in the trailers of every entry of the gate, so that the newest one tells how far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    pub tip: Option<Oid>,
    /// The number of the last receipt.
    pub receipts: u64,
    /// When the last accepted push was received.
    pub received_at: Option<Timestamp>,
}

impl Standing {
    /// How far the gate's chain is.
    pub(super) fn of(visit: &Visit) -> Result<Standing, HookError> {
        let writer = visit.gate()?.writer();
        Standing::read(&visit.durable, &RefName::own(Plane::AuditPolicy { writer }))
    }

    fn read(store: &Store, name: &RefName) -> Result<Standing, HookError> {
        let Some(tip) = store.resolve(name)? else {
            return Ok(Standing { tip: None, receipts: 0, received_at: None });
        };
        let commit = store.reader().commit(tip)?;
        let found = trailers::read(commit.text().unwrap_or_default());
        let held = || HookError::Held { name: name.to_string(), tip };
        let receipts = trailers::once(&found, "Receipts").and_then(|n| n.parse().ok()).ok_or_else(held)?;
        let received_at = match trailers::once(&found, "Received-At") {
            None => None,
            Some(text) => Some(text.parse().map_err(|_| held())?),
        };
        Ok(Standing { tip: Some(tip), receipts, received_at })
    }
}

/// An entry and how the chain stands behind it; none where there is nothing to say.
type Built = Result<Option<(Entry, Standing)>, HookError>;

/// Writes an entry behind the newest one of the gate's chain. `build` makes it from how the chain stands.
pub(super) fn append(visit: &Visit, build: &dyn Fn(&Standing) -> Built) -> Result<Option<Oid>, HookError> {
    let (store, writer) = (&visit.durable, visit.gate()?.writer());
    let name = RefName::own(Plane::AuditPolicy { writer: writer.clone() });
    loop {
        let standing = Standing::read(store, &name)?;
        let Some((entry, after)) = build(&standing)? else { return Ok(None) };
        let tree = store.write_tree(&entry.files)?;
        let mut message = format!("{}\n\n", entry.subject);
        entry.trailers.iter().for_each(|(name, value)| trailers::push(&mut message, name, value));
        trailers::push(&mut message, "Receipts", after.receipts);
        if let Some(at) = after.received_at {
            trailers::push(&mut message, "Received-At", at);
        }
        let commit = store.commit(&NewCommit {
            tree,
            parents: standing.tip.as_slice(),
            name: writer.actor().as_str(),
            email: &format!("{writer}@gatos"),
            time: entry.time,
            message: &message,
        })?;
        match store.update(&name, standing.tip.map_or(Expected::Absent, Expected::At), commit) {
            Ok(()) => return Ok(Some(commit)),
            // Another push was recorded in between: stand behind it.
            Err(GitError::Moved { .. }) => continue,
            Err(other) => return Err(other.into()),
        }
    }
}

/// A document with its signature, as files of an entry.
pub(super) fn signed(kind: &str, document: &Map, signer: &Signer) -> Result<Vec<(String, Vec<u8>)>, HookError> {
    let bytes = json::document(&Value::Map(document.clone())).map_err(|e| HookError::Policy(e.into()))?;
    let signature = dsse::sign(kind, &bytes, signer)?;
    Ok(vec![(format!("{kind}.json"), bytes), ("signatures.json".to_owned(), dsse::encode(&[signature]))])
}

/// The document of a refusal: the first denial of the push, the others by ref and rule.
pub(super) fn decision(visit: &Visit, denials: &[Denial], roots: Roots, counted: &[Counted]) -> Map {
    let first = &denials[0];
    let update = visit.updates.iter().find(|u| u.name == first.name);
    let mut intent = first.intent.clone().unwrap_or_else(|| {
        let mut push = Map::new();
        push.insert("verb", Verb::Push.as_str());
        push
    });
    intent.insert("ref", cut(&first.name));
    if let Some(actor) = &first.actor {
        intent.insert("actor", actor.as_str());
    }
    if let Some(key) = &first.key {
        intent.insert("key", Value::text(key));
    }
    if let Some(pusher) = &visit.pusher {
        intent.insert("identity", pusher.as_str());
    }
    for (name, oid) in [("old", update.and_then(|u| u.old)), ("new", update.and_then(|u| u.new))] {
        if let Some(oid) = oid {
            intent.insert(name, Value::text(oid));
        }
    }
    let mut facts = first.facts.clone();
    if let Some(commit) = first.commit {
        facts.insert("commit", Value::text(commit));
    }
    if denials.len() > 1 {
        let others = denials[1..].iter().take(OTHERS_MAX);
        let other = |d: &Denial| Value::map([("ref", cut(&d.name).into()), ("rule", d.rule.as_str().into())]);
        facts.insert("also", Value::list(others.map(other)));
    }
    if !counted.is_empty() {
        facts.insert("counted", Value::list(counted.iter().map(Counted::to_value)));
    }
    let mut map = Map::new();
    map.insert("gatos", "decision/1");
    map.insert("verdict", first.verdict.as_str());
    map.insert("rule", first.rule.as_str());
    map.insert("reason", first.reason.as_str());
    if let Some(hint) = &first.hint {
        map.insert("hint", hint.as_str());
    }
    map.insert("facts", facts);
    map.insert("intent", intent);
    if let Some(repo) = roots.repo {
        map.insert("repo", Value::text(repo));
    }
    for (name, root) in [("policy_root", roots.policy), ("trust_root", roots.trust)] {
        if let Some(root) = root {
            map.insert(name, Value::text(root));
        }
    }
    map.insert("received_at", Value::text(visit.received_at));
    fitting(map)
}

/// Most bytes of a decision: every reader must read it.
const DECISION_BYTES: usize = 256 << 10;
/// Most characters of a sentence in it.
const SENTENCE_MAX: usize = 2_000;

/// What a pusher can make long is left out where a decision would be too long, and its size is told.
pub(super) fn fitting(mut map: Map) -> Map {
    for name in ["reason", "hint"] {
        if let Some(text) = map.get(name).and_then(Value::as_str).filter(|text| text.len() > SENTENCE_MAX) {
            let short: String = text.chars().take(SENTENCE_MAX).collect();
            map.insert(name, short);
        }
    }
    let size = |value: &Value| json::document(value).map_or(usize::MAX, |bytes| bytes.len());
    let told = |value: &Value| Value::map([("left_out", Value::Int(i64::try_from(size(value)).unwrap_or(i64::MAX)))]);
    if size(&Value::Map(map.clone())) > DECISION_BYTES
        && let Some(facts) = map.get("facts").map(told)
    {
        map.insert("facts", facts);
    }
    if size(&Value::Map(map.clone())) > DECISION_BYTES
        && let Some(Value::Map(mut intent)) = map.get("intent").cloned()
    {
        if let Some(payload) = intent.get("payload").map(told) {
            intent.insert("payload", payload);
        }
        map.insert("intent", intent);
    }
    map
}

/// Most further denials that an entry lists.
const OTHERS_MAX: usize = 64;

/// By what a push was judged.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Roots {
    pub repo: Option<crate::id::Blake3>,
    pub trust: Option<Oid>,
    pub policy: Option<Oid>,
}

/// The commits of a refusal as blobs: a blob has no links, so that the store stays whole, and no payload, or a refusal
/// would publish what it refuses.
pub(super) fn evidence(visit: &Visit, denials: &[Denial]) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for denial in denials {
        if files.len() == EVIDENCE_MAX {
            break;
        }
        let update = visit.updates.iter().find(|u| u.name == denial.name);
        let Some(oid) = denial.commit.or(update.and_then(|u| u.new)) else { continue };
        let name = format!("evidence/{}.json", oid.hex());
        if files.iter().any(|(n, _)| *n == name) {
            continue;
        }
        let bytes = json::document(&exhibit(visit, oid)).unwrap_or_default();
        files.push((name, bytes));
    }
    files
}

fn exhibit(visit: &Visit, oid: Oid) -> Value {
    let mut map = Map::new();
    map.insert("object", Value::text(oid));
    let Ok(raw) = visit.pushed.raw_commit(oid) else {
        map.insert("kind", "unreadable");
        return Value::Map(map);
    };
    map.insert("kind", "commit");
    map.insert("size", raw.len() as i64);
    map.insert("blake3", Value::text(digest::blake3(&raw)));
    if let Some(envelopes) = std::str::from_utf8(&raw).ok().and_then(masked) {
        map.insert("envelopes", Value::List(envelopes));
        // What does not fit is told by digest and size alone.
        if json::document(&Value::Map(map.clone())).map_or(usize::MAX, |b| b.len()) > EVIDENCE_BYTES {
            map.remove("envelopes");
        }
    }
    Value::Map(map)
}

/// The envelopes of an append with digest and size in place of each payload.
fn masked(text: &str) -> Option<Vec<Value>> {
    let (_, message) = text.split_once("\n\n")?;
    let (_, rest) = message.split_once("\n\n")?;
    let (lines, _) = rest.split_once("\n\n")?;
    lines
        .split('\n')
        .map(|line| match json::parse(line.as_bytes()).ok()? {
            Value::Map(mut envelope) => {
                let payload = json::document(envelope.get("payload")?).ok()?;
                let hidden =
                    [("blake3", Value::text(digest::blake3(&payload))), ("size", (payload.len() as i64).into())];
                envelope.insert("payload", Value::map(hidden));
                Some(Value::Map(envelope))
            }
            _ => None,
        })
        .collect()
}
