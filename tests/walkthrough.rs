//! Every console session in README, the guide and the examples is run as it stands, and what it shows is compared.
//!
//! A session is a fence ```` ```console ````: a line that begins with `$ ` is a command, `> ` continues it, everything
//! else is what it prints, both channels together. `[..]` stands for anything within a line, a line of `...` for any lines.
//! The sessions of one file share a directory, and the place that `cd` left.

use crate::harness::World;
use std::fs;
use std::path::{Path, PathBuf};

struct Step {
    line: usize,
    command: String,
    expected: Vec<String>,
}

fn steps(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut inside = false;
    for (n, line) in text.lines().enumerate() {
        if line.starts_with("```") {
            inside = line == "```console";
            continue;
        }
        if !inside {
            continue;
        }
        if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step { line: n + 1, command: command.to_owned(), expected: Vec::new() });
        } else if let (Some(more), Some(step)) = (continued(line), steps.last_mut()) {
            step.command.push('\n');
            step.command.push_str(more);
        } else if let Some(step) = steps.last_mut() {
            step.expected.push(line.trim_end().to_owned());
        }
    }
    steps
}

/// What a line adds to the command above it; editors take the blank behind a bare `>` away.
fn continued(line: &str) -> Option<&str> {
    if line == ">" { Some("") } else { line.strip_prefix("> ") }
}

/// Whether a line fits a pattern in which `[..]` stands for anything.
fn line_fits(pattern: &str, line: &str) -> bool {
    let mut parts = pattern.split("[..]");
    let Some(mut rest) = line.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

fn fits(expected: &[String], found: &[&str]) -> bool {
    match (expected.split_first(), found.split_first()) {
        (None, None) => true,
        (Some((e, rest)), _) if e == "..." => (0..=found.len()).any(|skip| fits(rest, &found[skip..])),
        (Some((e, expected)), Some((f, found))) => line_fits(e, f.trim_end()) && fits(expected, found),
        _ => false,
    }
}

/// Runs the sessions of one file and returns how many commands there were.
fn run(file: &Path) -> usize {
    let text = fs::read_to_string(file).unwrap();
    let world = World::new();
    let mut dir = world.path().join("here");
    fs::create_dir(&dir).unwrap();
    // What an example brings along lies beside its README.
    let beside = file.parent().unwrap();
    let steps = steps(&text);
    for step in &steps {
        let mark = "--- the session stands in ";
        let script = format!("{}\n}} 2>&1\ncode=$?\nprintf '%s%s\\n' '{mark}' \"$PWD\"\nexit $code", step.command);
        let script = format!("{{\n{script}");
        let outcome = world.command("sh", "alice", &dir).args(["-c", &script]).env("EXAMPLE", beside).run();
        let stdout = outcome.stdout();
        let (shown, place) =
            stdout.rsplit_once(mark).unwrap_or_else(|| panic!("{}:{}: {stdout}", file.display(), step.line));
        dir = PathBuf::from(place.trim_end());
        let shown: Vec<&str> = shown.lines().collect();
        assert!(
            fits(&step.expected, &shown),
            "{}:{}: $ {}\nexpected:\n{}\n\nfound:\n{}",
            file.display(),
            step.line,
            step.command,
            step.expected.join("\n"),
            shown.join("\n")
        );
    }
    // Whoever goes on to another page, or begins this one again, is not asked which of several keys he means.
    let home = world.home("alice");
    let keys = names(&home.join("config/gatos/keys"));
    assert!(keys.len() <= 1, "{} leaves several keys: {keys:?}", file.display());
    let left: Vec<_> = names(&home).into_iter().filter(|name| !HOME.contains(&name.as_str())).collect();
    assert!(left.is_empty(), "{} leaves {left:?} in the home", file.display());
    steps.len()
}

/// What a home of the harness holds where nothing was left in it.
const HOME: [&str; 3] = ["config", "gitconfig", "state"];

fn names(dir: &Path) -> Vec<String> {
    fs::read_dir(dir).into_iter().flatten().flatten().filter_map(|e| e.file_name().into_string().ok()).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_readme_works_word_for_word() {
    assert!(run(&root().join("README.md")) >= 6);
}

#[test]
fn first_steps_work_word_for_word() {
    assert!(run(&root().join("docs/guide/first-steps.md")) >= 8);
}

#[test]
fn folds_work_word_for_word() {
    assert!(run(&root().join("docs/guide/folds.md")) >= 5);
}

#[test]
fn time_travel_works_word_for_word() {
    assert!(run(&root().join("docs/guide/time-travel.md")) >= 5);
}

#[test]
fn keys_and_trust_work_word_for_word() {
    assert!(run(&root().join("docs/guide/keys-and-trust.md")) >= 20);
}

#[test]
fn writing_policies_works_word_for_word() {
    assert!(run(&root().join("docs/guide/writing-policies.md")) >= 15);
}

#[test]
fn running_a_gate_works_word_for_word() {
    assert!(run(&root().join("docs/guide/running-a-gate.md")) >= 12);
}

#[test]
fn law_and_order_works_word_for_word() {
    assert!(run(&root().join("docs/guide/law-and-order.md")) >= 15);
}

#[test]
fn linecount_works_word_for_word() {
    assert!(run(&root().join("examples/linecount/README.md")) >= 10);
}

#[test]
fn no_page_of_the_guide_is_left_out() {
    let mut pages: Vec<String> = fs::read_dir(root().join("docs/guide"))
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    pages.sort();
    let known = [
        "first-steps.md",
        "folds.md",
        "keys-and-trust.md",
        "law-and-order.md",
        "running-a-gate.md",
        "time-travel.md",
        "writing-policies.md",
    ];
    assert_eq!(pages, known);
}

#[test]
fn patterns_fit_what_they_say_and_nothing_else() {
    assert!(line_fits("a[..]c", "abc") && line_fits("a[..]c", "ac") && line_fits("[..]", ""));
    assert!(!line_fits("a[..]c", "abd") && !line_fits("abc", "abcd") && !line_fits("a[..]b[..]c", "acb"));
    let text = |s: &str| s.lines().map(str::to_owned).collect::<Vec<_>>();
    assert!(fits(&text("a\n...\nz"), &["a", "b", "z"]) && fits(&text("..."), &[]));
    assert!(!fits(&text("a"), &["a", "b"]) && !fits(&text("a\nb"), &["a"]));
}
