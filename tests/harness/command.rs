use super::Outcome;
use gatos::id::Timestamp;
use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// A command about to run, with no environment but what it was given.
pub struct Command {
    inner: std::process::Command,
    stdin: Vec<u8>,
    clock: Option<Timestamp>,
}

impl Command {
    pub(super) fn new(program: &str, dir: &Path) -> Command {
        let mut inner = std::process::Command::new(program);
        inner.env_clear().current_dir(dir);
        Command { inner, stdin: Vec::new(), clock: None }
    }

    pub(super) fn at(mut self, clock: Timestamp) -> Command {
        self.clock = Some(clock);
        self
    }

    /// Git's own commits carry the time of the world too.
    pub(super) fn dated(self) -> Command {
        let date = self.clock.expect("a command of a world has a clock").to_string();
        self.env("GIT_AUTHOR_DATE", &date).env("GIT_COMMITTER_DATE", &date)
    }

    pub fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Command {
        self.inner.args(args);
        self
    }

    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Command {
        self.inner.env(name, value);
        self
    }

    pub fn stdin(mut self, input: impl Into<Vec<u8>>) -> Command {
        self.stdin = input.into();
        self
    }

    /// Runs the command to its end.
    #[track_caller]
    pub fn run(self) -> Outcome {
        self.spawn().wait()
    }

    /// Starts the command and leaves it running.
    #[track_caller]
    pub fn spawn(mut self) -> Running {
        let shown = self.shown();
        let piped = self.inner.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap_or_else(|e| panic!("{shown}: {e}"));
        let mut pipe = child.stdin.take().expect("stdin is piped");
        let input = self.stdin;
        // A command may end before it has read everything; what it then says is the test's business.
        std::thread::spawn(move || drop(pipe.write_all(&input)));
        Running { shown, child: Some(child) }
    }

    /// The command line for messages.
    fn shown(&self) -> String {
        let program = Path::new(self.inner.get_program()).file_name().expect("a program has a name");
        let words = std::iter::once(program).chain(self.inner.get_args());
        words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }
}

/// A command that runs; killed when it is dropped before its end.
pub struct Running {
    shown: String,
    child: Option<Child>,
}

impl Running {
    #[track_caller]
    pub fn wait(mut self) -> Outcome {
        let child = self.child.take().expect("waited for once");
        let output = child.wait_with_output().unwrap_or_else(|e| panic!("{}: {e}", self.shown));
        Outcome::new(self.shown.clone(), output)
    }

    /// The number of its process.
    #[track_caller]
    pub fn id(&self) -> u32 {
        self.child.as_ref().expect("it was not waited for").id()
    }

    /// What Ctrl-C does to it.
    #[track_caller]
    pub fn interrupt(&self) {
        let sent = std::process::Command::new("kill").args(["-INT", &self.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "{}: no signal was sent", self.shown);
    }

    /// Kills the command as `kill -9` does and waits for its end, and for whoever of its children still holds its output.
    #[track_caller]
    pub fn kill(mut self) -> Outcome {
        self.child.as_mut().expect("waited for once").kill().unwrap_or_else(|e| panic!("{}: {e}", self.shown));
        self.wait()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // It may have ended by itself in the meantime.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until this is so.
#[track_caller]
pub fn until(what: &str, mut so: impl FnMut() -> bool) {
    let since = Instant::now();
    while !so() {
        assert!(since.elapsed() < PATIENCE, "it never came: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
