use crate::canon::{Map, Value};
use crate::id::{Actor, Oid, PublicKey};
use crate::policy::Verdict;

/// Why one ref of a push may not move.
#[derive(Debug, Clone, PartialEq)]
pub struct Denial {
    pub name: String,
    pub verdict: Verdict,
    pub rule: String,
    pub reason: String,
    pub hint: Option<String>,
    /// What the rule read.
    pub facts: Map,
    /// What was judged, where a policy judged it: without payload.
    pub intent: Option<Map>,
    /// The commit at fault, where one is.
    pub commit: Option<Oid>,
    /// Who wrote what is refused, where that is known.
    pub actor: Option<Actor>,
    pub key: Option<PublicKey>,
}

impl Denial {
    /// A refusal of the gate's own: one that no policy can lift.
    pub(super) fn of(name: &str, rule: &str, reason: impl Into<String>) -> Denial {
        Denial {
            name: name.to_owned(),
            verdict: Verdict::Deny,
            rule: rule.to_owned(),
            reason: reason.into(),
            hint: None,
            facts: Map::new(),
            intent: None,
            commit: None,
            actor: None,
            key: None,
        }
    }

    /// A ref that is no longer where the pusher saw it, or will not be.
    pub(super) fn moved(name: &str) -> Denial {
        Denial::of(name, "ref.moved", "it has moved since this push began").hint("fetch, then push again")
    }

    /// So much of the name as is repeated to people.
    pub fn short_name(&self) -> String {
        cut(&self.name)
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Denial {
        self.hint = Some(hint.into());
        self
    }

    pub(super) fn fact(mut self, name: &str, value: impl Into<Value>) -> Denial {
        self.facts.insert(name, value);
        self
    }

    pub(super) fn at(mut self, commit: Oid) -> Denial {
        self.commit = Some(commit);
        self
    }

    pub(super) fn by(mut self, actor: &Actor, key: &PublicKey) -> Denial {
        self.actor = Some(actor.clone());
        self.key = Some(*key);
        self
    }
}

/// What came of judging one ref.
pub(super) type Judged = Result<(), Box<Denial>>;

/// So much of a pushed name as is repeated.
pub(super) fn cut(name: &str) -> String {
    name.chars().take(200).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
