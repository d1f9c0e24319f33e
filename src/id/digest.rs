use super::IdError;
use data_encoding::{BASE32_NOPAD, HEXLOWER};
use std::fmt;
use std::str::FromStr;

/// One spelling for every fixed-size digest: a prefix and lower-case hexadecimal.
macro_rules! hex_id {
    ($(#[$doc:meta])* $name:ident, $len:literal, $prefix:literal, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// The hexadecimal digits alone, without a prefix.
            pub fn hex(&self) -> String {
                HEXLOWER.encode(&self.0)
            }

            /// Reads the hexadecimal digits alone.
            pub fn from_hex(text: &str) -> Result<Self, IdError> {
                let bad = |why| IdError::new($what, text, why);
                if text.len() != 2 * $len {
                    return Err(bad(concat!("it needs exactly ", $len, " bytes in lower-case hexadecimal")));
                }
                let mut out = [0u8; $len];
                HEXLOWER
                    .decode_mut(text.as_bytes(), &mut out)
                    .map_err(|_| bad("it holds a character that is not lower-case hexadecimal"))?;
                Ok($name(out))
            }

            pub fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut text = [0u8; $prefix.len() + 2 * $len];
                text[..$prefix.len()].copy_from_slice($prefix.as_bytes());
                HEXLOWER.encode_mut(&self.0, &mut text[$prefix.len()..]);
                f.write_str(std::str::from_utf8(&text).expect("hexadecimal is ASCII"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                match text.strip_prefix($prefix) {
                    Some(hex) => Self::from_hex(hex).map_err(|e| IdError::new($what, text, e.why)),
                    None => Err(IdError::new($what, text, concat!("it does not start with \"", $prefix, "\""))),
                }
            }
        }
    };
}
pub(super) use hex_id;

hex_id! {
    /// A git object id (SHA-1 object format).
    Oid, 20, "", "a git object id"
}
hex_id! {
    /// A BLAKE3-256 digest, printed `blake3:<64 hex>`.
    Blake3, 32, "blake3:", "a BLAKE3 digest"
}
hex_id! {
    /// A SHA-256 digest, printed `sha256:<64 hex>`.
    Sha256, 32, "sha256:", "a SHA-256 digest"
}

impl Oid {
    /// The all-zero id: git's word for "no object".
    pub const ZERO: Oid = Oid([0; 20]);

    pub fn is_zero(&self) -> bool {
        *self == Oid::ZERO
    }
}

/// A content identifier: CIDv1, codec dag-cbor (0x71), multihash blake3-256, printed in base32 lower (`bafyr4i…`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cid(pub [u8; 32]);

/// Version 1, codec dag-cbor, hash function blake3 (0x1e), 32 bytes of digest.
const CID_HEAD: [u8; 4] = [0x01, 0x71, 0x1e, 0x20];
/// "b" and 36 bytes in base32 without padding.
const CID_TEXT: usize = 59;

impl Cid {
    /// The binary form: head and digest.
    pub fn to_bytes(&self) -> [u8; 36] {
        let mut out = [0u8; 36];
        out[..4].copy_from_slice(&CID_HEAD);
        out[4..].copy_from_slice(&self.0);
        out
    }

    /// Reads the binary form.
    pub fn from_bytes(bytes: &[u8]) -> Option<Cid> {
        let digest = bytes.strip_prefix(&CID_HEAD)?;
        Some(Cid(digest.try_into().ok()?))
    }
}

impl fmt::Display for Cid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [b'b'; CID_TEXT];
        BASE32_NOPAD.encode_mut(&self.to_bytes(), &mut text[1..]);
        text.make_ascii_lowercase();
        f.write_str(std::str::from_utf8(&text).expect("base32 is ASCII"))
    }
}

impl fmt::Debug for Cid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Cid {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let bad = |why| IdError::new("an event CID", text, why);
        if text.len() != CID_TEXT || !text.starts_with('b') {
            return Err(bad("it needs \"b\" and 58 base32 characters"));
        }
        if text.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(bad("it is not in lower case"));
        }
        let bytes = BASE32_NOPAD
            .decode(text[1..].to_ascii_uppercase().as_bytes())
            .map_err(|_| bad("it holds a character that is not base32, or spare bits that are not zero"))?;
        Cid::from_bytes(&bytes).ok_or_else(|| bad("it is not CIDv1, dag-cbor, blake3-256"))
    }
}
