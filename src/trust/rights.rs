//! What the graph says about actors and keys: who holds what, which keys still stand, what a revocation leaves.

use super::graph::Graph;
use super::revocation::{Revocation, Target};
use super::statement::{Said, Statement};
use super::{Cap, Grant};
use crate::id::{Actor, Cid, Oid, PublicKey, Segment, Timestamp, Writer};
use std::collections::HashMap;
use std::fmt;

/// What a gate must hold.
pub const GIVE_RECEIPTS: &str = "gate:receipt";
/// The last second that a time can name: what is held then is held for ever.
const LAST_SECOND: i64 = 253_402_300_799;

/// How it came about that a key stands for its actor no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    Revoked,
    /// This version of the graph took it away.
    Removed {
        version: u32,
    },
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ended::Revoked => f.write_str("was revoked"),
            Ended::Removed { version } => write!(f, "was removed in trust version {version}"),
        }
    }
}

/// What the revocation of a key takes from a journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Void {
    /// All of it.
    All,
    /// What comes behind the one of these events that the journal holds; all of it where it holds none of them.
    After(Vec<Cid>),
}

/// Why a grant gives nothing at some time, or that it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantState {
    Counts,
    Revoked,
    Expired,
    /// The key that signed it was revoked.
    KeyRevoked,
    /// The issuer does not hold it, or may not hand it on, any more.
    Baseless,
}

impl GrantState {
    pub fn as_str(self) -> &'static str {
        match self {
            GrantState::Counts => "counts",
            GrantState::Revoked => "revoked",
            GrantState::Expired => "expired",
            GrantState::KeyRevoked => "key-revoked",
            GrantState::Baseless => "baseless",
        }
    }
}

/// Capabilities by who holds them through grants.
type Held<'g> = HashMap<&'g Actor, Vec<&'g Cap>>;

impl Graph {
    /// Whether a key stands for an actor who may give receipts of pushes. Roots hold that only where it was granted.
    pub fn gives_receipts(&self, actor: &Actor, key: &PublicKey, at: &Timestamp) -> bool {
        self.stands(actor, key) && self.is_gate(actor, at)
    }

    /// Whether an actor may give receipts, whatever key signs them.
    pub fn is_gate(&self, actor: &Actor, at: &Timestamp) -> bool {
        GIVE_RECEIPTS.parse::<Cap>().is_ok_and(|cap| self.holds(actor, &cap, Some(at)))
    }

    /// Whether anybody with a key that stands may give receipts of pushes.
    pub fn knows_a_gate(&self, at: &Timestamp) -> bool {
        let Ok(cap) = GIVE_RECEIPTS.parse::<Cap>() else { return false };
        let stands = |actor: &Actor| self.keys_of(actor).iter().any(|key| !self.is_revoked(key));
        let held = self.held_at(Some(at));
        held.iter().any(|(actor, held)| held.iter().any(|held| held.covers(&cap)) && stands(actor))
    }

    /// Accepted grants, in the order of the chain.
    pub fn grants(&self) -> impl Iterator<Item = (&Statement, &Grant)> {
        self.statements().iter().filter_map(|s| match &s.said {
            Said::Grant(grant) => Some((s.as_ref(), grant)),
            Said::Revocation(_) => None,
        })
    }

    /// Accepted revocations, in the order of the chain.
    pub fn revocations(&self) -> impl Iterator<Item = (&Statement, &Revocation)> {
        self.statements().iter().filter_map(|s| match &s.said {
            Said::Revocation(revocation) => Some((s.as_ref(), revocation)),
            Said::Grant(_) => None,
        })
    }

    /// What an actor holds at a time; without one, expiry is not judged. All that a root holds is the one capability `*:*`.
    pub fn caps_of(&self, actor: &Actor, at: Option<&Timestamp>) -> Vec<Cap> {
        let mut caps: Vec<Cap> = Vec::new();
        if self.is_root(actor) {
            caps.push(Cap::of_roots());
        }
        if let Some(held) = self.held_at(at).remove(actor) {
            caps.extend(held.into_iter().cloned());
        }
        caps.sort();
        caps.dedup();
        caps
    }

