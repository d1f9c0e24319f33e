//! The folded state against git: what a diff from nothing to the tip counts, and who wrote the commits.

use crate::git::{Fault, Git};
use crate::name;
use gatos::canon::{Map, Value, json};
use std::collections::BTreeMap;
use std::io::Write;

/// Differences that are printed; the others are counted.
const SHOWN: usize = 100;

/// Names with what is known of them: lines or commits; `None` for a binary file.
type Table = BTreeMap<Vec<u8>, Option<i64>>;

/// Prints what there is, and `EQUAL` or each difference.
pub fn compare(git: &Git, tip: &str, state: &[u8], out: &mut impl Write) -> Result<bool, Fault> {
    let state = json::parse_state(state).map_err(|e| Fault::new(format_args!("the state: {e}")))?;
    let counts = git.counts(tip)?;
    let files: Table = counts.into_iter().map(|c| (c.path, c.lines.map(|(added, _)| added))).collect();
    let authors = authors(git, tip)?;
    summarise(&files, &authors, out)?;

    let mut different = Vec::new();
    let at = state.get("commit").and_then(Value::as_str).unwrap_or("none");
    if at != tip {
        different.push(format!("tip: the state stands at {at}, git at {tip}"));
    }
    differences("file", &table(&state, "files")?, &files, &mut different);
    differences("author", &table(&state, "authors")?, &authors, &mut different);
    for line in different.iter().take(SHOWN) {
        writeln!(out, "{line}")?;
    }
    match different.len() {
        0 => writeln!(out, "EQUAL")?,
        n => writeln!(out, "DIFFERENT ({n})")?,
    }
    Ok(different.is_empty())
}

fn summarise(files: &Table, authors: &Table, out: &mut impl Write) -> Result<(), Fault> {
    let sum = |table: &Table| table.values().flatten().sum::<i64>();
    let binary = files.values().filter(|lines| lines.is_none()).count();
    let (commits, writers) = (sum(authors), authors.len());
    writeln!(
        out,
        "commits {commits}, authors {writers}, files {}, lines {}, binary {binary}",
        files.len(),
        sum(files)
    )?;
    Ok(())
}

/// Commits of each author, by the first parents alone.
fn authors(git: &Git, tip: &str) -> Result<Table, Fault> {
    let mut authors = Table::new();
    git.authors(tip, |author| {
        *authors.entry(author.to_vec()).or_insert(Some(0)).get_or_insert(0) += 1;
        Ok(())
    })?;
    Ok(authors)
}

/// A map of the state, its names as git has them.
fn table(state: &Value, key: &str) -> Result<Table, Fault> {
    let none = Map::new();
    let map = state.get(key).map_or(Some(&none), Value::as_map);
    let map = map.ok_or_else(|| Fault::new(format_args!("the state's {key:?} is not a map")))?;
    let entry = |(text, value): (&str, &Value)| {
        let value = match value.as_int() {
            None if value.as_str() != Some("binary") => return None,
            lines => lines,
        };
        Some((name::bytes(text)?, value))
    };
    map.iter().map(|e| entry(e).ok_or_else(|| Fault::new(format_args!("the state's {key:?} holds {e:?}")))).collect()
}

/// Every name for which the two say different things.
fn differences(what: &str, state: &Table, git: &Table, found: &mut Vec<String>) {
    let shown = |value: Option<&Option<i64>>| match value {
        None => "nothing".to_owned(),
        Some(None) => "binary".to_owned(),
        Some(Some(n)) => n.to_string(),
    };
    let only_here = state.keys().filter(|name| !git.contains_key(*name));
    for name in git.keys().chain(only_here) {
        let (ours, theirs) = (state.get(name), git.get(name));
        if ours != theirs {
            let name = name::text(name);
            found.push(format!("{what} {name:?}: the state says {}, git says {}", shown(ours), shown(theirs)));
        }
    }
}
