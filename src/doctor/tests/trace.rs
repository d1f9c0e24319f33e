//! What killed processes and careless hands leave behind.

use super::support::{NOW, Ward, codes, journal, severity};
use crate::doctor::Severity;
use crate::trust::KeyDir;
use std::fs;

#[test]
fn locks_are_told_and_the_patient_stays_content() {
    let ward = Ward::new();
    let tip = ward.commit(NOW);
    ward.set(&journal("aaaaaa"), tip);
    ward.git(&["config", "gc.cruftPacks", "false"]);
    let git = ward.path().join(".git");
    fs::write(git.join(format!("{}.lock", journal("aaaaaa"))), "").unwrap();
    fs::write(git.join("packed-refs.lock"), "").unwrap();
    let report = ward.report();
    assert_eq!(codes(&report), ["lock.left", "lock.left"]);
    assert!(report.is_content());
    for finding in report.findings.iter().filter(|f| f.code == "lock.left") {
        let path = finding.remedy.as_ref().unwrap().split(": rm ").nth(1).unwrap();
        fs::remove_file(path).unwrap();
    }
    assert_eq!(codes(&ward.report()), Vec::<&str>::new());
}

#[test]
fn unfinished_files_are_noted() {
    let ward = Ward::new();
    let git = ward.path().join(".git");
    for name in ["objects/pack/tmp_pack_1_aa", "objects/ab/tmp_obj_x", "objects/tmp_object_git2_y", "gatos/cache/.tmpq"]
    {
        let path = git.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }
    let keys = ward.home().join(".config/gatos/keys");
    fs::create_dir_all(&keys).unwrap();
    fs::write(keys.join(".gatos-x"), "").unwrap();
    let report = ward.report();
    assert_eq!(codes(&report), ["temp.left"; 5]);
    assert!(report.is_content());
}

#[test]
fn many_leftovers_are_counted() {
    let ward = Ward::new();
    let pack = ward.path().join(".git/objects/pack");
    for n in 0..30 {
        fs::write(pack.join(format!("tmp_pack_{n}")), "").unwrap();
    }
    let report = ward.report();
    assert_eq!(report.findings.iter().filter(|f| f.code == "temp.left").count(), 20);
    assert_eq!(severity(&report, "temp.more"), Some(Severity::Note));
}

#[cfg(unix)]
#[test]
fn a_key_that_others_may_read_fails_until_its_remedy_is_run() {
    use std::os::unix::fs::PermissionsExt as _;
    let ward = Ward::new();
    let keys = KeyDir::of(&ward.ambient).unwrap();
    let key = *keys.create().unwrap().public();
    assert_eq!(codes(&ward.report()), Vec::<&str>::new());
    let path = keys.path().join(key.hex());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let report = ward.report();
    assert_eq!(severity(&report, "key.mode"), Some(Severity::Fail));
    let remedy = report.findings.iter().find(|f| f.code == "key.mode").unwrap().remedy.clone().unwrap();
    assert_eq!(remedy, format!("chmod 600 {}", path.display()));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    fs::rename(&path, keys.path().join("0".repeat(64))).unwrap();
    assert_eq!(severity(&ward.report(), "key.file"), Some(Severity::Fail));
}
