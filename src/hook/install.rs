use super::error::HookError;
use super::examine::{Step, look};
use super::files::{self, failed};
use super::gate::Gate;
use super::settings::{Settings, Source};
use crate::ambient::Ambient;
use crate::git::{Git, Plane, RefName, Store, gate_dir};
use crate::id::{Actor, Blake3, Oid};
use crate::policy::Bundle;
use crate::trust::Graph;
use std::fs;
use std::path::{Path, PathBuf};

/// What an operator asks for.
pub struct Order {
    pub actor: Actor,
    /// The genesis that this repository may hold.
    pub root: Option<Blake3>,
    /// The bundle that the first policy must be or descend from. None = as it was, at first any.
    pub policy: Option<Blake3>,
    /// None = as it was, at first nobody is told apart.
    pub source: Option<Source>,
    /// A push returns when its receipt stands, not before. None = as it was, at first not.
    pub await_receipt: Option<bool>,
    /// Seconds that an accepted push may move no ref before it is ended. None = as it was.
    pub patience: Option<u64>,
    /// The program that the hooks start, by an absolute path.
    pub program: PathBuf,
}

/// A gate that was installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    pub gate: Gate,
    pub hooks: PathBuf,
    /// What was looked at, and what is wrong.
    pub steps: Vec<Step>,
}

const PRE: &str = "pre-receive";
const POST: &str = "post-receive";
/// What mends a hook.
pub(super) const AGAIN: &str = "run: git gatos hook install --server";
/// A line by which a hook of ours is known again.
const MARK: &str = "# git-gatos gate";
/// Where a hook goes that stood here before, in the directory of parts.
const PREVIOUS: &str = "50-previous";
const PART: &str = "10-gatos";

/// Installs the gate in the repository around the working directory. Twice is harmless.
pub fn install(ambient: &Ambient, order: Order) -> Result<Installed, HookError> {
    let store = Store::discover(ambient)?;
    let hooks = hooks_dir(&store)?;
    let settings = settle(&store, ambient, &order)?;
    fs::create_dir_all(&hooks).map_err(failed("making", &hooks))?;
    place(&hooks, PRE, &order.program)?;
    match settings.await_receipt {
        true => place(&hooks, POST, &order.program)?,
        false => drop(take_away(&hooks, POST)?),
    }
    // What libgit2 writes again is not protected in cruft packs.
    store.put_config("gc.cruftPacks", "false")?;
    let steps = look(&store, ambient, &hooks)?;
    Ok(Installed { gate: Gate::of(&store, ambient, settings)?, hooks, steps })
}

/// The settings that stand, with what the order changes; the key is made once.
fn settle(store: &Store, ambient: &Ambient, order: &Order) -> Result<Settings, HookError> {
    let common_dir = store.common_dir();
    let held = Settings::read(common_dir)?;
    let (root, policy) = held.as_ref().map_or((None, None), |held| (held.root, held.policy));
    let found = check_pins(store, order.root.or(root), order.policy.or(policy))?;
    let settings = match held {
        Some(held) => Settings {
            root: order.root.or(held.root).or(found),
            policy: order.policy.or(held.policy),
            source: order.source.unwrap_or(held.source),
            await_receipt: order.await_receipt.unwrap_or(held.await_receipt),
            patience: order.patience.or(held.patience),
            ..held
        },
        None => Settings {
            key: *Settings::keys(common_dir, ambient).create()?.public(),
            actor: order.actor.clone(),
            replica: ambient.replica(),
            root: order.root.or(found),
            policy: order.policy,
            source: order.source.unwrap_or(Source::None),
            await_receipt: order.await_receipt.unwrap_or(false),
            patience: order.patience,
        },
    };
    settings.write(common_dir)?;
    Ok(settings)
}

/// Whether the law that stands here is what was named, now or before; the repository that it is of. Once it stood at a gate, a trust
/// graph of no other comes there.
fn check_pins(store: &Store, root: Option<Blake3>, policy: Option<Blake3>) -> Result<Option<Blake3>, HookError> {
    let tip = |plane: Plane| store.resolve(&RefName::own(plane));
    let graph = tip(Plane::TrustGraph)?.map(|tip| Graph::load(store.reader(), tip)).transpose()?;
    let repo = graph.as_ref().map(Graph::repo);
    if let (Some(pinned), Some(found)) = (root, repo)
        && pinned != found
    {
        return Err(HookError::Pinned { pinned, found });
    }
    if let (Some(pinned), Some(active)) = (policy, tip(Plane::PolicyActive)?) {
        check_policy(store, graph.as_ref(), pinned, active)?;
    }
    Ok(repo)
}

