use super::error::PolicyError;
use super::glob::Glob;
use super::governance::{GOVERNANCE, Governance};
use super::intent::Intent;
use super::profile::{PROFILE, Profile};
use super::rgs;
use super::rules::{CourtInfo, RULES, RuleInfo, Rules};
use super::verb::Verb;
use crate::canon::{Map, Value, cbor, digest, json, trailers};
use crate::git::Reader;
use crate::id::{Blake3, Ns, Oid, PublicKey, Sha256};
use crate::lua::{Machine, Program, open_elc};
use crate::trust::{Cap, Graph, dsse};
use std::collections::{BTreeMap, BTreeSet};

/// Where the rules of the default bundle stand in its tree.
pub const DEFAULT_SOURCE: &str = "policy/default.lua";
pub const DEFAULT_ELC: &str = "policy/default.elc";
/// Largest file of a bundle, and most files.
pub(super) const FILE_MAX: u64 = 4 << 20;
pub(super) const FILES_MAX: usize = 4096;
pub(super) const MANIFEST: &str = "bundle.json";
pub(super) const SIGNATURES: &str = "signatures.json";
/// What lets an actor sign and activate a bundle.
pub const ACTIVATE: &str = "policy:activate";

/// The Lua of the default policy, as it ships.
pub(super) const SOURCE: &str = include_str!("../../lua/policy/default.lua");

/// A policy bundle whose manifest, files and signatures were checked.
#[derive(Debug, Clone)]
pub struct Bundle {
    commit: Oid,
    id: Blake3,
    version: u64,
    prev: Option<Blake3>,
    files: BTreeMap<String, Vec<u8>>,
    /// What `policies/rules.json` says; nothing in the default bundle, which has a program of its own.
    rules: Rules,
    profile: Profile,
}

/// A compiled file of a bundle that judges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Court {
    pub elc: String,
    /// It was compiled from rules: it answers nothing where no rule speaks, and its texts have places to fill.
    pub rules: bool,
    /// The rules in it, in their order.
    infos: Vec<RuleInfo>,
}

impl Court {
    /// The rule in which an error happened, by the number of statements that stand behind that in the program.
    pub fn failing(&self, intent: &Intent<'_>, behind: Option<u32>) -> Option<&str> {
        let later = (behind? as usize).checked_sub(rgs::BEHIND_RULES).filter(|_| self.rules)?;
        let rule = self.infos.get(self.infos.len().checked_sub(later + 1)?)?;
        rule.covers(intent.verb(), intent.subject()).then_some(rule.id.as_str())
    }

    /// A sentence about a program that gave no answer, where none of its rules is to blame.
    pub fn complain(&self, intent: &Intent<'_>, what: &str) -> String {
        if !self.rules {
            return format!("the policy {what}");
        }
        let asked = self.infos.iter().filter(|r| r.covers(intent.verb(), intent.subject()));
        let asked: Vec<&str> = asked.map(|r| r.id.as_str()).collect();
        format!("{} (rules asked: {}) {what}", self.elc, asked.join(" "))
    }
}

impl Bundle {
    /// Reads the bundle of a commit and checks it: canonical manifest, every file listed with its digest and no other,
    /// this repository, signed by a root.
    pub fn read(reader: &Reader, commit: Oid, graph: &Graph) -> Result<Bundle, PolicyError> {
        let files = reader.files(commit, FILE_MAX).map_err(|source| PolicyError::Read { commit, source })?;
        let invalid = |why: String| PolicyError::Invalid { commit, why };
        if files.len() > FILES_MAX {
            return Err(invalid(format!("it holds more than {FILES_MAX} files")));
        }
        let mut files: BTreeMap<String, Vec<u8>> = files.into_iter().collect();
        let manifest = files.remove(MANIFEST).ok_or_else(|| invalid(format!("there is no {MANIFEST}")))?;
        let signatures = files.remove(SIGNATURES).ok_or_else(|| invalid(format!("there is no {SIGNATURES}")))?;
        let document = json::parse_canonical(&manifest).map_err(|e| invalid(format!("{MANIFEST}: {e}")))?;
        let (version, prev) = check_manifest(&document, &files, graph).map_err(invalid)?;
        let signatures = dsse::parse(&signatures).map_err(|e| invalid(format!("{SIGNATURES}: {e}")))?;
        let signers = dsse::signers("bundle", &manifest, &signatures);
        if signers.len() != signatures.len() {
            return Err(invalid(format!("{SIGNATURES} holds a signature that does not verify")));
        }
        if !may_sign(graph, &signers) {
            let (votes, needed) = (graph.votes(&signers), graph.current().roots.threshold);
            let why =
                format!("{votes} roots of the trust graph signed it, and {needed} must, or a holder of {ACTIVATE}");
            return Err(invalid(why));
        }
        let (rules, profile) = read_said(&files).map_err(invalid)?;
        let bundle = Bundle { commit, id: digest::blake3(&manifest), version, prev, files, rules, profile };
        bundle.check_commit(reader)?;
        Ok(bundle)
    }

