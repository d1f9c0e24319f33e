use super::support::{NOW, Ward, codes, journal, severity};
use crate::doctor::Severity;

#[test]
fn a_new_repository_has_nothing_but_a_note() {
    let report = Ward::new().report();
    assert!(report.is_content());
    assert_eq!(codes(&report), Vec::<&str>::new());
    assert_eq!(severity(&report, "trust.none"), Some(Severity::Note));
    assert_eq!(report.examined.len(), 9);
}

#[test]
fn names_outside_the_layout_are_told_and_are_no_failure() {
    let ward = Ward::new();
    let tip = ward.commit(NOW).to_string();
    ward.git(&["update-ref", "refs/gatos/stranger", &tip]);
    let report = ward.report();
    assert_eq!(severity(&report, "ref.unknown"), Some(Severity::Warn));
    assert!(report.is_content());
}

#[test]
fn a_tip_that_is_missing_or_no_commit_fails() {
    let ward = Ward::new();
    std::fs::write(ward.path().join("file"), "x").unwrap();
    let blob = ward.git(&["hash-object", "-w", "file"]);
    let place = |name: String, oid: &str| {
        let path = ward.path().join(".git").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, format!("{oid}\n")).unwrap();
    };
    place(journal("aaaaaa").to_string(), &blob);
    place(journal("bbbbbb").to_string(), &"1".repeat(40));
    let report = ward.report();
    assert_eq!(severity(&report, "ref.kind"), Some(Severity::Fail));
    assert_eq!(severity(&report, "ref.missing"), Some(Severity::Fail));
    assert!(!report.is_content());
    assert!(report.findings.iter().all(|f| f.severity == Severity::Note || f.remedy.is_some()));
}

#[test]
fn a_symbolic_ref_fails() {
    let ward = Ward::new();
    let tip = ward.commit(NOW).to_string();
    ward.git(&["update-ref", "refs/heads/main", &tip]);
    ward.git(&["symbolic-ref", &journal("aaaaaa").to_string(), "refs/heads/main"]);
    assert_eq!(severity(&ward.report(), "ref.symbolic"), Some(Severity::Fail));
}

#[test]
fn a_damaged_tip_fails() {
    let ward = Ward::new();
    let tip = ward.commit(NOW);
    ward.set(&journal("aaaaaa"), tip);
    let hex = tip.hex();
    let object = ward.path().join(".git/objects").join(&hex[..2]).join(&hex[2..]);
    std::fs::remove_file(&object).unwrap();
    std::fs::write(&object, "no zlib").unwrap();
    let report = ward.report();
    assert!(!report.is_content(), "{:?}", report.findings);
}