/// Whether the policy that stands is the one that was named, or descends from it.
pub(super) fn check_policy(store: &Store, graph: Option<&Graph>, pinned: Blake3, active: Oid) -> Result<(), HookError> {
    let Some(graph) = graph else {
        let why =
            "a policy stands here and no trust graph, so that nobody can tell from what it descends; push the trust \
                   graph first"
                .to_owned();
        return Err(HookError::Install { why });
    };
    let mut found = None;
    for step in store.reader().chain(active, None, 0)? {
        let id = Bundle::read(store.reader(), step?.0, graph)?.id();
        if id == pinned {
            return Ok(());
        }
        found = Some(id);
    }
    found.map_or(Ok(()), |found| Err(HookError::PinnedPolicy { pinned, found }))
}

/// Where git looks for the hooks of this repository. A path that others share is not ours to fill.
pub(super) fn hooks_dir(store: &Store) -> Result<PathBuf, HookError> {
    let shared = |scope: &str| {
        let asked = Git::new(store.reader()).args(["config", scope, "--get", "core.hooksPath"]).run();
        asked.ok().map(|out| String::from_utf8_lossy(&out.stdout).trim().to_owned())
    };
    for scope in ["--global", "--system"] {
        if let Some(path) = shared(scope).filter(|p| !p.is_empty()) {
            let why = format!(
                "core.hooksPath of git's {} configuration is {path}, which all repositories share; for this one run: git config core.hooksPath {}",
                &scope[2..],
                store.git_dir().join("hooks").display()
            );
            return Err(HookError::Install { why });
        }
    }
    let out = Git::new(store.reader()).args(["rev-parse", "--git-path", "hooks"]).run()?;
    let path = String::from_utf8_lossy(&out.stdout).trim_end_matches('\n').to_owned();
    let hooks = store.ambient().env().cwd().join(path);
    let real = |path: &Path| path.canonicalize().map_err(failed("looking for", path));
    if hooks.exists() && !real(&hooks)?.starts_with(real(store.common_dir())?) && shared("--local").is_none() {
        let why = format!(
            "{} is a link to what other repositories may share; give this one a directory of its own, or name it for this one: \
             git config core.hooksPath {}",
            hooks.display(),
            real(&hooks)?.display()
        );
        return Err(HookError::Install { why });
    }
    Ok(hooks)
}

/// Puts a hook of ours in its place. Where the host has a directory of parts of its own (Gitea, Forgejo), a part goes there;
/// a foreign hook becomes a part behind ours.
fn place(hooks: &Path, name: &str, program: &Path) -> Result<(), HookError> {
    let (hook, parts) = (hooks.join(name), hooks.join(format!("{name}.d")));
    let stub = stub(program)?;
    if parts.is_dir() && fs::read_to_string(&hook).is_ok_and(|text| runs_parts(&text, name)) {
        return files::program(&parts.join(PART), &stub);
    }
    match files::read(&hook)? {
        None => files::program(&hook, &stub),
        Some(held) if is_ours(&held) && !parts.is_dir() => files::program(&hook, &stub),
        Some(held) => {
            if !is_ours(&held) {
                refuse_unknown_parts(&hook, &parts)?;
            }
            fs::create_dir_all(&parts).map_err(failed("making", &parts))?;
            if !is_ours(&held) {
                let previous = parts.join(PREVIOUS);
                // A copy: at no moment is there no hook, and a relative link would point elsewhere from there.
                fs::copy(&hook, &previous).map_err(failed("copying", &hook))?;
            }
            files::program(&parts.join(PART), &stub)?;
            files::program(&hook, &dispatcher(name))
        }
    }
}

/// Whether the text of a hook runs the parts beside it, as that of Gitea and Forgejo does: it goes through all of
/// `<name>.d/*` and ends by what they said. Whether it does so in truth is tried out afterwards.
fn runs_parts(text: &str, name: &str) -> bool {
    if is_ours(text.as_bytes()) {
        return false;
    }
    let lines = || text.lines().map(|line| line.trim().replace(['"', '\''], "")).filter(|line| !line.starts_with('#'));
    let parts = [format!("/{name}.d/*"), "/${hookname}.d/*".into(), "/$hookname.d/*".into()];
    let goes_through = |line: &String| line.starts_with("for ") && parts.iter().any(|part| line.contains(part));
    lines().any(|line| goes_through(&line)) && lines().any(|line| line.split_whitespace().any(|word| word == "exit"))
}

