use super::error::HookError;
use super::files;
use super::gate::{Gate, OTHER_KEY};
use super::install::{AGAIN, hooks_dir, is_ours, parts_of, program_of};
use super::settings::Settings;
use crate::ambient::Ambient;
use crate::git::{Git, NewCommit, Store};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// One thing that must be so for a gate to stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub what: String,
    /// Why not, and what to do; none where it is so.
    pub fault: Option<String>,
}

/// A ref that no plane has, so that a gate must refuse it.
const SCRATCH: &str = "hook-test";

/// What a gate was found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examined {
    /// None where nothing is set, or where the law that stands cannot be read: a step tells why.
    pub gate: Option<Gate>,
    pub steps: Vec<Step>,
}

/// Looks whether the gate of the repository around the working directory stands, and pushes into a ref that it must refuse.
/// The refusal is recorded as every other.
pub fn examine(ambient: &Ambient) -> Result<Examined, HookError> {
    let store = Store::discover(ambient)?;
    let hooks = hooks_dir(&store)?;
    let mut steps = look(&store, ambient, &hooks)?;
    let gate = Settings::read(store.common_dir())?.map(|settings| Gate::of(&store, ambient, settings)).transpose();
    if let Err(e) = &gate {
        steps.push(Step { what: "the law that stands".into(), fault: Some(e.to_string()) });
    }
    if steps.iter().all(|s| s.fault.is_none()) {
        steps.push(Step { what: "a push that must be refused".into(), fault: scratch(ambient, &store)? });
    }
    let gate = gate.unwrap_or_default();
    steps.extend(gate.as_ref().and_then(receipts));
    Ok(Examined { gate, steps })
}

/// Whether the trust graph lets the gate give receipts; where none stands yet there is nobody to let it. An install says what
/// roots have to do, and is no less well done before they did it.
fn receipts(gate: &Gate) -> Option<Step> {
    gate.repo?;
    let why = || {
        let Settings { actor, key, .. } = &gate.settings;
        match gate.introduction.is_empty() {
            true => format!("no root lets {actor} with {key} give receipts, and {OTHER_KEY}"),
            false => {
                format!("no root lets {actor} with {key} give receipts; one runs: {}", gate.introduction.join("; "))
            }
        }
    };
    Some(Step { what: "receipts".into(), fault: (!gate.trusted).then(why) })
}

/// The same without a push: nothing is recorded.
pub(super) fn look(store: &Store, ambient: &Ambient, hooks: &Path) -> Result<Vec<Step>, HookError> {
    let step = |what: &str, fault: Option<String>| Step { what: what.to_owned(), fault };
    let mut steps = Vec::new();
    let settings = Settings::read(store.common_dir())?;
    let missing = settings.is_none().then(|| AGAIN.to_owned());
    steps.push(step("settings", missing));
    if let Some(settings) = &settings {
        let fault = settings.signer(store.common_dir(), ambient).err().map(|e| e.to_string());
        steps.push(step("key", fault));
    }
    steps.push(step("pre-receive", fault_of_hook(hooks, "pre-receive")));
    if settings.is_some_and(|settings| settings.await_receipt) {
        steps.push(step("post-receive", fault_of_hook(hooks, "post-receive")));
    }
    if steps.iter().all(|s| s.fault.is_none()) {
        steps.push(step("the hook as git runs it", probe(ambient, store, hooks)));
    }
    Ok(steps)
}

/// What keeps git from running a hook, or the hook from running us.
fn fault_of_hook(hooks: &Path, name: &str) -> Option<String> {
    let hook = hooks.join(name);
    let text = match files::read(&hook) {
        Ok(Some(text)) => text,
        Ok(None) => return Some(format!("{} is missing; {AGAIN}", hook.display())),
        Err(e) => return Some(e.to_string()),
    };
    if !executable(&hook) {
        return Some(format!("git ignores {}, which is not executable; run: chmod +x {0}", hook.display()));
    }
    let part = parts_of(hooks, name);
    let ours = match std::fs::read(&part) {
        Ok(part_text) if is_ours(&part_text) => {
            if !executable(&part) {
                return Some(format!("{} is not executable; run: chmod +x {0}", part.display()));
            }
            part_text
        }
        _ if is_ours(&text) => text,
        _ => return Some(format!("{} is another program's, and ours is not among its parts; {AGAIN}", hook.display())),
    };
    match program_of(&ours) {
        Some(path) if executable(&path) && !is_empty(&path) => None,
        Some(path) => Some(format!(
            "{}, which the hook runs, is {}: every push is refused; {AGAIN}",
            path.display(),
            match path.exists() {
                false => "missing",
                true if is_empty(&path) => "empty",
                true => "not executable",
            }
        )),
        None => Some(format!("{} does not run git-gatos; {AGAIN}", hook.display())),
    }
}

#[cfg(unix)]
fn executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o100 != 0)
}

#[cfg(not(unix))]
fn executable(path: &Path) -> bool {
    path.is_file()
}

/// As a full disk leaves a program.
fn is_empty(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|meta| meta.len() == 0)
}

/// Runs the hook on what is no list of updates: our part must be run, and the hook must end by what it says, whoever else has
/// a part in it.
fn probe(ambient: &Ambient, store: &Store, hooks: &Path) -> Option<String> {
    let hook = hooks.join("pre-receive");
    let mut command = Command::new(&hook);
    ambient.env().lend(&mut command);
    command.env("GIT_DIR", ".").current_dir(store.git_dir()).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut run = || {
        let mut child = command.stderr(Stdio::piped()).spawn()?;
        if let Some(mut pipe) = child.stdin.take() {
            // A hook that does not read has its own say.
            let _ = pipe.write_all(b"no update\n");
        }
        child.wait_with_output()
    };
    let said = match run() {
        Ok(said) => said,
        Err(e) => return Some(format!("{} cannot be run: {e}", hook.display())),
    };
    let text = String::from_utf8_lossy(&said.stderr);
    let heard = text.contains(&HookError::Line { at: 1 }.to_string());
    match (heard, said.status.success()) {
        (true, false) => None,
        (true, true) => Some(format!("{} does not heed what our part refuses: every push passes", hook.display())),
        (false, _) => Some(format!("{} does not run our part; it says: {}", hook.display(), text.trim())),
    }
}

/// Pushes from a repository of its own, over the path, as anybody would.
fn scratch(ambient: &Ambient, server: &Store) -> Result<Option<String>, HookError> {
    let made = |source| HookError::File { doing: "making", path: std::env::temp_dir(), source };
    let dir = tempfile::tempdir().map_err(made)?;
    Git::outside(ambient.env()).args(["init", "-q", "--bare"]).args([dir.path()]).run()?;
    let store = Store::open(dir.path(), ambient)?;
    let tree = store.empty_tree()?;
    let commit = store.commit(&NewCommit {
        tree,
        parents: &[],
        name: "gatos",
        email: "hook-test@gatos",
        time: ambient.now(),
        message: "hook test\n",
    })?;
    let to = format!("{commit}:{}", crate::git::stranger_named(SCRATCH));
    let url = format!("file://{}", server.git_dir().canonicalize().map_err(made)?.display());
    match Git::new(store.reader()).args(["push", "--quiet", &url, &to]).run() {
        Ok(_) => Ok(Some(format!("it was accepted: {} stands on the server; the hook does not run", to))),
        Err(e) if e.to_string().contains("gatos: DENY") => Ok(None),
        Err(e) => Ok(Some(format!("git says: {e}"))),
    }
}
