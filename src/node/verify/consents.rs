use super::Verification;
use crate::git::{Plane, ProofKind, RefName};
use crate::id::Oid;
use crate::node::error::NodeError;
use crate::node::report::Finding;
use crate::policy::consent::{ConsentFault, Docket, rule_of};
use std::collections::HashMap;

impl Verification<'_> {
    /// Proposals and what was said about them, as they are read here: what does not hold is named. Whether the gate had to
    /// take what it took is asked with its receipts.
    pub(super) fn consents(&mut self) -> Result<(), NodeError> {
        let refs = self.node.consent_refs(&self.receipts)?;
        let tips: HashMap<&RefName, Oid> = refs.iter().map(|(name, tip, _)| (name, *tip)).collect();
        let docket = Docket::gather(self.node.reader(), self.node.graph(), &refs);
        let mut findings = Vec::new();
        for ended in &docket.refused {
            let tip = tips.get(&ended.name).copied().unwrap_or(Oid::ZERO);
            let code = match &ended.fault {
                ConsentFault::Read(_) => "object.unreadable",
                _ => rule_of(&ended.name.plane),
            };
            let finding = Finding::new(ended.name.to_string(), tip, code, ended.fault.to_string());
            findings.push(if is_harmless(&ended.fault) { finding.note() } else { finding });
        }
        for case in docket.cases() {
            // A grant is at fault where a proof of its proposal is; one that is not here may hold.
            let proof = Plane::AuditProof { kind: ProofKind::Governance, id: case.id };
            let at_fault = docket.refused.iter().any(|ended| ended.name.plane == proof && !is_harmless(&ended.fault));
            for issued in &case.grants {
                let (Some(why), plane) = (&issued.void, Plane::Grant(issued.id)) else { continue };
                let found = refs.iter().find(|(name, ..)| name.plane == plane);
                let Some((name, tip, _)) = found else { continue };
                let finding = Finding::new(name.to_string(), *tip, "grant.proof", format!("it grants nothing: {why}"));
                findings.push(if at_fault { finding } else { finding.note() });
            }
            for vote in case.votes.iter().filter(|vote| vote.void.is_some()) {
                let said = |name: &RefName| {
                    matches!(&name.plane, Plane::Approval { proposal, writer }
                    if *proposal == case.id && *writer.actor() == vote.actor && writer.key8() == vote.key.key8())
                };
                let Some((name, tip, _)) = refs.iter().find(|(name, ..)| said(name)) else { continue };
                let why = format!("it does not count: {}", vote.void.as_deref().unwrap_or_default());
                findings.push(Finding::new(name.to_string(), *tip, "approval.void", why).note());
            }
        }
        self.report.findings.extend(findings);
        Ok(())
    }
}

/// What a revoked key said was good while it stood; what is not here may be good.
fn is_harmless(fault: &ConsentFault) -> bool {
    matches!(fault, ConsentFault::Revoked(_) | ConsentFault::Absent(_))
}
