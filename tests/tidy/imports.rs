//! Who may name whom: rooms by their floors, outside crates by their room.

use super::lex::{Token, colons};
use super::table::{Table, forbidden};
use super::{File, Finding};

/// Each outside crate and the rooms that may name it. Changing a crate then means changing one room, not the house.
const CRATES: [(&str, &[&str]); 33] = [
    ("anyhow", &["cli"]),
    ("base64", &["canon"]),
    ("blake3", &["canon"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("compact_str", &["id", "canon"]),
    ("crc32fast", &["git"]),
    ("ctrlc", &["cli"]),
    ("curve25519_dalek", &["trust"]),
    ("data_encoding", &["id", "canon"]),
    ("ed25519_dalek", &["trust"]),
    ("getrandom", &["ambient"]),
    ("git2", &["git"]),
    ("indicatif", &["cli"]),
    ("jaq_core", &["state"]),
    ("jaq_json", &["state"]),
    ("jaq_std", &["state"]),
    ("libdeflater", &["git"]),
    ("libgit2_sys", &["git"]),
    ("libz_sys", &["git"]),
    ("mlua", &["lua"]),
    ("rpassword", &["trust"]),
    // The peer of a bench.
    ("rusqlite", &[]),
    ("ryu_js", &["canon"]),
    ("saphyr_parser", &["policy"]),
    ("serde", &["view"]),
    ("serde_json", &["view"]),
    ("sha1_checked", &["git"]),
    ("sha2", &["canon"]),
    ("ssh_key", &["trust"]),
    ("tempfile", &["git", "trust", "node", "hook", "cli"]),
    ("zeroize", &["trust"]),
];
/// Crates that every room may name.
const FREE: [&str; 1] = ["thiserror"];
/// Crates that tests may name wherever they stand.
const FREE_IN_TESTS: [&str; 2] = ["serde_json", "tempfile"];

fn homes(name: &str) -> Option<&'static [&'static str]> {
    CRATES.iter().find(|(n, _)| *n == name).map(|(_, rooms)| *rooms)
}

/// Crates named outside their room.
pub fn crates(file: &File) -> Vec<Finding> {
    if !file.path.starts_with("src/") {
        return Vec::new();
    }
    let room = file.room().unwrap_or("the crate root");
    let named = (0..file.tokens.len()).filter(|at| begins_a_path(&file.tokens, *at));
    named
        .filter_map(|at| {
            let name = file.tokens[at].word()?;
            let homes = homes(name)?;
            if homes.contains(&room) || file.is_test() && FREE_IN_TESTS.contains(&name) {
                return None;
            }
            let sentence = format!("{room} may not name the crate {name}; its room is {}", homes.join(" or "));
            Some(file.find(file.tokens[at].line, sentence))
        })
        .collect()
}

/// Whether the word at `at` is the first of a path (`git2::Oid`, `::git2::Oid`) or all of a `use`.
fn begins_a_path(tokens: &[Token], at: usize) -> bool {
    let before = |n: usize| at.checked_sub(n).map(|i| &tokens[i]);
    let whole = before(1).is_some_and(|t| matches!(t.word(), Some("use" | "crate")))
        && tokens.get(at + 1).is_some_and(|t| t.is(';') || t.word() == Some("as"));
    let inner = at >= 2 && colons(tokens, at - 2) && before(3).is_some_and(|t| t.word().is_some() || t.is('>'));
    whole || colons(tokens, at + 1) && !inner && !before(1).is_some_and(|t| t.is('.'))
}

/// Dependencies without a room in this file, and rooms for what is no dependency.
pub fn dependencies(files: &[File]) -> Vec<Finding> {
    let Some(manifest) = files.iter().find(|f| f.path == "Cargo.toml") else { return Vec::new() };
    let mut names = Vec::new();
    let mut found = Vec::new();
    let mut inside = false;
    for (line, text) in (1..).zip(manifest.text.lines()) {
        if text.starts_with('[') {
            inside = text == "[dependencies]";
        } else if let (true, Some((name, _))) = (inside, text.split_once('=')) {
            let name = name.trim().split('.').next().unwrap_or_default().replace('-', "_");
            if homes(&name).is_none() && !FREE.contains(&name.as_str()) {
                found
                    .push(manifest.find(line, format!("{name} has no room yet; give it one in tests/tidy/imports.rs")));
            }
            names.push(name);
        }
    }
    let known = CRATES.iter().map(|(name, _)| *name);
    let stale = known.filter(|name| !names.iter().any(|n| n == name));
    found.extend(
        stale.map(|name| manifest.find(0, format!("{name} has a room in tests/tidy/imports.rs and is no dependency"))),
    );
    found
}

/// Rooms named that do not stand lower, or that the table does not list.
pub fn rooms(file: &File, table: &Table) -> Vec<Finding> {
    if file.path == "src/main.rs" {
        return of_main(file);
    }
    if !file.path.starts_with("src/") {
        return Vec::new();
    }
    let Some(name) = file.room() else { return declared(file, table) };
    let Some(room) = table.get(name) else {
        return vec![file.find(0, format!("{name} is no room of the table in src/lib.rs"))];
    };
    let mut found = through_super(file);
    for (line, import) in paths_from(&file.tokens, "crate") {
        match table.get(&import) {
            _ if import == name => {}
            None => found.push(file.find(line, format!("crate::{import} is no room of the table in src/lib.rs"))),
            Some(other) if other.floor >= room.floor => {
                found.push(file.find(line, forbidden(name, room, &import, other)))
            }
            Some(_) if !room.imports.contains(&import) => {
                found.push(file.find(line, format!("{name} does not list {import} among its imports in src/lib.rs")));
            }
            Some(_) => {}
        }
    }
    found
}

/// The binary opens the front door and knows no other room.
fn of_main(file: &File) -> Vec<Finding> {
    let named = paths_from(&file.tokens, "gatos").into_iter().filter(|(_, room)| room != "cli");
    named.map(|(line, room)| file.find(line, format!("main may not name {room}; it calls cli"))).collect()
}

/// Modules that `src/lib.rs` declares without a row in its table.
fn declared(lib: &File, table: &Table) -> Vec<Finding> {
    let pairs = lib.tokens.windows(2).filter(|p| p[0].word() == Some("mod"));
    let names = pairs.filter_map(|p| Some((p[1].line, p[1].word()?)));
    let unknown = names.filter(|(_, name)| table.get(name).is_none());
    unknown.map(|(line, name)| lib.find(line, format!("{name} is no room of the table above"))).collect()
}

/// The second names of all paths that begin with `root`, groups opened: `crate::{id::Oid, git}` gives `id` and `git`.
fn paths_from(tokens: &[Token], root: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for at in (0..tokens.len()).filter(|i| tokens[*i].word() == Some(root) && colons(tokens, i + 1)) {
        let Some(next) = tokens.get(at + 3) else { continue };
        if let Some(word) = next.word() {
            found.push((next.line, word.to_owned()));
        } else if next.is('{') {
            found.extend(group(&tokens[at + 3..]));
        } else {
            found.push((next.line, "*".to_owned()));
        }
    }
    found
}

/// The first words of the members of a group that begins at its brace.
fn group(tokens: &[Token]) -> Vec<(usize, String)> {
    let mut depth = 0;
    let mut found = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        if token.is('}') {
            depth -= 1;
            if depth == 0 {
                break;
            }
        }
        let first = i > 0 && (tokens[i - 1].is('{') || tokens[i - 1].is(','));
        if let (1, true, Some(word)) = (depth, first, token.word()) {
            found.push((token.line, word.to_owned()));
        }
        if token.is('{') {
            depth += 1;
        }
    }
    found
}

/// Chains of `super` that leave the room: the floors are kept where imports are written as `crate::room`.
fn through_super(file: &File) -> Vec<Finding> {
    let below = file.path.strip_prefix("src/").unwrap_or(&file.path);
    let depth = below.matches('/').count() + usize::from(!below.ends_with("/mod.rs"));
    let mut found = Vec::new();
    let mut braces = Vec::new();
    for (i, token) in file.tokens.iter().enumerate() {
        if token.is('{') {
            let inline = i >= 2 && file.tokens[i - 2].word() == Some("mod");
            braces.push(inline);
        } else if token.is('}') {
            braces.pop();
        }
        let is_super = |i: usize| file.tokens.get(i).and_then(Token::word) == Some("super");
        if !is_super(i) || i >= 3 && is_super(i - 3) {
            continue;
        }
        let ups = (0..).take_while(|n| is_super(i + 3 * n)).count();
        let inline = braces.iter().filter(|inline| **inline).count();
        if ups >= depth + inline {
            found.push(file.find(token.line, "super leaves the room here; write crate::<room>"));
        }
    }
    found
}