    /// Whether an actor holds a capability at a time; without one, expiry is not judged.
    pub fn holds(&self, actor: &Actor, asked: &Cap, at: Option<&Timestamp>) -> bool {
        (self.is_root(actor) && Cap::of_roots().covers(asked))
            || self.held_at(at).get(actor).is_some_and(|held| held.iter().any(|cap| cap.covers(asked)))
    }

    /// The groups of the newest version that an actor is a member of.
    pub fn groups_of(&self, actor: &Actor) -> Vec<Segment> {
        let groups = self.current().groups.iter().filter(|(_, members)| members.contains(actor));
        groups.map(|(name, _)| name.clone()).collect()
    }

    /// What the revocation of a key leaves of a writer's journals; `None` where the key is not revoked.
    pub fn void_from(&self, writer: &Writer, key: &PublicKey) -> Option<Void> {
        let revocation = self.revocation_of(key)?;
        let named = revocation.from.as_ref().and_then(|from| from.get(writer));
        Some(named.map_or(Void::All, |last| Void::After(last.clone())))
    }

    /// The revocation of a key that decides: the last one that the roots signed, else the first one.
    pub fn revocation_of(&self, key: &PublicKey) -> Option<&Revocation> {
        match &self.revoking(key)?.said {
            Said::Revocation(revocation) => Some(revocation),
            Said::Grant(_) => None,
        }
    }

    /// Whether a key was revoked by what stands up to one of the commits.
    pub fn was_revoked_at(&self, key: &PublicKey, commit: Oid) -> bool {
        let place = |of: Oid| self.commits().iter().position(|c| *c == of);
        let Some(end) = place(commit) else { return self.is_revoked(key) };
        let of_key = |s: &&Statement| matches!(&s.said, Said::Revocation(r) if r.target == Target::Key(*key));
        self.statements().iter().map(|s| s.as_ref()).filter(of_key).any(|s| place(s.commit).is_some_and(|at| at <= end))
    }

    pub fn is_revoked(&self, key: &PublicKey) -> bool {
        self.revoking(key).is_some()
    }

    /// Whether a key may speak for an actor now: it stands for him in the newest version and is not revoked.
    pub fn stands(&self, actor: &Actor, key: &PublicKey) -> bool {
        self.keys_of(actor).contains(key) && !self.is_revoked(key)
    }

    /// How a key ended that may speak for an actor no more.
    pub fn ended(&self, actor: &Actor, key: &PublicKey) -> Option<Ended> {
        if self.is_revoked(key) {
            return Some(Ended::Revoked);
        }
        if !self.knows(actor, key) {
            return None;
        }
        let last = self.versions().iter().rposition(|v| v.doc.keys_of(actor).contains(key))?;
        self.versions().get(last + 1).map(|v| Ended::Removed { version: v.doc.version })
    }

    /// How many roots of the newest version are among the signers, with keys that are not revoked.
    pub fn votes(&self, signers: &[PublicKey]) -> usize {
        let good: Vec<PublicKey> = signers.iter().filter(|key| !self.is_revoked(key)).copied().collect();
        self.current().votes(&good)
    }

    /// Whether the roots of some version signed to their threshold: what was theirs to sign stays signed when roots and keys
    /// change. Without a receipt nobody can tell what a revoked key signed before its revocation, so it counts here.
    pub fn was_signed_by_roots(&self, signers: &[PublicKey]) -> bool {
        self.versions().iter().any(|v| v.doc.votes(signers) >= v.doc.roots.threshold as usize)
    }

    /// Whose a key is: the actor for whom it stands in the newest version that has it.
    pub fn owner(&self, key: &PublicKey) -> Option<&Actor> {
        self.versions().iter().rev().find_map(|v| v.doc.holder(key))
    }

