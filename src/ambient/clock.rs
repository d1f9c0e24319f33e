use crate::id::Timestamp;

/// Where the time comes from.
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970, UTC.
    fn now_ms(&self) -> u64;

    fn now(&self) -> Timestamp {
        let seconds = i64::try_from(self.now_ms() / 1000).unwrap_or(i64::MAX);
        Timestamp::from_unix(seconds).expect("the clock is between 1970 and 9999")
    }
}

/// The operating system's clock.
pub(super) struct System;

impl Clock for System {
    #[allow(clippy::disallowed_methods)] // this is the door
    fn now_ms(&self) -> u64 {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        since.map_or(0, |d| d.as_millis() as u64)
    }
}

/// A clock that stands still.
pub(super) struct Fixed(pub Timestamp);

impl Clock for Fixed {
    fn now_ms(&self) -> u64 {
        self.0.unix() as u64 * 1000
    }
}

/// `GATOS_CLOCK=2026-11-21T09:00:00Z`, or the system's clock where it is not set.
#[cfg(feature = "testing")]
pub(super) fn from_env(env: &super::Env) -> std::sync::Arc<dyn Clock> {
    match env.text("GATOS_CLOCK") {
        Some(text) => std::sync::Arc::new(Fixed(text.parse().expect("GATOS_CLOCK is a time"))),
        None => std::sync::Arc::new(System),
    }
}
