use std::sync::Mutex;

/// Where chance comes from.
pub trait Entropy: Send + Sync {
    fn fill(&self, out: &mut [u8]);
}

/// The operating system's generator.
pub(super) struct System;

impl Entropy for System {
    #[allow(clippy::disallowed_methods)] // this is the door
    fn fill(&self, out: &mut [u8]) {
        getrandom::fill(out).expect("the operating system gives random bytes");
    }
}

/// Chance that a seed decides: splitmix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators").
pub(super) struct Seeded(Mutex<u64>);

impl Seeded {
    pub(super) fn new(seed: &str) -> Seeded {
        // FNV-1a, 64 bits: enough to tell the seeds of a test suite apart.
        let hash =
            seed.bytes().fold(0xcbf2_9ce4_8422_2325, |h: u64, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
        Seeded(Mutex::new(hash))
    }

    fn next(&self) -> u64 {
        let mut state = self.0.lock().expect("no holder of this lock panics");
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl Entropy for Seeded {
    fn fill(&self, out: &mut [u8]) {
        for chunk in out.chunks_mut(8) {
            let n = chunk.len();
            chunk.copy_from_slice(&self.next().to_le_bytes()[..n]);
        }
    }
}

/// `GATOS_SEED=text`, or the system's chance where it is not set.
#[cfg(feature = "testing")]
pub(super) fn from_env(env: &super::Env) -> std::sync::Arc<dyn Entropy> {
    match env.text("GATOS_SEED") {
        Some(seed) => std::sync::Arc::new(Seeded::new(&seed)),
        None => std::sync::Arc::new(System),
    }
}
