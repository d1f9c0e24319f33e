use crate::cli::answer::Answer;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::id::Actor;
use crate::node;
use crate::policy::Profile;
use crate::view::Initialised;
use std::path::PathBuf;

/// Make this repository ready: a key, the trust graph, the policy, gatos/fold.lua
///
/// Nothing else is to be set up: the next command works. Doing it twice is harmless. A trust graph that is here already, or at
/// `origin`, is adopted. Nothing is committed to a branch and no file is overwritten.
///
/// Example: git gatos init --actor user:alice
#[derive(clap::Args)]
pub struct Init {
    /// How strictly the repository governs itself: local, push-gate or research; `local` where nothing stands yet
    #[arg(long, value_name = "NAME")]
    profile: Option<Profile>,
    /// Who speaks here; else git's user.name made legal, else $USER
    #[arg(long)]
    actor: Option<Actor>,
    /// Sign with this OpenSSH key (Ed25519, may be encrypted or held by ssh-agent) instead of a new one
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Do not ask `origin` whether it has a trust graph
    #[arg(long)]
    offline: bool,
}

impl Init {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        let order = node::Init { profile: self.profile, actor: self.actor, key: self.key, offline: self.offline };
        let mut report = node::init(context.ambient(), &order)?;
        report.notices.drain(..).for_each(|notice| context.note(notice));
        Ok(Answer::yes(Initialised(report)))
    }
}
