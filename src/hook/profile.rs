//! What the profile of the standing law demands of a push, whatever its rules say.

use super::denial::Denial;
use super::error::HookError;
use super::law::{Law, no_receipt};
use super::updates::Update;
use super::visit::Visit;
use crate::canon::digest;
use crate::id::{Ns, Oid, Sha256};
use crate::policy::{Bundle, Demand, RefMove};
use crate::state::Checkpoint;

/// Judges a ref that is not ours by the profile, before any rule is asked.
pub(super) fn branch(visit: &Visit, law: &Law, update: &Update) -> Result<Option<Denial>, HookError> {
    let Some(policy) = &law.policy else { return Ok(None) };
    let profile = policy.judge.bundle().profile();
    if profile.asks(Demand::Receipts)
        && let Some(denial) = no_receipt(visit, law, &update.name)
    {
        return Ok(Some(denial));
    }
    if profile.asks(Demand::FastForward)
        && let Some(why) = (RefMove { name: &update.name, old: update.old, new: update.new }).gives_up(&visit.pushed)?
    {
        let denial = Denial::of(&update.name, "profile.fast-forward", why).fact("profile", profile.as_str());
        return Ok(Some(denial.hint("push what descends from what stands there, or under a new name")));
    }
    Ok(None)
}

/// Judges the folds of pushed checkpoints by the profile: the newest is by the fold of the standing law, those before it by
/// that of any law there was.
pub(super) fn fold(
    visit: &Visit,
    law: &Law,
    name: &str,
    ns: &Ns,
    old: Option<Oid>,
    new: Oid,
) -> Result<Option<Denial>, HookError> {
    let Some(policy) = &law.policy else { return Ok(None) };
    let bundle = policy.judge.bundle();
    if !bundle.profile().asks(Demand::Fold) {
        return Ok(None);
    }
    let refuse = |commit: Oid, why: String| {
        let denial = Denial::of(name, "profile.fold", why).at(commit).fact("profile", bundle.profile().as_str());
        denial.hint(format!("publish gatos/folds/{ns}.lua with the policy, then: git gatos state checkpoint --ns {ns}"))
    };
    let Some(asked) = bundle.fold(ns).map(digest::sha256) else {
        return Ok(Some(refuse(new, format!("the policy bundle carries no fold of {ns}"))));
    };
    let mut earlier: Option<Vec<Sha256>> = None;
    for commit in pushed(visit, new, old) {
        // What is no checkpoint is refused by the judge of states.
        let Ok(claim) = Checkpoint::read(&visit.pushed, commit) else { continue };
        let found = claim.proof.fold_root;
        if found == asked {
            continue;
        }
        if commit == new {
            return Ok(Some(refuse(commit, format!("its fold is {found}, and the policy bundle has {asked}"))));
        }
        if earlier.is_none() {
            earlier = Some(folds_so_far(visit, law, ns)?);
        }
        if !earlier.iter().flatten().any(|fold| *fold == found) {
            return Ok(Some(refuse(commit, format!("its fold is {found}, which no policy bundle had"))));
        }
    }
    Ok(None)
}

/// The commits that a push adds, as far as they can be walked: what breaks the chain is for the judge of states to name.
fn pushed(visit: &Visit, new: Oid, old: Option<Oid>) -> Vec<Oid> {
    let chain = visit.pushed.chain(new, old, 0);
    chain.into_iter().flatten().map_while(Result::ok).map(|(commit, _)| commit).collect()
}

/// The folds of a namespace that the bundles up to the active one carried.
fn folds_so_far(visit: &Visit, law: &Law, ns: &Ns) -> Result<Vec<Sha256>, HookError> {
    let mut folds = Vec::new();
    for commit in law.policy.iter().flat_map(|policy| policy.age.keys()) {
        let bundle = Bundle::read(visit.durable.reader(), *commit, &law.graph)?;
        folds.extend(bundle.fold(ns).map(digest::sha256));
    }
    Ok(folds)
}
