//! When a receipt is written, and of what: by default a moment after the push has returned.

use super::court::{ACTIVE, Court, JOURNALS, TRUST, new_key};
use super::rules::enact;
use crate::harness::{Running, World, until};
use gatos::id::Oid;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;

/// A gate as an operator installs it who asks for nothing.
fn plain<'w>(world: &'w World) -> Court<'w> {
    let court = Court::new(world);
    court.server.gatos(["hook", "install", "--server", "--await-receipt=false"]).ok();
    court
}

/// A process that stands for a push which still runs, and how the gate names it.
#[cfg(target_os = "linux")]
pub(super) fn receiving(court: &Court<'_>) -> (Running, Value) {
    let running = court.world.command("sleep", "git", court.world.path()).args(["60"]).spawn();
    let stat = fs::read_to_string(format!("/proc/{}/stat", running.id())).expect("it runs");
    let start = stat.rsplit_once(") ").expect("a name").1.split(' ').nth(19).expect("a start");
    let space = fs::read_link("/proc/self/ns/pid").expect("a pid namespace");
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").expect("a boot");
    let space = format!("{} {}", boot.trim(), space.display());
    let receiver = json!({"id": running.id(), "space": space, "start": start});
    (running, receiver)
}

/// What a receipt would tell of a push: ref, old and new value of each update.
pub(super) fn told(court: &Court<'_>, updates: &[(&str, &str, &str)]) -> Value {
    let updates: Vec<_> = updates.iter().map(|(name, old, new)| json!({"new": new, "old": old, "ref": name})).collect();
    json!({"gatos": "receipt/1", "received_at": "2026-11-21T09:00:00Z", "repo": court.id(), "updates": updates})
}

/// Puts it where the gate puts it before the refs of that push move.
pub(super) fn set_aside(court: &Court<'_>, receipt: Value, receiver: Value) -> PathBuf {
    let waiting = json!({"happened": [], "receipt": receipt, "receiver": receiver});
    let canonical = gatos::canon::json::parse(waiting.to_string().as_bytes()).expect("JSON");
    let file = court.server.path().join("gatos/gate/receipts/0000000001-waiting.json");
    fs::write(&file, gatos::canon::json::document(&canonical).expect("a form")).expect("the spool");
    file
}

/// Waits until no receipt is to be written any more.
#[track_caller]
fn settled(court: &Court<'_>) {
    until("the last receipt", || court.waiting() == 0);
}

/// Alice's clone knows of a receipt for every event.
#[track_caller]
fn received(court: &Court<'_>) {
    let told = court.alice.gatos(["verify"]).ok().says("PASSED").stdout();
    assert!(!told.contains("self-judged"), "{told}");
}

#[test]
fn must_write_the_receipt_of_a_push_that_has_returned() {
    let world = World::new();
    let court = plain(&world);
    assert!(!court.server.path().join("hooks/post-receive").exists());
    let told = court.server.gatos(["hook", "test"]).ok().says("good  pre-receive").stdout();
    assert!(!told.contains("post-receive"), "{told}");
    for n in 2..5 {
        court.emit(&court.alice, &format!("{{\"n\":{n}}}"));
        court.push(&court.alice, [JOURNALS]).ok();
    }
    settled(&court);
    assert_eq!(court.receipts(), 4);
    court.fetch(&court.alice);
    received(&court);
    // Asked for, it stands before the push returns, and the hook goes with the wish.
    court.server.gatos(["hook", "install", "--server", "--await-receipt"]).ok();
    court.server.gatos(["hook", "test"]).ok().says("good  post-receive");
    court.emit(&court.alice, "{\"n\":9}");
    court.push(&court.alice, [JOURNALS]).ok();
    assert_eq!(court.receipts(), 5);
    fs::remove_file(court.server.path().join("hooks/post-receive")).expect("the hook");
    court.server.gatos(["hook", "test"]).code(1).says("post-receive is missing");
}

#[test]
fn sync_waits_for_the_receipts_of_what_it_pushed() {
    let world = World::new();
    let court = plain(&world);
    for n in 2..6 {
        court.emit(&court.alice, &format!("{{\"n\":{n}}}"));
        court.alice.gatos(["sync"]).ok();
        received(&court);
    }
}

