use super::shape::fits;
use crate::harness::World;

const FOLD: &str =
    "-- adds\nreturn function(state, event)\n  state.n = (state.n or 0) + event.payload.n\n  return state\nend\n";
const SAME: &str = "return function(s, e) s.n = (s.n or 0) + e.payload.n return s end";

#[test]
fn the_root_depends_on_behaviour_alone() {
    let world = World::new();
    let repo = world.repo("a");
    repo.write("fold.lua", FOLD);
    let root = repo.gatos(["foldc", "fold.lua"]).ok().says("fold_root = sha256:").stdout();
    assert_eq!(repo.command(["foldc", "-"]).stdin(SAME).run().ok().stdout(), root);
    assert_ne!(repo.command(["foldc", "-"]).stdin(SAME.replace('0', "1")).run().ok().stdout(), root);
}

#[test]
fn what_is_written_folds_like_its_source() {
    let world = World::new();
    let repo = world.repo("a");
    repo.gatos(["init"]).ok();
    repo.write("gatos/fold.lua", FOLD);
    let report = fits("foldc", repo.gatos(["foldc", "gatos/fold.lua", "-o", "fold.elc", "--json"]).ok().json());
    assert_eq!(report["out"], "fold.elc");
    let size = std::fs::metadata(repo.path().join("fold.elc")).expect("it was written").len();
    assert_eq!(report["bytes"], size);
    repo.gatos(["emit", "add", "{\"n\":3}"]).ok();
    let plain = repo.gatos(["state", "show"]).ok().stdout();
    assert_eq!(repo.gatos(["state", "show", "--fold", "fold.elc"]).ok().stdout(), plain);
}

#[test]
fn what_does_not_compile_is_refused_with_its_findings() {
    let world = World::new();
    let repo = world.repo("a");
    repo.write("fold.lua", "return function(state, event) x = 1 return state end");
    repo.gatos(["foldc", "fold.lua", "-o", "fold.elc"]).code(1).says("fold.lua:1:31: L003: ");
    assert!(!repo.path().join("fold.elc").exists());
    fits("lint", repo.gatos(["foldc", "fold.lua", "--json"]).code(1).json());
    repo.write("bytes.lua", b"\xff");
    repo.gatos(["foldc", "bytes.lua"]).code(1).says("E000");
}

#[test]
fn bad_usage_and_files_that_cannot_be_used() {
    let world = World::new();
    let repo = world.repo("a");
    repo.write("fold.lua", FOLD);
    repo.gatos(["foldc"]).code(2);
    repo.gatos(["foldc", "none.lua"]).code(3).err_says("none.lua");
    repo.gatos(["foldc", "fold.lua", "-o", "none/fold.elc"]).code(3).err_says("fold.elc");
}
