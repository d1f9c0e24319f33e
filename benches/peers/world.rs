use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A home of its own with repositories in it.
pub struct World {
    root: TempDir,
}

impl World {
    pub fn new() -> World {
        let root = tempfile::tempdir().expect("a temporary directory");
        fs::write(root.path().join("gitconfig"), "[user]\nname=alice\nemail=a@example.org\n[gc]\nauto=0\n")
            .expect("a file");
        World { root }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// A command in a directory with nothing of the surroundings but the path.
    pub fn command(&self, program: &str, dir: &Path) -> Command {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut command = Command::new(program);
        command.current_dir(dir).env_clear().env("PATH", path).env("HOME", self.root.path());
        command.env("GIT_CONFIG_GLOBAL", self.path("gitconfig")).env("GIT_CONFIG_NOSYSTEM", "1");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    pub fn gatos(&self, dir: &Path, args: &[&str]) {
        self.must(self.command(env!("CARGO_BIN_EXE_git-gatos"), dir).args(args));
    }

    pub fn git(&self, dir: &Path, args: &[&str]) {
        self.must(self.command("git", dir).args(args));
    }

    pub fn shell(&self, dir: &Path, script: &str) {
        self.must(self.command("sh", dir).args(["-c", script]));
    }

    /// What a command prints.
    pub fn ask(&self, program: &str, dir: &Path, args: &[&str]) -> Vec<u8> {
        let out = self.command(program, dir).args(args).stdout(Stdio::piped()).output().expect("it runs");
        assert!(out.status.success(), "{program} {args:?} failed");
        out.stdout
    }

    fn must(&self, command: &mut Command) {
        let status = command.status().expect("it runs");
        assert!(status.success(), "{command:?}: {status}");
    }

    /// An empty repository that is ready, named anew each time.
    pub fn ready(&self, name: &str) -> PathBuf {
        let dir = self.path(name);
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir(&dir).expect("a directory");
        self.git(&dir, &["init", "-q", "-b", "main"]);
        self.gatos(&dir, &["init", "--actor", "user:alice"]);
        fs::write(dir.join("gatos/fold.lua"), FOLD).expect("a file");
        self.git(&dir, &["commit", "-q", "--allow-empty", "-m", "first"]);
        dir
    }

    /// A file of events, one a line.
    pub fn events(&self, count: u64) -> PathBuf {
        let path = self.path(&format!("events-{count}.jsonl"));
        if !path.exists() {
            let mut out = std::io::BufWriter::new(fs::File::create(&path).expect("a file"));
            for i in 0..count {
                let x = i.wrapping_mul(0x9E37_79B9_7F4A_7C15);
                writeln!(
                    out,
                    r#"{{"type":"inventory.add","payload":{{"item":"sku-{:05}","n":{},"note":"restock from supplier {}"}}}}"#,
                    x % 10_000,
                    (x >> 20) % 50,
                    (x >> 40) % 97
                )
                .expect("a line");
            }
        }
        path
    }

    /// The one journal of a repository.
    pub fn journal(&self, dir: &Path) -> String {
        let refs = self.ask("git", dir, &["for-each-ref", "--format=%(refname)", "refs/gatos/journal"]);
        String::from_utf8(refs).expect("a ref name").trim().to_owned()
    }
}

/// A counter: what is measured is reading, not folding.
const FOLD: &str = "return function(state, event)\n  state.n = (state.n or 0) + event.payload.n\n  return state\nend\n";
