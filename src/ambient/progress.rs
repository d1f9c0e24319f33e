use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Where long work tells how far it is. The door decides whether anybody sees it.
pub trait Progress: Sync {
    /// A new stretch of work begins; `total` units where the number is known.
    fn begin(&self, what: &str, total: Option<u64>);
    /// So many more units are done.
    fn advance(&self, units: u64);
    /// The stretch is over.
    fn end(&self);
}

/// Progress that nobody sees.
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _: &str, _: Option<u64>) {}
    fn advance(&self, _: u64) {}
    fn end(&self) {}
}

/// Somebody asked to stop: long work looks here between two whole steps.
#[derive(Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    pub fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub fn asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
