//! What a push to a branch, a tag, any ref that is not ours is to rules.

use super::bundle::Bundle;
use super::facts::FactsOf;
use super::glob::Glob;
use super::rules::RuleInfo;
use super::verb::Verb;
use crate::canon::{Map, Value};
use crate::git::{Changed, Changes, Commit, GitError, Reader};
use crate::id::Oid;
use crate::trust::{Graph, commit_signer};
use std::collections::BTreeSet;

/// Most new commits that a push to a branch with rules may bring, and most paths that it may change.
const COMMITS_MAX: usize = 1_000;
const PATHS_MAX: u64 = 100_000;
/// Most characters of a commit's message that a rule reads.
const MESSAGE_MAX: usize = 4_096;
/// So much of an author, and of a path, is repeated.
const AUTHOR_MAX: usize = 256;
const PATH_MAX: usize = 512;

/// What a rule may read of a push that is not the same in another push of the same commits.
const OF_A_PUSH: [&str; 21] = [
    "ref",
    "target",
    "old",
    "new",
    "created",
    "fast_forward",
    "changed",
    "changed_count",
    "max_size",
    "received_at",
    "trust_version",
    "actor",
    "key",
    "identity",
    "actor_known",
    "key_known",
    "is_root",
    "caps",
    "groups",
    "grants",
    "approvals",
];

/// A ref that moves, or is to move.
#[derive(Debug, Clone, Copy)]
pub struct RefMove<'a> {
    pub name: &'a str,
    /// `None` = the ref is made.
    pub old: Option<Oid>,
    /// `None` = the ref goes.
    pub new: Option<Oid>,
}

/// What it brings: the commits that are new, and the paths that differ.
#[derive(Debug)]
pub struct Brought {
    commits: Vec<Commit>,
    changed: Vec<Changed>,
    forward: bool,
}

/// Why a move cannot be put to rules.
#[derive(Debug)]
pub enum Unseen {
    /// It names no commit, nor a tag of one: here stands what it names.
    NoCommit(Oid),
    /// It brings more than is judged; `entries` of directories were seen where paths were too many.
    TooMuch { at: Oid, what: &'static str, max: u64, entries: Option<u64> },
}

impl RefMove<'_> {
    /// Why the ref would not hold any more what it holds: it goes, or what it would name does not descend from that. A tag or
    /// data never gives its place away, whatever it stands for.
    pub fn gives_up(self, reader: &Reader) -> Result<Option<String>, GitError> {
        let Some(new) = self.new else { return Ok(Some("it would be deleted".into())) };
        let Some(old) = self.old else { return Ok(None) };
        let Some(after) = reader.commit_behind(new)? else { return Ok(Some(format!("{new} is no commit"))) };
        if reader.commit_behind(old)? != Some(old) {
            return Ok(Some(format!("it names {old}, which is no commit but a tag or data: nothing descends from it")));
        }
        Ok((!reader.descends(after, old)?).then(|| format!("{new} does not descend from {old}")))
    }

    /// What it brings. `heads` are the branches and tags that stood beside a ref that is made.
    pub fn brought(
        self,
        reader: &Reader,
        bundle: &Bundle,
        heads: &mut dyn Iterator<Item = (&str, Oid)>,
    ) -> Result<Result<Brought, Unseen>, GitError> {
        let Some(named) = self.new else {
            return Ok(Ok(Brought { commits: Vec::new(), changed: Vec::new(), forward: false }));
        };
        // A tag object stands for its commit; what is neither has no commits.
        let Some(new) = reader.commit_behind(named)? else { return Ok(Err(Unseen::NoCommit(named))) };
        let old = self.old.map(|old| reader.commit_behind(old)).transpose()?.flatten();
        let olds: Vec<Oid> = match self.old {
            Some(_) => old.into_iter().collect(),
            None => {
                let asked: Vec<_> = bundle.rules().iter().filter(|r| r.covers(Verb::Push, Some(self.name))).collect();
                let apart = tell_apart(&asked);
                // Many branches may stand at one commit, and each that is hidden is read.
                let alike = heads.filter(|(head, _)| !apart && judges_alike(bundle, self.name, head));
                let olds: BTreeSet<Oid> = alike.map(|(_, tip)| tip).collect();
                olds.into_iter().collect()
            }
        };
        let Some(commits) = reader.commits_between(&olds, new, COMMITS_MAX)? else {
            let (what, max) = ("commits", COMMITS_MAX as u64);
            return Ok(Err(Unseen::TooMuch { at: new, what, max, entries: None }));
        };
        let changed = match reader.changes(old, new, PATHS_MAX)? {
            Changes::All(changed) => changed,
            Changes::TooMuch(much) => {
                let entries = Some(much.entries);
                return Ok(Err(Unseen::TooMuch { at: new, what: much.what, max: much.max, entries }));
            }
        };
        let forward = match self.old {
            Some(old) => commits.iter().any(|c| c.parents.contains(&old)) || old == named,
            None => true,
        };
        Ok(Ok(Brought { commits, changed, forward }))
    }
}

