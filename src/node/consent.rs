use super::error::{DIGITS_MIN, NodeError};
use super::identity::Identity;
use super::open::Node;
use super::receipts::Receipts;
use crate::canon::{Map, Value};
use crate::git::{Expected, GitError, Move, Place, Plane, ProofKind, RefName, Scope};
use crate::id::{Actor, Ns, Oid, Seconds, Segment, Timestamp};
use crate::policy::consent::{
    Approval, Case, Consents, Docket, Document, Found, Grant, Proof, Proposal, Received, Required, Revocation, State,
    members_at, members_now, read_signed, tell, write, write_signed,
};
use crate::policy::{Bundle, Decision, FactsOf, Governed, Intent, Judge, Judgement, Quorum, Verb, record};
use crate::trust::Signer;

/// How long a proposal stands where neither the caller nor the bundle says.
const TTL: Seconds = Seconds(72 * 3600);

/// What somebody wants to be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    pub action: String,
    pub target: String,
    /// Where it is not given, the active bundle says.
    pub required: Option<Required>,
    pub ttl: Option<Seconds>,
}

/// What came of a word.
#[derive(Debug, Clone, PartialEq)]
pub enum Spoken {
    Done(Box<Standing>),
    /// The policy refused, and the refusal is on record in this commit.
    Denied {
        decision: Decision,
        audit: Oid,
    },
}

/// A proposal as it stands here.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    pub case: Case,
    pub state: State,
    /// By which it is judged.
    pub now: Timestamp,
    /// Whether this clone's actor has agreed.
    pub agreed: bool,
    /// Whether others hear of it by `sync` alone: this clone has a remote to sync with.
    pub shared: bool,
    /// A proof of it that is here and holds.
    proof: Option<Proof>,
}

impl Standing {
    /// Approvals that count and have no receipt: that they were in time, their signers alone say.
    pub fn unjudged(&self) -> usize {
        self.case.counted().values().filter(|vote| vote.received == Received::Unknown).count()
    }

    fn of(docket: &Docket, case: &Case, now: Timestamp, who: Option<&Actor>, shared: bool) -> Standing {
        let agreed = who.is_some_and(|who| case.counted().contains_key(who));
        let proof = docket.proof_for(&case.id).cloned();
        Standing { state: case.state(now), case: case.clone(), now, agreed, shared, proof }
    }
}

impl Node {
    /// Every proposal that is here, own and fetched. What is not taken is noticed.
    fn docket(&self, receipts: &Receipts) -> Result<Docket, NodeError> {
        let found: Vec<Found> = self.consent_refs(receipts)?;
        let docket = Docket::gather(self.reader(), self.graph(), &found);
        for ended in &docket.refused {
            self.notice(format!("{} does not count: {}", ended.name, ended.fault));
        }
        Ok(docket)
    }

    /// Every proposal that is here, judged without looking into receipts.
    pub(super) fn docket_of_refs(&self) -> Result<Docket, NodeError> {
        let found = self.consent_refs(&Receipts::default())?;
        Ok(Docket::gather(self.reader(), self.graph(), &found))
    }

    pub(super) fn consent_refs(&self, receipts: &Receipts) -> Result<Vec<Found>, NodeError> {
        let refs = self.store().refs(&Scope::Consents)?;
        let received = |name: &RefName, tip| {
            receipts.of(name, tip).map_or(Received::Unknown, |entered| Received::At(entered.at, entered.trust))
        };
        let mut found: Vec<Found> = refs
            .into_iter()
            .map(|(name, tip)| {
                let received = received(&name, tip);
                (name, tip, received)
            })
            .collect();
        // What the authority holds was accepted first: it goes before what this clone made.
        let authority = self.authority()?;
        found.sort_by_key(|(name, ..)| match &name.place {
            Place::Tracking(remote) if Some(remote) == authority.as_ref() => 0,
            Place::Own => 1,
            Place::Tracking(_) => 2,
        });
        Ok(found)
    }

    /// What rules of a bundle may read of consent; nothing is read where none does.
    pub(super) fn consents(&self, bundle: &Bundle) -> Result<Option<Consents>, NodeError> {
        if !Consents::are_read(bundle) {
            return Ok(None);
        }
        let mut found = self.consent_refs(&Receipts::default())?;
        // An approval by a revoked key counts for nothing; whether such a key could end a grant, receipts alone tell.
        let matters =
            |(name, ..): &Found| matches!(&name.plane, Plane::Revocation { writer, .. } if self.is_voided(writer));
        if found.iter().any(matters) {
            found = self.consent_refs(&self.receipts()?)?;
        }
        let docket = Docket::gather(self.reader(), self.graph(), &found);
        Ok(Some(Consents::of(&docket, &bundle.governance()?, self.ambient().now())))
    }

