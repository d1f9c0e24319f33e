//! The hook itself: how it is installed, and that it closes whatever happens to it.

use super::court::{Court, JOURNALS};
use super::transport::Transport;
use crate::cli::fits;
use crate::harness::World;
use gatos::id::Oid;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

pub(super) fn script(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a directory")).expect("directories can be made");
    fs::write(path, text).expect("a file");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("a mode");
}

#[test]
fn a_gate_is_installed_twice_without_harm_and_taken_away() {
    let world = World::new();
    let server = world.bare("server");
    let first = server.gatos(["--json", "hook", "install", "--server"]).ok().json();
    let again = server.gatos(["--json", "hook", "install", "--server"]).ok().json();
    assert_eq!(first["key"], again["key"]);
    server.gatos(["hook", "install", "--server"]).ok().says("no --root").says("trust add-actor service:gate ed25519:");
    let keys = server.path().join("gatos/gate/keys");
    let key = fs::read_dir(&keys).expect("keys").next().expect("one").expect("an entry").path();
    assert_eq!(fs::metadata(key).expect("a file").permissions().mode() & 0o777, 0o600);
    server.gatos(["hook", "uninstall"]).ok().says("gate removed");
    assert!(!server.path().join("hooks/pre-receive").exists());
    server.gatos(["hook", "uninstall"]).ok().says("no gate");
    let told = fits("hook-uninstall", server.gatos(["--json", "hook", "uninstall"]).ok().json());
    assert_eq!(told["found"], false);
    server.gatos(["hook", "install"]).code(2);
}

#[test]
fn what_a_gate_is_set_to_is_shown() {
    let world = World::new();
    let court = Court::new(&world);
    let policy = court.alice.gatos(["--json", "policy", "show"]).ok().json();
    let policy = policy["id"].as_str().expect("an id");
    let shown = |args: &[&str]| {
        let install = ["hook", "install", "--server"].iter().chain(args);
        let made = fits("hook-install", court.server.gatos(["--json"].iter().chain(install.clone())).ok().json());
        let gate = fits("hook-test", court.server.gatos(["--json", "hook", "test"]).ok().json())["gate"].clone();
        gate.as_object().expect("a gate").iter().for_each(|(name, value)| assert_eq!(made[name], *value, "{name}"));
        (gate, [court.server.gatos(install).ok(), court.server.gatos(["hook", "test"]).ok()])
    };
    let (gate, texts) = shown(&[]);
    let stands = court.server.git(["rev-parse", super::court::ACTIVE]).ok().stdout();
    let told = [&gate["root"], &gate["repo"], &gate["active"]].map(|told| told.as_str().expect("an id"));
    assert_eq!(told, [court.id(), court.id(), stands]);
    assert_eq!((&gate["identity"], gate["patience"].as_u64()), (&"none".into(), Some(60)));
    assert_eq!((&gate["policy"], &gate["trusted"]), (&serde_json::Value::Null, &true.into()));
    for text in texts {
        text.says(&format!("repository  {}\n", court.id()))
            .says("policy      the one that stands here; no --policy\n")
            .says("pusher      not told apart (--identity none)\n")
            .says("receipts    before a push returns (--await-receipt)\n")
            .says("patience    60 s, ");
    }
    shown(&["--policy", policy, "--identity", "http", "--patience", "90", "--await-receipt=false"]);
    // What is not named again is shown as it stays.
    let (gate, texts) = shown(&[]);
    let told = [&gate["identity"], &gate["policy"]].map(|told| told.as_str().expect("a text"));
    assert_eq!((told, gate["patience"].as_u64()), (["http", policy], Some(90)));
    assert_eq!(gate["await_receipt"], false);
    for text in texts {
        text.says(&format!("policy      {policy} or what descends from it\n"))
            .says("pusher      whom REMOTE_USER names (--identity http)\n")
            .says("receipts    a moment after a push has returned\n")
            .says("patience    90 s, ");
    }
    // A law that cannot be read is one thing that is not as it must be.
    court.server.git(["update-ref", super::court::TRUST, super::court::ACTIVE]).ok();
    court.server.gatos(["hook", "test"]).code(1).says("BAD   the law that stands: ").says("good  pre-receive");
    let told = fits("hook-test", court.server.gatos(["--json", "hook", "test"]).code(1).json());
    assert_eq!(told["gate"], serde_json::Value::Null);
    let bare = world.bare("bare").gatos(["--json", "hook", "test"]).code(1).json();
    assert_eq!(fits("hook-test", bare)["gate"], serde_json::Value::Null);
}

