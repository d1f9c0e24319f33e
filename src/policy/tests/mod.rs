//! Bundles and judgement without a front door.

mod build;
mod glob;
mod judge;
mod matrix;
mod rgs;
mod schema;
