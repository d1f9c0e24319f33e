//! PCG32 XSH-RR 64/32: the random numbers of the language. Equal seeds give equal numbers everywhere.

use crate::canon::digest;

const MULTIPLIER: u64 = 6_364_136_223_846_793_005;
/// The stream of a generator that is seeded with one integer; the official vectors use it.
pub const STREAM: u64 = 54;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pcg32 {
    state: u64,
    /// Always odd.
    increment: u64,
}

impl Pcg32 {
    /// As `pcg32_srandom_r` seeds.
    pub fn new(initstate: u64, initseq: u64) -> Pcg32 {
        let mut pcg = Pcg32 { state: 0, increment: initseq << 1 | 1 };
        pcg.next_u32();
        pcg.state = pcg.state.wrapping_add(initstate);
        pcg.next_u32();
        pcg
    }

    /// Bytes 0..8 and 8..16 of the SHA-256 of a text, little-endian, as initial state and stream.
    pub fn from_text(seed: &str) -> Pcg32 {
        let digest = digest::sha256(seed.as_bytes()).0;
        let word = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| digest[at + i]));
        Pcg32::new(word(0), word(8))
    }

    /// State and increment, for vectors and for the run time inside the VM.
    pub fn parts(&self) -> (u64, u64) {
        (self.state, self.increment)
    }

    pub fn next_u32(&mut self) -> u32 {
        let old = self.state;
        self.state = old.wrapping_mul(MULTIPLIER).wrapping_add(self.increment);
        let xorshifted = ((old >> 18 ^ old) >> 27) as u32;
        xorshifted.rotate_right((old >> 59) as u32)
    }

    /// A number below `bound`, which is not zero, without bias: what falls under the threshold is drawn again.
    pub fn below(&mut self, bound: u32) -> u32 {
        let threshold = bound.wrapping_neg() % bound;
        loop {
            let drawn = self.next_u32();
            if drawn >= threshold {
                return drawn % bound;
            }
        }
    }
}
