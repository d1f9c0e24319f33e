use super::error::NodeError;
use super::files;
use super::lock::Lock;
use super::open::Node;
use super::pin::{self, Pin};
use super::policy_sources::read_source;
use super::settle;
use crate::ambient::Ambient;
use crate::git::{Expected, Git, GitError, Peer, Place, Plane, RefName, Scope, Store, fetch_args};
use crate::id::{Actor, ActorKind, Blake3, Ns, PublicKey};
use crate::lua;
use crate::policy::{Bundle, Demand, PROFILE_YAML, Profile, create_default, fold_files};
use crate::trust::{Ended, KeyDir, Signer, genesis, load_key_file};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What `init` was asked for.
#[derive(Debug, Clone)]
pub struct Init {
    /// How strictly it governs itself; what stands here already decides, else `local`.
    pub profile: Option<Profile>,
    pub actor: Option<Actor>,
    /// A private key to sign with instead of a new one.
    pub key: Option<PathBuf>,
    /// Do not ask `origin` whether a genesis stands there.
    pub offline: bool,
}

/// What `init` did, step by step.
#[derive(Debug, Clone, PartialEq)]
pub struct InitReport {
    pub repo: Blake3,
    pub actor: Actor,
    pub key: PublicKey,
    /// The key that this clone signed with before, of which there is no file any more.
    pub lost: Option<PublicKey>,
    /// That key still stands for the actor: whoever finds it can use it.
    pub lost_stands: bool,
    /// The key that this clone signed with before, or signs with still, where it stands for the actor no more.
    pub ended: Option<(PublicKey, Ended)>,
    /// A genesis that was here, or at `origin`, was taken over.
    pub adopted: bool,
    /// Whether the key stands for the actor in the trust graph.
    pub known: bool,
    /// The other actor for whom the trust graph has this key: a key stands for one.
    pub holder: Option<Actor>,
    /// Files that were written, relative to the work tree.
    pub files: Vec<String>,
    /// Nothing was left to do.
    pub unchanged: bool,
    /// There is no work tree, so no files were written.
    pub bare: bool,
    /// What somebody should know of the repository that was taken over.
    pub notices: Vec<String>,
}

const FOLD: &str = include_str!("../../lua/init/fold.lua");
/// Where a policy bundle finds the fold of `main`.
const LAWFUL_FOLD: &str = "gatos/folds/main.lua";

/// Makes a repository ready: key, genesis, policy bundle, files, in that order, each step skipped where it is done. Commits
/// nothing to a branch and overwrites no file.
pub fn init(ambient: &Ambient, order: &Init) -> Result<InitReport, NodeError> {
    let store = Store::discover(ambient)?;
    // Two that make a key at once would leave one of them without a say in the other's repository.
    let _lock = Lock::of(ambient, store.common_dir(), "init")?;
    let actor = choose_actor(ambient, &store, order.actor.as_ref())?;
    // A genesis that is here decides before a key is made: asking first keeps a failing `init` without traces.
    let adopted = adopt(&store, order.offline)?;
    // Files of a repository that somebody else made come with its branches, and stand in the way where they are here already.
    let joined = fetched(&store)?;
    let Chosen { signer, made, lost, ended } = choose_key(ambient, &store, &actor, order.key.as_deref())?;
    let mut unchanged = !made;
    unchanged &= !configure(&store, &actor, &signer, order.key.as_deref(), ambient)?;
    if !adopted {
        found(ambient, &store, &actor, &signer)?;
        unchanged = false;
    }
    let node = Node::from_store(store, ambient, true)?;
    let notices = node.take_notices();
    match node.policy_tip() {
        Ok(_) => same_profile(&node, order.profile)?,
        Err(NodeError::NoPolicy) => {
            first_bundle(&node, &signer, order.profile.unwrap_or_default())?;
            unchanged = false;
        }
        Err(other) => return Err(other),
    }
    let files = if joined { Vec::new() } else { write_files(&node)? };
    let known = node.graph().stands(&actor, signer.public());
    let holder = node.graph().current().holder(signer.public()).filter(|holder| **holder != actor).cloned();
    Ok(InitReport {
        repo: node.repo(),
        key: *signer.public(),
        lost,
        lost_stands: lost.is_some_and(|lost| node.graph().stands(&actor, &lost)),
        ended: ended.or_else(|| Some((*signer.public(), node.graph().ended(&actor, signer.public())?))),
        adopted,
        known,
        holder,
        unchanged: unchanged && files.is_empty(),
        files,
        bare: node.store().work_dir().is_none(),
        actor,
        notices,
    })
}

/// `--actor`, else what is configured, else `user:` and git's user name made legal, else `$USER`.
fn choose_actor(ambient: &Ambient, store: &Store, named: Option<&Actor>) -> Result<Actor, NodeError> {
    if let Some(actor) = named {
        return Ok(actor.clone());
    }
    if let Some(text) = store.config_text("gatos.actor")? {
        return Ok(text.parse()?);
    }
    let names = [store.config_text("user.name")?, ambient.env().text("USER")];
    let legal = names.iter().flatten().find_map(|name| Actor::new(ActorKind::User, &legal_name(name)).ok());
    legal.ok_or_else(|| NodeError::NoActor("neither user.name nor $USER gives one".into()))
}