    /// Every proposal, those that end first before the others.
    pub fn proposals(&self) -> Result<Vec<Standing>, NodeError> {
        let (docket, now) = (self.docket(&self.receipts()?)?, self.ambient().now());
        // Who only looks needs no key.
        let who = self.identity().ok().map(|identity| identity.actor);
        let shared = self.has_authority()?;
        let standing = |case| Standing::of(&docket, case, now, who.as_ref(), shared);
        let mut all: Vec<Standing> = docket.cases().map(standing).collect();
        all.sort_by_key(|s| (s.case.proposal.expire_at, s.case.id));
        Ok(all)
    }

    /// The proposal of which these are the first digits, or those of one of its grants.
    pub fn find_proposal(&self, text: &str) -> Result<Standing, NodeError> {
        let hex = text.strip_prefix("blake3:").unwrap_or(text);
        let mut all = self.proposals()?;
        all.retain(|s| {
            s.case.id.hex().starts_with(hex) || s.case.grants.iter().any(|grant| grant.id.hex().starts_with(hex))
        });
        match all.len() {
            1 if hex.len() >= DIGITS_MIN => Ok(all.remove(0)),
            1 => Err(NodeError::TooShort { what: text.to_owned() }),
            0 => Err(NodeError::NoProposal { what: text.to_owned() }),
            _ => {
                let choices = all.iter().map(|s| s.case.id.to_string()).collect();
                Err(NodeError::Ambiguous { what: text.to_owned(), choices })
            }
        }
    }

    /// Asks a group for its consent to one act.
    pub fn propose(&self, ask: &Ask) -> Result<Spoken, NodeError> {
        let bundle = self.bundle()?;
        let ask = &Ask { target: self.act_meant(&ask.target)?, ..ask.clone() };
        let (required, ttl) = self.terms(ask, &bundle)?;
        let identity = self.identity()?;
        if let Some(denied) = self.denied(bundle, Verb::Propose, &identity, &ask.action, &ask.target)? {
            return Ok(denied);
        }
        let now = self.ambient().now();
        let end = i64::try_from(ttl.0).ok().and_then(|ttl| now.unix().checked_add(ttl));
        let expire_at = end.and_then(Timestamp::from_unix).ok_or(NodeError::Terms {
            why: "a proposal ends before the year 10000; give a shorter --ttl".to_owned(),
        })?;
        let proposal = Proposal {
            repo: self.repo(),
            action: ask.action.clone(),
            target: ask.target.clone(),
            required,
            expire_at,
            created_by: identity.actor.clone(),
            trust_root: self.graph().tip(),
        };
        // Read back: what a reader would refuse is not written.
        let proposal = Proposal::parse(&proposal.encode()).map_err(|e| NodeError::Terms { why: e.to_string() })?;
        let commit = write_signed(self.store(), &proposal, &identity.actor, &self.signer(&identity)?, now)?;
        let same = |held| {
            read_signed(self.reader(), held, |p: &Proposal| p.created_by.clone()).is_ok_and(|s| s.document == proposal)
        };
        self.create(&RefName::own(Plane::Proposal(proposal.id())), commit, &same)?;
        Ok(Spoken::Done(Box::new(self.find_proposal(&proposal.id().hex())?)))
    }

    /// Whose word is asked for, and for how long: as the caller says, but never less than the active bundle wants.
    fn terms(&self, ask: &Ask, bundle: &Bundle) -> Result<(Required, Seconds), NodeError> {
        let refuse = |why: String| Err(NodeError::Terms { why });
        let governance = bundle.governance()?;
        let governed = governance.actions.get(&ask.action);
        let required = match (&ask.required, governed) {
            (Some(required), _) => required.clone(),
            (None, Some(governed)) => self.governed(&ask.action, governed)?,
            (None, None) => self.required_by_rules(&ask.action, bundle)?,
        };
        let Some(members) = members_now(self.graph(), &required.group) else {
            return refuse(format!("the trust graph has no group {}; see git gatos trust show", required.group));
        };
        if members.len() != required.m as usize || required.n > required.m {
            let of = format!("{}-of-{}@{}", required.n, members.len(), required.group);
            return refuse(format!("@{} has {} members: {required} should be {of}", required.group, members.len()));
        }
        if governed.is_some() && !governance.admits(&ask.action, &required) {
            return refuse(format!(
                "the active policy wants more for {} than {required}; leave --quorum out",
                ask.action
            ));
        }
        if governed.is_none() && ask.required.is_some() {
            let rules = "only rules that say `require` themselves see such a grant";
            self.notice(format!("the governance of the active policy does not name {}: {rules}", ask.action));
        }
        if let (Some(ttl), Some(governed)) = (ask.ttl, governed)
            && ttl.0 > governed.ttl.0
        {
            return refuse(format!(
                "the active policy lets {} stand for {} seconds, not for {}; leave --ttl out",
                ask.action, governed.ttl.0, ttl.0
            ));
        }
        match ask.ttl.or(governed.map(|g| g.ttl)).unwrap_or(TTL) {
            Seconds(0) => refuse("a proposal stands for longer than nothing".into()),
            ttl => Ok((required, ttl)),
        }
    }

