//! Each rule on small made-up houses: it finds what it is for, and nothing else.

use super::lex::{What, tokens};
use super::{File, inspect};

const LIB: &str = "//! ```text\n//! F0  id  :\n//! F1  canon : id\n//! F2  git : id canon\n//! F2  lua : id canon\n//! F4  ledger : id git\n//! F12 cli : id git\n//! ```\n";

/// The findings in a house of the given files.
fn findings(files: &[(&str, &str)]) -> Vec<String> {
    let mut all = vec![File::new("src/lib.rs", LIB)];
    all.extend(files.iter().map(|(path, text)| File::new(path, text)));
    let found = inspect(&all).into_iter().map(|f| f.to_string());
    found.filter(|f| !f.contains("no mod line leads here")).collect()
}

/// One file breaks one rule, with this sentence.
#[track_caller]
fn fires(path: &str, text: &str, sentence: &str) {
    assert_eq!(findings(&[(path, text)]), [sentence]);
}

#[track_caller]
fn content(path: &str, text: &str) {
    assert_eq!(findings(&[(path, text)]), [""; 0]);
}

#[test]
fn a_room_imports_only_lower_floors() {
    fires(
        "src/git/chain.rs",
        "\nuse crate::ledger::Append;",
        "src/git/chain.rs:2: git (floor 2) may not import ledger (floor 4)",
    );
    fires(
        "src/git/chain.rs",
        "fn f() { crate::lua::f() }",
        "src/git/chain.rs:1: git (floor 2) may not import lua (floor 2)",
    );
    fires(
        "src/git/a/b.rs",
        "use crate::{id::Oid,\n ledger::{X, Y}, git::Z};",
        "src/git/a/b.rs:2: git (floor 2) may not import ledger (floor 4)",
    );
    fires(
        "src/ledger/a.rs",
        "use crate::canon::Value;",
        "src/ledger/a.rs:1: ledger does not list canon among its imports in src/lib.rs",
    );
    fires(
        "src/git/tests/a.rs",
        "use crate::ledger::Append;",
        "src/git/tests/a.rs:1: git (floor 2) may not import ledger (floor 4)",
    );
    fires("src/git/a.rs", "use crate::*;", "src/git/a.rs:1: crate::* is no room of the table in src/lib.rs");
    fires("src/attic/a.rs", "", "src/attic/a.rs: attic is no room of the table in src/lib.rs");
    content(
        "src/git/a.rs",
        "use crate::{canon::{self, lua}, id::Oid}; // crate::ledger\nconst S: &str = \"crate::ledger::x\";",
    );
}

#[test]
fn nobody_leaves_a_room_through_super() {
    let sentence = "super leaves the room here; write crate::<room>";
    fires("src/git/mod.rs", &format!("{HEADER}use super::ledger::X;"), &format!("src/git/mod.rs:5: {sentence}"));
    fires("src/git/a.rs", "use super::super::ledger::X;", &format!("src/git/a.rs:1: {sentence}"));
    fires("src/git/tests/mod.rs", "use super::super::ledger::X;", &format!("src/git/tests/mod.rs:1: {sentence}"));
    content("src/git/a.rs", "use super::Y; mod inner { use super::super::X; }");
    content("src/git/tests/a.rs", "use super::super::X;");
}

#[test]
fn the_table_keeps_its_own_rules() {
    let house = |lib: &str| -> Vec<String> {
        inspect(&[File::new("src/lib.rs", lib)]).iter().map(ToString::to_string).collect()
    };
    assert_eq!(house("//! F1  a : b\n//! F1  b :"), ["src/lib.rs:1: a (floor 1) may not import b (floor 1)"]);
    assert_eq!(house("//! F1  a : c"), ["src/lib.rs:1: a imports c, which is no room"]);
    assert_eq!(house("//! F1  a :\npub mod a;\npub mod b;"), ["src/lib.rs:3: b is no room of the table above"]);
    assert_eq!(house("// nothing"), ["src/lib.rs: the header holds no table of rooms"]);
}

#[test]
fn an_outside_crate_has_one_room() {
    let sentence = |at: &str, name: &str, home: &str| format!("{at}: {name}; its room is {home}");
    fires("src/lua/a.rs", "use git2::Oid;", &sentence("src/lua/a.rs:1", "lua may not name the crate git2", "git"));
    fires("src/lua/a.rs", "use {git2::Oid};", &sentence("src/lua/a.rs:1", "lua may not name the crate git2", "git"));
    fires("src/lua/a.rs", "\nuse git2 as g;", &sentence("src/lua/a.rs:2", "lua may not name the crate git2", "git"));
    fires(
        "src/git/a.rs",
        "fn f() { ::blake3::hash(b) }",
        &sentence("src/git/a.rs:1", "git may not name the crate blake3", "canon"),
    );
    fires(
        "src/git/a.rs",
        "use indicatif::ProgressBar;",
        &sentence("src/git/a.rs:1", "git may not name the crate indicatif", "cli"),
    );
    fires(
        "src/git/tests/a.rs",
        "use mlua::Lua;",
        &sentence("src/git/tests/a.rs:1", "git may not name the crate mlua", "lua"),
    );
    fires(
        "src/main.rs",
        "fn main() { clap::value_parser!(u8) }",
        &sentence("src/main.rs:1", "the crate root may not name the crate clap", "cli"),
    );
    content(
        "src/git/a.rs",
        "use git2::Oid; use crate::canon::digest::blake3; fn f() { digest::blake3(b); x.blake3(); a::blake3::b(); }",
    );
    content("src/git/tests/a.rs", "use serde_json::Value; use tempfile::TempDir;");
    content("src/id/a.rs", "use thiserror::Error;");
    content("benches/a.rs", "use blake3::hash;");
}

