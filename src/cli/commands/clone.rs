use crate::cli::answer::Answer;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::work::Work;
use crate::id::Blake3;
use crate::node::{self, CloneEnd, CloneOrder};
use crate::view::{RefusedClone, ShownClone};
use std::path::PathBuf;

/// Clone a repository with its trust, its policy and its journals, pinned to one genesis
///
/// With --root another repository than the one named is refused, and nothing is left of it. Without it the first one seen is
/// believed: compare its id with the owner's.
///
/// Example: git gatos clone https://example.org/shop.git --root blake3:…
#[derive(clap::Args)]
pub struct Clone {
    /// The address, as for git clone
    url: String,
    /// Where to; else the last part of the address
    dir: Option<PathBuf>,
    /// The repository id that it must have; the owner's `git gatos trust pin` prints it
    #[arg(long, value_name = "ID")]
    root: Option<Blake3>,
}

impl Clone {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        let order = CloneOrder { url: self.url, dir: self.dir, root: self.root };
        let work = Work::new();
        let end = node::clone(context.ambient(), &order, &work, work.cancel())?;
        drop(work);
        match end {
            CloneEnd::Refused { asked, found } => Ok(Answer::no(RefusedClone { url: order.url, asked, found })),
            CloneEnd::Done(mut cloned) => {
                cloned.synced.notices.drain(..).for_each(|notice| context.note(notice));
                if cloned.first_use {
                    context.warn(format_args!(
                        "nobody said which repository this must be: {} is believed ON FIRST USE. Compare it with what the \
                         owner reads from: git gatos trust pin",
                        cloned.repo
                    ));
                }
                let clean = cloned.synced.is_clean();
                Ok(Answer::verdict(clean, ShownClone(*cloned)))
            }
        }
    }
}
