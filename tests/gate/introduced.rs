//! What a root does so that the receipts of a gate count, as the gate tells it.

use super::court::{Court, JOURNALS, TRUST};
use crate::harness::{Outcome, Repo, World};

/// The commands that a text lists, each by its words behind `git gatos`.
fn commands(told: Outcome) -> Vec<Vec<String>> {
    let lines = told.stdout();
    let listed = lines.lines().filter_map(|line| line.strip_prefix("  git gatos "));
    listed.map(|line| line.split(' ').map(str::to_owned).collect()).collect()
}

/// What a gate lists, in each of its three texts; its test fails.
#[track_caller]
fn asked(court: &Court<'_>, gate: &Repo<'_>) -> Vec<Vec<String>> {
    let installed = commands(gate.gatos(["hook", "install", "--server"]).ok());
    let test = gate.gatos(["hook", "test"]).code(1).says("BAD   receipts: no root lets service:gate with ed25519:");
    assert_eq!(commands(test), installed);
    let url = gate.path().to_str().expect("UTF-8");
    let push = court.alice.git(["push", url, JOURNALS]).code(1).err_says("rule    gate.no-receipt  ");
    let next: Vec<String> = installed.iter().map(|words| format!("git gatos {}", words.join(" "))).collect();
    if !next.is_empty() {
        push.err_says(&format!("next    a root runs: {} ", next.join("; ")));
    }
    installed
}

#[track_caller]
fn do_it(court: &Court<'_>, gate: &Repo<'_>, commands: &[Vec<String>]) {
    commands.iter().for_each(|words| drop(court.alice.gatos(words).ok()));
    court.alice.git(["push", "-q", gate.path().to_str().expect("UTF-8"), TRUST]).ok();
    gate.gatos(["hook", "test"]).ok().says("good  receipts\n").says("the gate stands\n");
    assert!(commands_of_install(gate).is_empty());
}

fn commands_of_install(gate: &Repo<'_>) -> Vec<Vec<String>> {
    commands(gate.gatos(["hook", "install", "--server"]).ok())
}

#[test]
fn a_gate_asks_a_root_for_nothing_that_trust_has() {
    let world = World::new();
    let court = Court::new(&world);
    let second = world.bare("second").as_person("git");
    let made = second.gatos(["--json", "hook", "install", "--server", "--root", &court.id()]).ok().json();
    let key = made["key"].as_str().expect("a key").to_owned();
    // Where no trust graph stands, there is nobody who could have let it.
    let verbs = |asked: Vec<Vec<String>>| Vec::from_iter(asked.into_iter().map(|words| words[1].clone()));
    assert_eq!(verbs(commands_of_install(&second)), ["add-actor", "grant"]);
    let test = second.gatos(["hook", "test"]).ok().says("the gate stands\n");
    assert!(!test.stdout().contains("good  receipts"));
    second.gatos(["hook", "copy", court.server.path().to_str().expect("UTF-8")]).ok();
    // The actor stands, and holds what a gate must hold.
    court.emit(&court.alice, "{\"n\":2}");
    let wanted = asked(&court, &second);
    assert_eq!(wanted, [["trust", "add-key", "service:gate", &key]]);
    do_it(&court, &second, &wanted);
    // The key stands, and the actor holds nothing any more.
    let graph = court.alice.gatos(["--json", "trust", "show"]).ok().json();
    let grant = graph["grants"].as_array().expect("a list").last().expect("a grant")["ulid"]
        .as_str()
        .expect("an id")
        .to_owned();
    court.alice.gatos(["trust", "revoke", &grant, "--reason", "moved"]).ok();
    court.alice.git(["push", "-q", second.path().to_str().expect("UTF-8"), TRUST]).ok();
    let wanted = asked(&court, &second);
    assert_eq!(wanted, [["trust", "grant", "service:gate", "gate:receipt"]]);
    do_it(&court, &second, &wanted);
    // No root can let in a revoked key: the gate needs another.
    court.alice.gatos(["trust", "revoke", &key, "--reason", "lost"]).ok();
    court.alice.git(["push", "-q", second.path().to_str().expect("UTF-8"), TRUST]).ok();
    assert!(asked(&court, &second).is_empty());
    second.gatos(["hook", "test"]).code(1).says("its key was revoked").says("move gatos/gate/settings.json");
    std::fs::remove_file(second.path().join("gatos/gate/settings.json")).expect("a file");
    let wanted = asked(&court, &second);
    assert_eq!(verbs(wanted.clone()), ["add-key"]);
    assert_ne!(wanted[0][3], key);
    do_it(&court, &second, &wanted);
    court.alice.git(["push", "-q", second.path().to_str().expect("UTF-8"), JOURNALS]).ok();
}
