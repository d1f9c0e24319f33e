use super::Verification;
use crate::git::{Plane, ProofKind, RefName};
use crate::id::{Oid, PublicKey};
use crate::node::error::NodeError;
use crate::node::report::Finding;
use crate::policy::consent::{ConsentFault, Docket, Found, rule_of};
use std::collections::{BTreeMap, HashMap};

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
        }
        findings.extend(self.void_votes(&docket, &refs));
        self.report.findings.extend(findings);
        Ok(())
    }

    /// Approvals that do not count: one finding each, and one for all that a revoked key said.
    fn void_votes(&self, docket: &Docket, refs: &[Found]) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut revoked: BTreeMap<(PublicKey, &str), Vec<&Found>> = BTreeMap::new();
        for (case, vote) in docket.cases().flat_map(|case| case.votes.iter().map(move |vote| (case, vote))) {
            let Some(why) = &vote.void else { continue };
            let said = |name: &RefName| {
                matches!(&name.plane, Plane::Approval { proposal, writer }
                if *proposal == case.id && *writer.actor() == vote.actor && writer.key8() == vote.key.key8())
            };
            let Some(found) = refs.iter().find(|(name, ..)| said(name)) else { continue };
            match self.node.graph().is_revoked(&vote.key) {
                true => revoked.entry((vote.key, why)).or_default().push(found),
                false => findings.push(void_vote(why, &[found])),
            }
        }
        findings.extend(revoked.iter().map(|((_, why), said)| void_vote(why, said)));
        findings.into_iter().flatten().collect()
    }
}

/// Most proposals that a finding names.
const NAMED_MAX: usize = 3;

/// That approvals do not count, for one reason.
fn void_vote(why: &str, said: &[&Found]) -> Option<Finding> {
    let (name, tip, _) = said.first()?;
    let mut sentence = format!("it does not count: {why}");
    if let [_, others @ ..] = said
        && !others.is_empty()
    {
        let ids = said.iter().filter_map(|(name, ..)| match &name.plane {
            Plane::Approval { proposal, .. } => Some(proposal.hex()[..12].to_owned()),
            _ => None,
        });
        let named = ids.take(NAMED_MAX).collect::<Vec<_>>().join(", ");
        sentence = format!("it and {} more do not count: {why}; they are of the proposals {named}", others.len());
        if said.len() > NAMED_MAX {
            sentence += &format!(" and {} more", said.len() - NAMED_MAX);
        }
    }
    Some(Finding::new(name.to_string(), *tip, "approval.void", sentence).note().of_many(said.len() as u64))
}

/// What a revoked key said was good while it stood; what is not here may be good.
fn is_harmless(fault: &ConsentFault) -> bool {
    matches!(fault, ConsentFault::Revoked(_) | ConsentFault::Absent(_))
}
