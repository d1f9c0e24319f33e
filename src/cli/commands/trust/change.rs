use super::public_key;
use crate::cli::answer::Answer;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::id::{Actor, PublicKey, Segment};
use crate::node::Changed;
use crate::trust::{Edit, TrustError};
use crate::view::ChangedTrust;
use std::path::PathBuf;

/// Where a change goes that is not made at once.
#[derive(clap::Args)]
pub(super) struct Out {
    /// Write the change to this file, signed by you, for others to sign, and make it later
    ///
    /// Without it a change that you can make alone is made, and another one goes to a file under .git/gatos/proposals.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Let an actor in: user:NAME, agent:NAME or service:NAME
///
/// Example: git gatos trust add-actor agent:clerk ed25519:…
#[derive(clap::Args)]
pub(super) struct AddActor {
    actor: Actor,
    /// Its public keys, as for add-key
    keys: Vec<String>,
    #[command(flatten)]
    out: Out,
}

/// Let a key speak for an actor
///
/// Example: git gatos trust add-key user:bob ed25519:…
#[derive(clap::Args)]
pub(super) struct AddKey {
    actor: Actor,
    /// The public key as `git gatos key show` prints it, a line of a .pub file, or @FILE
    key: String,
    #[command(flatten)]
    out: Out,
}

/// Take a key from an actor; what it signed before stays good
///
/// For a key that was stolen, see `trust revoke`.
#[derive(clap::Args)]
pub(super) struct RemoveKey {
    actor: Actor,
    /// The public key, as for add-key
    key: String,
    #[command(flatten)]
    out: Out,
}

/// Add to a group, or remove from one
#[derive(clap::Args)]
pub(super) struct Group {
    #[command(subcommand)]
    verb: GroupVerb,
}

#[derive(clap::Subcommand)]
enum GroupVerb {
    /// Add actors to a group, which begins with its first one
    Add(Members),
    /// Remove actors from a group, which ends with its last one
    Remove(Members),
}

#[derive(clap::Args)]
struct Members {
    group: Segment,
    #[arg(required = true)]
    actors: Vec<Actor>,
    #[command(flatten)]
    out: Out,
}

/// Change who the roots are, and how many of them must sign
///
/// Example: git gatos trust roots --add user:bob --threshold 2
#[derive(clap::Args)]
pub(super) struct Roots {
    /// An actor that becomes a root
    #[arg(long, value_name = "ACTOR")]
    add: Vec<Actor>,
    /// A root that is one no more
    #[arg(long, value_name = "ACTOR")]
    remove: Vec<Actor>,
    /// How many roots must sign a change
    #[arg(long, value_name = "N")]
    threshold: Option<u32>,
    #[command(flatten)]
    out: Out,
}

/// Sign a proposed change, and make it where that is enough
///
/// It says what the change is. The file is written again with your signature where more must sign.
#[derive(clap::Args)]
pub(super) struct Sign {
    file: PathBuf,
}

impl AddActor {
    pub(super) fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        let keys: Vec<PublicKey> = self.keys.iter().map(|key| public_key(context, key)).collect::<Result<_, _>>()?;
        change(context, &self.out, |edit| edit.add_actor(&self.actor, &keys))
    }
}

impl AddKey {
    pub(super) fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        let key = public_key(context, &self.key)?;
        change(context, &self.out, |edit| edit.add_key(&self.actor, &key))
    }
}

impl RemoveKey {
    pub(super) fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        let key = public_key(context, &self.key)?;
        change(context, &self.out, |edit| edit.remove_key(&self.actor, &key))
    }
}

impl Group {
    pub(super) fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        match self.verb {
            GroupVerb::Add(order) => change(context, &order.out, |edit| edit.join(&order.group, &order.actors)),
            GroupVerb::Remove(order) => change(context, &order.out, |edit| edit.leave(&order.group, &order.actors)),
        }
    }
}

impl Roots {
    pub(super) fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        if self.add.is_empty() && self.remove.is_empty() && self.threshold.is_none() {
            return Err(CliError::usage("nothing to change: give --add, --remove or --threshold")
                .hint("git gatos trust show lists the roots"));
        }
        change(context, &self.out, |edit| edit.roots(self.threshold, &self.add, &self.remove))
    }
}

impl Sign {
    pub(super) fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        let node = context.node()?;
        let changed = node.sign_proposal(&context.path(&self.file))?;
        Ok(answer(changed))
    }
}

pub(super) fn answer(changed: Changed) -> Answer {
    Answer::verdict(changed.denied.is_none(), ChangedTrust(changed))
}

fn change(
    context: &Context,
    out: &Out,
    edit: impl FnOnce(&mut Edit<'_>) -> Result<(), TrustError>,
) -> Result<Answer, CliError> {
    let node = context.node()?;
    let out = out.output.as_ref().map(|file| context.path(file));
    Ok(answer(node.change_trust(edit, out.as_deref())?))
}
