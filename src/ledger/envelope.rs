use super::error::DraftError;
use crate::canon::{Map, Text, Value, digest, fixed, json};
use crate::id::{Actor, Blake3, Cid, EventType, Ns, Oid, PublicKey, Replica, Timestamp, Ulid, Writer};

/// Largest payload, in bytes of canonical JSON.
pub const PAYLOAD_MAX: usize = 64 << 10;
/// Deepest nesting of a payload: what is left of the state's 64 levels below a record.
pub const PAYLOAD_DEPTH_MAX: usize = 60;
/// Most capabilities that an event may claim, and the longest of them in bytes.
pub const CAPS_MAX: usize = 32;
pub const CAP_BYTES_MAX: usize = 256;
/// The value of the field `gatos`.
pub(super) const KIND: &str = "event/1";

/// What somebody wants to say, checked against every rule that needs no repository.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    pub ty: EventType,
    pub payload: Value,
    pub ulid: Ulid,
    /// Capabilities the writer claims; a claim that gives nothing.
    pub caps: Option<Vec<Text>>,
    /// The payload in canonical form.
    pub payload_json: String,
}

impl Draft {
    pub fn new(ty: EventType, payload: Value, ulid: Ulid, caps: Option<Vec<Text>>) -> Result<Draft, DraftError> {
        check_payload(&payload)?;
        check_caps(caps.as_deref().unwrap_or_default())?;
        let payload_json = String::from_utf8(json::document(&payload)?).expect("canonical JSON is UTF-8");
        if payload_json.len() > PAYLOAD_MAX {
            return Err(DraftError::PayloadSize { size: payload_json.len(), max: PAYLOAD_MAX });
        }
        Ok(Draft { ty, payload, ulid, caps, payload_json })
    }

    /// The draft of which an event was sealed; `None` where no draft may say what it says.
    pub fn of(event: &Event) -> Option<Draft> {
        let caps = match event.envelope.get("caps") {
            None => None,
            Some(caps) => Some(caps.as_list()?.iter().map(|c| c.as_str().map(Into::into)).collect::<Option<_>>()?),
        };
        Draft::new(event.ty().parse().ok()?, event.payload().clone(), event.header.ulid, caps).ok()
    }

    /// A digest of everything the caller decides but the ULID: two drafts with one ULID say the same where it is the same.
    pub fn intent(&self) -> Blake3 {
        let mut text = format!("{}\n{}\n", self.ty, self.payload_json).into_bytes();
        if let Some(caps) = &self.caps {
            json::write(&Value::list(caps.iter().cloned()), &mut text).expect("a list of strings has a form");
        }
        digest::blake3(&text)
    }

    /// The same thing said: everything the caller decides.
    pub fn same_intent(&self, event: &Event) -> bool {
        let caps = self.caps.as_ref().map(|c| Value::list(c.iter().cloned()));
        event.envelope.get("type").and_then(Value::as_str) == Some(self.ty.as_str())
            && event.envelope.get("payload") == Some(&self.payload)
            && event.envelope.get("caps") == caps.as_ref()
    }
}

fn check_caps(caps: &[Text]) -> Result<(), DraftError> {
    if caps.len() > CAPS_MAX {
        return Err(DraftError::Caps { count: caps.len(), max: CAPS_MAX });
    }
    match caps.iter().position(|cap| cap.len() > CAP_BYTES_MAX) {
        Some(at) => Err(DraftError::CapSize { place: at + 1, size: caps[at].len(), max: CAP_BYTES_MAX }),
        None => Ok(()),
    }
}

/// Nesting and numbers: the rules of a payload that do not need its canonical form.
fn check_payload(payload: &Value) -> Result<(), DraftError> {
    fn walk(value: &Value, depth: usize) -> Result<(), DraftError> {
        match value {
            Value::List(_) | Value::Map(_) if depth == 0 => Err(DraftError::PayloadDepth { max: PAYLOAD_DEPTH_MAX }),
            Value::List(items) => items.iter().try_for_each(|v| walk(v, depth - 1)),
            Value::Map(map) => map.iter().try_for_each(|(_, v)| walk(v, depth - 1)),
            Value::Float(f) if fixed::on_grid(*f).is_none() => Err(DraftError::PayloadNumber { number: f.to_string() }),
            _ => Ok(()),
        }
    }
    walk(payload, PAYLOAD_DEPTH_MAX)
}

/// The fields that are the same in every event of a journal.
#[derive(Debug, Clone)]
pub struct Origin {
    pub repo: Blake3,
    pub ns: Ns,
    pub key: PublicKey,
    pub writer: Writer,
    repo_text: Text,
    key_text: Text,
    /// `<writer>@gatos`, the address of author and committer.
    pub(super) email: String,
}

impl Origin {
    /// `None` when the key does not begin with the digits in the writer's name.
    pub fn new(repo: Blake3, ns: Ns, key: PublicKey, writer: Writer) -> Option<Origin> {
        (key.key8() == writer.key8()).then(|| Origin {
            repo_text: Text::from(repo.to_string()),
            key_text: Text::from(key.to_string()),
            email: format!("{writer}@gatos"),
            repo,
            ns,
            key,
            writer,
        })
    }

