/// A failure that a test ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("injected fault")]
pub struct Fault;

/// Faults ordered by `GATOS_FAULT=store:N:error|kill`: the N-th call of the store fails, or the process dies there
/// as by `kill -9`. A build without the feature `testing` has none.
#[derive(Default)]
pub struct Faults {
    #[cfg(feature = "testing")]
    order: Option<order::Order>,
}

impl Faults {
    pub fn none() -> Faults {
        Faults::default()
    }

    #[cfg(feature = "testing")]
    pub(super) fn from_env(env: &super::Env) -> Faults {
        env.text("GATOS_FAULT").map_or_else(Faults::none, |text| Faults::ordered(&text))
    }

    #[cfg(feature = "testing")]
    pub(super) fn ordered(text: &str) -> Faults {
        Faults { order: Some(order::Order::parse(text)) }
    }

    /// Called before every write of a store: object, pack, ref, file.
    pub fn step(&self) -> Result<(), Fault> {
        #[cfg(feature = "testing")]
        if let Some(order) = &self.order {
            return order.step();
        }
        Ok(())
    }
}

#[cfg(feature = "testing")]
mod order {
    use super::Fault;
    use std::sync::atomic::{AtomicU64, Ordering};

    pub(super) struct Order {
        kill: bool,
        left: AtomicU64,
    }

    impl Order {
        pub(super) fn parse(text: &str) -> Order {
            let parts: Vec<&str> = text.split(':').collect();
            let (n, kill) = match parts[..] {
                ["store", n, "error"] => (n.parse().ok(), false),
                ["store", n, "kill"] => (n.parse().ok(), true),
                _ => (None, false),
            };
            let n = n.unwrap_or_else(|| panic!("GATOS_FAULT={text:?}: expected store:N:error|kill"));
            Order { kill, left: AtomicU64::new(n) }
        }

        pub(super) fn step(&self) -> Result<(), Fault> {
            let before = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
            match before {
                Ok(1) if self.kill => std::process::abort(),
                Ok(1) => Err(Fault),
                _ => Ok(()),
            }
        }
    }
}
