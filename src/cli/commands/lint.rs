use crate::cli::answer::Answer;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::lua::{self, Finding, Severity};
use crate::view::Linted;
use anyhow::Context as _;
use std::path::{Path, PathBuf};

/// Report everything in Lua files that EchoLua refuses, as file:line:col: CODE: sentence
///
/// All findings at once, each with the way out. Exit 1 where one is an error; a warning is none.
///
/// Example: git gatos lint gatos/fold.lua gatos/folds
#[derive(clap::Args)]
pub struct Lint {
    /// Lua files, or directories that are searched for *.lua; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Lint {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        let mut paths = Vec::new();
        for path in &self.files {
            match context.path(path).is_dir() {
                true => search(context, path, &mut paths)?,
                false => paths.push(path.clone()),
            }
        }
        let mut linted = Linted { files: Vec::with_capacity(paths.len()) };
        for path in &paths {
            linted.files.push((path.display().to_string(), findings(&context.read(path)?)));
        }
        Ok(Answer::verdict(linted.errors() == 0, linted))
    }
}

/// Every Lua file below a directory, sorted. Links are not followed.
fn search(context: &Context, dir: &Path, found: &mut Vec<PathBuf>) -> Result<(), CliError> {
    let reading = || format!("reading {}", dir.display());
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(context.path(dir)).with_context(reading)? {
        let entry = entry.with_context(reading)?;
        entries.push((dir.join(entry.file_name()), entry.file_type().with_context(reading)?));
    }
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    for (path, kind) in entries {
        if kind.is_dir() {
            search(context, &path, found)?;
        } else if kind.is_file() && path.extension().is_some_and(|ending| ending == "lua") {
            found.push(path);
        }
    }
    Ok(())
}

/// What there is to say about the bytes of a source file.
pub fn findings(bytes: &[u8]) -> Vec<Finding> {
    match std::str::from_utf8(bytes) {
        Ok(source) => lua::lint(source),
        Err(e) => {
            let before = &bytes[..e.valid_up_to()];
            let line = 1 + before.iter().filter(|b| **b == b'\n').count() as u32;
            let start = before.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
            let col = 1 + String::from_utf8_lossy(&before[start..]).chars().count() as u32;
            let sentence = "this byte is not UTF-8; save the file as UTF-8".to_owned();
            vec![Finding { code: "E000", line, col, severity: Severity::Error, sentence }]
        }
    }
}
