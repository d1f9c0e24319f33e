use super::answer::Answer;
use super::commands::{
    Approve, Bisect, Clone, Completions, Demo, Doctor, Emit, Event, Explain, Fold, Foldc, Gate, Grant, Hook, Init, Key,
    Lint, Log, Man, Plumb, Policy, Policyc, Profile, Proposal, Proposals, Propose, Reference, State, Sync, Trust,
    Verify,
};
use super::context::Context;
use super::error::CliError;
use clap::CommandFactory as _;
use clap::{Parser, Subcommand};
use std::ffi::OsString;

/// A git repository that computes its own state: signed events, a fold in Lua, proofs that anyone can recompute
///
/// Begin with `git gatos init`. A namespace is a ledger of its own; where none is named, it is `main`.
///
/// Exit codes: 0 yes or done, 1 no, 2 typed wrongly, 3 could not, 4 a mistake of ours.
#[derive(Parser)]
#[command(name = "git-gatos", bin_name = "git gatos", version, disable_help_subcommand = true)]
pub struct Root {
    /// Print JSON, one object or one a line
    ///
    /// An error is {"ok":false,"code":…,"reason":…} on standard output, and so is a denial.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    verb: Option<Verb>,
}

/// Arguments of a verb are built only when that verb was typed: a start has less than a millisecond.
#[derive(Subcommand)]
#[command(defer = true)]
enum Verb {
    Init(Init),
    Clone(Clone),
    Sync(Sync),
    Emit(Emit),
    Log(Log),
    State(State),
    Fold(Fold),
    Bisect(Bisect),
    Lint(Lint),
    Foldc(Foldc),
    Policy(Policy),
    Policyc(Policyc),
    Profile(Profile),
    Explain(Explain),
    Propose(Propose),
    Approve(Approve),
    Proposals(Proposals),
    Proposal(Proposal),
    Grant(Grant),
    Verify(Verify),
    Doctor(Doctor),
    Key(Key),
    Trust(Trust),
    Hook(Hook),
    Gate(Gate),
    Event(Event),
    Demo(Demo),
    Plumb(Plumb),
    Completions(Completions),
    Man(Man),
    #[command(hide = true)]
    Reference(Reference),
}

impl Root {
    /// What git and the gate itself run, where these arguments are that: a push waits for it, and a parser takes longer to
    /// build than to ask.
    pub fn of_git(args: &[OsString]) -> Option<Root> {
        Hook::of_git(args).map(|hook| Root { json: false, verb: Some(Verb::Hook(hook)) })
    }

    /// Whether this run prints JSON.
    pub fn json(&self) -> bool {
        self.json
    }

    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        match self.verb {
            None => help(),
            Some(Verb::Init(verb)) => verb.run(context),
            Some(Verb::Clone(verb)) => verb.run(context),
            Some(Verb::Sync(verb)) => verb.run(context),
            Some(Verb::Emit(verb)) => verb.run(context),
            Some(Verb::Log(verb)) => verb.run(context),
            Some(Verb::State(verb)) => verb.run(context),
            Some(Verb::Fold(verb)) => verb.run(context),
            Some(Verb::Bisect(verb)) => verb.run(context),
            Some(Verb::Lint(verb)) => verb.run(context),
            Some(Verb::Foldc(verb)) => verb.run(context),
            Some(Verb::Policy(verb)) => verb.run(context),
            Some(Verb::Policyc(verb)) => verb.run(context),
            Some(Verb::Profile(verb)) => verb.run(context),
            Some(Verb::Explain(verb)) => verb.run(context),
            Some(Verb::Propose(verb)) => verb.run(context),
            Some(Verb::Approve(verb)) => verb.run(context),
            Some(Verb::Proposals(verb)) => verb.run(context),
            Some(Verb::Proposal(verb)) => verb.run(context),
            Some(Verb::Grant(verb)) => verb.run(context),
            Some(Verb::Verify(verb)) => verb.run(context),
            Some(Verb::Doctor(verb)) => verb.run(context),
            Some(Verb::Key(verb)) => verb.run(context),
            Some(Verb::Trust(verb)) => verb.run(context),
            Some(Verb::Gate(verb)) => verb.run(context),
            Some(Verb::Hook(verb)) => verb.run(context),
            Some(Verb::Event(verb)) => verb.run(context),
            Some(Verb::Demo(verb)) => verb.run(context),
            Some(Verb::Plumb(verb)) => verb.run(context),
            Some(Verb::Completions(verb)) => verb.run(context),
            Some(Verb::Man(verb)) => verb.run(context),
            Some(Verb::Reference(verb)) => verb.run(context),
        }
    }
}

/// `git gatos` alone.
fn help() -> Result<Answer, CliError> {
    let mut command = Root::command();
    command.build();
    // A reader that went away has read enough.
    let _ = command.print_help();
    Ok(Answer::done())
}
