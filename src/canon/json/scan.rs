//! The inner loop of reading and writing strings, eight bytes at a time.

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// How many bytes at the front stand in a JSON string as they are: no quote, backslash or control character.
pub(super) fn plain(bytes: &[u8]) -> usize {
    let (words, tail) = bytes.as_chunks::<8>();
    for (i, word) in words.iter().enumerate() {
        let found = special(u64::from_le_bytes(*word));
        if found != 0 {
            return i * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let found = tail.iter().position(|&b| b == b'"' || b == b'\\' || b < 0x20);
    words.len() * 8 + found.unwrap_or(tail.len())
}

/// The high bit of every special byte; bytes above the lowest one may be marked by its borrow, so only that one counts
/// (Sean Eron Anderson, "Bit Twiddling Hacks", `hasless` and `haszero`).
fn special(word: u64) -> u64 {
    let below = |word: u64, n: u64| word.wrapping_sub(LOW * n) & !word & HIGH;
    let equal = |byte: u8| below(word ^ (LOW * u64::from(byte)), 1);
    below(word, 0x20) | equal(b'"') | equal(b'\\')
}
