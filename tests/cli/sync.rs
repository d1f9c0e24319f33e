//! `sync` and `clone` where no gate stands; `tests/gate/sync.rs` has the rest.

use super::{fits, ready, refused};
use crate::harness::{Repo, World, until};
use std::time::Duration;

#[test]
fn a_sync_without_a_remote_says_what_to_do() {
    let world = World::new();
    let repo = ready(&world, "a");
    let frame = refused(repo.gatos(["--json", "sync"]), 2, "NO_REMOTE");
    assert!(frame["reason"].as_str().expect("a sentence").contains("git remote add origin URL"), "{frame}");
    refused(repo.gatos(["--json", "sync", "https://example.org/x"]), 2, "NO_REMOTE");
    repo.gatos(["sync", "nowhere"]).code(2).silent().err_says("there is no remote nowhere");
    repo.git(["remote", "add", "origin", "file:///nowhere/at/all"]).ok();
    refused(repo.gatos(["--json", "sync"]), 3, "GIT_CHILD");
    world.bare("b").gatos(["clone"]).code(2);
}

/// What git said comes first, and a command that asks the same remote behind it.
#[test]
fn a_remote_that_cannot_be_reached_is_named_with_a_way_to_look() {
    let world = World::new();
    let repo = ready(&world, "a");
    let gone = "fatal: '/nowhere' does not appear to be a git repository; fatal: Could not read from remote repository";
    repo.git(["remote", "add", "dead", "/nowhere"]).ok();
    let sentence = format!("error: cannot fetch from dead (/nowhere): {gone}; look with: git ls-remote dead\n");
    repo.gatos(["sync", "dead"]).code(3).silent().err_says(&sentence);
    let server = world.bare("server");
    repo.git(["remote", "add", "origin", server.path().to_str().expect("UTF-8")]).ok();
    repo.git(["config", "remote.origin.pushurl", "/nowhere"]).ok();
    let sentence = format!("error: cannot push to /nowhere: {gone}; look with: git ls-remote /nowhere\n");
    repo.gatos(["sync"]).code(3).silent().err_says(&sentence);
    let none = "fatal: repository '/no where' does not exist";
    let sentence = format!("error: cannot clone from /no where: {none}; look with: git ls-remote '/no where'\n");
    repo.gatos(["clone", "/no where", "x"]).code(3).silent().err_says(&sentence);
    let fresh = world.repo("fresh");
    fresh.git(["remote", "add", "origin", "/nowhere"]).ok();
    let sentence = format!("error: cannot fetch from origin (/nowhere): {gone}; look with: git ls-remote origin; ");
    fresh.gatos(["init"]).code(3).silent().err_says(&sentence).err_says("git gatos init --offline");
    refused(fresh.gatos(["--json", "init"]), 3, "GIT_CHILD");
}

#[test]
fn a_plain_clone_is_told_to_sync_before_it_founds_anything() {
    let world = World::new();
    let server = world.bare("server");
    let repo = ready(&world, "a");
    repo.git(["remote", "add", "origin", server.path().to_str().expect("UTF-8")]).ok();
    let clone = server.clone_to("clone");
    let sentence =
        "error: this clone has no trust genesis yet; fetch the one of origin: git gatos sync; where origin has none";
    clone.gatos(["verify"]).code(3).silent().err_says(sentence);
    let sentence = "error: neither this clone nor origin has a trust genesis; found one: git gatos init\n";
    clone.gatos(["sync"]).code(3).silent().err_says(sentence);
    refused(clone.gatos(["--json", "sync"]), 3, "NO_GENESIS");
    repo.gatos(["sync"]).ok();
    clone.gatos(["sync"]).ok().err_says("on first use");
    clone.gatos(["verify"]).ok().says("PASSED");
}

