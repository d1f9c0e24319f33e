//! New bundles.

use super::bundle::{
    Bundle, DEFAULT_ELC, DEFAULT_SOURCE, FILE_MAX, FILES_MAX, MANIFEST, SIGNATURES, SOURCE, code_root,
};
use super::error::PolicyError;
use super::profile::{PROFILE, Profile};
use crate::ambient::Ambient;
use crate::canon::{Map, Value, digest, json, trailers};
use crate::git::{NewCommit, Store};
use crate::id::{Blake3, Ns, Oid};
use crate::lua::Program;
use crate::trust::{Graph, Signer, dsse};
use std::collections::BTreeMap;

/// The files of a fold in a bundle.
pub fn fold_files(ns: &Ns, source: Vec<u8>, program: &Program) -> BTreeMap<String, Vec<u8>> {
    BTreeMap::from([(format!("folds/{ns}.lua"), source), (format!("folds/{ns}.elc"), program.elc().to_vec())])
}

/// Writes the first bundle of a repository: the default policy under a profile, with these files of folds. The caller moves
/// the refs.
pub fn create_default(
    store: &Store,
    ambient: &Ambient,
    graph: &Graph,
    signer: &Signer,
    profile: Profile,
    folds: BTreeMap<String, Vec<u8>>,
) -> Result<(Oid, Blake3), PolicyError> {
    let program = crate::lua::compile(SOURCE).expect("a test compiles the policy that ships");
    let mut files = folds;
    files.insert(DEFAULT_SOURCE.to_owned(), SOURCE.as_bytes().to_vec());
    files.insert(DEFAULT_ELC.to_owned(), program.elc().to_vec());
    if profile != Profile::Local {
        files.insert("profile.yaml".to_owned(), profile.yaml().into_bytes());
        files.insert(PROFILE.to_owned(), profile.encode());
    }
    create(store, ambient, graph, &[signer], files, None, None)
}

/// Writes a bundle of these files, to stand behind `previous`; `source` is the commit that they were compiled from. Only
/// objects are written: the caller moves the refs.
pub fn create(
    store: &Store,
    ambient: &Ambient,
    graph: &Graph,
    signers: &[&Signer],
    mut files: BTreeMap<String, Vec<u8>>,
    previous: Option<&Bundle>,
    source: Option<Oid>,
) -> Result<(Oid, Blake3), PolicyError> {
    let size: usize = files.values().map(Vec::len).sum();
    if size as u64 > FILE_MAX || files.len() > FILES_MAX {
        return Err(PolicyError::Size { files: files.len(), bytes: size });
    }
    let version = previous.map_or(1, |b| b.version() + 1);
    let code_root = code_root(&files);
    let manifest = manifest(graph, &files, version, previous)?;
    let id = digest::blake3(&manifest);
    let sign = |signer: &&Signer| dsse::sign("bundle", &manifest, signer).map_err(PolicyError::Sign);
    let signatures = signers.iter().map(sign).collect::<Result<Vec<_>, _>>()?;
    files.insert(MANIFEST.to_owned(), manifest);
    files.insert(SIGNATURES.to_owned(), dsse::encode(&signatures));
    let entries: Vec<(&str, &[u8])> = files.iter().map(|(p, b)| (p.as_str(), b.as_slice())).collect();
    let tree = store.write_tree(&entries).map_err(PolicyError::Write)?;
    let mut message = format!("policy bundle {version}\n\n");
    trailers::push(&mut message, "Policy-Bundle", id);
    trailers::push(&mut message, "Policy-Code-Root", code_root);
    if let Some(source) = source {
        trailers::push(&mut message, "Policy-Root", source);
    }
    let parent = previous.map(Bundle::commit);
    let commit = store
        .commit(&NewCommit {
            tree,
            parents: parent.as_slice(),
            name: "gatos",
            email: "policy@gatos",
            time: ambient.now(),
            message: &message,
        })
        .map_err(PolicyError::Write)?;
    Ok((commit, id))
}

fn manifest(
    graph: &Graph,
    files: &BTreeMap<String, Vec<u8>>,
    version: u64,
    previous: Option<&Bundle>,
) -> Result<Vec<u8>, PolicyError> {
    let mut listed = Map::new();
    for (path, bytes) in files {
        listed.insert(path.as_str(), Value::text(digest::blake3(bytes)));
    }
    let mut map = Map::new();
    map.insert("gatos", "bundle/1");
    map.insert("repo", Value::text(graph.repo()));
    map.insert("version", Value::Int(version as i64));
    map.insert("files", listed);
    if let Some(previous) = previous {
        map.insert("prev", previous.id().hex());
    }
    Ok(json::document(&Value::Map(map))?)
}
