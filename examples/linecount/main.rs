//! `linecount`: the history of a git repository as events, and the proof that their fold is right. See README.md.
//!
//! ```text
//! git log ──replay──► git gatos emit --jsonl - ──► fold.lua ──► git gatos state show --raw ──check──► EQUAL
//! ```

mod check;
mod events;
mod git;
mod history;
mod name;
mod synthesise;

use git::{Fault, Git};
use std::io::{self, BufWriter, Read as _, Write};
use std::process::ExitCode;

const USAGE: &str = "usage:
  linecount replay [REPOSITORY [REVISION]]      print one event a commit, for `git gatos emit --jsonl -`
  linecount check [REPOSITORY [REVISION]]       compare the state on standard input with `git diff --numstat`
  linecount synthesise COMMITS                  print a history full of oddities, for `git fast-import`
The repository is `.` and the revision `HEAD` where none is given. Exit codes: 0 yes, 1 no, 2 typed wrongly, 3 could not.";

/// What a word of the command line asks for; `Ok(false)` is a difference.
fn run(words: &[&str], out: &mut impl Write) -> Option<Result<bool, Fault>> {
    let answer = match words {
        ["replay", place @ ..] => replay(&at(place)?, revision(place), out),
        ["check", place @ ..] => check(&at(place)?, revision(place), out),
        ["synthesise", commits] => synthesise::write(commits.parse().ok()?, out).map(|()| true).map_err(Fault::from),
        _ => return None,
    };
    Some(answer)
}

fn at(place: &[&str]) -> Option<Git> {
    (place.len() <= 2).then(|| Git::at(place.first().unwrap_or(&".")))
}

fn revision<'w>(place: &[&'w str]) -> &'w str {
    place.get(1).unwrap_or(&"HEAD")
}

fn replay(git: &Git, revision: &str, out: &mut impl Write) -> Result<bool, Fault> {
    let (mut commits, mut events) = (0u64, 0u64);
    history::read(git, &git.commit(revision)?, |commit| {
        commits += 1;
        events += events::write(&commit, out)?;
        Ok(())
    })?;
    // What is counted has been said before the counts are.
    out.flush()?;
    eprintln!("commits {commits}, events {events}");
    Ok(true)
}

fn check(git: &Git, revision: &str, out: &mut impl Write) -> Result<bool, Fault> {
    let mut state = Vec::new();
    io::stdin().read_to_end(&mut state)?;
    check::compare(git, &git.commit(revision)?, &state, out)
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut out = BufWriter::new(io::stdout().lock());
    let Some(answer) = run(&words, &mut out) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match answer.and_then(|yes| out.flush().map(|()| yes).map_err(Fault::from)) {
        Ok(yes) => ExitCode::from(u8::from(!yes)),
        Err(fault) => {
            eprintln!("linecount: {fault}");
            ExitCode::from(3)
        }
    }
}