    pub fn actor(&self) -> &Actor {
        self.writer.actor()
    }

    pub fn replica(&self) -> Replica {
        self.writer.replica()
    }

    pub(super) fn repo_text(&self) -> &str {
        &self.repo_text
    }
}

/// The fields of one event that place it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    pub seq: u64,
    pub clock: u64,
    pub prev: Option<Cid>,
    pub ts: Timestamp,
    pub ulid: Ulid,
    pub policy_root: Oid,
}

/// One event as it was read: every rule of the envelope holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub header: Header,
    pub cid: Cid,
    /// The whole envelope, unknown fields included.
    pub envelope: Map,
}

impl Event {
    pub fn ty(&self) -> &str {
        self.envelope.get("type").and_then(Value::as_str).expect("a checked envelope has a type")
    }

    pub fn payload(&self) -> &Value {
        self.envelope.get("payload").expect("a checked envelope has a payload")
    }

    /// What a fold sees: the envelope without `gatos` and `repo`, and the CID.
    pub fn into_fold_view(self) -> Value {
        let mut map = self.envelope;
        map.remove("gatos");
        map.remove("repo");
        map.insert("cid", Value::text(self.cid));
        Value::Map(map)
    }
}

/// The envelope of a sealed event.
pub(super) fn build(origin: &Origin, header: &Header, draft: &Draft) -> Map {
    let int = |n: u64| Value::Int(i64::try_from(n).expect("sequence and clock stay below 2^53"));
    let mut entries: Vec<(Text, Value)> = Vec::with_capacity(15);
    let mut put = |key: &'static str, value: Value| entries.push((Text::const_new(key), value));
    put("actor", origin.actor().as_str().into());
    if let Some(caps) = &draft.caps {
        put("caps", Value::list(caps.iter().cloned()));
    }
    put("clock", int(header.clock));
    put("gatos", KIND.into());
    put("key", origin.key_text.clone().into());
    put("ns", origin.ns.as_str().into());
    put("payload", draft.payload.clone());
    put("policy_root", Value::text(header.policy_root));
    if let Some(prev) = header.prev {
        put("prev", Value::text(prev));
    }
    put("replica", origin.replica().as_str().into());
    put("repo", origin.repo_text.clone().into());
    put("seq", int(header.seq));
    put("ts", Value::text(header.ts));
    put("type", draft.ty.as_str().into());
    put("ulid", Value::text(header.ulid));
    Map::from_entries(entries).expect("each field stands once")
}

/// Reads the fields of an envelope that claims to come from `origin`. The error is a code and a sentence.
pub(super) fn read(envelope: &Map, origin: &Origin) -> Result<Header, (&'static str, String)> {
    let form = |why: String| ("event.form", why);
    let text = |name: &str| {
        envelope.get(name).and_then(Value::as_str).ok_or_else(|| form(format!("the field `{name}` is not a string")))
    };
    if text("gatos")? != KIND {
        return Err(form(format!("the field `gatos` is not \"{KIND}\"")));
    }
    for (name, expected) in [
        ("repo", origin.repo_text()),
        ("ns", origin.ns.as_str()),
        ("actor", origin.actor().as_str()),
        ("key", &origin.key_text),
        ("replica", origin.replica().as_str()),
    ] {
        let found = text(name)?;
        if found != expected {
            return Err(("event.bound", format!("`{name}` is {found:?}, but this journal belongs to {expected:?}")));
        }
    }
    let whole = |name: &str| match envelope.get(name) {
        Some(Value::Int(n)) if *n >= 1 => Ok(*n as u64),
        _ => Err(form(format!("the field `{name}` is not a positive integer"))),
    };
    let seq = whole("seq")?;
    let prev = match envelope.get("prev") {
        None => None,
        Some(_) => Some(text("prev")?.parse::<Cid>().map_err(|e| form(e.to_string()))?),
    };
    if prev.is_none() != (seq == 1) {
        return Err(form("`prev` is absent in the first event of a journal and only there".into()));
    }
    let header = Header {
        seq,
        clock: whole("clock")?,
        prev,
        ts: text("ts")?.parse().map_err(|e: crate::id::IdError| form(e.to_string()))?,
        ulid: text("ulid")?.parse().map_err(|e: crate::id::IdError| form(e.to_string()))?,
        policy_root: text("policy_root")?.parse().map_err(|e: crate::id::IdError| form(e.to_string()))?,
    };
    text("type")?.parse::<EventType>().map_err(|e| form(e.to_string()))?;
    if envelope.contains("sig") {
        return Err(form("a field `sig` is not allowed: the signature is a trailer".into()));
    }
    if let Some(caps) = envelope.get("caps") {
        let strings = caps.as_list().is_some_and(|l| l.iter().all(|c| c.as_str().is_some()));
        if !strings {
            return Err(form("`caps` is not a list of strings".into()));
        }
    }
    let payload = envelope.get("payload").ok_or_else(|| form("there is no payload".into()))?;
    check_payload(payload).map_err(|e| form(e.to_string()))?;
    Ok(header)
}
