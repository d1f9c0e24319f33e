//! What one push may ask for.

use super::denial::Denial;
use super::law::Law;
use super::updates::{OTHERS_MAX, OURS_MAX, Update};
use crate::git::Named;
use crate::policy::{Demand, Verb};
use std::collections::HashSet;

/// Most branches and tags in one push whose commits or histories are looked at: each may take a while.
const JUDGED_MAX: usize = 256;
/// Refusals of one push that are found; it is refused as a whole.
pub(super) const DENIALS_MAX: usize = 64;

/// Why a push is refused before any of its refs is looked at.
pub(super) fn whole(updates: &[Update]) -> Option<Denial> {
    let ours = updates.iter().filter(|u| u.named != Named::Other).count();
    too_many(updates, "refs of ours", ours, OURS_MAX)
        .or_else(|| too_many(updates, "other refs", updates.len() - ours, OTHERS_MAX))
        .or_else(|| twice(updates))
}

/// The same for the refs that its law asks about.
pub(super) fn judged(law: &Law, updates: &[Update]) -> Option<Denial> {
    let bundle = law.policy.as_ref()?.judge.bundle();
    let forward = bundle.profile().asks(Demand::FastForward);
    let asked =
        |u: &&Update| u.named == Named::Other && (bundle.names(Verb::Push, &u.name) || forward && u.old.is_some());
    too_many(updates, "refs that the law asks about", updates.iter().filter(asked).count(), JUDGED_MAX)
}

fn too_many(updates: &[Update], what: &str, count: usize, max: usize) -> Option<Denial> {
    let first = updates.first().filter(|_| count > max)?;
    let why = format!("it moves {count} {what}; {max} is the most in one push");
    let denial = Denial::of(&first.name, "push.too-many", why).hint("push them in several pushes");
    Some(denial.fact("refs", count as i64))
}

/// git moves the first of two lines about one ref and fails the second, and what is judged must be what moves.
fn twice(updates: &[Update]) -> Option<Denial> {
    let mut names = HashSet::new();
    let again = updates.iter().find(|u| !names.insert(u.name.as_str()))?;
    Some(Denial::of(&again.name, "ref.twice", "the push names it twice").hint("name every ref once"))
}
