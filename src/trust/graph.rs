use super::doc::{DOC_MAX, TrustDoc};
use super::judge::{DOC, SIGNATURES, Version, judge, repo_of};
use super::revocation::Target;
use super::statement::{Said, Statement};
use super::{GraphFault, TrustError};
use crate::canon::digest;
use crate::git::{GitError, Reader};
use crate::id::{Actor, Blake3, Oid, PublicKey, Ulid, Writer};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// Most bytes of the files that one commit brings: a document, 256 signatures, grants and revocations.
const FILES_MAX: u64 = DOC_MAX + (64 << 10) + (1 << 20);
/// So many bytes of commits are kept while a chain is walked; a version's commit has some 300.
const KEEP: usize = 1 << 20;

/// The accepted chain of a trust graph, each commit judged by what stands before it.
///
/// A commit of the graph holds `trust.json` and `signatures.json`, and under `grants/` and `revocations/` for each of these
/// documents `<ulid>.json` and `<ulid>.sig.json`. It has one parent; the genesis has none. From parent to child `grants/`
/// and `revocations/` only grow: a commit that lost or changed one is refused, and everything behind it. Identity
/// `gatos <trust@gatos>`; subject and trailers are for people, and a reader takes nothing from them.
#[derive(Debug, Clone)]
pub struct Graph {
    /// Every commit, oldest first, never empty.
    commits: Vec<Oid>,
    /// Oldest first, never empty.
    versions: Vec<Version>,
    /// Grants and revocations in the order of the chain.
    statements: Vec<Arc<Statement>>,
    /// For whom each key stands in any version: keys are never forgotten.
    held: HashMap<PublicKey, BTreeSet<Actor>>,
    /// For each revoked key the statement that decides, for each revoked grant that it is.
    revoked: HashMap<PublicKey, usize>,
    ended: HashSet<Ulid>,
    /// How many of the statements the roots did not sign, in all and by whose word they are.
    others: usize,
    spoken: HashMap<Actor, usize>,
}

/// One change of a trust graph, by its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub target: Blake3,
    pub signers: Vec<PublicKey>,
}

impl Graph {
    /// Reads and judges the whole chain up to `tip`.
    pub fn load(reader: &Reader, tip: Oid) -> Result<Graph, TrustError> {
        walk(reader, None, tip)
    }

    /// The graph as it is further on, at a commit that descends from its tip: only what is new is read and judged.
    pub fn advance(self, reader: &Reader, tip: Oid) -> Result<Graph, TrustError> {
        walk(reader, Some(self), tip)
    }

    /// A graph of its first version.
    pub(super) fn first(version: Version) -> Result<Graph, GraphFault> {
        let mut graph = Graph {
            commits: Vec::new(),
            versions: Vec::new(),
            statements: Vec::new(),
            held: HashMap::new(),
            revoked: HashMap::new(),
            ended: HashSet::new(),
            others: 0,
            spoken: HashMap::new(),
        };
        graph.push_version(version)?;
        Ok(graph)
    }

    /// Takes a version that was judged. Two keys of an actor must not be named alike.
    pub(super) fn push_version(&mut self, version: Version) -> Result<(), GraphFault> {
        for (actor, keys) in &version.doc.actors {
            for (at, key) in keys.iter().enumerate() {
                let key8 = key.key8();
                let twin = self.key_with_prefix(actor, &key8).is_some_and(|other| other != *key)
                    || keys[..at].iter().any(|other| other.key8() == key8);
                if twin {
                    return Err(GraphFault::Prefix { actor: actor.clone(), key8 });
                }
            }
        }
        for (actor, keys) in &version.doc.actors {
            for key in keys {
                self.held.entry(*key).or_default().insert(actor.clone());
            }
        }
        self.push_commit(version.commit);
        self.versions.push(version);
        Ok(())
    }

    pub(super) fn push_commit(&mut self, commit: Oid) {
        self.commits.push(commit);
    }

    /// Takes a grant or a revocation that was judged.
    pub(super) fn push_statement(&mut self, statement: Statement) {
        if !statement.by_roots {
            self.others += 1;
            if let Some(actor) = self.speaker(&statement.said).cloned() {
                *self.spoken.entry(actor).or_default() += 1;
            }
        }
        if let Said::Revocation(revocation) = &statement.said {
            match revocation.target {
                Target::Grant(ulid) => drop(self.ended.insert(ulid)),
                // The roots' last word decides, else the first one of the key's own actor: who stole it may speak later.
                Target::Key(key) if statement.by_roots || !self.revoked.contains_key(&key) => {
                    self.revoked.insert(key, self.statements.len());
                }
                Target::Key(_) => {}
            }
        }
        self.statements.push(Arc::new(statement));
    }

