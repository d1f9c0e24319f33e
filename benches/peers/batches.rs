//! Many events at once.

use crate::measure::{Table, time};
use crate::world::World;
use gatos::canon::{digest, json};
use std::fs;
use std::io::Write as _;
use std::path::Path;

const COUNT: u64 = 100_000;
const GROUPED: &str = "emit --jsonl, 100,000 events, 256 an append";
const SINGLE: &str = "emit --jsonl, 100,000 events, one an append";
const SQLITE: &str = "the same, 256 an append, against SQLite";

pub fn run(table: &mut Table) {
    if !table.wants_any(&[GROUPED, SINGLE, SQLITE]) {
        return;
    }
    let world = World::new();
    let events = world.events(COUNT);
    let file = events.to_str().expect("a plain path");
    let ours = |group: &'static str| {
        let dir = world.ready("batch");
        time(|| world.gatos(&dir, &["emit", "--jsonl", file, "--group", group]))
    };
    ours("1");
    let stream = world.path("stream");
    fast_import_stream(&world, &world.path("batch"), &stream);
    let mut fast_import = || {
        let dir = world.path("peer");
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir(&dir).expect("a directory");
        world.git(&dir, &["init", "-q", "--bare"]);
        let script = format!("git fast-import --quiet < '{}'", stream.display());
        time(|| world.shell(&dir, &script))
    };
    table.compare(GROUPED, "git fast-import, one by one, unsigned", 0.25, 5, &mut || ours("256"), &mut fast_import);
    table.compare(SINGLE, "git fast-import, one by one, unsigned", 1.0, 5, &mut || ours("1"), &mut fast_import);
    let text = fs::read_to_string(&events).expect("the events");
    table.compare(SQLITE, "SQLite, one transaction, with content ids", 2.0, 5, &mut || ours("256"), &mut || {
        sqlite(&world.path("events.db"), &text)
    });
}

/// The same commits without their signatures, as git reads them fastest.
fn fast_import_stream(world: &World, dir: &Path, stream: &Path) {
    let journal = world.journal(dir);
    let log = world.ask("git", dir, &["log", "--reverse", "--format=%ct%n%B%x00", &journal]);
    let log = String::from_utf8(log).expect("events are UTF-8");
    let mut out = std::io::BufWriter::new(fs::File::create(stream).expect("a file"));
    for entry in log.split('\0').map(str::trim_start).filter(|e| !e.is_empty()) {
        let (time, message) = entry.split_once('\n').expect("a time and a message");
        let unsigned = message.split("Sig-Alg: ").next().expect("a first part");
        write!(
            out,
            "commit refs/heads/peer\nauthor alice <a@example.org> {time} +0000\ncommitter alice <a@example.org> {time} +0000\ndata {}\n{unsigned}\n",
            unsigned.len()
        )
        .expect("a commit");
    }
}

/// One table with the event and its content id, computed as ours are, in one transaction with the default durability.
fn sqlite(path: &Path, events: &str) -> std::time::Duration {
    let _ = fs::remove_file(path);
    time(|| {
        let mut db = rusqlite::Connection::open(path).expect("a database");
        db.execute_batch("create table event(seq integer primary key, cid text not null unique, body text not null)")
            .expect("a table");
        let all = db.transaction().expect("a transaction");
        {
            let mut insert = all.prepare("insert into event values(?,?,?)").expect("a statement");
            for (seq, line) in (1i64..).zip(events.lines()) {
                let mut value = json::parse(line.as_bytes()).expect("JSON");
                if let gatos::canon::Value::Map(map) = &mut value {
                    map.insert("seq", seq);
                }
                let cid = digest::cid_of(&value).expect("a CID");
                insert.execute((seq, cid.to_string(), line)).expect("a row");
            }
        }
        all.commit().expect("a commit");
    })
}
