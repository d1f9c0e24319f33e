//! Words that do not stay, or that stay in one place.

use super::lex::{Token, What};
use super::{File, Finding};

/// The one file that knows how refs are named.
const LAYOUT: &str = "src/git/layout.rs";
/// Rooms that speak to people, and may name a ref in a sentence.
const SPEAKERS: [&str; 3] = ["cli", "doctor", "view"];

/// What is left over from work that is not done: `todo!`, `dbg!`, `unimplemented!`, ignored tests, allowed dead code.
pub fn leftovers(file: &File) -> Vec<Finding> {
    let tokens = &file.tokens;
    let is = |at: usize, mark: char| tokens.get(at).is_some_and(|t| t.is(mark));
    let mut found = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        match token.word() {
            Some(word @ ("todo" | "dbg" | "unimplemented")) if is(i + 1, '!') && !is(i + 2, '=') => {
                found.push(file.find(token.line, format!("{word}! does not stay in the project")));
            }
            Some("ignore") if i >= 2 && is(i - 1, '[') && is(i - 2, '#') => {
                found.push(file.find(token.line, "a test that is ignored tests nothing; mend it or remove it"));
            }
            Some(word @ ("allow" | "expect")) if is(i + 1, '(') && lints(&tokens[i + 1..], "dead_code") => {
                found.push(file.find(token.line, format!("{word}(dead_code) hides code that nobody calls; remove it")));
            }
            _ => {}
        }
    }
    found
}

/// Whether the parenthesis that opens here names a lint.
fn lints(tokens: &[Token], name: &str) -> bool {
    tokens.iter().take_while(|t| !t.is(')')).any(|t| t.word() == Some(name))
}

/// `unwrap()` outside tests: an invariant has a reason, and `expect` says it.
pub fn unwraps(file: &File) -> Vec<Finding> {
    if !file.is_product() {
        return Vec::new();
    }
    let calls = file
        .tokens
        .windows(4)
        .filter(|w| w[0].is('.') && w[1].word() == Some("unwrap") && w[2].is('(') && w[3].is(')'));
    calls
        .map(|w| file.find(w[1].line, "unwrap() gives no reason; write expect(\"why it holds\") or return an error"))
        .collect()
}

/// `refs/gatos` in a string outside the layout. Comments and tests may name refs, and the rooms that speak to people may
/// in a sentence (a text with a space in it); what builds or reads a ref name goes through `git::RefName`.
pub fn ref_names(file: &File) -> Vec<Finding> {
    if !file.is_product() || file.path == LAYOUT {
        return Vec::new();
    }
    let speaks = file.room().is_some_and(|room| SPEAKERS.contains(&room));
    let mut found = Vec::new();
    for token in &file.tokens {
        let What::Text(text) = &token.what else { continue };
        if text.contains("refs/gatos") && !(speaks && text.contains(' ')) {
            found.push(
                file.find(token.line, format!("a ref name is spelled here; {LAYOUT} alone knows how refs are named")),
            );
        }
    }
    found
}

/// `unsafe` outside the one file of `git` that has it.
pub fn scattered_unsafe(files: &[File]) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut place: Option<&str> = None;
    for file in files.iter().filter(|f| f.is_rust()) {
        let Some(token) = file.tokens.iter().find(|t| t.word() == Some("unsafe")) else { continue };
        match place {
            _ if file.room() != Some("git") => {
                found.push(file.find(token.line, "unsafe stands in one file of git and nowhere else"))
            }
            Some(first) => {
                found.push(file.find(token.line, format!("unsafe already stands in {first}; one file is enough")))
            }
            None => place = Some(&file.path),
        }
    }
    found
}
