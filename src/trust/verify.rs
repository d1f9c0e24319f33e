use crate::id::{PublicKey, SigBytes};
use curve25519_dalek::constants::EIGHT_TORSION;
use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};
use std::sync::LazyLock;

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
    ///
    /// This is `verify_strict` without its square root: there R is decompressed to ask for its order. The equation compares R
    /// with the canonical encoding of a point, so an R that passes is one of eight encodings exactly when its order is small.
    pub fn verify(&self, message: &[u8], sig: &SigBytes) -> bool {
        let r = &sig.0[..32];
        !SMALL_ORDER.iter().any(|small| small == r) && self.0.verify(message, &Signature::from_bytes(&sig.0)).is_ok()
    }
}

/// The canonical encodings of the eight points of small order.
static SMALL_ORDER: LazyLock<[[u8; 32]; 8]> = LazyLock::new(|| EIGHT_TORSION.map(|point| point.compress().to_bytes()));

/// Judges one signature. For many of one key make a `Verifier`.
pub fn verify(key: &PublicKey, message: &[u8], sig: &SigBytes) -> bool {
    Verifier::new(key).is_some_and(|v| v.verify(message, sig))
}