    /// A bundle that nobody signed: it judges cases and history, and stands in no repository.
    pub fn candidate(files: BTreeMap<String, Vec<u8>>) -> Result<Bundle, PolicyError> {
        let commit = Oid::ZERO;
        let (rules, profile) = read_said(&files).map_err(|why| PolicyError::Invalid { commit, why })?;
        Ok(Bundle { commit, id: digest::blake3(b""), version: 1, prev: None, files, rules, profile })
    }

    /// A bundle that was read and checked before, from `to_bytes`; `None` where these are not such bytes.
    pub fn recall(bytes: &[u8]) -> Option<Bundle> {
        let value = cbor::decode(bytes).ok()?;
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        let file = |(path, bytes): (&str, &Value)| match bytes {
            Value::Bytes(bytes) => Some((path.to_owned(), bytes.clone())),
            _ => None,
        };
        let files: BTreeMap<String, Vec<u8>> = value.get("files")?.as_map()?.iter().map(file).collect::<Option<_>>()?;
        let (rules, profile) = read_said(&files).ok()?;
        Some(Bundle {
            commit: text("commit")?.parse().ok()?,
            id: text("id")?.parse().ok()?,
            version: u64::try_from(value.get("version")?.as_int()?).ok()?,
            prev: match value.get("prev") {
                None => None,
                Some(prev) => Some(prev.as_str()?.parse().ok()?),
            },
            rules,
            profile,
            files,
        })
    }

    /// What a cache keeps of a checked bundle.
    pub fn to_bytes(&self) -> Result<Vec<u8>, PolicyError> {
        let mut map = Map::new();
        map.insert("commit", Value::text(self.commit));
        map.insert("id", Value::text(self.id));
        map.insert("version", self.version as i64);
        if let Some(prev) = self.prev {
            map.insert("prev", Value::text(prev));
        }
        let files = self.files.iter().map(|(path, bytes)| (path.as_str().into(), Value::Bytes(bytes.clone())));
        map.insert("files", Map::from_entries(files.collect()).expect("paths of a tree stand once"));
        Ok(cbor::to_vec(&Value::Map(map))?)
    }

    /// The commit's own words must agree with its tree.
    fn check_commit(&self, reader: &Reader) -> Result<(), PolicyError> {
        let commit = reader.commit(self.commit).map_err(|source| PolicyError::Read { commit: self.commit, source })?;
        let found = trailers::read(commit.text().unwrap_or_default());
        let expected = self.code_root().to_string();
        if trailers::once(&found, "Policy-Code-Root") != Some(&expected) {
            return Err(PolicyError::Invalid {
                commit: self.commit,
                why: format!("its trailer Policy-Code-Root is not {expected}"),
            });
        }
        Ok(())
    }

    pub fn commit(&self) -> Oid {
        self.commit
    }

    /// The content id of the manifest, by which `policies/<h64>` names the bundle.
    pub fn id(&self) -> Blake3 {
        self.id
    }

    pub fn version(&self) -> u64 {
        self.version
    }

    /// The bundle that this one replaced.
    pub fn prev(&self) -> Option<Blake3> {
        self.prev
    }

