use super::error::{DIGITS_MIN, NodeError};
use super::identity::Identity;
use super::open::Node;
use crate::canon::{Map, Value};
use crate::git::{Expected, GitError, Place, Plane, RefName, Scope};
use crate::id::{Blake3, Oid, Sha256};
use crate::policy::consent::tell;
use crate::policy::{
    Built, Bundle, Decision, FactsOf, Intent, Judge, Judgement, Leave, PROFILE_YAML, Profile, Recorded, SignedAct,
    Sources, Verb, bundle_signers, create, may_sign_now, speaks_of, trust_leave,
};
use crate::trust::{self, GraphFault, Signer, TrustError, load_key_file};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// A bundle that was written and is not active yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    pub id: Blake3,
    pub commit: Oid,
    pub version: u64,
    pub code_root: Sha256,
    pub rules: usize,
    /// The commit whose tree holds exactly these sources.
    pub source: Option<Oid>,
    /// The active bundle holds the same files.
    pub unchanged: bool,
}

/// What came of an activation.
#[derive(Debug, Clone, PartialEq)]
pub enum Activation {
    Done {
        id: Blake3,
        commit: Oid,
        version: u64,
        rule: String,
    },
    /// The policy that was to be replaced refused, and the refusal is on record in this commit.
    Denied {
        decision: Decision,
        audit: Oid,
    },
}

impl Node {
    /// Writes a bundle of compiled sources to stand behind the active one, signed by this clone's key and by further ones.
    /// It judges nothing before it is activated.
    pub fn publish(&self, sources: &Sources, built: Built, keys: &[PathBuf]) -> Result<Published, NodeError> {
        let active = self.bundle()?;
        // To leave the file out is not to say that less is demanded.
        if active.profile() != Profile::Local && !sources.contains_key(PROFILE_YAML) {
            return Err(NodeError::ProfileUnsaid { active: active.profile() });
        }
        let source = self.source_commit(sources)?;
        self.publish_files(&active, built.files, built.rules, source, keys)
    }

    /// Writes the files of an earlier bundle once more, to stand behind the active one.
    pub fn publish_again(&self, earlier: &Bundle, keys: &[PathBuf]) -> Result<Published, NodeError> {
        let files = earlier.files().map(|(path, bytes)| (path.to_owned(), bytes.to_vec())).collect();
        self.publish_files(&self.bundle()?, files, earlier.rules().len(), None, keys)
    }