    /// How many statements stand that no roots signed.
    pub(super) fn others(&self) -> usize {
        self.others
    }

    /// How many of them are the word of an actor.
    pub(super) fn spoken_by(&self, actor: &Actor) -> usize {
        self.spoken.get(actor).copied().unwrap_or(0)
    }

    pub(super) fn last(&self) -> &Version {
        self.versions.last().expect("a chain has at least its genesis")
    }

    /// The id of the repository: the content id of the genesis.
    pub fn repo(&self) -> Blake3 {
        repo_of(self.last())
    }

    /// The newest commit.
    pub fn tip(&self) -> Oid {
        *self.commits.last().expect("a chain has at least its genesis")
    }

    /// Every commit, oldest first.
    pub fn commits(&self) -> &[Oid] {
        &self.commits
    }

    /// The newest version.
    pub fn current(&self) -> &TrustDoc {
        &self.last().doc
    }

    /// All versions, oldest first.
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// Accepted grants and revocations, in the order of the chain.
    pub fn statements(&self) -> &[Arc<Statement>] {
        &self.statements
    }

    /// What a commit of the chain changed: a version, or grants and revocations.
    pub fn brought_by(&self, commit: Oid) -> Vec<Change> {
        let versions = self.versions.iter().filter(|v| v.commit == commit);
        let versions = versions.map(|v| Change { target: v.id, signers: v.signers.clone() });
        let statements = self.statements.iter().filter(|s| s.commit == commit);
        let of_statement =
            |s: &Arc<Statement>| Change { target: digest::blake3(&s.said.encode()), signers: s.signers.clone() };
        versions.chain(statements.map(of_statement)).collect()
    }

    /// The graph as it was at one of its commits, for what names a `trust_root`.
    pub fn at(&self, commit: Oid) -> Option<Graph> {
        let end = self.commits.iter().position(|c| *c == commit)?;
        if end + 1 == self.commits.len() {
            return Some(self.clone());
        }
        let versions = self.versions.iter().cloned();
        let statements = self.statements.iter().map(|s| Statement::clone(s));
        Graph::assemble(&self.commits[..=end], versions.collect(), statements.collect())
    }

    /// A graph of what was accepted before; what belongs to none of these commits is left out.
    pub(super) fn assemble(commits: &[Oid], versions: Vec<Version>, statements: Vec<Statement>) -> Option<Graph> {
        let mut versions = versions.into_iter().peekable();
        let mut statements = statements.into_iter().peekable();
        let mut graph: Option<Graph> = None;
        for commit in commits {
            match (versions.next_if(|v| v.commit == *commit), graph.as_mut()) {
                (Some(version), None) => graph = Some(Graph::first(version).ok()?),
                (Some(version), Some(graph)) => graph.push_version(version).ok()?,
                (None, Some(graph)) => {
                    graph.push_commit(*commit);
                    while let Some(statement) = statements.next_if(|s| s.commit == *commit) {
                        graph.push_statement(statement);
                    }
                }
                (None, None) => return None,
            }
        }
        graph
    }

    /// Whether a key stands for an actor in any version.
    pub fn knows(&self, actor: &Actor, key: &PublicKey) -> bool {
        self.held.get(key).is_some_and(|actors| actors.contains(actor))
    }

    /// Whether a writer is this key in some clone of its actor, for whom it stands in some version.
    pub fn is_writer(&self, writer: &Writer, key: &PublicKey) -> bool {
        writer.key8() == key.key8() && self.knows(writer.actor(), key)
    }

    /// The key of an actor, in any version, that begins with these hexadecimal digits: 8 of them stand in a writer's name.
    /// No two keys of one actor share them, in any version: `load` refuses that.
    pub fn key_with_prefix(&self, actor: &Actor, key8: &str) -> Option<PublicKey> {
        let fits = |key: &&PublicKey| key.key8() == key8;
        let mut keys = self.versions.iter().flat_map(|v| v.doc.keys_of(actor));
        keys.find(fits).copied()
    }