/// Another push may move a branch on, or make it again, before the receipt of the first one is written.
#[test]
#[cfg(target_os = "linux")]
fn must_give_a_receipt_for_what_another_push_has_moved_on() {
    let world = World::new();
    let court = Court::new(&world);
    let (first, second) = (court.alice.commit("one"), court.alice.commit("two"));
    court.push(&court.alice, [format!("{first}:refs/heads/main")]).ok();
    // This push still runs, and has made one branch and deleted another; a third it has not moved.
    let (running, receiver) = receiving(&court);
    let none = Oid::ZERO.hex();
    let updates = [
        ("refs/heads/main", none.as_str(), first.as_str()),
        ("refs/heads/gone", &first, &none),
        ("refs/heads/still", &none, &second),
    ];
    let file = set_aside(&court, told(&court, &updates), receiver);
    // The next push rewrites the first and makes the second again; somebody on the server makes the third.
    let other = court.alice.git(["commit-tree", "-m", "other", &format!("{first}^{{tree}}")]).ok().stdout();
    let refs = ["main", "gone"].map(|name| format!("+{other}:refs/heads/{name}"));
    court.push(&court.alice, refs).ok();
    court.server.git(["update-ref", "refs/heads/still", &other]).ok();
    running.kill().killed();
    let before = court.receipts();
    court.push(&court.alice, [format!("{first}:refs/gatos/xyz")]).code(1);
    assert_eq!((court.receipts(), file.exists()), (before + 1, false));
    let gate = court.gate();
    let receipt = court.server.git(["show", &format!("{gate}~1:receipt.json")]).ok().json();
    let names: Vec<_> = receipt["updates"].as_array().expect("a list").iter().map(|u| u["ref"].clone()).collect();
    assert_eq!(names, ["refs/heads/main", "refs/heads/gone"]);
}

/// Whoever speaks needs a licence, which is taken from him again.
const LICENCE: &str = r#"
rule "licence"
  on emit "main"
  deny if not cap("bus:publish")
"#;

fn known(court: &Court<'_>) -> PathBuf {
    court.server.path().join("gatos/gate/known")
}

/// The tips of trust graph and policy that stand.
#[track_caller]
fn law(court: &Court<'_>) -> [Oid; 2] {
    [TRUST, ACTIVE].map(|name| Oid::from_hex(&court.server.git(["rev-parse", name]).ok().stdout()).expect("an id"))
}

fn holds(bytes: &[u8], id: &Oid) -> bool {
    bytes.windows(20).any(|some| some == id.as_bytes())
}

/// What the gate remembers, law and answers, once it has judged the law that stands: it does so behind the push that brought it.
#[track_caller]
fn remembered(court: &Court<'_>) -> [Vec<u8>; 2] {
    let tips = law(court);
    let read = |name| fs::read(known(court).join(name)).unwrap_or_default();
    until("the law that stands, in what is remembered", || tips.iter().all(|tip| holds(&read("law"), tip)));
    ["law", "answers"].map(read)
}

/// Bob is refused for want of a licence, also where the gate finds what it remembered before, or this, in place of what it
/// remembers.
#[track_caller]
fn misled_by_none(court: &Court<'_>, [law, answers]: &[Vec<u8>; 2], bent: (&str, &[u8])) {
    remembered(court);
    let (law, answers) = (("law", law.as_slice()), ("answers", answers.as_slice()));
    for files in [&[law][..], &[answers], &[law, answers], &[bent]] {
        fs::remove_dir_all(known(court)).expect("it is forgotten");
        fs::create_dir(known(court)).expect("a directory");
        files.iter().for_each(|(name, bytes)| fs::write(known(court).join(name), bytes).expect("put in its place"));
        court.refused(&court.bob, [JOURNALS], "licence");
    }
}

/// These bytes with one id in the place of another.
#[track_caller]
fn bent(bytes: &[u8], from: &Oid, to: &Oid) -> Vec<u8> {
    assert!(holds(bytes, from), "it names {}", from.hex());
    let mut bytes = bytes.to_vec();
    while let Some(at) = bytes.windows(20).position(|some| some == from.as_bytes()) {
        bytes[at..at + 20].copy_from_slice(to.as_bytes());
    }
    bytes
}

