//! The verbs through the real binary: success, refusal, bad usage, JSON.

mod bisect;
mod completions;
mod demo;
mod doctor;
mod fold_test;
mod foldc;
mod lint;
mod man;
mod shape;