    /// Whether a key stands, in the newest version, for a root, and is not revoked.
    pub fn is_root_key(&self, key: &PublicKey) -> bool {
        self.votes(&[*key]) > 0
    }

    /// The keys that stand for an actor in the newest version, revoked ones among them.
    pub fn keys_of(&self, actor: &Actor) -> &[PublicKey] {
        self.current().keys_of(actor)
    }

    /// Whether an actor is a root of the newest version.
    pub fn is_root(&self, actor: &Actor) -> bool {
        self.current().is_root(actor)
    }

    /// The statement by which a key is revoked.
    pub(super) fn revoking(&self, key: &PublicKey) -> Option<&Statement> {
        self.revoked.get(key).map(|at| self.statements[*at].as_ref())
    }

    pub(super) fn is_ended(&self, grant: Ulid) -> bool {
        self.ended.contains(&grant)
    }
}

fn walk(reader: &Reader, mut graph: Option<Graph>, tip: Oid) -> Result<Graph, TrustError> {
    let after = graph.as_ref().map(Graph::tip);
    let mut held = match after {
        Some(commit) => reader.listing(commit)?.into_iter().collect(),
        None => BTreeMap::new(),
    };
    for link in reader.chain(tip, after, KEEP)? {
        let (commit, _) = link?;
        graph = Some(next(reader, graph, commit, &mut held)?);
    }
    graph.ok_or(TrustError::Git(GitError::Missing { oid: tip }))
}

/// Judges one more commit on an accepted graph: its parent must be the graph's tip.
pub fn judge_next(reader: &Reader, graph: &Graph, commit: Oid) -> Result<Graph, TrustError> {
    let unread = |source| TrustError::ReadVersion { commit, source: Box::new(source) };
    if reader.commit(commit).map_err(unread)?.parents[..] != [graph.tip()] {
        return Err(TrustError::Version { commit, source: GraphFault::NotNext { tip: graph.tip() } });
    }
    let mut held = reader.listing(graph.tip())?.into_iter().collect();
    next(reader, Some(graph.clone()), commit, &mut held)
}

/// Reads what a commit brings and judges it. `held` are the files of the commit before, and then of this one.
fn next(
    reader: &Reader,
    graph: Option<Graph>,
    commit: Oid,
    held: &mut BTreeMap<String, Oid>,
) -> Result<Graph, TrustError> {
    let unread = |source| TrustError::ReadVersion { commit, source: Box::new(source) };
    let refused = |source| TrustError::Version { commit, source };
    let parents = reader.commit(commit).map_err(unread)?.parents.len();
    if parents > 1 {
        return Err(refused(GraphFault::Parents(parents)));
    }
    let now: BTreeMap<String, Oid> = reader.listing(commit).map_err(unread)?.into_iter().collect();
    let fresh = grown(held, &now).map_err(refused)?;
    let mut files = Vec::new();
    let mut left = FILES_MAX;
    for (path, blob) in fresh {
        let bytes = reader.blob(blob, left).map_err(unread)?;
        left -= bytes.len() as u64;
        files.push((path, bytes));
    }
    *held = now;
    judge(commit, &files, graph).map_err(refused)
}

/// The two documents and the files that were not held before. Of these none may be gone or changed, and where there are new
/// ones the two documents are the same too.
fn grown(held: &BTreeMap<String, Oid>, now: &BTreeMap<String, Oid>) -> Result<Vec<(String, Oid)>, GraphFault> {
    let is_document = |path: &str| path == DOC || path == SIGNATURES;
    for (path, blob) in held.iter().filter(|(path, _)| !is_document(path)) {
        match now.get(path) {
            None => return Err(GraphFault::Dropped { path: path.clone() }),
            Some(other) if other != blob => return Err(GraphFault::Changed { path: path.clone() }),
            Some(_) => {}
        }
    }
    let is_new = |path: &str| is_document(path) || !held.contains_key(path);
    let fresh: Vec<(String, Oid)> =
        now.iter().filter(|(path, _)| is_new(path)).map(|(path, blob)| (path.clone(), *blob)).collect();
    let adds = fresh.iter().any(|(path, _)| !is_document(path));
    if adds && held.get(SIGNATURES).is_some_and(|before| now.get(SIGNATURES) != Some(before)) {
        return Err(GraphFault::Mixed);
    }
    Ok(fresh)
}
