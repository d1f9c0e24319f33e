//! A push through the gate beside the same push without a hook, and with one that says yes.

use crate::measure::{Table, time};
use crate::world::World;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

const PUSHES: [(u64, &str, f64); 3] = [
    (1, "push of 1 signed event through the gate", 1.3),
    (1_000, "push of 1,000 signed events through the gate", 3.0),
    (10_000, "push of 10,000 signed events through the gate", 3.0),
];
const JOURNALS: &str = "refs/gatos/journal/*:refs/gatos/journal/*";

pub fn run(table: &mut Table) {
    for (count, what, must) in PUSHES {
        let yes = format!("{what}, beside /bin/true");
        if !table.wants_any(&[what, &yes]) {
            continue;
        }
        let world = World::new();
        let servers = prepared(&world, count);
        let rounds = if count > 1_000 { 7 } else { 15 };
        let [gate, none, truth] = servers.each_ref().map(|s| s.as_path());
        let push = |server: &Path| pushed(&world, server);
        table.compare(what, "the same push, no hook", must, rounds, &mut || push(gate), &mut || pushed(&world, none));
        let push = |server: &Path| pushed(&world, server);
        table.compare(&yes, "the same push, /bin/true for a hook", must, rounds, &mut || push(gate), &mut || {
            pushed(&world, truth)
        });
    }
}

/// A clone with events to push, and three servers that hold its law: with the gate, without a hook, with `/bin/true`.
fn prepared(world: &World, count: u64) -> [PathBuf; 3] {
    let alice = world.ready("alice");
    let gate = world.path("gate");
    world.git(&alice, &["init", "-q", "--bare", gate.to_str().expect("a plain path")]);
    let pin = String::from_utf8(world.ask(env!("CARGO_BIN_EXE_git-gatos"), &alice, &["trust", "pin"])).expect("text");
    let id = pin.split_whitespace().nth(1).expect("an id").to_owned();
    // As an operator has it: a copy. What a linker has just written lies in memory in small pieces, and each costs the start.
    let program = world.path("git-gatos");
    fs::copy(env!("CARGO_BIN_EXE_git-gatos"), &program).expect("the program");
    let program = program.to_str().expect("a plain path");
    let told = world.ask(program, &gate, &["hook", "install", "--server", "--json", "--root", &id]);
    let told = String::from_utf8(told).expect("text");
    let key = told.split("\"key\":\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a key").to_owned();
    world.gatos(&alice, &["trust", "add-actor", "service:gate", &key]);
    world.gatos(&alice, &["trust", "grant", "service:gate", "gate:receipt"]);
    world.gatos(&alice, &["emit", "first", "{}"]);
    world.git(&alice, &["remote", "add", "origin", gate.to_str().expect("a plain path")]);
    world.git(
        &alice,
        &[
            "push",
            "-q",
            "origin",
            "refs/gatos/trust/*:refs/gatos/trust/*",
            "refs/gatos/policies/*:refs/gatos/policies/*",
            JOURNALS,
        ],
    );
    settle(&gate);
    let [none, truth] = ["none", "truth"].map(|name| {
        let copy = world.path(name);
        world.shell(&alice, &format!("cp -r '{}' '{}'", gate.display(), copy.display()));
        fs::remove_file(copy.join("hooks/pre-receive")).expect("the hook");
        copy
    });
    let hook = truth.join("hooks/pre-receive");
    fs::write(&hook, "#!/bin/sh\nexec /bin/true\n").expect("a file");
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).expect("a mode");
    let events = world.events(count);
    world.gatos(&alice, &["emit", "--jsonl", events.to_str().expect("a plain path"), "--group", "1"]);
    [gate, none, truth]
}

/// The time of one push into a fresh copy of a server.
fn pushed(world: &World, server: &Path) -> Duration {
    let copy = world.path("copy");
    let _ = fs::remove_dir_all(&copy);
    let alice = world.path("alice");
    // What was copied is no part of the push: the disk has it before the clock starts.
    world.shell(&alice, &format!("cp -r '{}' '{}' && sync", server.display(), copy.display()));
    let url = copy.to_str().expect("a plain path").to_owned();
    let taken = time(|| world.git(&alice, &["push", "-q", &url, JOURNALS]));
    settle(&copy);
    taken
}

/// Waits until the gate has written its receipt, so that it takes nothing from the next push.
fn settle(server: &Path) {
    let slots = server.join("gatos/gate/receipts/slots");
    let waits = || fs::read(&slots).is_ok_and(|slots| slots.chunks(4096).any(|slot| slot[32..36] != [0; 4]));
    while waits() {
        std::thread::sleep(Duration::from_millis(2));
    }
    std::thread::sleep(Duration::from_millis(10));
}
