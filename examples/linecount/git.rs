//! Questions to git whose answers do not depend on who asks: no configuration, variable or replacement changes them.
//! Attributes do, as they do for anybody who counts lines in this work tree.

use std::cell::OnceCell;
use std::fmt;
use std::io::{self, BufRead, BufReader};
use std::process::{Command, Stdio};

/// Why there is no answer.
pub struct Fault(String);

impl Fault {
    pub fn new(reason: impl fmt::Display) -> Fault {
        Fault(reason.to_string())
    }
}
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl From<io::Error> for Fault {
    fn from(e: io::Error) -> Fault {
        Fault::new(e)
    }
}

/// What both the history and the comparison say: the counts must come from one way of counting.
const COUNTED: [&str; 5] = ["--numstat", "-z", "--no-renames", "--no-textconv", "--no-ext-diff"];
/// Takes back what a configuration could have changed about a diff.
const PLAIN: [&str; 5] =
    ["--no-color", "--no-relative", "--ignore-submodules=none", "--diff-algorithm=myers", "-O/dev/null"];
/// Variables by which a caller, such as a hook, points git to a repository of its own.
const POINTERS: [&str; 8] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_GRAFT_FILE",
    "GIT_ATTR_SOURCE",
];
/// Bytes of paths in one command line.
const PATHS_MAX: usize = 64 << 10;

/// A path and its counts; `None` where git prints `-` because a side is binary.
pub struct Count {
    pub path: Vec<u8>,
    pub lines: Option<(i64, i64)>,
}

impl Count {
    /// Reads `added<TAB>deleted<TAB>path`.
    pub fn parse(record: &[u8]) -> Result<Count, Fault> {
        let bad = || Fault::new(format_args!("git printed no counts: {:?}", String::from_utf8_lossy(record)));
        let mut parts = record.splitn(3, |byte| *byte == b'\t');
        let (Some(added), Some(deleted), Some(path)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(bad());
        };
        let number = |text: &[u8]| std::str::from_utf8(text).ok()?.parse().ok();
        let lines = match (added, deleted) {
            (b"-", b"-") => None,
            _ => Some((number(added).ok_or_else(bad)?, number(deleted).ok_or_else(bad)?)),
        };
        Ok(Count { path: path.to_vec(), lines })
    }
}

/// A repository to ask about.
pub struct Git {
    place: String,
    /// The id of the empty tree, once it was asked for.
    nothing: OnceCell<String>,
}

impl Git {
    pub fn at(place: &str) -> Git {
        Git { place: place.to_owned(), nothing: OnceCell::new() }
    }

    /// The full id of the commit that a revision names.
    pub fn commit(&self, revision: &str) -> Result<String, Fault> {
        let revision = format!("{revision}^{{commit}}");
        self.line(&["rev-parse", "--verify", "--end-of-options", &revision])
    }

    /// The records of the history: raw changes and counts of each first parent's way to the next commit, oldest first.
    pub fn log(&self, tip: &str, format: &str, each: impl FnMut(&[u8]) -> Result<(), Fault>) -> Result<(), Fault> {
        let format = format!("--format={format}");
        let mut args = vec!["-c", "log.showRoot=true", "-c", "log.diffMerges=separate", "log", "--raw", "--no-abbrev"];
        args.extend(COUNTED);
        args.extend(["--first-parent", "-m", "--reverse"]);
        args.extend(PLAIN);
        args.extend(["--no-show-signature", "--no-mailmap", "--encoding=UTF-8", &format, tip, "--"]);
        self.records(&args, each)
    }

    /// The author of each commit, by first parents.
    pub fn authors(&self, tip: &str, each: impl FnMut(&[u8]) -> Result<(), Fault>) -> Result<(), Fault> {
        let quiet = ["--no-patch", "--no-show-signature", "--no-mailmap", "--encoding=UTF-8"];
        let mut args = vec!["log", "-z", "--first-parent", "--format=%an <%ae>"];
        args.extend(quiet);
        args.extend([tip, "--"]);
        self.records(&args, each)
    }

    /// The counts of everything that a commit holds, as a diff from nothing.
    pub fn counts(&self, commit: &str) -> Result<Vec<Count>, Fault> {
        self.counts_below(commit, &[])
    }

    /// The same for some paths alone.
    pub fn counts_of(&self, commit: &str, paths: &[&[u8]]) -> Result<Vec<Count>, Fault> {
        let (mut counts, mut rest) = (Vec::new(), paths);
        while !rest.is_empty() {
            let mut size = 0;
            let fits = |path: &&&[u8]| {
                size += path.len();
                size <= PATHS_MAX
            };
            let some = rest.iter().take_while(fits).count().max(1);
            counts.extend(self.counts_below(commit, &rest[..some])?);
            rest = &rest[some..];
        }
        Ok(counts)
    }

    fn counts_below(&self, commit: &str, paths: &[&[u8]]) -> Result<Vec<Count>, Fault> {
        if self.nothing.get().is_none() {
            let id = self.line(&["hash-object", "-t", "tree", "--stdin"])?;
            self.nothing.set(id).expect("it was not set yet");
        }
        let nothing = self.nothing.get().expect("it was set");
        let mut command = self.command(&["diff"]);
        command.args(COUNTED).args(PLAIN).args([nothing.as_str(), commit, "--"]);
        for path in paths {
            let pathspec = [b":(top,literal)", *path].concat();
            command.arg(os_text(pathspec));
        }
        let mut counts = Vec::new();
        records(command, |record| Count::parse(record).map(|count| counts.push(count)))?;
        Ok(counts)
    }

    fn line(&self, args: &[&str]) -> Result<String, Fault> {
        let mut text = Vec::new();
        self.records(args, |record| {
            text.extend_from_slice(record);
            Ok(())
        })?;
        let text = String::from_utf8(text).map_err(Fault::new)?;
        Ok(text.trim_end().to_owned())
    }

    fn records(&self, args: &[&str], each: impl FnMut(&[u8]) -> Result<(), Fault>) -> Result<(), Fault> {
        records(self.command(args), each)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("git");
        for name in POINTERS {
            command.env_remove(name);
        }
        command.env("GIT_NO_REPLACE_OBJECTS", "1").env("LC_ALL", "C").stdin(Stdio::null());
        command.args(["-C", &self.place, "--no-pager"]).args(args);
        command
    }
}

/// Runs git and hands on what stands between its NUL bytes.
fn records(mut command: Command, mut each: impl FnMut(&[u8]) -> Result<(), Fault>) -> Result<(), Fault> {
    let mut child =
        command.stdout(Stdio::piped()).spawn().map_err(|e| Fault::new(format_args!("starting git: {e}")))?;
    let mut out = BufReader::with_capacity(1 << 16, child.stdout.take().expect("it is piped"));
    let (mut record, mut read) = (Vec::new(), Ok(()));
    while read.is_ok() && out.read_until(0, &mut record)? > 0 {
        if record.last() == Some(&0) {
            record.pop();
        }
        read = each(&record);
        record.clear();
    }
    // Git ends by itself when nobody reads on.
    drop(out);
    let status = child.wait()?;
    read?;
    // What git says about it stands on standard error already.
    if status.success() { Ok(()) } else { Err(Fault::new(format_args!("git ended with {status}"))) }
}

#[cfg(unix)]
fn os_text(bytes: Vec<u8>) -> std::ffi::OsString {
    std::os::unix::ffi::OsStringExt::from_vec(bytes)
}

#[cfg(not(unix))]
fn os_text(bytes: Vec<u8>) -> std::ffi::OsString {
    String::from_utf8_lossy(&bytes).into_owned().into()
}
