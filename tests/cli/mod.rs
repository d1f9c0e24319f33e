//! The verbs through the real binary: success, refusal, bad usage, JSON.

mod bisect;
mod doctor;
mod fold_test;
mod foldc;
mod lint;
mod shape;
