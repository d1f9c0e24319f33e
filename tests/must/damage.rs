//! Objects that cannot be read: what is damaged is named, and hides nothing else.

use super::{emit, fails, fetch, journal, move_ref, names, ready, report, resolve, text};
use crate::harness::World;

/// Two journals, one damaged in its middle and one tampered with: neither hides the other.
#[test]
fn must_find_a_damaged_journal_and_a_tampered_one_together() {
    let world = World::new();
    let repo = ready(&world, "repo");
    let other = repo.copy("other");
    let damaged: Vec<String> = (1..=3).map(|n| text(&emit(&repo, &format!("{{\"n\":{n}}}")), "commit")).collect();
    (1..=3).for_each(|n| drop(emit(&other, &format!("{{\"n\":{n}}}"))));
    fetch(&repo, &other, "other");
    let listed = repo.git(["for-each-ref", "--format=%(refname)", "refs/gatos-remotes/other/journal"]).ok().stdout();
    let tip = resolve(&repo, &listed);
    let raw = repo.git(["cat-file", "commit", &tip]).ok().stdout() + "\n";
    repo.write("raw", raw.replace("\"n\":3", "\"n\":4"));
    let tampered = repo.git(["hash-object", "-t", "commit", "-w", "raw"]).ok().stdout();
    move_ref(&repo, &listed, &tampered);
    let path = repo.path().join(".git/objects").join(&damaged[1][..2]).join(&damaged[1][2..]);
    std::fs::remove_file(&path).expect("it is loose");
    std::fs::write(&path, "damaged").expect("it can be written");
    let failures = fails(&repo);
    assert!(names(&failures, "object.unreadable", &damaged[1]), "{failures:?}");
    assert!(
        failures.iter().any(|f| f["commit"] == tampered.as_str() && f["code"] != "object.unreadable"),
        "{failures:?}"
    );
    assert_eq!(report(&repo)["events"], 2, "the good part of the other was read");
    // The same where the damaged journal stands in two places, so that already joining them fails.
    let (own, end) = journal(&repo, "main");
    move_ref(&repo, &own.replace("refs/gatos/", "refs/gatos-remotes/third/"), &damaged[0]);
    assert_eq!(end, damaged[2]);
    let failures = fails(&repo);
    assert!(names(&failures, "object.unreadable", &damaged[1]), "{failures:?}");
    assert!(failures.iter().any(|f| f["commit"] == tampered.as_str()), "{failures:?}");
}
