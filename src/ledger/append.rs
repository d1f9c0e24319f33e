use super::envelope::{self, Event, Origin, PAYLOAD_MAX};
use super::error::Fault;
use crate::canon::{Value, cbor, digest, json, merkle};
use crate::git::{EMPTY_TREE, NewCommit, commit_bytes, commit_id};
use crate::id::{Blake3, Cid, Oid, SigBytes, Timestamp};
use crate::trust::Verifier;

/// Most events of one append.
pub const EVENTS_MAX: usize = 1024;
/// Largest commit object of an append.
pub const BYTES_MAX: usize = 1 << 20;
/// Where the subject is cut, in Unicode scalars.
const SUBJECT_MAX: usize = 72;

/// One commit of a journal: its events, read and checked by themselves. Whether they continue the journal is the business
/// of `Position::accept`.
#[derive(Debug, Clone, PartialEq)]
pub struct Append {
    pub commit: Oid,
    pub parent: Option<Oid>,
    pub events: Vec<Event>,
}

/// What a reader checks of an append.
#[derive(Clone, Copy)]
pub enum Check<'a> {
    /// Everything, the commit's id included.
    Hashed(&'a Verifier),
    /// Everything but the commit's id: CID and signature cover the same bytes, and the next event names the CID.
    Signed(&'a Verifier),
    /// All of it was checked before, and the caller remembers the commit's id: the envelopes are read.
    Remembered,
}

/// The bytes that the signature of an append covers.
pub(super) fn signed_bytes(origin: &Origin, cids: &[Cid], single: &[u8]) -> Vec<u8> {
    if cids.len() == 1 {
        return single.to_vec();
    }
    let statement = Value::map([
        ("count", Value::Int(cids.len() as i64)),
        ("gatos", "append/1".into()),
        ("repo", origin.repo_text().into()),
        ("root", Value::text(root(cids))),
    ]);
    cbor::to_vec(&statement).expect("four short fields have a form")
}

fn root(cids: &[Cid]) -> Blake3 {
    merkle::root(cids.iter().map(|c| c.0))
}

/// Everything of which an append's commit is a function.
pub(super) struct Parts<'a> {
    pub parent: Option<Oid>,
    pub origin: &'a Origin,
    /// Type of the first event.
    pub ty: &'a str,
    /// Canonical payload of the first event.
    pub payload: &'a str,
    /// Canonical envelopes, each with its newline.
    pub lines: &'a [u8],
    pub cids: &'a [Cid],
    /// Time of the last event.
    pub ts: Timestamp,
    pub sig: &'a SigBytes,
}

/// The bytes of the commit object.
pub(super) fn encode(parts: &Parts<'_>) -> Vec<u8> {
    let mut message = String::with_capacity(parts.lines.len() + 600);
    let subject = [parts.ty, " ", parts.payload];
    message.extend(subject.iter().flat_map(|s| s.chars()).take(SUBJECT_MAX));
    if parts.cids.len() > 1 {
        message.push_str(&format!(" (+{})", parts.cids.len() - 1));
    }
    message.push_str("\n\n");
    message.push_str(std::str::from_utf8(parts.lines).expect("canonical JSON is UTF-8"));
    message.push('\n');
    match parts.cids {
        [cid] => message.push_str(&format!("Event-CID: {cid}\n")),
        cids => message.push_str(&format!("Events: {}\nEvents-Root: {}\n", cids.len(), root(cids))),
    }
    message.push_str(&format!("Sig-Alg: ed25519\nSig: {}\n", parts.sig));
    commit_bytes(&NewCommit {
        tree: EMPTY_TREE,
        parents: parts.parent.as_slice(),
        name: parts.origin.actor().as_str(),
        email: &parts.origin.email,
        time: parts.ts,
        message: &message,
    })
}

