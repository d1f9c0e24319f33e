use super::{Command, Outcome, World};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// A repository in a world, and the person who works in it.
#[derive(Clone)]
pub struct Repo<'w> {
    world: &'w World,
    path: PathBuf,
    person: String,
}

impl<'w> Repo<'w> {
    pub(super) fn new(world: &'w World, path: PathBuf, person: &str) -> Repo<'w> {
        Repo { world, path, person: person.to_owned() }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Who works in it.
    pub fn person(&self) -> &str {
        &self.person
    }

    /// The same repository in the hands of somebody else, with another home and so another key.
    pub fn as_person(&self, person: &str) -> Repo<'w> {
        Repo { person: person.to_owned(), ..self.clone() }
    }

    /// Runs `git-gatos` to its end.
    #[track_caller]
    pub fn gatos<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Outcome {
        self.command(args).run()
    }

    /// `git-gatos` about to run, to be given standard input or a variable first.
    pub fn command<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        self.world.command(env!("CARGO_BIN_EXE_git-gatos"), &self.person, &self.path).args(args)
    }

    /// Runs git to its end; `git gatos …` finds the binary under test.
    #[track_caller]
    pub fn git<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Outcome {
        self.world.command("git", &self.person, &self.path).dated().args(args).run()
    }

    /// Another repository in the hands of the same person.
    pub fn at(&self, path: PathBuf) -> Repo<'w> {
        Repo { path, ..self.clone() }
    }

    /// A commit that changes nothing, on the branch at hand; its id.
    #[track_caller]
    pub fn commit(&self, message: &str) -> String {
        self.git(["commit", "-q", "--allow-empty", "-m", message]).ok();
        self.git(["rev-parse", "HEAD"]).ok().stdout()
    }

    /// Writes a file of the work tree, with the directories above it.
    pub fn write(&self, file: &str, content: impl AsRef<[u8]>) {
        let path = self.path.join(file);
        fs::create_dir_all(path.parent().expect("a file stands in a directory")).expect("directories can be made");
        fs::write(&path, content).unwrap_or_else(|e| panic!("{file}: {e}"));
    }

    #[track_caller]
    pub fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path.join(file)).unwrap_or_else(|e| panic!("{file}: {e}"))
    }

    /// A clone with a work tree.
    #[track_caller]
    pub fn clone_to(&self, name: &str) -> Repo<'w> {
        self.cloned(name, &["clone", "-q"])
    }

    /// A clone of all refs, bare.
    #[track_caller]
    pub fn clone_mirror(&self, name: &str) -> Repo<'w> {
        self.cloned(name, &["clone", "-q", "--mirror"])
    }

    #[track_caller]
    fn cloned(&self, name: &str, args: &[&str]) -> Repo<'w> {
        let path = self.world.path().join(name);
        let ends = [self.path.as_os_str(), path.as_os_str()];
        self.git(args.iter().map(OsStr::new).chain(ends)).ok();
        Repo { path, ..self.clone() }
    }

    /// A copy of the directory, as `cp -r` makes it.
    pub fn copy(&self, name: &str) -> Repo<'w> {
        let path = self.world.path().join(name);
        copy_dir(&self.path, &path).unwrap_or_else(|e| panic!("copy to {name}: {e}"));
        Repo { path, ..self.clone() }
    }
}

fn copy_dir(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_dir(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