/// Bob has a licence, and the gate remembers that it let him speak.
#[track_caller]
fn licensed(court: &Court<'_>, n: u64) -> [Vec<u8>; 2] {
    court.alice.gatos(["trust", "grant", "user:bob", "bus:publish"]).ok();
    court.push(&court.alice, [TRUST]).ok();
    court.emit(&court.bob, &format!("{{\"n\":{n}}}"));
    court.push(&court.bob, [JOURNALS]).ok();
    let [known, answers] = remembered(court);
    // A digest stands in front, then the policy that they are answers of.
    assert_eq!(&answers[32..52], law(court)[1].as_bytes());
    [known, answers]
}

/// What the gate remembers of its law is a way to be quick; stale or damaged it changes no verdict.
#[test]
fn must_not_be_misled_by_what_the_gate_remembers() {
    let world = World::new();
    let court = plain(&world);
    enact(&court, LICENCE);
    let then = licensed(&court, 5);
    let trust = law(&court)[0];
    // The licence goes. The law of before would let bob speak, and so would one that calls itself the one that stands.
    court.take_grant("user:bob");
    court.emit(&court.bob, "{\"n\":6}");
    misled_by_none(&court, &then, ("law", &bent(&then[0], &trust, &law(&court)[0])));
    // He gets it back, and then the policy asks for another. What was allowed under the same trust is over.
    let then = licensed(&court, 7);
    let policy = law(&court)[1];
    enact(&court, &LICENCE.replace("bus:publish", "job:work"));
    court.emit(&court.bob, "{\"n\":8}");
    misled_by_none(&court, &then, ("answers", &bent(&then[1], &policy, &law(&court)[1])));
}

#[test]
fn must_remember_anew_what_was_damaged_or_forgotten() {
    let world = World::new();
    let court = plain(&world);
    let push = |n: u64| {
        court.emit(&court.alice, &format!("{{\"n\":{n}}}"));
        court.push(&court.alice, [JOURNALS]).ok();
        settled(&court);
    };
    push(2);
    let whole = remembered(&court);
    let files = ["law", "answers"].map(|name| known(&court).join(name));
    for file in &files {
        let mut bytes = fs::read(file).expect("remembered");
        *bytes.last_mut().expect("not empty") ^= 1;
        fs::write(file, bytes).expect("damaged");
    }
    push(3);
    assert_eq!(remembered(&court), whole);
    fs::remove_dir_all(known(&court)).expect("forgotten");
    push(4);
    assert_eq!(remembered(&court), whole);
}

/// A gate that was stopped between writing a receipt and forgetting that it was to be written tells of the push once.
#[test]
fn must_give_one_receipt_though_the_gate_was_stopped_behind_it() {
    let world = World::new();
    let court = Court::new(&world);
    // A hook of the host runs between the gate's word and the refs.
    let slots = court.server.path().join("gatos/gate/receipts/slots");
    let before_refs = world.path().join("slots");
    let update = format!("#!/bin/sh\ncp {} {}\n", slots.display(), before_refs.display());
    super::hook::script(&court.server.path().join("hooks/update"), &update);
    court.emit(&court.alice, "{\"n\":2}");
    court.push(&court.alice, [JOURNALS]).ok();
    let waiting = fs::read(&before_refs).expect("what waited");
    fs::remove_file(court.server.path().join("hooks/update")).expect("the hook");
    let before = court.receipts();
    // Other pushes came in between, of law too.
    court.alice.gatos(["trust", "add-actor", "user:carol", &new_key()]).ok();
    court.push(&court.alice, [TRUST]).ok();
    fs::write(&slots, waiting).expect("the spool");
    assert_eq!(court.waiting(), 1);
    court.emit(&court.alice, "{\"n\":3}");
    court.push(&court.alice, [JOURNALS]).ok();
    assert_eq!((court.receipts(), court.waiting()), (before + 2, 0));
    court.fetch(&court.alice);
    court.alice.gatos(["verify"]).ok().says("PASSED");
}

