use super::Verification;
use crate::git::{Plane, RefName, Scope};
use crate::id::{Oid, Writer};
use crate::node::drive::Watch;
use crate::node::error::NodeError;
use crate::node::report::Finding;
use crate::policy::{EntryFault, read_entry};
use std::collections::HashSet;

impl Verification<'_> {
    /// Every recorded refusal, in the chains of all writers, held here and fetched: its bytes, its signature, its place.
    pub(super) fn refusals(&mut self, watch: Watch<'_>) -> Result<(), NodeError> {
        let mut counted = HashSet::new();
        for (name, tip) in self.node.store().refs(&Scope::Audits)? {
            if let Plane::AuditPolicy { writer } = &name.plane {
                self.refusals_of(&name, writer, tip, &mut counted, watch)?;
            }
        }
        self.report.refusals = counted.len() as u64;
        Ok(())
    }

    fn refusals_of(
        &mut self,
        name: &RefName,
        writer: &Writer,
        tip: Oid,
        counted: &mut HashSet<Oid>,
        watch: Watch<'_>,
    ) -> Result<(), NodeError> {
        let node = self.node;
        let unreadable = |source: crate::git::GitError| {
            let commit = source.oid().unwrap_or(tip);
            (commit, EntryFault::Read(source))
        };
        let chain = match node.reader().chain(tip, None, 0) {
            Ok(chain) => chain,
            Err(source) => {
                let (commit, fault) = unreadable(source);
                self.fail(name.to_string(), commit, fault.code(), fault.to_string());
                return Ok(());
            }
        };
        for step in chain {
            watch.look()?;
            let checked = match step {
                Ok((commit, _)) if !counted.insert(commit) => continue,
                Ok((commit, _)) => read_entry(node.reader(), commit, &node.repo(), writer).map_err(|f| (commit, f)),
                Err(source) => Err(unreadable(source)),
            };
            match checked {
                Ok((key, _)) if !node.graph().knows(writer.actor(), &key) => {
                    let sentence = format!("it is signed by {key}, and trust knows no such key of {}", writer.actor());
                    self.report.findings.push(Finding::new(name.to_string(), tip, "audit.unknown", sentence).note());
                }
                Ok(_) => {}
                Err((commit, fault)) => self.fail(name.to_string(), commit, fault.code(), fault.to_string()),
            }
        }
        Ok(())
    }
}
