//! What must hold, shown through the real binary and real git. `docs/CONFORMANCE.md` names the clause that each test
//! stands for, and the tests of other places that stand for the rest.

mod anchors;
mod checkpoints;
mod damage;
mod faults;
mod flips;
pub mod forge;
mod genesis;
mod hostile;
mod races;
mod refusals;

use crate::harness::{Outcome, Repo, World};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// A repository that waits for no disk.
fn plain<'w>(world: &'w World, name: &str) -> Repo<'w> {
    let repo = world.repo(name);
    repo.git(["config", "gatos.fsync", "false"]).ok();
    repo
}

/// The same, made ready by `init`.
fn ready<'w>(world: &'w World, name: &str) -> Repo<'w> {
    let repo = plain(world, name);
    repo.gatos(["init"]).ok();
    repo
}

/// Emits one event and gives its receipt.
#[track_caller]
fn emit(repo: &Repo<'_>, payload: &str) -> Value {
    repo.gatos(["--json", "emit", "add", payload]).ok().json()
}

/// A field of a document that must be a text.
#[track_caller]
fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_else(|| panic!("no text {field:?} in {value}")).to_owned()
}

/// What `verify` says, whatever the verdict; it must agree with the exit code.
#[track_caller]
fn report(repo: &Repo<'_>) -> Value {
    verdict(repo.gatos(["--json", "verify"]))
}

#[track_caller]
fn verdict(outcome: Outcome) -> Value {
    let report = outcome.json();
    assert!(report["passed"].is_boolean(), "no verdict: {report}");
    report
}

/// `verify` passes.
#[track_caller]
fn passes(repo: &Repo<'_>) -> Value {
    repo.gatos(["verify"]).ok().says("PASSED");
    let report = repo.gatos(["--json", "verify"]).ok().json();
    assert_eq!(report["passed"], true, "{report}");
    report
}

/// `verify` fails: exit code 1, and the findings that make it fail.
#[track_caller]
fn fails(repo: &Repo<'_>) -> Vec<Value> {
    let report = repo.gatos(["--json", "verify"]).code(1).json();
    assert_eq!(report["passed"], false, "{report}");
    let findings = report["findings"].as_array().expect("a list");
    let failures: Vec<Value> = findings.iter().filter(|f| f["severity"] == "fail").cloned().collect();
    assert!(!failures.is_empty(), "it failed and says not why: {report}");
    failures
}

/// Whether a finding with this code names this commit.
fn names(failures: &[Value], code: &str, commit: &str) -> bool {
    failures.iter().any(|f| f["code"] == code && f["commit"] == commit)
}

/// Git finds nothing wrong with the objects.
#[track_caller]
fn sound(repo: &Repo<'_>) {
    repo.git(["fsck", "--strict", "--no-dangling", "--no-progress"]).ok().silent();
}

/// The physician has nothing to say but what is good to know.
#[track_caller]
fn healthy(repo: &Repo<'_>) {
    let report = repo.gatos(["--json", "doctor"]).ok().json();
    let findings = report["findings"].as_array().expect("a list");
    assert!(findings.iter().all(|f| f["severity"] == "note"), "{report:#}");
}

/// The one journal of a namespace: its ref and its tip.
#[track_caller]
fn journal(repo: &Repo<'_>, ns: &str) -> (String, String) {
    let below = format!("refs/gatos/journal/{ns}/");
    let shown = repo.git(["for-each-ref", "--format=%(refname) %(objectname)", &below]).ok().stdout();
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines.len(), 1, "one journal: {shown}");
    let (name, tip) = lines[0].split_once(' ').expect("two words");
    (name.to_owned(), tip.to_owned())
}

#[track_caller]
fn resolve(repo: &Repo<'_>, name: &str) -> String {
    repo.git(["rev-parse", "--verify", name]).ok().stdout()
}

#[track_caller]
fn move_ref(repo: &Repo<'_>, name: &str, to: &str) {
    repo.git(["update-ref", name, to]).ok();
}

/// Fetches all that another repository holds, as the documentation says.
#[track_caller]
fn fetch(repo: &Repo<'_>, from: &Repo<'_>, remote: &str) {
    let refspec = format!("refs/gatos/*:refs/gatos-remotes/{remote}/*");
    let from = from.path().to_str().expect("UTF-8").to_owned();
    repo.git(["fetch", "-q", &from, &refspec]).ok();
}

/// A person's machine forgets which tips it has written.
fn forget(world: &World, person: &str) {
    fs::remove_dir_all(world.home(person).join("state/gatos")).expect("something was remembered");
}

/// Every test of the project that is named so.
fn all_musts(dir: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(dir).expect("a directory of the project") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            all_musts(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(&path).expect("a source is UTF-8");
            let names = text.lines().filter_map(|line| line.trim_start().strip_prefix("fn ")?.split('(').next());
            found.extend(names.filter(|name| name.starts_with("must_")).map(str::to_owned));
        }
    }
}

#[test]
fn the_page_of_conformance_lists_every_must_and_no_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut there = BTreeSet::new();
    ["src", "tests"].iter().for_each(|dir| all_musts(&root.join(dir), &mut there));
    let page = fs::read_to_string(root.join("docs/CONFORMANCE.md")).expect("the page is there");
    let listed = page.split('`').filter(|word| word.starts_with("must_") && word.chars().all(|c| c != ' ' && c != '…'));
    let listed: BTreeSet<String> = listed.map(str::to_owned).collect();
    assert_eq!(listed.difference(&there).collect::<Vec<_>>(), Vec::<&String>::new(), "listed and not there");
    assert_eq!(there.difference(&listed).collect::<Vec<_>>(), Vec::<&String>::new(), "there and not listed");
}
