use crate::cli::answer::Answer;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::hook::{self, Apart, Copied, Denial, Gate, Order, Process, Source, Step};
use crate::id::{Actor, Blake3};
use crate::view::{
    GateCopied, GateExamined, GateInstalled, GateRemoved, GateSet, GateTested, RefApart, Refusal, RefusedRef,
};
use anyhow::Context as _;
use std::ffi::OsString;
use std::io;
use std::path::Path;

/// The gate of a server: no push breaks the rules that stand in its repository
#[derive(clap::Args)]
pub struct Hook {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    Install(Install),
    /// Take the hooks away and put back what stood there before; key, settings and records stay
    Uninstall,
    /// Show what the gate is set to, look whether it stands, and push into a ref that it must refuse
    ///
    /// The refusal is recorded as every other.
    Test,
    /// Copy what another server holds, with the receipts of its gate
    ///
    /// For a second server, which cannot be pushed what a key signed that was removed since. Nothing is judged again and nothing
    /// set back; `git gatos verify` holds all of it against the receipts. Exit 1 where a ref went apart.
    Copy {
        /// Where the other server is, as git names it; a relative path is meant from this repository's directory
        #[arg(value_parser = clap::builder::NonEmptyStringValueParser::new())]
        url: String,
    },
    /// Judge a push (git runs this)
    #[command(hide = true)]
    PreReceive,
    /// Give the receipt of a push (git runs this)
    #[command(hide = true)]
    PostReceive,
    /// Keep the gate locked until a push has ended (the gate runs this)
    #[command(hide = true)]
    Hold {
        id: u32,
        start: String,
    },
}

/// Install the gate in the repository around the working directory
///
/// From then on a push is judged by the law that stands here, a refusal is recorded under audit/policy, and an accepted push
/// has a receipt. What was installed is looked at; exit 1 where it does not stand. Example, in a bare repository: git gatos hook install --server --root blake3:… --policy blake3:…
#[derive(clap::Args)]
struct Install {
    /// This repository is one that others push to
    #[arg(long, required = true)]
    server: bool,
    /// The repository id whose trust graph may be pushed here; `git gatos trust pin` prints it
    #[arg(long, value_name = "ID")]
    root: Option<Blake3>,
    /// The first policy here must be this one or descend from it; `git gatos policy show` prints it. Without it any policy of the
    /// repository may come first, also an older one. Stays as it was until another is named
    #[arg(long, value_name = "ID")]
    policy: Option<Blake3>,
    /// What tells who pushes; at first nothing does, and later what was named before
    #[arg(long, value_name = "SOURCE",
          value_parser = ["none", "ssh", "http", "gitlab", "gitea", "gitolite", "cert"])]
    identity: Option<String>,
    /// Let a push return only when its receipt stands; else the receipt is written a moment after. Stays so until it is false
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    await_receipt: Option<bool>,
    /// How long an accepted push may move none of its refs before it is ended, 60 at first: slow hooks of the host need more
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    patience: Option<u64>,
    /// The name under which the gate signs
    #[arg(long, value_name = "ACTOR", default_value = "service:gate")]
    actor: Actor,
}

impl Hook {
    /// The verbs that git and the gate run. As the interpreter of a hook this program is told the path of that: `hook` and, say,
    /// `hooks/pre-receive`, or a part of it, `hooks/pre-receive.d/10-gatos`; the hook is the last of its words that names one.
    pub fn of_git(args: &[OsString]) -> Option<Hook> {
        let [_, verb, rest @ ..] = args else { return None };
        let verb = match rest {
            _ if verb != "hook" => return None,
            [path] => Path::new(path).components().rev().take(2).find_map(|word| {
                match word.as_os_str().to_str()?.trim_end_matches(".d") {
                    "pre-receive" => Some(Verb::PreReceive),
                    "post-receive" => Some(Verb::PostReceive),
                    _ => None,
                }
            })?,
            [verb, id, start] if verb == "hold" => {
                Verb::Hold { id: id.to_str()?.parse().ok()?, start: start.to_str()?.to_owned() }
            }
            _ => return None,
        };
        Some(Hook { verb })
    }

    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        match self.verb {
            Verb::Install(order) => order.run(context),
            Verb::Uninstall => Ok(Answer::yes(GateRemoved { found: hook::uninstall(context.ambient())? })),
            Verb::Test => {
                let found = hook::examine(context.ambient())?;
                let tested = tested(found.steps);
                let gate = found.gate.map(set);
                Ok(Answer::verdict(tested.stands(), GateExamined { gate, tested }))
            }
            Verb::Copy { url } => {
                let Copied { moved, apart } = hook::copy(context.ambient(), &url)?;
                let apart: Vec<_> =
                    apart.into_iter().map(|Apart { name, here, there }| RefApart { name, here, there }).collect();
                Ok(Answer::verdict(apart.is_empty(), GateCopied { moved, apart }))
            }
            Verb::PreReceive => {
                let verdict = hook::pre_receive(context.ambient(), io::stdin().lock())?;
                if verdict.denials.is_empty() {
                    return Ok(Answer::done());
                }
                let denials = verdict.denials.into_iter().map(shown).collect();
                Ok(Answer::no(Refusal { denials, audit: verdict.audit }))
            }
            Verb::PostReceive => {
                // git waits for whoever closes its end; what it says is in the spool already.
                let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
                hook::post_receive(context.ambient())?;
                Ok(Answer::done())
            }
            Verb::Hold { id, start } => {
                hook::hold(context.ambient(), &Process::here(id, start))?;
                Ok(Answer::done())
            }
        }
    }
}

impl Install {
    fn run(self, context: &Context) -> Result<Answer, CliError> {
        debug_assert!(self.server, "clap requires it");
        let program = std::env::current_exe().context("finding this program")?;
        let source = self.identity.as_deref().and_then(Source::parse);
        let (await_receipt, patience) = (self.await_receipt, self.patience);
        let order =
            Order { actor: self.actor, root: self.root, policy: self.policy, source, await_receipt, patience, program };
        let made = hook::install(context.ambient(), order)?;
        let tested = tested(made.steps);
        Ok(Answer::verdict(tested.stands(), GateInstalled { gate: set(made.gate), hooks: made.hooks, tested }))
    }
}

fn set(gate: Gate) -> GateSet {
    let Gate { settings, repo, trusted, introduction, active } = gate;
    GateSet {
        patience: settings.patience().as_secs(),
        actor: settings.actor,
        key: settings.key,
        root: settings.root,
        policy: settings.policy,
        source: settings.source.as_str(),
        variable: settings.source.variable(),
        await_receipt: settings.await_receipt,
        repo,
        trusted,
        introduction,
        active,
    }
}

fn tested(steps: Vec<Step>) -> GateTested {
    GateTested { steps: steps.into_iter().map(|s| (s.what, s.fault)).collect() }
}

pub(super) fn shown(denial: Denial) -> RefusedRef {
    RefusedRef {
        name: denial.short_name(),
        verdict: denial.verdict.as_str(),
        rule: denial.rule,
        reason: denial.reason,
        hint: denial.hint,
        facts: denial.facts,
    }
}
