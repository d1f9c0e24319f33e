use super::audit::{DECISION, KIND, SIGNATURES, message};
use crate::canon::{Value, json};
use crate::git::{Commit, GitError, NewCommit, Reader, commit_bytes};
use crate::id::{Blake3, Oid, PublicKey, Writer};
use crate::trust::dsse;
use thiserror::Error;

/// Largest entry that is read: the payload stands in it by its digest.
const ENTRY_MAX: u64 = 1 << 20;
/// What a decision may say, `hint` alone being optional.
const FIELDS: [&str; 10] =
    ["facts", "gatos", "hint", "intent", "policy_root", "reason", "repo", "rule", "trust_root", "verdict"];

/// What is wrong with a recorded refusal.
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
pub fn read_refusal(reader: &Reader, commit: Oid, repo: &Blake3, writer: &Writer) -> Result<PublicKey, EntryFault> {
    let held = reader.commit(commit).map_err(EntryFault::Read)?;
    if held.parents.len() > 1 {
        return Err(EntryFault::Chain(held.parents.len()));
    }
    let files = reader.files(commit, ENTRY_MAX).map_err(EntryFault::Read)?;
    if let Some((path, _)) = files.iter().find(|(path, _)| path != DECISION && path != SIGNATURES) {
        return Err(EntryFault::Form(format!("the file {path} is no part of a refusal")));
    }
    let file = |name: &str| files.iter().find(|(path, _)| path == name).map(|(_, bytes)| bytes.as_slice());
    let bytes = file(DECISION).ok_or_else(|| EntryFault::Form(format!("there is no {DECISION}")))?;
    let key = signer(bytes, file(SIGNATURES), writer)?;
    let decision = json::parse_canonical(bytes).map_err(|e| EntryFault::Form(format!("{DECISION}: {e}")))?;
    check(&held, &decision, repo, writer, &key)?;
    Ok(key)
}

/// The one key that signed, which must be that of the writer's name.
fn signer(document: &[u8], signatures: Option<&[u8]>, writer: &Writer) -> Result<PublicKey, EntryFault> {
    let bad = |why: String| EntryFault::Signature(why);
    let signatures = signatures.ok_or_else(|| bad(format!("there is no {SIGNATURES}")))?;
    let signatures = dsse::parse(signatures).map_err(|e| bad(format!("{SIGNATURES}: {e}")))?;
    let [signature] = &signatures[..] else {
        return Err(bad(format!("{SIGNATURES} holds {} signatures, and the writer makes one", signatures.len())));
    };
    let key = signature.keyid;
    if key.key8() != writer.key8() {
        return Err(bad(format!("it is signed by {key}, not by the key of {writer}")));
    }
    match dsse::signers(KIND, document, &signatures).is_empty() {
        true => Err(bad(format!("the signature of {key} does not verify"))),
        false => Ok(key),
    }
}

fn check(held: &Commit, decision: &Value, repo: &Blake3, writer: &Writer, key: &PublicKey) -> Result<(), EntryFault> {
    let form = |why: &str| EntryFault::Form(format!("{DECISION}: {why}"));
    let text = |name: &str| {
        decision.get(name).and_then(Value::as_str).ok_or_else(|| form(&format!("`{name}` is not a string")))
    };
    if text("gatos")? != "decision/1" {
        return Err(form("it is not a decision/1"));
    }
    if text("repo")? != repo.to_string() {
        return Err(EntryFault::Repo(text("repo")?.to_owned()));
    }
    let map = decision.as_map().ok_or_else(|| form("it is not an object"))?;
    let needed = FIELDS.iter().filter(|name| **name != "hint");
    if let Some(name) = needed.copied().find(|name| !map.contains(name)) {
        return Err(form(&format!("there is no `{name}`")));
    }
    if let Some(name) = map.keys().find(|name| !FIELDS.contains(name)) {
        return Err(form(&format!("it holds a field {name:?} that this version does not know")));
    }
    if !["deny", "error"].contains(&text("verdict")?) {
        return Err(form("its verdict is no refusal"));
    }
    let said = |name: &str| {
        let value = decision.get("intent").and_then(|intent| intent.get(name)).and_then(Value::as_str);
        value.ok_or_else(|| form(&format!("`intent.{name}` is not a string")))
    };
    if said("actor")? != writer.actor().as_str() || said("key")? != key.to_string() {
        return Err(form(&format!("the intent is not one of {writer}")));
    }
    let message = message(text("verdict")?, said("actor")?, said("type")?, text("rule")?, text("policy_root")?);
    let made = held.time().map(|time| {
        commit_bytes(&NewCommit {
            tree: held.tree,
            parents: &held.parents,
            name: writer.actor().as_str(),
            email: &format!("{writer}@gatos"),
            time,
            message: &message,
        })
    });
    if made.as_deref() == Some(held.raw()) { Ok(()) } else { Err(EntryFault::Bytes) }
}
