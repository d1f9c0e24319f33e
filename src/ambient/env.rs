use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// Environment variables and the working directory.
pub struct Env {
    vars: Vars,
    cwd: PathBuf,
}

enum Vars {
    /// Asked from the process one at a time: most commands read three.
    Process,
    Fixed(BTreeMap<OsString, OsString>),
}

impl Env {
    #[allow(clippy::disallowed_methods)] // this is the door
    pub fn of_process() -> Env {
        Env { vars: Vars::Process, cwd: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")) }
    }

    /// An environment of the given variables alone.
    pub fn fixed<K: Into<OsString>, V: Into<OsString>>(
        cwd: impl Into<PathBuf>,
        vars: impl IntoIterator<Item = (K, V)>,
    ) -> Env {
        let vars = vars.into_iter().map(|(k, v)| (k.into(), v.into())).collect();
        Env { vars: Vars::Fixed(vars), cwd: cwd.into() }
    }

    /// The value of a variable; an empty one counts as not set.
    #[allow(clippy::disallowed_methods)] // this is the door
    pub fn get(&self, name: &str) -> Option<OsString> {
        let value = match &self.vars {
            Vars::Process => std::env::var_os(name),
            Vars::Fixed(map) => map.get(OsStr::new(name)).cloned(),
        };
        value.filter(|v| !v.is_empty())
    }

    /// The value of a variable where it is UTF-8.
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name)?.into_string().ok()
    }

    /// Gives a child process these variables: its own copy of the process's, or the fixed ones alone.
    pub fn lend(&self, command: &mut std::process::Command) {
        if let Vars::Fixed(map) = &self.vars {
            command.env_clear().envs(map);
        }
    }

    pub fn cwd(&self) -> &Path {
        &self.cwd
    }

    /// A directory of the XDG base directory specification: the variable where it is an absolute path, else `$HOME/below`.
    pub fn xdg(&self, name: &str, below: &str) -> Option<PathBuf> {
        let set = self.get(name).map(PathBuf::from).filter(|p| p.is_absolute());
        set.or_else(|| Some(PathBuf::from(self.get("HOME")?).join(below)))
    }
}
