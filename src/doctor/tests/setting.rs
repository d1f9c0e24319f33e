use super::support::{NOW, Ward, codes, journal, severity};
use crate::doctor::{Severity, examine};

#[test]
fn cruft_packs_matter_where_this_clone_writes() {
    let ward = Ward::new();
    assert_eq!(severity(&ward.report(), "gc.cruft"), None);
    let tip = ward.commit(NOW);
    ward.set(&journal("aaaaaa"), tip);
    assert_eq!(severity(&ward.report(), "gc.cruft"), Some(Severity::Warn));
    ward.git(&["config", "gc.pruneExpire", "never"]);
    assert_eq!(severity(&ward.report(), "gc.cruft"), None);
    ward.git(&["config", "--unset", "gc.pruneExpire"]);
    ward.git(&["config", "gc.cruftPacks", "false"]);
    assert_eq!(severity(&ward.report(), "gc.cruft"), None);
}

#[test]
fn fsync_that_is_off_is_noted() {
    let ward = Ward::new();
    ward.git(&["config", "gatos.fsync", "false"]);
    assert_eq!(severity(&ward.report(), "fsync.off"), Some(Severity::Note));
}

#[test]
fn git_must_know_how_the_file_system_keeps_case() {
    let ward = Ward::new();
    ward.git(&["config", "core.ignorecase", "true"]);
    let expected = if ward.path().join(".GIT").exists() { "fs.case" } else { "fs.ignorecase" };
    assert!(severity(&ward.report(), expected).is_some());
}

#[test]
fn refspecs_that_overwrite_or_delete_ours_are_told() {
    let ward = Ward::new();
    ward.git(&["remote", "add", "origin", "../elsewhere"]);
    assert_eq!(codes(&ward.report()), Vec::<&str>::new());

    ward.git(&["config", "--add", "remote.origin.fetch", "refs/gatos/*:refs/gatos-remotes/origin/*"]);
    assert_eq!(codes(&ward.report()), Vec::<&str>::new());
    ward.git(&["config", "fetch.prune", "true"]);
    assert_eq!(codes(&ward.report()), ["remote.prune"]);
    ward.git(&["config", "remote.origin.prune", "no"]);
    assert_eq!(codes(&ward.report()), Vec::<&str>::new());

    ward.git(&["config", "--replace-all", "remote.origin.fetch", "+refs/*:refs/*"]);
    assert_eq!(codes(&ward.report()), ["remote.force"]);
    ward.git(&["config", "remote.origin.mirror", "true"]);
    ward.git(&["config", "remote.origin.push", "+refs/gatos/*:refs/gatos/*"]);
    let report = ward.report();
    for code in ["remote.force", "remote.mirror", "remote.push-force"] {
        assert_eq!(severity(&report, code), Some(Severity::Warn), "{code}");
    }
    assert!(report.is_content());
}

#[test]
fn the_remedy_of_a_refspec_removes_it() {
    let ward = Ward::new();
    ward.git(&["remote", "add", "origin", "../elsewhere"]);
    ward.git(&["config", "--add", "remote.origin.fetch", "+refs/gatos/*:refs/gatos/*"]);
    let report = ward.report();
    let remedy = report.findings.iter().find(|f| f.code == "remote.force").unwrap().remedy.clone().unwrap();
    let pattern = remedy.split('\'').nth(1).unwrap();
    ward.git(&["config", "--unset", "remote.origin.fetch", pattern]);
    assert_eq!(ward.git(&["config", "--get-all", "remote.origin.fetch"]), "+refs/heads/*:refs/remotes/origin/*");
}

#[test]
fn a_clock_that_was_never_set_fails_and_one_that_lags_is_told() {
    let ward = Ward::new();
    let tip = ward.commit(NOW);
    ward.set(&journal("aaaaaa"), tip);
    let at = |now: &str| examine(&ward.at(now)).unwrap();
    assert_eq!(severity(&at("1970-01-01T00:00:09Z"), "clock.unset"), Some(Severity::Fail));
    assert_eq!(severity(&at("2026-11-21T08:54:00Z"), "clock.ahead"), Some(Severity::Warn));
    assert_eq!(severity(&at("2026-11-21T08:56:00Z"), "clock.ahead"), None);
}

#[cfg(unix)]
#[test]
fn a_hook_that_git_passes_over_is_told() {
    use std::os::unix::fs::PermissionsExt as _;
    let ward = Ward::new();
    let hook = ward.path().join(".git/hooks/pre-receive");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    std::fs::write(&hook, "#!/bin/sh\n").unwrap();
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(severity(&ward.report(), "hook.idle"), Some(Severity::Warn));
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(severity(&ward.report(), "hook.idle"), None);
}