/// A hook that we do not know beside parts that we did not put there: it may run them, and then ours would run them twice.
fn refuse_unknown_parts(hook: &Path, parts: &Path) -> Result<(), HookError> {
    let known = |name: std::ffi::OsString| name == PART || name == PREVIOUS;
    let foreign = fs::read_dir(parts).into_iter().flatten().flatten().find(|entry| !known(entry.file_name()));
    let Some(entry) = foreign else { return Ok(()) };
    let why = format!(
        "{} is a hook that this program does not know, and {} stands beside it; let one of the two run alone: move the \
         directory away, or replace the hook by one that runs all of it",
        hook.display(),
        entry.path().display()
    );
    Err(HookError::Install { why })
}

/// Whether a hook is one of ours.
pub(super) fn is_ours(hook: &[u8]) -> bool {
    String::from_utf8_lossy(hook).lines().nth(1) == Some(MARK)
}

/// The longest first line of a hook; where a system reads less of it, the hook cannot be run and git refuses.
const FIRST_LINE_MAX: usize = 250;

/// A hook whose interpreter is the program, by its absolute path. Where that is missing git refuses the push. Where it is there
/// and is no program, as a full disk leaves it, git hands the text to a shell, which refuses too. A shell that was to `exec` the
/// program would take an empty file for a script that succeeds.
fn stub(program: &Path) -> Result<String, HookError> {
    let (line, shown) = (format!("#!{} hook", program.display()), program.to_string_lossy());
    if line.len() > FIRST_LINE_MAX || shown.contains(|c: char| c.is_whitespace() || c == '\'') {
        let why = format!(
            "{shown} cannot stand in the first line of a hook, which takes no white space, no quotes and at most \
             {FIRST_LINE_MAX} bytes; put the program elsewhere, such as /usr/local/bin"
        );
        return Err(HookError::Install { why });
    }
    let refuse = "this hook must be started as a program, and what its first line names must be whole;";
    Ok(format!("{line}\n{MARK}\necho 'gatos: {refuse} {AGAIN}' >&2\nexit 1\n"))
}

/// The program that a hook of ours starts.
pub(super) fn program_of(hook: &[u8]) -> Option<PathBuf> {
    let text = String::from_utf8_lossy(hook);
    Some(text.lines().next()?.strip_prefix("#!")?.strip_suffix(" hook")?.into())
}

/// Runs every part in the order of bytes, each with all of the input, and stops at the first that refuses.
fn dispatcher(name: &str) -> String {
    format!(
        r#"#!/bin/sh
{MARK}
LC_ALL=C
dir=${{0%/*}}/{name}.d
[ -x "$dir/{PART}" ] || {{ echo "gatos: $dir/{PART} is missing; {AGAIN}" >&2; exit 1; }}
input=$(cat; echo x) || exit 1
for part in "$dir"/*; do
    if [ -x "$part" ]; then
        printf '%s' "${{input%x}}" | "$part" "$@" || exit 1
    fi
done
"#
    )
}

/// Where our part of a hook stands that has parts.
pub(super) fn parts_of(hooks: &Path, name: &str) -> PathBuf {
    hooks.join(format!("{name}.d")).join(PART)
}

/// Takes the hooks away and puts back what stood there before. Key, settings and records stay. False where no gate was here.
pub fn uninstall(ambient: &Ambient) -> Result<bool, HookError> {
    let store = Store::discover(ambient)?;
    let hooks = hooks_dir(&store)?;
    let found = [take_away(&hooks, PRE)?, take_away(&hooks, POST)?].contains(&true);
    Ok(found && gate_dir(store.common_dir()).exists())
}

/// Takes a hook of ours away and puts back what stood there before. False where it was not ours.
fn take_away(hooks: &Path, name: &str) -> Result<bool, HookError> {
    let (hook, parts) = (hooks.join(name), hooks.join(format!("{name}.d")));
    let (part, mut found) = (parts.join(PART), false);
    if fs::read(&part).is_ok_and(|held| is_ours(&held)) {
        fs::remove_file(&part).map_err(failed("removing", &part))?;
        found = true;
    }
    if fs::read(&hook).is_ok_and(|held| is_ours(&held)) {
        found = true;
        let previous = parts.join(PREVIOUS);
        if previous.exists() {
            fs::rename(&previous, &hook).map_err(failed("moving", &previous))?;
            // Parts of others keep the directory.
            let _ = fs::remove_dir(&parts);
        } else {
            fs::remove_file(&hook).map_err(failed("removing", &hook))?;
        }
    }
    Ok(found)
}