#[test]
fn a_foreign_hook_runs_behind_the_gate_and_comes_back() {
    let world = World::new();
    let court = Court::new(&world);
    court.server.gatos(["hook", "uninstall"]).ok();
    let hook = court.server.path().join("hooks/pre-receive");
    let foreign = "#!/bin/sh\ncat >> seen\nexit 0\n";
    script(&hook, foreign);
    court.server.gatos(["hook", "install", "--server", "--await-receipt"]).ok();
    court.emit(&court.alice, "{\"n\":2}");
    court.push(&court.alice, [JOURNALS]).ok();
    court.alice.commit("code");
    court.refused(&court.alice, ["HEAD:refs/gatos/xyz"], "ref.unknown");
    let seen = fs::read_to_string(court.server.path().join("seen")).expect("the foreign hook ran");
    assert_eq!((seen.lines().count(), seen.contains("xyz")), (1, false), "once, and not for what the gate refused");
    // What it refuses is refused, though the gate let it through: and no receipt says otherwise.
    script(&court.server.path().join("hooks/pre-receive.d/50-previous"), "#!/bin/sh\necho no >&2\nexit 1\n");
    let receipts = court.receipts();
    court.push(&court.alice, ["HEAD:refs/heads/main"]).code(1).err_says("no");
    script(&court.server.path().join("hooks/pre-receive.d/50-previous"), foreign);
    court.push(&court.alice, ["HEAD:refs/heads/main"]).ok();
    assert_eq!(court.receipts(), receipts + 1);
    // Without its part the dispatcher is closed.
    let part = court.server.path().join("hooks/pre-receive.d/10-gatos");
    fs::set_permissions(&part, fs::Permissions::from_mode(0o644)).expect("a mode");
    court.push(&court.alice, ["HEAD:refs/heads/other"]).code(1).err_says("10-gatos is missing");
    court.server.gatos(["hook", "uninstall"]).ok();
    assert_eq!(fs::read_to_string(&hook).expect("it is back"), foreign);
}

/// What Gitea and Forgejo put in place of a hook.
const HOSTED: &str = r#"#!/usr/bin/env sh
# AUTO GENERATED, DO NOT MODIFY
data=$(cat)
exitcodes=""
hookname=$(basename $0)
GIT_DIR=${GIT_DIR:-$(dirname $0)/..}

