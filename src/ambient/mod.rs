//! Clock, chance, environment, progress and cancellation: the one door by which they come in.
//!
//! Owns: `Ambient` and its fixed twin for tests, `Progress`, `Cancel`, injected faults.
//! Imports: id.
//! Invariant: nothing above this room asks the operating system for time, chance or environment.

mod clock;
mod entropy;
mod env;
mod fault;
mod progress;

pub use clock::Clock;
pub use entropy::Entropy;
pub use env::Env;
pub use fault::{Fault, Faults};
pub use progress::{Cancel, Progress, Silent};

use crate::id::{Replica, Timestamp, Ulid};
use std::sync::Arc;

/// Everything that comes from outside the repository and the command line.
#[derive(Clone)]
pub struct Ambient {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    env: Arc<Env>,
    faults: Arc<Faults>,
}

impl Ambient {
    /// The process's own surroundings. Built with the feature `testing`, `GATOS_CLOCK`, `GATOS_SEED` and `GATOS_FAULT`
    /// replace clock, chance and the soundness of the store.
    pub fn of_process() -> Ambient {
        let env = Env::of_process();
        #[cfg(feature = "testing")]
        {
            Ambient {
                clock: clock::from_env(&env),
                entropy: entropy::from_env(&env),
                faults: Arc::new(Faults::from_env(&env)),
                env: Arc::new(env),
            }
        }
        #[cfg(not(feature = "testing"))]
        {
            Ambient {
                clock: Arc::new(clock::System),
                entropy: Arc::new(entropy::System),
                faults: Arc::new(Faults::none()),
                env: Arc::new(env),
            }
        }
    }

    /// Surroundings that never change: a clock that stands still, chance from a seed. Built with the feature `testing`, the
    /// given environment orders faults as the process's own does.
    pub fn fixed(now: Timestamp, seed: &str, env: Env) -> Ambient {
        #[cfg(feature = "testing")]
        let faults = Faults::from_env(&env);
        #[cfg(not(feature = "testing"))]
        let faults = Faults::none();
        Ambient {
            clock: Arc::new(clock::Fixed(now)),
            entropy: Arc::new(entropy::Seeded::new(seed)),
            env: Arc::new(env),
            faults: Arc::new(faults),
        }
    }

    /// The same surroundings with another environment: a hook does not take that of whoever pushes.
    pub fn with_env(&self, env: Env) -> Ambient {
        Ambient { env: Arc::new(env), ..self.clone() }
    }

    /// The same surroundings with a failure ordered, spelled as in `GATOS_FAULT`.
    #[cfg(feature = "testing")]
    pub fn failing(&self, order: &str) -> Ambient {
        Ambient { faults: Arc::new(Faults::ordered(order)), ..self.clone() }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// `N` bytes that nobody can guess.
    pub fn chance<const N: usize>(&self) -> [u8; N] {
        let mut out = [0; N];
        self.entropy.fill(&mut out);
        out
    }

    /// A new ULID of this moment.
    pub fn ulid(&self) -> Ulid {
        Ulid::from_parts(self.clock.now_ms(), self.chance()).expect("the clock is before the year 10889")
    }

    /// A new replica id.
    pub fn replica(&self) -> Replica {
        Replica::from_chance(self.chance())
    }

    pub fn env(&self) -> &Env {
        &self.env
    }

    pub fn faults(&self) -> &Faults {
        &self.faults
    }
}

#[cfg(test)]
mod tests;
