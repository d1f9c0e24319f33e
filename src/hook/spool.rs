use super::denial::Denial;
use super::error::HookError;
use super::files;
use super::flood::{Kind, Record, count};
use super::lock::Lock;
use super::receive::entry_of;
use super::record::{Entry, Roots, append, decision, evidence};
use super::visit::Visit;
use crate::canon::{Value, json};
use crate::id::Oid;
use std::path::{Path, PathBuf};

/// Where refusals wait that could not be written to the gate's chain.
fn spool(git_dir: &Path) -> PathBuf {
    git_dir.join("gatos").join("audit-spool")
}

/// Puts a refusal on record: on the chain, else in the spool. The push is refused all the same, so that nothing here is an
/// error.
pub(super) fn record(visit: &Visit, denials: &[Denial], roots: Roots) -> Option<Oid> {
    match counted(visit, denials, roots) {
        Ok(commit) => {
            let _ = drain(visit);
            commit
        }
        Err(_) => {
            let document = Value::Map(decision(visit, denials, roots, &[]));
            let name = format!("{}.json", visit.ambient.ulid());
            if let Ok(bytes) = json::document(&document) {
                let _ = files::create(&spool(visit.durable.git_dir()).join(name), &bytes);
            }
            None
        }
    }
}

/// Writes an entry, or only counts where too many of the kind were written in this hour.
fn counted(visit: &Visit, denials: &[Denial], roots: Roots) -> Result<Option<Oid>, HookError> {
    let first = &denials[0];
    let kind = Kind { identity: visit.pusher.as_deref(), rule: &first.rule, name: &first.name };
    let new = visit.updates.iter().find(|u| u.name == first.name).and_then(|u| u.new);
    let evidence = evidence(visit, denials);
    let size = evidence.iter().map(|(_, bytes)| bytes.len() as u64).sum();
    let new = new.map_or_else(String::new, |oid| oid.hex());
    match count(visit.durable.git_dir(), &visit.ambient, kind, &new, size)? {
        Record::Counted => Ok(None),
        Record::Written { evidence: room, counted } => {
            entry_of(visit, denials, roots, if room { evidence } else { Vec::new() }, &counted)
        }
    }
}

/// Writes what waits, oldest first.
fn drain(visit: &Visit) -> Result<(), HookError> {
    // One at a time, or two would write the same refusal.
    let _lock = Lock::named(visit.durable.git_dir(), "spool.lock", &visit.ambient)?;
    for path in files::list(&spool(visit.durable.git_dir()), ".json")? {
        let Some(bytes) = files::read(&path)? else { continue };
        if let Ok(Value::Map(document)) = json::parse_canonical(&bytes) {
            let signer = visit.gate()?.signer(visit.durable.git_dir(), &visit.ambient)?;
            let signed = super::record::signed("decision", &document, &signer)?;
            let text = |name: &str| document.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            append(visit, &|standing| {
                let entry = Entry {
                    subject: format!("{} (from the spool)", text("verdict")),
                    files: signed.clone(),
                    trailers: vec![("Rule", text("rule"))],
                    time: visit.received_at,
                };
                Ok(Some((entry, *standing)))
            })?;
        }
        files::remove(&path)?;
    }
    Ok(())
}