    pub fn file(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    /// SHA-256 of the DAG-CBOR map from path to the SHA-256 of each compiled file.
    pub fn code_root(&self) -> Sha256 {
        code_root(&self.files)
    }

    /// Every path with its bytes, the manifest and its signatures left out.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }

    /// The rules, in the order in which they speak; the default bundle has a program and no list.
    pub fn rules(&self) -> &[RuleInfo] {
        &self.rules.rules
    }

    /// How strictly the repository governs itself.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// Names and versions of the compiled rule files.
    pub fn policies(&self) -> impl Iterator<Item = (&str, u32)> {
        self.rules.courts.iter().map(|c| (c.policy.as_str(), c.version))
    }

    /// Whether a rule names such an act. A push to a ref that none names is not asked about.
    pub fn names(&self, verb: Verb, subject: &str) -> bool {
        self.rules().iter().any(|rule| rule.covers(verb, Some(subject)))
    }

    /// The globs that rules ask of changed paths, sorted, each once.
    pub fn changed_globs(&self) -> Vec<String> {
        let globs: BTreeSet<&Glob> = self.rules().iter().flat_map(|rule| &rule.changed).collect();
        globs.into_iter().map(Glob::to_string).collect()
    }

    /// The JSON Schema of payloads of an event type.
    pub fn schema(&self, ty: &str) -> Option<&[u8]> {
        self.file(&format!("schema/{ty}.json"))
    }

    /// Every schema of payloads by its event type.
    pub(super) fn schemas(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files().filter_map(|(path, bytes)| {
            let ty = path.strip_prefix("schema/")?.strip_suffix(".json")?;
            Some((ty, bytes))
        })
    }

    /// What it says about proposals.
    pub fn governance(&self) -> Result<Governance, PolicyError> {
        let Some(bytes) = self.file(GOVERNANCE) else { return Ok(Governance::default()) };
        let invalid = |why| PolicyError::Invalid { commit: self.commit, why: format!("{GOVERNANCE}: {why}") };
        Governance::parse(bytes).map_err(invalid)
    }

    /// The compiled fold of a namespace.
    pub fn fold(&self, ns: &Ns) -> Option<&[u8]> {
        self.file(&format!("folds/{ns}.elc"))
    }

    /// The compiled files that judge, in the order in which they speak.
    pub(super) fn courts(&self) -> Vec<Court> {
        if !self.files.contains_key(RULES) {
            return vec![Court { elc: DEFAULT_ELC.into(), rules: false, infos: Vec::new() }];
        }
        let infos = |source: &str| self.rules().iter().filter(|r| r.file == source).cloned().collect();
        let court = |c: &CourtInfo| Court { elc: c.elc.clone(), rules: true, infos: infos(&c.source) };
        self.rules.courts.iter().map(court).collect()
    }

    /// A compiled file, and a machine that runs it.
    pub(super) fn program(&self, court: &Court) -> Result<(Program, Machine), PolicyError> {
        let (elc, path) = (self.file(&court.elc), &court.elc);
        let invalid = |why: String| PolicyError::Invalid { commit: self.commit, why };
        let elc = elc.ok_or_else(|| invalid(format!("there is no {path}")))?;
        open_elc(elc).map_err(|e| invalid(format!("{path}: {e}")))
    }

    /// Whether every compiled file that judges can be loaded.
    pub fn check_programs(&self) -> Result<(), PolicyError> {
        self.courts().iter().try_for_each(|court| self.program(court).map(drop))
    }
}

/// Whether these keys may sign a bundle: the roots of some version, or an actor who held `policy:activate` at some commit of
/// the trust graph. That he held it when the bundle became active is for the policy before it to judge.
fn may_sign(graph: &Graph, signers: &[PublicKey]) -> bool {
    if graph.was_signed_by_roots(signers) {
        return true;
    }
    let asked: Cap = ACTIVATE.parse().expect("it is a capability");
    let held = |graph: &Graph| {
        let actors = graph.current().actors.iter().filter(|(_, keys)| keys.iter().any(|key| signers.contains(key)));
        actors.into_iter().any(|(actor, _)| graph.holds(actor, &asked, None))
    };
    held(graph) || graph.commits().iter().rev().skip(1).filter_map(|commit| graph.at(*commit)).any(|graph| held(&graph))
}

/// What its files say of rules and profile; each where it has such a file.
fn read_said(files: &BTreeMap<String, Vec<u8>>) -> Result<(Rules, Profile), String> {
    let rules = files.get(RULES).map_or_else(|| Ok(Rules::default()), |bytes| Rules::parse(bytes))?;
    let profile = files.get(PROFILE).map_or_else(|| Ok(Profile::Local), |bytes| Profile::parse(bytes))?;
    Ok((rules, profile))
}

pub(super) fn code_root(files: &BTreeMap<String, Vec<u8>>) -> Sha256 {
    let compiled = files.iter().filter(|(path, _)| path.ends_with(".elc"));
    let entries =
        compiled.map(|(path, bytes)| (path.as_str().into(), Value::Bytes(digest::sha256(bytes).as_bytes().to_vec())));
    let map = Map::from_entries(entries.collect()).expect("paths of a tree stand once");
    digest::sha256(&cbor::to_vec(&Value::Map(map)).expect("a flat map of digests has a form"))
}

/// Version and predecessor of a manifest that agrees with the files beside it.
fn check_manifest(
    document: &Value,
    files: &BTreeMap<String, Vec<u8>>,
    graph: &Graph,
) -> Result<(u64, Option<Blake3>), String> {
    if document.get("gatos").and_then(Value::as_str) != Some("bundle/1") {
        return Err(format!("{MANIFEST} is not a bundle/1"));
    }
    if document.get("repo").and_then(Value::as_str) != Some(&graph.repo().to_string()) {
        return Err("it belongs to another repository".into());
    }
    let version = document.get("version").and_then(Value::as_int).filter(|v| *v >= 1);
    let version = version.ok_or_else(|| format!("{MANIFEST} has no version"))? as u64;
    let prev = match document.get("prev") {
        None => None,
        Some(v) => Some(v.as_str().and_then(|s| Blake3::from_hex(s).ok()).ok_or("`prev` is not 64 hex digits")?),
    };
    if prev.is_none() != (version == 1) {
        return Err("`prev` is absent in version 1 and only there".into());
    }
    let listed = document.get("files").and_then(Value::as_map).ok_or_else(|| format!("{MANIFEST} lists no files"))?;
    if document.as_map().map(Map::len) != Some(if prev.is_some() { 5 } else { 4 }) {
        return Err(format!("{MANIFEST} holds a field that this version does not know"));
    }
    for (path, bytes) in files {
        let found = digest::blake3(bytes).to_string();
        match listed.get(path).and_then(Value::as_str) {
            None => return Err(format!("the file {path} is not in {MANIFEST}")),
            Some(expected) if expected != found => return Err(format!("the file {path} is {found}, not {expected}")),
            Some(_) => {}
        }
    }
    match listed.keys().find(|path| !files.contains_key(*path)) {
        Some(path) => Err(format!("the file {path} of {MANIFEST} is missing")),
        None => Ok((version, prev)),
    }
}
