//! What the profile of the standing law demands of a push, whatever its rules say.

use super::denial::Denial;
use super::error::HookError;
use super::law::{Law, no_receipt};
use super::updates::Update;
use super::visit::Visit;
use crate::id::{Ns, Oid, Sha256};
use crate::policy::{AskedFold, Demand, RefMove, UnlawfulFold, folds_of};
use crate::state::Checkpoint;
use std::collections::HashSet;

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

/// Judges the folds of pushed checkpoints by the profile.
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
    let refuse = |commit: Oid, why: UnlawfulFold| {
        let denial = Denial::of(name, UnlawfulFold::RULE, why.to_string()).at(commit);
        let denial = denial.fact("profile", bundle.profile().as_str());
        denial.hint(format!("publish gatos/folds/{ns}.lua with the policy, then: git gatos state checkpoint --ns {ns}"))
    };
    let asked = match AskedFold::of(bundle, ns) {
        Ok(Some(asked)) => asked,
        Ok(None) => return Ok(None),
        Err(why) => return Ok(Some(refuse(new, why))),
    };
    // What is no checkpoint is refused by the judge of states.
    let of = |commit| Some((commit, Checkpoint::read(&visit.pushed, commit).ok()?.proof.fold_root));
    let mut folds: Vec<(Oid, Sha256)> = pushed(visit, new, old).into_iter().filter_map(of).collect();
    let Some((_, newest)) = folds.pop_if(|(commit, _)| *commit == new) else { return Ok(None) };
    let earlier: Vec<Sha256> = folds.iter().map(|(_, fold)| *fold).collect();
    let judged = match asked.newest(newest) {
        Ok(()) => asked.earlier(&earlier, || folds_so_far(visit, law, ns))?,
        judged => judged,
    };
    Ok(judged.err().map(|why| {
        let at = folds.iter().find(|(_, fold)| matches!(why, UnlawfulFold::Earlier { found } if found == *fold));
        refuse(at.map_or(new, |(commit, _)| *commit), why)
    }))
}

/// The commits that a push adds, as far as they can be walked: what breaks the chain is for the judge of states to name.
fn pushed(visit: &Visit, new: Oid, old: Option<Oid>) -> Vec<Oid> {
    let chain = visit.pushed.chain(new, old, 0);
    chain.into_iter().flatten().map_while(Result::ok).map(|(commit, _)| commit).collect()
}

/// The folds of a namespace that the bundles up to the active one carried.
fn folds_so_far(visit: &Visit, law: &Law, ns: &Ns) -> Result<HashSet<Sha256>, HookError> {
    let bundles = law.policy.iter().flat_map(|policy| policy.age.keys().copied());
    Ok(folds_of(visit.durable.reader(), &law.graph, bundles, ns)?)
}
