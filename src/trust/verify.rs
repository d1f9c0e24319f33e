use crate::id::{PublicKey, SigBytes};
use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};

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

/// The canonical encodings of the eight points of small order, computed once and for all: a test compares them with the curve.
pub(super) const SMALL_ORDER: [[u8; 32]; 8] = [
    bytes(b"0100000000000000000000000000000000000000000000000000000000000000"),
    bytes(b"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
    bytes(b"0000000000000000000000000000000000000000000000000000000000000080"),
    bytes(b"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    bytes(b"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    bytes(b"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"),
    bytes(b"0000000000000000000000000000000000000000000000000000000000000000"),
    bytes(b"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"),
];

const fn bytes(hex: &[u8; 64]) -> [u8; 32] {
    let mut out = [0; 32];
    let mut at = 0;
    while at < 64 {
        let digit = if hex[at] > b'9' { hex[at] - b'a' + 10 } else { hex[at] - b'0' };
        out[at / 2] = out[at / 2] << 4 | digit;
        at += 1;
    }
    out
}

/// Judges one signature. For many of one key make a `Verifier`.
pub fn verify(key: &PublicKey, message: &[u8], sig: &SigBytes) -> bool {
    Verifier::new(key).is_some_and(|v| v.verify(message, sig))
}
