use crate::id::{PublicKey, SigBytes};
use ed25519_dalek::{Signature, VerifyingKey};

/// Judges signatures of one key, whose point is decompressed once.
#[derive(Clone)]
pub struct Verifier(VerifyingKey);

impl Verifier {
    /// `None` for 32 bytes that are no point of the curve or one of small order: no signature of such a key counts.
    pub fn new(key: &PublicKey) -> Option<Verifier> {
        let key = VerifyingKey::from_bytes(&key.0).ok()?;
        (!key.is_weak()).then_some(Verifier(key))
    }

    /// The strict rule: S below the order of the group, neither the key nor R of small order, and the equation without a
    /// cofactor. Signatures are never verified in batches: a batch and this rule disagree on crafted ones.
    pub fn verify(&self, message: &[u8], sig: &SigBytes) -> bool {
        self.0.verify_strict(message, &Signature::from_bytes(&sig.0)).is_ok()
    }
}

/// Judges one signature. For many of one key make a `Verifier`.
pub fn verify(key: &PublicKey, message: &[u8], sig: &SigBytes) -> bool {
    Verifier::new(key).is_some_and(|v| v.verify(message, sig))
}
