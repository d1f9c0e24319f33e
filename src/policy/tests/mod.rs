//! Bundles and judgement without a front door.

mod build;
mod glob;
mod judge;
mod matrix;
mod profile;
mod rgs;
mod schema;
