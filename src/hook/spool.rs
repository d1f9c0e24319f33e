use super::denial::Denial;
use super::error::HookError;
use super::files;
use super::flood::{self, Counted, Kind, Record};
use super::law::Law;
use super::lock::Lock;
use super::receive::entry_of;
use super::record::{Entry, Roots, append, decision, evidence};
use super::visit::Visit;
use crate::canon::{Value, json};
use crate::id::Oid;
use std::path::{Path, PathBuf};

/// Where refusals wait that could not be written to the gate's chain.
fn spool(common_dir: &Path) -> PathBuf {
    common_dir.join("gatos").join("audit-spool")
}

/// Puts a refusal on record: on the chain, else in the spool, or by a counter alone where too many of the kind were written
/// in this hour. The push is refused all the same, so that nothing here is an error.
pub(super) fn record(visit: &Visit, denials: &[Denial], roots: Roots) -> Option<Oid> {
    let mut exhibits = evidence(visit, denials);
    let counted = match weigh(visit, denials, &exhibits) {
        Ok(Record::Counted) => return None,
        Ok(Record::Written { evidence: room, counted }) => {
            if !room {
                exhibits.clear();
            }
            counted
        }
        // Counters that cannot be kept must not cost the record of what was refused.
        Err(_) => Vec::new(),
    };
    // Nobody could verify a chain with an entry of no repository: it waits until the repository is known.
    let written = match roots.repo {
        Some(_) => entry_of(visit, denials, roots, exhibits, &counted).ok(),
        None => None,
    };
    match written {
        Some(commit) => {
            let _ = drain(visit);
            commit
        }
        None => {
            if set_aside(visit, denials, roots, &counted).is_err() {
                // The next entry tells of them.
                let _ = flood::keep(visit.durable.common_dir(), &visit.ambient, counted);
            }
            None
        }
    }
}

/// Counts a refusal, and says how it is to be recorded.
fn weigh(visit: &Visit, denials: &[Denial], exhibits: &[(String, Vec<u8>)]) -> Result<Record, HookError> {
    let first = &denials[0];
    let kind = Kind { identity: visit.pusher.as_deref(), rule: &first.rule, name: &first.name };
    let new = visit.updates.iter().find(|u| u.name == first.name).and_then(|u| u.new);
    let size = exhibits.iter().map(|(_, bytes)| bytes.len() as u64).sum();
    let new = new.map_or_else(String::new, |oid| oid.hex());
    flood::count(visit.durable.common_dir(), &visit.ambient, kind, &new, size)
}

/// Puts a refusal into the spool, with what was counted before it.
fn set_aside(visit: &Visit, denials: &[Denial], roots: Roots, counted: &[Counted]) -> Result<(), HookError> {
    let document = Value::Map(decision(visit, denials, roots, counted));
    let bytes = json::document(&document).map_err(|e| HookError::Policy(e.into()))?;
    let name = format!("{}.json", visit.ambient.ulid());
    files::create(&spool(visit.durable.common_dir()).join(name), &bytes)
}

/// Writes what waits, oldest first.
fn drain(visit: &Visit) -> Result<(), HookError> {
    // One at a time, or two would write the same refusal.
    let _lock = Lock::named(visit.durable.common_dir(), "spool.lock", &visit.ambient)?;
    for path in files::list(&spool(visit.durable.common_dir()), ".json")? {
        let Some(bytes) = files::read(&path)? else { continue };
        if let Ok(Value::Map(mut document)) = json::parse_canonical(&bytes) {
            if !document.contains("repo") {
                let Some(repo) = Law::repo(visit) else { continue };
                document.insert("repo", Value::text(repo));
            }
            let signer = visit.gate()?.signer(visit.durable.common_dir(), &visit.ambient)?;
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
