//! Bundles and judgement without a front door.

mod judge;
