//! Which acts want whose word: `gatos/governance.yaml` and its compiled form `governance.json`.

mod quorum;
pub(super) mod yaml;

pub(super) use quorum::{Asked, asked};
pub use quorum::{Governance, Governed, Quorum};

/// Where a bundle keeps it.
pub const GOVERNANCE: &str = "governance.json";
