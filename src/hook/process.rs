//! Which process receives the push, whether it still runs, and how it is ended.

use std::time::{Duration, Instant};

/// A process, told from a later one with the same number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    pub id: u32,
    /// When it started, in whatever unit the system gives.
    pub start: String,
    /// Among which processes its number counts: since which boot, and in which pid namespace, where the system tells.
    pub space: String,
}

/// How often a process that waits for another looks how far it is: ever more seldom, for most pushes are short.
const LOOK: Duration = Duration::from_millis(1);
const LOOK_MAX: Duration = Duration::from_millis(25);
/// How far up the receiving process is looked for: git, a dispatcher, a shell or two between.
const ANCESTORS_MAX: usize = 16;

impl Process {
    /// The `git receive-pack` above this process.
    pub fn receiver() -> Option<Process> {
        let mut id = parent_id();
        for _ in 0..ANCESTORS_MAX {
            let about = look(id)?;
            if receives(id) {
                return Some(Process::here(id, about.start));
            }
            id = about.parent;
        }
        None
    }

    /// A process that this one can see.
    pub fn here(id: u32, start: String) -> Process {
        Process { id, start, space: space() }
    }

    /// Whether it can be seen from here, so that its end would be noticed.
    pub(super) fn is_seen(&self) -> bool {
        self.space == space()
    }

    /// Returns true when `done` is, false when the process has ended before.
    pub(super) fn watch(&self, mut done: impl FnMut() -> bool) -> bool {
        let mut pause = LOOK;
        while !done() {
            if !self.runs() {
                return false;
            }
            std::thread::sleep(pause);
            pause = (pause * 5 / 4).min(LOOK_MAX);
        }
        true
    }

    /// Waits until it has ended, but not longer than that.
    pub(super) fn wait(&self, patience: Duration) {
        let since = Instant::now();
        self.watch(|| since.elapsed() >= patience);
    }

    /// Ends it, and waits for that: first so that it can tidy up, which takes git's locks of refs away.
    pub(super) fn end(&self) {
        for (signal, patience) in [("TERM", Duration::from_secs(5)), ("KILL", Duration::from_secs(5))] {
            if self.runs() {
                let line = format!("kill -{signal} {}", self.id);
                // What cannot be ended is waited for as before.
                let _ = std::process::Command::new("/bin/sh").args(["-c", &line]).status();
                self.wait(patience);
            }
        }
    }

    /// Whether nothing shows that it has ended.
    pub(super) fn may_run(&self) -> bool {
        !self.is_seen() || self.runs()
    }

    /// Whether it has not ended, as far as it can be seen.
    pub fn runs(&self) -> bool {
        self.is_seen() && look(self.id).is_some_and(|about| about.start == self.start && !about.ended)
    }
}

struct About {
    parent: u32,
    start: String,
    ended: bool,
}

/// As pid_namespaces(7) names it, on the system that runs since this boot (random(4)): hosts may share a file system.
#[cfg(target_os = "linux")]
fn space() -> String {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let link = std::fs::read_link("/proc/self/ns/pid");
    format!("{} {}", boot.trim(), link.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default())
}

#[cfg(not(target_os = "linux"))]
fn space() -> String {
    String::new()
}

#[cfg(unix)]
fn parent_id() -> u32 {
    std::os::unix::process::parent_id()
}

#[cfg(not(unix))]
fn parent_id() -> u32 {
    0
}

/// Whether a process was started to receive a push: a hook may itself be started by another git.
#[cfg(target_os = "linux")]
fn receives(id: u32) -> bool {
    let line = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
    is_receive_pack(line.split(|byte| *byte == 0).map(String::from_utf8_lossy))
}

/// A pusher's words for time and language would make one process look like two.
#[cfg(not(target_os = "linux"))]
fn ps() -> std::process::Command {
    let mut ps = std::process::Command::new("/bin/ps");
    ps.env_clear().env("LC_ALL", "C").env("TZ", "UTC");
    ps
}

#[cfg(not(target_os = "linux"))]
fn receives(id: u32) -> bool {
    let asked = ps().args(["-o", "args=", "-p", &id.to_string()]).output();
    let line = asked.map(|asked| String::from_utf8_lossy(&asked.stdout).into_owned()).unwrap_or_default();
    is_receive_pack(line.split_whitespace().map(std::borrow::Cow::from))
}

/// `git-receive-pack DIR`, or `git receive-pack DIR`, whatever the path of git.
pub(super) fn is_receive_pack<'w>(mut words: impl Iterator<Item = std::borrow::Cow<'w, str>>) -> bool {
    let program = words.next().unwrap_or_default();
    match program.rsplit('/').next() {
        Some("git-receive-pack") => true,
        Some("git") => words.any(|word| word == "receive-pack"),
        _ => false,
    }
}

/// Reads `/proc/<id>/stat` (proc(5)): number, name in parentheses, state, parent, and as the 22nd field the start.
#[cfg(target_os = "linux")]
fn look(id: u32) -> Option<About> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    Some(About {
        ended: matches!(*fields.first()?, "Z" | "X"),
        parent: fields.get(1)?.parse().ok()?,
        start: (*fields.get(19)?).to_owned(),
    })
}

/// Elsewhere `ps` tells the same.
#[cfg(not(target_os = "linux"))]
fn look(id: u32) -> Option<About> {
    let asked = ps().args(["-o", "ppid=,stat=,lstart=", "-p", &id.to_string()]).output().ok()?;
    let text = String::from_utf8(asked.stdout).ok()?;
    let mut fields = text.split_whitespace();
    let parent = fields.next()?.parse().ok()?;
    let ended = fields.next()?.starts_with('Z');
    let start: Vec<&str> = fields.collect();
    Some(About { parent, start: start.join(" "), ended })
}
