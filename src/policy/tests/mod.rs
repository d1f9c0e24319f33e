//! Bundles and judgement without a front door.

mod glob;
mod judge;
mod rgs;
