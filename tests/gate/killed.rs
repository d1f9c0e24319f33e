//! Pushes that end in the middle: the client goes, the hook is killed, nobody listens.

use super::court::{Court, JOURNALS};
use crate::harness::{World, until};
use std::fs::File;
use std::path::Path;

/// Keeps every push waiting at the gate until it is dropped.
fn closed(court: &Court<'_>) -> File {
    let lock = File::options().write(true).open(court.server.path().join("gatos/gate/lock")).expect("the lock");
    lock.lock().expect("nobody holds it");
    lock
}

/// The first process, in the order of their numbers, that works in a directory and was started by such words.
#[cfg(target_os = "linux")]
fn at_work(dir: &Path, by: impl Fn(&[&str]) -> bool) -> Option<u32> {
    let id = |entry: std::fs::DirEntry| entry.file_name().to_str()?.parse::<u32>().ok();
    let mut ids: Vec<u32> = std::fs::read_dir("/proc").expect("processes").flatten().filter_map(id).collect();
    ids.sort_unstable();
    ids.into_iter().find(|id| {
        let line = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line);
        let here = std::fs::read_link(format!("/proc/{id}/cwd")).is_ok_and(|cwd| cwd == dir);
        here && by(&line.trim_end_matches('\0').split('\0').collect::<Vec<_>>())
    })
}

/// The hook that judges a push to this server now.
#[cfg(target_os = "linux")]
fn judging(server: &Path) -> u32 {
    let mut found = None;
    until("a hook at the gate", || {
        found = at_work(server, |words| words.ends_with(&["hook", "hooks/pre-receive"]));
        found.is_some()
    });
    found.expect("a hook")
}

#[cfg(target_os = "linux")]
fn kill(id: u32) {
    let killed = std::process::Command::new("kill").args(["-9", &id.to_string()]).status().expect("kill");
    assert!(killed.success(), "{id} was not killed");
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
    kill(judging(&court.server.path().canonicalize().expect("a path")));
    push.wait().code(1).err_says("pre-receive hook declined");
    drop(lock);
    assert_eq!((court.refs(), court.receipts(), court.record()), (refs, receipts, record));
    // Nothing of it is in the way of the next.
    court.push(&court.alice, [JOURNALS]).ok();
    assert_eq!(court.receipts(), receipts + 1);
    court.server.git(["fsck", "--strict", "--no-dangling", "--no-progress"]).ok().silent();
}

/// How a push ends whose client is gone before anything was judged.
#[cfg(target_os = "linux")]
#[derive(Clone, Copy, PartialEq)]
enum Left {
    /// Whoever serves it goes on to the end.
    Served,
    Refused,
    /// Who serves it is gone too.
    Alone,
}

#[test]
#[cfg(target_os = "linux")]
fn must_give_a_receipt_exactly_where_refs_moved_though_the_client_has_gone() {
    let world = World::new();
    let court = Court::new(&world);
    let [server, client] = [&court.server, &court.alice].map(|repo| repo.path().canonicalize().expect("a path"));
    // git would notice that the client is gone when it tells him that it still works.
    court.server.git(["config", "receive.keepAlive", "0"]).ok();
    for (round, left) in [(2, Left::Served), (3, Left::Refused), (4, Left::Alone)] {
        court.emit(&court.alice, &format!("{{\"n\":{round}}}"));
        let (name, new) = court.journal(&court.alice);
        let (refs, receipts, record) = (court.refs(), court.receipts(), court.record());
        let lock = closed(&court);
        let more = format!("{new}:refs/gatos/xyz");
        let what = [JOURNALS, &more];
        let push =
            court.git(&court.alice, ["push", "origin"]).args(&what[..1 + usize::from(left == Left::Refused)]).spawn();
        let hook = judging(&server);
        std::thread::scope(|scope| {
            let ended = scope.spawn(|| push.kill());
            until("the end of the client", || at_work(&client, |words| words.contains(&"push")).is_none());
            if left == Left::Alone {
                kill(at_work(&server, |words| words[0].ends_with("receive-pack")).expect("who serves"));
            }
            drop(lock);
            ended.join().expect("it ended").killed()
        });
        until("the end of the hook", || !Path::new(&format!("/proc/{hook}")).exists());
        let moved = || court.server.git(["rev-parse", "--verify", "-q", &name]).stdout() == new;
        let on_record = record.len() + usize::from(left == Left::Refused);
        match left {
            Left::Served => until("what was let through", moved),
            Left::Refused | Left::Alone => assert_eq!(court.refs(), refs),
        }
        assert_eq!(court.record().len(), on_record, "round {round}: a refusal is on record, whoever listens");
        // The next push settles what was left.
        court.alice.commit("code");
        court.push(&court.alice, [format!("HEAD:refs/heads/after-{round}")]).ok();
        assert_eq!(moved(), left == Left::Served, "round {round}");
        assert_eq!(court.receipts(), receipts + 1 + usize::from(left == Left::Served), "round {round}");
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
        let said = court.hook(to).stdin(many.as_str()).run();
        assert!(to.contains('|') || !said.succeeded(), "{to}");
        // The pipe ends before the hook does.
        until("its record", || court.record().len() > record.len());
        court.stands(&refs, &record, "ref.unknown");
    }
}
