use super::{compiled, sources};
use crate::cli::answer::Answer;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::node::Activation;
use crate::policy::Bundle;
use crate::view::{Activated, BundleFile, PolicyDiff, PolicyLog, PublishedBundle, ShownBundle};
use clap::builder::NonEmptyStringValueParser;
use std::path::PathBuf;

/// Compile, sign and store a bundle to stand behind the active one; it judges nothing before it is activated
///
/// Signed by your key, which must be a root's or hold policy:activate.
#[derive(clap::Args)]
pub struct Publish {
    /// Sources elsewhere than in the work tree
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
    /// The files of an earlier bundle instead, as they stand in it: to go back to it, activate what this makes
    #[arg(long, value_name = "ID", conflicts_with = "from", value_parser = NonEmptyStringValueParser::new())]
    again: Option<String>,
    /// A further key to sign with, where several roots must
    #[arg(long, value_name = "FILE")]
    sign_with: Vec<PathBuf>,
}

impl Publish {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        let (node, after, published) = match &self.again {
            Some(id) => {
                let node = context.node()?;
                let earlier = node.find_bundle(id)?;
                let published = node.publish_again(&earlier, &self.sign_with)?;
                (node, earlier.profile(), published)
            }
            None => {
                let sources = sources(context, self.from.as_ref())?;
                let built = match compiled(context, &sources) {
                    Ok(built) => built,
                    Err(answer) => return Ok(answer),
                };
                let (node, after) = (context.node()?, built.profile);
                let published = node.publish(&sources, built, &self.sign_with)?;
                (node, after, published)
            }
        };
        let before = node.bundle()?.profile();
        context.tell(&node);
        if published.unchanged {
            context.note("the active bundle holds the same files");
        }
        if before != after {
            context.note(format!("with it the profile changes from {before} to {after}"));
        }
        Ok(Answer::yes(PublishedBundle(published)))
    }
}

/// Make a published bundle the law; the policy that it replaces judges that
///
/// A denial is recorded and exits with 1.
#[derive(clap::Args)]
pub struct Activate {
    /// The first digits of its id, as `policy publish` printed it; without it the one that was published behind the active one
    #[arg(value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    id: Option<String>,
}

impl Activate {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        let node = context.node()?;
        let bundle = match &self.id {
            Some(id) => node.find_bundle(id)?,
            None => node.next_bundle()?,
        };
        let activation = node.activate(&bundle)?;
        context.tell(&node);
        let done = matches!(activation, Activation::Done { .. });
        Ok(Answer::verdict(done, Activated(activation)))
    }
}

/// Show a bundle: its rules and files
#[derive(clap::Args)]
pub struct Show {
    /// `active`, a version, or the first digits of its id or commit
    #[arg(value_name = "ID", default_value = "active")]
    id: String,
    /// Print one of its files
    #[arg(long, value_name = "PATH")]
    file: Option<String>,
}

impl Show {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        let bundle = context.node()?.find_bundle(&self.id)?;
        let Some(path) = self.file else { return Ok(Answer::yes(ShownBundle(bundle))) };
        match bundle.file(&path) {
            Some(bytes) => Ok(Answer::yes(BundleFile { bytes: bytes.to_vec(), path, commit: bundle.commit() })),
            None => {
                Err(CliError::usage(format!("the bundle has no file {path}")).hint("list them: git gatos policy show"))
            }
        }
    }
}

/// Say which rules and files differ between two policies; exit 1 where some do
#[derive(clap::Args)]
pub struct Diff {
    /// `active`, a version, or the first digits of an id or commit
    #[arg(value_name = "FROM", default_value = "active")]
    from: String,
    /// The same; without it the sources of the work tree
    #[arg(value_name = "TO")]
    to: Option<String>,
}

impl Diff {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        let node = context.node()?;
        let from = node.find_bundle(&self.from)?;
        let to = match &self.to {
            Some(id) => node.find_bundle(id)?,
            None => match compiled(context, &node.policy_sources()?) {
                Ok(built) => Bundle::candidate(built.files)?,
                Err(answer) => return Ok(answer),
            },
        };
        let diff = PolicyDiff::of(&from, &to);
        Ok(Answer::verdict(diff.lines.is_empty(), diff))
    }
}

/// List the bundles that were active so far, the newest first: when each was published, and who signed it
#[derive(clap::Args)]
pub struct Log {
    /// Those, too, that were published and never active
    #[arg(long)]
    all: bool,
}

impl Log {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        Ok(Answer::yes(PolicyLog(context.node()?.policy_log(self.all)?)))
    }
}
