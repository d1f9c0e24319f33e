use super::decision::Decision;
use super::error::PolicyError;
use super::intent::Intent;
use crate::ambient::Ambient;
use crate::canon::{json, trailers};
use crate::git::{Expected, GitError, NewCommit, Plane, RefName, Store};
use crate::id::{Blake3, Oid, Writer};
use crate::trust::{Signer, dsse};

/// The kind of document that decisions are, as it stands in their signed bytes.
pub(super) const KIND: &str = "decision";
/// The files of an entry.
pub(super) const DECISION: &str = "decision.json";
pub(super) const SIGNED: &str = "signatures.json";
/// The payload of a denied append, only where the bundle says `audit: full`.
pub(super) const PAYLOAD: &str = "payload.json";

/// The message of an entry that a clone writes.
pub(super) fn message(verdict: &str, title: &str, rule: &str, policy_root: &str) -> String {
    let mut message = format!("{verdict} {title}\n\n");
    trailers::push(&mut message, "Rule", rule);
    trailers::push(&mut message, "Policy-Root", policy_root);
    message
}

/// Writes a denial to the writer's audit chain and returns its commit; with `full` the payload that was denied lies beside
/// it.
#[allow(clippy::too_many_arguments)]
pub fn record(
    store: &Store,
    ambient: &Ambient,
    repo: &Blake3,
    writer: &Writer,
    signer: &Signer,
    decision: &Decision,
    intent: &Intent<'_>,
    full: bool,
) -> Result<Oid, PolicyError> {
    let document = decision.document(repo, intent)?;
    let signature = dsse::sign(KIND, &document, signer).map_err(PolicyError::Sign)?;
    let signatures = dsse::encode(&[signature]);
    let mut files = vec![(DECISION, document.as_slice()), (SIGNED, signatures.as_slice())];
    let payload = intent.said().filter(|_| full).map(|(_, payload)| json::document(payload)).transpose()?;
    files.extend(payload.as_deref().map(|bytes| (PAYLOAD, bytes)));
    let tree = store.write_tree(&files).map_err(PolicyError::Audit)?;
    let policy_root = decision.policy_root.to_string();
    let message = message(decision.verdict.as_str(), &intent.title(), &decision.rule, &policy_root);
    let name = RefName::own(Plane::AuditPolicy { writer: writer.clone() });
    loop {
        let tip = store.resolve(&name).map_err(PolicyError::Audit)?;
        let commit = store
            .commit(&NewCommit {
                tree,
                parents: tip.as_slice(),
                name: writer.actor().as_str(),
                email: &format!("{writer}@gatos"),
                time: ambient.now(),
                message: &message,
            })
            .map_err(PolicyError::Audit)?;
        let expected = tip.map_or(Expected::Absent, Expected::At);
        match store.update(&name, expected, commit) {
            Ok(()) => return Ok(commit),
            // Somebody else recorded a denial in between: stand behind it.
            Err(GitError::Moved { .. }) => continue,
            Err(source) => return Err(PolicyError::Audit(source)),
        }
    }
}
