use super::emit::Emit;
use crate::cli::answer::Answer;
use crate::cli::context::Context;
use crate::cli::error::CliError;

/// Another name of emit: `event add`
#[derive(clap::Args)]
pub struct Event {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    Add(Emit),
}

impl Event {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        let Verb::Add(emit) = self.verb;
        emit.run(context)
    }
}
