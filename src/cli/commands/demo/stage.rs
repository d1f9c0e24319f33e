use crate::canon::shown;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::view::{Demonstration, Line};
use anyhow::Context as _;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Where the demonstration plays: directories, and people with homes of their own.
pub struct Stage<'c> {
    context: &'c mut Context,
    root: TempDir,
    program: PathBuf,
    here: PathBuf,
    person: &'static str,
}

impl<'c> Stage<'c> {
    pub fn build(context: &'c mut Context) -> Result<Stage<'c>, CliError> {
        let root = tempfile::Builder::new().prefix("gatos-demo-").tempdir().context("making a temporary directory")?;
        let program = std::env::current_exe().context("finding this program")?;
        let here = root.path().to_owned();
        let mut stage = Stage { context, root, program, here, person: "alice" };
        stage.move_in()?;
        Ok(stage)
    }

    /// Everything from here on is done by somebody else, with no key and no memory.
    pub fn stranger(&mut self) -> Result<(), CliError> {
        self.person = "stranger";
        self.move_in()
    }

    fn home(&self) -> PathBuf {
        self.root.path().join("home").join(self.person)
    }

    fn move_in(&mut self) -> Result<(), CliError> {
        let home = self.home();
        let config = format!(
            "[user]\n\tname = {name}\n\temail = {name}@example.org\n[init]\n\tdefaultBranch = main\n",
            name = self.person
        );
        put(&home.join("gitconfig"), &config)
    }

    /// A heading.
    pub fn say(&mut self, text: &str) -> Result<(), CliError> {
        self.show(Line::Heading(text.to_owned()))
    }

    pub fn enter(&mut self, dir: &str) -> Result<(), CliError> {
        self.here = self.root.path().join(dir);
        self.show(Line::Command(format!("cd {dir}")))
    }

    /// Back to where all repositories stand.
    pub fn leave(&mut self) -> Result<(), CliError> {
        self.here = self.root.path().to_owned();
        self.show(Line::Command("cd ..".to_owned()))
    }

    /// Writes a file and shows what stands in it.
    pub fn write(&mut self, file: &str, text: &str) -> Result<(), CliError> {
        self.show(Line::Command(format!("cat > {file}")))?;
        for line in text.lines() {
            self.show(Line::Output(line.to_owned()))?;
        }
        put(&self.here.join(file), text)
    }

    /// Writes a file that is too long to be shown.
    pub fn write_unseen(&mut self, file: &str, text: &str) -> Result<(), CliError> {
        self.show(Line::Command(format!("cat > {file}    # {} lines", text.lines().count())))?;
        put(&self.here.join(file), text)
    }

    pub fn git(&mut self, args: &[&str]) -> Result<String, CliError> {
        self.run(Path::new("git"), "git", args)
    }

    /// Runs this very program.
    pub fn gatos(&mut self, args: &[&str]) -> Result<String, CliError> {
        let program = self.program.clone();
        self.run(&program, "git gatos", args)
    }

    /// Prints a command, runs it, prints what it said, and gives that back.
    fn run(&mut self, program: &Path, name: &str, args: &[&str]) -> Result<String, CliError> {
        let shown: Vec<String> =
            std::iter::once(name.to_owned()).chain(args.iter().map(|arg| shown::word(arg).into_owned())).collect();
        let shown = shown.join(" ");
        self.show(Line::Command(shown.clone()))?;
        let failed = |why: String| CliError::failed("DEMO", format!("`{shown}` {why}"));
        let output = self.command(program).args(args).output().map_err(|e| failed(format!("did not start: {e}")))?;
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        let stderr = String::from_utf8_lossy(&output.stderr);
        for line in stderr.lines().chain(stdout.lines()) {
            self.show(Line::Output(line.to_owned()))?;
        }
        if output.status.success() { Ok(stdout) } else { Err(failed(format!("ended with {}", output.status))) }
    }

    /// A child that sees nothing of the person at the keyboard but where programs lie.
    fn command(&self, program: &Path) -> Command {
        let env = self.context.ambient().env();
        let home = self.home();
        let mut command = Command::new(program);
        let kept = ["PATH", "SystemRoot", "TMPDIR", "TEMP"];
        let kept: Vec<(&str, OsString)> = kept.into_iter().filter_map(|name| Some((name, env.get(name)?))).collect();
        command.env_clear().envs(kept).env("LC_ALL", "C").env("NO_COLOR", "1");
        command.env("HOME", &home).env("XDG_CONFIG_HOME", home.join("config"));
        command.env("XDG_STATE_HOME", home.join("state")).env("XDG_DATA_HOME", home.join("data"));
        command.env("GIT_CONFIG_GLOBAL", home.join("gitconfig")).env("GIT_CONFIG_NOSYSTEM", "1");
        command.current_dir(&self.here).stdin(Stdio::null());
        command
    }

    fn show(&mut self, line: Line) -> Result<(), CliError> {
        self.context.show(&Demonstration(line))?;
        self.context.flush()?;
        Ok(())
    }

    /// Leaves everything where it is.
    pub fn keep(self) -> String {
        self.root.keep().display().to_string()
    }
}

fn put(path: &Path, text: &str) -> Result<(), CliError> {
    let writing = || format!("writing {}", path.display());
    std::fs::create_dir_all(path.parent().expect("a file stands in a directory")).with_context(writing)?;
    Ok(std::fs::write(path, text).with_context(writing)?)
}
