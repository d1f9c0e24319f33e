//! The gate, by real pushes: what it refuses, what it lets through, and what is on record afterwards.

mod adversary;
mod again;
mod allowed;
mod attacks;
mod branches;
mod checkpoints;
mod claims;
mod consent;
mod contention;
mod court;
mod flood;
mod forged;
mod hook;
mod killed;
mod law;
mod liar;
mod profile;
mod quorum;
mod receipts;
mod replay;
mod rules;
mod strays;
mod sync;
mod sync_random;
mod transport;
mod void;
