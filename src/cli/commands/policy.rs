mod examine;
mod law;
mod replay;

use crate::cli::answer::Answer;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::node::policy_sources;
use crate::policy::{Built, Sources, build};
use crate::view::PolicyFaults;
pub use examine::Explain;
use std::path::PathBuf;

/// What may be done here, by whom: rules, their publication, their history
///
/// Rules are written in gatos/policies/*.rgs and judged as a signed bundle: write, lint, test, publish, activate.
#[derive(clap::Args)]
pub struct Policy {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    Init(examine::Init),
    Lint(examine::Lint),
    Test(examine::Test),
    Publish(law::Publish),
    Activate(law::Activate),
    Show(law::Show),
    Diff(law::Diff),
    Log(law::Log),
    Explain(Explain),
    Replay(replay::Replay),
}

impl Policy {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        match self.verb {
            Verb::Init(order) => order.run(context),
            Verb::Lint(order) => order.run(context),
            Verb::Test(order) => order.run(context),
            Verb::Publish(order) => order.run(context),
            Verb::Activate(order) => order.run(context),
            Verb::Show(order) => order.run(context),
            Verb::Diff(order) => order.run(context),
            Verb::Log(order) => order.run(context),
            Verb::Explain(order) => order.run(context),
            Verb::Replay(order) => order.run(context),
        }
    }
}

/// The sources of a directory that was named, else of the work tree.
fn sources(context: &Context, from: Option<&PathBuf>) -> Result<Sources, CliError> {
    Ok(match from {
        Some(dir) => policy_sources(&context.path(dir))?,
        None => context.node()?.policy_sources()?,
    })
}

/// Compiles sources, or answers with what is wrong with them; warnings are said.
fn compiled(context: &Context, sources: &Sources) -> Result<Built, Answer> {
    match build(sources) {
        Ok(built) => {
            for (path, f) in &built.warnings {
                context.warn(format_args!("{path}:{f}"));
            }
            Ok(built)
        }
        Err(faults) => Err(Answer::no(PolicyFaults { rules: 0, faults })),
    }
}
