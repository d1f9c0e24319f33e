//! Rules of whole files: length, name, header, being compiled at all, paths of one machine.

use super::lex::Token;
use super::table::Table;
use super::{File, Finding};
use std::collections::BTreeSet;

/// Longest file, in lines: a longer one owns two things.
const LINES: usize = 500;
/// Names of drawers for things without a place.
const DRAWERS: [&str; 5] = ["util", "common", "helper", "misc", "manager"];

pub fn length(file: &File) -> Option<Finding> {
    let lines = file.text.lines().count();
    (lines > LINES).then(|| file.find(0, format!("{lines} lines; past {LINES} a file owns two things, so split it")))
}

/// Whether a name ends in one of the drawers: `util`, `git_utils`, `PathHelper`.
fn is_drawer(name: &str) -> bool {
    let start = name.rfind(['_', '-']).map_or(0, |i| i + 1);
    let last = &name[start..];
    let start = last.rfind(|c: char| c.is_uppercase()).unwrap_or(0);
    let last = last[start..].to_lowercase();
    DRAWERS.contains(&last.as_str()) || last.strip_suffix('s').is_some_and(|one| DRAWERS.contains(&one))
}

/// Files, folders, modules and types named after no thing.
pub fn names(file: &File) -> Vec<Finding> {
    let path = file.path.strip_suffix(".rs").unwrap_or(&file.path);
    let parts = path.split('/').filter(|part| is_drawer(part)).map(|part| (0, part));
    let pairs = file.tokens.windows(2);
    let declared = pairs.filter(|p| matches!(p[0].word(), Some("mod" | "struct" | "enum" | "trait" | "type")));
    let declared = declared.filter_map(|p| Some((p[1].line, p[1].word()?))).filter(|(_, name)| is_drawer(name));
    parts
        .chain(declared)
        .map(|(line, name)| file.find(line, format!("{name:?} names a drawer; name it after what it owns")))
        .collect()
}

/// The header of a room's `mod.rs`: what it owns, what it imports (as the table says), what it must not know.
pub fn header(file: &File, table: &Table) -> Vec<Finding> {
    let Some(name) = file.room() else { return Vec::new() };
    if file.path != format!("src/{name}/mod.rs") {
        return Vec::new();
    }
    let lines = file.text.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim);
    let header = lines.collect::<Vec<_>>().join("\n");
    let mut found = Vec::new();
    let mut rest = header.as_str();
    let mut parts = Vec::new();
    for part in ["Owns:", "Imports:", "Invariant:"] {
        match rest.find(part).filter(|at| rest[..*at].ends_with('\n')) {
            Some(at) => {
                parts.push(&rest[..at]);
                rest = &rest[at + part.len()..];
            }
            None => found
                .push(file.find(1, format!("the header of a room says Owns, Imports, Invariant; {part:?} is missing"))),
        }
    }
    // Behind "Imports:" and before "Invariant:".
    if let ([_, _, imports], Some(room)) = (&parts[..], table.get(name)) {
        let words: BTreeSet<&str> = imports.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        let said: BTreeSet<&str> = table.names().filter(|room| words.contains(room)).collect();
        let listed: BTreeSet<&str> = room.imports.iter().map(String::as_str).collect();
        if said != listed {
            let listed = room.imports.join(" ");
            found.push(
                file.find(1, format!("the header and the table in src/lib.rs disagree: {name} imports [{listed}]")),
            );
        }
    }
    found
}

/// Source files below a folder to which no `mod` line leads from the roots.
pub fn unreachable(files: &[File], roots: &[&str], below: &str) -> Vec<Finding> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<String> = roots.iter().map(ToString::to_string).collect();
    while let Some(path) = open.pop() {
        let Some(file) = files.iter().find(|f| f.path == path) else { continue };
        if !reached.insert(path.clone()) {
            continue;
        }
        let stem = path.strip_suffix(".rs").unwrap_or(&path);
        let (folder, name) = stem.rsplit_once('/').unwrap_or(("", stem));
        let is_root = roots.contains(&path.as_str()) || name == "mod";
        let base = if is_root { folder } else { stem };
        for child in modules(&file.tokens) {
            open.extend([format!("{base}/{child}.rs"), format!("{base}/{child}/mod.rs")]);
        }
    }
    let lost = files.iter().filter(|f| f.is_rust() && f.path.starts_with(below) && !reached.contains(&f.path));
    lost.map(|file| file.find(0, "no mod line leads here, so it is never compiled")).collect()
}

/// The modules that a file declares in files of their own, with the inline modules around them.
fn modules(tokens: &[Token]) -> Vec<String> {
    let mut around: Vec<Option<&str>> = Vec::new();
    let mut found = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        let named = (i >= 2 && tokens[i - 2].word() == Some("mod")).then(|| tokens[i - 1].word()).flatten();
        if token.is('{') {
            around.push(named);
        } else if token.is('}') {
            around.pop();
        } else if let (true, Some(name)) = (token.is(';'), named) {
            let folders = around.iter().flatten().map(|folder| format!("{folder}/"));
            found.push(folders.collect::<String>() + name);
        }
    }
    found
}

/// Folders at the top of any machine: a path into them says nothing about one machine.
const ANYWHERE: [&str; 16] = [
    "bin", "boot", "dev", "etc", "home", "lib", "mnt", "opt", "proc", "root", "run", "sbin", "srv", "sys", "tmp", "var",
];

/// Paths that exist on one machine only: homes, and the folders above this checkout.
pub fn machine_paths(file: &File) -> Vec<Finding> {
    let mut roots = vec!["/home/".to_owned(), "/root/".to_owned(), "/Users/".to_owned()];
    for folder in std::path::Path::new(env!("CARGO_MANIFEST_DIR")).ancestors() {
        let text = folder.to_string_lossy();
        let top = text.trim_start_matches('/');
        if !top.is_empty() && top != "usr" && !ANYWHERE.contains(&top) {
            roots.push(format!("{text}/"));
        }
    }
    let mut found = Vec::new();
    for (line, text) in (1..).zip(file.text.lines()) {
        if let Some(root) = roots.iter().find(|root| mentions(text, root)) {
            found.push(file.find(line, format!("a path of one machine ({root}…); write it relative to the project")));
        }
    }
    found
}

/// Whether a text holds an absolute path below `root`: not as the end of a longer path, and with a name behind it.
fn mentions(text: &str, root: &str) -> bool {
    text.match_indices(root).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + root.len()..].chars().next();
        let longer = before.is_some_and(|c| c.is_alphanumeric() || "_-.~}*$/".contains(c));
        !longer && after.is_some_and(|c| c.is_alphanumeric() || "_-.".contains(c))
    })
}
