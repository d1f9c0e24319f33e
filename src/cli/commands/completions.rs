use crate::cli::answer::Answer;
use crate::cli::args::Root;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::view::Document;
use clap::{Command, CommandFactory as _};
use clap_complete::Shell;

/// Print a completion script for a shell, `git gatos <TAB>` included
///
/// Bash and zsh complete `git gatos` through the completion of git itself.
///
/// Examples:
///   git gatos completions bash > ~/.local/share/bash-completion/completions/git-gatos
///   git gatos completions zsh > ~/.zfunc/_git-gatos
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub fn run(self, _: &mut Context) -> Result<Answer, CliError> {
        let text = match self.shell {
            // The generator for bash loses its way below a name with a hyphen, so it gets another and the last line, which
            // ties the function to the program, the right one.
            Shell::Bash => script(Shell::Bash, "gatos")?.replace("-o default gatos\n", "-o default git-gatos\n") + BASH,
            shell => script(shell, "git-gatos")?,
        };
        Ok(Answer::yes(Document(text)))
    }
}

fn script(shell: Shell, name: &str) -> Result<String, CliError> {
    let mut bytes = Vec::new();
    clap_complete::generate(shell, &mut shown(), name, &mut bytes);
    String::from_utf8(bytes).map_err(|e| CliError::bug(format!("a completion script: {e}")))
}

/// The commands that people type: completion would offer the hidden ones too.
fn shown() -> Command {
    let root = Root::command();
    let verbs = root.get_subcommands().filter(|verb| !verb.is_hide_set()).cloned();
    Command::new("git-gatos").version(env!("CARGO_PKG_VERSION")).args(root.get_arguments().cloned()).subcommands(verbs)
}

/// What git's own completion calls behind `git gatos`: the words are set as if `git-gatos` had been typed.
const BASH: &str = r#"
_git_gatos() {
    local at=1
    while [[ $at -lt $COMP_CWORD && ${COMP_WORDS[at]} != gatos ]]; do at=$((at + 1)); done
    local typed=("git-gatos" "${COMP_WORDS[@]:at+1}")
    local COMP_WORDS=("${typed[@]}") COMP_CWORD=$((COMP_CWORD - at))
    _gatos git-gatos "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
}
"#;
