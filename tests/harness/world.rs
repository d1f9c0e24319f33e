use super::{Command, Repo};
use gatos::id::Timestamp;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use tempfile::TempDir;

/// The second before the first command of a world.
const START: &str = "2026-11-21T08:59:59Z";
/// Whose home a repository works in where nobody else is named.
pub const ALICE: &str = "alice";

/// A temporary directory with the homes of people and their repositories; removed when dropped.
pub struct World {
    root: TempDir,
    ticks: AtomicI64,
    /// Held while a home is made: of two commands of one person at once, neither sees half of it.
    making: Mutex<()>,
}

impl World {
    pub fn new() -> World {
        let root = tempfile::Builder::new().prefix("gatos-").tempdir().expect("a temporary directory");
        World { root, ticks: AtomicI64::new(0), making: Mutex::new(()) }
    }

    /// The directory that holds everything.
    pub fn path(&self) -> &Path {
        self.root.path()
    }

    /// A new repository of alice.
    pub fn repo(&self, name: &str) -> Repo<'_> {
        self.init(name, &["init", "-q"])
    }

    /// A new repository without a work tree.
    pub fn bare(&self, name: &str) -> Repo<'_> {
        self.init(name, &["init", "-q", "--bare"])
    }

    fn init(&self, name: &str, args: &[&str]) -> Repo<'_> {
        let path = self.path().join(name);
        fs::create_dir(&path).expect("a new directory");
        let repo = Repo::new(self, path, ALICE);
        repo.git(args).ok();
        repo
    }

    /// The home of a person, made with a git configuration when it is first asked for.
    pub fn home(&self, person: &str) -> PathBuf {
        let home = self.path().join("home").join(person);
        let _making = self.making.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if !home.exists() {
            fs::create_dir_all(&home).expect("a new home");
            let config = format!(
                "[user]\n\tname = {person}\n\temail = {person}@example.org\n[init]\n\tdefaultBranch = main\n[gc]\n\tauto = 0\n"
            );
            fs::write(home.join("gitconfig"), config).expect("a new file");
        }
        home
    }

    /// A command of a person in a directory. Each one is a second later than the one before and draws from another seed.
    pub fn command(&self, program: &str, person: &str, dir: &Path) -> Command {
        let tick = self.ticks.fetch_add(1, Ordering::SeqCst) + 1;
        let start: Timestamp = START.parse().expect("a time");
        let clock = Timestamp::from_unix(start.unix() + tick).expect("a test ends before the year 9999");
        let home = self.home(person);
        Command::new(program, dir)
            .env("PATH", path_with_the_binary())
            .env("HOME", &home)
            .env("XDG_CONFIG_HOME", home.join("config"))
            .env("XDG_STATE_HOME", home.join("state"))
            .env("GIT_CONFIG_GLOBAL", home.join("gitconfig"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GATOS_CLOCK", clock.to_string())
            .env("GATOS_SEED", format!("{person} {tick}"))
            .at(clock)
    }
}

/// `PATH` of the test with the directories of the binary and the examples before it, so that `git gatos` finds the one
/// under test.
#[allow(clippy::disallowed_methods)] // the one variable that a sealed world keeps
fn path_with_the_binary() -> OsString {
    let binary = Path::new(env!("CARGO_BIN_EXE_git-gatos"));
    let dir = binary.parent().expect("a binary stands in a directory").to_path_buf();
    let examples = dir.join("examples");
    let kept = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths([dir, examples].into_iter().chain(std::env::split_paths(&kept)))
        .expect("directories without a colon")
}
