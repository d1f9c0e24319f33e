use super::Verification;
use crate::git::Plane;
use crate::node::drive::Watch;
use crate::node::error::NodeError;
use crate::node::past::histories;
use crate::node::receipts::Receipts;
use crate::node::report::Finding;
use std::collections::HashSet;

impl Verification<'_> {
    /// Every entry of the audit chains, held here and fetched: its bytes, its signature, its place. What the receipts among
    /// them say is judged later.
    pub(super) fn entries(&mut self, watch: Watch<'_>) -> Result<(), NodeError> {
        let node = self.node;
        let (mut refusals, mut receipts, mut findings) = (0, 0, Vec::new());
        let mut unknown = HashSet::new();
        self.lines = node.receipt_lines(&mut |name, commit, met| {
            watch.look()?;
            let Plane::AuditPolicy { writer } = &name.plane else { return Ok(()) };
            match met {
                Err(fault) => findings.push(Finding::new(name.to_string(), commit, fault.code(), fault.to_string())),
                Ok((key, refusal)) => {
                    *(if refusal { &mut refusals } else { &mut receipts }) += 1;
                    if !node.graph().knows(writer.actor(), &key) && unknown.insert((name.clone(), key)) {
                        let why = format!("it is signed by {key}, and trust knows no such key of {}", writer.actor());
                        findings.push(Finding::new(name.to_string(), commit, "audit.unknown", why).note());
                    }
                }
            }
            Ok(())
        })?;
        self.report.refusals = refusals;
        self.report.receipts = receipts;
        self.report.findings.extend(findings);
        self.receipts = Receipts::of_lines(node.graph(), &self.lines);
        self.histories = histories(node, &self.lines);
        Ok(())
    }
}
