//! The front door: the command line.
//!
//! Owns: arguments and help (clap), printing, exit codes, Ctrl-C, the progress bar.
//! Imports: id ambient canon git lua trust ledger policy state node view doctor hook.
//! Invariant: a verb parses, calls one verb of one room and returns a value; `run` alone prints it.

mod answer;
mod args;
mod bar;
mod commands;
mod context;
mod error;
mod interrupt;
mod output;
mod panic;
mod run;
mod work;

pub use run::main;

#[cfg(test)]
mod tests;
