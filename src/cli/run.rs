use super::answer::Answer;
use super::args::Root;
use super::context::Context;
use super::error::{CliError, Kind};
use super::output::{Output, say, say_coloured};
use super::panic::guarded;
use crate::ambient::Ambient;
use crate::canon::shown;
use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser as _};
use std::borrow::Cow;
use std::ffi::OsString;
use std::process::ExitCode;

/// What the program says with its exit code; errors have those of `Kind`.
const YES: u8 = 0;
const NO: u8 = 1;

/// How clap begins the end of a complaint.
const TRY: &str = "For more information, try ";

/// Runs the program on the arguments of the process.
pub fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    // A bug may lie in what makes a context, so it is told without one.
    let code = guarded(|| run(&args)).unwrap_or_else(|bug| fail(&mut Output::new(asks_for_json(&args), false), &bug));
    ExitCode::from(code)
}

/// The same question to arguments that could not be read.
fn asks_for_json(args: &[OsString]) -> bool {
    args.iter().take_while(|a| *a != "--").any(|a| a == "--json")
}

fn run(args: &[OsString]) -> u8 {
    let root = match Root::of_git(args).map_or_else(|| Root::try_parse_from(args), Ok) {
        Ok(root) => root,
        Err(e) => return refuse_arguments(&mut Output::new(asks_for_json(args), false), args, &e),
    };
    let mut context = Context::new(Ambient::of_process(), root.json());
    let ended = root.run(&mut context).and_then(|answer| print(&mut context, &answer));
    match ended {
        Ok(code) => code,
        Err(e) => fail(context.output(), &e),
    }
}

fn print(context: &mut Context, answer: &Answer) -> Result<u8, CliError> {
    if let Some(view) = &answer.view {
        context.show(view.as_ref())?;
    }
    context.flush()?;
    Ok(if answer.yes { YES } else { NO })
}

/// Help and version are answers; the rest is a mistake in how the command was typed.
fn refuse_arguments(output: &mut Output, args: &[OsString], e: &clap::Error) -> u8 {
    match e.kind() {
        ErrorKind::DisplayHelp => return show_help(args),
        ErrorKind::DisplayVersion => {
            let _ = e.print();
            return YES;
        }
        _ => {}
    }
    let text = short(e.render().to_string());
    if output.is_json() {
        let reason = text.trim_end().strip_prefix("error: ").unwrap_or(&text);
        return fail(output, &CliError::usage(reason));
    }
    // What was typed may have been copied from somebody; only as it is can it have colours.
    match shown::text(&text) {
        Cow::Borrowed(_) => say_coloured(&text, &short(e.render().ansi().to_string())),
        Cow::Owned(text) => say(text.trim_end()),
    }
    Kind::Usage.exit()
}

/// A complaint of clap that names the short flag: `git gatos --help` asks git itself, which has no such page.
fn short(text: String) -> String {
    match text.rsplit_once(TRY) {
        Some((before, flag)) => format!("{before}{TRY}{}", flag.replace("--help", "-h")),
        None => text,
    }
}

/// Reads the arguments again, by a command whose verbs are all built: help names each with its purpose.
fn show_help(args: &[OsString]) -> u8 {
    let mut command = Root::command();
    command.build();
    if let Err(e) = command.try_get_matches_from(args) {
        // A reader that went away has read enough.
        let _ = e.print();
    }
    YES
}

/// Says why there is no answer: on standard error, under `--json` as a frame on standard output.
fn fail(output: &mut Output, error: &CliError) -> u8 {
    // What was shown before comes first. Nothing is left to try where that, or the frame itself, cannot be printed.
    let _ = output.flush();
    let _ = output.show(&error.frame()).and_then(|_| output.flush());
    error.kind.exit()
}
