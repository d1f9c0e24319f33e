use super::hook::shown;
use crate::cli::answer::Answer;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::git::{Reader, is_ref_name};
use crate::hook;
use crate::id::Oid;
use crate::view::Rehearsed;

/// What the gate would say, where no hook can be installed
#[derive(clap::Args)]
pub struct Gate {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    Check(Check),
}

/// Judge a range of commits as the gate would judge their push
///
/// The law, and what was granted, is what this clone holds and what it fetched from the remote with the gate: git gatos sync
/// first, or in a job, git fetch origin 'refs/gatos/*:refs/gatos/*'. Exit code 1 where the push would be refused. Example: git gatos gate check --range origin/main..HEAD --ref refs/heads/main
#[derive(clap::Args)]
struct Check {
    /// What stands and what shall stand, OLD..NEW; NEW alone for a ref that is not there yet
    #[arg(long, value_name = "RANGE")]
    range: String,
    /// The ref that would move
    #[arg(long = "ref", value_name = "REF", default_value = "refs/heads/main")]
    name: String,
    /// Who would push, as the server's source of identity names him
    #[arg(long, value_name = "NAME")]
    identity: Option<String>,
}

impl Gate {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        let Verb::Check(order) = self.verb;
        order.run(context)
    }
}

impl Check {
    fn run(self, context: &Context) -> Result<Answer, CliError> {
        check_name(&self.name)?;
        let reader = Reader::discover(context.ambient())?;
        let (old, new) = match self.range.split_once("..") {
            // A host's CI names a ref that is not there yet by zeros.
            Some((old, new)) if is_nothing(old) => (None, named(&reader, new)?),
            Some((old, new)) if !new.is_empty() && !new.starts_with('.') => {
                (Some(named(&reader, old)?), named(&reader, new)?)
            }
            Some(_) => return Err(CliError::usage(format!("{:?} is not OLD..NEW", self.range))),
            None => (None, named(&reader, &self.range)?),
        };
        let denials = hook::rehearse(context.ambient(), &self.name, old, new, self.identity)?;
        let allowed = denials.is_empty();
        Ok(Answer::verdict(allowed, Rehearsed { denials: denials.into_iter().map(shown).collect() }))
    }
}

/// A server is told whole names, and people write short ones.
fn check_name(name: &str) -> Result<(), CliError> {
    let under = if name.starts_with("heads/") || name.starts_with("tags/") { "refs" } else { "refs/heads" };
    let whole = format!("{under}/{name}");
    if name.starts_with("refs/") || !is_ref_name(&whole) {
        return Ok(());
    }
    Err(CliError::usage(format!("--ref {name}: a push names whole refs")).hint(format!("--ref {whole}")))
}

fn is_nothing(text: &str) -> bool {
    Oid::from_hex(text) == Ok(Oid::ZERO)
}

/// The commit that a person names.
fn named(reader: &Reader, text: &str) -> Result<Oid, CliError> {
    reader.resolve_text(text)?.ok_or_else(|| CliError::usage(format!("{text:?} names nothing in this clone")))
}