#[test]
fn a_plain_server_is_filled_by_the_first_sync_and_cloned() {
    let world = World::new();
    let repo = ready(&world, "a");
    repo.gatos(["emit", "add", "{\"n\":1}"]).ok();
    let server = world.bare("server");
    repo.git(["remote", "add", "origin", server.path().to_str().expect("UTF-8")]).ok();
    let done = fits("sync", repo.gatos(["--json", "sync"]).ok().json());
    let pushed: Vec<&str> =
        done["pushed"].as_array().expect("a list").iter().filter_map(|p| p["ref"].as_str()).collect();
    // Where no law stands all of it goes first, in one push.
    assert!(pushed[..2].iter().all(|name| name.starts_with("refs/gatos/policies/")), "{pushed:?}");
    assert_eq!(pushed[2], "refs/gatos/trust/graph", "{pushed:?}");
    assert!(pushed[3].starts_with("refs/gatos/journal/main/"), "{pushed:?}");
    repo.gatos(["sync"]).ok().says("nothing to do");
    let dir = world.path().join("cloned");
    repo.gatos(["clone", server.path().to_str().expect("UTF-8"), dir.to_str().expect("UTF-8")])
        .ok()
        .says("git gatos emit")
        .err_says("ON FIRST USE");
    let cloned = repo.at(dir);
    cloned.gatos(["emit", "add", "{\"n\":2}"]).ok();
    cloned.gatos(["sync"]).ok();
    repo.gatos(["sync"]).ok().says("fetched 1 ref");
    assert_eq!(repo.gatos(["--json", "log"]).ok().jsonl().len(), 2);
}

#[test]
fn two_trust_graphs_are_an_alarm_and_nothing_is_taken() {
    let world = World::new();
    let repo = ready(&world, "a");
    let other = world.repo("b").as_person("bob");
    other.gatos(["init"]).ok();
    repo.git(["remote", "add", "origin", other.path().to_str().expect("UTF-8")]).ok();
    let before = repo.git(["rev-parse", "refs/gatos/trust/graph"]).ok().stdout();
    let done = fits("sync", repo.gatos(["--json", "sync"]).code(1).json());
    let alarms = done["alarms"].to_string();
    assert!(alarms.contains("another repository's"), "{alarms}");
    assert_eq!(repo.git(["rev-parse", "refs/gatos/trust/graph"]).ok().stdout(), before);
    let theirs = other.git(["rev-parse", "refs/gatos/policies/active"]).ok().stdout();
    assert_ne!(repo.git(["rev-parse", "refs/gatos/policies/active"]).ok().stdout(), theirs);
}

/// A remote whose program waits: it says that it was called, and goes on, or fails, once it is told to.
fn slow(world: &World, repo: &Repo<'_>, program: &str, ends: &str) {
    let script = format!("#!/bin/sh\ntouch ../called\nwhile [ ! -e ../go ]; do sleep 0.05; done\n{ends}\n");
    let path = world.path().join("slow.sh");
    std::fs::write(&path, script).expect("a script");
    repo.git(["config", &format!("remote.origin.{program}"), &format!("sh {}", path.display())]).ok();
}

/// Ctrl-C while the remote is at work, which is then let go on; what was said of it.
#[track_caller]
fn interrupted(world: &World, repo: &Repo<'_>) -> String {
    let marks = ["called", "go"].map(|mark| world.path().join(mark));
    marks.iter().for_each(|mark| drop(std::fs::remove_file(mark)));
    let running = repo.command(["--json", "sync"]).spawn();
    until("the call of the remote", || marks[0].exists());
    running.interrupt();
    std::thread::sleep(Duration::from_millis(100));
    std::fs::write(&marks[1], "").expect("a mark");
    refused(running.wait(), 3, "CANCELLED")["reason"].as_str().expect("a sentence").to_owned()
}

