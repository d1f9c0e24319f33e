//! Commands as processes: start-up, one event, one look.

use crate::measure::{Table, time};
use crate::world::World;

pub fn run(table: &mut Table) {
    let world = World::new();
    let dir = world.ready("one");
    world.gatos(&dir, &["emit", "inventory.add", r#"{"n":1}"#]);
    world.gatos(&dir, &["state", "show"]);
    let rev_parse = || time(|| world.git(&dir, &["rev-parse", "HEAD"]));
    table.compare(
        "start-up with an opened repository (trust pin)",
        "git rev-parse HEAD",
        1.3,
        201,
        &mut || time(|| world.gatos(&dir, &["trust", "pin"])),
        &mut || rev_parse(),
    );
    table.compare(
        "state show with nothing new",
        "git rev-parse HEAD",
        1.5,
        201,
        &mut || time(|| world.gatos(&dir, &["state", "show"])),
        &mut || rev_parse(),
    );
    let emit = || time(|| world.gatos(&dir, &["emit", "inventory.add", r#"{"n":1}"#]));
    table.compare(
        "single emit, fsync on in ours alone",
        "git commit --allow-empty",
        1.2,
        101,
        &mut || emit(),
        &mut || time(|| world.git(&dir, &["-c", "core.fsync=none", "commit", "-q", "--allow-empty", "-m", "one"])),
    );
    world.git(&dir, &["config", "gatos.fsync", "false"]);
    table.compare("single emit, fsync off in both", "git commit --allow-empty", 0.6, 101, &mut || emit(), &mut || {
        time(|| world.git(&dir, &["-c", "core.fsync=none", "commit", "-q", "--allow-empty", "-m", "one"]))
    });
}