#[test]
fn every_dependency_has_a_room() {
    let found = findings(&[(
        "Cargo.toml",
        "[package]\nname = \"x\"\n[dependencies]\nrand = \"1\"\ngit2 = \"0\"\n[dev-dependencies]\nfoo = \"1\"\n",
    )]);
    assert_eq!(found[0], "Cargo.toml:4: rand has no room yet; give it one in tests/tidy/imports.rs");
    assert!(found.iter().any(|f| f.starts_with("Cargo.toml: mlua has a room")), "{found:?}");
    assert!(!found.iter().any(|f| f.contains(" git2 ") || f.contains("foo")), "{found:?}");
}

#[test]
fn the_binary_knows_the_front_door_alone() {
    fires("src/main.rs", "fn main() { gatos::git::run() }", "src/main.rs:1: main may not name git; it calls cli");
    content("src/main.rs", "fn main() { gatos::cli::run() }");
}

#[test]
fn unsafe_stands_in_one_file_of_git() {
    fires("src/lua/a.rs", "\nunsafe fn f() {}", "src/lua/a.rs:2: unsafe stands in one file of git and nowhere else");
    content("src/git/fsync.rs", "unsafe fn f() {} #[deny(unsafe_code)] fn g() { unsafe { f() } }");
    let two = [("src/git/a.rs", "unsafe fn f() {}"), ("src/git/b.rs", "unsafe fn f() {}")];
    assert_eq!(findings(&two), ["src/git/b.rs:1: unsafe already stands in src/git/a.rs; one file is enough"]);
    content("src/lua/a.rs", "// unsafe\nconst S: &str = \"unsafe\";");
}

#[test]
fn a_file_has_at_most_500_lines() {
    content("src/git/a.rs", &"\n".repeat(500));
    fires("src/git/a.rs", &"\n".repeat(501), "src/git/a.rs: 501 lines; past 500 a file owns two things, so split it");
}

#[test]
fn nothing_is_named_after_a_drawer() {
    let sentence = |at: &str, name: &str| format!("{at}: {name:?} names a drawer; name it after what it owns");
    fires("src/git/util.rs", "", &sentence("src/git/util.rs", "util"));
    fires("tests/helpers/a.rs", "", &sentence("tests/helpers/a.rs", "helpers"));
    fires("src/git/ref_utils.rs", "", &sentence("src/git/ref_utils.rs", "ref_utils"));
    fires("src/git/a.rs", "\npub struct RefManager;", &sentence("src/git/a.rs:2", "RefManager"));
    fires("src/git/a.rs", "mod common;", &sentence("src/git/a.rs:1", "common"));
    content("src/git/a.rs", "fn common_dir() {} struct CommonDir; enum Utility {}");
}

const HEADER: &str = "//! Git.
//! Owns: objects.
//! Imports: id canon.
//! Invariant: none.
";

#[test]
fn a_room_says_what_it_owns_imports_and_must_not_know() {
    let header =
        "//! Git.\n//!\n//! Owns: objects\n//! and refs.\n//! Imports: id, canon.\n//! Invariant: knows no ledger.\n";
    content("src/git/mod.rs", header);
    content("src/git/tests/mod.rs", "");
    fires(
        "src/git/mod.rs",
        "//! Git.\n//! Owns: objects.\n//! Imports: id canon.\n",
        "src/git/mod.rs:1: the header of a room says Owns, Imports, Invariant; \"Invariant:\" is missing",
    );
    fires(
        "src/git/mod.rs",
        &header.replace("id, canon", "id"),
        "src/git/mod.rs:1: the header and the table in src/lib.rs disagree: git imports [id canon]",
    );
}

