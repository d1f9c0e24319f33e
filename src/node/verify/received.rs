use super::Verification;
use crate::git::{Place, RefName, Scope, has_gate};
use crate::id::Writer;
use crate::node::error::NodeError;
use crate::node::report::Finding;
use crate::policy::{Bundle, Demand, Profile};

impl Verification<'_> {
    /// The profile of the active policy. A policy that cannot be read has been named by now.
    pub(super) fn read_profile(&mut self) -> Result<(), NodeError> {
        let tip = match self.node.policy_tip() {
            Ok(tip) => tip,
            Err(NodeError::NoPolicy) => return Ok(()),
            Err(other) => return Err(other),
        };
        let bundle = Bundle::read(self.node.reader(), tip, self.node.graph());
        self.profile = bundle.map_or(Profile::Local, |bundle| bundle.profile());
        Ok(())
    }

    /// What it means that a gate has not received the last events of a journal. Where the profile asks for receipts, only
    /// the events of this clone itself may wait for one.
    pub(super) fn weigh_unreceived(&self, finding: Finding, writer: &Writer) -> Result<Finding, NodeError> {
        if !self.profile.asks(Demand::Receipts) {
            return Ok(finding.note());
        }
        let own = crate::node::replica::read(self.node.store().common_dir())? == Some(writer.replica());
        Ok(match own {
            true => Finding { code: "event.waiting".into(), ..finding }.note(),
            false => {
                let sentence = finding.sentence + &self.receipts.remedy(&finding.name);
                Finding { code: "event.no-receipt".into(), sentence, ..finding }
            }
        })
    }

    /// Law and states that were fetched, and that no gate has received.
    pub(super) fn unreceived_law(&mut self) -> Result<(), NodeError> {
        if !self.profile.asks(Demand::Receipts) {
            return Ok(());
        }
        // What stands on a server has come through its gate, or past it.
        let gate = has_gate(self.node.store().common_dir());
        // Journals are weighed when they are read.
        for waiting in self.node.waiting(&self.receipts, &[Scope::Trust, Scope::Policies, Scope::States])? {
            let name = &waiting.name;
            let profile = self.profile;
            let remedy = self.receipts.remedy(&RefName::own(name.plane.clone()).to_string());
            let sentence =
                format!("no gate has given a receipt for it, and the profile {profile} asks for one{remedy}");
            let finding = Finding::new(name.to_string(), waiting.tip, "ref.no-receipt", sentence);
            let fetched = matches!(name.place, Place::Tracking(_));
            self.report.findings.push(if fetched || gate { finding } else { finding.note() });
        }
        Ok(())
    }
}