    /// What rules want that say `require` of an action: the most that one asks for.
    fn required_by_rules(&self, action: &str, bundle: &Bundle) -> Result<Required, NodeError> {
        let refuse = |why: String| Err(NodeError::Terms { why });
        let asked = bundle.rules().iter().flat_map(|rule| rule.requires()).filter(|(.., about)| *about == action);
        let mut asked: Vec<(u32, &str)> = asked.map(|(least, group, _)| (least, group)).collect();
        asked.sort();
        let Some(&(n, group)) = asked.last() else {
            return refuse(format!(
                "the active policy says nothing of {action}: say whose word it wants, such as --quorum 2-of-3@leads"
            ));
        };
        if asked.iter().any(|(_, other)| *other != group) {
            let all: Vec<String> = asked.iter().map(|(least, group)| format!("{least} of @{group}")).collect();
            return refuse(format!(
                "rules want {} for {action}, and a proposal asks one group: say which, such as --quorum 2-of-3@leads",
                all.join(" and ")
            ));
        }
        let group: Segment = group.parse()?;
        let m = members_now(self.graph(), &group).map_or(0, |members| u32::try_from(members.len()).unwrap_or(0));
        Ok(Required { n, m, group })
    }

    fn governed(&self, action: &str, governed: &Governed) -> Result<Required, NodeError> {
        let members = |group| members_now(self.graph(), group).map_or(0, |m| u32::try_from(m.len()).unwrap_or(0));
        match &governed.quorum {
            Quorum::AtLeast { n, group } => Ok(Required { n: *n, m: members(group), group: group.clone() }),
            Quorum::AllOf(groups) => match &groups[..] {
                [group] => Ok(Required { n: members(group), m: members(group), group: group.clone() }),
                _ => Err(NodeError::Terms {
                    why: format!("{action} wants all of several groups, and a proposal asks one group"),
                }),
            },
        }
    }

    /// Agrees to a proposal with this clone's key, and grants it where that is enough. Saying it again changes nothing.
    pub fn approve(&self, text: &str) -> Result<Spoken, NodeError> {
        let standing = self.find_proposal(text)?;
        let (case, identity) = (&standing.case, self.identity()?);
        let proposal = &case.proposal;
        let said = case.votes.iter().any(|v| v.key == identity.key && v.void.is_none());
        let open = matches!(standing.state, State::Proposal | State::Partial);
        if !said || open {
            self.may_approve(&standing, &identity.actor)?;
        }
        if !said {
            let (action, target) = (&proposal.action, &proposal.target);
            if let Some(denied) = self.denied(self.bundle()?, Verb::Approve, &identity, action, target)? {
                return Ok(denied);
            }
            let approval = Approval {
                repo: self.repo(),
                proposal_id: case.id,
                signer: identity.key,
                expires_at: proposal.expire_at,
            };
            let now = self.ambient().now();
            let commit = write_signed(self.store(), &approval, &identity.actor, &self.signer(&identity)?, now)?;
            let writer = self.writer(&identity, &Ns::main())?;
            let same = |held| {
                let read = read_signed(self.reader(), held, |_: &Approval| identity.actor.clone());
                read.is_ok_and(|s| s.document == approval)
            };
            self.create(&RefName::own(Plane::Approval { proposal: case.id, writer }), commit, &same)?;
        }
        let standing = self.find_proposal(&case.id.hex())?;
        self.settle_grant(&standing)?;
        Ok(Spoken::Done(Box::new(self.find_proposal(&case.id.hex())?)))
    }

    fn may_approve(&self, standing: &Standing, actor: &Actor) -> Result<(), NodeError> {
        let (id, proposal) = (standing.case.id, &standing.case.proposal);
        let refuse = |why: String| Err(NodeError::Consent { id, why });
        let group = &proposal.required.group;
        let asked = members_at(self.graph(), proposal.trust_root, group).unwrap_or_default();
        match standing.state {
            State::Expired => refuse(format!("it ended {}; propose it again", proposal.expire_at)),
            State::Revoked => refuse("what it granted was revoked; propose it again".into()),
            _ if !asked.contains(actor) => refuse(format!("it asks @{group}, and {actor} was not a member")),
            _ => Ok(()),
        }
    }