/// Lower case, runs of anything illegal as one hyphen, at most 48 characters.
fn legal_name(name: &str) -> String {
    let mut out = String::new();
    for c in name.to_lowercase().chars() {
        if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '+' | '-') {
            out.push(c);
        } else if !out.ends_with('-') {
            out.push('-');
        }
    }
    let out: String = out.trim_matches(|c: char| !c.is_ascii_alphanumeric()).chars().take(48).collect();
    out.trim_end_matches(|c: char| !c.is_ascii_alphanumeric()).to_owned()
}

/// Whether a genesis is here already: held, fetched, or at `origin`, from where it is fetched.
fn adopt(store: &Store, offline: bool) -> Result<bool, NodeError> {
    if !pin::tips(store.reader())?.is_empty() {
        return Ok(true);
    }
    if store.is_shallow() {
        return Err(NodeError::Shallow);
    }
    if offline || store.config_text("remote.origin.url")?.is_none() {
        return Ok(false);
    }
    let graph = RefName::own(Plane::TrustGraph).to_string();
    let peer = Peer::remote(store.reader(), "origin")?;
    let reach =
        |args| Git::new(store.reader()).args::<String>(args).reach(&peer, "fetch from").map_err(NodeError::Origin);
    let listed = reach(vec!["ls-remote".to_owned(), "origin".to_owned(), graph])?;
    if listed.stdout.is_empty() {
        return Ok(false);
    }
    reach(fetch_args(&"origin".parse()?))?;
    Ok(!pin::tips(store.reader())?.is_empty())
}

/// Whether a trust graph was fetched from elsewhere.
fn fetched(store: &Store) -> Result<bool, NodeError> {
    let refs = store.refs(&Scope::Trust)?;
    Ok(refs.iter().any(|(name, _)| name.plane == Plane::TrustGraph && name.place != Place::Own))
}

/// The key to sign with.
struct Chosen {
    signer: Signer,
    /// It was made now.
    made: bool,
    /// The one in whose place it stands, where that is gone.
    lost: Option<PublicKey>,
    /// The one in whose place it stands, where trust took that away.
    ended: Option<(PublicKey, Ended)>,
}

fn held(signer: Signer) -> Chosen {
    Chosen { signer, made: false, lost: None, ended: None }
}

fn choose_key(ambient: &Ambient, store: &Store, actor: &Actor, file: Option<&Path>) -> Result<Chosen, NodeError> {
    if let Some(path) = file {
        return Ok(held(load_key_file(&ambient.env().cwd().join(path), ambient)?));
    }
    if let Some(path) = store.config_text("gatos.keyfile")? {
        return Ok(held(load_key_file(Path::new(&path), ambient)?));
    }
    let keys = KeyDir::of(ambient)?;
    let lost = match store.config_text("gatos.key")? {
        Some(text) => match text.parse()? {
            key if keys.holds(&key) => return standing(store, &keys, actor, key),
            key => Some(key),
        },
        None => None,
    };
    // One key a person and machine: another repository's is taken over.
    match (&keys.list()?[..], lost) {
        // A directory that is not there today may be there tomorrow: whoever lost a key says so by making another.
        ([], Some(key)) => Err(NodeError::KeyLost { key, dir: keys.path().to_owned() }),
        ([], None) => Ok(Chosen { made: true, ..held(keys.create()?) }),
        ([only], _) => Ok(Chosen { lost, ..held(keys.load(&only.key)?) }),
        (several, _) => Err(which(&keys, &several.iter().map(|held| held.key).collect::<Vec<_>>())),
    }
}

/// The configured key; where trust took it from its actor, another one that stands for him, else one that trust has for
/// nobody and a root may add.
fn standing(store: &Store, keys: &KeyDir, actor: &Actor, key: PublicKey) -> Result<Chosen, NodeError> {
    // What keeps trust from being read is told when it is opened.
    let graph = settle::trust_here(store.reader()).ok();
    let ended = graph.as_ref().and_then(|graph| Some((graph, graph.ended(actor, &key)?)));
    let Some((graph, ended)) = ended else { return Ok(held(keys.load(&key)?)) };
    let all: Vec<PublicKey> = keys.list()?.into_iter().map(|held| held.key).collect();
    let only = |fits: &dyn Fn(&PublicKey) -> bool| all.iter().copied().filter(|key| fits(key)).collect::<Vec<_>>();
    let stand = only(&|key| graph.stands(actor, key));
    let fresh = only(&|key| graph.current().holder(key).is_none() && graph.ended(actor, key).is_none());
    match &(if stand.is_empty() { fresh } else { stand })[..] {
        [] => Ok(held(keys.load(&key)?)),
        [other] => Ok(Chosen { ended: Some((key, ended)), ..held(keys.load(other)?) }),
        several => Err(which(keys, several)),
    }
}

