use serde_json::Value;
use std::process::{ExitStatus, Output};

/// How a command ended. Every check gives the outcome back, so that checks follow each other in one line.
pub struct Outcome {
    shown: String,
    status: ExitStatus,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Outcome {
    pub(super) fn new(shown: String, output: Output) -> Outcome {
        Outcome { shown, status: output.status, stdout: output.stdout, stderr: output.stderr }
    }

    /// It ended with 0.
    #[track_caller]
    pub fn ok(self) -> Outcome {
        self.code(0)
    }

    /// Whether it ended with 0, for a test that goes on either way.
    pub fn succeeded(&self) -> bool {
        self.status.success()
    }

    /// It ended with this code; a command that a signal ended has none.
    #[track_caller]
    pub fn code(self, code: i32) -> Outcome {
        if self.status.code() != Some(code) {
            self.fail(&format!("expected exit code {code}"));
        }
        self
    }

    /// A signal ended it, or its own abort.
    #[track_caller]
    pub fn killed(self) -> Outcome {
        if self.status.code().is_some() {
            self.fail("expected it to be killed");
        }
        self
    }

    /// Whether a signal ended it.
    pub fn was_killed(&self) -> bool {
        self.status.code().is_none()
    }

    /// Its standard output holds this text.
    #[track_caller]
    pub fn says(self, text: &str) -> Outcome {
        if !String::from_utf8_lossy(&self.stdout).contains(text) {
            self.fail(&format!("expected {text:?} on standard output"));
        }
        self
    }

    /// Its standard error holds this text.
    #[track_caller]
    pub fn err_says(self, text: &str) -> Outcome {
        if !String::from_utf8_lossy(&self.stderr).contains(text) {
            self.fail(&format!("expected {text:?} on standard error"));
        }
        self
    }

    /// It printed nothing on standard output.
    #[track_caller]
    pub fn silent(self) -> Outcome {
        if !self.stdout.is_empty() {
            self.fail("expected nothing on standard output");
        }
        self
    }

    /// Its standard output as text, without the last newline.
    #[track_caller]
    pub fn stdout(self) -> String {
        match std::str::from_utf8(&self.stdout) {
            Ok(text) => text.strip_suffix('\n').unwrap_or(text).to_owned(),
            Err(_) => self.fail("expected UTF-8 on standard output"),
        }
    }

    /// Its standard output to the byte.
    pub fn bytes(self) -> Vec<u8> {
        self.stdout
    }

    /// Standard output and standard error to the byte.
    pub fn streams(self) -> (Vec<u8>, Vec<u8>) {
        (self.stdout, self.stderr)
    }

    /// Its standard error as text, without the last newline.
    pub fn stderr(self) -> String {
        let text = String::from_utf8_lossy(&self.stderr);
        text.strip_suffix('\n').unwrap_or(&text).to_owned()
    }

    /// Its standard output as one JSON document.
    #[track_caller]
    pub fn json(self) -> Value {
        serde_json::from_slice(&self.stdout).unwrap_or_else(|e| self.fail(&format!("expected JSON ({e})")))
    }

    /// Its standard output as one JSON document a line.
    #[track_caller]
    pub fn jsonl(self) -> Vec<Value> {
        let lines = self.stdout.split(|b| *b == b'\n').filter(|line| !line.is_empty());
        let read = lines.map(serde_json::from_slice).collect::<Result<_, _>>();
        read.unwrap_or_else(|e| self.fail(&format!("expected JSON lines ({e})")))
    }

    #[track_caller]
    fn fail(&self, expected: &str) -> ! {
        panic!(
            "{}: {expected}\n{}\n--- standard output\n{}\n--- standard error\n{}",
            self.shown,
            self.status,
            String::from_utf8_lossy(&self.stdout),
            String::from_utf8_lossy(&self.stderr)
        );
    }
}
