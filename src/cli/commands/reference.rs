use crate::cli::answer::Answer;
use crate::cli::args::Root;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::view::Document;
use clap::{Args, Command, CommandFactory as _};
use std::fmt::Write as _;

/// Columns of the help pages: as wide as help is on a wide terminal.
const WIDTH: usize = 100;

/// Print every help page as one Markdown document: docs/cli.md
#[derive(Args)]
pub struct Reference {}

impl Reference {
    pub fn run(self, _: &mut Context) -> Result<Answer, CliError> {
        Ok(Answer::yes(Document(pages())))
    }
}

fn pages() -> String {
    let mut root = Root::command().term_width(WIDTH);
    root.build();
    let mut out = "# Commands\n\nThe help page of every command, as the program prints it.\n".to_owned();
    page(&root, "git gatos", &mut out);
    out
}

fn page(command: &Command, name: &str, out: &mut String) {
    let help = command.clone().render_long_help().to_string();
    let help: Vec<&str> = help.lines().map(str::trim_end).collect();
    write!(out, "\n## {name}\n\n```text\n{}\n```\n", help.join("\n")).expect("a string takes everything");
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        page(verb, &format!("{name} {}", verb.get_name()), out);
    }
}
