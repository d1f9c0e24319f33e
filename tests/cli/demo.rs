use super::shape::fits;
use crate::harness::World;

const PASSED: usize = 4;

#[test]
fn the_story_is_told_and_ends_in_passed_lines() {
    let world = World::new();
    let repo = world.repo("a");
    let shown = repo.gatos(["demo"]).ok().stdout();
    let last: Vec<&str> = shown.lines().rev().take_while(|line| line.starts_with("PASSED ")).collect();
    assert_eq!(last.len(), PASSED, "{shown}");
    for command in ["init", "emit", "state show", "state checkpoint", "fold verify", "bisect run", "verify"] {
        assert!(shown.contains(&format!("$ git gatos {command}")), "{command}\n{shown}");
    }
    // Neither the keys nor the repository of the person at the keyboard were touched.
    assert!(!world.home("alice").join("config").exists());
    assert_eq!(repo.git(["for-each-ref"]).ok().stdout(), "");
}

#[test]
fn what_is_kept_can_be_looked_at() {
    let world = World::new();
    let repo = world.repo("a");
    let temporary = world.path().join("temporary");
    std::fs::create_dir(&temporary).expect("a new directory");
    let command = repo.command(["demo", "--keep", "--json"]).env("TMPDIR", &temporary);
    let mut lines = command.run().ok().jsonl();
    let end = fits("demo", lines.pop().expect("a last line"));
    for line in lines {
        fits("demo-line", line);
    }
    let kept = std::path::Path::new(end["kept"].as_str().expect("a path"));
    assert!(kept.starts_with(&temporary) && kept.join("my-world/gatos/fold.lua").is_file());
    assert!(kept.join("stranger/.git").is_dir());
}

#[test]
fn bad_usage() {
    let world = World::new();
    world.repo("a").gatos(["demo", "--fast"]).code(2);
}
