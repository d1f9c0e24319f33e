//! The verbs through the real binary: success, refusal, bad usage, JSON.

mod doctor;
mod shape;
