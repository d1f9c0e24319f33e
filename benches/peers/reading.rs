//! Verifying and folding what is there.

use crate::measure::{Table, time};
use crate::world::World;
use std::fs;
use std::path::Path;
use std::time::Duration;

const COUNT: u64 = 100_000;
const COLD: &str = "cold verify and fold, 100,000 single appends";
const COLD_GROUPED: &str = "cold verify and fold, 100,000 events, 256 an append";
const WARM: &str = "warm fold (heads verified before), 100,000 single appends";
const FLAT: &str = "state show after one more event, 1,000,000 events behind a checkpoint";
const PEER: &str = "git rev-list into git cat-file --batch, of the single ones";
const MEMORY: &str = "memory of a fold of 1,000,000 events";

pub fn run(table: &mut Table) {
    let world = World::new();
    if table.wants_any(&[COLD, COLD_GROUPED, WARM]) {
        let single = filled(&world, "single", COUNT, "1");
        let grouped = filled(&world, "grouped", COUNT, "256");
        let script = format!("git rev-list {} | git cat-file --batch >/dev/null", world.journal(&single));
        let mut peer = || time(|| world.shell(&single, &script));
        table.compare(COLD, PEER, 3.0, 5, &mut || show_without(&world, &single, "cache"), &mut peer);
        table.compare(COLD_GROUPED, PEER, 0.6, 5, &mut || show_without(&world, &grouped, "cache"), &mut peer);
        table.compare(WARM, PEER, 1.3, 5, &mut || show_without(&world, &single, "cache/state"), &mut peer);
    }
    if table.wants_any(&[FLAT, MEMORY]) {
        let small = filled(&world, "small", 1_000, "256");
        let large = filled(&world, "large", 1_000_000, "256");
        if table.wants(MEMORY) {
            let _ = fs::remove_dir_all(large.join(".git/gatos/cache"));
            let peak = peak_memory(&world, &large);
            table.note(format!("{MEMORY}: {} MB resident at most (promised: under 300 MB)", peak / 1000));
        }
        for dir in [&small, &large] {
            world.gatos(dir, &["state", "checkpoint"]);
        }
        let one_more = |dir: &Path| {
            world.gatos(dir, &["emit", "inventory.add", r#"{"n":1}"#]);
            time(|| world.gatos(dir, &["state", "show"]))
        };
        table.compare(FLAT, "the same with 1,000", 1.3, 31, &mut || one_more(&large), &mut || one_more(&small));
    }
}

fn filled(world: &World, name: &str, count: u64, group: &str) -> std::path::PathBuf {
    let dir = world.ready(name);
    let events = world.events(count);
    world.gatos(&dir, &["emit", "--jsonl", events.to_str().expect("a plain path"), "--group", group]);
    dir
}

/// A look at the state after part of what this clone remembers is gone.
fn show_without(world: &World, dir: &Path, part: &str) -> Duration {
    let _ = fs::remove_dir_all(dir.join(".git/gatos").join(part));
    time(|| world.gatos(dir, &["state", "show"]))
}

/// The highest resident size of a look at the state, in kB, as the kernel counts it.
fn peak_memory(world: &World, dir: &Path) -> u64 {
    let mut child =
        world.command(env!("CARGO_BIN_EXE_git-gatos"), dir).args(["state", "show"]).spawn().expect("it runs");
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().expect("a child").is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|l| l.strip_prefix("VmHWM:"));
        let now = line.and_then(|l| l.trim().trim_end_matches(" kB").parse().ok());
        peak = peak.max(now.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(2));
    }
    peak
}
