use super::shape::fits;
use crate::harness::World;

#[test]
fn the_page_is_printed() {
    let world = World::new();
    let repo = world.repo("a");
    repo.gatos(["man"]).ok().says(".TH git-gatos 1").says("git gatos");
}

#[test]
fn pages_are_installed_one_a_verb() {
    let world = World::new();
    let repo = world.repo("a");
    let data = world.path().join("data");
    let install = |more: &[&str]| {
        let args = ["man", "--install"].iter().chain(more);
        repo.command(args).env("XDG_DATA_HOME", &data).run().ok()
    };
    let report = fits("man-install", install(&["--json"]).json());
    let dir = data.join("man").join("man1");
    assert_eq!(report["dir"], dir.to_str().expect("UTF-8"));
    for page in report["pages"].as_array().expect("a list") {
        assert!(dir.join(page.as_str().expect("a name")).is_file(), "{page}");
    }
    for page in ["git-gatos.1", "git-gatos-emit.1", "git-gatos-bisect-run.1"] {
        assert!(dir.join(page).is_file(), "{page} is missing: {report}");
    }
    // Nobody told `man` of a directory of this test.
    install(&[]).says("export MANPATH=").says(dir.parent().and_then(|d| d.to_str()).expect("UTF-8"));
}

#[test]
fn pages_go_home_where_nothing_else_is_named() {
    let world = World::new();
    let repo = world.repo("a");
    repo.gatos(["man", "--install"]).ok();
    assert!(world.home("alice").join(".local/share/man/man1/git-gatos.1").is_file());
}

#[test]
fn bad_usage_and_a_place_that_cannot_be_written() {
    let world = World::new();
    let repo = world.repo("a");
    repo.gatos(["man", "page"]).code(2);
    repo.write("file", "");
    repo.command(["man", "--install"]).env("XDG_DATA_HOME", repo.path().join("file")).run().code(3).err_says("man1");
}
