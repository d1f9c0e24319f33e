use super::consent;
use super::denial::{Denial, Judged};
use super::error::HookError;
use super::journal::{of_decision, of_git};
use super::law::Law;
use super::profile;
use super::updates::Update;
use super::visit::Visit;
use crate::canon::{Map, Value};
use crate::git::{Changed, Changes, Commit};
use crate::id::Oid;
use crate::policy::{Bundle, Glob, Intent, Judgement, Verb};
use crate::trust::commit_signer;

/// Most new commits that a push to a branch with rules may bring, and most paths that it may change.
const COMMITS_MAX: usize = 1_000;
const PATHS_MAX: u64 = 100_000;
/// Most characters of a commit's message that a rule reads.
const MESSAGE_MAX: usize = 4_096;
/// So much of an author, and of a path, is repeated.
const AUTHOR_MAX: usize = 256;
const PATH_MAX: usize = 512;

/// Judges a branch, a tag, any ref that is not ours: by the profile, then where a rule names it. What no rule names is not
/// asked about.
pub(super) fn check(visit: &Visit, law: &mut Law, update: &Update) -> Result<Judged, HookError> {
    let name = update.name.as_str();
    if let Some(denial) = profile::branch(visit, law, update)? {
        return Ok(Err(Box::new(denial)));
    }
    let consents = consent::standing(visit, law)?;
    let Some(policy) = &mut law.policy else { return Ok(Ok(())) };
    if !policy.judge.bundle().names(Verb::Push, name) {
        return Ok(Ok(()));
    }
    let globs = policy.judge.bundle().changed_globs();
    let (commits, changed) = match brought(visit, policy.judge.bundle(), update)? {
        Ok(brought) => brought,
        Err(denial) => return Ok(Err(denial)),
    };
    let forward = match (update.old, update.new) {
        (Some(old), Some(new)) => commits.iter().any(|c| c.parents.contains(&old)) || old == new,
        (None, Some(_)) => true,
        _ => false,
    };
    if !forward && !speaks_of(policy.judge.bundle(), name, update.new.is_none()) {
        let (rule, why) = match update.new {
            None => ("ref.delete", "it would be deleted, and no rule that names it speaks of deleted or fast_forward"),
            Some(_) => ("ref.non-ff", "it would be rewritten, and no rule that names it speaks of fast_forward"),
        };
        return Ok(Err(Box::new(Denial::of(name, rule, why).hint("push what descends from what stands there"))));
    }
    let (mut fields, facts) = visit.act(&law.graph);
    fields.insert("ref", name);
    let id = |oid: Option<Oid>| Value::text(oid.unwrap_or(Oid::ZERO));
    fields.insert("old", id(update.old));
    fields.insert("new", id(update.new));
    fields.insert("created", update.old.is_none());
    fields.insert("deleted", update.new.is_none());
    fields.insert("fast_forward", forward);
    fields.insert("changed_count", changed.len() as i64);
    fields.insert("commits", Value::list(commits.iter().map(|c| shown(c, law.graph.current()))));
    let facts = facts
        .with("max_size", changed.iter().map(|c| c.size).max().unwrap_or(0) as i64)
        .with("changed", matches(&globs, &changed));
    let intent = Intent::act(Verb::Push, fields);
    let facts = match consents {
        Some(consents) => consents.tell(facts, intent.target().as_deref()).facts()?,
        None => facts.facts()?,
    };
    match policy.judge.decide(&intent, &facts, law.graph.tip())? {
        Judgement::Allowed(_) => Ok(Ok(())),
        Judgement::Refused(decision) => Ok(Err(Box::new(of_decision(name, *decision, &intent)))),
    }
}

/// Whether a rule that names a ref looks at how it moves: at `fast_forward`, or, where it would go, at `deleted`. Conditions on
/// new commits hold of none at all, so that a rule which does not look would let a branch be emptied.
fn speaks_of(bundle: &Bundle, name: &str, deletion: bool) -> bool {
    let asked = bundle.rules().iter().filter(|rule| rule.covers(Verb::Push, Some(name)));
    asked.flat_map(|rule| &rule.reads).any(|read| read == "fast_forward" || (deletion && read == "deleted"))
}

/// The commits that are new, and the paths that differ.
type Brought = (Vec<Commit>, Vec<Changed>);

fn brought(visit: &Visit, bundle: &Bundle, update: &Update) -> Result<Result<Brought, Box<Denial>>, HookError> {
    let name = update.name.as_str();
    let Some(new) = update.new else { return Ok(Ok((Vec::new(), Vec::new()))) };
    // A tag object stands for its commit; what is neither has no commits.
    let new = match visit.pushed.commit_behind(new)? {
        Some(new) => new,
        None => {
            let why = "it names no commit, and rules here read commits";
            return Ok(Err(Box::new(Denial::of(name, "object.type", why).at(new))));
        }
    };
    let too_many = |what: &str, max: u64| {
        let why = format!("it brings more than {max} {what}, and each is judged; push them in several steps");
        Denial::of(name, "push.too-many", why).at(new)
    };
    let olds = match update.old {
        Some(old) => vec![visit.pushed.commit_behind(old)?.unwrap_or(old)],
        // What lies on another branch is old where it was judged by all rules that name this one: to park commits elsewhere
        // must not take them out of sight.
        None => {
            let asked: Vec<_> = bundle.rules().iter().filter(|r| r.covers(Verb::Push, Some(name))).collect();
            let by_all = |head: &str| asked.iter().all(|rule| rule.covers(Verb::Push, Some(head)));
            let judged = visit.heads()?.iter().filter(|(head, _)| by_all(head));
            judged.map(|(_, tip)| *tip).collect()
        }
    };
    let commits = match visit.pushed.commits_between(&olds, new, COMMITS_MAX) {
        Ok(Some(commits)) => commits,
        Ok(None) => return Ok(Err(Box::new(too_many("commits", COMMITS_MAX as u64)))),
        Err(e) => return of_git(name, new, e).map(|d| Err(Box::new(d))),
    };
    let old = update.old.map(|old| visit.pushed.commit_behind(old)).transpose()?.flatten();
    match visit.pushed.changes(old, new, PATHS_MAX) {
        Ok(Changes::All(changed)) => Ok(Ok((commits, changed))),
        Ok(Changes::TooMuch(much)) => {
            let denial = too_many(much.what, much.max).fact("entries_seen", much.entries as i64);
            Ok(Err(Box::new(denial)))
        }
        Err(e) => of_git(name, new, e).map(|d| Err(Box::new(d))),
    }
}

/// A commit as rules see it.
fn shown(commit: &Commit, trust: &crate::trust::TrustDoc) -> Value {
    let mut map = Map::new();
    map.insert("id", Value::text(commit.id));
    let author = format!("{} <{}>", commit.author.name, commit.author.email);
    map.insert("author", author.chars().take(AUTHOR_MAX).collect::<String>());
    if let Some(key) = commit_signer(commit.raw()) {
        map.insert("key", Value::text(key));
        if let Some(actor) = trust.holder(&key) {
            map.insert("signer", actor.as_str());
        }
    }
    map.insert("parents", commit.parents.len() as i64);
    map.insert("message", commit.text().unwrap_or_default().chars().take(MESSAGE_MAX).collect::<String>());
    Value::Map(map)
}

/// For each glob of the rules how many changed paths fit it, and the first of them.
fn matches(globs: &[String], changed: &[Changed]) -> Value {
    let mut found = Map::new();
    for text in globs {
        let Ok(glob) = Glob::new(text) else { continue };
        let mut fitting = changed.iter().filter(|c| glob.matches(&c.path));
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
