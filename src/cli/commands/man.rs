use crate::ambient::Env;
use crate::cli::answer::Answer;
use crate::cli::args::Root;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::view::{Document, InstalledManual};
use anyhow::Context as _;
use clap::{Command, CommandFactory as _};
use std::path::{Path, PathBuf};

/// Print the manual page, or install one for each verb
///
/// `git gatos --help` asks git for the page git-gatos(1), and git asks `man`: `--install` puts it there.
///
/// Example: git gatos man --install
#[derive(clap::Args)]
pub struct Man {
    /// Write the pages to $XDG_DATA_HOME/man/man1, else to ~/.local/share/man/man1
    #[arg(long)]
    install: bool,
}

impl Man {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        let mut root = Root::command();
        root.build();
        if !self.install {
            let text = String::from_utf8(page(&root)?).map_err(|e| CliError::bug(format!("a manual page: {e}")))?;
            return Ok(Answer::yes(Document(text)));
        }
        let env = context.ambient().env();
        let base = env.xdg("XDG_DATA_HOME", ".local/share").ok_or_else(|| {
            CliError::failed("FILE", "there is no place for manual pages: neither XDG_DATA_HOME nor HOME is set")
        })?;
        let manual = base.join("man");
        let dir = manual.join("man1");
        std::fs::create_dir_all(&dir).with_context(|| format!("making {}", dir.display()))?;
        let mut pages = Vec::new();
        write(&root, &dir, &mut pages)?;
        let remaining =
            (!is_searched(env, &manual)).then(|| format!("export MANPATH=\"{}:$MANPATH:\"", manual.display()));
        Ok(Answer::yes(InstalledManual { dir: dir.display().to_string(), pages, remaining }))
    }
}

fn page(command: &Command) -> Result<Vec<u8>, CliError> {
    let mut bytes = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut bytes).context("writing a manual page")?;
    Ok(bytes)
}

/// Writes the page of a command and of those below it. Hidden ones have none.
fn write(command: &Command, dir: &Path, pages: &mut Vec<String>) -> Result<(), CliError> {
    let name = format!("{}.1", command.get_display_name().unwrap_or(command.get_name()));
    let path = dir.join(&name);
    std::fs::write(&path, page(command)?).with_context(|| format!("writing {}", path.display()))?;
    pages.push(name);
    let shown = command.get_subcommands().filter(|sub| !sub.is_hide_set());
    shown.into_iter().try_for_each(|sub| write(sub, dir, pages))
}

/// Whether `man` looks into a directory. Where nobody can tell, it is as good as no.
fn is_searched(env: &Env, manual: &Path) -> bool {
    let mut command = std::process::Command::new("manpath");
    env.lend(&mut command);
    let Ok(said) = command.output() else { return false };
    let text = String::from_utf8_lossy(&said.stdout);
    std::env::split_paths(text.trim()).any(|dir: PathBuf| dir == manual)
}