    /// Who may end something without the roots: the issuer of a grant, the owner of a key.
    pub(super) fn owner_of(&self, target: &Target) -> Option<&Actor> {
        match target {
            Target::Grant(ulid) => self.grants().find(|(_, g)| g.ulid == *ulid).map(|(_, g)| &g.issuer),
            Target::Key(key) => self.owner(key),
        }
    }

    /// Whose word a statement is where the roots did not sign it.
    pub(super) fn speaker<'g>(&'g self, said: &'g Said) -> Option<&'g Actor> {
        match said {
            Said::Grant(grant) => Some(&grant.issuer),
            Said::Revocation(revocation) => self.owner_of(&revocation.target),
        }
    }

    pub(super) fn has_ended(&self, target: &Target) -> bool {
        match target {
            Target::Grant(ulid) => self.is_ended(*ulid),
            Target::Key(key) => self.is_revoked(key),
        }
    }

    /// Whether a grant gives anything at a time.
    pub fn grant_state(&self, statement: &Statement, grant: &Grant, at: Option<&Timestamp>) -> GrantState {
        if self.is_ended(grant.ulid) {
            return GrantState::Revoked;
        }
        if !self.is_signed(statement, grant) {
            return GrantState::KeyRevoked;
        }
        if grant.exp.is_some_and(|exp| at.is_some_and(|at| *at >= exp)) {
            return GrantState::Expired;
        }
        match grant.caps.iter().any(|cap| self.may_give(&grant.issuer, cap, at)) {
            true => GrantState::Counts,
            false => GrantState::Baseless,
        }
    }

    /// Whether an actor may give a capability at a time. Roots may give what they do not hold themselves: receipts.
    pub(super) fn may_give(&self, issuer: &Actor, cap: &Cap, at: Option<&Timestamp>) -> bool {
        self.is_root(issuer) || may_give(self.held_at(at).get(issuer), cap)
    }

    /// The same up to the end of a grant: nobody gives for longer than he holds.
    pub(super) fn may_give_until(&self, issuer: &Actor, cap: &Cap, exp: Option<Timestamp>) -> bool {
        let last = exp.map_or(LAST_SECOND, |exp| exp.unix() - 1).max(0);
        self.may_give(issuer, cap, Timestamp::from_unix(last).as_ref())
    }

    fn is_signed(&self, statement: &Statement, grant: &Grant) -> bool {
        statement.signers.iter().any(|key| self.knows(&grant.issuer, key) && !self.is_revoked(key))
    }

    /// What each actor holds through grants that count: those of roots, and then, until nothing is new, those of whoever
    /// holds what he gives. A circle of grants that no root began holds nothing.
    fn held_at(&self, at: Option<&Timestamp>) -> Held<'_> {
        let stands = |(statement, grant): &(&Statement, &Grant)| {
            let lapsed = grant.exp.is_some_and(|exp| at.is_some_and(|at| *at >= exp));
            !lapsed && !self.is_ended(grant.ulid) && self.is_signed(statement, grant)
        };
        let grants: Vec<&Grant> = self.grants().filter(stands).map(|(_, grant)| grant).collect();
        let mut open: Vec<(&Grant, &Cap)> = grants.iter().flat_map(|g| g.caps.iter().map(move |c| (*g, c))).collect();
        let mut held = Held::new();
        loop {
            let before = open.len();
            open.retain(|(grant, cap)| {
                let counts = self.is_root(&grant.issuer) || may_give(held.get(&grant.issuer), cap);
                if counts {
                    held.entry(&grant.subject).or_default().push(cap);
                }
                !counts
            });
            if open.len() == before {
                return held;
            }
        }
    }
}

fn may_give(held: Option<&Vec<&Cap>>, cap: &Cap) -> bool {
    let covers = |asked: &Cap| held.is_some_and(|held| held.iter().any(|h| h.covers(asked)));
    covers(cap) && covers(&Cap::to_grant())
}
