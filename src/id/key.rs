use super::IdError;
use super::digest::hex_id;
use data_encoding::HEXLOWER;
use std::fmt;
use std::str::FromStr;

hex_id! {
    /// An Ed25519 public key, printed `ed25519:<64 hex>`. Not yet known to be a point on the curve.
    PublicKey, 32, "ed25519:", "an Ed25519 public key"
}
hex_id! {
    /// The 64 bytes of an Ed25519 signature, printed `ed25519:<128 hex>`. Not yet verified.
    SigBytes, 64, "ed25519:", "an Ed25519 signature"
}

impl PublicKey {
    /// The first 8 hexadecimal digits, as they stand in a writer's name.
    pub fn key8(&self) -> String {
        HEXLOWER.encode(&self.0[..4])
    }
}
