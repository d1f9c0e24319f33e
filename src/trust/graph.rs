use super::doc::{DOC_MAX, Roots, TrustDoc};
use super::judge::{DOC, KIND, SIGNATURES, Version, judge, repo_of};
use super::{GraphFault, Origin, Signer, TrustError, Verifier, dsse};
use crate::canon::trailers;
use crate::git::{NewCommit, Reader, Store};
use crate::id::{Actor, Blake3, Oid, PublicKey};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Most bytes in the files of one commit: a document and 256 signatures.
const FILES_MAX: u64 = DOC_MAX + (64 << 10);
/// So many bytes of commits are kept while a chain is walked; a version's commit has some 300.
const KEEP: usize = 1 << 20;

/// The accepted chain of a trust graph, each version judged by the one before it.
///
/// A commit of the graph holds `trust.json` and `signatures.json` and has one parent, the version before; the genesis has
/// none. Identity `gatos <trust@gatos>`, subject `trust version <n>`, trailers `Trust-Version: <n>` and
/// `Trust-Root-Id: <content id of trust.json>`: they are for people, and a reader takes nothing from them. A graph that holds
/// `grants/` or `revocations/` is refused as a whole: to pass over a revocation would be to trust a revoked key.
#[derive(Debug, Clone)]
pub struct Graph {
    /// Oldest first, never empty.
    versions: Vec<Version>,
    /// For whom each key stands in any version: keys are never forgotten.
    held: HashMap<PublicKey, BTreeSet<Actor>>,
}

impl Graph {
    /// Reads and judges the whole chain up to `tip`.
    pub fn load(reader: &Reader, tip: Oid) -> Result<Graph, TrustError> {
        let mut versions: Vec<Version> = Vec::new();
        for link in reader.chain(tip, None, KEEP)? {
            let (commit, _) = link?;
            let version = read(reader, commit, versions.last())?;
            versions.push(version);
        }
        Graph::of(versions)
    }

    /// A chain that was read and judged before, from the commits and documents of its versions, oldest first; `None` where
    /// they cannot be one.
    pub fn recall(versions: &[(Oid, Vec<u8>)]) -> Option<Graph> {
        let version = |(commit, bytes): &(Oid, Vec<u8>)| {
            let doc = TrustDoc::parse(bytes).ok()?;
            Some(Version { commit: *commit, id: doc.content_id(), doc })
        };
        let versions: Vec<Version> = versions.iter().map(version).collect::<Option<_>>()?;
        if versions.is_empty() { None } else { Graph::of(versions).ok() }
    }

    fn of(versions: Vec<Version>) -> Result<Graph, TrustError> {
        let mut held: HashMap<PublicKey, BTreeSet<Actor>> = HashMap::new();
        let mut names: HashMap<(&Actor, String), PublicKey> = HashMap::new();
        for version in &versions {
            for (actor, keys) in &version.doc.actors {
                for key in keys {
                    held.entry(*key).or_default().insert(actor.clone());
                    let named = *names.entry((actor, key.key8())).or_insert(*key);
                    if named != *key {
                        let source = GraphFault::Prefix { actor: actor.clone(), key8: key.key8() };
                        return Err(TrustError::Version { commit: version.commit, source });
                    }
                }
            }
        }
        Ok(Graph { versions, held })
    }

    fn last(&self) -> &Version {
        self.versions.last().expect("a chain has at least its tip")
    }

    /// The id of the repository: the content id of the genesis.
    pub fn repo(&self) -> Blake3 {
        repo_of(self.last())
    }

    /// The commit of the newest version.
    pub fn tip(&self) -> Oid {
        self.last().commit
    }

    /// The newest version.
    pub fn current(&self) -> &TrustDoc {
        &self.last().doc
    }

    /// All versions, oldest first.
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// Whether a key stands for an actor in any version.
    pub fn knows(&self, actor: &Actor, key: &PublicKey) -> bool {
        self.held.get(key).is_some_and(|actors| actors.contains(actor))
    }

    /// The key of an actor, in any version, that begins with these hexadecimal digits: 8 of them stand in a writer's name.
    /// No two keys of one actor share them, in any version: `load` refuses that.
    pub fn key_with_prefix(&self, actor: &Actor, key8: &str) -> Option<PublicKey> {
        let fits = |key: &&PublicKey| key.key8() == key8;
        let mut keys = self.versions.iter().flat_map(|v| v.doc.keys_of(actor));
        keys.find(fits).copied()
    }

