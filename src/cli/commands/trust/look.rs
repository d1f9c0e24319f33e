use crate::cli::answer::Answer;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::id::{Blake3, IdError, Oid};
use crate::node::{pin_branch, pin_to, pinned};
use crate::view::{ListedGrant, ListedTrust, ShownPin, ShownTrust};
use std::str::FromStr;

/// Show which repository id this clone is pinned to; pin it to another, or to a branch of the trust graph
///
/// A clone pins the only id it finds when it first reads; ask the owner for it and compare. Where two branches of one trust
/// graph were signed, or refs were moved back, name the commit that you decide to believe.
#[derive(clap::Args)]
pub(super) struct Pin {
    /// The id (blake3:…) to pin, or a commit of the trust graph
    #[arg(value_name = "ID|COMMIT")]
    to: Option<PinTo>,
}

#[derive(Clone)]
enum PinTo {
    Genesis(Blake3),
    Branch(Oid),
}

impl FromStr for PinTo {
    type Err = IdError;

    fn from_str(text: &str) -> Result<PinTo, IdError> {
        match text.contains(':') {
            true => text.parse().map(PinTo::Genesis),
            false => text.parse().map(PinTo::Branch),
        }
    }
}

impl Pin {
    pub(super) fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        match self.to {
            None => {}
            Some(PinTo::Genesis(id)) => drop(pin_to(context.ambient(), id)?),
            Some(PinTo::Branch(commit)) => {
                let (_, moved) = pin_branch(context.ambient(), commit)?;
                if let Some(left) = moved {
                    context.note(format_args!("this clone's own graph stood at {left} and stands at {commit} now"));
                }
            }
        }
        let (pin, found) = pinned(context.ambient())?;
        Ok(Answer::yes(ShownPin { pinned: pin.map(|pin| (pin.repo, pin.tip)), found }))
    }
}

pub(super) fn show(context: &Context) -> Result<Answer, CliError> {
    let graph = context.node()?.graph().clone();
    Ok(Answer::yes(ShownTrust { graph, now: context.ambient().now() }))
}

pub(super) fn grants(context: &mut Context) -> Result<Answer, CliError> {
    let node = context.node()?;
    let now = context.ambient().now();
    for (statement, grant) in node.graph().grants() {
        let state = node.graph().grant_state(statement, grant, Some(&now));
        if !context.show(&ListedGrant { grant: grant.clone(), state })? {
            break;
        }
    }
    Ok(Answer::done())
}

pub(super) fn log(context: &mut Context) -> Result<Answer, CliError> {
    let node = context.node()?;
    for commit in node.graph().commits() {
        if !context.show(&ListedTrust::of(node.graph(), *commit))? {
            break;
        }
    }
    Ok(Answer::done())
}
