mod agent;
mod cap;
mod doc;
mod dsse;
mod graph;
mod judge;
mod keydir;
mod keyfile;
mod schema;
mod statements;
mod verify;

use crate::ambient::{Ambient, Env};
use crate::canon::{Value, json, text};
use crate::trust::Signer;
use std::path::Path;
use std::process::{Command, Stdio};

/// The cases of a vector file.
fn cases(bytes: &[u8]) -> Vec<Value> {
    let file = json::parse(bytes).expect("vectors are JSON");
    file.get("cases").and_then(Value::as_list).expect("vectors have cases").to_vec()
}

/// A member that is a string.
fn text_of<'a>(case: &'a Value, name: &str) -> &'a str {
    case.get(name).and_then(Value::as_str).unwrap_or_else(|| panic!("{case:?} has {name}"))
}

/// A member that is bytes in hexadecimal.
fn bytes_of(case: &Value, name: &str) -> Vec<u8> {
    text::from_hex(text_of(case, name)).expect("hexadecimal")
}

/// Surroundings of a home directory and further variables.
fn ambient(home: &Path, more: &[(&str, &str)]) -> Ambient {
    let home_text = home.to_str().expect("a temporary directory has a plain name");
    let vars = [("HOME", home_text)].into_iter().chain(more.iter().copied());
    Ambient::fixed("2026-11-21T09:00:00Z".parse().unwrap(), "trust", Env::fixed(home, vars))
}

fn signer(n: u8) -> Signer {
    Signer::from_seed(&[n; 32])
}

/// Runs OpenSSH's key generator: the files that it writes are what people have.
fn keygen(file: &Path, kind: &str, passphrase: &str) {
    let done = Command::new("ssh-keygen")
        .args(["-q", "-t", kind, "-C", "someone@somewhere", "-N", passphrase, "-f"])
        .arg(file)
        .stdin(Stdio::null())
        .output()
        .expect("ssh-keygen runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// A program for `SSH_ASKPASS` that answers with one line and counts its calls beside it. A child process writes it: a
/// file that this process holds open for writing, were it for a moment and in another thread's child, cannot be run.
fn askpass(dir: &Path, answer: &str) -> String {
    let program = dir.join("askpass");
    let text = format!("#!/bin/sh\necho called >> '{}'\necho '{answer}'\n", dir.join("calls").display());
    let script = "printf %s \"$1\" > \"$2\" && chmod 700 \"$2\"";
    let done = Command::new("sh").args(["-c", script, "sh", &text]).arg(&program).status().expect("sh runs");
    assert!(done.success());
    program.to_str().expect("a temporary directory has a plain name").to_owned()
}
