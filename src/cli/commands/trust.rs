mod change;
mod look;
mod rights;

use crate::cli::answer::Answer;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::id::PublicKey;
use crate::trust::parse_public;
use change::{AddActor, AddKey, Group, RemoveKey, Roots, Sign};
use look::Pin;
use rights::{Grant, Revoke};

/// Who may speak here, with which keys, on whose word
///
/// A change is signed by the roots of the version before it. Where more of them must sign than you are, it becomes a file
/// that the others sign with `trust sign`.
#[derive(clap::Args)]
pub struct Trust {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// Show the trust graph: roots, actors, keys, groups, grants
    Show,
    Pin(Pin),
    AddActor(AddActor),
    AddKey(AddKey),
    RemoveKey(RemoveKey),
    Group(Group),
    Roots(Roots),
    Sign(Sign),
    Grant(Grant),
    /// List every grant, and whether it counts
    Grants,
    Revoke(Revoke),
    /// List the commits of the trust graph, oldest first: what each changed and who signed it
    Log,
}

impl Trust {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        match self.verb {
            Verb::Show => look::show(context),
            Verb::Pin(order) => order.run(context),
            Verb::AddActor(order) => order.run(context),
            Verb::AddKey(order) => order.run(context),
            Verb::RemoveKey(order) => order.run(context),
            Verb::Group(order) => order.run(context),
            Verb::Roots(order) => order.run(context),
            Verb::Sign(order) => order.run(context),
            Verb::Grant(order) => order.run(context),
            Verb::Grants => look::grants(context),
            Verb::Revoke(order) => order.run(context),
            Verb::Log => look::log(context),
        }
    }
}

/// A public key as people have it: ours, a line of a .pub file, or @FILE.
fn public_key(context: &Context, text: &str) -> Result<PublicKey, CliError> {
    let text = context.argument(text)?;
    let text = String::from_utf8_lossy(&text);
    let hint = "a key is ed25519: and 64 hexadecimal digits; its owner prints it with: git gatos key show";
    parse_public(text.trim()).map_err(|e| CliError::usage(e.to_string()).hint(hint))
}
