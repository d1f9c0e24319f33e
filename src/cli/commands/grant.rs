use crate::cli::answer::Answer;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::trust::{REASON_MAX, is_reason};
use crate::view::{ShownProposal, VerifiedGrant};

/// What proposals granted: verify it, end it
#[derive(clap::Args)]
pub struct Grant {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    Verify(Verify),
    Revoke(Revoke),
}

/// The grant that is meant.
#[derive(clap::Args)]
struct Named {
    /// The first digits of its id, or of its proposal's
    #[arg(id = "ID", required_unless_present = "grant", conflicts_with = "grant")]
    positional: Option<String>,
    /// The same, spelled as an option
    #[arg(long, value_name = "ID")]
    grant: Option<String>,
}

impl Named {
    fn id(self) -> String {
        self.positional.or(self.grant).expect("clap asks for one of the two")
    }
}

/// Check a grant from its documents alone: proposal, approvals, proof, expiry, revocation
///
/// Exit code 1 where it allows nothing, or nothing any more. An approval without a receipt of a gate has no time but its
/// signer's word: that is said as expiry not judged.
#[derive(clap::Args)]
struct Verify {
    #[command(flatten)]
    named: Named,
}

/// End a grant: from now on it allows nothing
///
/// Who proposed it may, everybody who was asked, and the roots. What it allowed stays.
#[derive(clap::Args)]
struct Revoke {
    #[command(flatten)]
    named: Named,
    /// Why, in a line that everybody reads
    #[arg(long)]
    reason: String,
}

impl Grant {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        match self.verb {
            Verb::Verify(order) => order.run(context),
            Verb::Revoke(order) => order.run(context),
        }
    }
}

impl Verify {
    fn run(self, context: &Context) -> Result<Answer, CliError> {
        let node = context.node()?;
        let verified = VerifiedGrant(node.find_proposal(&self.named.id())?);
        context.tell(&node);
        Ok(Answer::verdict(verified.stands(), verified))
    }
}

impl Revoke {
    fn run(self, context: &Context) -> Result<Answer, CliError> {
        if !is_reason(&self.reason) {
            return Err(CliError::usage(format!("a reason is 1 to {REASON_MAX} bytes without control characters")));
        }
        let node = context.node()?;
        let standing = node.revoke_grant(&self.named.id(), &self.reason)?;
        context.tell(&node);
        Ok(Answer::yes(ShownProposal(standing)))
    }
}