/// Reads the commit object of an append strictly: it is accepted only where rebuilding it from its envelopes, signature
/// and parent gives the same bytes.
pub fn decode(commit: Oid, raw: &[u8], origin: &Origin, check: Check<'_>) -> Result<Append, Fault> {
    let fault = |code: &'static str, sentence: String| Fault { commit, seq: None, code, sentence };
    if raw.len() > BYTES_MAX {
        return Err(fault("append.size", format!("the commit has {} bytes; 1 MiB is the most", raw.len())));
    }
    let text = std::str::from_utf8(raw).map_err(|_| fault("append.form", "the commit is not UTF-8".into()))?;
    let (parent, message) = split_commit(text).map_err(|(code, why)| fault(code, why.into()))?;
    let (lines, sig) = split_message(message).map_err(|(code, why)| fault(code, why.into()))?;

    let mut read = Reading::new(raw.len());
    let rebuilt = !matches!(check, Check::Remembered);
    for line in lines.split('\n') {
        read.line(line, origin, rebuilt).map_err(|(seq, code, sentence)| Fault { commit, seq, code, sentence })?;
    }
    if !rebuilt {
        return match read.cids[..] {
            [cid] if !message.contains(&format!("\nEvent-CID: {cid}\n")) => {
                Err(fault("append.cid", "its event has another CID than when it was verified".into()))
            }
            _ => Ok(Append { commit, parent, events: read.events }),
        };
    }
    let first = &read.events[0];
    let parts = Parts {
        parent,
        origin,
        ty: first.ty(),
        payload: std::str::from_utf8(&read.payload).expect("canonical JSON is UTF-8"),
        lines: &read.lines,
        cids: &read.cids,
        ts: read.events.last().expect("at least one line was read").header.ts,
        sig: &sig,
    };
    let again = encode(&parts);
    if again != raw {
        return Err(fault(rebuilt_code(&again, raw), difference(&again, raw)));
    }
    if matches!(check, Check::Hashed(_)) && commit_id(raw) != commit {
        return Err(fault("object.hash", "the bytes stored under this id have another id".into()));
    }
    if let Check::Hashed(verifier) | Check::Signed(verifier) = check
        && !verifier.verify(&signed_bytes(origin, &read.cids, &read.cbor), &sig)
    {
        return Err(fault("sig.bad", format!("the signature is not one of {}", origin.key)));
    }
    Ok(Append { commit, parent, events: read.events })
}

/// Parent and message of a commit whose tree is empty. The exact header is compared when the commit is rebuilt.
fn split_commit(text: &str) -> Result<(Option<Oid>, &str), (&'static str, &'static str)> {
    let (header, message) = text.split_once("\n\n").ok_or(("append.form", "the commit has no message"))?;
    let mut lines = header.split('\n');
    let tree = lines.next().and_then(|l| l.strip_prefix("tree ")).unwrap_or_default();
    if Oid::from_hex(tree) != Ok(EMPTY_TREE) {
        return Err(("tree.shape", "the tree of an append is the empty tree"));
    }
    let mut parents = lines.filter_map(|l| l.strip_prefix("parent "));
    let parent = match parents.next() {
        None => None,
        Some(hex) => Some(Oid::from_hex(hex).map_err(|_| ("append.form", "the parent is not an object id"))?),
    };
    if parents.next().is_some() {
        return Err(("journal.linear", "an append has one parent at most"));
    }
    Ok((parent, message))
}

/// The envelope lines and the signature of a message.
fn split_message(message: &str) -> Result<(&str, SigBytes), (&'static str, &'static str)> {
    const FORM: (&str, &str) = ("append.form", "the message is not subject, envelopes and trailers");
    let (_, rest) = message.split_once("\n\n").ok_or(FORM)?;
    let (lines, trailers) = rest.split_once("\n\n").ok_or(FORM)?;
    let sig = trailers.lines().find_map(|l| l.strip_prefix("Sig: ")).ok_or(("sig.none", "there is no signature"))?;
    let sig = sig.parse().map_err(|_| ("sig.bad", "the trailer Sig is not an Ed25519 signature"))?;
    Ok((lines, sig))
}