fn which(keys: &KeyDir, several: &[PublicKey]) -> NodeError {
    NodeError::NoKey(format!(
        "there are {} keys in {}; choose one: git config gatos.key KEY ({})",
        several.len(),
        keys.path().display(),
        several.iter().map(PublicKey::to_string).collect::<Vec<_>>().join(", ")
    ))
}

/// Remembers who speaks here; true where something was written.
fn configure(
    store: &Store,
    actor: &Actor,
    signer: &Signer,
    file: Option<&Path>,
    ambient: &Ambient,
) -> Result<bool, NodeError> {
    let mut wanted = vec![("gatos.actor", actor.to_string()), ("gatos.key", signer.public().to_string())];
    if let Some(path) = file {
        wanted.push(("gatos.keyfile", ambient.env().cwd().join(path).display().to_string()));
    }
    // Objects that libgit2 writes again are not protected in cruft packs.
    wanted.push(("gc.cruftPacks", "false".to_owned()));
    let mut wrote = false;
    for (key, value) in wanted {
        if store.config_text(key)?.as_deref() != Some(&value) {
            store.put_config(key, &value)?;
            wrote = true;
        }
    }
    Ok(wrote)
}

/// Writes the genesis. Of two that do it at once, one wins and the other adopts.
fn found(ambient: &Ambient, store: &Store, actor: &Actor, signer: &Signer) -> Result<(), NodeError> {
    let (graph, commit) = genesis(store, actor, signer)?;
    match store.update(&RefName::own(Plane::TrustGraph), Expected::Absent, commit) {
        Ok(()) => Pin { repo: graph.repo(), tip: commit }.write(ambient, store.common_dir()),
        Err(GitError::Moved { .. }) => Ok(()),
        Err(other) => Err(other.into()),
    }
}

/// What stands is law; `init` does not change it.
fn same_profile(node: &Node, asked: Option<Profile>) -> Result<(), NodeError> {
    let active = node.bundle()?.profile();
    match asked.filter(|asked| *asked != active) {
        Some(asked) => Err(NodeError::ProfileStands { active, asked }),
        None => Ok(()),
    }
}

/// The default policy under a profile, signed by the root that this clone speaks for.
fn first_bundle(node: &Node, signer: &Signer, profile: Profile) -> Result<(), NodeError> {
    if !node.graph().is_root_key(signer.public()) {
        return Err(NodeError::NoPolicy);
    }
    let folds = lawful_fold(node, profile)?;
    let (commit, id) = create_default(node.store(), node.ambient(), node.graph(), signer, profile, folds)?;
    // An `init` that was cut off may have left the same content under an earlier commit: that one is the bundle.
    let commit = match node.store().update(&RefName::own(Plane::PolicyBundle(id)), Expected::Absent, commit) {
        Ok(()) => commit,
        Err(GitError::Moved { found: Some(held), .. }) => Bundle::read(node.reader(), held, node.graph())?.commit(),
        Err(other) => return Err(other.into()),
    };
    match node.store().update(&RefName::own(Plane::PolicyActive), Expected::Absent, commit) {
        Ok(()) | Err(GitError::Moved { .. }) => Ok(()),
        Err(other) => Err(other.into()),
    }
}

/// The files of the fold of `main`, where a profile lets checkpoints be made by the folds of the law alone: without it the first
/// checkpoint would have to wait for a second bundle.
fn lawful_fold(node: &Node, profile: Profile) -> Result<BTreeMap<String, Vec<u8>>, NodeError> {
    if !profile.asks(Demand::Fold) {
        return Ok(BTreeMap::new());
    }
    let path = node.store().work_dir().map(|dir| dir.join(LAWFUL_FOLD));
    let reading = |path: &Path| {
        let path = path.to_owned();
        move |source| NodeError::File { doing: "reading", path, source }
    };
    let written = path.as_deref().map(|path| read_source(path).map_err(reading(path))).transpose()?.flatten();
    let text = written.map_or_else(|| FOLD.to_owned(), |bytes| String::from_utf8_lossy(&bytes).into_owned());
    let compiled = lua::compile(&text);
    let program = compiled.map_err(|findings| NodeError::FoldSource { name: LAWFUL_FOLD.to_owned(), findings })?;
    Ok(fold_files(&Ns::main(), text.into_bytes(), &program))
}

/// The files of a work tree that do not exist yet.
fn write_files(node: &Node) -> Result<Vec<String>, NodeError> {
    let Some(dir) = node.store().work_dir() else { return Ok(Vec::new()) };
    let mut written = Vec::new();
    let profile = node.bundle()?.profile();
    let fold = if profile.asks(Demand::Fold) { LAWFUL_FOLD } else { "gatos/fold.lua" };
    for (name, text) in [(fold, FOLD), (PROFILE_YAML, &profile.yaml())] {
        if files::create(node.ambient(), &dir.join(name), text.as_bytes())? {
            written.push(name.to_owned());
        }
    }
    Ok(written)
}
