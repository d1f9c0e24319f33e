use super::notation::plain;
use super::{Ink, Page, View};
use crate::canon::{Map, Value};
use crate::node::Standing;
use crate::policy::consent::{Received, State, Vote};
use std::io::{self, Write as _};

/// So many digits name a proposal for a person.
const SHORT: usize = 12;

/// A proposal, and how far it has come.
pub struct ShownProposal(pub Standing);

impl ShownProposal {
    /// What is to be done, and by whom: others hear of nothing before it is synced.
    fn next(&self) -> Option<String> {
        let s = &self.0;
        let (id, group) = (&s.case.id.hex()[..SHORT], &s.case.proposal.required.group);
        let sync = if s.shared { "git gatos sync, then " } else { "" };
        match s.state {
            State::Proposal | State::Partial if s.agreed => {
                Some(format!("{sync}one of @{group} who has not yet: git gatos approve {id}"))
            }
            State::Proposal | State::Partial => Some(format!("{sync}one of @{group}: git gatos approve {id}")),
            State::Granted | State::Revoked if s.shared => Some("git gatos sync".into()),
            State::Granted => Some(format!("git gatos grant verify {id}")),
            State::Expired | State::Revoked => None,
        }
    }
}

/// `granted 2 of 2 (@leads)`
fn progress(s: &Standing) -> String {
    let required = &s.case.proposal.required;
    format!("{} {} of {} (@{})", s.state.as_str(), s.case.have(), required.n, required.group)
}

fn line(s: &Standing, page: &mut Page<'_>) -> io::Result<()> {
    let proposal = &s.case.proposal;
    let ink = if s.state == State::Granted { Ink::Good } else { Ink::Faint };
    let (id, progress) = (page.ink(Ink::Name, &s.case.id.hex()[..SHORT]), page.ink(ink, progress(s)));
    writeln!(page, "{id} {progress} until {}", proposal.expire_at)?;
    writeln!(page, "  {} {} asked by {}", proposal.action, proposal.target, proposal.created_by)
}

impl View for ShownProposal {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        let s = &self.0;
        line(s, page)?;
        for vote in &s.case.votes {
            let void = vote.void.as_ref().map_or(String::new(), |why| format!(" (does not count: {})", plain(why)));
            writeln!(page, "  approved by {}{void}", vote.actor)?;
        }
        if let Some(issued) = s.case.issued() {
            writeln!(page, "  grant {}", page.ink(Ink::Name, issued.id))?;
        }
        if let Some(end) = s.case.revocation() {
            writeln!(page, "  revoked by {}: {}", end.document.revoked_by, plain(&end.document.reason))?;
        }
        self.next().map_or(Ok(()), |next| writeln!(page, "next   {next}"))
    }

    fn json(&self) -> Value {
        let s = &self.0;
        let proposal = &s.case.proposal;
        let mut map = Map::new();
        map.insert("proposal_id", Value::text(s.case.id));
        map.insert("action", proposal.action.as_str());
        map.insert("target", proposal.target.as_str());
        map.insert("required_quorum", Value::text(&proposal.required));
        map.insert("state", s.state.as_str());
        map.insert("have", s.case.have());
        map.insert("need", proposal.required.n);
        map.insert("expire_at", Value::text(proposal.expire_at));
        map.insert("created_by", proposal.created_by.as_str());
        map.insert("trust_root", Value::text(proposal.trust_root));
        map.insert("approvals", Value::list(s.case.votes.iter().map(approval)));
        if let Some(issued) = s.case.issued() {
            map.insert("grant_id", Value::text(issued.id));
            map.insert("proof_of_consensus", Value::text(issued.grant.proof));
        }
        if let Some(end) = s.case.revocation() {
            let by = end.document.revoked_by.as_str();
            map.insert("revoked", Value::map([("by", by.into()), ("reason", end.document.reason.as_str().into())]));
        }
        Value::Map(map)
    }
}

fn approval(vote: &Vote) -> Value {
    let mut map = Map::new();
    map.insert("approval_id", Value::text(vote.id));
    map.insert("actor", vote.actor.as_str());
    map.insert("signer", Value::text(vote.key));
    map.insert("at", Value::text(vote.said_at));
    if let Received::At(at, _) = vote.received {
        map.insert("received_at", Value::text(at));
    }
    map.insert("counts", vote.void.is_none());
    if let Some(why) = &vote.void {
        map.insert("why", why.as_str());
    }
    Value::Map(map)
}

/// Every proposal.
pub struct ListedProposals(pub Vec<Standing>);

impl View for ListedProposals {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        self.0.iter().try_for_each(|s| line(s, page))
    }

    fn json(&self) -> Value {
        let shown = self.0.iter().map(|s| ShownProposal(s.clone()).json());
        Value::map([("proposals", Value::list(shown))])
    }
}

/// Whether a grant allows anything, and why.
pub struct VerifiedGrant(pub Standing);

impl VerifiedGrant {
    pub fn stands(&self) -> bool {
        self.0.state == State::Granted
    }

    /// Why it allows nothing.
    fn why(&self) -> Option<String> {
        let case = &self.0.case;
        match self.0.state {
            State::Granted => None,
            State::Expired => Some(format!("it ended {}", case.proposal.expire_at)),
            State::Revoked => {
                case.revocation().map(|end| format!("{} revoked it: {}", end.document.revoked_by, end.document.reason))
            }
            State::Proposal | State::Partial => Some(match case.grants.first().and_then(|grant| grant.void.as_ref()) {
                Some(void) => format!("its proof does not hold: {void}"),
                None => format!("{} of {} agreed, and nothing is granted", case.have(), case.proposal.required),
            }),
        }
    }
}

impl View for VerifiedGrant {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        let s = &self.0;
        let proposal = &s.case.proposal;
        let verdict = if self.stands() { page.ink(Ink::Good, "VALID") } else { page.ink(Ink::Bad, "NOT VALID") };
        writeln!(page, "{verdict} {} for {}", proposal.action, proposal.target)?;
        if let Some(issued) = s.case.issued() {
            writeln!(page, "  grant    {}", issued.id)?;
        }
        let actors: Vec<&str> = s.case.counted().keys().map(|actor| actor.as_str()).collect();
        writeln!(
            page,
            "  consent  {} by {}",
            proposal.required,
            if actors.is_empty() { "nobody".into() } else { actors.join(" ") }
        )?;
        match s.unjudged() {
            0 => writeln!(page, "  expiry   {}, judged by receipts", proposal.expire_at)?,
            n => writeln!(page, "  expiry   {}, not judged: {n} approvals have no receipt", proposal.expire_at)?,
        }
        self.why().map_or(Ok(()), |why| writeln!(page, "  because  {}", plain(why)))
    }

    fn json(&self) -> Value {
        let s = &self.0;
        let mut map = Map::new();
        map.insert("valid", self.stands());
        map.insert("state", s.state.as_str());
        map.insert("expiry_judged", s.unjudged() == 0);
        if let Some(why) = self.why() {
            map.insert("reason", why);
        }
        map.insert("proposal", ShownProposal(s.clone()).json());
        Value::Map(map)
    }
}
