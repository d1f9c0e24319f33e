use super::audit::{DECISION, KIND, PAYLOAD, SIGNED, message};
use super::intent::Intent;
use super::receipt::Receipt;
use crate::canon::{Value, json, trailers};
use crate::git::{Commit, GitError, NewCommit, Reader, commit_bytes};
use crate::id::{Blake3, Oid, PublicKey, Writer};
use crate::trust::dsse;
use thiserror::Error;

/// Largest entry that is read: a receipt names every ref of its push, of which a gate takes a list of 16 MiB.
pub const ENTRY_MAX: u64 = 32 << 20;
/// What every decision says.
const NEEDED: [&str; 7] = ["facts", "gatos", "intent", "reason", "repo", "rule", "verdict"];
/// What it may say besides: a gate adds when the push was received, and has no roots to name before there is a law.
const MORE: [&str; 4] = ["hint", "policy_root", "received_at", "trust_root"];
/// What a receipt says, `identity` and the roots being optional.
const RECEIPT_NEEDED: [&str; 5] = ["gatos", "received_at", "repo", "seq", "updates"];
const RECEIPT_MORE: [&str; 3] = ["identity", "policy_root", "trust_root"];
/// The kind of document that receipts are, as it stands in their signed bytes.
const RECEIPT_KIND: &str = "receipt";
/// The file of a receipt, and where evidence stands beside a refusal.
const RECEIPT: &str = "receipt.json";
const EVIDENCE: &str = "evidence/";

/// What an entry of an audit chain says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryKind {
    Refusal,
    /// An accepted push, by a gate.
    Receipt(Box<Receipt>),
}

/// What is wrong with an entry.
#[derive(Debug, Error)]
pub enum EntryFault {
    #[error("it cannot be read: {0}")]
    Read(#[source] GitError),
    #[error("it has {0} parents; a chain of refusals is linear")]
    Chain(usize),
    #[error("{0}")]
    Form(String),
    #[error("it belongs to {0}, not to this repository")]
    Repo(String),
    #[error("{0}")]
    Signature(String),
    #[error("its bytes are not those that its decision makes")]
    Bytes,
}

impl EntryFault {
    /// The wire-stable code.
    pub fn code(&self) -> &'static str {
        match self {
            EntryFault::Read(_) => "audit.unreadable",
            EntryFault::Chain(_) => "audit.chain",
            EntryFault::Form(_) => "audit.form",
            EntryFault::Repo(_) => "audit.repo",
            EntryFault::Signature(_) => "audit.signature",
            EntryFault::Bytes => "audit.bytes",
        }
    }
}

/// Reads one entry of a writer's chain and checks all that stands in it; gives the key that signed it. That trust knows the
/// key is not asked: a refusal may say that it does not.
pub fn read_entry(
    reader: &Reader,
    commit: Oid,
    repo: &Blake3,
    writer: &Writer,
) -> Result<(PublicKey, EntryKind), EntryFault> {
    let held = reader.commit(commit).map_err(EntryFault::Read)?;
    if held.parents.len() > 1 {
        return Err(EntryFault::Chain(held.parents.len()));
    }
    let files = reader.files(commit, ENTRY_MAX).map_err(EntryFault::Read)?;
    let file = |name: &str| files.iter().find(|(path, _)| path == name).map(|(_, bytes)| bytes.as_slice());
    let (kind, name, document) = match (file(DECISION), file(RECEIPT)) {
        (Some(bytes), None) => (KIND, DECISION, bytes),
        (None, Some(bytes)) => (RECEIPT_KIND, RECEIPT, bytes),
        _ => return Err(EntryFault::Form(format!("there is no {DECISION}"))),
    };
    let beside = |path: &str| path == SIGNED || path == PAYLOAD || path.starts_with(EVIDENCE);
    let stranger = |path: &str| path != name && !beside(path);
    if let Some((path, _)) = files.iter().find(|(path, _)| stranger(path)) {
        return Err(EntryFault::Form(format!("the file {path} is no part of an entry")));
    }
    let key = signer(kind, document, file(SIGNED), writer)?;
    let value = json::parse_canonical(document).map_err(|e| EntryFault::Form(format!("{name}: {e}")))?;
    let read = Document { name, value: &value };
    if kind == KIND {
        read.refusal(&held, repo, writer, &key)?;
        return Ok((key, EntryKind::Refusal));
    }
    Ok((key, EntryKind::Receipt(Box::new(read.receipt(&held, repo, writer, key)?))))
}