    /// Whether a key stands, in the newest version, for a root.
    pub fn is_root_key(&self, key: &PublicKey) -> bool {
        self.current().roots.actors.iter().any(|root| self.current().keys_of(root).contains(key))
    }

    /// The keys that stand for an actor in the newest version.
    pub fn keys_of(&self, actor: &Actor) -> &[PublicKey] {
        self.current().keys_of(actor)
    }

    /// Whether an actor is a root of the newest version.
    pub fn is_root(&self, actor: &Actor) -> bool {
        self.current().is_root(actor)
    }
}

/// Reads one commit and judges it by the version before.
fn read(reader: &Reader, commit: Oid, previous: Option<&Version>) -> Result<Version, TrustError> {
    let unread = |source| TrustError::ReadVersion { commit, source: Box::new(source) };
    let parents = reader.commit(commit).map_err(unread)?.parents.len();
    if parents > 1 {
        return Err(TrustError::Version { commit, source: super::GraphFault::Parents(parents) });
    }
    let files = reader.files(commit, FILES_MAX).map_err(unread)?;
    judge(commit, &files, previous).map_err(|source| TrustError::Version { commit, source })
}

/// Writes the genesis of a new repository, whose one root is `actor` with the key of `signer`. Only objects are written: the
/// caller moves the ref to the commit.
pub fn genesis(store: &Store, actor: &Actor, signer: &Signer) -> Result<(Graph, Oid), TrustError> {
    let doc = TrustDoc {
        version: 1,
        origin: Origin::Genesis { nonce: store.ambient().chance() },
        roots: Roots { threshold: 1, actors: vec![actor.clone()] },
        actors: BTreeMap::from([(actor.clone(), vec![*signer.public()])]),
        groups: BTreeMap::new(),
    };
    let commit = propose(store, &doc, None, &[signer])?;
    // Read back and judged as a stranger's would be.
    Ok((Graph::load(store, commit)?, commit))
}

/// Writes the next version, in which `key` stands for `actor` too. Only objects are written: the caller moves the ref. The
/// signers must be roots to the threshold; further ones are witnesses.
pub fn propose_add_key(
    store: &Store,
    graph: &Graph,
    actor: &Actor,
    key: &PublicKey,
    signers: &[&Signer],
) -> Result<Oid, TrustError> {
    if Verifier::new(key).is_none() {
        return Err(TrustError::WeakKey { key: *key });
    }
    if let Some(holder) = graph.current().holder(key) {
        return Err(TrustError::KeyTaken { key: *key, holder: holder.clone() });
    }
    if graph.key_with_prefix(actor, &key.key8()).is_some_and(|other| other != *key) {
        let source = GraphFault::Prefix { actor: actor.clone(), key8: key.key8() };
        return Err(TrustError::Propose { version: graph.current().version.saturating_add(1), source });
    }
    let before = graph.last();
    let mut doc = before.doc.clone();
    doc.version = doc.version.saturating_add(1); // at the end of the numbers the judge refuses it
    doc.origin = Origin::Next { repo: graph.repo(), prev: before.id };
    doc.actors.entry(actor.clone()).or_default().push(*key);
    propose(store, &doc, Some(before), signers)
}

/// Signs a version, judges it as every reader will, and only then writes it.
fn propose(store: &Store, doc: &TrustDoc, previous: Option<&Version>, signers: &[&Signer]) -> Result<Oid, TrustError> {
    let bytes = doc.encode();
    let signatures = signers.iter().map(|s| dsse::sign(KIND, &bytes, s)).collect::<Result<Vec<_>, _>>()?;
    let files = [(DOC.to_owned(), bytes), (SIGNATURES.to_owned(), dsse::encode(&signatures))];
    judge(Oid::ZERO, &files, previous).map_err(|source| TrustError::Propose { version: doc.version, source })?;
    let mut message = format!("trust version {}\n\n", doc.version);
    trailers::push(&mut message, "Trust-Version", doc.version);
    trailers::push(&mut message, "Trust-Root-Id", doc.content_id());
    let parent = previous.map(|version| version.commit);
    let tree = store.write_tree(&files)?;
    Ok(store.commit(&NewCommit {
        tree,
        parents: parent.as_slice(),
        name: "gatos",
        email: "trust@gatos",
        time: store.ambient().now(),
        message: &message,
    })?)
}
