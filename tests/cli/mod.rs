//! The verbs, by way of the real binary: success, refusal, bad usage, `--json`.

mod bisect;
mod completions;
mod demo;
mod doctor;
mod door;
mod emit;
mod fold;
mod fold_test;
mod foldc;
mod governance;
mod help;
mod init;
mod key;
mod lines;
mod lint;
mod log;
mod man;
#[cfg(unix)]
mod pipes;
mod policy;
mod policy_back;
mod policy_law;
mod profile;
mod state;
mod sync;
mod trust;
mod verify;

use crate::harness::{Outcome, Repo, World};
use serde_json::Value;
use std::path::Path;

/// A repository of alice in which `init` was run.
fn ready<'w>(world: &'w World, name: &str) -> Repo<'w> {
    let repo = world.repo(name);
    repo.gatos(["init"]).ok();
    repo
}

/// The same with these numbers added one by one.
fn counted<'w>(world: &'w World, numbers: &[&str]) -> Repo<'w> {
    let repo = ready(world, "a");
    for n in numbers {
        repo.gatos(["emit", "add", &format!("{{\"n\":{n}}}")]).ok();
    }
    repo
}

/// Checks a document against a schema of `schemas/v1/view` and gives it back.
#[track_caller]
pub(crate) fn fits(schema: &str, value: Value) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("schemas/v1/view/{schema}.schema.json"));
    let text = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let read: Value = serde_json::from_slice(&text).expect("a schema is JSON");
    jsonschema::meta::validate(&read).expect("it is a schema of draft 2020-12");
    let validator = jsonschema::validator_for(&read).expect("a schema");
    let faults: Vec<String> = validator.iter_errors(&value).map(|e| format!("{e} at {}", e.instance_path())).collect();
    assert!(faults.is_empty(), "{schema}: {}\n{value}", faults.join("\n"));
    value
}

/// The frame of an error, with this code.
#[track_caller]
pub(crate) fn refused(outcome: Outcome, exit: i32, code: &str) -> Value {
    let frame = fits("error", outcome.code(exit).json());
    assert_eq!(frame["code"], code, "{frame}");
    frame
}

/// The words of a line.
fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}