/// The one key that signed, which must be that of the writer's name.
fn signer(
    signed_as: &str,
    document: &[u8],
    signatures: Option<&[u8]>,
    writer: &Writer,
) -> Result<PublicKey, EntryFault> {
    let bad = |why: String| EntryFault::Signature(why);
    let signatures = signatures.ok_or_else(|| bad(format!("there is no {SIGNED}")))?;
    let signatures = dsse::parse(signatures).map_err(|e| bad(format!("{SIGNED}: {e}")))?;
    let [signature] = &signatures[..] else {
        return Err(bad(format!("{SIGNED} holds {} signatures, and the writer makes one", signatures.len())));
    };
    let key = signature.keyid;
    if key.key8() != writer.key8() {
        return Err(bad(format!("it is signed by {key}, not by the key of {writer}")));
    }
    match dsse::signers(signed_as, document, &signatures).is_empty() {
        true => Err(bad(format!("the signature of {key} does not verify"))),
        false => Ok(key),
    }
}

/// The signed document of an entry.
struct Document<'a> {
    name: &'static str,
    value: &'a Value,
}

impl Document<'_> {
    fn form(&self, why: &str) -> EntryFault {
        EntryFault::Form(format!("{}: {why}", self.name))
    }

    fn text(&self, name: &str) -> Result<&str, EntryFault> {
        let text = self.value.get(name).and_then(Value::as_str);
        text.ok_or_else(|| self.form(&format!("`{name}` is not a string")))
    }

    /// Form, repository and fields.
    fn fields(&self, gatos: &str, repo: &Blake3, needed: &[&str], more: &[&str]) -> Result<(), EntryFault> {
        let map = self.value.as_map().ok_or_else(|| self.form("it is not an object"))?;
        if self.text("gatos")? != gatos {
            return Err(self.form(&format!("it is not a {gatos}")));
        }
        if self.text("repo")? != repo.to_string() {
            return Err(EntryFault::Repo(self.text("repo")?.to_owned()));
        }
        if let Some(name) = needed.iter().find(|name| !map.contains(name)) {
            return Err(self.form(&format!("there is no `{name}`")));
        }
        if let Some(name) = map.keys().find(|name| !needed.contains(name) && !more.contains(name)) {
            return Err(self.form(&format!("it holds a field {name:?} that this version does not know")));
        }
        Ok(())
    }

    /// The commit around it must be the one that a writer makes, with this message.
    fn made(&self, held: &Commit, writer: &Writer, message: &str) -> Result<(), EntryFault> {
        let made = held.time().map(|time| {
            commit_bytes(&NewCommit {
                tree: held.tree,
                parents: &held.parents,
                name: writer.actor().as_str(),
                email: &format!("{writer}@gatos"),
                time,
                message,
            })
        });
        if made.as_deref() == Some(held.raw()) { Ok(()) } else { Err(EntryFault::Bytes) }
    }

    fn refusal(&self, held: &Commit, repo: &Blake3, writer: &Writer, key: &PublicKey) -> Result<(), EntryFault> {
        self.fields("decision/1", repo, &NEEDED, &MORE)?;
        let verdict = self.text("verdict")?;
        if !["deny", "error"].contains(&verdict) {
            return Err(self.form("its verdict is no refusal"));
        }
        if self.value.get("received_at").is_some() {
            // A gate's: what its chain counts stands in the message, and that it agrees with the document.
            return self.by_gate(held, writer, &[("Rule", self.text("rule")?)]);
        }
        let intent = self.value.get("intent").and_then(Value::as_map).ok_or_else(|| self.form("it has no intent"))?;
        let said = |name: &str| intent.get(name).and_then(Value::as_str);
        if said("actor") != Some(writer.actor().as_str()) || said("key") != Some(&key.to_string()) {
            return Err(self.form(&format!("the intent is not one of {writer}")));
        }
        let verb =
            said("verb").and_then(|verb| verb.parse().ok()).ok_or_else(|| self.form("its intent has no verb"))?;
        let title = Intent::act(verb, intent.clone()).title();
        let message = message(verdict, &title, self.text("rule")?, self.text("policy_root")?);
        self.made(held, writer, &message)
    }

    fn receipt(&self, held: &Commit, repo: &Blake3, writer: &Writer, key: PublicKey) -> Result<Receipt, EntryFault> {
        self.fields("receipt/1", repo, &RECEIPT_NEEDED, &RECEIPT_MORE)?;
        let malformed = |name: &str| self.form(&format!("`{name}` is malformed"));
        let receipt = Receipt::of(self.value, held.id, writer, key).map_err(malformed)?;
        let (seq, at) = (receipt.seq.to_string(), receipt.received_at.to_string());
        self.by_gate(held, writer, &[("Receipts", &seq), ("Received-At", &at)])?;
        Ok(receipt)
    }

    fn by_gate(&self, held: &Commit, writer: &Writer, said: &[(&str, &str)]) -> Result<(), EntryFault> {
        let text = held.text().unwrap_or_default();
        let found = trailers::read(text);
        if said.iter().any(|(name, value)| trailers::once(&found, name) != Some(value)) {
            return Err(EntryFault::Bytes);
        }
        self.made(held, writer, text)
    }
}