    fn publish_files(
        &self,
        active: &Bundle,
        files: BTreeMap<String, Vec<u8>>,
        rules: usize,
        source: Option<Oid>,
        keys: &[PathBuf],
    ) -> Result<Published, NodeError> {
        let mut signers = vec![self.signer(&self.identity()?)?];
        for file in keys {
            signers.push(load_key_file(&self.ambient().env().cwd().join(file), self.ambient())?);
        }
        let signers: Vec<_> = signers.iter().collect();
        let unchanged = active.files().eq(files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())));
        let (store, ambient) = (self.store(), self.ambient());
        let (commit, id) = create(store, ambient, self.graph(), &signers, files, Some(active), source)?;
        let bundle = Bundle::read(self.reader(), commit, self.graph())?;
        bundle.check_programs()?;
        let commit = self.name_bundle(active, id, commit)?;
        let (version, code_root) = (bundle.version(), bundle.code_root());
        Ok(Published { id, commit, version, code_root, rules, source, unchanged })
    }

    /// Names a commit by the content of its bundle. Who signed it, and behind what it stands, are no part of the content, and
    /// rules may ask for a signer: an earlier commit of the same content keeps the name where it can do whatever this one can.
    fn name_bundle(&self, active: &Bundle, id: Blake3, commit: Oid) -> Result<Oid, NodeError> {
        let name = RefName::own(Plane::PolicyBundle(id));
        let held = match self.store().update(&name, Expected::Absent, commit) {
            Ok(()) => return Ok(commit),
            Err(GitError::Moved { found: Some(held), .. }) => held,
            Err(other) => return Err(other.into()),
        };
        let stands = self.may_follow(active, id, held)? && self.is_signed_by_all(held, commit)?;
        if stands || !self.may_follow(active, id, commit)? {
            return Ok(Bundle::read(self.reader(), held, self.graph())?.commit());
        }
        self.store().update(&name, Expected::At(held), commit)?;
        Ok(commit)
    }

    /// Whether a commit is this bundle, stands behind the active one, and was signed by who may sign now.
    fn may_follow(&self, active: &Bundle, id: Blake3, commit: Oid) -> Result<bool, NodeError> {
        let Ok(bundle) = Bundle::read(self.reader(), commit, self.graph()) else { return Ok(false) };
        let behind = self.reader().commit(commit)?.parents == [active.commit()];
        let signed = may_sign_now(self.graph(), &bundle_signers(self.reader(), commit)?, None);
        Ok(bundle.id() == id && behind && signed)
    }

    /// Whether everybody who signed one bundle signed another, too.
    fn is_signed_by_all(&self, bundle: Oid, other: Oid) -> Result<bool, NodeError> {
        let signers = bundle_signers(self.reader(), bundle)?;
        Ok(bundle_signers(self.reader(), other)?.iter().all(|key| signers.contains(key)))
    }

    /// HEAD, where its tree holds these sources as they are.
    fn source_commit(&self, sources: &Sources) -> Result<Option<Oid>, NodeError> {
        let Some(head) = self.store().resolve_text("HEAD")? else { return Ok(None) };
        for (path, bytes) in sources {
            if self.store().file(head, path, 1 << 20)?.as_ref() != Some(bytes) {
                return Ok(None);
            }
        }
        Ok(Some(head))
    }

    /// Makes a published bundle the active one, if the policy that it replaces permits that.
    pub fn activate(&self, bundle: &Bundle) -> Result<Activation, NodeError> {
        let active = self.bundle()?;
        if bundle.commit() == active.commit() {
            return Err(NodeError::IsActive { bundle: active.id(), version: active.version() });
        }
        if !self.is_next(bundle, &active)? {
            let (bundle, version) = (bundle.id(), bundle.version());
            return Err(NodeError::NotNext { bundle, version, active: active.id(), active_version: active.version() });
        }
        let identity = self.identity()?;
        let target = bundle.id().to_string();
        let intent = signed_intent(Verb::PolicyActivate, &identity, &target);
        let facts = FactsOf::actor(self.graph(), &identity.actor, &identity.key, None);
        let consents = self.consents(&active)?;
        let facts = tell(consents.as_ref(), facts, intent.target().as_deref())?;
        let mut judge = Judge::new(active, None);
        let rule = match judge.decide(&intent, &facts, self.graph().tip())? {
            Judgement::Allowed(allowed) => allowed.rule().to_owned(),
            Judgement::Refused(decision) => return self.activation_denied(*decision, &intent, &identity),
        };
        // A gate and every reader ask for those who signed it.
        let act = SignedAct {
            verb: Verb::PolicyActivate,
            target: &target,
            signers: &bundle_signers(self.reader(), bundle.commit())?,
            graph: self.graph(),
            received_at: None,
            consents: consents.as_ref(),
        };
        if !may_sign_now(self.graph(), act.signers, None) {
            return Err(NodeError::NotSigned { bundle: bundle.id() });
        }
        match act.judge(&mut judge)? {
            Leave::Given => {}
            Leave::Nobody => return Err(NodeError::NotSigned { bundle: bundle.id() }),
            Leave::Refused { decision, .. } => return self.activation_denied(*decision, &intent, &identity),
        }
        let name = RefName::own(Plane::PolicyActive);
        let held = self.store().resolve(&name)?;
        self.store().update(&name, held.map_or(Expected::Absent, Expected::At), bundle.commit())?;
        Ok(Activation::Done { id: bundle.id(), commit: bundle.commit(), version: bundle.version(), rule })
    }

    fn activation_denied(
        &self,
        decision: Decision,
        intent: &Intent<'_>,
        identity: &Identity,
    ) -> Result<Activation, NodeError> {
        let audit = self.record_act(&decision, intent, identity, &self.signer(identity)?)?;
        Ok(Activation::Denied { decision, audit })
    }

    /// The refusal of a change of the trust graph by the active policy, on record; it is asked where a rule speaks of them.
    pub(super) fn trust_denied(
        &self,
        proposal: &trust::Proposal,
        identity: &Identity,
        signer: &Signer,
    ) -> Result<Option<(Decision, Oid)>, NodeError> {
        let active = match self.bundle() {
            Ok(active) => active,
            Err(NodeError::NoPolicy) => return Ok(None),
            Err(other) => return Err(other),
        };
        if !speaks_of(&active, Verb::TrustUpdate) {
            return Ok(None);
        }
        let version = self.graph().current().version;
        let after = proposal.judge(Some(self.graph()));
        let after = after.map_err(|source| TrustError::Propose { version, source })?;
        let consents = self.consents(&active)?;
        let mut judge = Judge::new(active, None);
        let decision = match trust_leave(&mut judge, self.graph(), &after, None, consents.as_ref(), &|_| false)? {
            None | Some((_, Leave::Given)) => return Ok(None),
            Some((_, Leave::Nobody)) => {
                let source = GraphFault::Threshold { have: 0, need: self.graph().current().roots.threshold };
                return Err(TrustError::Propose { version, source }.into());
            }
            Some((_, Leave::Refused { decision, .. })) => *decision,
        };
        let target = after.brought_by(after.tip()).first().map_or(String::new(), |change| change.target.to_string());
        let intent = signed_intent(Verb::TrustUpdate, identity, &target);
        let audit = self.record_act(&decision, &intent, identity, signer)?;
        Ok(Some((decision, audit)))
    }

    /// Every active bundle so far, the newest first.
    pub fn policy_chain(&self) -> Result<Vec<Bundle>, NodeError> {
        let tip = self.policy_tip()?;
        let mut chain = Vec::new();
        for step in self.reader().chain(tip, None, 0)? {
            chain.push(Bundle::read(self.reader(), step?.0, self.graph())?);
        }
        chain.reverse();
        Ok(chain)
    }

    /// A bundle by name: `active`, its version, or the first digits of its id or commit.
    pub fn find_bundle(&self, text: &str) -> Result<Bundle, NodeError> {
        if text == "active" {
            return self.bundle();
        }
        let chain = self.policy_chain()?;
        if let Some(bundle) =
            text.parse::<u64>().ok().filter(|_| text.len() < 4).and_then(|v| chain.iter().find(|b| b.version() == v))
        {
            return Ok(bundle.clone());
        }
        let hex = text.strip_prefix("blake3:").unwrap_or(text);
        // One content may stand in several commits: the active one goes before this clone's own, and that before fetched ones.
        let mut named: BTreeMap<Blake3, Oid> = chain.iter().map(|b| (b.id(), b.commit())).collect();
        let mut commits: BTreeSet<Oid> = named.values().copied().collect();
        let mut refs = self.store().refs(&Scope::Policies)?;
        refs.sort_by_key(|(name, _)| name.place != Place::Own);
        for (name, tip) in refs {
            if let Plane::PolicyBundle(id) = name.plane {
                named.entry(id).or_insert(tip);
                commits.insert(tip);
            }
        }
        let by_id = named.into_iter().filter(|(id, _)| id.hex().starts_with(hex)).map(|(_, commit)| commit);
        let by_commit = commits.into_iter().filter(|commit| commit.hex().starts_with(hex));
        let found: BTreeSet<Oid> = by_id.chain(by_commit).collect();
        let found = Vec::from_iter(found);
        match found.as_slice() {
            [commit] if hex.len() >= DIGITS_MIN => Ok(Bundle::read(self.reader(), *commit, self.graph())?),
            [] => Err(NodeError::NoBundle { what: text.to_owned() }),
            [_] => Err(NodeError::TooShort { what: text.to_owned() }),
            _ => {
                Err(NodeError::Ambiguous { what: text.to_owned(), choices: found.iter().map(Oid::to_string).collect() })
            }
        }
    }

    /// Every decision of the audit, of own chains and of fetched ones, each once.
    pub fn decisions(&self) -> Result<Vec<Recorded>, NodeError> {
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        for (_, tip) in self.store().refs(&Scope::Audits)? {
            for step in self.reader().chain(tip, None, 0)? {
                let commit = step?.0;
                if seen.insert(commit) {
                    found.extend(Recorded::read(self.reader(), commit, &self.repo())?);
                }
            }
        }
        found.sort_by_key(|r| (r.at, r.commit));
        Ok(found)
    }

    /// The decision whose record begins with these digits.
    pub fn decision(&self, digits: &str) -> Result<Recorded, NodeError> {
        let mut found = self.decisions()?;
        found.retain(|r| r.commit.hex().starts_with(digits));
        match found.len() {
            1 if digits.len() >= DIGITS_MIN => Ok(found.remove(0)),
            1 => Err(NodeError::TooShort { what: digits.to_owned() }),
            0 => Err(NodeError::NoDecision { what: digits.to_owned() }),
            _ => Err(NodeError::Ambiguous {
                what: digits.to_owned(),
                choices: found.iter().map(|r| r.commit.to_string()).collect(),
            }),
        }
    }

    /// The bundle that a decision was made by, where it is here.
    pub fn bundle_of(&self, recorded: &Recorded) -> Option<Bundle> {
        Bundle::read(self.reader(), recorded.policy_root?, self.graph()).ok()
    }
}

/// The wish of this clone's owner to do what is known by its signatures.
fn signed_intent(verb: Verb, identity: &Identity, target: &str) -> Intent<'static> {
    let mut fields = Map::new();
    fields.insert("actor", identity.actor.as_str());
    fields.insert("key", Value::text(identity.key));
    fields.insert("target", target);
    Intent::act(verb, fields)
}
