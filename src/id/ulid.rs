use super::IdError;
use std::fmt;
use std::str::FromStr;

/// A ULID: 48 bits of milliseconds and 80 bits of chance, printed as 26 upper-case Crockford base32 characters
/// (github.com/ulid/spec). Lower case, separators and the look-alikes I L O U are refused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ulid(u128);

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const RANDOM_BITS: u32 = 80;

impl Ulid {
    /// `None` when the milliseconds need more than 48 bits.
    pub fn from_parts(ms: u64, random: [u8; 10]) -> Option<Ulid> {
        if ms >> 48 != 0 {
            return None;
        }
        let random = random.iter().fold(0u128, |n, b| n << 8 | u128::from(*b));
        Some(Ulid(u128::from(ms) << RANDOM_BITS | random))
    }

    /// Milliseconds since 1970.
    pub fn ms(self) -> u64 {
        (self.0 >> RANDOM_BITS) as u64
    }

    pub fn random(self) -> [u8; 10] {
        let bytes = self.0.to_be_bytes();
        std::array::from_fn(|i| bytes[6 + i])
    }

    /// The next ULID of the same millisecond; `None` when its 80 random bits are all ones.
    pub fn next(self) -> Option<Ulid> {
        let next = Ulid(self.0.checked_add(1)?);
        (next.ms() == self.ms()).then_some(next)
    }
}

impl fmt::Display for Ulid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text: [u8; 26] = std::array::from_fn(|i| ALPHABET[(self.0 >> (125 - 5 * i)) as usize & 31]);
        f.write_str(std::str::from_utf8(&text).expect("Crockford base32 is ASCII"))
    }
}
impl fmt::Debug for Ulid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl FromStr for Ulid {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let bad = |why| IdError::new("a ULID", text, why);
        if text.len() != 26 {
            return Err(bad("it needs 26 characters"));
        }
        if !(b'0'..=b'7').contains(&text.as_bytes()[0]) {
            return Err(bad("its first character is not 0 to 7"));
        }
        text.bytes()
            .try_fold(0u128, |n, c| ALPHABET.iter().position(|a| *a == c).map(|v| n << 5 | v as u128))
            .map(Ulid)
            .ok_or_else(|| bad("it holds a character outside 0-9 and A-Z without I L O U"))
    }
}