#[test]
fn unfinished_work_does_not_stay() {
    for word in ["todo", "dbg", "unimplemented"] {
        fires(
            "src/git/a.rs",
            &format!("fn f() {{ {word}!() }}"),
            &format!("src/git/a.rs:1: {word}! does not stay in the project"),
        );
    }
    fires(
        "tests/a.rs",
        "#[test]\n#[ignore = \"slow\"]\nfn f() {}",
        "tests/a.rs:2: a test that is ignored tests nothing; mend it or remove it",
    );
    fires(
        "benches/a.rs",
        "#![allow(unused, dead_code)]",
        "benches/a.rs:1: allow(dead_code) hides code that nobody calls; remove it",
    );
    fires(
        "src/git/a.rs",
        "#[expect(dead_code)]",
        "src/git/a.rs:1: expect(dead_code) hides code that nobody calls; remove it",
    );
    content(
        "src/git/a.rs",
        "// todo!\nfn f() { let todo = 1; if todo != 2 {} x.ignore(); #[allow(unused)] let s = \"dbg!(1)\"; }",
    );
}

#[test]
fn unwrap_stays_in_tests() {
    fires(
        "src/git/a.rs",
        "fn f() { x\n.unwrap() }",
        "src/git/a.rs:2: unwrap() gives no reason; write expect(\"why it holds\") or return an error",
    );
    content("src/git/a.rs", "fn f() { x.unwrap_or(1); x.expect(\"why\"); unwrap(); }");
    content("src/git/tests/a.rs", "fn f() { x.unwrap() }");
    content("tests/a.rs", "fn f() { x.unwrap() }");
}

#[test]
fn one_file_spells_ref_names() {
    let sentence = "a ref name is spelled here; src/git/layout.rs alone knows how refs are named";
    fires("src/git/a.rs", "const R: &str = \"refs/gatos/x\";", &format!("src/git/a.rs:1: {sentence}"));
    fires("src/git/a.rs", "const R: &str = r#\"say refs/gatos-lost\"#;", &format!("src/git/a.rs:1: {sentence}"));
    fires("src/cli/a.rs", "const R: &[u8] = b\"refs/gatos/x\";", &format!("src/cli/a.rs:1: {sentence}"));
    content("src/cli/a.rs", "const HELP: &str = \"fetch refs/gatos/* from a friend\";");
    content("src/git/layout.rs", "const R: &str = \"refs/gatos/\";");
    content("src/git/a.rs", "/// `refs/gatos/x`\nfn f() {} /* refs/gatos */");
    content("src/git/tests/a.rs", "const R: &str = \"refs/gatos/x\";");
}

#[test]
fn every_file_is_compiled() {
    let house = |files: &[(&str, &str)]| -> Vec<String> {
        let lib = format!("{LIB}pub mod git;");
        let mut all =
            vec![File::new("src/lib.rs", &lib), File::new("src/git/mod.rs", &format!("{HEADER}mod a; mod tests;"))];
        all.extend(files.iter().map(|(path, text)| File::new(path, text)));
        inspect(&all).iter().map(ToString::to_string).filter(|f| f.contains("no mod line")).collect()
    };
    let sentence = "no mod line leads here, so it is never compiled";
    assert_eq!(house(&[("src/git/a.rs", "mod b { mod c; }"), ("src/git/a/b/c.rs", "")]), [""; 0]);
    assert_eq!(house(&[("src/git/b.rs", "")]), [format!("src/git/b.rs: {sentence}")]);
    assert_eq!(
        house(&[("src/git/a.rs", "// mod c;"), ("src/git/a/c.rs", "")]),
        [format!("src/git/a/c.rs: {sentence}")]
    );
    assert_eq!(house(&[("tests/main.rs", "mod x;"), ("tests/x.rs", "mod y;"), ("tests/x/y.rs", "")]), [""; 0]);
    assert_eq!(house(&[("tests/main.rs", "mod x;"), ("tests/y.rs", "")]), [format!("tests/y.rs: {sentence}")]);
}

#[test]
fn no_file_names_a_path_of_one_machine() {
    let sentence =
        |at: &str, root: &str| format!("{at}: a path of one machine ({root}…); write it relative to the project");
    let home = concat!("/ho", "me/");
    fires("docs/a.md", &format!("\ncd {home}alice/x"), &sentence("docs/a.md:2", home));
    let here = format!("{}/", env!("CARGO_MANIFEST_DIR"));
    assert_eq!(findings(&[("docs/a.md", &format!("({here}src)"))]).len(), 1);
    content("docs/a.md", &format!("https://example.org{home}alice and $HOME/x and src{home}x and {home}"));
}

#[test]
fn comments_strings_and_characters_are_told_apart() {
    let source = "a /* b /* c */ d */ \"e\\\"f\" // g\nr#\"h\"i\"# 'j' '\\'' 'k: b\"l\" b'm' r#n 0x1f";
    let found: Vec<(usize, What)> = tokens(source).into_iter().map(|t| (t.line, t.what)).collect();
    let word = |s: &str| What::Word(s.into());
    let text = |s: &str| What::Text(s.into());
    let expected = [
        (1, word("a")),
        (1, text("e\\\"f")),
        (2, text("h\"i")),
        (2, What::Other),
        (2, What::Other),
        (2, What::Other),
        (2, What::Mark(':')),
        (2, text("l")),
        (2, What::Other),
        (2, word("n")),
        (2, What::Other),
    ];
    assert_eq!(found, expected);
}
