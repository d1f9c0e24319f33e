use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

/// What an intent does. Every act that a policy is asked about has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    Emit,
    Push,
    Publish,
    JobEnqueue,
    JobClaim,
    StateCheckpoint,
    PolicyActivate,
    TrustUpdate,
    Propose,
    Approve,
}

impl Verb {
    pub const ALL: [Verb; 10] = [
        Verb::Emit,
        Verb::Push,
        Verb::Publish,
        Verb::JobEnqueue,
        Verb::JobClaim,
        Verb::StateCheckpoint,
        Verb::PolicyActivate,
        Verb::TrustUpdate,
        Verb::Propose,
        Verb::Approve,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Verb::Emit => "emit",
            Verb::Push => "push",
            Verb::Publish => "publish",
            Verb::JobEnqueue => "job.enqueue",
            Verb::JobClaim => "job.claim",
            Verb::StateCheckpoint => "state.checkpoint",
            Verb::PolicyActivate => "policy.activate",
            Verb::TrustUpdate => "trust.update",
            Verb::Propose => "propose",
            Verb::Approve => "approve",
        }
    }

    /// The field of an intent that a rule names behind the verb; `None` where there is one such thing in a repository.
    pub fn subject(self) -> Option<&'static str> {
        match self {
            Verb::Emit | Verb::StateCheckpoint | Verb::JobEnqueue | Verb::JobClaim => Some("ns"),
            Verb::Push => Some("ref"),
            Verb::Publish => Some("topic"),
            // The action that is proposed.
            Verb::Propose | Verb::Approve => Some("type"),
            Verb::PolicyActivate | Verb::TrustUpdate => None,
        }
    }
}

impl Display for Verb {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is no verb.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoVerb;

impl Display for NoVerb {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = Verb::ALL.iter().map(|v| v.as_str()).collect();
        write!(f, "the verbs are {}", names.join(" "))
    }
}

impl std::error::Error for NoVerb {}

impl FromStr for Verb {
    type Err = NoVerb;
    fn from_str(text: &str) -> Result<Verb, NoVerb> {
        Verb::ALL.into_iter().find(|v| v.as_str() == text).ok_or(NoVerb)
    }
}