for hook in ${GIT_DIR}/hooks/${hookname}.d/*; do
  test -x "${hook}" && test -f "${hook}" || continue
  echo "${data}" | "${hook}"
  exitcodes="${exitcodes} $?"
done

for i in ${exitcodes}; do
  [ ${i} -eq 0 ] || exit ${i}
done
"#;

#[test]
fn must_stand_among_the_parts_of_a_host_and_say_so_where_it_does_not() {
    let world = World::new();
    let court = Court::new(&world);
    court.server.gatos(["hook", "uninstall"]).ok();
    let hooks = court.server.path().join("hooks");
    let install = || court.server.gatos(["--json", "hook", "install", "--server", "--await-receipt"]);
    for name in ["pre-receive", "post-receive"] {
        script(&hooks.join(name), HOSTED);
        script(&hooks.join(format!("{name}.d/gitea")), "#!/bin/sh\ncat >> seen\n");
    }
    let made = fits("hook-install", install().ok().json());
    assert_eq!(made["stands"], true);
    assert_eq!(fs::read_to_string(hooks.join("pre-receive")).expect("the host's"), HOSTED);
    assert!(hooks.join("pre-receive.d/10-gatos").exists() && !hooks.join("pre-receive.d/50-previous").exists());
    court.alice.commit("code");
    court.refused(&court.alice, ["HEAD:refs/gatos/xyz"], "ref.unknown");
    let receipts = court.receipts();
    court.push(&court.alice, ["HEAD:refs/heads/main"]).ok();
    assert_eq!(court.receipts(), receipts + 1);
    let seen = fs::read_to_string(court.server.path().join("seen")).expect("the host's part ran");
    assert!(seen.contains("refs/heads/main"));
    fits("hook-test", court.server.gatos(["--json", "hook", "test"]).ok().json());
    // Hooks that look like it and are not: one does not heed its parts, one runs others.
    let deaf = HOSTED.replace("[ ${i} -eq 0 ] || exit ${i}", "true || exit 1");
    let elsewhere = HOSTED.replace("for hook in ${GIT_DIR}", "GIT_DIR=/nowhere\nfor hook in ${GIT_DIR}");
    for (text, why) in [(deaf, "does not heed what our part refuses"), (elsewhere, "does not run our part")] {
        script(&hooks.join("pre-receive"), &text);
        let made = fits("hook-install", install().code(1).json());
        assert_eq!(made["stands"], false);
        court
            .server
            .gatos(["hook", "install", "--server", "--await-receipt"])
            .code(1)
            .says(why)
            .says("the gate does not stand");
        court.server.gatos(["hook", "test"]).code(1).says(why);
    }
    // A hook that merely speaks of some directory runs no parts of ours: what stands there is for a person to sort out.
    script(
        &hooks.join("pre-receive"),
        "#!/bin/sh\n# for hook in hooks/pre-receive.d/*\n. /etc/profile.d/x.sh || exit 0\n",
    );
    court
        .server
        .gatos(["hook", "install", "--server", "--await-receipt"])
        .code(3)
        .err_says("pre-receive.d/gitea stands beside it");
    for name in ["pre-receive", "post-receive"] {
        fs::remove_file(hooks.join(format!("{name}.d/gitea"))).expect("a file");
    }
    install().ok();
    court.refused(&court.alice, ["HEAD:refs/gatos/xyz"], "ref.unknown");
}

#[test]
fn a_shared_hooks_path_is_not_filled() {
    let world = World::new();
    let server = world.bare("server");
    server.git(["config", "--global", "core.hooksPath", "/nowhere/hooks"]).ok();
    server.gatos(["hook", "install", "--server"]).code(3).err_says("which all repositories share");
    // A path of its own is one that this repository alone has.
    server.git(["config", "--global", "--unset", "core.hooksPath"]).ok();
    server.git(["config", "core.hooksPath", "own-hooks"]).ok();
    server.gatos(["hook", "install", "--server"]).ok().says("own-hooks");
    assert!(server.path().join("own-hooks/pre-receive").exists());
}

#[test]
fn must_stay_closed_where_the_gate_cannot_judge() {
    let world = World::new();
    let court = Court::new(&world);
    court.emit(&court.alice, "{\"n\":2}");
    let refs = court.refs();
    let closed = |why: &str| {
        court.push(&court.alice, [JOURNALS]).code(1).err_says("pre-receive hook declined");
        assert_eq!(court.refs(), refs, "{why}");
    };
    let gate = court.server.path().join("gatos/gate");
    let hook = court.server.path().join("hooks/pre-receive");
    let stub = fs::read_to_string(&hook).expect("the hook");

    script(&hook, &stub.replace("/git-gatos", "/git-gatos-gone"));
    closed("the program is missing");
    script(&hook, &format!("#!/bin/sh\n{}", "kill -9 $$\n"));
    closed("the hook is killed");
    script(&hook, &stub);

    fs::rename(gate.join("settings.json"), gate.join("aside")).expect("a file");
    closed("there are no settings");
    fs::write(gate.join("settings.json"), "{}").expect("a file");
    closed("the settings are damaged");
    fs::rename(gate.join("aside"), gate.join("settings.json")).expect("a file");

    let mode = |mode: u32| fs::set_permissions(gate.join("keys"), fs::Permissions::from_mode(mode)).expect("a mode");
    mode(0o755);
    let record = court.record();
    let (_, tip) = court.journal(&court.alice);
    court.push(&court.alice, [format!("{tip}:refs/gatos/xyz")]).code(1).err_says("in the server's spool");
    assert_eq!((court.refs(), court.record()), (refs.clone(), record), "its key is open to others: nothing is signed");
    mode(0o700);

    let trust = court.server.git(["rev-parse", super::court::TRUST]).ok().stdout();
    let active = court.server.git(["rev-parse", super::court::ACTIVE]).ok().stdout();
    court.server.git(["update-ref", super::court::TRUST, &active]).ok();
    let record = court.record();
    court.push(&court.alice, [JOURNALS]).code(1).err_says("rule    gate.error  ");
    // What cannot be judged is on record too, and what waited in the spool is written with it.
    assert_eq!(court.record().len(), record.len() + 2);
    court.server.git(["update-ref", super::court::TRUST, &trust]).ok();
    court.push(&court.alice, [JOURNALS]).ok();
}

/// A disk that was full when the program was put anew, say. A shell takes an empty file for a script that succeeds.
#[test]
fn must_stay_closed_where_the_program_is_empty_or_cut() {
    let world = World::new();
    let court = Court::new(&world);
    let program = world.path().join("git-gatos");
    // What runs cannot be written to, so it is renamed into place; and a process of its own writes it, or one that is
    // started meanwhile would have it open for writing.
    let put = |from: &str| {
        let line = format!("{from} > new && chmod 755 new && mv new git-gatos");
        world.command("sh", "alice", world.path()).args(["-c", &line]).run().ok();
    };
    let whole = format!("cat {}", env!("CARGO_BIN_EXE_git-gatos"));
    put(&whole);
    let program = program.to_str().expect("a plain path");
    world.command(program, "git", court.server.path()).args(["hook", "install", "--server"]).run().ok();
    court.emit(&court.alice, "{\"n\":2}");
    court.push(&court.alice, [JOURNALS]).ok();
    court.emit(&court.alice, "{\"n\":3}");
    let refs = court.refs();
    for left in ["true", "head -c 9000 /dev/zero", "head -c 4096 /bin/sh"] {
        put(left);
        court.push(&court.alice, [JOURNALS]).code(1).err_says("pre-receive hook declined");
        assert_eq!(court.refs(), refs, "{left}");
    }
    court.server.gatos(["hook", "test"]).code(1);
    put(&whole);
    court.push(&court.alice, [JOURNALS]).ok();
}

#[test]
fn a_program_that_no_hook_can_name_is_not_installed() {
    let world = World::new();
    let server = world.bare("server");
    for dir in ["with a space", "it's", &"deep/".repeat(60)] {
        let line = format!("mkdir -p \"{dir}\" && cp {} \"{dir}/git-gatos\"", env!("CARGO_BIN_EXE_git-gatos"));
        world.command("sh", "git", world.path()).args(["-c", &line]).run().ok();
        let program = world.path().join(dir).join("git-gatos");
        let install = world.command(program.to_str().expect("UTF-8"), "git", server.path());
        install.args(["hook", "install", "--server"]).run().code(3).err_says("first line of a hook");
        assert!(!server.path().join("hooks/pre-receive").exists());
    }
    // Nor are hooks that other repositories run as well.
    let shared = world.path().join("shared-hooks");
    fs::create_dir(&shared).expect("a directory");
    fs::remove_dir_all(server.path().join("hooks")).ok();
    std::os::unix::fs::symlink(&shared, server.path().join("hooks")).expect("a link");
    server.gatos(["hook", "install", "--server"]).code(3).err_says("core.hooksPath");
    assert_eq!(fs::read_dir(&shared).expect("a directory").count(), 0);
    server.git(["config", "core.hooksPath", shared.to_str().expect("UTF-8")]).ok();
    server.gatos(["hook", "install", "--server"]).ok();
}

/// A part before ours that reads the list leaves none to judge.
#[test]
fn must_let_nothing_through_that_it_was_not_told_of() {
    let world = World::new();
    let court = Court::new(&world);
    let hooks = court.server.path().join("hooks");
    let (_, tip) = court.journal(&court.alice);
    let parts = hooks.join("pre-receive.d");
    fs::create_dir(&parts).expect("a directory");
    fs::rename(hooks.join("pre-receive"), parts.join("10-gatos")).expect("a part");
    let runner = "#!/bin/sh\nfor hook in \"${0%/*}\"/pre-receive.d/*; do \"$hook\" || exit 1; done\n";
    script(&hooks.join("pre-receive"), runner);
    script(&parts.join("05-log"), "#!/bin/sh\ncat > /dev/null\n");
    let refs = court.refs();
    court.push(&court.alice, [format!("{tip}:refs/gatos/xyz")]).code(1).err_says("no update to judge");
    assert_eq!(court.refs(), refs);
}

#[test]
fn must_take_nothing_from_the_environment_of_a_pusher() {
    let world = World::new();
    let court = Court::new(&world);
    court.emit(&court.alice, "{\"n\":2}");
    court.alice.commit("code");
    let push = |to: &str| world.command("git", "alice", court.alice.path()).args(["push", "origin", to]);
    // Keys and configuration of the pusher, and a namespace of git's.
    for (name, value) in [
        ("XDG_CONFIG_HOME", "/nowhere"),
        ("GIT_CONFIG_PARAMETERS", "'gatos.fsync=false'"),
        ("GIT_ALTERNATE_OBJECT_DIRECTORIES", "/nowhere"),
        ("REMOTE_USER", "user:root"),
        ("GATOS_PUSHER", "user:root"),
        ("GL_USERNAME", "user:root"),
        ("GIT_PUSH_CERT_STATUS", "G"),
    ] {
        let (refs, record) = (court.refs(), court.record());
        push("HEAD:refs/gatos/xyz").env(name, value).run().code(1).err_says("rule    ref.unknown  ");
        court.stands(&refs, &record, "ref.unknown");
        let decision = court.decision();
        assert_eq!(decision["intent"]["identity"], serde_json::Value::Null, "{name} named the pusher");
    }
    let refs = court.refs();
    push(JOURNALS).env("GIT_NAMESPACE", "x").run().code(1).err_says("GIT_NAMESPACE");
    assert_eq!(court.refs(), refs);
    push(JOURNALS).run().ok();
}

#[test]
fn the_source_named_at_install_says_who_pushes() {
    for (transport, source) in [(Transport::Http, "http"), (Transport::Ssh, "ssh")] {
        let world = World::new();
        let court = Court::over(&world, transport);
        court.server.gatos(["hook", "install", "--server", "--await-receipt", "--identity", source]).ok();
        court.alice.commit("code");
        court.refused(&court.alice, ["HEAD:refs/gatos/xyz"], "ref.unknown");
        let decision = court.decision();
        assert_eq!(decision["intent"]["identity"], "carol");
        court.push(&court.alice, ["HEAD:refs/heads/main"]).ok();
        assert_eq!(court.receipt()["identity"], "carol");
        // Installed again, as hints advise, it stays what it was.
        court.server.gatos(["hook", "install", "--server"]).ok();
        court.push(&court.alice, ["HEAD:refs/heads/side"]).ok();
        let receipt = court.receipt();
        let told = (&receipt["identity"], &receipt["updates"][0]["ref"]);
        assert_eq!(told, (&"carol".into(), &"refs/heads/side".into()));
    }
}

#[test]
fn a_refusal_publishes_no_payload() {
    let world = World::new();
    let court = Court::new(&world);
    court.emit(&court.bob, "{\"secret\":\"swordfish\"}");
    let (name, tip) = court.journal(&court.bob);
    let other = format!("{}aaaaaa", &name[..name.len() - 6]);
    court.refused(&court.bob, [format!("{tip}:{other}")], "event.bound");
    let evidence = court.entry(&format!("evidence/{tip}.json"));
    let payload = &evidence["envelopes"][0]["payload"];
    assert_eq!(payload["size"], "{\"secret\":\"swordfish\"}".len());
    assert!(payload["blake3"].as_str().expect("a digest").starts_with("blake3:"));
    let all = court.server.git(["log", "-p", &court.gate()]).ok().stdout();
    assert!(!all.contains("swordfish"));
}

#[test]
fn a_gate_is_tested_by_a_push_that_it_must_refuse() {
    let world = World::new();
    let court = Court::new(&world);
    let (refs, record) = (court.refs(), court.record());
    court.server.gatos(["hook", "test"]).ok().says("good  a push that must be refused").says("the gate stands");
    court.stands(&refs, &record, "ref.unknown");
    let hook = court.server.path().join("hooks/pre-receive");
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o644)).expect("a mode");
    court.server.gatos(["hook", "test"]).code(1).says("chmod +x");
    script(&hook, "#!/bin/sh\nexit 0\n");
    court.server.gatos(["hook", "test"]).code(1).says("another program's");
    world.bare("bare").gatos(["hook", "test"]).code(1).says("the gate does not stand");
    // A repository that somebody works in may have a gate too.
    let worked = world.repo("worked");
    worked.gatos(["init"]).ok();
    worked.gatos(["hook", "install", "--server"]).ok();
    let test = worked.gatos(["hook", "test"]).code(1).says("good  a push that must be refused");
    let told = test.says("the gate does not stand").stdout();
    for command in told.lines().filter_map(|line| line.strip_prefix("  git gatos ")) {
        worked.gatos(command.split(' ')).ok();
    }
    worked.gatos(["hook", "test"]).ok().says("good  receipts\n").says("the gate stands");
}

#[test]
fn a_range_is_judged_without_a_push() {
    let world = World::new();
    let court = Court::new(&world);
    let (name, first) = court.journal(&court.alice);
    court.emit(&court.alice, "{\"n\":2}");
    let (_, tip) = court.journal(&court.alice);
    let check = |range: &str, name: &str| court.alice.gatos(["gate", "check", "--range", range, "--ref", name]);
    check(&format!("{first}..{tip}"), &name).ok().says("ALLOWED");
    check(&format!("{tip}..{first}"), &name).code(1).says("rule    ref.non-ff");
    check(&format!("{}..{tip}", "0".repeat(40)), "refs/heads/new").ok().says("ALLOWED");
    assert!(!court.alice.path().join(".git/gatos/gate").exists(), "nothing is recorded");
    check(&tip, "refs/gatos/xyz").code(1).says("rule    ref.unknown");
    check("nothing..HEAD", "refs/heads/main").code(2);
    for (short, whole) in [("main", "refs/heads/main"), ("tags/v1", "refs/tags/v1")] {
        check(&tip, short).code(2).err_says(&format!("--ref {whole}"));
    }
    check(&tip, "no name").code(1).says("rule    ref.name");
    let range = ["--json", "gate", "check", "--range", &tip, "--ref"];
    let told = |name: &str| court.alice.gatos(range.into_iter().chain([name]));
    assert_eq!(fits("gate-check", told("refs/gatos/xyz").code(1).json())["denials"][0]["rule"], "ref.unknown");
    assert_eq!(fits("gate-check", told("refs/heads/quite-new").ok().json())["allowed"], true);
    world.repo("lawless").gatos(["gate", "check", "--range", "HEAD"]).code(2);
}

/// Nobody's hook is written over because it could not be read.
#[test]
fn a_hook_that_cannot_be_read_is_left_alone() {
    let world = World::new();
    let server = world.bare("server");
    let hook = server.path().join("hooks/pre-receive");
    // Root reads every file, and nobody reads a directory.
    fs::create_dir(&hook).expect("a directory");
    fs::write(hook.join("theirs"), "theirs").expect("a file");
    let install = server.gatos(["hook", "install", "--server"]).code(3);
    install.err_says("reading ").err_says("hooks/pre-receive");
    assert!(hook.join("theirs").exists());
    assert!(!server.path().join("hooks/pre-receive.d").exists());
}

/// What is wrong with a hook is told so that what is said to do mends it.
#[test]
fn a_look_at_the_gate_tells_what_is_wrong_with_its_hook() {
    let world = World::new();
    let server = world.bare("server");
    let hook = server.path().join("hooks/pre-receive");
    server.gatos(["hook", "install", "--server"]).ok();
    let ours = fs::read_to_string(&hook).expect("the hook");
    script(&hook, "");
    server.gatos(["hook", "test"]).code(1).says("ours is not among its parts; run: git gatos hook install --server");
    script(&hook, &ours);
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o644)).expect("a mode");
    server.gatos(["hook", "test"]).code(1).says("chmod +x");
    let program = world.path().join("git-gatos");
    script(&hook, &format!("#!{} hook\n# git-gatos gate\n", program.display()));
    server.gatos(["hook", "test"]).code(1).says("git-gatos, which the hook runs, is missing");
    fs::write(&program, "").expect("a file");
    server.gatos(["hook", "test"]).code(1).says("git-gatos, which the hook runs, is empty");
    fs::write(&program, "#!/bin/sh").expect("a file");
    server.gatos(["hook", "test"]).code(1).says("git-gatos, which the hook runs, is not executable");
    fs::remove_file(&hook).expect("a hook");
    server.gatos(["hook", "test"]).code(1).says("pre-receive is missing; run: git gatos hook install --server");
    server.gatos(["hook", "install", "--server"]).ok();
}

/// A push that cannot be judged is one all the same, and its refusal is on record.
#[test]
fn must_record_what_it_could_not_judge() {
    let world = World::new();
    let court = Court::new(&world);
    let tip = court.alice.commit("code");
    let (refs, record) = (court.refs(), court.record());
    let push = court.git(&court.alice, ["push", "origin", "HEAD:refs/heads/x"]).env("GIT_NAMESPACE", "theirs");
    push.run().code(1).err_says("rule    gate.error  GIT_NAMESPACE is set");
    court.stands(&refs, &record, "gate.error");
    // Started by nobody who receives a push.
    let record = court.record();
    let list = format!("{} {tip} refs/heads/x\n", Oid::ZERO);
    let hook = court.server.command(["hook", "pre-receive"]).stdin(list).run();
    hook.code(1).err_says("the process that receives the push cannot be found");
    court.stands(&refs, &record, "gate.error");
    // The lock of receipts is no file: what was judged cannot be let in.
    let record = court.record();
    let lock = court.server.path().join("gatos/gate/receipts.lock");
    fs::remove_file(&lock).expect("a file");
    fs::create_dir(&lock).expect("a directory");
    court.push(&court.alice, ["HEAD:refs/heads/x"]).code(1).err_says("rule    gate.error");
    court.stands(&refs, &record, "gate.error");
    fs::remove_dir(&lock).expect("a directory");
    court.push(&court.alice, ["HEAD:refs/heads/x"]).ok();
}
