use super::error::NodeError;
use super::files;
use super::open::Node;
use super::policy_sources::read_source;
use super::receipts::{Cover, Receipts};
use super::replica;
use crate::canon::{Map, Value};
use crate::git::{Place, Plane, RefName, Scope};
use crate::id::{Ns, Oid};
use crate::lua::Program;
use crate::policy::{AskedFold, Decision, Demand, FactsOf, Intent, PROFILE_YAML, Profile, UnlawfulFold, Verb, record};
use std::path::{Path, PathBuf};

/// What holds here and what the work tree says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileShown {
    pub profile: Profile,
    /// The version of the bundle that says so.
    pub version: u64,
    /// What `gatos/config/profile.yaml` names; none where there is no such file.
    pub file: Option<Profile>,
    /// Refs that no gate has received, where the profile asks for that.
    pub waiting: Vec<Waiting>,
}

/// A ref that goes beyond what gates have received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    pub name: RefName,
    pub tip: Oid,
    /// It is this clone's own, and was not pushed yet.
    pub own: bool,
}

/// Each ref once: what a server has as well waits no more to be pushed there.
fn once(mut waiting: Vec<Waiting>) -> Vec<Waiting> {
    let fetched = |w: &Waiting| w.name.place != Place::Own;
    let there: Vec<(Plane, Oid)> =
        waiting.iter().filter(|w| fetched(w)).map(|w| (w.name.plane.clone(), w.tip)).collect();
    waiting.retain(|w| fetched(w) || !there.contains(&(w.name.plane.clone(), w.tip)));
    waiting.iter_mut().filter(|w| fetched(w)).for_each(|w| w.own = false);
    waiting
}

impl Node {
    /// The profile of the law, and what stands in its way.
    pub fn profile(&self) -> Result<ProfileShown, NodeError> {
        let bundle = self.bundle()?;
        let profile = bundle.profile();
        let waiting =
            match profile.asks(Demand::Receipts) {
                true => once(self.waiting(
                    &self.receipts()?,
                    &[Scope::Trust, Scope::Policies, Scope::Journals(None), Scope::States],
                )?),
                false => Vec::new(),
            };
        let file = match self.profile_path() {
            Ok(path) => read_profile(&path)?.map(|(_, profile)| profile),
            Err(NodeError::NoWorkTree) => None,
            Err(other) => return Err(other),
        };
        Ok(ProfileShown { profile, version: bundle.version(), file, waiting })
    }

    /// Names a profile in the work tree. False where it names it already.
    pub fn set_profile(&self, profile: Profile) -> Result<bool, NodeError> {
        let path = self.profile_path()?;
        let text = match read_profile(&path)? {
            Some((_, held)) if held == profile => return Ok(false),
            // What people wrote around it stays.
            Some((text, held)) => renamed(&text, held, profile),
            None => profile.yaml(),
        };
        files::replace(self.ambient(), &path, text.as_bytes())?;
        Ok(true)
    }

    fn profile_path(&self) -> Result<PathBuf, NodeError> {
        Ok(self.store().work_dir().ok_or(NodeError::NoWorkTree)?.join(PROFILE_YAML))
    }

    /// The refs of these kinds that go beyond what gates have received.
    pub(super) fn waiting(&self, receipts: &Receipts, scopes: &[Scope]) -> Result<Vec<Waiting>, NodeError> {
        let own_replica = replica::read(self.store().common_dir())?;
        let mut waiting = Vec::new();
        for scope in scopes {
            for (name, tip) in self.store().refs(scope)? {
                let on_server = RefName::own(name.plane.clone()).to_string();
                if matches!(name.plane, Plane::PolicyBundle(_))
                    || receipts.cover(self.reader(), &on_server, tip) == Cover::Whole
                {
                    continue;
                }
                let own = match (&name.place, &name.plane) {
                    (_, Plane::Journal { writer, .. }) => own_replica == Some(writer.replica()),
                    (place, _) => *place == Place::Own,
                };
                waiting.push(Waiting { name, tip, own });
            }
        }
        Ok(waiting)
    }

    /// Asks the profile of the law about a fold, which is read where the answer hangs on it.
    pub(super) fn lawful(
        &self,
        ns: &Ns,
        fold: impl FnOnce() -> Result<Program, NodeError>,
    ) -> Result<Result<Lawful, Unlawful>, NodeError> {
        let place =
            format!("gatos/folds/{ns}.lua with the policy: git gatos policy publish, then git gatos policy activate");
        let asked = match AskedFold::of(&self.bundle()?, ns) {
            Ok(Some(asked)) => asked,
            Ok(None) => return Ok(Ok(Lawful(fold()?))),
            Err(why) => return Ok(Err(Unlawful { why, hint: format!("publish {place}") })),
        };
        let program = fold()?;
        Ok(match asked.newest(program.root()) {
            Ok(()) => Ok(Lawful(program)),
            Err(why) => Err(Unlawful { why, hint: format!("leave --fold out, or publish it as {place}") }),
        })
    }

    /// The refusal of a checkpoint by a fold, on record.
    pub(super) fn deny_checkpoint(&self, ns: &Ns, unlawful: Unlawful) -> Result<(Decision, Oid), NodeError> {
        let (bundle, identity) = (self.bundle()?, self.identity()?);
        let mut fields = Map::new();
        fields.insert("ns", ns.as_str());
        fields.insert("actor", identity.actor.as_str());
        fields.insert("key", Value::text(identity.key));
        let intent = Intent::act(Verb::StateCheckpoint, fields);
        let facts = FactsOf::actor(self.graph(), &identity.actor, &identity.key, None);
        let facts = facts.with("profile", bundle.profile().as_str()).facts()?;
        let (Unlawful { why, hint }, roots) = (unlawful, (bundle.commit(), self.graph().tip()));
        let decision = Decision::denied(UnlawfulFold::RULE, why.to_string(), Some(hint), &facts, roots);
        let (writer, signer) = (self.writer(&identity, ns)?, self.signer(&identity)?);
        let audit = record(self.store(), self.ambient(), &self.repo(), &writer, &signer, &decision, &intent, false)?;
        Ok((decision, audit))
    }
}

/// A fold by which the profile of the law lets checkpoints of a namespace be written.
pub(super) struct Lawful(Program);

impl Lawful {
    pub(super) fn program(&self) -> &Program {
        &self.0
    }
}

/// Why a fold is none of those, and what to do.
pub(super) struct Unlawful {
    pub why: UnlawfulFold,
    pub hint: String,
}

/// A file that names a profile, with what it names.
fn read_profile(path: &Path) -> Result<Option<(String, Profile)>, NodeError> {
    let reading = |source| NodeError::File { doing: "reading", path: path.to_owned(), source };
    let Some(bytes) = read_source(path).map_err(reading)? else { return Ok(None) };
    let fault = |(line, _, why)| NodeError::ProfileFile { path: path.to_owned(), line, why };
    let (text, profile) = Profile::from_source(&bytes).map_err(fault)?;
    Ok(Some((text.to_owned(), profile)))
}

/// The text with another name on the line that holds the one it had; anew where it stands elsewhere.
fn renamed(text: &str, held: Profile, profile: Profile) -> String {
    let line = |p: Profile| format!("profile: {p}");
    let same = |l: &&str| l.trim_end() == line(held);
    match text.lines().filter(same).count() {
        1 => text.lines().map(|l| if same(&l) { line(profile) + "\n" } else { format!("{l}\n") }).collect(),
        _ => profile.yaml(),
    }
}