/// A gate whose operator has not said for which repository it is takes code, and has nothing to sign of it.
#[test]
fn must_give_no_receipt_of_a_repository_that_nobody_has_named() {
    let world = World::new();
    let court = Court::new(&world);
    let open = world.bare("open").as_person("git");
    let install = |more: &[&str]| {
        let gate = open.gatos(["--json", "hook", "install", "--server", "--await-receipt"].iter().chain(more)).ok();
        gate.json()["key"].as_str().expect("a key").to_owned()
    };
    let key = install(&[]);
    court.alice.commit("code");
    let push = |what: &str| court.alice.git(["push", open.path().to_str().expect("UTF-8"), what]);
    let audit = || open.git(["for-each-ref", "--format=%(refname)", "refs/gatos/audit"]).ok().stdout();
    push("HEAD:refs/heads/early").ok();
    assert_eq!(audit(), "");
    install(&["--root", &court.id()]);
    court.alice.gatos(["trust", "add-key", "service:gate", &key]).ok();
    court.alice.git(["remote", "set-url", "origin", open.path().to_str().expect("UTF-8")]).ok();
    court.alice.gatos(["sync"]).ok();
    push("HEAD:refs/heads/late").ok();
    let names = |receipt: serde_json::Value| receipt["updates"][0]["ref"].as_str().expect("a ref").to_owned();
    assert_eq!(names(open.git(["show", &format!("{}:receipt.json", audit())]).ok().json()), "refs/heads/late");
    court.alice.gatos(["sync"]).ok();
    court.alice.gatos(["verify"]).ok().says("PASSED");
}

/// A branch that is made and taken away again and again in one second has a receipt for each.
#[test]
fn must_give_each_push_its_receipt_though_others_say_the_same() {
    let world = World::new();
    let court = Court::new(&world);
    court.alice.commit("code");
    let before = court.receipts();
    for _ in 0..3 {
        court.push(&court.alice, ["HEAD:refs/heads/again"]).ok();
        court.push(&court.alice, [":refs/heads/again"]).ok();
    }
    assert_eq!(court.receipts(), before + 6);
}

/// Who keeps a push from coming to its end, here by a hook of the host, keeps the gate no longer than its operator allows.
#[test]
fn must_end_a_push_that_moves_nothing_any_more() {
    let world = World::new();
    let court = Court::new(&world);
    court.server.gatos(["hook", "install", "--server", "--await-receipt=false", "--patience", "2"]).ok();
    let hang = "#!/bin/sh\ncase $1 in refs/heads/b) exec sleep 600;; esac\n";
    super::hook::script(&court.server.path().join("hooks/update"), hang);
    court.alice.commit("code");
    let receipts = court.receipts();
    let refs = ["a", "b", "c"].map(|name| format!("HEAD:refs/heads/{name}"));
    let push = court.git(&court.alice, ["push", "origin"]).args(refs).spawn();
    let moved = || court.server.git(["rev-parse", "--verify", "-q", "refs/heads/a"]).succeeded();
    until("the first ref", moved);
    // The law waits for that push, and then nothing of it moves any more.
    court.alice.gatos(["trust", "add-actor", "user:carol", &new_key()]).ok();
    court.push(&court.alice, [TRUST]).ok();
    assert!(!push.wait().succeeded());
    assert_eq!(court.server.git(["for-each-ref", "--format=%(refname)", "refs/heads"]).ok().stdout(), "refs/heads/a");
    settled(&court);
    assert_eq!(court.receipts(), receipts + 2);
    court.push(&court.alice, ["HEAD:refs/heads/c"]).ok();
    court.fetch(&court.alice);
    court.alice.gatos(["verify"]).ok().says("PASSED");
}