    /// Makes the grant of a proposal that has enough approvals and none yet.
    fn settle_grant(&self, standing: &Standing) -> Result<(), NodeError> {
        let case = &standing.case;
        if standing.state != State::Partial {
            return Ok(());
        }
        // A proof that is here and holds goes before another one of the same.
        let Some(proof) = standing.proof.clone().or_else(|| case.provable()) else { return Ok(()) };
        let grant = Grant { repo: self.repo(), proposal_id: case.id, proof: proof.digest() };
        let (granted, proven) = write(self.store(), &grant, &proof, case.proposal.expire_at)?;
        let to = |plane: Plane, new: Oid| -> Result<Move, NodeError> {
            let name = RefName::own(plane);
            let expected = self.store().resolve(&name)?.map_or(Expected::Absent, Expected::At);
            Ok(Move { name: name.to_string(), expected, new: Some(new) })
        };
        let proof = to(Plane::AuditProof { kind: ProofKind::Governance, id: case.id }, proven)?;
        // Both or none: a proof that stands alone would keep another one out.
        match self.store().transact(&[proof, to(Plane::Grant(grant.id()), granted)?]) {
            Err(moved @ GitError::Moved { .. }) => match self.find_proposal(&case.id.hex())?.case.issued() {
                // Somebody else has made it in between.
                Some(_) => Ok(()),
                None => Err(moved.into()),
            },
            other => Ok(other?),
        }
    }

    /// Ends what a proposal granted.
    pub fn revoke_grant(&self, text: &str, reason: &str) -> Result<Standing, NodeError> {
        let standing = self.find_proposal(text)?;
        let (case, identity) = (&standing.case, self.identity()?);
        let refuse = |why: String| Err(NodeError::Consent { id: case.id, why });
        let Some(issued) = case.issued() else {
            return refuse(format!(
                "nothing was granted yet, so that nothing can be revoked; it ends by itself {}",
                case.proposal.expire_at
            ));
        };
        if standing.state == State::Revoked {
            return Ok(standing);
        }
        if !case.may_revoke(self.graph(), &identity.actor) {
            return refuse(format!("{} neither asked nor was asked, and is no root", identity.actor));
        }
        let revocation = Revocation {
            repo: self.repo(),
            grant_id: issued.id,
            reason: reason.to_owned(),
            revoked_by: identity.actor.clone(),
        };
        let (signer, now) = (self.signer(&identity)?, self.ambient().now());
        let commit = write_signed(self.store(), &revocation, &identity.actor, &signer, now)?;
        let writer = self.writer(&identity, &Ns::main())?;
        let same = |held| {
            let read = read_signed(self.reader(), held, |r: &Revocation| r.revoked_by.clone());
            read.is_ok_and(|s| s.document.grant_id == issued.id && s.document.revoked_by == identity.actor)
        };
        self.create(&RefName::own(Plane::Revocation { grant: issued.id, writer }), commit, &same)?;
        self.find_proposal(&case.id.hex())
    }

    /// Creates a ref that says one thing once. That the same is said there already is as good; something else is not.
    fn create(&self, name: &RefName, commit: Oid, same: &dyn Fn(Oid) -> bool) -> Result<(), NodeError> {
        match self.store().update(name, Expected::Absent, commit) {
            Err(GitError::Moved { found: Some(held), .. }) if held == commit || same(held) => Ok(()),
            other => Ok(other?),
        }
    }

    /// The refusal of the policy, on record; it is asked only where a rule names such an act.
    fn denied(
        &self,
        bundle: Bundle,
        verb: Verb,
        identity: &Identity,
        action: &str,
        target: &str,
    ) -> Result<Option<Spoken>, NodeError> {
        if !bundle.names(verb, action) {
            return Ok(None);
        }
        let mut fields = Map::new();
        fields.insert("actor", identity.actor.as_str());
        fields.insert("key", Value::text(identity.key));
        fields.insert("type", action);
        fields.insert("target", target);
        let intent = Intent::act(verb, fields);
        let facts = FactsOf::actor(self.graph(), &identity.actor, &identity.key, None);
        let facts = tell(self.consents(&bundle)?.as_ref(), facts, Some(target))?;
        match Judge::new(bundle, None).decide(&intent, &facts, self.graph().tip())? {
            Judgement::Allowed(_) => Ok(None),
            Judgement::Refused(decision) => {
                let audit = self.record_act(&decision, &intent, identity, &self.signer(identity)?)?;
                Ok(Some(Spoken::Denied { decision: *decision, audit }))
            }
        }
    }

    pub(super) fn record_act(
        &self,
        decision: &Decision,
        intent: &Intent<'_>,
        identity: &Identity,
        signer: &Signer,
    ) -> Result<Oid, NodeError> {
        let writer = self.writer(identity, &Ns::main())?;
        Ok(record(self.store(), self.ambient(), &self.repo(), &writer, signer, decision, intent, false)?)
    }
}
