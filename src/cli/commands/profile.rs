use crate::cli::answer::Answer;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::policy;
use crate::view::{SetProfile, ShownProfile};

/// Say how strictly this repository governs itself, or name another profile: local, push-gate, research
///
/// The profile is law: it stands in the signed policy bundle, and a gate judges by the one that stood before a push. Without a
/// verb it is shown.
#[derive(clap::Args)]
pub struct Profile {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// Show the profile of the active policy, what it demands, and what no gate has received yet
    Show,
    Set(Set),
}

/// Name a profile in gatos/config/profile.yaml; it becomes law with the next policy that is published and activated
///
/// Example: git gatos profile set push-gate
#[derive(clap::Args)]
pub struct Set {
    /// local, push-gate or research
    #[arg(value_name = "NAME")]
    profile: policy::Profile,
}

impl Profile {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        let node = context.node()?;
        match self.verb {
            None | Some(Verb::Show) => Ok(Answer::yes(ShownProfile(node.profile()?))),
            Some(Verb::Set(Set { profile })) => {
                // Where no law can be read nothing is written that is to take its place.
                let law = node.bundle()?.profile();
                let written = node.set_profile(profile)?;
                Ok(Answer::yes(SetProfile { profile, written, law }))
            }
        }
    }
}
