//! Which process receives the push, and whether it still runs.

use std::time::Duration;

/// A process, told from a later one with the same number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    pub id: u32,
    /// When it started, in whatever unit the system gives.
    pub start: String,
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
            if about.name == "git" || about.name.starts_with("git-receive-pa") || about.name == "receive-pack" {
                return Some(Process { id, start: about.start });
            }
            id = about.parent;
        }
        None
    }

    /// Returns true when `done` is, false when the process has ended before.
    pub(super) fn watch<E>(&self, mut done: impl FnMut() -> Result<bool, E>) -> Result<bool, E> {
        let mut pause = LOOK;
        while !done()? {
            if !self.runs() {
                return Ok(false);
            }
            std::thread::sleep(pause);
            pause = (pause * 5 / 4).min(LOOK_MAX);
        }
        Ok(true)
    }

    /// Whether it has not ended.
    pub fn runs(&self) -> bool {
        look(self.id).is_some_and(|about| about.start == self.start && !about.ended)
    }
}

struct About {
    name: String,
    parent: u32,
    start: String,
    ended: bool,
}

#[cfg(unix)]
fn parent_id() -> u32 {
    std::os::unix::process::parent_id()
}

#[cfg(not(unix))]
fn parent_id() -> u32 {
    0
}

/// Reads `/proc/<id>/stat` (proc(5)): number, name in parentheses, state, parent, and as the 22nd field the start.
#[cfg(target_os = "linux")]
fn look(id: u32) -> Option<About> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (head, rest) = stat.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    Some(About {
        name: head.split_once('(')?.1.to_owned(),
        ended: matches!(*fields.first()?, "Z" | "X"),
        parent: fields.get(1)?.parse().ok()?,
        start: (*fields.get(19)?).to_owned(),
    })
}

/// Elsewhere `ps` tells the same.
#[cfg(not(target_os = "linux"))]
fn look(id: u32) -> Option<About> {
    let asked = std::process::Command::new("ps")
        .args(["-o", "ppid=,stat=,lstart=,comm=", "-p", &id.to_string()])
        .output()
        .ok()?;
    let text = String::from_utf8(asked.stdout).ok()?;
    let mut fields = text.split_whitespace();
    let parent = fields.next()?.parse().ok()?;
    let ended = fields.next()?.starts_with('Z');
    let start: Vec<&str> = fields.by_ref().take(5).collect();
    let path: Vec<&str> = fields.collect();
    let name = path.join(" ");
    let name = name.rsplit('/').next()?.to_owned();
    Some(About { name, parent, start: start.join(" "), ended })
}