#[test]
fn an_interrupted_sync_ends_between_two_whole_steps() {
    let world = World::new();
    let repo = ready(&world, "a");
    let server = world.bare("server");
    repo.git(["remote", "add", "origin", server.path().to_str().expect("UTF-8")]).ok();
    repo.gatos(["sync"]).ok();
    for ns in ["main", "other"] {
        repo.gatos(["emit", "add", "{\"n\":1}", "--ns", ns]).ok();
    }
    let refs = |repo: &Repo<'_>| repo.git(["for-each-ref", "--format=%(refname) %(objectname)"]).ok().stdout();
    let before = [refs(&repo), refs(&server)];
    // While it fetches: what was fetched is there, and nothing was pushed. That the remote ends too is not its fault.
    for ends in ["exec git-upload-pack \"$@\"", "exit 1"] {
        slow(&world, &repo, "uploadpack", ends);
        interrupted(&world, &repo);
        assert_eq!([refs(&repo), refs(&server)], before);
    }
    repo.git(["config", "--unset", "remote.origin.uploadpack"]).ok();
    // While it pushes and the remote fails: nothing moved.
    slow(&world, &repo, "receivepack", "exit 1");
    assert_eq!(interrupted(&world, &repo), "stopped on request");
    assert_eq!([refs(&repo), refs(&server)], before);
    repo.git(["config", "--unset", "remote.origin.receivepack"]).ok();
    repo.gatos(["sync"]).ok();
    assert_eq!(refs(&server).lines().filter(|line| line.contains("/journal/")).count(), 2);
    repo.gatos(["verify"]).ok();
    repo.gatos(["sync"]).ok().says("nothing to do");
    // While it pushes and the remote goes on: what it took is named.
    repo.gatos(["emit", "add", "{\"n\":2}"]).ok();
    slow(&world, &repo, "receivepack", "exec git-receive-pack \"$@\"");
    let said = interrupted(&world, &repo);
    let journal = repo.git(["for-each-ref", "--format=%(refname)", "refs/gatos/journal/main"]).ok().stdout();
    assert_eq!(
        said,
        format!("stopped on request; origin has taken by then: {journal}; to go on: git gatos sync origin")
    );
    let tip = |repo: &Repo<'_>| repo.git(["rev-parse", &journal]).ok().stdout();
    assert_eq!(tip(&server), tip(&repo));
    for repo in [&repo, &server] {
        repo.git(["fsck", "--strict", "--no-dangling"]).ok();
    }
}

/// A git of some version that does not know an option of a fetch, first in `PATH`; gives that path.
fn dated(world: &World, repo: &Repo<'_>, version: &str) -> String {
    let shell = |line: &str| world.command("sh", repo.person(), repo.path()).args(["-c", line]);
    let said = |line: &str| shell(line).run().ok().stdout();
    let dir = world.path().join(version);
    let script = format!(
        "#!/bin/sh\ncase \"$1\" in\nversion) echo 'git version {version} (Vendor-1)' ;;\n\
         fetch) echo 'usage: git fetch' >&2; exit 129 ;;\n*) exec {} \"$@\" ;;\nesac\n",
        said("command -v git")
    );
    // A shell writes it: what this process has open for writing, a child of another test may hold when it is to run.
    shell("mkdir $0 && cat > $0/git && chmod +x $0/git").args([&dir]).stdin(script).run().ok();
    format!("{}:{}", dir.display(), said("echo $PATH"))
}

#[test]
fn a_git_that_is_too_old_is_named_and_not_its_usage() {
    let world = World::new();
    let repo = ready(&world, "a");
    let server = world.bare("server");
    repo.git(["remote", "add", "origin", server.path().to_str().expect("UTF-8")]).ok();
    repo.gatos(["sync"]).ok();
    let path = dated(&world, &repo, "2.39.5");
    let sentence = "git 2.39.5 is too old for sync and clone: 2.41 or later is needed; `git clone`, `git fetch`";
    repo.command(["sync"]).env("PATH", &path).run().code(3).silent().err_says(sentence);
    let clone = || repo.command(["--json", "clone", "../server", "../cloned"]);
    let frame = refused(clone().env("PATH", &path).run(), 3, "GIT_VERSION");
    assert!(frame["reason"].as_str().expect("a sentence").starts_with(sentence), "{frame}");
    assert!(!world.path().join("cloned").exists(), "something is left of it");
    // What a newer one does not know is another matter.
    let path = dated(&world, &repo, "3.0");
    refused(clone().env("PATH", &path).run(), 3, "GIT_CHILD");
    let done = fits("clone", clone().run().ok().json());
    let dir = world.path().canonicalize().expect("a path").join("cloned");
    assert_eq!(done["dir"], dir.to_str().expect("UTF-8"), "the dots of what was typed are gone");
}
