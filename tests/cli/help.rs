//! `docs/cli.md` is what the program says of itself.

use super::fits;
use crate::harness::World;

#[test]
fn the_reference_is_the_help_of_every_command() {
    let world = World::new();
    let printed = world.repo("a").gatos(["reference"]).ok().bytes();
    let printed = String::from_utf8(printed).expect("help is UTF-8");
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cli.md");
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    if printed != kept {
        let line = printed.lines().zip(kept.lines()).position(|(a, b)| a != b).unwrap_or(0) + 1;
        panic!(
            "docs/cli.md is not what the program prints, first in line {line}; run: cargo run -- reference > docs/cli.md"
        );
    }
}

#[test]
fn help_of_a_verb_says_what_it_is_for() {
    let world = World::new();
    let repo = world.repo("a");
    for verb in ["init", "emit", "log", "state", "fold", "verify", "key", "trust"] {
        repo.gatos([verb, "--help"]).ok().says("Usage: git gatos");
        repo.gatos([verb, "-h"]).ok().says("Usage: git gatos");
    }
    repo.gatos(["state", "show", "--help"]).ok().says("git gatos state show '.inventory | length'");
}

#[test]
fn a_text_is_the_same_under_json() {
    let world = World::new();
    let repo = world.repo("a");
    let text = repo.gatos(["reference"]).ok().bytes();
    let document = fits("document", repo.gatos(["reference", "--json"]).ok().json());
    assert_eq!(document["text"].as_str().map(str::as_bytes), Some(&text[..]));
    repo.gatos(["reference", "x"]).code(2).silent();
}
