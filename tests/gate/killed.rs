//! Pushes that end in the middle: the client goes, the hook is killed, nobody listens.

use super::court::{Court, JOURNALS};
use crate::harness::{Repo, World};
use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

/// Keeps every push waiting at the gate until it is dropped.
fn closed(court: &Court<'_>) -> File {
    let lock = File::options().write(true).open(court.server.path().join("gatos/gate/lock")).expect("the lock");
    lock.lock().expect("nobody holds it");
    lock
}

/// The hook that judges a push to this server now.
#[cfg(target_os = "linux")]
fn judging(server: &Path) -> u32 {
    let since = Instant::now();
    loop {
        for entry in std::fs::read_dir("/proc").expect("processes").flatten() {
            let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
            let words = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let here = std::fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd == server);
            if here && words.ends_with(b"git-gatos\0hook\0hooks/pre-receive\0") {
                return id;
            }
        }
        assert!(since.elapsed() < Duration::from_secs(30), "no hook came to the gate");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
#[cfg(target_os = "linux")]
fn must_stay_closed_where_the_hook_is_killed_while_it_judges() {
    let world = World::new();
    let court = Court::new(&world);
    court.emit(&court.alice, "{\"n\":2}");
    let (refs, receipts, record) = (court.refs(), court.receipts(), court.record());
    let lock = closed(&court);
    let push = court.git(&court.alice, ["push", "origin", JOURNALS]).spawn();
    let hook = judging(&court.server.path().canonicalize().expect("a path"));
    let killed = std::process::Command::new("kill").args(["-9", &hook.to_string()]).status().expect("kill");
    assert!(killed.success());
    push.wait().code(1).err_says("pre-receive hook declined");
    drop(lock);
    assert_eq!((court.refs(), court.receipts(), court.record()), (refs, receipts, record));
    // Nothing of it is in the way of the next.
    court.push(&court.alice, [JOURNALS]).ok();
    assert_eq!(court.receipts(), receipts + 1);
    court.server.git(["fsck", "--strict", "--no-dangling", "--no-progress"]).ok().silent();
}

#[test]
#[cfg(target_os = "linux")]
fn must_give_a_receipt_exactly_where_refs_moved_though_the_client_has_gone() {
    let world = World::new();
    let court = Court::new(&world);
    let server = court.server.path().canonicalize().expect("a path");
    let tip = |repo: &Repo<'_>, name: &str| repo.git(["rev-parse", "--verify", "-q", name]).stdout();
    for (round, refused) in [(2, false), (3, true), (4, false)] {
        court.emit(&court.alice, &format!("{{\"n\":{round}}}"));
        let (name, new) = court.journal(&court.alice);
        let (refs, receipts, record) = (court.refs(), court.receipts(), court.record());
        let lock = closed(&court);
        let more = format!("{new}:refs/gatos/xyz");
        let what = [JOURNALS, &more];
        let push = court.git(&court.alice, ["push", "origin"]).args(&what[..1 + usize::from(refused)]).spawn();
        let hook = judging(&server);
        // The client is gone before anything was judged; whoever serves it may end when it notices.
        let _ = std::thread::scope(|scope| {
            let ended = scope.spawn(|| push.kill());
            std::thread::sleep(Duration::from_millis(50));
            drop(lock);
            ended.join().expect("it ended")
        });
        let since = Instant::now();
        while Path::new(&format!("/proc/{hook}")).exists() && since.elapsed() < Duration::from_secs(30) {
            std::thread::sleep(Duration::from_millis(5));
        }
        if refused {
            assert_eq!(court.refs(), refs, "what is refused moves nothing");
            assert_eq!(court.record().len(), record.len() + 1, "and is on record, whoever listens");
        }
        // The next push settles what was left.
        court.alice.git(["commit", "-q", "--allow-empty", "-m", "code"]).ok();
        court.push(&court.alice, [format!("HEAD:refs/heads/after-{round}")]).ok();
        let moved = tip(&court.server, &name) == new;
        assert_eq!(court.receipts(), receipts + 1 + usize::from(moved), "round {round}, moved: {moved}");
        court.push(&court.alice, [JOURNALS]).ok();
    }
    court.server.git(["fsck", "--strict", "--no-dangling", "--no-progress"]).ok().silent();
    court.fetch(&court.alice);
    court.alice.gatos(["verify"]).ok().says("PASSED");
}

#[test]
fn must_record_a_refusal_that_nobody_can_be_told() {
    let world = World::new();
    let court = Court::new(&world);
    let (_, tip) = court.journal(&court.alice);
    let many: String = (0..500).map(|n| format!("{} {tip} refs/gatos/unknown-{n}\n", "0".repeat(40))).collect();
    // Without standard error, and into a pipe that nobody reads.
    for to in ["2>&-", "2>&1 >&- | true", ">&- 2>&-"] {
        let (refs, record) = (court.refs(), court.record());
        let alias = format!("alias.h=!f() {{ git-gatos hook pre-receive {to}; }}; f");
        let hook = ["-c", &alias, "h", "receive-pack"];
        let said = world.command("git", "git", court.server.path()).args(hook).stdin(many.as_str()).run();
        assert!(to.contains('|') || !said.succeeded(), "{to}");
        // The pipe ends before the hook does.
        let since = Instant::now();
        while court.record().len() == record.len() && since.elapsed() < Duration::from_secs(30) {
            std::thread::sleep(Duration::from_millis(20));
        }
        court.stands(&refs, &record, "ref.unknown");
    }
}
