use crate::cli::answer::Answer;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::id::{Actor, Blake3};
use crate::node::{pin_to, pinned};
use crate::trust::parse_public;
use crate::view::{AddedKey, ShownPin, ShownTrust};

/// Who may speak here, with which keys, on whose word
#[derive(clap::Args)]
pub struct Trust {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// Show the trust graph: actors, keys, roots
    Show,
    Pin(Pin),
    AddKey(AddKey),
}

/// Show which repository id this clone is pinned to, or pin it to another that stands in it
///
/// A clone pins the only one it finds when it first reads; ask the owner for the id and compare.
#[derive(clap::Args)]
struct Pin {
    /// The id (blake3:…) to pin
    #[arg(value_name = "ID")]
    id: Option<Blake3>,
}

/// Let a key speak for an actor; signed by your key, which must be a root's
///
/// Example: git gatos trust add-key user:bob ed25519:…
#[derive(clap::Args)]
struct AddKey {
    actor: Actor,
    /// The public key as `git gatos key show` prints it, a line of a .pub file, or @FILE
    key: String,
}

impl Trust {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        match self.verb {
            Verb::Show => Ok(Answer::yes(ShownTrust(context.node()?.graph().clone()))),
            Verb::Pin(order) => {
                if let Some(id) = order.id {
                    pin_to(context.ambient(), id)?;
                }
                let (pin, found) = pinned(context.ambient())?;
                Ok(Answer::yes(ShownPin { pinned: pin.map(|pin| pin.repo), found }))
            }
            Verb::AddKey(order) => order.run(context),
        }
    }
}

impl AddKey {
    fn run(self, context: &Context) -> Result<Answer, CliError> {
        let text = context.argument(&self.key)?;
        let text = String::from_utf8_lossy(&text);
        let key = parse_public(text.trim()).map_err(|e| CliError::usage(e.to_string()))?;
        let node = context.node()?;
        let (graph, commit) = node.add_key(&self.actor, &key)?;
        context.tell(&node);
        Ok(Answer::yes(AddedKey { actor: self.actor, key, version: graph.current().version, commit }))
    }
}