impl Brought {
    /// The gate's own rule, and a sentence, where the ref would lose what it holds and no rule that names it looks at that.
    pub fn loses(&self, bundle: &Bundle, moving: RefMove<'_>) -> Option<(&'static str, &'static str)> {
        if self.forward || looks(bundle, moving.name, moving.new.is_none()) {
            return None;
        }
        Some(match moving.new {
            None => ("ref.delete", "it would be deleted, and no rule that names it speaks of deleted or fast_forward"),
            Some(_) => ("ref.non-ff", "it would be rewritten, and no rule that names it speaks of fast_forward"),
        })
    }

    /// Adds what rules read of it to the fields of whoever pushes.
    pub fn fields(&self, moving: RefMove<'_>, graph: &Graph, fields: &mut Map) {
        let id = |oid: Option<Oid>| Value::text(oid.unwrap_or(Oid::ZERO));
        fields.insert("ref", moving.name);
        fields.insert("old", id(moving.old));
        fields.insert("new", id(moving.new));
        fields.insert("created", moving.old.is_none());
        fields.insert("deleted", moving.new.is_none());
        fields.insert("fast_forward", self.forward);
        fields.insert("changed_count", self.changed.len() as i64);
        fields.insert("commits", Value::list(self.commits.iter().map(|c| shown(c, graph))));
    }

    /// Adds what the repository says of it to the facts of whoever pushes.
    pub fn facts(&self, bundle: &Bundle, facts: FactsOf) -> FactsOf {
        facts
            .with("max_size", self.changed.iter().map(|c| c.size).max().unwrap_or(0) as i64)
            .with("changed", matches(&bundle.changed_globs(), &self.changed))
    }
}

/// Whether what lies on another branch is old on a new one: it was judged there by all rules that name the new one, and no other
/// rule may have let it in. To park commits elsewhere must not take them out of sight.
fn judges_alike(bundle: &Bundle, name: &str, head: &str) -> bool {
    bundle.rules().iter().all(|rule| match (rule.covers(Verb::Push, Some(name)), rule.covers(Verb::Push, Some(head))) {
        (true, there) => there,
        (false, there) => !there || rule.allows.is_empty(),
    })
}

/// Whether one rule may say different things of the same commits in two pushes: it reads them, and who pushes, where to or by
/// whose leave. So do two rules of which either may let a push in, one by the commits and one by the rest.
fn tell_apart(asked: &[&RuleInfo]) -> bool {
    let of_commits = |rule: &RuleInfo| rule.reads.iter().any(|read| read == "commits");
    let of_push = |rule: &RuleInfo| rule.reads.iter().any(|read| OF_A_PUSH.contains(&read.as_str()));
    let permits = |which: &dyn Fn(&RuleInfo) -> bool| asked.iter().any(|rule| !rule.allows.is_empty() && which(rule));
    asked.iter().any(|rule| of_commits(rule) && of_push(rule)) || (permits(&of_commits) && permits(&of_push))
}

/// Whether a rule that names a ref looks at how it moves: at `fast_forward`, or, where it would go, at `deleted`. Conditions on
/// new commits hold of none at all, so that a rule which does not look would let a branch be emptied.
fn looks(bundle: &Bundle, name: &str, deletion: bool) -> bool {
    let asked = bundle.rules().iter().filter(|rule| rule.covers(Verb::Push, Some(name)));
    asked.flat_map(|rule| &rule.reads).any(|read| read == "fast_forward" || (deletion && read == "deleted"))
}

/// A commit as rules see it.
fn shown(commit: &Commit, graph: &Graph) -> Value {
    let mut map = Map::new();
    map.insert("id", Value::text(commit.id));
    let author = format!("{} <{}>", commit.author.name, commit.author.email);
    map.insert("author", author.chars().take(AUTHOR_MAX).collect::<String>());
    if let Some(key) = commit_signer(commit.raw()) {
        map.insert("key", Value::text(key));
        if let Some(actor) = graph.current().holder(&key).filter(|actor| graph.stands(actor, &key)) {
            map.insert("signer", actor.as_str());
        }
    }
    map.insert("parents", commit.parents.len() as i64);
    // One byte that is not UTF-8 must not hide the others.
    map.insert("message", String::from_utf8_lossy(commit.message()).chars().take(MESSAGE_MAX).collect::<String>());
    Value::Map(map)
}

/// A link or a submodule stands for whatever may lie behind it: all that a glob can name below it.
fn fits_path(glob: &Glob, changed: &Changed) -> bool {
    glob.matches(&changed.path) || (changed.leads && glob.reaches(&format!("{}/", changed.path)))
}

/// For each glob of the rules how many changed paths fit it, and the first of them.
fn matches(globs: &[String], changed: &[Changed]) -> Value {
    let mut found = Map::new();
    for text in globs {
        let Ok(glob) = Glob::new(text) else { continue };
        let mut fitting = changed.iter().filter(|c| fits_path(&glob, c));
        let mut fits = Map::new();
        if let Some(first) = fitting.next() {
            fits.insert("first", first.path.chars().take(PATH_MAX).collect::<String>());
        }
        let count = i64::from(fits.contains("first")) + fitting.count() as i64;
        fits.insert("count", count);
        found.insert(text.as_str(), fits);
    }
    Value::Map(found)
}
