use super::case::{Case, State};
use super::docket::Docket;
use crate::canon::{Map, Value};
use crate::id::Timestamp;
use crate::policy::{Asking, Bundle, Facts, FactsOf, Governance, PolicyError};
use std::collections::BTreeMap;

/// The facts that speak of consent.
const GRANTS: &str = "grants";
const APPROVALS: &str = "approvals";

/// What stands granted, and what is asked, of each act: the facts of rules that read it.
#[derive(Debug, Clone)]
pub struct Consents {
    by_target: BTreeMap<String, Known>,
}

/// What is known of one act, by action.
#[derive(Debug, Clone, Default)]
struct Known {
    grants: Map,
    approvals: Map,
    /// Proposals that wait for more approvals, and would grant what rules ask for.
    open: BTreeMap<String, Asking>,
}

impl Consents {
    /// Whether rules of a bundle read such facts. Where none does, nothing of this is read.
    pub fn are_read(bundle: &Bundle) -> bool {
        bundle.rules().iter().flat_map(|rule| &rule.reads).any(|name| name == GRANTS || name == APPROVALS)
    }

    /// What counts at a time under what a bundle says of each action.
    pub fn of(docket: &Docket, governance: &Governance, now: Timestamp) -> Consents {
        let mut cases: Vec<(&Case, State)> = docket.cases().map(|case| (case, case.state(now))).collect();
        // Of several the last one stays: what the bundle asks for before anything else, then what lasts longest.
        let governed = |case: &Case| governance.admits(&case.proposal.action, &case.proposal.required);
        cases.sort_by_key(|(case, _)| (governed(case), case.proposal.expire_at, case.id));
        let mut by_target: BTreeMap<String, Known> = BTreeMap::new();
        for (case, state) in cases {
            let known = by_target.entry(case.proposal.target.clone()).or_default();
            let action = case.proposal.action.as_str();
            match (state, case.issued()) {
                (State::Granted, Some(issued)) => {
                    let mut fact = about(case, governed(case));
                    fact.insert("id", Value::text(issued.id));
                    fact.insert("n", case.proposal.required.n);
                    fact.insert("m", case.proposal.required.m);
                    known.grants.insert(action, fact);
                }
                (State::Proposal | State::Partial, _) => {
                    let mut fact = about(case, governed(case));
                    fact.insert("have", case.have());
                    fact.insert("need", case.proposal.required.n);
                    known.approvals.insert(action, fact);
                    if governed(case) || !governance.names(action) {
                        known.open.insert(action.to_owned(), asking(case));
                    }
                }
                _ => {}
            }
        }
        Consents { by_target }
    }

    /// Whether anything is known of any act.
    pub fn know_any(&self) -> bool {
        !self.by_target.is_empty()
    }

    /// Whether anything at all is known of an act.
    pub fn know(&self, target: &str) -> bool {
        self.by_target.contains_key(target)
    }
}

/// The facts of an act, with what is known of exactly this act where rules read that. No target stands for every act of which
/// nothing is known.
pub fn tell(consents: Option<&Consents>, facts: FactsOf, target: Option<&str>) -> Result<Facts, PolicyError> {
    let Some(consents) = consents else { return facts.facts() };
    let Known { grants, approvals, open } = target.and_then(|t| consents.by_target.get(t)).cloned().unwrap_or_default();
    facts.with(GRANTS, grants).with(APPROVALS, approvals).asking(open).facts()
}

fn asking(case: &Case) -> Asking {
    let required = &case.proposal.required;
    Asking {
        proposal: case.id,
        group: required.group.clone(),
        agreed: case.counted().into_keys().cloned().collect(),
        missing: required.n.saturating_sub(case.have()),
    }
}

fn about(case: &Case, governed: bool) -> Map {
    let mut fact = Map::new();
    fact.insert("group", case.proposal.required.group.as_str());
    fact.insert("governed", governed);
    fact
}
