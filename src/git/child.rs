//! The git program, for what libgit2 must not do: deleting refs, fetching, pushing, repacking.

use super::{GitError, Reader};
use crate::ambient::Env;
use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};

/// Variables that tie a process to one repository; a hook's must not reach a child that works on another
/// (`git rev-parse --local-env-vars` without the configuration of `git -c`).
const LOCAL: [&str; 13] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_WORK_TREE",
];
/// Most characters of what git said that an error carries.
const STDERR_MAX: usize = 4000;
/// The exit code by which git says that it does not know an option.
const USAGE: i32 = 129;
/// The first git that lists what it fetched (`git fetch --porcelain`).
const LISTING: (&str, (u32, u32)) = ("2.41", (2, 41));

/// What a child git printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

/// A child git that has ended, with whatever exit code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    pub status: ExitStatus,
    pub output: Output,
    command: String,
}

impl Ended {
    /// The error that its exit code is.
    pub fn failure(&self) -> GitError {
        let stderr = String::from_utf8_lossy(&self.output.stderr);
        GitError::Child {
            command: self.command.clone(),
            status: self.status,
            stderr: stderr.trim().chars().take(STDERR_MAX).collect(),
        }
    }
}

/// The error that a fetch which lists its refs ended with. A git that knows no such fetch prints all its options; its
/// version is told instead.
pub(super) fn listing_failure(env: &Env, ended: &Ended) -> GitError {
    let (needed, first) = LISTING;
    match (ended.status.code(), version(env)) {
        (Some(USAGE), Some((version, found))) if found < first => GitError::TooOld { version, needed },
        _ => ended.failure(),
    }
}

/// The version of the git program: as it prints it, and its first two numbers.
fn version(env: &Env) -> Option<(String, (u32, u32))> {
    let said = Git::outside(env).args(["version"]).run().ok()?;
    let said = String::from_utf8(said.stdout).ok()?;
    let version = said.strip_prefix("git version ")?.split_whitespace().next()?;
    let mut numbers = version.split('.').map(str::parse::<u32>);
    let first = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    Some((version.to_owned(), first))
}

/// One run of the git program, in a repository or outside of any.
pub struct Git<'a> {
    env: &'a Env,
    git_dir: Option<PathBuf>,
    work_dir: Option<PathBuf>,
    args: Vec<OsString>,
    stdin: Vec<u8>,
}

impl<'a> Git<'a> {
    pub fn new(reader: &'a Reader) -> Git<'a> {
        Git {
            env: reader.ambient.env(),
            git_dir: Some(reader.git_dir().to_owned()),
            work_dir: reader.work_dir().map(PathBuf::from),
            args: Vec::new(),
            stdin: Vec::new(),
        }
    }

    /// A run in the working directory, for a repository that does not exist yet.
    pub fn outside(env: &'a Env) -> Git<'a> {
        Git { env, git_dir: None, work_dir: None, args: Vec::new(), stdin: Vec::new() }
    }

    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Git<'a> {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// What the child reads from its standard input; nothing where this is not called.
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Git<'a> {
        self.stdin = bytes.into();
        self
    }

    /// Runs to the end; an exit code other than 0 is an error that carries what git said.
    pub fn run(self) -> Result<Output, GitError> {
        let ended = self.end()?;
        if ended.status.success() { Ok(ended.output) } else { Err(ended.failure()) }
    }

    /// Runs to the end, for whoever reads what git said whatever the exit code is.
    pub fn end(self) -> Result<Ended, GitError> {
        let spawned = |source| GitError::Spawn { source };
        let mut child = self.command().spawn().map_err(spawned)?;
        let mut stdin = child.stdin.take().expect("stdin is a pipe");
        let input = &self.stdin;
        let output = std::thread::scope(|scope| {
            // A child that does not read all of its input says so by its exit code.
            scope.spawn(move || drop(stdin.write_all(input)));
            child.wait_with_output()
        });
        let output = output.map_err(spawned)?;
        let args: Vec<_> = self.args.iter().map(|arg| arg.to_string_lossy()).collect();
        Ok(Ended {
            status: output.status,
            output: Output { stdout: output.stdout, stderr: output.stderr },
            command: args.join(" "),
        })
    }

    fn command(&self) -> Command {
        let mut command = Command::new("git");
        self.env.lend(&mut command);
        for name in LOCAL {
            command.env_remove(name);
        }
        command.env("GIT_NO_REPLACE_OBJECTS", "1").env("LC_ALL", "C");
        if let Some(dir) = &self.git_dir {
            command.env("GIT_DIR", dir);
        }
        if let Some(dir) = &self.work_dir {
            command.env("GIT_WORK_TREE", dir);
        }
        let dir = self.work_dir.as_deref().or(self.git_dir.as_deref());
        command.current_dir(dir.unwrap_or(self.env.cwd())).args(&self.args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}
