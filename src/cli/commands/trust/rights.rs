use super::change::{Out, answer};
use super::public_key;
use crate::cli::answer::Answer;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::id::{Actor, Cid, Timestamp, Ulid};
use crate::node::KeepEvents;
use crate::trust::{Cap, REASON_MAX, Target, is_reason};

/// Give capabilities to an actor, signed by you, who must hold them and trust:grant; roots hold all but gate:receipt
///
/// A capability is plane:verb or plane:verb:glob; a glob is text with at most one *, at its end. Without a glob it is for
/// what has no object.
///
/// Example: git gatos trust grant agent:clerk journal:append:finance --exp 2027-01-01T00:00:00Z
#[derive(clap::Args)]
pub(super) struct Grant {
    actor: Actor,
    #[arg(required = true, value_name = "CAP")]
    caps: Vec<Cap>,
    /// From this second on it gives nothing
    #[arg(long, value_name = "TIME")]
    exp: Option<Timestamp>,
}

/// End a grant by its ULID, or a key for good
///
/// Of a revoked key, all events that are here stay good, and every later one is void, wherever it comes from. Its owner may
/// do that, or the roots; to void more takes the roots.
///
/// Example: git gatos trust revoke ed25519:… --reason "laptop stolen"
#[derive(clap::Args)]
pub(super) struct Revoke {
    /// The ULID of a grant, or a public key, as for add-key
    #[arg(value_name = "TARGET")]
    target: String,
    /// Why, in a line that everybody reads
    #[arg(long)]
    reason: String,
    /// The last good event of a journal; may be given for each journal, and one that is not named is void
    #[arg(long, value_name = "CID", conflicts_with = "void_all")]
    last: Vec<Cid>,
    /// Every event of the key is void
    #[arg(long)]
    void_all: bool,
    #[command(flatten)]
    out: Out,
}

impl Grant {
    pub(super) fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        let node = context.node()?;
        if self.exp.is_some_and(|exp| exp <= context.ambient().now()) {
            context.warn("the grant has expired already");
        }
        Ok(answer(node.grant(&self.actor, self.caps, self.exp)?))
    }
}

impl Revoke {
    pub(super) fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        if !is_reason(&self.reason) {
            return Err(CliError::usage(format!("a reason is 1 to {REASON_MAX} bytes without control characters")));
        }
        let target = match self.target.parse::<Ulid>() {
            Ok(ulid) => Target::Grant(ulid),
            Err(_) => Target::Key(public_key(context, &self.target)?),
        };
        if matches!(target, Target::Grant(_)) && (self.void_all || !self.last.is_empty()) {
            return Err(CliError::usage("--last and --void-all are for keys: a grant has no events"));
        }
        let keep = match (self.void_all, self.last) {
            (true, _) => KeepEvents::Nothing,
            (false, last) if last.is_empty() => KeepEvents::AllHere,
            (false, last) => KeepEvents::UpTo(last),
        };
        let node = context.node()?;
        let out = self.out.output.as_ref().map(|file| context.path(file));
        let changed = node.revoke(target, &self.reason, &keep, out.as_deref())?;
        Ok(answer(changed))
    }
}
