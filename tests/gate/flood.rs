//! What is on record of refusals that could not be written when they came.

use super::court::{ACTIVE, Court, JOURNALS, TRUST};
use crate::harness::World;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

/// The decisions on record, the newest first.
#[track_caller]
fn decisions(court: &Court<'_>) -> Vec<serde_json::Value> {
    let gate = court.gate();
    let ids = court.server.git(["rev-list", &gate]).ok().stdout();
    let shown = ids.lines().map(|id| court.server.git(["show", &format!("{id}:decision.json")]));
    shown.filter(crate::harness::Outcome::succeeded).map(crate::harness::Outcome::json).collect()
}

#[test]
fn must_keep_the_count_of_a_flood_until_an_entry_tells_it() {
    let world = World::new();
    let court = Court::new(&world);
    let gate = court.server.path().join("gatos/gate");
    let (spool, flood) = (court.server.path().join("gatos/audit-spool"), gate.join("flood.json"));
    let (_, tip) = court.journal(&court.alice);
    let refused = || court.push(&court.alice, [format!("{tip}:refs/gatos/xyz")]).code(1);
    let waiting = || {
        let chain = "ab".repeat(32);
        let text = format!("{{\"evidence\":0,\"hour\":1,\"kinds\":[],\"left\":[[5,\"{chain}\"]]}}");
        fs::write(&flood, text).expect("a file");
    };
    let keys = |mode: u32| fs::set_permissions(gate.join("keys"), fs::Permissions::from_mode(mode)).expect("a mode");
    let told = || -> Vec<i64> {
        let counted = |d: &serde_json::Value| d["facts"]["counted"][0]["count"].as_i64();
        decisions(&court).iter().filter_map(counted).collect()
    };
    // Nothing can be signed: the refusal waits in the spool, and the count with it.
    waiting();
    keys(0o755);
    refused().err_says("in the server's spool");
    assert_eq!((told(), fs::read_dir(&spool).expect("the spool").count()), (vec![], 1));
    keys(0o700);
    refused();
    assert_eq!((told(), fs::read_dir(&spool).expect("the spool").count()), (vec![5], 0));
    assert_eq!(decisions(&court).len(), 2);
    // Nor can it wait: then the count goes back, and the next entry has it, once.
    waiting();
    keys(0o755);
    fs::remove_dir(&spool).expect("it is empty");
    fs::write(&spool, "in the way").expect("a file");
    refused();
    fs::remove_file(&spool).expect("a file");
    keys(0o700);
    refused();
    refused();
    assert_eq!((told(), decisions(&court).len()), (vec![5, 5], 4));
    court.fetch(&court.alice);
    court.alice.gatos(["verify"]).ok().says("PASSED");
}

#[test]
fn must_record_a_refusal_before_there_is_a_law_where_readers_can_verify_it() {
    let world = World::new();
    let court = Court::new(&world);
    let open = world.bare("open").as_person("git");
    open.gatos(["hook", "install", "--server"]).ok();
    let url = open.path().to_str().expect("UTF-8").to_owned();
    let push = |to: &str| court.alice.git(["push", &url, to]);
    // Nobody knows yet of what repository it is.
    push(TRUST).code(1).err_says("rule    gate.unpinned  ").err_says("in the server's spool");
    let id = court.id();
    let gate = open.gatos(["--json", "hook", "install", "--server", "--root", &id]).ok().json();
    let gate = gate["key"].as_str().expect("a key").to_owned();
    court.alice.gatos(["trust", "add-key", "service:gate", &gate]).ok();
    court.alice.git(["push", &url, TRUST, ACTIVE, JOURNALS]).ok();
    let (_, tip) = court.journal(&court.alice);
    push(&format!("{tip}:refs/gatos/xyz")).code(1).err_says("git gatos explain");
    court.alice.git(["fetch", "-q", &url, "refs/gatos/audit/*:refs/gatos-remotes/open/audit/*"]).ok();
    court.alice.gatos(["verify"]).ok().says("PASSED");
    let gate = open.git(["for-each-ref", "--format=%(refname)", "refs/gatos/audit"]).ok().stdout();
    let rules = open.git(["log", "--format=%(trailers:key=Rule,valueonly)", &gate]).ok().stdout();
    assert_eq!(rules.split_whitespace().collect::<Vec<_>>(), ["gate.unpinned", "ref.unknown"]);
    assert_eq!(fs::read_dir(open.path().join("gatos/audit-spool")).expect("the spool").count(), 0);
}
