//! The whole story in a temporary repository, told by the real programs.

mod stage;

use crate::cli::answer::Answer;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::git::fetch_args;
use crate::view::Demonstrated;
use stage::Stage;

/// Show the whole story in a temporary repository, in under a minute
///
/// Every command is printed before it runs: init, a fold, events, state, a checkpoint and its proof, the search for the event
/// that broke the state, and a stranger who verifies all of it from a plain clone. Your own keys and settings stay untouched.
///
/// Example: git gatos demo --keep
#[derive(clap::Args)]
pub struct Demo {
    /// Leave the repositories and print where they are
    #[arg(long)]
    keep: bool,
}

/// The fold of the demonstration, and the events of its second part.
const FOLD: &str = include_str!("../../../lua/demo/fold.lua");
const SALES: u32 = 500;
/// The sale that takes more than there is.
const CULPRIT: u32 = 377;
const OVERSALE: u32 = 30_000;

impl Demo {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        let mut stage = Stage::build(context)?;
        let passed = story(&mut stage);
        let kept = match self.keep {
            true => Some(stage.keep()),
            false => None,
        };
        Ok(Answer::verdict(true, Demonstrated { passed: passed?, kept }))
    }
}

/// What was held against what, in the words of the last lines.
fn story(stage: &mut Stage<'_>) -> Result<Vec<String>, CliError> {
    stage.say("A repository, and what makes it compute")?;
    stage.git(&["init", "-q", "my-world"])?;
    stage.enter("my-world")?;
    stage.gatos(&["init", "--profile=local"])?;
    stage.write("gatos/fold.lua", FOLD)?;

    stage.say("Say something; see what is")?;
    stage.gatos(&["emit", "stock", r#"{"item": "widgets", "n": 40000}"#])?;
    stage.gatos(&["emit", "--type", "sell", "--payload", r#"{"item": "widgets", "n": 12}"#])?;
    stage.gatos(&["state", "show"])?;

    stage.say("Many events at once")?;
    stage.write_unseen("sales.jsonl", &sales())?;
    stage.gatos(&["emit", "--jsonl", "sales.jsonl"])?;
    let state = stage.gatos(&["state", "show"])?;

    stage.say("Write the state down with its proof, and prove it")?;
    stage.gatos(&["state", "checkpoint"])?;
    let proof = stage.gatos(&["fold", "verify"])?;

    stage.say("There are fewer than none: which event did that?")?;
    let search = stage.gatos(&["bisect", "run", "--jq", ".widgets < 0"])?;

    stage.say("A stranger, with a plain clone")?;
    stage.git(&["add", "gatos"])?;
    stage.git(&["commit", "-q", "-m", "what the events mean"])?;
    stage.leave()?;
    stage.git(&["clone", "-q", "my-world", "stranger"])?;
    stage.stranger()?;
    stage.enter("stranger")?;
    let fetch = fetch_args(&"origin".parse()?);
    stage.git(&fetch.iter().map(String::as_str).collect::<Vec<_>>())?;
    let verdict = stage.gatos(&["verify", "--deep"])?;
    let theirs = stage.gatos(&["state", "show"])?;

    let held = [
        ("the checkpoint is what its events fold to", proof.contains("PASSED")),
        ("the search named the sale that did it", search.contains(&format!("\"n\":{OVERSALE}"))),
        ("the stranger verified every byte", verdict.contains("PASSED")),
        ("the stranger sees the same state", theirs == state),
    ];
    match held.iter().find(|(_, holds)| !holds) {
        None => Ok(held.iter().map(|(what, _)| (*what).to_owned()).collect()),
        Some((what, _)) => Err(CliError::bug(format!("this does not hold: {what}"))),
    }
}

/// One sale a line; one of them takes more than is left.
fn sales() -> String {
    let line = |n: u32| {
        let sold = if n == CULPRIT { OVERSALE } else { 30 + n % 7 };
        format!("{{\"type\":\"sell\",\"payload\":{{\"item\":\"widgets\",\"n\":{sold}}}}}\n")
    };
    (1..=SALES).map(line).collect()
}
