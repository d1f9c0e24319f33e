use crate::cli::answer::Answer;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::id::Seconds;
use crate::node::{Ask, Spoken};
use crate::policy::consent::{Required, State, is_target};
use crate::view::{Denial, ListedProposals, ShownProposal};

/// Ask a group for its consent to one act
///
/// The target is the act itself: intent:blake3:… of an event, REF@COMMIT of a push; a denial prints it. Where no quorum is given,
/// the active bundle says whose word the action wants. Example: git gatos propose api.break --target refs/heads/main@3f9a…
#[derive(clap::Args)]
pub struct Propose {
    /// What is to be allowed, as rules name it
    #[arg(value_name = "ACTION")]
    action: String,
    #[command(flatten)]
    terms: Terms,
}

/// What a proposal says besides its action.
#[derive(clap::Args)]
struct Terms {
    /// The one act that it is for
    #[arg(long, value_name = "URI")]
    target: String,
    /// How many of how many of which group must agree, such as 2-of-3@leads
    #[arg(long, value_name = "N-of-M@GROUP")]
    quorum: Option<Required>,
    /// How long it stands, such as P3D or PT2H; 72 hours where nobody says
    #[arg(long, value_name = "DURATION")]
    ttl: Option<Seconds>,
}

/// Agree to a proposal with your key; who completes the quorum makes the grant
///
/// Several keys of one actor are one vote. To agree twice changes nothing.
#[derive(clap::Args)]
pub struct Approve {
    /// The first digits of its id
    #[arg(id = "ID", required_unless_present = "proposal", conflicts_with = "proposal")]
    positional: Option<String>,
    /// The same, spelled as an option
    #[arg(long, value_name = "ID")]
    proposal: Option<String>,
}

/// List proposals: what each asks, of whom, and how far it has come
#[derive(clap::Args)]
pub struct Proposals {
    /// Only those that wait for more approvals
    #[arg(long)]
    open: bool,
}

/// The published spelling of propose
#[derive(clap::Args)]
pub struct Proposal {
    #[command(subcommand)]
    verb: ProposalVerb,
}

#[derive(clap::Subcommand)]
enum ProposalVerb {
    New(New),
}

/// The same as git gatos propose ACTION
#[derive(clap::Args)]
struct New {
    /// What is to be allowed, as rules name it
    #[arg(long, value_name = "ID")]
    action: String,
    #[command(flatten)]
    terms: Terms,
}

impl Propose {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        let Terms { target, quorum, ttl } = self.terms;
        if !is_target(&target) {
            return Err(CliError::usage("a target is 1 to 1,000 bytes without blanks"));
        }
        let node = context.node()?;
        let spoken = node.propose(&Ask { action: self.action, target, required: quorum, ttl })?;
        context.tell(&node);
        Ok(answer(spoken))
    }
}

impl Proposal {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        let ProposalVerb::New(New { action, terms }) = self.verb;
        Propose { action, terms }.run(context)
    }
}

impl Approve {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        let id = self.positional.or(self.proposal).expect("clap asks for one of the two");
        let node = context.node()?;
        let spoken = node.approve(&id)?;
        context.tell(&node);
        Ok(answer(spoken))
    }
}

fn answer(spoken: Spoken) -> Answer {
    match spoken {
        Spoken::Done(standing) => Answer::yes(ShownProposal(*standing)),
        Spoken::Denied { decision, audit } => Answer::no(Denial { decision, audit }),
    }
}

impl Proposals {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        let node = context.node()?;
        let mut all = node.proposals()?;
        context.tell(&node);
        all.retain(|s| !self.open || matches!(s.state, State::Proposal | State::Partial));
        Ok(Answer::yes(ListedProposals(all)))
    }
}
