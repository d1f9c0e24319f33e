use super::TrustError;
use super::agent::Session;
use crate::id::{PublicKey, SigBytes};
use ed25519_dalek::{Signer as _, SigningKey};
use std::fmt;

/// Signs with one key, which lies in this process or in an ssh-agent.
pub struct Signer {
    public: PublicKey,
    with: With,
}

enum With {
    /// Wipes its secret bytes when it is dropped.
    Key(Box<SigningKey>),
    Agent(Session),
}

impl Signer {
    /// The key whose secret is this seed (RFC 8032, section 5.1.5).
    pub fn from_seed(seed: &[u8; 32]) -> Signer {
        Signer::of_key(SigningKey::from_bytes(seed))
    }

    pub(super) fn of_key(key: SigningKey) -> Signer {
        Signer { public: PublicKey(key.verifying_key().to_bytes()), with: With::Key(Box::new(key)) }
    }

    pub(super) fn of_agent(public: PublicKey, session: Session) -> Signer {
        Signer { public, with: With::Agent(session) }
    }

    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Fails only where an agent holds the key and does not answer or refuses.
    pub fn sign(&self, message: &[u8]) -> Result<SigBytes, TrustError> {
        match &self.with {
            With::Key(key) => Ok(SigBytes(key.sign(message).to_bytes())),
            With::Agent(session) => session.sign(&self.public, message),
        }
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.public)
    }
}