/// A receipt that notes what others have moved on grows, and leaves its slot; whoever watches it goes with it.
#[test]
fn must_keep_the_gate_for_a_push_whose_receipt_has_grown() {
    let world = World::new();
    let court = Court::new(&world);
    court.server.gatos(["hook", "install", "--server", "--await-receipt=false"]).ok();
    let go = world.path().join("go");
    let hold = format!("#!/bin/sh\ncase $1 in *z) while [ ! -e {} ]; do sleep 0.05; done;; esac\n", go.display());
    super::hook::script(&court.server.path().join("hooks/update"), &hold);
    court.alice.commit("code");
    let receipts = court.receipts();
    let name = |n: &str| format!("refs/heads/{}{n}", "long".repeat(50));
    let refs = ["a", "b", "c", "z"].map(|n| format!("HEAD:{}", name(n)));
    let push = court.git(&court.alice, ["push", "origin"]).args(refs).spawn();
    until("three refs", || court.server.git(["rev-parse", "--verify", "-q", &name("c")]).succeeded());
    // Another push moves on what that one has moved.
    court.alice.commit("more");
    court.push(&court.alice, [format!("HEAD:{}", name("a"))]).ok();
    let stood = court.server.git(["rev-parse", TRUST]).ok().stdout();
    court.alice.gatos(["trust", "add-actor", "user:carol", &new_key()]).ok();
    let law = court.git(&court.alice, ["push", "origin", TRUST]).spawn();
    until("the law at the gate", || {
        let turn = fs::File::open(court.server.path().join("gatos/gate/lock.turn")).expect("the turn");
        turn.try_lock_shared().is_err()
    });
    // What must not come is given the time in which it came where the holder let go.
    std::thread::sleep(std::time::Duration::from_millis(600));
    let server = |what: &str| court.server.git(["rev-parse", "--verify", "-q", what]);
    assert_eq!(server(TRUST).ok().stdout(), stood);
    assert!(!server(&name("z")).succeeded());
    fs::write(&go, "").expect("a file");
    push.wait().ok();
    law.wait().ok();
    settled(&court);
    assert_eq!(court.receipts(), receipts + 3);
    let seen = court.server.git(["log", "--format=%H", &court.gate()]).ok().stdout();
    let whole = seen.lines().any(|entry| {
        let receipt = court.server.git(["show", &format!("{entry}:receipt.json")]);
        receipt.succeeded() && receipt.json()["updates"].as_array().is_some_and(|updates| updates.len() == 4)
    });
    assert!(whole, "one receipt tells of all four");
}

/// Nobody knows what a push moves of which there is no receipt, so nobody says that it moves nothing any more.
#[test]
fn must_end_no_push_of_which_no_receipt_was_met() {
    let world = World::new();
    let server = world.bare("server").as_person("git");
    server.gatos(["hook", "install", "--server", "--patience", "1"]).ok();
    super::hook::script(&server.path().join("hooks/update"), "#!/bin/sh\nexec sleep 3\n");
    let alice = world.repo("alice");
    alice.commit("code");
    alice.git(["push", "-q", server.path().to_str().expect("UTF-8"), "HEAD:refs/heads/a"]).ok();
}

/// What another push has moved on counts as moved also where only the grown receipt tells of it.
#[test]
fn must_let_go_of_the_gate_when_all_refs_of_a_grown_receipt_have_moved() {
    let world = World::new();
    let court = Court::new(&world);
    court.server.gatos(["hook", "install", "--server", "--await-receipt=false"]).ok();
    let (go, end) = (world.path().join("go"), world.path().join("end"));
    let hook = |name: &str, of: &str, file: &std::path::Path| {
        let text = format!(
            "#!/bin/sh\ncase \"$1$(cat)\" in *{of}) while [ ! -e {} ]; do sleep 0.05; done;; esac\n",
            file.display()
        );
        super::hook::script(&court.server.path().join("hooks").join(name), &text);
    };
    hook("update", "z", &go);
    hook("post-receive", "z", &end);
    court.alice.commit("code");
    let receipts = court.receipts();
    let push = court.git(&court.alice, ["push", "origin", "HEAD:refs/heads/a", "HEAD:refs/heads/z"]).spawn();
    until("the first ref", || court.server.git(["rev-parse", "--verify", "-q", "refs/heads/a"]).succeeded());
    court.alice.commit("more");
    court.push(&court.alice, ["HEAD:refs/heads/a"]).ok();
    fs::write(&go, "").expect("a file");
    // git still runs the host's own hook behind the push.
    let lock = fs::File::open(court.server.path().join("gatos/gate/lock")).expect("the lock of the gate");
    until("the gate for the next", || lock.try_lock().is_ok());
    lock.unlock().expect("the lock of the gate");
    fs::write(&end, "").expect("a file");
    push.wait().ok();
    settled(&court);
    assert_eq!(court.receipts(), receipts + 2);
}