/// What is gathered from the lines of one append.
struct Reading {
    events: Vec<Event>,
    cids: Vec<Cid>,
    /// The envelopes as canonical lines.
    lines: Vec<u8>,
    /// The first payload in canonical form.
    payload: Vec<u8>,
    /// DAG-CBOR of the envelope read last: the only one, where the signature covers an event.
    cbor: Vec<u8>,
}

impl Reading {
    fn new(size: usize) -> Reading {
        Reading {
            events: Vec::new(),
            cids: Vec::new(),
            lines: Vec::with_capacity(size),
            payload: Vec::new(),
            cbor: Vec::with_capacity(512),
        }
    }

    fn line(&mut self, line: &str, origin: &Origin, rebuilt: bool) -> Result<(), (Option<u64>, &'static str, String)> {
        if self.events.len() == EVENTS_MAX {
            return Err((None, "append.size", "there are more than 1,024 events".into()));
        }
        let form = |e: String| (None, "event.form", e);
        let value = json::parse(line.as_bytes()).map_err(|e| form(e.to_string()))?;
        let envelope = value.as_map().ok_or_else(|| form("an envelope is not an object".into()))?;
        let seq = envelope.get("seq").and_then(Value::as_int).and_then(|n| u64::try_from(n).ok());
        let header = envelope::read(envelope, origin).map_err(|(code, why)| (seq, code, why))?;
        self.write(&value, line.len(), rebuilt).map_err(|why| (seq, "event.form", why))?;
        let cid = digest::cid(&self.cbor);
        self.cids.push(cid);
        let Value::Map(envelope) = value else { unreachable!("it was read as a map") };
        self.events.push(Event { header, cid, envelope });
        Ok(())
    }

    /// The canonical bytes of an envelope that was read from a line of `size` bytes, and what the commit is rebuilt from.
    fn write(&mut self, envelope: &Value, size: usize, rebuilt: bool) -> Result<(), String> {
        self.cbor.clear();
        cbor::encode(envelope, &mut self.cbor).map_err(|e| e.to_string())?;
        if !rebuilt {
            return Ok(());
        }
        json::write(envelope, &mut self.lines).map_err(|e| e.to_string())?;
        self.lines.push(b'\n');
        let first = self.events.is_empty();
        if first || size > PAYLOAD_MAX {
            let payload = envelope.get("payload").expect("a checked envelope has a payload");
            let bytes = json::document(payload).map_err(|e| e.to_string())?;
            if bytes.len() > PAYLOAD_MAX {
                return Err(format!("the payload has {} bytes; {PAYLOAD_MAX} is the most", bytes.len()));
            }
            if first {
                self.payload = bytes;
            }
        }
        Ok(())
    }
}

/// The most telling code for bytes that differ from what their parts give.
fn rebuilt_code(again: &[u8], raw: &[u8]) -> &'static str {
    let trailer = |bytes: &[u8], name: &str| -> Option<Vec<u8>> {
        let text = std::str::from_utf8(bytes).ok()?;
        text.lines().rev().take(5).find(|l| l.starts_with(name)).map(|l| l.as_bytes().to_vec())
    };
    for (name, code) in [("Event-CID: ", "append.cid"), ("Events-Root: ", "append.root")] {
        if trailer(again, name) != trailer(raw, name) {
            return code;
        }
    }
    "append.bytes"
}

fn difference(again: &[u8], raw: &[u8]) -> String {
    let at = again.iter().zip(raw).position(|(a, b)| a != b).unwrap_or(again.len().min(raw.len()));
    let near = |bytes: &[u8]| {
        let end = bytes.len().min(at + 24);
        String::from_utf8_lossy(&bytes[at.min(end)..end]).into_owned()
    };
    format!("byte {at} of the commit: found {:?}, its own parts give {:?}", near(raw), near(again))
}
